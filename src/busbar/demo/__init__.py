"""The demonstration region: a seeded generator of files, and their way through the importers."""
