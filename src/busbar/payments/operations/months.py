"""Month close: after it a month takes no postings; reopened only by right and with a reason."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Listing, Refusal
from busbar.kit.periods import Month, local_date
from busbar.payments.models import LedgerMonth, MonthState
from busbar.payments.operations.late_charges import charge_late_payments
from busbar.payments.queries import ledger as ledger_queries


class UnableToCloseMonth(Refusal):
    """The month cannot be closed now."""


class UnableToReopenMonth(Refusal):
    """The month stays closed."""


@transaction.atomic
def close_month(*, month: Month, by: Viewer, at: dt.datetime) -> LedgerMonth:
    """Close a month that is over and all open ones before it; each keeps its trial balance.

    Late-payment charges up to its last day belong to it: they are posted first. Refused
    while the ledger's sums and those of receivables, credit, deposits and waiting money
    differ. What belongs to the month but comes later is posted in the next.
    """
    by.require(Permission.KEEP_LEDGER)
    _require_company(by)
    journal_operations.take_turn()
    if local_date(at) < month.next.first:
        raise UnableToCloseMonth("%(month)s 还没有结束", month=month)
    closed = set(
        LedgerMonth.objects.filter(state=MonthState.CLOSED).values_list("month", flat=True)
    )
    if str(month) in closed:
        raise UnableToCloseMonth("%(month)s 已经结账", month=month)
    charge_late_payments(month=month, by=by, at=at)
    differing = ledger_queries.list_disagreements()
    if differing:
        raise UnableToCloseMonth(
            "总账与明细不符，不能结账：%(differing)s", differing=Listing(differing)
        )
    earlier = [m for m in ledger_queries.list_months() if m < str(month) and m not in closed]
    for each in sorted(earlier):
        _close(Month.parse(each), by, at)
    return _close(month, by, at)


def _close(month: Month, by: Viewer, at: dt.datetime) -> LedgerMonth:
    balance = ledger_queries.get_trial_balance(SYSTEM_VIEWER, month)
    row = LedgerMonth.objects.filter(month=str(month)).first() or LedgerMonth(month=str(month))
    row.state, row.closed_at, row.closed_by_name = MonthState.CLOSED, at, by.name
    row.trial_balance = {
        line.code: [line.opening_fen, line.debit_fen, line.credit_fen, line.closing_fen]
        for line in balance
    }
    row.save()
    _record("payments.month.closed", row, by, at)
    return row


def _require_company(by: Viewer) -> None:
    """The books are one for the company: only who sees all of it closes them."""
    top = OrganizationUnit.objects.filter(parent=None).order_by("path").first()
    by.require_unit(top.path if top else "")


@transaction.atomic
def reopen_month(*, month: Month, reason: str, by: Viewer, at: dt.datetime) -> LedgerMonth:
    """Let the last closed month take postings again, by special right and with the reason."""
    by.require(Permission.REOPEN_MONTHS)
    _require_company(by)
    journal_operations.take_turn()
    row = LedgerMonth.objects.filter(month=str(month), state=MonthState.CLOSED).first()
    if row is None:
        raise UnableToReopenMonth("%(month)s 没有结账", month=month)
    if LedgerMonth.objects.filter(month__gt=str(month), state=MonthState.CLOSED).exists():
        raise UnableToReopenMonth(
            "%(month)s 之后还有已结的月份，须从最后一个月起反结账", month=month
        )
    if not reason.strip():
        raise UnableToReopenMonth("请写明反结账的原因")
    row.state, row.reopened_at, row.reopened_by_name = MonthState.OPEN, at, by.name
    row.reopen_reason = reason.strip()[:300]
    row.save()
    _record("payments.month.reopened", row, by, at, row.reopen_reason)
    return row


def _record(event: str, row: LedgerMonth, by: Viewer, at: dt.datetime, reason: str = "") -> None:
    happening = Happening(
        event=event,
        subject_type="payments.month",
        subject_id=row.pk,
        subject_label=row.month,
        changes={"state": row.state},
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
