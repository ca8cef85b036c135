"""Pages by keyset: the cost of page 1,000 is that of page 1."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Q, QuerySet
from ninja import Schema
from pydantic import BeforeValidator, Field, StringConstraints

from busbar.access.keyset import beyond
from busbar.kit.errors import Refusal

Item = TypeVar("Item")
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""No row of ours lies outside; a moment beyond cannot be turned into UTC by every database."""

Text = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
"""What a caller may ask by: a NUL would never match and PostgreSQL refuses it."""

Limit = Annotated[int, Field(ge=1, le=200, description="每页条数，1–200")]
Group = Annotated[Text, Field(description="集团代码：只列其各级集团的客户；空为不限")]
After = Annotated[Text, Field(description="上一页的 next；空为第一页")]


def _iso_only(value: object) -> object:
    # Pydantic would also read a bare number as seconds since 1970.
    is_day = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    if is_day or (isinstance(value, str) and _ISO_DATE.fullmatch(value)):
        return value
    raise ValueError("日期须写成 YYYY-MM-DD")


_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
Day = Annotated[dt.date, BeforeValidator(_iso_only)]
MonthText = Annotated[str, StringConstraints(pattern=r"^(19|20)\d\d-(0[1-9]|1[0-2])$")]


class Page(Schema, Generic[Item]):
    """Some rows; `next` goes into `after` for the rows that follow, null at the end."""

    items: list[Item]
    next: str | None


class Problem(Schema):
    """Why not, in a sentence."""

    detail: str


class Invalid(Schema):
    """Which parameter does not fit, as ninja tells it."""

    detail: list[Any]


def answers(good: Any, *codes: int) -> dict[int, Any]:
    """The responses of a route: the good one and how each refusal looks."""
    problems: dict[int, Any] = dict.fromkeys((401, *codes), Problem)
    problems[422] = Invalid
    return {200: good, **problems}


def page_by(
    rows: QuerySet[Any, Any], key: str, *, after: str, limit: int, descending: bool = False
) -> dict[str, Any]:
    """One page of rows ordered by a unique text column."""
    side, sign = ("lt", "-") if descending else ("gt", "")
    if after:
        rows = rows.filter(**{f"{key}__{side}": after})
    found = list(rows.order_by(f"{sign}{key}")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return {"items": found, "next": str(_value(found[-1], key)) if more else None}


def _value(row: Any, key: str) -> Any:
    for name in key.split("__"):
        row = getattr(row, name)
    return row


class NotACursor(Refusal):
    """`after` is not what a page before gave as `next`."""


def page_by_moment(
    rows: QuerySet[Any, Any], moment: str, *, after: str, limit: int, newest_first: bool = True
) -> dict[str, Any]:
    """One page of rows ordered by a moment or day of theirs and then by key, in one direction."""
    place = read_cursor(after)
    found, more = _cut(rows, moment, place, limit=limit, descending=newest_first)
    last = write_cursor(_value(found[-1], moment), found[-1].pk) if more else None
    return {"items": found, "next": last}


def page_by_number(
    rows: QuerySet[Any, Any], field: str, *, after: str, limit: int, descending: bool
) -> dict[str, Any]:
    """One page of rows ordered by a number of theirs and then by key, in one direction."""
    text, _, key = after.partition("_")
    if after and not (_NUMBER.fullmatch(text) and _KEY.fullmatch(key)):
        raise NotACursor(f"after 的值“{after}”不是上一页给出的 next")
    place = (Decimal(text), int(key)) if after else None
    found, more = _cut(rows, field, place, limit=limit, descending=descending)
    last = f"{_value(found[-1], field)}_{found[-1].pk}" if more else None
    return {"items": found, "next": last}


def _cut(
    rows: QuerySet[Any, Any],
    field: str,
    place: tuple[Any, int] | None,
    *,
    limit: int,
    descending: bool,
) -> tuple[list[Any], bool]:
    side, sign = ("lt", "-") if descending else ("gt", "")
    if place is not None:
        value, key = place
        # The bound by itself is where an index begins; an OR is not.
        rows = rows.filter(
            Q(**{f"{field}__{side}": value}) | Q(**{field: value, f"pk__{side}": key}),
            **{f"{field}__{side}e": value},
        )
    found = list(rows.order_by(f"{sign}{field}", f"{sign}pk")[: limit + 1])
    return found[:limit], len(found) > limit


def write_cursor(moment: dt.date, key: int) -> str:
    """Where a page ended: the moment and key of its last row."""
    return f"{moment.isoformat()}_{key}"


def read_cursor(after: str) -> tuple[dt.date, int] | None:
    """The moment (or day) and key after which a page begins; None at the beginning."""
    if not after:
        return None
    text, _, key = after.rpartition("_")
    try:
        moment = _moment(text)
    except ValueError:
        moment = None
    if moment is None or not _KEY.fullmatch(key):
        raise NotACursor(f"after 的值“{after}”不是上一页给出的 next")
    return moment, int(key)


_KEY = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,4}(\.[0-9]{1,2})?")


def _moment(text: str) -> dt.date | None:
    found = (
        dt.date.fromisoformat(text) if len(text) == _DAY_LENGTH else dt.datetime.fromisoformat(text)
    )
    is_naive = isinstance(found, dt.datetime) and found.tzinfo is None
    return None if is_naive or not FIRST_YEAR < found.year < LAST_YEAR else found


_DAY_LENGTH = len("2026-01-01")


def page_by_yuan(rows: QuerySet[Any, Any], field: str, *, after: str, limit: int) -> dict[str, Any]:
    """One page of rows, the largest amount first and then by key."""
    place, order = read_yuan_cursor(after), (f"-{field}", "id")
    if place is not None:
        rows = rows.filter(beyond(order, place))
    found = list(rows.order_by(*order)[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    last = f"{_value(found[-1], field)}_{found[-1].pk}" if more else None
    return {"items": found, "next": last}


def read_yuan_cursor(after: str) -> tuple[Decimal, int] | None:
    """The amount and key after which a page begins; None at the beginning."""
    if not after:
        return None
    text, _, key = after.partition("_")
    if not (_AMOUNT.fullmatch(text) and _KEY.fullmatch(key)):
        raise NotACursor(f"after 的值“{after}”不是上一页给出的 next")
    return Decimal(text), int(key)


_AMOUNT = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,2})?")
