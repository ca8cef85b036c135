"""Releasing a month's bills to the customers (电费发行): in batches, resumable, never undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, BillRun, BillRunState
from busbar.billing.release import count_release, is_held
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month

_BATCH = 500
"""Bills a transaction."""

Progress = Callable[[int, int], None]


class UnableToReleaseBills(Refusal):
    """Nothing to release, everything held back, or the run is not finished."""


@dataclass(frozen=True)
class Release:
    """How many bills this call released, and how many stay because of findings."""

    released: int
    held: int


def release_bills(
    *,
    month: Month,
    by: Viewer,
    at: dt.datetime,
    account_ids: Collection[int] | None = None,
    progress: Progress | None = None,
) -> Release:
    """Release the month's bills, corrections too, that no open finding holds back (R25, N7).

    Those of the given accounts, or all that the viewer sees. 500 bills are one transaction with
    their journal entries; a killed release is called again and goes on. What is released stays
    so: a mistake is mended by a correction. Raises UnableToReleaseBills.
    """
    by.require(Permission.RELEASE_BILLS)
    run = _run(month)
    waiting = _waiting(run, by, account_ids)
    ready, held = _ready(run, waiting)
    released = 0
    for start in range(0, len(ready), _BATCH):
        batch, end = ready[start : start + _BATCH], start + _BATCH
        released += _release_batch(run, batch, by, at, is_last=end >= len(ready))
        if progress:
            progress(min(end, len(ready)), len(ready))
    return Release(released, held)


def require_releasable(*, month: Month, by: Viewer) -> None:
    """Refuse a month of which nothing can be released, before a release is queued."""
    run = _run(month)
    _ready(run, _waiting(run, by, None))


def _run(month: Month) -> BillRun:
    run = BillRun.objects.filter(month=str(month)).first()
    if run is None:
        raise UnableToReleaseBills("%(month)s 还没有核算过，没有可发行的账单", month=month)
    if run.state != BillRunState.FINISHED:
        raise UnableToReleaseBills("%(month)s 的核算还没有完成，请完成后再发行", month=month)
    return run


def _waiting(run: BillRun, by: Viewer, account_ids: Collection[int] | None) -> QuerySet[Any]:
    bills = Bill.objects.visible_to(by).current().filter(month=run.month, released_at=None)
    return bills if account_ids is None else bills.filter(account__in=list(account_ids))


def _ready(run: BillRun, waiting: QuerySet[Any]) -> tuple[list[int], int]:
    """The ids of what can go out, and how many are held back; refuses where there are none."""
    ready = list(waiting.exclude(is_held()).order_by("pk").values_list("pk", flat=True))
    held = waiting.filter(is_held()).count()
    if not ready:
        raise UnableToReleaseBills(_why_nothing(run, held))
    return ready, held


def _why_nothing(run: BillRun, held: int) -> str:
    if held:
        return f"{run.month} 待发行的 {held} 张账单都有异常待复核，复核后才能发行"
    return f"{run.month} 没有待发行的账单，已出账的都已发行"


@transaction.atomic
def _release_batch(
    run: BillRun, keys: Sequence[int], by: Viewer, at: dt.datetime, *, is_last: bool
) -> int:
    """The bills of the batch that still may be released; the last batch closes with the month's.

    The same lock as that of a run and a correction: a bill replaced meanwhile is left out.
    """
    BillRun.objects.select_for_update().get(pk=run.pk)
    open_ones = Bill.objects.current().filter(pk__in=keys, released_at=None).exclude(is_held())
    bills = list(
        open_ones.select_related("account__unit", "replaces")
        .defer("facts", "quantities", "notes", "replaces__facts", "replaces__quantities")
        .order_by("pk")
    )
    Bill.objects.filter(pk__in=[bill.pk for bill in bills]).update(released_at=at)
    happenings = [_of_bill(bill) for bill in bills]
    if is_last:
        happenings.append(_of_month(run, by))
    journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)
    return len(bills)


def _of_bill(bill: Bill) -> Happening:
    due: Decimal = bill.amount_due
    return Happening(
        event="billing.bill.released",
        subject_type="billing.bill",
        subject_id=bill.pk,
        subject_label=f"{bill.account.number} {bill.month}",
        customer_id=bill.account.customer_id,
        unit_path=bill.account.unit.path,
        changes={"amount": str(bill.amount), "amount_due": str(due)},
    )


def _of_month(run: BillRun, by: Viewer) -> Happening:
    counted = count_release(by, run.month)
    return Happening(
        event="billing.run.released",
        subject_type="billing.run",
        subject_id=run.pk,
        subject_label=run.month,
        unit_path=by.unit_path,
        changes={"released": counted.released, "held": counted.held},
    )
