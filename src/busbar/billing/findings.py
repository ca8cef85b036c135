"""What bills show that wants a person, found while they are issued (R25, N7).

Swings against the neighboring month, money lost to demand and power factor, gaps in the curve.
Nothing is written here: `operations` keeps the rows in the transaction of the bills, and the
lists of `insights` read them by index.
"""

from __future__ import annotations

import datetime as dt
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

_MOST_SHIFTS = 3
_INTERVALS_A_DAY = 96
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
    bills: Sequence[Bill], lines: Iterable[BillLine], *, marks: Marks
) -> list[BillFinding]:
    """Findings, unsaved, of one month's new bills; two queries, whatever their number.

    `lines` are the bills' lines. When the month after was billed first, its bills' swings are
    found now.
    """
    by_bill: defaultdict[int, list[BillLine]] = defaultdict(list)
    for line in lines:
        by_bill[line.bill_id].append(line)
    found: list[BillFinding] = []
    for bill in bills:
        own = by_bill[bill.pk]
        found += _gaps(bill)
        found += _power_factor(bill, own, marks)
        found += _demand(bill, own, marks)
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
        yield _finding(bill, FindingKind.CURVE_GAPS, facts, weight=weight, stake=_unmeasured(bill))


def _unmeasured(bill: Bill) -> Decimal:
    """What the intervals that were not measured cost: the bill's amount by their share."""
    unmeasured = bill.missing_intervals + bill.estimated_intervals
    return Decimal(bill.amount) * unmeasured / (Month.parse(bill.month).days * _INTERVALS_A_DAY)


def _power_factor(bill: Bill, lines: Sequence[BillLine], marks: Marks) -> Iterator[BillFinding]:
    lost = sum((line.amount for line in lines if line.code == "power_factor"), Decimal(0))
    factor = bill.power_factor
    if factor is not None and factor < marks.strictest_standard and lost > 0:
        yield _finding(bill, FindingKind.POWER_FACTOR, {"power_factor": str(factor)}, worth=lost)


def _demand(bill: Bill, lines: Sequence[BillLine], marks: Marks) -> Iterator[BillFinding]:
    """Above: what the excess cost beyond its plain price; below: what was paid and not used.

    Every agreement of the month by its own days and its own maximum, as the bill was rated; the
    one that costs most is told.
    """
    found = [
        finding
        for contracted in _contracts(bill, lines)
        if (finding := _demand_of(bill, contracted, marks))
    ]
    yield from sorted(found, key=lambda finding: -finding.weight)[:1]


@dataclass(frozen=True)
class _Contract:
    """A contracted demand, what was measured on its days, and the share of the bill they are."""

    contract_kw: Decimal
    measured_kw: Decimal
    price: Decimal
    share: Decimal
    days: tuple[str, str] | None


def _contracts(bill: Bill, lines: Sequence[BillLine]) -> Iterator[_Contract]:
    """The contract demands that the bill was rated by."""
    prices = {line.line_id: line.price for line in lines}
    seen: defaultdict[str, int] = defaultdict(int)
    for charge in bill.facts.get("basic", ()):
        if charge.get("mode") != "contract_demand":
            continue
        identity = f"basic.contract_demand.{charge['infeeds'][0]['id']}"
        seen[identity] += 1
        number = seen[identity]
        used = charge.get("used")
        yield _Contract(
            contract_kw=sum((Decimal(i["contract_kw"]) for i in charge["infeeds"]), Decimal(0)),
            measured_kw=sum((Decimal(i["measured_kw"]) for i in charge["infeeds"]), Decimal(0)),
            price=prices.get(identity if number == 1 else f"{identity}#{number}", Decimal(0)),
            share=_days(used) / _days(bill.facts["period"]) if used else Decimal(1),
            days=(used["start"], used["end"]) if used else None,
        )


def _days(span: Mapping[str, str]) -> Decimal:
    start, end = (dt.date.fromisoformat(span[name]) for name in ("start", "end"))
    return Decimal((end - start).days)


def _demand_of(bill: Bill, contracted: _Contract, marks: Marks) -> BillFinding | None:
    contract, measured, price = contracted.contract_kw, contracted.measured_kw, contracted.price
    free = None if marks.overrun_threshold is None else contract * marks.overrun_threshold
    if free is not None and measured > free:
        worth = (measured - free) * price * (marks.overrun_multiplier - 1)
    elif measured < contract * marks.demand_share:
        worth = (contract - measured) * price
    else:
        return None
    facts: dict[str, Any] = {
        "max_demand_kw": str(measured),
        "contract_demand_kw": int(contract),
        "price": plain(price),
        "free_percent": plain((marks.overrun_threshold or Decimal(1)) * 100),
    }
    if contracted.days:
        facts["from"], facts["until"] = contracted.days
    return _finding(bill, FindingKind.DEMAND, facts, worth=worth * contracted.share)


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
    stake: Decimal = Decimal(0),
) -> BillFinding:
    worth = None if worth is None else to_fen(worth)
    return BillFinding(
        bill=bill,
        account_id=bill.account_id,
        month=bill.month,
        kind=kind,
        worth_yuan=worth,
        stake_yuan=abs(to_fen(stake) if worth is None else worth),
        weight=weight if worth is None else abs(worth),
        facts=facts,
    )
