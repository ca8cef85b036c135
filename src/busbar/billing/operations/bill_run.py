"""Billing a month: every account once, resumable after a stop, each refusal with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.engines import HERE, Engine
from busbar.billing.facts import AccountFacts
from busbar.billing.models import Bill, BillRefusal, BillRun, BillRunState
from busbar.billing.operations.issuing import Work, issue, new_bill, prepare, rate_all
from busbar.billing.registers import load_registers
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.garbage import collection_paused
from busbar.kit.periods import Month
from busbar.metering.lake import list_months

_BATCH = 500
"""Accounts a transaction: what a kill can cost, and what one commit is worth."""

Progress = Callable[[int, int], None]


class UnableToRunMonth(Refusal):
    """The month cannot be billed at all."""


def require_curves(month: Month) -> None:
    """Refuse a month of which the lake has nothing, before a run is queued or begun."""
    if str(month) not in list_months(Path(settings.LAKE_ROOT)):
        raise UnableToRunMonth("%(month)s 还没有导入任何负荷曲线", month=month)


def run_month(
    *,
    month: Month,
    by: Viewer,
    at: dt.datetime,
    engine: Engine = HERE,
    progress: Progress | None = None,
) -> BillRun:
    """Bill every account that the viewer sees and that has no bill of the month yet (R25, N7).

    Bills appear in batches, each one transaction with its journal entries; a run that was
    killed is simply run again, and the database refuses a second bill of the same month.
    Accounts that cannot be billed are kept with the reason and tried again by the next run.
    `engine` adds up the curves; when it cannot, UnableToMeasure, and no run has begun.
    """
    by.require(Permission.RUN_BILLS)
    require_curves(month)
    accounts = _accounts(month, by)
    work = prepare(BillRun(month=str(month)), accounts, by=by, at=at, engine=engine)
    run = _start(month, at)
    work = replace(work, run=run)
    _bill_all(work, accounts, progress)
    return _finish(run, at)


@transaction.atomic
def _start(month: Month, at: dt.datetime) -> BillRun:
    run, _ = BillRun.objects.get_or_create(
        month=str(month), defaults={"started_at": at, "state": BillRunState.RUNNING}
    )
    BillRun.objects.filter(pk=run.pk).update(state=BillRunState.RUNNING, finished_at=None)
    return run


@transaction.atomic
def _finish(run: BillRun, at: dt.datetime) -> BillRun:
    run.refresh_from_db()
    run.billed = run.bills.filter(is_current=True).count()
    run.refused = run.refusals.count()
    run.accounts = run.billed + run.refused
    run.state, run.finished_at = BillRunState.FINISHED, at
    run.save()
    return run


def _accounts(month: Month, by: Viewer) -> QuerySet[Any]:
    """Accounts in supply during the month, seen by the viewer, that have no bill of it yet."""
    period = month.period
    billed = Bill.objects.filter(account=OuterRef("pk"), month=str(month))
    return (
        CustomerAccount.objects.visible_to(by)
        .filter(
            Q(opened_on__isnull=True) | Q(opened_on__lt=period.end),
            Q(closed_on__isnull=True) | Q(closed_on__gt=period.start),
            ~Exists(billed),
        )
        .order_by("pk")
    )


def _bill_all(work: Work, accounts: QuerySet[Any], progress: Progress | None) -> None:
    keys = list(accounts.values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        with collection_paused():
            _bill_batch(work, batch)
        if progress:
            progress(start + len(batch), len(keys))


@transaction.atomic
def _bill_batch(work: Work, keys: Sequence[int]) -> None:
    keys = _still_open(work, keys)
    registers = load_registers(keys, work.book.month)
    accounts = CustomerAccount.objects.filter(pk__in=keys).select_related("unit").order_by("pk")
    rated, refusals = rate_all(work, accounts, registers)
    bills = issue(work, [new_bill(work, facts, bill) for facts, bill in rated], rated, registers)
    refused = [
        BillRefusal(run=work.run, account=account, reason=reason) for account, reason in refusals
    ]
    BillRefusal.objects.filter(run=work.run, account__in=keys).delete()
    BillRefusal.objects.bulk_create(refused)
    journal_operations.record_many(
        happenings=[_happening(bill, facts) for bill, (facts, _) in zip(bills, rated, strict=True)],
        actor=work.by.actor,
        at=work.at,
    )
    BillRun.objects.filter(pk=work.run.pk).update(
        billed=F("billed") + len(bills), refused=F("refused") + len(refused)
    )


def _still_open(work: Work, keys: Sequence[int]) -> list[int]:
    """The accounts that no other run of the same month has billed meanwhile.

    Two runs of a month wait for each other at the run's row, batch by batch.
    """
    BillRun.objects.select_for_update().get(pk=work.run.pk)
    billed = Bill.objects.filter(account__in=keys, month=work.run.month)
    done = set(billed.values_list("account_id", flat=True))
    return [key for key in keys if key not in done]


def _happening(bill: Bill, facts: AccountFacts) -> Happening:
    return Happening(
        event="billing.bill.issued",
        subject_type="billing.bill",
        subject_id=bill.pk,
        subject_label=f"{facts.account.number} {bill.month}",
        customer_id=facts.account.customer_id,
        unit_path=facts.account.unit.path,
        changes={"amount": str(bill.amount), "energy_kwh": str(bill.energy_kwh)},
    )
