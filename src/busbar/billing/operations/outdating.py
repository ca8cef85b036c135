"""Comparing issued bills with the archive of today: which would come out otherwise, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.changed_parts import list_changed_parts
from busbar.billing.evidence import load_facts, map_rules, map_tariffs
from busbar.billing.models import Bill, BillLine, BillRun, OutdatedBill
from busbar.billing.operations.comparing import differs, lines_of
from busbar.billing.operations.issuing import Rated, Work, prepare, rate_all
from busbar.billing.rating import Rule
from busbar.billing.registers import load_registers
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.garbage import collection_paused
from busbar.kit.periods import Month
from busbar.kit.phrases import keep

_BATCH = 500
"""Bills compared in one transaction."""

Progress = Callable[[int, int], None]


class UnableToCompareBills(Refusal):
    """There are no bills to compare."""


@dataclass(frozen=True)
class Comparison:
    """How many bills were compared, how many of them are outdated, how many findings moved."""

    bills: int
    outdated: int
    changed: int


def compare_month(
    *, month: Month, by: Viewer, at: dt.datetime, progress: Progress | None = None
) -> Comparison:
    """Rate the month's bills again from today's archive and keep which come out otherwise (U16).

    No bill changes: what is found waits for `correct_bills`. Nothing is found where only wording,
    sources or the version of the curves differ, for that moves no line. Run twice, the second
    time changes nothing but the moment of the comparison. Raises UnableToCompareBills when the
    month was never billed.
    """
    by.require(Permission.RUN_BILLS)
    run = BillRun.objects.filter(month=str(month)).first()
    if run is None:
        raise UnableToCompareBills("%(month)s 还没有核算过", month=month)
    bills = Bill.objects.visible_to(by).current().filter(month=str(month))
    accounts = CustomerAccount.objects.filter(pk__in=bills.values("account"))
    work = prepare(run, accounts.order_by("pk"), by=by, at=at)
    keys = list(accounts.order_by("pk").values_list("pk", flat=True))
    changed = 0
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        with collection_paused():
            changed += _compare_batch(work, batch)
        if progress:
            progress(start + len(batch), len(keys))
    found = OutdatedBill.objects.visible_to(by).filter(month=str(month)).count()
    return _finish(work, Comparison(len(keys), found, changed))


@transaction.atomic
def _finish(work: Work, done: Comparison) -> Comparison:
    BillRun.objects.filter(pk=work.run.pk).update(compared_at=work.at)
    if done.changed:
        happening = Happening(
            event="billing.run.compared",
            subject_type="billing.run",
            subject_id=work.run.pk,
            subject_label=work.run.month,
            unit_path=work.by.unit_path,
            changes={"bills": done.bills, "outdated": done.outdated},
        )
        journal_operations.record(happening=happening, actor=work.by.actor, at=work.at)
    return done


@transaction.atomic
def _compare_batch(work: Work, keys: Sequence[int]) -> int:
    """How many findings came, went or became others."""
    # The same lock as a run's batches and a correction: no bill is replaced meanwhile.
    BillRun.objects.select_for_update().get(pk=work.run.pk)
    seen = Bill.objects.current().filter(month=work.run.month, account__in=keys)
    bills = {bill.account_id: bill for bill in seen.defer("facts", "quantities", "notes")}
    accounts = CustomerAccount.objects.filter(pk__in=list(bills)).select_related("unit")
    rated, refused = rate_all(work, accounts.order_by("pk"), load_registers(keys, work.book.month))
    lines = lines_of(bills.values())
    moved = [pair for pair in rated if differs(bills[pair[0].account.pk], lines, pair[1])]
    found = [OutdatedBill(bill=bills[account.pk], refusal=reason) for account, reason in refused]
    found += _explained(work, {bills[facts.account.pk].pk: (facts, r) for facts, r in moved})
    return _keep(work, list(bills.values()), found)


def _explained(work: Work, moved: dict[int, Rated]) -> list[OutdatedBill]:
    """What differs of the bills that come out otherwise; four queries."""
    bills = Bill.objects.in_bulk(list(moved))
    tariffs = map_tariffs(bill.facts for bill in bills.values())
    cited = _cited_by(list(moved))
    rows = []
    for pk, (facts, rated) in moved.items():
        before = load_facts(
            bills[pk].facts,
            rule_sets=work.book.rule_sets,
            power_factor_table=work.book.power_factor_table,
            tariffs=tariffs,
        )
        citing = [rule for line in rated.lines for rule in (line.rule, *line.also)]
        parts = list_changed_parts(before, facts.bill_input, cited[pk], citing)
        rows.append(OutdatedBill(bill=bills[pk], parts=parts, amount_now=rated.total_yuan))
    return rows


def _cited_by(bill_ids: Sequence[int]) -> dict[int, list[Rule]]:
    lines = list(BillLine.objects.filter(bill__in=bill_ids).values_list("bill_id", "rules"))
    rules = map_rules(pk for _, ids in lines for pk in ids)
    found: dict[int, list[Rule]] = {pk: [] for pk in bill_ids}
    for bill, ids in lines:
        found[bill] += [rules[pk] for pk in ids]
    return found


def _keep(work: Work, bills: Sequence[Bill], found: Iterable[OutdatedBill]) -> int:
    """Write what was found in the place of what was found before; what stands is not touched."""
    stands = {row.bill_id: row for row in OutdatedBill.objects.filter(bill__in=bills)}
    fresh = []
    for row in found:
        before = stands.get(row.bill_id)
        if before is not None and _told(before) == _told(row):
            del stands[row.bill_id]
            continue
        row.account_id, row.month, row.found_at = row.bill.account_id, row.bill.month, work.at
        fresh.append(row)
    OutdatedBill.objects.filter(bill__in=list(stands)).delete()
    OutdatedBill.objects.bulk_create(fresh)
    return len(stands.keys() | {row.bill_id for row in fresh})


def _told(row: OutdatedBill) -> tuple[object, ...]:
    return row.parts, row.amount_now, keep(row.refusal)
