"""From process to operation: a completed task becomes the use case it stands for.

Handlers read the typed answers of a form, call one operation of the room (or two that belong
together) and return the facts on which the process goes on. They decide nothing: an operation
that refuses, refuses the completion with its sentence.
"""
