"""Whether a bill comes out otherwise when it is rated again: lines as stored, lines as rated."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from busbar.billing.models import Bill, BillLine
from busbar.billing.rating import RatedBill

StoredLines = dict[int, dict[str, tuple[Any, ...]]]
"""Quantity, price and amount by id of the line, by bill."""


def lines_of(bills: Collection[Bill]) -> StoredLines:
    """The lines of the bills; one query."""
    found: StoredLines = {bill.pk: {} for bill in bills}
    rows: QuerySet[BillLine] = BillLine.objects.filter(bill__in=list(found))
    fields = ("bill_id", "line_id", "quantity", "price", "amount")
    for bill, line, *figures in rows.order_by("bill_id", "position").values_list(*fields):
        found[bill][line] = tuple(figures)
    return found


def differs(bill: Bill, lines: StoredLines, rated: RatedBill) -> bool:
    """Whether any line, the energy or the total is another one."""
    now = {line.id: (line.quantity, line.price, line.amount_yuan) for line in rated.lines}
    same_head = (bill.amount, bill.energy_kwh) == (rated.total_yuan, rated.energy_kwh)
    return not same_head or lines[bill.pk] != now
