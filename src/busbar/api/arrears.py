"""Dunning cases, to read, and to let them stand still."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema

from busbar.api.paging import After, Day, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import Sent, Sentence, Short, now
from busbar.arrears import operations as arrears_operations
from busbar.arrears import queries as arrears_queries
from busbar.arrears.models import CaseState, DunningCase, PauseKind

cases = Router()


class DunningCaseOut(Schema):
    """One case; moments are aware, empty until they come."""

    number: str
    account_number: str
    state: str
    oldest_due_on: dt.date
    next_step: str
    next_at: dt.datetime | None
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


class DunningPauseIn(Sent):
    """Why and until when a case stands still; a promise of instalments names its last day."""

    kind: PauseKind
    reason: Sentence
    until: Day | None = None


class DunningReasonIn(Sent):
    """Why."""

    reason: Sentence


class DunningReportIn(Sent):
    """The number under which the authority was told."""

    report: Short


@cases.get("", response=answers(Page[DunningCaseOut], 409), operation_id="list_dunning_cases")
def list_cases(
    request: HttpRequest,
    state: CaseState | None = None,
    manager: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """催费单，逾期最久的在前；`manager` 为客户经理的工号。"""
    found = arrears_queries.list_cases(
        viewer_of(request, group), state=state or "", manager=manager
    )
    return page_by_moment(found, "oldest_due_on", after=after, limit=limit, newest_first=False)


@cases.get(
    "/{number}", response=answers(DunningCaseDetailOut, 404), operation_id="get_dunning_case"
)
def get_case(request: HttpRequest, number: str) -> DunningCase:
    """一件催费单及其经过。"""
    return arrears_queries.get_case(viewer_of(request), number)


@cases.post(
    "/{number}/pause",
    response=answers(DunningCaseDetailOut, 400, 403, 404, 409),
    operation_id="pause_dunning_case",
)
def pause_case(
    request: HttpRequest, number: str, asked: Annotated[DunningPauseIn, Body()]
) -> DunningCase:
    """暂缓催费：分期缴费协议（写明到期日）或电费异议。需“催费”权限。"""
    viewer = viewer_of(request)
    arrears_queries.get_case(viewer, number)
    arrears_operations.pause_case(
        number=number, kind=asked.kind, reason=asked.reason, until=asked.until, by=viewer, at=now()
    )
    return arrears_queries.get_case(viewer, number)


@cases.post(
    "/{number}/resume",
    response=answers(DunningCaseDetailOut, 400, 403, 404, 409),
    operation_id="resume_dunning_case",
)
def resume_case(
    request: HttpRequest, number: str, asked: Annotated[DunningReasonIn, Body()]
) -> DunningCase:
    """结束暂缓，写明原因。需“催费”权限。"""
    viewer = viewer_of(request)
    arrears_queries.get_case(viewer, number)
    arrears_operations.end_pause(number=number, reason=asked.reason, by=viewer, at=now())
    return arrears_queries.get_case(viewer, number)


@cases.post(
    "/{number}/report",
    response=answers(DunningCaseDetailOut, 400, 403, 404, 409),
    operation_id="report_dunning_case",
)
def report_case(
    request: HttpRequest, number: str, asked: Annotated[DunningReportIn, Body()]
) -> DunningCase:
    """登记抄报电力管理部门的文号（重要用户）。需“催费”权限。"""
    viewer = viewer_of(request)
    arrears_queries.get_case(viewer, number)
    arrears_operations.report_to_authority(number=number, report=asked.report, by=viewer, at=now())
    return arrears_queries.get_case(viewer, number)
