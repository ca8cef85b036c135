"""Applications: taken in, listed, one with its stages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.api.clocks import ClockOut, clock_of
from busbar.api.paging import (
    After,
    Day,
    Group,
    Limit,
    NotACursor,
    Page,
    Text,
    answers,
    read_cursor,
    write_cursor,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import (
    JSON_NUMBER,
    Figure,
    Flag,
    Sent,
    Share,
    Short,
    between,
    now,
    seen_unit,
)
from busbar.clocks import queries as clocks_queries
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.forms import ApplicationForm, LoadLine
from busbar.connections.models import (
    ApplicationKind,
    ApplicationState,
    ConnectionApplication,
    IntakeChannel,
    SupplyKind,
)
from busbar.connections.queries import ApplicationFilter, ApplicationRow
from busbar.connections.subjects import APPLICATION
from busbar.customers.models import CustomerKind, Importance

router = Router()

Amount = Annotated[int, between(0, 10_000_000), JSON_NUMBER]


class LoadIn(Sent):
    """One kind of equipment: so many of so many kW each."""

    name: Short
    count: Annotated[int, between(1, 100_000), JSON_NUMBER]
    rated_kw: Figure
    demand_factor: Share = Decimal(1)
    power_factor: Share = Decimal(1)
    is_critical: Annotated[bool, Field(strict=True)] = False


class ApplicationIn(Sent):
    """《高压用电申请》 as filled in; kVA, kW, kV."""

    unit_code: Short
    channel: IntakeChannel = IntakeChannel.COUNTER
    kind: ApplicationKind
    supply_kind: SupplyKind
    applicant_name: Annotated[Short, Field(max_length=200)]
    customer_kind: CustomerKind
    site_name: Annotated[Short, Field(max_length=200)]
    address: Annotated[Short, Field(max_length=300)]
    contact_name: Short
    contact_phone: Short
    requested_kva: Amount
    credit_code: Annotated[Short, Field(max_length=18)] = ""
    industry_code: Annotated[Short, Field(max_length=10)] = ""
    importance: Importance = Importance.NONE
    contact_email: Short = ""
    purpose: Annotated[Short, Field(max_length=300)] = ""
    existing_kva: Amount = 0
    wished_voltage_kv: Figure | None = None
    critical_load_kw: Amount = 0
    emergency_generator_kw: Amount = 0
    shifts: Annotated[int, between(0, 100), JSON_NUMBER] = 1
    growth_percent: Figure = Decimal(0)
    wished_on: Day | None = None
    temporary_until: Day | None = None
    account_number: Short = ""
    loads: Annotated[list[LoadIn], Field(max_length=200)] = []


class ApplicationOut(Schema):
    """业扩报装申请."""

    number: str
    kind: ApplicationKind
    supply_kind: SupplyKind
    state: ApplicationState
    stage: int
    unit_code: str
    officer_name: str | None
    customer_number: str | None
    applicant_name: str
    site_name: str
    requested_kva: int
    submitted_at: dt.datetime
    due_at: dt.datetime | None
    is_green: bool


class SubmittedOut(Schema):
    """The number, and the code with which the applicant follows the stages himself."""

    number: str
    query_code: str
    process_id: int | None
    state: ApplicationState


class LoadOut(Schema):
    """One kind of equipment."""

    name: str
    count: int
    rated_kw: Decimal
    demand_factor: Decimal
    power_factor: Decimal
    is_critical: bool


class StageOut(Schema):
    """One of the seven stages."""

    number: int
    name: str
    state: str
    begun_at: dt.datetime | None
    ended_at: dt.datetime | None


class WaitingTaskOut(Schema):
    """A task that waits for somebody."""

    id: int
    title: str
    unit_code: str
    owner_name: str | None
    due_at: dt.datetime | None


class ApplicationDetailOut(Schema):
    """An application with its stages, clocks and what waits for whom."""

    number: str
    kind: ApplicationKind
    supply_kind: SupplyKind
    state: ApplicationState
    stage: int
    unit_code: str
    officer_name: str | None
    customer_number: str | None
    account_number: str | None
    channel: IntakeChannel
    recorded_for_customer: bool
    applicant_name: str
    credit_code: str
    customer_kind: CustomerKind
    industry_code: str
    importance: Importance
    site_name: str
    address: str
    contact_name: str
    contact_phone: str
    contact_email: str
    purpose: str
    existing_kva: int
    requested_kva: int
    wished_voltage_kv: Decimal | None
    critical_load_kw: int
    emergency_generator_kw: int
    shifts: int
    growth_percent: Decimal
    wished_on: dt.date | None
    temporary_until: dt.date | None
    process_id: int | None
    submitted_at: dt.datetime
    accepted_at: dt.datetime | None
    handed_over_at: dt.datetime | None
    ended_reason: str
    ended_clause: str
    works_started_on: dt.date | None
    energized_at: dt.datetime | None
    closed_at: dt.datetime | None
    loads: list[LoadOut]
    stages: list[StageOut]
    waiting: list[WaitingTaskOut]
    clocks: list[ClockOut]


_MADE_UP = {
    "unit_code", "officer_name", "customer_number", "account_number", "loads", "stages",
    "waiting", "clocks",
}  # fmt: skip
"""What of the detail is no column of the application."""


@router.get("", response=answers(Page[ApplicationOut], 404, 409), operation_id="list_applications")
def list_applications(
    request: HttpRequest,
    *,
    text: Text = "",
    state: ApplicationState | None = None,
    kind: ApplicationKind | None = None,
    supply_kind: SupplyKind | None = None,
    stage: Annotated[int | None, Field(ge=1, le=7)] = None,
    unit: Text = "",
    is_open: Flag = False,
    late: Flag = False,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的业扩申请，新的在前；`text` 为编号、申请人或信用代码，`unit` 含其下级单位。"""
    viewer = viewer_of(request, group)
    filters = ApplicationFilter(
        text=text,
        state=state or "",
        kind=kind or "",
        supply_kind=supply_kind or "",
        stage=stage,
        unit_id=seen_unit(viewer, unit).pk if unit else None,
        is_open=is_open,
        late_at=now() if late else None,
    )
    page = connections_queries.list_applications(
        viewer, filters=filters, after=_cursor(after), limit=limit
    )
    following = write_cursor(*page.next_after) if page.next_after else None
    return {"items": [_row(row) for row in page.rows], "next": following}


@router.post(
    "", response=answers(SubmittedOut, 400, 403, 404, 409), operation_id="submit_application"
)
def submit_application(
    request: HttpRequest, asked: Annotated[ApplicationIn, Body()]
) -> ConnectionApplication:
    """登记一份用电申请并开始流程；有误时一次说全。需“受理业扩申请”权限。"""
    viewer = viewer_of(request)
    given = asked.dict(exclude={"unit_code", "channel", "loads"})
    loads = [LoadLine(**line.dict()) for line in asked.loads]
    return connections_operations.submit_and_start(
        form=ApplicationForm(**given, loads=loads),
        unit=seen_unit(viewer, asked.unit_code),
        channel=asked.channel,
        by=viewer,
        at=now(),
    )


@router.get(
    "/{number}", response=answers(ApplicationDetailOut, 404), operation_id="get_application"
)
def get_application(request: HttpRequest, number: Text) -> dict[str, Any]:
    """一份申请：填报内容、七个阶段、计时、等待办理的任务。"""
    viewer, at = viewer_of(request), now()
    application = connections_queries.get_application(viewer, number)
    clocks = clocks_queries.list_subject_clocks(viewer, APPLICATION, application.pk)
    names = set(ApplicationDetailOut.model_fields) - _MADE_UP
    account = application.account
    return {
        **{name: getattr(application, name) for name in names},
        **_whose(application),
        "account_number": account.number if account else None,
        "loads": list(application.loads.order_by("pk")),
        "stages": connections_queries.list_stages(application),
        "waiting": [
            {
                "id": task.pk,
                "title": task.title,
                "unit_code": task.unit.code,
                "owner_name": task.owner.name if task.owner else None,
                "due_at": task.due_at,
            }
            for task in connections_queries.list_waiting_tasks(viewer, application)
        ],
        "clocks": [clock_of(clock, at) for clock in clocks],
    }


def _whose(application: ConnectionApplication) -> dict[str, Any]:
    officer, customer = application.officer, application.customer
    return {
        "unit_code": application.unit.code,
        "officer_name": officer.name if officer else None,
        "customer_number": customer.number if customer else None,
    }


def _row(row: ApplicationRow) -> dict[str, Any]:
    names = (
        "number", "kind", "supply_kind", "state", "stage", "applicant_name", "site_name",
        "requested_kva", "submitted_at",
    )  # fmt: skip
    plain = {name: getattr(row.application, name) for name in names}
    return {**plain, **_whose(row.application), "due_at": row.due_at, "is_green": row.is_green}


def _cursor(after: str) -> tuple[dt.datetime, int] | None:
    cursor = read_cursor(after)
    if cursor is None:
        return None
    moment, key = cursor
    if not isinstance(moment, dt.datetime):
        raise NotACursor(f"after 的值“{after}”不是上一页给出的 next")
    return moment, key
