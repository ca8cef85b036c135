"""Bill runs: how far a month is, what holds bills back, starting and releasing a month."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django_q.tasks import async_task
from ninja import Body, Router, Schema

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.api.paging import (
    After,
    Group,
    Limit,
    MonthText,
    Page,
    answers,
    page_by,
    page_by_yuan,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, Sent, Sentence, now
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing import release as billing_release
from busbar.billing.models import BillFinding, BillRefusal, BillRunState, FindingKind
from busbar.billing.queries import RunSeen
from busbar.kit.periods import Month

runs, findings = Router(), Router()
RUN_JOB = "busbar.jobs.billing.bill_month"
RELEASE_JOB = "busbar.jobs.billing.release_month"


class BillRunOut(Schema):
    """核算批次; `is_whole` where billed and refused are the company's, not only the visible."""

    month: str
    state: BillRunState
    started_at: dt.datetime
    finished_at: dt.datetime | None
    billed: int
    refused: int
    is_whole: bool


class BillRunDetailOut(BillRunOut):
    """A run with how far its bills have come; `to_review` findings hold `held` bills back."""

    issued: int
    released: int
    held: int
    ready: int
    to_review: int


class BillRunIn(Sent):
    """The month to bill."""

    month: MonthText


class QueuedMonthOut(Schema):
    """What was queued, and of which month."""

    month: str
    job: str


class BillRefusalOut(Schema):
    """未能出账."""

    account_number: str
    customer_number: str
    reason: str

    @staticmethod
    def resolve_account_number(row: BillRefusal) -> str:
        """户号."""
        return row.account.number

    @staticmethod
    def resolve_customer_number(row: BillRefusal) -> str:
        """客户编号."""
        return row.account.customer.number

    @staticmethod
    def resolve_reason(row: BillRefusal) -> str:
        """The sentence."""
        return str(row.reason)


class BillFindingOut(Schema):
    """账单提示; `holds` where its kind holds a bill back until it is reviewed."""

    id: int
    account_number: str
    customer_number: str
    month: str
    kind: FindingKind
    holds: bool
    worth_yuan: Decimal | None
    stake_yuan: Decimal
    facts: dict[str, Any]
    reviewed_at: dt.datetime | None
    reviewed_by: str
    review_note: str

    @staticmethod
    def resolve_account_number(row: BillFinding) -> str:
        """户号."""
        return row.account.number

    @staticmethod
    def resolve_customer_number(row: BillFinding) -> str:
        """客户编号."""
        return row.account.customer.number

    @staticmethod
    def resolve_holds(row: BillFinding) -> bool:
        """By the company's setting."""
        return row.kind in billing_release.holding_kinds()


class FindingReviewIn(Sent):
    """What came of it."""

    note: Sentence


@runs.get("", response=answers(Page[BillRunOut], 409), operation_id="list_bill_runs")
def list_runs(
    request: HttpRequest, group: Group = "", after: After = "", limit: Limit = 50
) -> dict[str, Any]:
    """核算批次，最近的月份在前；户数限于可见范围。"""
    seen = billing_queries.list_runs(viewer_of(request, group), after=after, limit=limit + 1)
    last = seen[limit - 1].run.month if len(seen) > limit else None
    return {"items": [_run(row) for row in seen[:limit]], "next": last}


@runs.post("", response=answers(QueuedMonthOut, 400, 403, 409), operation_id="start_bill_run")
def start_run(request: HttpRequest, asked: Annotated[BillRunIn, Body()]) -> dict[str, str]:
    """核算一个月；在后台以调用者的名义进行，已出账的户不再出。需“电费核算”权限。"""
    viewer = viewer_of(request)
    viewer.require(Permission.RUN_BILLS)
    billing_operations.require_curves(Month.parse(asked.month))
    return _queue(RUN_JOB, asked.month, viewer)


@runs.get("/{month}", response=answers(BillRunDetailOut, 404), operation_id="get_bill_run")
def get_run(request: HttpRequest, month: MonthText) -> dict[str, Any]:
    """一个月的核算进度：已出账、未能出账、已发行、待复核。"""
    viewer = viewer_of(request)
    seen = billing_queries.get_run(viewer, month)
    counted = billing_release.count_release(viewer, month)
    return {
        **_run(seen),
        "issued": counted.issued,
        "released": counted.released,
        "held": counted.held,
        "ready": counted.ready,
        "to_review": billing_release.count_to_review(viewer, month),
    }


@runs.get(
    "/{month}/refusals",
    response=answers(Page[BillRefusalOut], 404, 409),
    operation_id="list_bill_refusals",
)
def list_refusals(
    request: HttpRequest,
    month: MonthText,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """未能出账的户号及原因，按户号。"""
    viewer = viewer_of(request, group)
    run = billing_queries.get_run(viewer, month).run
    found = billing_queries.select_refusals(viewer, run)
    return page_by(found, "account__number", after=after, limit=limit)


@runs.get(
    "/{month}/findings",
    response=answers(Page[BillFindingOut], 404, 409),
    operation_id="list_bill_findings",
)
def list_findings(
    request: HttpRequest,
    month: MonthText,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """待复核、暂不能发行的账单提示，涉及金额最大的在前。"""
    viewer = viewer_of(request, group)
    billing_queries.get_run(viewer, month)
    found = billing_release.list_to_review(viewer, month=month)
    return page_by_yuan(found, "stake_yuan", after=after, limit=limit)


@runs.post(
    "/{month}/release",
    response=answers(QueuedMonthOut, 400, 403, 404, 409),
    operation_id="release_bill_run",
)
def release_run(request: HttpRequest, month: MonthText) -> dict[str, str]:
    """发行一个月的账单；在后台以调用者的名义进行，待复核的留下。需“电费复核与发行”权限。"""
    viewer = viewer_of(request)
    viewer.require(Permission.RELEASE_BILLS)
    billing_queries.get_run(viewer, month)
    billing_operations.require_releasable(month=Month.parse(month), by=viewer)
    return _queue(RELEASE_JOB, month, viewer)


@findings.get(
    "/{finding_id}", response=answers(BillFindingOut, 404), operation_id="get_bill_finding"
)
def get_finding(request: HttpRequest, finding_id: Id) -> BillFinding:
    """一项账单提示及其复核意见。"""
    return billing_release.get_finding(viewer_of(request), finding_id)


@findings.post(
    "/{finding_id}/review",
    response=answers(BillFindingOut, 400, 403, 404, 409),
    operation_id="review_bill_finding",
)
def review_finding(
    request: HttpRequest, finding_id: Id, asked: Annotated[FindingReviewIn, Body()]
) -> BillFinding:
    """复核一项账单提示，写明意见；复核后不再阻止发行。需“电费复核与发行”权限。"""
    viewer = viewer_of(request)
    billing_release.get_finding(viewer, finding_id)
    billing_operations.review_findings(
        finding_ids=[finding_id], note=asked.note, by=viewer, at=now()
    )
    return billing_release.get_finding(viewer, finding_id)


def _run(seen: RunSeen) -> dict[str, Any]:
    run = seen.run
    return {
        "month": run.month,
        "state": run.state,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "billed": seen.billed,
        "refused": seen.refused,
        "is_whole": seen.is_whole,
    }


def _queue(job: str, month: str, viewer: Viewer) -> dict[str, str]:
    """For the worker, in the name of whoever asks."""
    async_task(job, month, viewer.user_id, task_name=f"{job.rpartition('.')[2]} {month}")
    return {"month": month, "job": job.rpartition(".")[2]}
