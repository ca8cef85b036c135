"""违约金: posted when a late bill is paid, and at each month's end while it is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.money import to_fen
from busbar.kit.periods import Month, local_date
from busbar.payments.late_terms import find_residents, load_rule_sets
from busbar.payments.models import (
    LateCharge,
    LedgerCode,
    MoneyTarget,
    PaymentMatch,
    PaymentTerm,
    PostingKind,
    Receivable,
    ReceivableKind,
    in_yuan,
)
from busbar.payments.operations import ledger
from busbar.payments.operations.book import open_book
from busbar.payments.operations.late_reversals import reverse_charges
from busbar.payments.operations.ledger import Posting, Side
from busbar.payments.operations.receivables import days_allowed
from busbar.payments.operations.references import next_references

_BATCH = 200
_EARLIER_MONEY = "核销撤销或更早到账的款项核销后，违约金重新计算"


def charge_late_payments(*, by: Viewer, at: dt.datetime, month: Month | None = None) -> int:
    """Charge what is due on every bill paid late, or open over the end of `month`.

    From the day after it was due up to and with the day it was paid, or the last day of the
    month (without one: the month before `at`); less what was charged before. What was charged
    beyond that, because money of an earlier day was found since, is taken back. 200 bills are
    one transaction; safe to run twice. Returns how many charges were posted.
    """
    by.require(Permission.KEEP_LEDGER)
    last_day = (month.next if month else Month.of(local_date(at))).first - dt.timedelta(days=1)
    posted, after = 0, 0
    while True:
        found, after, charged = _charge_batch(after, last_day, by=by, at=at)
        posted += charged
        if not found:
            return posted


@dataclass(frozen=True)
class _Reckoned:
    """What comes of a bill: a charge still to be posted, charges that do not stand."""

    charge: LateCharge | None
    stale: list[LateCharge]


@transaction.atomic
def _charge_batch(
    after: int, last_day: dt.date, *, by: Viewer, at: dt.datetime
) -> tuple[int, int, int]:
    journal_operations.take_turn()
    rows = list(_candidates(after, last_day))
    if not rows:
        return 0, after, 0
    rule_sets = load_rule_sets()
    residents = find_residents({row.account_id for row in rows}, on=last_day)
    paid, standing = _paid_on(rows), _standing(rows)
    reckoned = [
        _reckon(
            row,
            row.settled_on or last_day,
            _right(row, last_day, rule_sets, row.account_id in residents, paid.get(row.pk, [])),
            standing.get(row.pk, []),
        )
        for row in rows
    ]
    charges = [each.charge for each in reckoned if each.charge]
    _post(charges, [charge for each in reckoned for charge in each.stale], by, at)
    return len(rows), rows[-1].pk, len(charges)


def _candidates(after: int, last_day: dt.date) -> QuerySet[Receivable, Receivable]:
    """Bills paid after they were due, not charged to that day or beyond it; bills open over the
    month's end."""
    mine = LateCharge.objects.standing().filter(overdue=OuterRef("pk"))
    settled = Q(open_fen=0, settled_on__gt=F("due_on")) & ~Exists(
        mine.filter(until__gte=OuterRef("settled_on"))
    )
    too_far = LateCharge.objects.standing().filter(
        overdue__open_fen=0, until__gt=F("overdue__settled_on")
    )
    beyond = Q(pk__in=too_far.values("overdue"))
    still = Q(open_fen__gt=0, due_on__lt=last_day) & ~Exists(mine.filter(until__gte=last_day))
    rows = Receivable.objects.filter(
        settled | beyond | still, pk__gt=after, kind=ReceivableKind.BILL
    )
    return rows.select_related("account__unit").order_by("pk")[:_BATCH]


def _standing(rows: Sequence[Receivable]) -> dict[int, list[LateCharge]]:
    """By receivable the charges that stand, the latest first; one query."""
    found: dict[int, list[LateCharge]] = {}
    charges = LateCharge.objects.standing().filter(overdue__in=rows)
    for charge in charges.select_related("receivable").order_by("-until"):
        found.setdefault(charge.overdue_id, []).append(charge)
    return found


def _paid_on(rows: Sequence[Receivable]) -> dict[int, list[tuple[dt.date, int]]]:
    """By receivable the days and fen of its matches that stand."""
    found: dict[int, list[tuple[dt.date, int]]] = {}
    matches = PaymentMatch.objects.filter(
        receivable__in=rows, target=MoneyTarget.RECEIVABLE, undone_at=None
    )
    for pk, on, fen in matches.values_list("receivable_id", "matched_on", "amount_fen"):
        found.setdefault(pk or 0, []).append((on, fen))
    return found


def _right(
    row: Receivable,
    last_day: dt.date,
    rule_sets: Sequence[rating.RuleSet],
    is_resident: bool,  # noqa: FBT001 - a fact of the row, handed on
    paid: Sequence[tuple[dt.date, int]],
) -> rating.Calculation:
    """The whole charge on a bill, as the matches stand."""
    arrear = rating.Arrear(
        id=row.reference,
        amount_yuan=in_yuan(row.amount_fen),
        due_on=row.due_on,
        payments=tuple(rating.Payment(on, in_yuan(fen)) for on, fen in paid),
    )
    until = row.settled_on or last_day
    return rating.late_payment([arrear], until, rule_sets, rating.LateTerms(is_resident))


def _reckon(
    row: Receivable, until: dt.date, whole: rating.Calculation, standing: Sequence[LateCharge]
) -> _Reckoned:
    """The whole charge less what stands of it; what stands beyond it, the latest, is stale."""
    right = sum(int(to_fen(entry.amount_yuan) * 100) for entry in whole.lines)
    before = sum(charge.receivable.amount_fen for charge in standing)
    stale = []
    for charge in standing:
        if charge.until >= until or before > right:
            stale.append(charge)
            before -= charge.receivable.amount_fen
    fen = right - before
    if fen <= 0:
        return _Reckoned(None, stale)
    owed = Receivable(
        kind=ReceivableKind.LATE,
        account=row.account,
        month=row.month,
        amount_fen=fen,
        open_fen=fen,
    )
    lines = [_explained(entry) for entry in whole.lines]
    made = LateCharge(receivable=owed, overdue=row, until=until, charged_fen=before, lines=lines)
    return _Reckoned(made, stale)


def _explained(entry: rating.BillLine) -> dict[str, Any]:
    return {
        "name": entry.name,
        "formula": entry.formula,
        "amount_yuan": str(entry.amount_yuan),
        "rules": [
            {"article": rule.article, "source": rule.source, "certainty": rule.certainty}
            for rule in (entry.rule, *entry.also)
        ],
    }


def _post(
    charges: Sequence[LateCharge], stale: Sequence[LateCharge], by: Viewer, at: dt.datetime
) -> None:
    touched = [charge.receivable for charge in (*charges, *stale)]
    if not touched:
        return
    book = open_book({owed.account_id for owed in touched})
    reverse_charges(stale, book, reason=_EARLIER_MONEY, by=by, at=at)
    _write(charges, local_date(at))
    for charge in charges:
        owed = charge.receivable
        book.change(owed.account_id, LedgerCode.RECEIVABLE, owed.amount_fen)
    book.save()
    if charges:
        ledger.post(postings=[_posting(charge) for charge in charges], by_name=by.name, at=at)
    happenings = [_happening(charge) for charge in charges]
    journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)
    book.tell(by.actor, at)


def _write(charges: Sequence[LateCharge], on: dt.date) -> None:
    terms = list(PaymentTerm.objects.select_related("unit"))
    references = next_references(ReceivableKind.LATE, len(charges))
    for charge, reference in zip(charges, references, strict=True):
        owed = charge.receivable
        owed.reference, owed.issued_on = reference, on
        owed.due_on = on + dt.timedelta(days=days_allowed(terms, owed.account.unit, on))
    Receivable.objects.bulk_create([charge.receivable for charge in charges])
    for charge in charges:
        charge.receivable_id = charge.receivable.pk
    LateCharge.objects.bulk_create(charges)


def _posting(charge: LateCharge) -> Posting:
    """Posted in the month whose days it charges, while that is open."""
    owed = charge.receivable
    return Posting(
        PostingKind.LATE_CHARGED,
        owed.account.unit_id,
        charge.until,
        f"违约金 {owed.account.number} {owed.month} 至 {charge.until}",
        (
            Side(LedgerCode.RECEIVABLE, owed.amount_fen, owed.account_id),
            Side(LedgerCode.LATE_INCOME, -owed.amount_fen),
        ),
    )


def _happening(charge: LateCharge) -> Happening:
    owed = charge.receivable
    return Happening(
        event="payments.late_payment.charged",
        subject_type="payments.receivable",
        subject_id=owed.pk,
        subject_label=f"{owed.account.number} {owed.month}",
        customer_id=owed.account.customer_id,
        unit_path=owed.account.unit.path,
        changes={"amount_yuan": in_yuan(owed.amount_fen), "until": charge.until},
    )
