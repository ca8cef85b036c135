"""What arrears do by the clock, and what money tells them."""

from __future__ import annotations

import datetime as dt

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.arrears import operations as arrears_operations
from busbar.journal.models import Entry
from busbar.payments.models import Receivable

PREFIXES = ("payments.receivable.settled", "payments.receivable.reopened")


def run_day() -> str:
    """The day's round of dunning; safe to run at any time and twice."""
    done = arrears_operations.run_day(by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC))
    return f"新增催费 {done.opened} 件，缴清 {done.settled} 件，协议到期 {done.promises_ended} 件"


def follow_money(entry: Entry) -> None:
    """A bill was settled or is owed again: its 户号's case ends, or notes it."""
    found = Receivable.objects.filter(pk=entry.subject_id).first()
    if found is None:
        return
    if entry.event == "payments.receivable.reopened":
        arrears_operations.take_up_again(
            account_id=found.account_id, by=SYSTEM_VIEWER, at=entry.occurred_at
        )
    else:
        arrears_operations.settle_account(
            account_id=found.account_id, by=SYSTEM_VIEWER, at=entry.occurred_at
        )
