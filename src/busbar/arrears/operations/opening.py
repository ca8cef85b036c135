"""Cases open by themselves where money is overdue; the day's round, safe to run twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.arrears.models import CaseState, DunningCase
from busbar.arrears.operations.ground import KEY, foresee, note, say, subject_of, told
from busbar.arrears.operations.pausing import end_promises
from busbar.arrears.operations.settling import settle_account
from busbar.arrears.queries import debt_of
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.kit.periods import local_date
from busbar.payments.models import Receivable
from busbar.workflow import operations as workflow_operations


@dataclass(frozen=True)
class Round:
    """What a day's round did."""

    opened: int
    settled: int
    promises_ended: int


def run_day(*, by: Viewer, at: dt.datetime) -> Round:
    """End promises that passed, settle what was paid, open what is overdue; 户号 by 户号.

    Each is a transaction of its own: killed half-way, the next round goes on.
    """
    ended = end_promises(by=by, at=at)
    settled = 0
    open_accounts = DunningCase.objects.exclude(state=CaseState.CLOSED)
    for pk in list(open_accounts.order_by("id").values_list("account_id", flat=True)):
        settled += settle_account(account_id=pk, by=by, at=at)
    for case in open_accounts.filter(next_step="").exclude(state=CaseState.STOPPED):
        foresee(case, at=at)
    return Round(open_cases(by=by, at=at), settled, ended)


def open_cases(*, by: Viewer, at: dt.datetime) -> int:
    """A case for every 户号 with overdue money and none running; returns how many were opened."""
    by.require(Permission.COLLECT_ARREARS)
    running = DunningCase.objects.exclude(state=CaseState.CLOSED).filter(
        account=OuterRef("account_id")
    )
    overdue = Receivable.objects.visible_to(by).filter(
        ~Exists(running), bill__isnull=False, open_fen__gt=0, due_on__lt=local_date(at)
    )
    accounts = overdue.order_by("account_id").values_list("account_id", flat=True).distinct()
    return sum(_open_case(pk, by, at) for pk in list(accounts))


@transaction.atomic
def _open_case(account_id: int, by: Viewer, at: dt.datetime) -> bool:
    """Whether a case was opened: somebody may have been quicker, or the money come."""
    journal_operations.take_turn()
    debt = debt_of([account_id], on=local_date(at)).get(account_id)
    rows = DunningCase.objects.exclude(state=CaseState.CLOSED)
    if debt is None or debt.oldest_due_on is None or rows.filter(account=account_id).exists():
        return False
    account = CustomerAccount.objects.select_related("customer", "unit").get(pk=account_id)
    case = DunningCase.objects.create(
        number=_next_number(account.unit.code, local_date(at)),
        account=account,
        oldest_due_on=debt.oldest_due_on,
        opened_at=at,
    )
    message = say(case, "reminded", by=by, at=at, due=str(debt.oldest_due_on))
    text = f"逾期 {debt.bills} 笔共 {debt.open_yuan:,} 元，最早 {debt.oldest_due_on} 到期；"
    note(case, "arrears.case.reminded", text + told(message), by=by, at=at, message_id=message)
    instance = workflow_operations.start_process(
        key=KEY, subject=subject_of(case), facts={}, actor=by.actor, at=at
    )
    case.process_id = instance.pk
    case.save(update_fields=["process_id"])
    return True


def _next_number(code: str, on: dt.date) -> str:
    """`CF`, unit, day, a serial of the unit's day."""
    prefix = f"CF-{code}-{on:%y%m%d}-"
    return f"{prefix}{DunningCase.objects.filter(number__startswith=prefix).count() + 1:03d}"
