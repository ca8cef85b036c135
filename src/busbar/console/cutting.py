"""Cutting one page off a keyset-ordered queryset, with one row more to know whether it goes on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Model, QuerySet

from busbar.access.keyset import beyond

Row = TypeVar("Row", bound=Model)
_LONGEST_KEY = 18
_MOMENT = re.compile(r"[1-9]\d{3}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d)?")


def cut(rows: QuerySet[Row, Any], size: int) -> tuple[list[Row], bool]:
    """The first `size` rows and whether there are more; one query."""
    read = list(rows[: size + 1])
    return read[:size], len(read) > size


def cut_after(rows: QuerySet[Row, Any], *, after: str, size: int) -> tuple[list[Row], str]:
    """A page of rows ordered by own fields that are never null, the last of them unique, and what
    the next begins after (empty at the end); one query.

    The order is the queryset's own. An `after` that no page of that order gave begins anew.
    """
    order = [str(name) for name in rows.query.order_by]
    place = _read_place(rows.model, order, after)
    if place is not None:
        rows = rows.filter(beyond(order, place))
    read, more = cut(rows, size)
    return read, _write_place(read[-1], order) if more else ""


def cut_by(
    rows: QuerySet[Row, Any], field: str, *, after: str, size: int, newest_first: bool
) -> tuple[list[Row], str]:
    """`cut_after` of rows ordered by a day or moment of theirs and then by id."""
    sign = "-" if newest_first else ""
    return cut_after(rows.order_by(f"{sign}{field}", f"{sign}id"), after=after, size=size)


def _write_place(row: Model, order: Sequence[str]) -> str:
    values = (getattr(row, name.removeprefix("-")) for name in order)
    return "_".join(v.isoformat() if isinstance(v, dt.date) else str(v) for v in values)


def _read_place(model: type[Model], order: Sequence[str], after: str) -> list[Any] | None:
    """The values after which a page begins; None where the text is not of that order."""
    texts = after.split("_")
    if len(texts) != len(order):
        return None
    fields: list[Any] = [model._meta.get_field(name.removeprefix("-")) for name in order]  # noqa: SLF001 - Django's own way to a field
    if not all(_fits(field, text) for field, text in zip(fields, texts, strict=True)):
        return None
    try:
        return [field.to_python(text) for field, text in zip(fields, texts, strict=True)]
    except (ValidationError, OverflowError):
        return None


def _fits(field: Any, text: str) -> bool:
    """Whether a value of the field may be written so: nothing a database would choke on."""
    if isinstance(field, models.DateField):
        is_moment = isinstance(field, models.DateTimeField)
        return _MOMENT.fullmatch(text) is not None and ("T" in text) is is_moment
    if isinstance(field, models.DecimalField):
        whole = (field.max_digits or 0) - (field.decimal_places or 0)
        most = f"-?[0-9]{{1,{whole}}}(\\.[0-9]{{0,{field.decimal_places}}})?"
        return re.fullmatch(most, text) is not None
    if isinstance(field, models.SmallIntegerField | models.PositiveSmallIntegerField):
        return re.fullmatch("[0-9]{1,4}", text) is not None
    if isinstance(field, models.IntegerField):
        return re.fullmatch(f"[0-9]{{1,{_LONGEST_KEY}}}", text) is not None
    return re.fullmatch("[a-z]{1,30}", text) is not None


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
