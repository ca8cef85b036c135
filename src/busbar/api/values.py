"""What callers may send: numbers, days, moments and texts that every database can take."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from django.utils import timezone
from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.api.paging import FIRST_YEAR, LAST_YEAR
from busbar.customers.models import AccountTeamMember
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA

EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
"""What is reckoned or stored for a caller lies between them."""
NO_NUL = r"^[^\x00]*$"

Id = Annotated[int, Field(ge=1, lt=2**62)]
"""A row's key in an address."""
Short = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)]
Sentence = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]
Paragraph = Annotated[str, StringConstraints(max_length=5000, pattern=NO_NUL)]


class UnableToTake(Refusal):
    """A value that no rule knows: a day out of reach, a text that no database keeps."""


class Sent(Schema):
    """A body: what it does not know it refuses, so that a misspelled name is noticed."""

    model_config = ConfigDict(extra="forbid")


def _only(pattern: str, told: str) -> Callable[[object], object]:
    shape = re.compile(pattern, re.ASCII)

    def check(value: object) -> object:
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise ValueError(told)
        return value

    return check


def _number(value: object) -> object:
    """A JSON number without decimals; 5.0 is one, "5" and true are not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("应为整数")


def _flag(value: object) -> object:
    if value in ("true", "false") or isinstance(value, bool):
        return value
    raise ValueError("应为 true 或 false")


def decimal_text(pattern: str, told: str) -> Callable[[object], Decimal]:
    """What turns a text of the pattern into a number; anything else is told what is expected."""
    check = _only(pattern, told)
    return lambda value: Decimal(str(check(value)))


def _decimal(pattern: str, told: str) -> Any:
    return BeforeValidator(decimal_text(pattern, told))


_YUAN = r"[0-9]{1,11}(\.[0-9]{1,2})?"
_FIGURE = r"[0-9]{1,6}(\.[0-9]{1,2})?"
_SIGNED = r"-?[0-9]{1,9}(\.[0-9]{1,3})?"
_TENTHS = r"[0-9]{1,3}(\.[0-9])?"
_SHARE = r"(0(\.[0-9]{1,3})?|1(\.0{1,3})?)"

JSON_NUMBER = BeforeValidator(_number)
"""Stands after the bounds of a whole number in a body, so that the document shows them."""
BodyId = Annotated[int, Field(ge=1, lt=2**62), JSON_NUMBER]
"""A row's key in a body."""
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(
        _only(
            r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
            "时刻须写成 2026-03-02T09:30:00+08:00",
        )
    ),
]
"""A moment with its zone, as RFC 3339 has it."""
Yuan = Annotated[
    Decimal,
    _decimal(_YUAN, "金额须写成文本，如 1200.00"),
    WithJsonSchema({"type": "string", "pattern": f"^{_YUAN}$"}),
]
"""An amount as text, so that no fen is lost on the way."""
Figure = Annotated[
    Decimal,
    _decimal(_FIGURE, "数值须写成文本，至多两位小数，如 10.00"),
    WithJsonSchema({"type": "string", "pattern": f"^{_FIGURE}$"}),
]
SignedFigure = Annotated[
    Decimal,
    _decimal(_SIGNED, "数值须写成文本，至多三位小数，如 -1.500"),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIGNED}$"}),
]
Tenths = Annotated[
    Decimal,
    _decimal(_TENTHS, "数值须写成文本，至多一位小数，如 24.5"),
    WithJsonSchema({"type": "string", "pattern": f"^{_TENTHS}$"}),
]
Share = Annotated[
    Decimal,
    _decimal(_SHARE, "系数须写成 0 到 1 的文本，至多三位小数，如 0.850"),
    WithJsonSchema({"type": "string", "pattern": f"^{_SHARE}$"}),
]


def between(least: int, most: int) -> Any:
    """The constraint of a whole number between two bounds, both included."""
    return Field(ge=least, le=most)


def now() -> dt.datetime:
    """The moment at which a request is answered; the only clock of the API."""
    return timezone.now()


def in_reach(moment: dt.date, name: str) -> None:
    """Refuse a day or moment that no calendar of ours reaches."""
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise UnableToTake(f"{name}应在 {EARLIEST_YEAR} 至 {LATEST_YEAR} 年之间")


def first_moment(day: dt.date) -> dt.datetime:
    """The first moment of a day in China, a day out of reach brought to where rows may lie."""
    year = min(max(day.year, FIRST_YEAR + 1), LAST_YEAR - 1)
    reached = day if day.year == year else dt.date(year, 1, 1)
    return dt.datetime.combine(reached, dt.time(), tzinfo=CHINA)


def without_nul(document: Any) -> Any:
    """The document as it is; refused where a text in it holds a NUL, which PostgreSQL refuses."""
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and "\x00" in part:
            raise UnableToTake("内容含有不可见的空字符（NUL），请去掉后再提交")
        if isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part
    return document


def seen_unit(viewer: Viewer, code: str) -> OrganizationUnit:
    """The unit of this code within the viewer's branch; DoesNotExist otherwise."""
    unit = OrganizationUnit.objects.get(code=code)
    if not viewer.covers(unit.path):
        raise OrganizationUnit.DoesNotExist
    return unit


def seen_person(viewer: Viewer, number: str, customer_id: int | None = None) -> Employee:
    """Somebody in office of this staff number: in the viewer's branch, or on the customer's team.

    DoesNotExist otherwise.
    """
    people = Employee.objects.select_related("unit").filter(user__is_active=True)
    person: Employee = people.get(number=number)
    team = AccountTeamMember.objects.filter(customer=customer_id, employee=person)
    if not viewer.covers(person.unit.path) and not (customer_id and team.exists()):
        raise Employee.DoesNotExist
    return person
