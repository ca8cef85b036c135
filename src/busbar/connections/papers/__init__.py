"""The papers of a connection: what stands in each, and its making as PDF.

`facts` says in plain values what a paper states; `making` sets it by its template. Nothing here
knows the database: operations gather the facts, keep the bytes and record the receipt.
"""
