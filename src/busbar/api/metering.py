"""Day curves of a usage point from the lake."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from busbar.api.paging import After, Day, Limit, Page, Text, answers, page_by
from busbar.api.sign_in import viewer_of
from busbar.metering import queries as metering_queries
from busbar.metering.models import MeterInstallation
from busbar.supply import queries as supply_queries

router = Router()
installations = Router()

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
    request: HttpRequest, usage_point: Text = "", after: After = "", limit: Limit = 50
) -> dict[str, Any]:
    """可见的在装电能表，按表号；`usage_point` 为计量点编号。"""
    found = MeterInstallation.objects.visible_to(viewer_of(request)).filter(removed_on=None)
    if usage_point:
        found = found.filter(usage_point__number=usage_point)
    rows = found.select_related("meter", "usage_point")
    return page_by(rows, "meter__serial", after=after, limit=limit)
