"""What bills show that wants a person, found while they are issued (R25, N7).

Swings against the neighboring month, money lost to demand and power factor, gaps in the curve.
Nothing is written here: `operations` keeps the rows in the transaction of the bills, and the
lists of `insights` read them by index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Sum

from busbar.billing.models import Bill, BillFinding, BillLine, FindingKind
from busbar.billing.price_book import PriceBook
from busbar.kit.money import plain, round_half_up, to_fen
from busbar.kit.periods import Month
from busbar.supply.models import Agreement, BasicChargeMode

_MOST_SHIFTS = 3
_MILLION = Decimal(1_000_000)
"""More intervals than a month has for any account: what is estimated ranks below one missing."""

LineSums = Mapping[str, tuple[str, Decimal]]
"""By code of the line: its name and what its lines come to."""


@dataclass(frozen=True)
class Marks:
    """Beyond which values a bill wants a look. Shares of one.

    `overrun_threshold` and `overrun_multiplier` are the rule set's (供电营业规则 on demand above
    the contracted), None where it has none; `strictest_standard` is the power-factor table's
    highest: nobody at or above it is surcharged. The other two are the company's own marks.
    """

    swing_share: Decimal
    demand_share: Decimal
    overrun_threshold: Decimal | None
    overrun_multiplier: Decimal
    strictest_standard: Decimal


def load_marks(book: PriceBook) -> Marks:
    """The month's dated figures with the company's own marks from the settings."""
    has_overrun = book.rule_set.find("demand.overrun_threshold") is not None
    number = book.rule_set.number
    return Marks(
        swing_share=Decimal(settings.BUSBAR_FINDING_SWING_PERCENT) / 100,
        demand_share=Decimal(settings.BUSBAR_FINDING_DEMAND_PERCENT) / 100,
        overrun_threshold=number("demand.overrun_threshold") if has_overrun else None,
        overrun_multiplier=number("demand.overrun_multiplier") if has_overrun else Decimal(1),
        strictest_standard=max((s for s, _ in book.power_factor_table.steps), default=Decimal(0)),
    )


def find_in_bills(
    bills: Sequence[Bill],
    lines: Iterable[BillLine],
    *,
    agreements: Mapping[int, list[Agreement]],
    marks: Marks,
) -> list[BillFinding]:
    """Findings, unsaved, of one month's new bills; two queries, whatever their number.

    `lines` are the bills' lines, `agreements` by account those that touch the month. When the
    month after was billed first, its bills' swings are found now.
    """
    by_bill: defaultdict[int, list[BillLine]] = defaultdict(list)
    for line in lines:
        by_bill[line.bill_id].append(line)
    found: list[BillFinding] = []
    for bill in bills:
        own = by_bill[bill.pk]
        found += _gaps(bill)
        found += _power_factor(bill, own, marks)
        found += _demand(bill, own, agreements.get(bill.account_id, []), marks)
    return found + _swings(bills, by_bill, marks)


def _gaps(bill: Bill) -> Iterator[BillFinding]:
    missing, estimated = bill.missing_intervals, bill.estimated_intervals
    if missing or estimated:
        facts = {
            "missing": missing,
            "estimated": estimated,
            "energy_kwh": plain(round_half_up(Decimal(bill.energy_kwh), 0)),
        }
        weight = missing + estimated / _MILLION
        yield _finding(bill, FindingKind.CURVE_GAPS, facts, weight=weight)


def _power_factor(bill: Bill, lines: Sequence[BillLine], marks: Marks) -> Iterator[BillFinding]:
    lost = sum((line.amount for line in lines if line.code == "power_factor"), Decimal(0))
    factor = bill.power_factor
    if factor is not None and factor < marks.strictest_standard and lost > 0:
        yield _finding(bill, FindingKind.POWER_FACTOR, {"power_factor": str(factor)}, worth=lost)


def _demand(
    bill: Bill, lines: Sequence[BillLine], agreements: Sequence[Agreement], marks: Marks
) -> Iterator[BillFinding]:
    """Above: what the excess cost beyond its plain price; below: what was paid and not used."""
    contract = _contract_demand_kw(agreements, Month.parse(bill.month))
    measured = Decimal(bill.max_demand_kw)
    if not contract:
        return
    price = next((x.price for x in lines if x.code == "basic.contract_demand"), Decimal(0))
    free = None if marks.overrun_threshold is None else contract * marks.overrun_threshold
    if free is not None and measured > free:
        worth = (measured - free) * price * (marks.overrun_multiplier - 1)
    elif measured < contract * marks.demand_share:
        worth = (contract - measured) * price
    else:
        return
    facts = {
        "max_demand_kw": str(measured),
        "contract_demand_kw": contract,
        "price": plain(price),
        "free_percent": plain((marks.overrun_threshold or Decimal(1)) * 100),
    }
    yield _finding(bill, FindingKind.DEMAND, facts, worth=worth)


def _contract_demand_kw(agreements: Sequence[Agreement], month: Month) -> int:
    """What the agreement of the month's first day contracts; 0 when it is not on demand."""
    return next(
        (
            a.contract_demand_kw or 0
            for a in agreements
            if a.basic_charge_mode == BasicChargeMode.CONTRACT_DEMAND
            and a.valid_from <= month.first
            and (a.valid_until is None or a.valid_until > month.first)
        ),
        0,
    )


def _swings(
    bills: Sequence[Bill], lines: Mapping[int, list[BillLine]], marks: Marks
) -> list[BillFinding]:
    pairs = [pair for pair in _neighbors(bills) if _has_swung(*pair, marks)]
    fresh = {bill.pk: _summed(lines[bill.pk]) for bill in bills}
    sums = fresh | _load_sums({b.pk for pair in pairs for b in pair} - fresh.keys())
    return [_swing(before, bill, sums) for before, bill in pairs]


def _neighbors(bills: Sequence[Bill]) -> Iterator[tuple[Bill, Bill]]:
    """(before, after) of the new bills with those of the months beside theirs. One query."""
    if not bills:
        return
    month, new = Month.parse(bills[0].month), {bill.account_id: bill for bill in bills}
    previous = str(month.previous)
    beside = Bill.objects.current().filter(
        account__in=list(new), month__in=[previous, str(month.next)]
    )
    for other in beside.only("account_id", "month", "amount").order_by("pk"):
        bill = new[other.account_id]
        yield (other, bill) if other.month == previous else (bill, other)


def _has_swung(before: Bill, bill: Bill, marks: Marks) -> bool:
    return before.amount > 0 and (
        abs(bill.amount - before.amount) > before.amount * marks.swing_share
    )


def _swing(before: Bill, bill: Bill, sums: Mapping[int, LineSums]) -> BillFinding:
    facts = {
        "amount": str(bill.amount),
        "before": str(before.amount),
        "shifts": _shifts(sums.get(before.pk, {}), sums.get(bill.pk, {})),
    }
    return _finding(bill, FindingKind.SWING, facts, worth=bill.amount - before.amount)


def _shifts(before: LineSums, after: LineSums) -> list[list[str]]:
    """The kinds of line that moved most, as [name, change in yuan]."""
    nothing = ("", Decimal(0))
    moved = [
        (after.get(code, nothing)[1] - before.get(code, nothing)[1], code)
        for code in before.keys() | after.keys()
    ]
    moved.sort(key=lambda item: (-abs(item[0]), item[1]))
    return [
        [(after.get(code) or before[code])[0], str(change)]
        for change, code in moved[:_MOST_SHIFTS]
        if change
    ]


def _summed(lines: Iterable[BillLine]) -> LineSums:
    sums: dict[str, tuple[str, Decimal]] = {}
    for line in lines:
        so_far = sums.get(line.code, ("", Decimal(0)))[1]
        sums[line.code] = (line.name, so_far + line.amount)
    return sums


def _load_sums(bill_ids: Iterable[int]) -> dict[int, LineSums]:
    """Sums of stored lines by bill; one query, none without bills."""
    rows = BillLine.objects.filter(bill__in=list(bill_ids)).values("bill", "code", "name")
    sums: defaultdict[int, dict[str, tuple[str, Decimal]]] = defaultdict(dict)
    for row in rows.annotate(total=Sum("amount")).order_by("bill", "code", "name"):
        of_bill = sums[row["bill"]]
        so_far = of_bill.get(row["code"], ("", Decimal(0)))[1]
        of_bill[row["code"]] = (row["name"], so_far + row["total"])
    return dict(sums)


def _finding(
    bill: Bill,
    kind: FindingKind,
    facts: dict[str, Any],
    *,
    worth: Decimal | None = None,
    weight: Decimal = Decimal(0),
) -> BillFinding:
    worth = None if worth is None else to_fen(worth)
    return BillFinding(
        bill=bill,
        account_id=bill.account_id,
        month=bill.month,
        kind=kind,
        worth_yuan=worth,
        weight=weight if worth is None else abs(worth),
        facts=facts,
    )
