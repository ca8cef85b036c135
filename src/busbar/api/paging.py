"""Pages by keyset: the cost of page 1,000 is that of page 1."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import QuerySet
from ninja import Schema
from pydantic import BeforeValidator, Field, StringConstraints

Item = TypeVar("Item")

Text = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
"""What a caller may ask by: a NUL would never match and PostgreSQL refuses it."""

Limit = Annotated[int, Field(ge=1, le=200, description="每页条数，1–200")]
After = Annotated[Text, Field(description="上一页的 next；空为第一页")]


def _iso_only(value: object) -> object:
    # Pydantic would also read a bare number as seconds since 1970.
    if isinstance(value, str) and not _ISO_DATE.fullmatch(value):
        raise ValueError("日期须写成 YYYY-MM-DD")
    return value


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


def page_by(rows: QuerySet[Any, Any], key: str, *, after: str, limit: int) -> dict[str, Any]:
    """One page of rows ordered by a unique text column."""
    if after:
        rows = rows.filter(**{f"{key}__gt": after})
    found = list(rows.order_by(key)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return {"items": found, "next": str(_value(found[-1], key)) if more else None}


def _value(row: Any, key: str) -> Any:
    for name in key.split("__"):
        row = getattr(row, name)
    return row
