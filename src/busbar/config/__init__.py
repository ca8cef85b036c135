"""Puts the house together: settings from the environment, addresses, the WSGI entry."""
