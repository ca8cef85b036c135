"""Cutting one page off a keyset-ordered queryset, with one row more to know whether it goes on."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def cut(rows: QuerySet[Row, Any], size: int) -> tuple[list[Row], bool]:
    """The first `size` rows and whether there are more; one query."""
    read = list(rows[: size + 1])
    return read[:size], len(read) > size
