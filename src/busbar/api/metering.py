"""Day curves of a usage point from the lake."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from busbar.api.paging import After, Day, Group, Limit, Page, Text, answers, page_by
from busbar.api.sign_in import viewer_of
from busbar.customers.queries import groups as groups_queries
from busbar.metering import group_load
from busbar.metering import queries as metering_queries
from busbar.metering.group_load import GroupLoad, MemberLoad
from busbar.metering.models import MeterInstallation
from busbar.supply import queries as supply_queries

router = Router()
installations = Router()
group_loads = Router()

MOST_DAYS = 92
"""A quarter at once; a year is four calls."""


class InstallationOut(Schema):
    """A meter at a usage point over [installed_on, removed_on), with its ratios."""

    meter_serial: str
    usage_point_number: str
    installed_on: dt.date
    removed_on: dt.date | None
    ct_ratio: Decimal
    pt_ratio: Decimal

    @staticmethod
    def resolve_meter_serial(installation: MeterInstallation) -> str:
        """Serial number of the meter."""
        return installation.meter.serial

    @staticmethod
    def resolve_usage_point_number(installation: MeterInstallation) -> str:
        """Number of the usage point."""
        return installation.usage_point.number


class DayCurveOut(Schema):
    """One day: 96 values a channel, each named by its interval's start; quality as codes."""

    day: dt.date
    version: int
    committed_at: dt.datetime
    active_wh: list[int] | None
    reactive_lag_varh: list[int] | None
    reactive_lead_varh: list[int] | None
    quality: list[int]


class CurvesOut(Schema):
    """The curves of one usage point."""

    usage_point: str
    start: dt.date
    end: dt.date
    days: list[DayCurveOut]


class MemberLoadOut(Schema):
    """A member's day: kW of 96 quarters (null: unknown), its energy, its highest quarter."""

    customer_number: str
    customer_name: str
    energy_kwh: float
    peak_kw: float
    peak_at: dt.datetime
    at_group_peak_kw: float
    load_kw: list[float | None]


class GroupLoadOut(Schema):
    """A group's day: the sum of the visible members and each of them, the largest first.

    `coincidence` is 同时率; `gaps` counts quarters that lack a member, `without` members without
    any curve. Times are local.
    """

    group: str
    day: dt.date
    energy_kwh: float
    peak_kw: float | None
    peak_at: dt.datetime | None
    coincidence: float | None
    gaps: int
    without: int
    load_kw: list[float | None]
    members: list[MemberLoadOut]


@group_loads.get("/{code}", response=answers(GroupLoadOut, 404), operation_id="get_group_load")
def get_group_load(request: HttpRequest, code: Text, day: Day) -> GroupLoadOut:
    """集团一天的负荷：可见成员（含各级集团）的日曲线之和与各成员的贡献。"""
    viewer = viewer_of(request)
    branch = groups_queries.get_branch(viewer, code)
    if not branch.ids:
        raise HttpError(404, "没有这个集团")
    found = group_load.get_group_load(viewer, branch.ids, day=day)
    return GroupLoadOut(
        group=code,
        day=day,
        energy_kwh=found.energy_kwh,
        peak_kw=found.peak_kw if found.members else None,
        peak_at=found.peak_at if found.members else None,
        coincidence=found.coincidence,
        gaps=found.gaps,
        without=found.without,
        load_kw=metering_queries.as_known(found.kw, found.known),
        members=[_member(found, member) for member in found.members],
    )


def _member(found: GroupLoad, member: MemberLoad) -> MemberLoadOut:
    return MemberLoadOut(
        customer_number=member.customer.number,
        customer_name=member.customer.name,
        energy_kwh=member.energy_kwh,
        peak_kw=member.peak_kw,
        peak_at=member.peak_at,
        at_group_peak_kw=found.at_peak_kw(member),
        load_kw=metering_queries.as_known(member.kw, member.known),
    )


@router.get("/{usage_point}", response=answers(CurvesOut, 400, 404), operation_id="get_curves")
def get_curves(
    request: HttpRequest,
    usage_point: Text,
    start: Day,
    end: Day,
    as_of: Annotated[int | None, Field(ge=0, lt=2**62, description="数据版本；空为最新")] = None,
) -> CurvesOut:
    """一个计量点在 [start, end) 的日曲线，最多 92 天。

    质量码：0 实测 1 估算 2 修改 3 缺失 4 可疑 5 停电。
    """
    viewer = viewer_of(request)
    point = supply_queries.get_usage_point(viewer, usage_point)
    if not dt.timedelta(0) < end - start <= dt.timedelta(days=MOST_DAYS):
        raise HttpError(400, f"起止日期须相差 1 至 {MOST_DAYS} 天")
    table = metering_queries.get_curves(
        viewer, usage_point_ids=[point.pk], start=start, end=end, as_of=as_of
    )
    days = [DayCurveOut(**row) for row in table.to_pylist()]
    return CurvesOut(usage_point=point.number, start=start, end=end, days=days)


@installations.get("", response=answers(Page[InstallationOut]), operation_id="list_installations")
def list_installations(
    request: HttpRequest,
    usage_point: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的在装电能表，按表号；`usage_point` 为计量点编号。"""
    found = MeterInstallation.objects.visible_to(viewer_of(request, group)).filter(removed_on=None)
    if usage_point:
        found = found.filter(usage_point__number=usage_point)
    rows = found.select_related("meter", "usage_point")
    return page_by(rows, "meter__serial", after=after, limit=limit)
