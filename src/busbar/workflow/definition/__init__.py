"""Process packages: read, checked and compiled into what the engine runs."""
