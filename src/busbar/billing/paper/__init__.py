"""A bill on paper: what stands on it (`facts`), where that comes from, its setting as PDF.

`facts` are plain values; `gathering` reads them from a stored bill; `making` sets them by Typst.
"""
