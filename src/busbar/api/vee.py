"""What validation found in the curves, accepting it, and setting values of a day by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.api.paging import (
    After,
    Day,
    Group,
    Limit,
    MonthText,
    Page,
    Text,
    answers,
    read_yuan_cursor,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import (
    JSON_NUMBER,
    BodyId,
    Id,
    Sent,
    Sentence,
    between,
    in_reach,
    now,
    seen_unit,
)
from busbar.kit.periods import Month
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.metering.models import VeeAction, VeeFinding, VeeRuleCode, VeeState
from busbar.metering.queries import VeeFilter
from busbar.supply import queries as supply_queries

router, days = Router(), Router()

Interval = Annotated[int, between(0, 95), JSON_NUMBER]
Energy = Annotated[int, between(0, 2**31 - 1), JSON_NUMBER]
LakeVersion = Annotated[int, Field(ge=0, lt=2**53), JSON_NUMBER]
Channel = Literal["active_wh", "reactive_lag_varh", "reactive_lead_varh"]


class VeeFindingOut(Schema):
    """校验发现: a rule that holds on a day, in [start, end) intervals of 0..96.

    `methods` are [start, end, method] of estimates; `written_version` null where validation
    changed nothing.
    """

    id: int
    usage_point_number: str
    account_number: str
    customer_number: str
    day: dt.date
    lake_channel: str
    rule: VeeRuleCode
    action: VeeAction
    intervals: list[list[int]]
    methods: list[list[Any]]
    judged_version: int
    written_version: int | None
    energy_wh: int
    stake_yuan: Decimal
    state: VeeState
    found_at: dt.datetime
    decided_at: dt.datetime | None
    decided_by: str
    reason: str

    @staticmethod
    def resolve_usage_point_number(row: VeeFinding) -> str:
        """计量点编号."""
        return row.usage_point.number

    @staticmethod
    def resolve_account_number(row: VeeFinding) -> str:
        """户号."""
        return row.usage_point.account.number

    @staticmethod
    def resolve_customer_number(row: VeeFinding) -> str:
        """客户编号."""
        return row.usage_point.account.customer.number


class VeeAcceptIn(Sent):
    """Findings of which the curve may stay as it is, and why."""

    findings: Annotated[list[BodyId], Field(min_length=1, max_length=200)]
    reason: Sentence


class CurveEditIn(Sent):
    """Values in Wh (varh) from an interval on; null leaves one alone.

    `version` is the day's version that was looked at, 0 where there is no curve.
    """

    channel: Channel
    start: Interval
    values: Annotated[list[Energy | None], Field(min_length=1, max_length=96)]
    version: LakeVersion
    reason: Sentence


class CurveEditOut(Schema):
    """The day's new version."""

    usage_point: str
    day: dt.date
    version: int


@router.get("", response=answers(Page[VeeFindingOut], 404, 409), operation_id="list_vee_findings")
def list_findings(
    request: HttpRequest,
    *,
    state: VeeState | Literal["all"] = VeeState.OPEN,
    rule: VeeRuleCode | None = None,
    unit: Text = "",
    month: MonthText | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """读数校验发现，涉及金额最大的在前；默认只列待处理的，`unit` 为单位代码。"""
    viewer = viewer_of(request, group)
    read_yuan_cursor(after)
    narrowed = VeeFilter(
        state="" if state == "all" else state,
        rule=rule or "",
        unit_path=seen_unit(viewer, unit).path if unit else "",
        month=Month.parse(month) if month else None,
    )
    page = metering_queries.list_vee_findings(viewer, narrowed, after=after, size=limit)
    return {"items": page.findings, "next": page.after or None}


@router.post(
    "/accept",
    response=answers(list[VeeFindingOut], 400, 403, 409),
    operation_id="accept_vee_findings",
)
def accept_findings(
    request: HttpRequest, asked: Annotated[VeeAcceptIn, Body()]
) -> list[VeeFinding]:
    """认可若干项发现，曲线不改；全部认可或全部不认可。需“修正读数”权限。"""
    viewer = viewer_of(request)
    rows = metering_operations.accept_findings(
        finding_ids=asked.findings, reason=asked.reason, by=viewer, at=now()
    )
    return metering_queries.get_vee_findings(viewer, [row.pk for row in rows])


@router.get("/{finding_id}", response=answers(VeeFindingOut, 404), operation_id="get_vee_finding")
def get_finding(request: HttpRequest, finding_id: Id) -> VeeFinding:
    """一项校验发现。"""
    return metering_queries.get_vee_finding(viewer_of(request), finding_id)


@days.post(
    "/{usage_point}/{day}",
    response=answers(CurveEditOut, 400, 403, 404, 409),
    operation_id="edit_curve",
)
def edit_curve(
    request: HttpRequest, usage_point: Text, day: Day, asked: Annotated[CurveEditIn, Body()]
) -> dict[str, Any]:
    """人工修正一天的曲线，原曲线仍可查阅；已有更新的版本则 409。需“修正读数”权限。"""
    viewer = viewer_of(request)
    point = supply_queries.get_usage_point(viewer, usage_point)
    in_reach(day, "day")
    given = enumerate(asked.values, start=asked.start)
    done = metering_operations.edit_curve(
        usage_point=point,
        day=day,
        values={asked.channel: {at: value for at, value in given if value is not None}},
        seen_version=asked.version,
        reason=asked.reason,
        by=viewer,
        at=now(),
    )
    return {"usage_point": point.number, "day": day, "version": done.version}
