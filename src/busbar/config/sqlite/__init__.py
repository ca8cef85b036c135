"""Django's SQLite, with writers that find the free moment between two others (`base`)."""
