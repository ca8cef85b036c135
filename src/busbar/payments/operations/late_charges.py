"""违约金: posted when a late bill is paid, and at each month's end while it is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum

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
    in_yuan,
)
from busbar.payments.operations import ledger
from busbar.payments.operations.book import open_book
from busbar.payments.operations.ledger import Posting, Side
from busbar.payments.operations.receivables import days_allowed
from busbar.payments.recognition import bill_reference

_BATCH = 200
_FIRST_NUMBER = 5_000_000_000
"""References of charges count from here, far above the ids of bills."""


def charge_late_payments(*, by: Viewer, at: dt.datetime) -> int:
    """Charge what is due on every bill paid late, or open over the last month's end.

    From the day after it was due up to and with the day it was paid, or the last day of the
    month before `at`; less what was charged before. 200 bills are one transaction; safe to run
    twice. Returns how many charges were posted.
    """
    by.require(Permission.KEEP_LEDGER)
    last_day = Month.of(local_date(at)).first - dt.timedelta(days=1)
    posted, after = 0, 0
    while True:
        found, after, charged = _charge_batch(after, last_day, by=by, at=at)
        posted += charged
        if not found:
            return posted


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
    paid = _paid_on(rows)
    charges = [
        made
        for row in rows
        if (made := _charge(row, last_day, rule_sets, row.account_id in residents, paid))
    ]
    if charges:
        _post(charges, by, at)
    return len(rows), rows[-1].pk, len(charges)


def _candidates(after: int, last_day: dt.date) -> Any:
    """Bills paid after they were due, not charged to that day; bills open over the month's end."""
    mine = LateCharge.objects.filter(overdue=OuterRef("pk"))
    settled = Q(open_fen=0, settled_on__gt=F("due_on")) & ~Exists(
        mine.filter(until__gte=OuterRef("settled_on"))
    )
    still = Q(open_fen__gt=0, due_on__lt=last_day) & ~Exists(mine.filter(until__gte=last_day))
    rows = Receivable.objects.filter(settled | still, pk__gt=after, bill__isnull=False)
    charged = mine.order_by().values("overdue").annotate(fen=Sum("receivable__amount_fen"))
    return (
        rows.select_related("account__unit")
        .annotate(charged_fen=charged.values("fen"))
        .order_by("pk")[:_BATCH]
    )


def _paid_on(rows: Sequence[Receivable]) -> dict[int, list[tuple[dt.date, int]]]:
    """By receivable the days and fen of its matches that stand."""
    found: dict[int, list[tuple[dt.date, int]]] = {}
    matches = PaymentMatch.objects.filter(
        receivable__in=rows, target=MoneyTarget.RECEIVABLE, undone_at=None
    )
    for pk, on, fen in matches.values_list("receivable_id", "matched_on", "amount_fen"):
        found.setdefault(pk or 0, []).append((on, fen))
    return found


def _charge(
    row: Any,
    last_day: dt.date,
    rule_sets: Sequence[rating.RuleSet],
    is_resident: bool,  # noqa: FBT001 - a fact of the row, handed on
    paid: dict[int, list[tuple[dt.date, int]]],
) -> LateCharge | None:
    """The charge with its unsaved receivable; None where nothing is left to charge."""
    until = last_day if row.open_fen else row.settled_on
    arrear = rating.Arrear(
        id=row.reference,
        amount_yuan=in_yuan(row.amount_fen),
        due_on=row.due_on,
        payments=tuple(rating.Payment(on, in_yuan(fen)) for on, fen in paid.get(row.pk, [])),
    )
    found = rating.late_payment([arrear], until, rule_sets, rating.LateTerms(is_resident))
    before = row.charged_fen or 0
    fen = sum(int(to_fen(entry.amount_yuan) * 100) for entry in found.lines) - before
    if fen <= 0:
        return None
    owed = Receivable(account=row.account, month=row.month, amount_fen=fen, open_fen=fen, bill=None)
    lines = [_explained(entry) for entry in found.lines]
    return LateCharge(receivable=owed, overdue=row, until=until, charged_fen=before, lines=lines)


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


def _post(charges: Sequence[LateCharge], by: Viewer, at: dt.datetime) -> None:
    on, number = local_date(at), _FIRST_NUMBER + LateCharge.objects.count()
    terms = list(PaymentTerm.objects.select_related("unit"))
    for place, charge in enumerate(charges, start=1):
        owed = charge.receivable
        owed.reference = bill_reference(number + place)
        owed.issued_on = on
        days = days_allowed(terms, owed.account.unit, on)
        owed.due_on = on + dt.timedelta(days=days)
    Receivable.objects.bulk_create([charge.receivable for charge in charges])
    for charge in charges:
        charge.receivable_id = charge.receivable.pk
    LateCharge.objects.bulk_create(charges)
    book = open_book({charge.receivable.account_id for charge in charges})
    for charge in charges:
        owed = charge.receivable
        book.change(owed.account_id, LedgerCode.RECEIVABLE, owed.amount_fen)
    book.save()
    ledger.post(postings=[_posting(charge, on) for charge in charges], by_name=by.name, at=at)
    happenings = [_happening(charge) for charge in charges]
    journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)


def _posting(charge: LateCharge, on: dt.date) -> Posting:
    owed = charge.receivable
    return Posting(
        PostingKind.LATE_CHARGED,
        owed.account.unit_id,
        on,
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
