"""Stops of supply: read, planned, announced, begun, restored; whom each touches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access import queries as access_queries
from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import Moment, Sent, Sentence, Short, now
from busbar.outages import operations as outages_operations
from busbar.outages import queries as outages_queries
from busbar.outages.models import Outage, OutageKind, OutageState
from busbar.outages.queries import Notice, Scope

router = Router()
Numbers = Annotated[list[Short], Field(max_length=200)]


class OutageOut(Schema):
    """One stop of supply; moments are aware, empty until they come."""

    number: str
    kind: str
    state: str
    unit_code: str
    reason: str
    scope: str
    authority_report: str
    planned_from: dt.datetime
    planned_until: dt.datetime | None
    announced_at: dt.datetime | None
    begun_at: dt.datetime | None
    cause_removed_at: dt.datetime | None
    restored_at: dt.datetime | None

    @staticmethod
    def resolve_unit_code(row: Outage) -> str:
        """The unit that stops."""
        return row.unit.code


class AffectedOut(Schema):
    """One affected customer: its points, and how it was told."""

    customer_number: str
    customer_name: str
    importance: str
    accounts: list[str]
    usage_points: list[str]
    messages: int
    receipts: int

    @staticmethod
    def of(notice: Notice) -> AffectedOut:
        """As the API tells it."""
        return AffectedOut(
            customer_number=notice.customer.number,
            customer_name=notice.customer.name,
            importance=notice.customer.importance,
            accounts=sorted({point.account.number for point in notice.points}),
            usage_points=[point.usage_point.number for point in notice.points],
            messages=len(notice.messages),
            receipts=len(notice.receipts),
        )


class OutageIn(Sent):
    """A stop to be planned: what stops, by the numbers of the registers, why, when."""

    kind: OutageKind
    unit_code: Short
    reason: Sentence
    planned_from: Moment
    planned_until: Moment | None = None
    substations: Numbers = []
    feeders: Numbers = []
    transformers: Numbers = []
    usage_points: Numbers = []
    accounts: Numbers = []
    authority_report: Short = ""


class OutageMomentIn(Sent):
    """When it was, where that was before now."""

    moment: Moment | None = None


class OutageReasonIn(Sent):
    """Why."""

    reason: Sentence


class OutageReportIn(Sent):
    """The number under which the authority was told."""

    report: Short


class OutageServedIn(Sent):
    """Who took the notice, by what means, when."""

    customer_number: Short
    person: Short
    means: Short
    received_at: Moment | None = None


@router.get("", response=answers(Page[OutageOut], 409), operation_id="list_outages")
def list_outages(
    request: HttpRequest,
    *,
    kind: OutageKind | None = None,
    state: OutageState | None = None,
    q: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """停电，最近的在前。"""
    found = outages_queries.list_outages(
        viewer_of(request, group), kind=kind or "", state=state or "", text=q
    )
    return page_by_moment(found, "planned_from", after=after, limit=limit)


@router.get("/{number}", response=answers(OutageOut, 404), operation_id="get_outage")
def get_outage(request: HttpRequest, number: str) -> Outage:
    """一件停电。"""
    return outages_queries.get_outage(viewer_of(request), number)


@router.get(
    "/{number}/affected", response=answers(list[AffectedOut], 404), operation_id="list_affected"
)
def list_affected(request: HttpRequest, number: str) -> list[AffectedOut]:
    """可见的受影响客户及其通知情况，重要用户在前；至多 500 个用电点。"""
    viewer = viewer_of(request)
    outage = outages_queries.get_outage(viewer, number)
    return [AffectedOut.of(each) for each in outages_queries.list_notices(viewer, outage)]


@router.post("", response=answers(OutageOut, 400, 403, 404, 409), operation_id="plan_outage")
def plan_outage(request: HttpRequest, asked: Annotated[OutageIn, Body()]) -> Outage:
    """安排停电：按变电站、馈线、受电变压器、用电点或户号找出受影响的用电点。需“停电与复电”权限。"""
    given = asked.model_dump()
    names = ("substations", "feeders", "transformers", "usage_points", "accounts")
    return outages_operations.plan_outage(
        scope=Scope(**{name: given.pop(name) for name in names}),
        unit_id=access_queries.get_unit(given.pop("unit_code")).pk,
        by=viewer_of(request),
        at=now(),
        **given,
    )


def _act(request: HttpRequest, number: str, act: Callable[..., object], **facts: Any) -> Outage:
    """Do it to a stop that is seen, and answer with it as it stands then."""
    viewer = viewer_of(request)
    outages_queries.get_outage(viewer, number)
    act(number=number, by=viewer, at=now(), **facts)
    return outages_queries.get_outage(viewer, number)


_CHANGED = answers(OutageOut, 400, 403, 404, 409)


@router.post("/{number}/announce", response=_CHANGED, operation_id="announce_outage")
def announce_outage(request: HttpRequest, number: str) -> Outage:
    """通知受影响的客户；计划检修须按规定天数提前。需“停电与复电”权限。"""
    return _act(request, number, outages_operations.announce_outage)


@router.post("/{number}/report", response=_CHANGED, operation_id="report_outage")
def report_outage(
    request: HttpRequest, number: str, asked: Annotated[OutageReportIn, Body()]
) -> Outage:
    """登记重要用户停电的抄报文号。需“停电与复电”权限。"""
    return _act(request, number, outages_operations.report_to_authority, report=asked.report)


@router.post("/{number}/serve", response=_CHANGED, operation_id="serve_outage_notice")
def serve_notice(
    request: HttpRequest, number: str, asked: Annotated[OutageServedIn, Body()]
) -> Outage:
    """登记停电通知已送达一位客户。需“停电与复电”权限。"""
    return _act(request, number, outages_operations.serve_notice, **asked.model_dump())


@router.post("/{number}/begin", response=_CHANGED, operation_id="begin_outage")
def begin_outage(
    request: HttpRequest, number: str, asked: Annotated[OutageMomentIn, Body()]
) -> Outage:
    """开始停电；故障可写明实际停电时间。需“停电与复电”权限。"""
    return _act(request, number, outages_operations.begin_outage, begun_at=asked.moment)


@router.post("/{number}/cause-removed", response=_CHANGED, operation_id="remove_outage_cause")
def remove_cause(request: HttpRequest, number: str) -> Outage:
    """停电原因已消除，恢复供电的时限开始计时。需“停电与复电”权限。"""
    return _act(request, number, outages_operations.remove_cause)


@router.post("/{number}/restore", response=_CHANGED, operation_id="restore_outage")
def restore_outage(
    request: HttpRequest, number: str, asked: Annotated[OutageMomentIn, Body()]
) -> Outage:
    """恢复供电并告知客户；可写明实际恢复时间。需“停电与复电”权限。"""
    return _act(request, number, outages_operations.restore_outage, restored_at=asked.moment)


@router.post("/{number}/cancel", response=_CHANGED, operation_id="cancel_outage")
def cancel_outage(
    request: HttpRequest, number: str, asked: Annotated[OutageReasonIn, Body()]
) -> Outage:
    """取消尚未开始的停电，写明原因。需“停电与复电”权限。"""
    return _act(request, number, outages_operations.cancel_outage, reason=asked.reason)
