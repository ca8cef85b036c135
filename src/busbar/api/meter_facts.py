"""What registers read and what meters report, sent by a program instead of a file."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema

from busbar.access.registers import Outcome
from busbar.api.paging import answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import JSON_NUMBER, Moment, Sent, Short
from busbar.metering import operations as metering_operations
from busbar.metering.models import MeterEventKind, RegisterChannel

router = Router()

MOST_ROWS = 5_000
_REGISTER = r"[0-9]{1,10}(\.[0-9]{1,4})?"


def _as_register(value: object) -> object:
    # A number in JSON would have passed through floating point.
    if isinstance(value, str):
        return value
    raise ValueError("示数须写成文本，如 1234.56")


Register = Annotated[
    Decimal,
    Field(ge=0, max_digits=14, decimal_places=4),
    BeforeValidator(_as_register),
    WithJsonSchema({"type": "string", "pattern": f"^{_REGISTER}$"}),
]
Seconds = Annotated[int, Field(ge=-(10**8), le=10**8), JSON_NUMBER]


class RegisterReadingIn(Sent):
    """A register at a moment, in kWh or kvarh of the meter's own side."""

    serial: Short
    read_at: Moment
    value: Register
    channel: RegisterChannel = RegisterChannel.ACTIVE
    clock_offset_s: Seconds | None = None


class MeterEventIn(Sent):
    """What a meter reports: the supply was off over [begins_at, ends_at), the clock was out."""

    serial: Short = ""
    usage_point: Short = ""
    event: MeterEventKind
    begins_at: Moment
    ends_at: Moment | None = None
    offset_s: Seconds | None = None


class RegisterReadingsIn(Sent):
    """Some readings and where they come from."""

    source: Short = "接口"
    rows: Annotated[list[RegisterReadingIn], Field(min_length=1, max_length=MOST_ROWS)]


class MeterEventsIn(Sent):
    """Some events and where they come from."""

    source: Short = "接口"
    rows: Annotated[list[MeterEventIn], Field(min_length=1, max_length=MOST_ROWS)]


class RefusedFactOut(Schema):
    """A row that was refused: its place from 0, field, value, what was expected."""

    row: int
    field: str
    value: str
    expectation: str


class FactsOut(Schema):
    """What became of the rows; the good ones are kept whatever became of the others."""

    created: int
    updated: int
    unchanged: int
    refused: list[RefusedFactOut]


@router.post(
    "/readings", response=answers(FactsOut, 400, 403), operation_id="store_register_readings"
)
def store_register_readings(request: HttpRequest, body: RegisterReadingsIn) -> FactsOut:
    """登记电能表示数（表码）；同一表、数据项和时间再登记即以新值为准。"""
    outcome = metering_operations.store_register_readings(
        rows=[row.dict() for row in body.rows],
        source=body.source,
        by=viewer_of(request),
        at=timezone.now(),
    )
    return _told(outcome)


@router.post("/events", response=answers(FactsOut, 400, 403), operation_id="store_meter_events")
def store_meter_events(request: HttpRequest, body: MeterEventsIn) -> FactsOut:
    """登记计量事件（停电、时钟偏差）；停电恢复后以同一起始时间再登记并写明结束时间。"""
    outcome = metering_operations.store_meter_events(
        rows=[_row(row) for row in body.rows],
        source=body.source,
        by=viewer_of(request),
        at=timezone.now(),
    )
    return _told(outcome)


def _row(row: MeterEventIn) -> dict[str, Any]:
    told = row.dict()
    return told | {name: told[name] or None for name in ("serial", "usage_point")}


def _told(outcome: Outcome) -> FactsOut:
    refused = [
        RefusedFactOut(
            row=one.index, field=one.field, value=one.value, expectation=str(one.expectation)
        )
        for one in outcome.rejections
    ]
    return FactsOut(
        created=outcome.created,
        updated=outcome.updated,
        unchanged=outcome.unchanged,
        refused=refused,
    )
