"""Mandates: who may order what from whom."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.mandating import MandateLimits
from busbar.access.models import Mandate
from busbar.api.paging import Day, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Figure, Flag, Sent, Sentence, Short, Yuan, now, seen_unit
from busbar.customers.models import Importance
from busbar.kit.periods import local_date

router = Router()


class MandateRungOut(Schema):
    """To whom an unanswered order climbs."""

    order: int
    level: str
    role: str
    time_limit: str


class MandateOut(Schema):
    """A mandate in force; empty limits are none."""

    code: str
    name: str
    unit: str
    order_kind: str
    holder_kind: str
    holder_level: str
    holder_role: str
    own_customers_only: bool
    department_kind: str
    department_role: str
    most_amount_yuan: Decimal | None
    most_hours: Decimal | None
    grades: list[str]
    reply_limit: str
    work_limit: str
    valid_from: dt.date
    valid_until: dt.date | None
    source: str
    certainty: str
    rungs: list[MandateRungOut]

    @staticmethod
    def resolve_unit(row: Mandate) -> str:
        """The code of the unit whose version it is; empty for what ships."""
        return row.unit.code if row.unit else ""

    @staticmethod
    def resolve_rungs(row: Mandate) -> object:
        """The nearest first."""
        return sorted(row.rungs.all(), key=lambda rung: rung.order)


class LocalMandateIn(Sent):
    """A company's own version of a mandate; left out is without a limit."""

    unit: Short
    most_amount_yuan: Yuan | None = None
    most_hours: Figure | None = None
    grades: list[Importance] = []
    own_customers_only: bool = True
    valid_from: Day
    reason: Annotated[Sentence, Field(min_length=1)]
    source: Annotated[Sentence, Field(min_length=1)]


class MandateEndIn(Sent):
    """Whose own version ends, the first day without it, and why."""

    unit: Short
    valid_from: Day
    until: Day
    reason: Annotated[Sentence, Field(min_length=1, max_length=300)]


@router.get("", response=answers(list[MandateOut]), operation_id="list_mandates")
def list_mandates(request: HttpRequest, *, held: Flag = False) -> list[Mandate]:
    """对本单位现行有效的授权；held 只列本人持有的。"""
    viewer, on = viewer_of(request), local_date(now())
    if held:
        return access_queries.list_held_mandates(viewer, on=on)
    return access_queries.list_mandates(on=on, unit_path=viewer.unit_path)


@router.post(
    "/{code}/versions",
    response=answers(MandateOut, 400, 403, 404, 409),
    operation_id="set_local_mandate",
)
def set_local_mandate(request: HttpRequest, code: str, body: LocalMandateIn) -> Mandate:
    """另定本单位版本：省公司核定限额，以下各级只能从严。"""
    viewer = viewer_of(request)
    return access_operations.set_local_mandate(
        unit=seen_unit(viewer, body.unit),
        code=code,
        limits=MandateLimits(
            body.most_amount_yuan,
            body.most_hours,
            tuple(str(grade) for grade in body.grades),
            body.own_customers_only,
        ),
        valid_from=body.valid_from,
        reason=body.reason,
        source=body.source,
        by=viewer,
        at=now(),
    )


@router.post(
    "/{code}/versions/end",
    response=answers(MandateOut, 400, 403, 404, 409),
    operation_id="end_local_mandate",
)
def end_local_mandate(request: HttpRequest, code: str, body: MandateEndIn) -> Mandate:
    """终止本单位另定的版本，恢复上级的授权。"""
    viewer = viewer_of(request)
    unit = seen_unit(viewer, body.unit)
    own = access_queries.get_local_mandate(unit=unit, code=code, valid_from=body.valid_from)
    return access_operations.end_local_mandate(
        mandate_id=own.pk, until=body.until, reason=body.reason, by=viewer, at=now()
    )
