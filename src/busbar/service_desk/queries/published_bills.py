"""The bills that a customer reads under its own address (N9); whoever asks has proven to be it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from busbar.billing.models import Bill
from busbar.billing.told import told_to
from busbar.kit.periods import Month, local_date
from busbar.payments import queries as payments_queries
from busbar.payments.models import Receivable

MONTHS = 13
"""Full months back: the same month of the year before can be compared."""
PAGE = 100

After = tuple[str, str]
"""The month and account at which the page before ended."""


@dataclass(frozen=True)
class PublishedBill:
    """A bill, by when it is to be paid, and what is still open; None before money is asked."""

    bill: Bill
    due_on: dt.date | None
    open_yuan: Decimal | None


@dataclass(frozen=True)
class PublishedBills:
    """One page of bills, and where the next one starts; "" where none follows."""

    rows: list[PublishedBill]
    after: str


def list_published_bills(
    customer_id: int, *, at: dt.datetime, after: After | None = None
) -> PublishedBills:
    """The newest month first, in it by account; two queries."""
    bills = _bills(customer_id, at)
    if after is not None:
        month, number = after
        bills = bills.filter(Q(month__lt=month) | Q(month=month, account__number__gt=number))
    heads = bills.select_related("account").defer("facts", "quantities", "notes")
    found = list(heads.order_by("-month", "account__number")[: PAGE + 1])
    shown, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
    return PublishedBills(_with_money(shown), f"{last.month}@{last.account.number}" if last else "")


def find_published_bill(
    customer_id: int, account_number: str, month: str, *, at: dt.datetime
) -> PublishedBill | None:
    """One bill with all that its paper needs; None unless the list holds it. Two queries."""
    if not f"{account_number}{month}".isprintable():
        return None
    rows = _bills(customer_id, at).select_related("account__customer", "account__unit", "replaces")
    found = list(rows.filter(account__number=account_number, month=month))
    return _with_money(found)[0] if found else None


def _bills(customer_id: int, at: dt.datetime) -> QuerySet[Any]:
    first = Month.of(local_date(at))
    for _month in range(MONTHS):
        first = first.previous
    return told_to(customer_id).filter(month__gte=str(first))


def _with_money(bills: Sequence[Bill]) -> list[PublishedBill]:
    owed: defaultdict[tuple[int, str], list[Receivable]] = defaultdict(list)
    for row in payments_queries.list_told_receivables(bills):
        owed[row.account_id, row.month].append(row)
    return [_sum(bill, owed[bill.account_id, bill.month]) for bill in bills]


def _sum(bill: Bill, owed: Sequence[Receivable]) -> PublishedBill:
    """A correction asks for its difference only: the month is paid when all of it is."""
    if not owed:
        return PublishedBill(bill, None, None)
    unpaid = [row for row in owed if row.open_fen]
    due = min((row.due_on for row in unpaid), default=max(row.due_on for row in owed))
    return PublishedBill(bill, due, sum((row.open_yuan for row in unpaid), Decimal(0)))
