"""The command line `busbar`: every use case that an operator starts by hand."""
