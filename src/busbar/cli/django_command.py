"""`busbar django …`: any of Django's own commands, with Busbar's settings."""

from __future__ import annotations

import argparse

from django.core.management import execute_from_command_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything after the word goes to Django."""
    parser.add_argument("words", nargs=argparse.REMAINDER)


def run(args: argparse.Namespace) -> int:
    """Hand over to Django."""
    execute_from_command_line(["busbar django", *args.words])
    return 0
