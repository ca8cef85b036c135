"""Sessions that ended are removed, so that the table does not grow for ever."""

from __future__ import annotations

from django.core.management import call_command


def clear_expired() -> None:
    """Remove the sessions past their end."""
    call_command("clearsessions")
