"""What supervision found, and how often promises were kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import (
    After,
    Day,
    Group,
    Limit,
    Page,
    Text,
    answers,
    read_cursor,
    write_cursor,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import UnableToTake, first_moment, now, seen_unit
from busbar.kit.periods import Period, local_date
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import SupervisionFinding, SupervisionKind
from busbar.workflow.queries import ComplianceRate, FindingFilter
from busbar.workflow.queries.supervision import GroupBy

router = Router()


class FindingOut(Schema):
    """督办发现."""

    id: int
    kind: SupervisionKind
    process_id: int
    process_key: str
    subject_label: str
    task_id: int
    task_title: str
    unit_code: str
    person: str
    note: str
    found_at: dt.datetime

    @staticmethod
    def resolve_process_id(finding: SupervisionFinding) -> int:
        """The process."""
        return finding.instance_id

    @staticmethod
    def resolve_process_key(finding: SupervisionFinding) -> str:
        """Key of its definition."""
        return finding.instance.definition.key

    @staticmethod
    def resolve_subject_label(finding: SupervisionFinding) -> str:
        """What the process is about."""
        return finding.instance.subject_label

    @staticmethod
    def resolve_task_title(finding: SupervisionFinding) -> str:
        """Title of the task."""
        return finding.task.title

    @staticmethod
    def resolve_unit_code(finding: SupervisionFinding) -> str:
        """Code of the unit it is about."""
        return finding.unit.code


class RateOut(Schema):
    """Promises that fell due in a group, and how many were kept; `rate` is null of none."""

    key: str
    label: str
    due: int
    on_time: int
    late: int
    rate: float | None


@router.get("/findings", response=answers(Page[FindingOut], 404, 409), operation_id="list_findings")
def list_findings(
    request: HttpRequest,
    *,
    kind: SupervisionKind | None = None,
    process: Text = "",
    unit: Text = "",
    person: Text = "",
    since: Day | None = None,
    until: Day | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """超期、越过、补录、退回、视同同意与代签，新的在前；`[since, until)` 为发现日期。"""
    viewer = viewer_of(request, group)
    narrowed = FindingFilter(
        kind=kind or "",
        process=process,
        unit_id=seen_unit(viewer, unit).pk if unit else None,
        person=person,
        period=_period(since, until) if since or until else None,
    )
    cursor = read_cursor(after)
    page = workflow_queries.list_supervision(
        viewer, narrowed, before=write_cursor(*cursor) if cursor else None, limit=limit
    )
    return {"items": page.findings, "next": page.before}


@router.get("/rates", response=answers(list[RateOut], 409), operation_id="list_compliance_rates")
def list_rates(
    request: HttpRequest,
    group_by: GroupBy = "step",
    since: Day | None = None,
    until: Day | None = None,
) -> list[ComplianceRate]:
    """按时办结率：时限在 `[since, until)` 内到期的任务；不写日期即最近一年。"""
    return workflow_queries.compliance_rates(
        viewer_of(request), group_by=group_by, period=_period(since, until), at=now()
    )


def _period(since: dt.date | None, until: dt.date | None) -> Period:
    """The days asked for; a side left open is a year before, or the day after today."""
    last = first_moment(until).date() if until else local_date(now()) + dt.timedelta(days=1)
    first = first_moment(since).date() if since else last - dt.timedelta(days=365)
    if last < first:
        raise UnableToTake(f"止期 {last} 早于起期 {first}")
    return Period(first, last)
