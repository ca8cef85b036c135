"""A customer's year month by month: what was paid, and what moved it since the month before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F

from busbar.access.visibility import Viewer
from busbar.billing import overview
from busbar.billing.decomposition import Effect, Line, Side, decompose
from busbar.billing.models import Bill, BillLine
from busbar.kit.periods import Month

ZERO = Decimal(0)


@dataclass(frozen=True)
class ExplainedMonth:
    """All bills of a month together.

    `effects` are yuan by what moved the amount of the accounts billed in both months, `joined` is
    of accounts billed in only one of them; together they are `change`. Both are empty and None in
    the first month, which has none before it. `demand_kw` is the accounts' maxima added up, the
    bills' own, not simultaneous.
    """

    month: str
    bills: int
    energy_kwh: Decimal
    amount: Decimal
    demand_kw: Decimal
    effects: Mapping[Effect, Decimal]
    joined: Decimal
    change: Decimal | None

    @property
    def average_price(self) -> Decimal | None:
        """Yuan a kWh."""
        return self.amount / self.energy_kwh if self.energy_kwh else None


def explain_months(
    viewer: Viewer, account_ids: Sequence[int], *, months: int = 12
) -> list[ExplainedMonth]:
    """The newest months that have bills, oldest first.

    Three queries, and five a month and tariff for its periods of the day, however many accounts.
    """
    bills = _bills(viewer, account_ids, months + 1)
    sides = _sides(bills)
    by_month: defaultdict[str, dict[int, Any]] = defaultdict(dict)
    for bill in bills:
        by_month[bill.month][bill.account_id] = bill
    found, before = [], None
    for month in sorted(by_month):
        found.append(_explained(month, by_month[month], before, sides))
        before = by_month[month]
    return found[-months:]


def _bills(viewer: Viewer, account_ids: Sequence[int], months: int) -> list[Any]:
    """The current bills of the newest months, each with the `segments` it was rated in."""
    seen = Bill.objects.visible_to(viewer).current().filter(account__in=account_ids)
    newest = seen.order_by("-month").values_list("month", flat=True).first()
    if newest is None:
        return []
    first = Month.parse(newest)
    for _ in range(months - 1):
        first = first.previous
    rows = seen.filter(month__gte=str(first)).defer("facts")
    return list(rows.annotate(segments=F("facts__segments")).order_by("month", "account_id"))


def _sides(bills: Iterable[Any]) -> dict[int, Side]:
    """Lines and hours of each bill by its id, for comparing; one query for all lines."""
    lines: defaultdict[int, list[Line]] = defaultdict(list)
    own = {bill.pk: bill for bill in bills}
    rows = BillLine.objects.filter(bill__in=own).order_by("bill_id", "id")
    for row in rows.only("bill_id", "line_id", "code", "quantity", "price", "amount", "based_on"):
        lines[row.bill_id].append(
            Line(row.line_id, row.code, row.quantity, row.price, row.amount, tuple(row.based_on))
        )
    hours: dict[tuple[str, str, str], Mapping[str, Decimal]] = {}
    sides = {}
    for pk, bill in own.items():
        several = bill.segments if len(bill.segments or ()) > 1 else ()
        key = (bill.month, bill.tariff_code, repr([(s["period"], s["tariff"]) for s in several]))
        if key not in hours:
            month = Month.parse(bill.month)
            hours[key] = overview.share_of_hours(bill.tariff_code, bill.segments or (), month)
        sides[pk] = Side(lines[pk], hours[key])
    return sides


def _explained(
    month: str, now: Mapping[int, Any], before: Mapping[int, Any] | None, sides: dict[int, Side]
) -> ExplainedMonth:
    amount = _sum(bill.amount for bill in now.values())
    effects: defaultdict[Effect, Decimal] = defaultdict(lambda: ZERO)
    joined, change = ZERO, None
    if before is not None:
        for account in now.keys() & before.keys():
            moved = decompose(sides[before[account].pk], sides[now[account].pk])
            for effect, yuan in moved.items():
                effects[effect] += yuan
        joined = _sum(now[a].amount for a in now.keys() - before.keys())
        joined -= _sum(before[a].amount for a in before.keys() - now.keys())
        change = amount - _sum(bill.amount for bill in before.values())
    return ExplainedMonth(
        month=month,
        bills=len(now),
        energy_kwh=_sum(bill.energy_kwh for bill in now.values()),
        amount=amount,
        demand_kw=_sum(bill.max_demand_kw for bill in now.values()),
        effects={effect: effects[effect] for effect in Effect if effects[effect]},
        joined=joined,
        change=change,
    )


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
