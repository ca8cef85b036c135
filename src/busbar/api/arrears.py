"""Dunning cases and stops of supply, to read."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import answers
from busbar.api.sign_in import viewer_of
from busbar.arrears import queries as arrears_queries
from busbar.arrears.models import DunningCase
from busbar.outages import queries as outages_queries
from busbar.outages.models import Outage

cases, outages = Router(), Router()
_MOST = 200


class DunningCaseOut(Schema):
    """One case; moments are aware, empty until they come."""

    number: str
    account_number: str
    state: str
    oldest_due_on: dt.date
    stop_planned_at: dt.datetime | None
    stopped_at: dt.datetime | None
    cleared_at: dt.datetime | None
    closed_at: dt.datetime | None

    @staticmethod
    def resolve_account_number(row: DunningCase) -> str:
        """The 户号."""
        return row.account.number


class DunningStepOut(Schema):
    """One thing done in a case."""

    kind: str
    at: dt.datetime
    by_name: str
    text: str
    source: str


class DunningCaseDetailOut(DunningCaseOut):
    """A case with its timeline."""

    steps: list[DunningStepOut]

    @staticmethod
    def resolve_steps(row: DunningCase) -> object:
        """The earliest first."""
        return list(arrears_queries.list_steps(row))


class OutageOut(Schema):
    """One stop of supply."""

    number: str
    kind: str
    state: str
    reason: str
    scope: str
    planned_from: dt.datetime
    announced_at: dt.datetime | None
    begun_at: dt.datetime | None
    restored_at: dt.datetime | None


@cases.get("", response=answers(list[DunningCaseOut]), operation_id="list_dunning_cases")
def list_cases(request: HttpRequest, state: str = "") -> list[DunningCase]:
    """催费单，逾期最久的在前；至多 200 件。"""
    return list(arrears_queries.list_cases(viewer_of(request), state=state)[:_MOST])


@cases.get(
    "/{number}", response=answers(DunningCaseDetailOut, 404), operation_id="get_dunning_case"
)
def get_case(request: HttpRequest, number: str) -> DunningCase:
    """一件催费单及其经过。"""
    return arrears_queries.get_case(viewer_of(request), number)


@outages.get("", response=answers(list[OutageOut]), operation_id="list_outages")
def list_outages(request: HttpRequest, kind: str = "", state: str = "") -> list[Outage]:
    """停电，最近的在前；至多 200 件。"""
    found = outages_queries.list_outages(viewer_of(request), kind=kind, state=state)
    return list(found[:_MOST])


@outages.get("/{number}", response=answers(OutageOut, 404), operation_id="get_outage")
def get_outage(request: HttpRequest, number: str) -> Outage:
    """一件停电。"""
    return outages_queries.get_outage(viewer_of(request), number)
