"""Applications from the form to the concluded survey."""
