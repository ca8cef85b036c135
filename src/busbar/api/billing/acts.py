"""What is done to issued bills: correcting them, releasing one, what was found in one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema

from busbar.api.billing.bills import BillDetailOut, BillOut, bill_of, detail_of
from busbar.api.billing.runs import BillFindingOut
from busbar.api.paging import After, Group, Limit, MonthText, Page, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Sent, Sentence, now
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing.models import Bill, BillFinding
from busbar.billing.operations import Correction, MonthCorrection
from busbar.billing.outdated import Outdated, list_outdated
from busbar.billing.release import list_findings_of
from busbar.kit.periods import Month

of_bill, of_run = Router(), Router()
MOST_REASONS = 20
"""Bills that could not be rated again that an answer names."""


class OutdatedBillOut(Schema):
    """A bill that comes out otherwise today, or may, and why.

    `days` are those whose curves are newer than it knows, `parts` what the archive tells otherwise
    (agreement, tariff, transformers, metering …). `amount_now` is what it came to when it was last
    compared, null where that found nothing or a `refusal`: why it cannot be rated any more, as of
    `refused_at`. Those are taken last when the month's bills are corrected.
    """

    bill: BillOut
    days: list[dt.date]
    parts: list[str]
    part_names: list[str]
    amount_now: Decimal | None
    refusal: str
    refused_at: dt.datetime | None

    @staticmethod
    def resolve_parts(row: Outdated) -> list[str]:
        """Codes."""
        return list(row.change.parts) if row.change else []

    @staticmethod
    def resolve_part_names(row: Outdated) -> list[str]:
        """In words."""
        return [str(label) for label in row.change.part_labels] if row.change else []

    @staticmethod
    def resolve_amount_now(row: Outdated) -> Decimal | None:
        """By the last comparison."""
        return row.change.amount_now if row.change else None

    @staticmethod
    def resolve_refusal(row: Outdated) -> str:
        """The sentence, or nothing."""
        return str(row.change.refusal) if row.change else ""

    @staticmethod
    def resolve_refused_at(row: Outdated) -> dt.datetime | None:
        """By the last comparison or correction."""
        return row.change.refused_at if row.change else None


class BillCorrectionIn(Sent):
    """Why."""

    reason: Sentence


class CorrectedBillOut(Schema):
    """The new bill: its amount, that of the one it replaces, and what is still to pay."""

    account_number: str
    revision: int
    before_yuan: Decimal
    amount: Decimal
    amount_due: Decimal


class UncorrectedBillOut(Schema):
    """An account whose bill stands because it cannot be rated again."""

    account_number: str
    reason: str


class BillCorrectionOut(Schema):
    """What rating again came to; `unchanged` are accounts whose bills came out the same."""

    corrected: list[CorrectedBillOut]
    unchanged: list[str]
    refused: list[UncorrectedBillOut]


class MonthCorrectionOut(BillCorrectionOut):
    """What rating some of a month's outdated bills again came to, and how many there still are.

    `refused` names the first of `refused_count`. Of the `remaining` bills `remaining_refused` could
    not be rated when they were last tried: call again until the two are equal.
    """

    corrected_count: int
    unchanged_count: int
    refused_count: int
    remaining: int
    remaining_refused: int


@of_run.get(
    "/{month}/outdated",
    response=answers(Page[OutdatedBillOut], 404, 409),
    operation_id="list_outdated_bills",
)
def list_outdated_bills(
    request: HttpRequest,
    month: MonthText,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """出账后依据有变的账单，按户号：曲线以现在为准，档案以最近一次核对为准。"""
    viewer = viewer_of(request, group)
    billing_queries.get_run(viewer, month)
    found = list_outdated(viewer, Month.parse(month), after=after, limit=limit + 1)
    last = found[limit - 1].bill.account.number if len(found) > limit else None
    return {"items": found[:limit], "next": last}


@of_run.post(
    "/{month}/correction",
    response=answers(MonthCorrectionOut, 400, 403, 404, 409),
    operation_id="correct_outdated_bills",
)
def correct_outdated_bills(
    request: HttpRequest, month: MonthText, asked: Annotated[BillCorrectionIn, Body()]
) -> dict[str, Any]:
    """更正依据有变的账单，每次至多 100 张，上次不能核算的最后；可再次调用。需“电费核算”权限。"""
    viewer = viewer_of(request)
    billing_queries.get_run(viewer, month)
    done = billing_operations.correct_outdated_bills(
        month=Month.parse(month), reason=asked.reason, by=viewer, at=now()
    )
    return _told_of_month(done)


@of_bill.post(
    "/{account}/{month}/correction",
    response=answers(BillCorrectionOut, 400, 403, 404, 409),
    operation_id="correct_bill",
)
def correct_bill(
    request: HttpRequest,
    account: Text,
    month: MonthText,
    asked: Annotated[BillCorrectionIn, Body()],
) -> dict[str, Any]:
    """按现有读数与档案重新核算一张账单；结果不同则出新账单，只收差额。需“电费核算”权限。"""
    viewer = viewer_of(request)
    bill = bill_of(viewer, account, month)
    done = billing_operations.correct_bills(
        month=Month.parse(month),
        account_ids=[bill.account_id],
        reason=asked.reason,
        by=viewer,
        at=now(),
    )
    return _told(done)


@of_bill.get(
    "/{account}/{month}/findings",
    response=answers(list[BillFindingOut], 404),
    operation_id="list_findings_of_bill",
)
def list_findings(request: HttpRequest, account: Text, month: MonthText) -> list[BillFinding]:
    """一张账单的全部提示，已复核的也在内。"""
    return list_findings_of(bill_of(viewer_of(request), account, month))


@of_bill.post(
    "/{account}/{month}/release",
    response=answers(BillDetailOut, 400, 403, 404, 409),
    operation_id="release_bill",
)
def release_bill(request: HttpRequest, account: Text, month: MonthText) -> dict[str, Any]:
    """立即发行一张账单。需“电费复核与发行”权限。"""
    viewer = viewer_of(request)
    bill = bill_of(viewer, account, month)
    billing_operations.release_bills(
        month=Month.parse(month), account_ids=[bill.account_id], by=viewer, at=now()
    )
    return detail_of(bill_of(viewer, account, month))


def _told(done: Correction) -> dict[str, Any]:
    return {
        "corrected": [_corrected(bill) for bill in done.corrected],
        "unchanged": [bill.account.number for bill in done.unchanged],
        "refused": [
            {"account_number": account.number, "reason": str(reason)}
            for account, reason in done.refused[:MOST_REASONS]
        ],
    }


def _told_of_month(done: MonthCorrection) -> dict[str, Any]:
    return _told(done) | {
        "corrected_count": len(done.corrected),
        "unchanged_count": len(done.unchanged),
        "refused_count": len(done.refused),
        "remaining": done.remaining,
        "remaining_refused": done.remaining_refused,
    }


def _corrected(bill: Bill) -> dict[str, Any]:
    return {
        "account_number": bill.account.number,
        "revision": bill.revision,
        "before_yuan": bill.replaces.amount if bill.replaces else None,
        "amount": bill.amount,
        "amount_due": bill.amount_due,
    }
