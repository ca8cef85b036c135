"""Build-time tools: what the Makefile calls. None of it is part of the product."""
