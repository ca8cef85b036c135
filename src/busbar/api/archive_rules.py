"""Thresholds of the consolidation and items of a complete file, by dated versions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from django.http import HttpRequest
from ninja import Body, Router, Schema

from busbar.access.permissions import Permission
from busbar.api.paging import Day, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import (
    JSON_NUMBER,
    Sent,
    Short,
    SignedFigure,
    between,
    in_reach,
    now,
)
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import CompletenessRule, ConsolidationFigure
from busbar.kit.periods import local_date

router = Router()


class ArchiveFigureOut(Schema):
    """归并参数的一个版本."""

    code: str
    name: str
    value: Decimal
    valid_from: dt.date
    valid_until: dt.date | None
    source: str
    certainty: str


class ArchiveItemOut(Schema):
    """资料项的一个版本."""

    code: str
    name: str
    weight: int
    valid_from: dt.date
    valid_until: dt.date | None
    source: str
    certainty: str


class ArchiveFigureIn(Sent):
    """The next version of a threshold, from when, and on what it rests."""

    value: SignedFigure
    valid_from: Day
    source: Short


class ArchiveItemIn(Sent):
    """The next version of an item, from when, and on what it rests."""

    weight: Annotated[int, between(0, 100), JSON_NUMBER]
    valid_from: Day
    source: Short


@router.get(
    "/figures", response=answers(list[ArchiveFigureOut]), operation_id="list_archive_figures"
)
def list_figures(request: HttpRequest, on: Day | None = None) -> list[ConsolidationFigure]:
    """某日（默认今天）有效的归并门槛。"""
    return customers_queries.list_figures(on or local_date(now()))


@router.post(
    "/figures/{code}/versions",
    response=answers(ArchiveFigureOut, 400, 403, 404, 409),
    operation_id="set_archive_figure",
)
def set_figure(
    request: HttpRequest, code: Text, given: Annotated[ArchiveFigureIn, Body()]
) -> ConsolidationFigure:
    """登记一个归并门槛的新版本。"""
    viewer = viewer_of(request)
    viewer.require(Permission.KEEP_ARCHIVE_RULES)
    in_reach(given.valid_from, "valid_from")
    if all(row.code != code for row in customers_queries.list_figure_versions()):
        raise ConsolidationFigure.DoesNotExist
    return customers_operations.set_consolidation_figure(
        code=code,
        value=given.value,
        valid_from=given.valid_from,
        source=given.source,
        by=viewer,
        at=now(),
    )


@router.get("/items", response=answers(list[ArchiveItemOut]), operation_id="list_archive_items")
def list_items(request: HttpRequest, on: Day | None = None) -> list[CompletenessRule]:
    """某日（默认今天）完整的客户档案应有的资料。"""
    return customers_queries.list_rules(on or local_date(now()))


@router.post(
    "/items/{code}/versions",
    response=answers(ArchiveItemOut, 400, 403, 404, 409),
    operation_id="set_archive_item",
)
def set_item(
    request: HttpRequest, code: Text, given: Annotated[ArchiveItemIn, Body()]
) -> CompletenessRule:
    """登记一个资料项的新版本。"""
    viewer = viewer_of(request)
    viewer.require(Permission.KEEP_ARCHIVE_RULES)
    in_reach(given.valid_from, "valid_from")
    if all(row.code != code for row in customers_queries.list_rule_versions()):
        raise CompletenessRule.DoesNotExist
    return customers_operations.set_completeness_rule(
        code=code,
        weight=given.weight,
        valid_from=given.valid_from,
        source=given.source,
        by=viewer,
        at=now(),
    )
