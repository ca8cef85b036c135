"""Django's `migrate`, which makes the tables of an empty database at once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

from busbar.cli.schema import create_tables, is_empty
from busbar.journal import immutability
from busbar.payments import guards

_STEPS = ("app_label", "plan", "check_unapplied", "fake", "replay")
"""Options that ask for the migrations themselves."""


class Command(migrate.Command):
    """As Django's, but quick on an empty database."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Django's own, and how to run every migration after all."""
        super().add_arguments(parser)
        parser.add_argument(
            "--replay",
            action="store_true",
            help="Run every migration, on an empty database too.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Tables first where there are none; what is left is then done as everywhere."""
        connection = connections[options["database"]]
        if not any(options[name] for name in _STEPS) and is_empty(connection):
            create_tables(connection, (immutability.install, guards.install))
        super().handle(*args, **options)
