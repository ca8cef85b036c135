"""Processes, their tasks, their definitions and what supervision found, for programs."""
