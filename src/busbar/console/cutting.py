"""Cutting one page off a keyset-ordered queryset, with one row more to know whether it goes on."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
_LONGEST_KEY = 18


def cut(rows: QuerySet[Row, Any], size: int) -> tuple[list[Row], bool]:
    """The first `size` rows and whether there are more; one query."""
    read = list(rows[: size + 1])
    return read[:size], len(read) > size


def cut_by(
    rows: QuerySet[Row, Any], field: str, *, after: str, size: int, newest_first: bool
) -> tuple[list[Row], str]:
    """A page of rows ordered by a day or moment of theirs and then by id, and what the next
    begins after (empty at the end); one query. An `after` that no page gave begins anew."""
    place, side = read_place(after), "lt" if newest_first else "gt"
    if place is not None:
        at, key = place
        rows = rows.filter(Q(**{f"{field}__{side}": at}) | Q(**{field: at, f"pk__{side}": key}))
    sign = "-" if newest_first else ""
    read, more = cut(rows.order_by(f"{sign}{field}", f"{sign}pk"), size)
    return read, f"{getattr(read[-1], field).isoformat()}_{read[-1].pk}" if more else ""


def read_place(after: str) -> tuple[dt.date, int] | None:
    """The day or moment and the id after which a page begins.

    >>> read_place("2026-02-18_7"), read_place("7"), read_place("x_7")
    ((datetime.date(2026, 2, 18), 7), None, None)
    """
    text, _, key = after.rpartition("_")
    if not key.isdecimal() or len(key) > _LONGEST_KEY:
        return None
    try:
        if "T" not in text:
            return dt.date.fromisoformat(text), int(key)
        at = dt.datetime.fromisoformat(text)
        return (at.astimezone(dt.UTC), int(key)) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
