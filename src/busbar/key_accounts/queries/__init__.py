"""Reading key accounts, a file for each part."""
