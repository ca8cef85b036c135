"""Paging by key: rows that stand after a row, in an order that ends in something unique."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q


def beyond(order: Sequence[str], place: Sequence[Any]) -> Q:
    """Rows that stand after the place, in the order's fields (`-name`: falling, none ever null).

    The first field's bound is said once more by itself: databases begin an index where a plain
    bound tells them to, not where an OR does.
    """
    found = Q()
    for name, value in reversed(list(zip(order, place, strict=True))):
        field = name.removeprefix("-")
        further = Q(**{f"{field}__{_side(name)}": value})
        found = further | Q(**{field: value}) & found if found else further
    first = order[0].removeprefix("-")
    return Q(**{f"{first}__{_side(order[0])}e": place[0]}) & found


def _side(name: str) -> str:
    return "lt" if name.startswith("-") else "gt"
