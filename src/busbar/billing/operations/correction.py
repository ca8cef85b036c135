"""Correcting issued bills: the old one stays, a new one replaces it and owes the difference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, BillFinding, BillRun, OutdatedBill
from busbar.billing.operations.comparing import differs, lines_of
from busbar.billing.operations.issuing import Rated, Work, issue, new_bill, prepare, rate_all
from busbar.billing.outdated import OutdatedBills, get_outdated
from busbar.billing.rating import UnableToRate
from busbar.billing.registers import load_registers
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month

CORRECTED_AT_ONCE = 100
"""Outdated bills of a month that are rated again in one transaction."""


class UnableToCorrectBills(Refusal):
    """There is nothing to correct, or no reason was given."""


@dataclass(frozen=True)
class Correction:
    """What rating again came to: new bills, bills found unchanged, accounts that cannot be rated.

    `refused` holds (account, why); their bills stand as they stood.
    """

    corrected: list[Bill]
    unchanged: list[Bill]
    refused: list[tuple[CustomerAccount, UnableToRate]]


@dataclass(frozen=True)
class MonthCorrection(Correction):
    """What rating some of a month's outdated bills again came to, and how many there still are.

    `remaining` counts those still outdated, `remaining_refused` those of them that could not be
    rated when they were last tried: nothing is left to do where the two are equal.
    """

    remaining: int
    remaining_refused: int


@transaction.atomic
def correct_outdated_bills(
    *,
    month: Month,
    reason: str,
    by: Viewer,
    at: dt.datetime,
    most: int = CORRECTED_AT_ONCE,
) -> MonthCorrection:
    """Correct the next `most` of the month's outdated bills.

    Those that could not be rated before are taken last, and none twice at the same moment: called
    with one `at` until it finds none, it tries every bill once. Raises UnableToCorrectBills
    without a reason or where none is left.
    """
    by.require(Permission.RUN_BILLS)
    # Chosen under the lock: two callers at once do not take the same bills.
    BillRun.objects.select_for_update().filter(month=str(month)).first()
    found = get_outdated(by, month, most=most, tried_before=at)
    if reason.strip() and not found.first:
        raise UnableToCorrectBills("%(month)s 没有出账后依据有变的账单，无须更正", month=month)
    ids = [each.bill.account_id for each in found.first]
    done = correct_bills(month=month, account_ids=ids, reason=reason, by=by, at=at)
    return _of_month(done, found)


def _of_month(done: Correction, found: OutdatedBills) -> MonthCorrection:
    again = sum(each.is_refused for each in found.first)
    return MonthCorrection(
        done.corrected,
        done.unchanged,
        done.refused,
        remaining=found.total - len(found.first) + len(done.refused),
        remaining_refused=found.refused - again + len(done.refused),
    )


@transaction.atomic
def correct_bills(
    *, month: Month, account_ids: Collection[int], reason: str, by: Viewer, at: dt.datetime
) -> Correction:
    """Rate issued bills again from today's readings and archive, and replace those that differ.

    The old bill stays readable and can be recomputed; the new one says what it replaces and why,
    and owes the difference (U16; 供电营业规则(2024) on 退补). A bill that comes out the same is
    only noted as checked; one that cannot be rated stands, and is kept as outdated with the reason.
    Run twice, the second time changes nothing but when the latter were tried. Raises
    UnableToCorrectBills without a reason or where none of the accounts has a bill of the month.
    """
    by.require(Permission.RUN_BILLS)
    if not reason.strip():
        raise UnableToCorrectBills("更正账单须写明原因")
    # The same lock as a run's batches: a month is billed or corrected, not both at once.
    run = BillRun.objects.select_for_update().filter(month=str(month)).first()
    old = _bills(month, account_ids, by)
    if run is None or not old:
        raise UnableToCorrectBills("所选户号没有 %(month)s 的账单，无须更正", month=month)
    accounts = CustomerAccount.objects.filter(pk__in=list(old)).select_related("unit")
    work = prepare(run, accounts.order_by("pk"), by=by, at=at)
    registers = load_registers(list(old), month)
    rated, refused = rate_all(work, accounts.order_by("pk"), registers)
    lines = lines_of(old.values())
    differing = [pair for pair in rated if differs(old[pair[0].account.pk], lines, pair[1])]
    replaced = [old[facts.account.pk] for facts, _ in differing]
    unchanged = _note_checked(old, rated, replaced, work)
    _keep_refused(old, refused, at)
    bills = _replace(work, differing, replaced, reason.strip())
    issued = issue(work, bills, differing, registers)
    _record(work, issued, replaced, differing)
    return Correction(issued, unchanged, refused)


def _bills(month: Month, account_ids: Collection[int], by: Viewer) -> dict[int, Bill]:
    seen = Bill.objects.visible_to(by).current()
    bills = seen.filter(month=str(month), account__in=list(account_ids)).defer("facts")
    bills = bills.select_related("account")
    return {bill.account_id: bill for bill in bills}


def _note_checked(
    old: dict[int, Bill], rated: Sequence[Rated], replaced: Sequence[Bill], work: Work
) -> list[Bill]:
    differing = {bill.pk for bill in replaced}
    same = [old[facts.account.pk] for facts, _ in rated]
    same = [bill for bill in same if bill.pk not in differing]
    keys = [bill.pk for bill in same]
    Bill.objects.filter(pk__in=keys).update(checked_version=work.limits.lake_version)
    OutdatedBill.objects.filter(bill__in=keys).delete()
    return same


def _keep_refused(
    old: dict[int, Bill], refused: Sequence[tuple[CustomerAccount, UnableToRate]], at: dt.datetime
) -> None:
    """What the comparison would keep of them, and that they were tried; one query."""
    rows = [
        OutdatedBill(
            bill=old[account.pk],
            account=account,
            month=old[account.pk].month,
            refusal=reason,
            found_at=at,
            tried_at=at,
        )
        for account, reason in refused
    ]
    OutdatedBill.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["bill"],
        # Since when it is known as outdated stands.
        update_fields=["parts", "amount_now", "refusal", "tried_at"],
    )


def _replace(
    work: Work, rated: Sequence[Rated], replaced: Sequence[Bill], reason: str
) -> list[Bill]:
    """The new bills, unwritten; the old ones stop counting, and so does what was found in them."""
    keys = [bill.pk for bill in replaced]
    Bill.objects.filter(pk__in=keys).update(is_current=False)
    BillFinding.objects.filter(bill__in=keys).delete()
    OutdatedBill.objects.filter(bill__in=keys).delete()
    bills = [new_bill(work, facts, bill) for facts, bill in rated]
    for bill, before in zip(bills, replaced, strict=True):
        bill.replaces, bill.revision, bill.reason = before, before.revision + 1, reason
    return bills


def _record(
    work: Work, bills: Sequence[Bill], replaced: Sequence[Bill], rated: Sequence[Rated]
) -> None:
    journal_operations.record_many(
        happenings=[
            Happening(
                event="billing.bill.corrected",
                subject_type="billing.bill",
                subject_id=bill.pk,
                subject_label=f"{facts.account.number} {bill.month}",
                customer_id=facts.account.customer_id,
                unit_path=facts.account.unit.path,
                changes={
                    "amount": [str(before.amount), str(bill.amount)],
                    "revision": bill.revision,
                    "replaces": before.pk,
                },
                reason=bill.reason,
            )
            for bill, before, (facts, _) in zip(bills, replaced, rated, strict=True)
        ],
        actor=work.by.actor,
        at=work.at,
    )
