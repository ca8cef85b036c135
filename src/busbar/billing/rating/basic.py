"""Basic charge by capacity: states by day, interlocked groups, suspension, parts of a month."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating.bill_values import BillLine
from busbar.billing.rating.parts import Part
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.billing.rating.shares import Proration, cut
from busbar.billing.rating.values import BasicPrice, CapacityCharge, StateSpan, Transformer
from busbar.kit.money import plain, round_half_up
from busbar.kit.periods import Period

ZERO = Decimal(0)
ONE = Decimal(1)
SHOWN_PLACES = 4


@dataclass(frozen=True, slots=True)
class CapacitySpan:
    """Days with the same charged capacity of a group of units."""

    period: Period
    kva: Decimal
    shown: str


@dataclass(frozen=True, slots=True)
class Divisor:
    """What days are divided by, as `numerator` ÷ `denominator`: 91/3 stays 91/3."""

    numerator: Decimal
    denominator: Decimal = ONE

    @property
    def days(self) -> Decimal:
        """The divisor as a number."""
        return self.numerator / self.denominator

    def shown(self) -> str:
        """The divisor in a formula."""
        if self.denominator == ONE:
            return plain(self.numerator)
        return f"({plain(self.numerator)}/{plain(self.denominator)})"


@dataclass(frozen=True, slots=True)
class UsedDays:
    """The month's charged days, counted in days of the largest capacity: kVA·days ÷ kVA."""

    kva_days: Decimal
    peak_kva: Decimal

    @classmethod
    def of(cls, spans: Sequence[CapacitySpan], elsewhere_days: int) -> UsedDays:
        """Of all spans, and the days that another agreement charges."""
        peak = max((span.kva for span in spans), default=ZERO)
        kva_days = sum((span.kva * span.period.days for span in spans), ZERO)
        return cls(kva_days + elsewhere_days * peak, peak)

    def divisor(self, proration: Proration) -> Divisor:
        """The rule's divisor for so many days; where it is these days, without a rounding."""
        used = self.kva_days / self.peak_kva if self.peak_kva else ZERO
        days = proration.divisor(used)
        if days == used and days != round_half_up(days, SHOWN_PLACES):
            return Divisor(self.kva_days, self.peak_kva)
        return Divisor(days)


def capacity_lines(
    charge: CapacityCharge, parts: Sequence[Part], month_days: int, elsewhere_days: int = 0
) -> list[BillLine]:
    """One line for each unit or interlocked group, each price and each part of the bill.

    `elsewhere_days` of the month are charged by another agreement: together with them a full
    month is one month.
    """
    lines = []
    for name, units, at_once in _groups(charge):
        spans = [(part, list(_spans(units, at_once, part))) for part in parts]
        used = UsedDays.of([span for _, own in spans for span in own], elsewhere_days)
        own_lines: list[BillLine] = []
        for part, in_part in spans:
            proration = Proration.of(part.rule_set, "basic_charge.proration", month_days)
            divisor = used.divisor(proration)
            for price in charge.prices:
                if price.period is None or price.period.overlap(part.period):
                    number = len(own_lines) + 1
                    identity = f"basic.capacity.{name}" + (f".{number}" if number > 1 else "")
                    priced = [span for span in (_clip(span, price) for span in in_part) if span]
                    own_lines.append(_line(identity, name, units, priced, divisor, price, part))
        lines += own_lines
    return lines


def _groups(charge: CapacityCharge) -> Iterator[tuple[str, tuple[Transformer, ...], int]]:
    """Units by interlock group (with how many may run at once); single units stand alone."""
    seen: set[str] = set()
    for unit in charge.transformers:
        if unit.interlock is None:
            yield unit.id, (unit,), 1
        elif unit.interlock not in seen:
            seen.add(unit.interlock)
            members = tuple(u for u in charge.transformers if u.interlock == unit.interlock)
            yield unit.interlock, members, charge.interlocks.get(unit.interlock, 1)


def _spans(units: Sequence[Transformer], at_once: int, part: Part) -> Iterator[CapacitySpan]:
    """Cut the part where any unit changes; equal neighbours are joined."""
    current: CapacitySpan | None = None
    for span in cut(part.period, _changes(units, part.period, part.rule_set)):
        kva, shown = _charged(units, at_once, span.start, part.rule_set)
        if current and current.kva == kva and current.shown == shown:
            current = CapacitySpan(Period(current.period.start, span.end), kva, shown)
            continue
        if current:
            yield current
        current = CapacitySpan(span, kva, shown)
    if current:
        yield current


def _changes(units: Sequence[Transformer], period: Period, rule_set: RuleSet) -> Iterator[dt.date]:
    for unit in units:
        days = [unit.connected_on, unit.removed_on, _early_until(unit, rule_set)]
        for span in unit.states:
            days += [span.start, span.end]
        yield from (day for day in days if day and day in period)


def _early_until(unit: Transformer, rule_set: RuleSet) -> dt.date | None:
    """The day from which a suspension is no longer early (R1996: two years after connection)."""
    months = rule_set.find("basic_charge.early_suspension_months")
    if unit.connected_on is None or months is None or not isinstance(months.value, Decimal):
        return None
    return months_later(unit.connected_on, int(months.value))


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day so many months on; the month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _charged(
    units: Sequence[Transformer], at_once: int, day: dt.date, rule_set: RuleSet
) -> tuple[Decimal, str]:
    """Charged capacity on a day: the largest sum that may run at the same time."""
    weighted = [(unit, _share(unit, day, rule_set)) for unit in units]
    largest = sorted(weighted, key=lambda pair: pair[0].capacity_kva * pair[1], reverse=True)
    chosen = [(unit, share) for unit, share in largest[:at_once] if share]
    kva = sum((unit.capacity_kva * share for unit, share in chosen), ZERO)
    terms = [
        plain(unit.capacity_kva) + ("" if share == ONE else f"×{plain(share)}")
        for unit, share in chosen
    ]
    return kva, (f"({' + '.join(terms)})" if len(terms) > 1 else "".join(terms) or "0")


def _share(unit: Transformer, day: dt.date, rule_set: RuleSet) -> Decimal:
    """How much of a unit's capacity is charged on a day, 0 to 1."""
    if unit.connected_on and day < unit.connected_on:
        return ZERO
    if unit.removed_on and day >= unit.removed_on:
        return ZERO
    span = _state_on(unit, day)
    if span is None or span.state == "running":
        return ONE
    if span.state in {"unsealed", "hot_standby"}:
        return rule_set.number("basic_charge.unsealed_share")
    if span.state == "cold_standby":
        return rule_set.number("basic_charge.sealed_standby_share")
    return _suspended_share(unit, span, day, rule_set)


def _state_on(unit: Transformer, day: dt.date) -> StateSpan | None:
    found = [s for s in unit.states if s.start <= day and (s.end is None or day < s.end)]
    if len(found) > 1:
        raise UnableToRate(
            "变压器 %(id)s 在 %(day)s 有两个状态，起止日期重叠。", id=unit.id, day=day
        )
    return found[0] if found else None


def _suspended_share(
    unit: Transformer, span: StateSpan, day: dt.date, rule_set: RuleSet
) -> Decimal:
    """Suspended: free, half within two years of connection (R1996), full if too short."""
    minimum = rule_set.integer("basic_charge.minimum_suspension_days")
    if span.end is not None and (span.end - span.start).days < minimum:
        return ONE
    early_until = _early_until(unit, rule_set)
    if early_until and day < early_until:
        return rule_set.number("basic_charge.early_suspended_share")
    return rule_set.number("basic_charge.suspended_share")


def _clip(span: CapacitySpan, price: BasicPrice) -> CapacitySpan | None:
    if price.period is None:
        return span
    common = span.period.overlap(price.period)
    return CapacitySpan(common, span.kva, span.shown) if common else None


def _line(  # noqa: PLR0917 - one private constructor with one caller
    identity: str,
    name: str,
    units: Sequence[Transformer],
    spans: Sequence[CapacitySpan],
    divisor: Divisor,
    price: BasicPrice,
    part: Part,
) -> BillLine:
    period, rule_set = part.period, part.rule_set
    kva_days = sum((span.kva * span.period.days for span in spans), ZERO)
    exact = kva_days * price.price * divisor.denominator / divisor.numerator
    amount = round_half_up(exact, rule_set.integer("rounding.amount_places"))
    terms = [_term(span, divisor) for span in spans if span.kva] or ["0"]
    main, *others = _rules(units, period, rule_set)
    shown = terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"
    return BillLine(
        id=identity,
        code="basic.capacity",
        name=f"基本电费（按容量，{name}）",
        quantity=round_half_up(kva_days / divisor.days, SHOWN_PLACES),
        unit="kVA·月",
        price=price.price,
        price_unit="元/kVA·月",
        amount_yuan=amount,
        formula=f"{shown} × {plain(price.price)} = {amount} 元",
        rule=main,
        also=(*others, price.rule),
        inputs=tuple(unit.id for unit in units),
    )


def _term(span: CapacitySpan, divisor: Divisor) -> str:
    days = span.period.days
    return span.shown if days == divisor.days else f"{span.shown}×{days}/{divisor.shown()}"


def _rules(units: Sequence[Transformer], period: Period, rule_set: RuleSet) -> Iterator[Rule]:
    """The rules that shaped a line besides the price, the most particular first."""
    if len(units) > 1:
        yield rule_set.rule("basic_charge.interlock")
    for state in sorted({span.state for unit in units for span in unit.states}):
        if state in {"unsealed", "hot_standby"}:
            yield rule_set.rule("basic_charge.unsealed_share")
        elif state == "cold_standby":
            yield rule_set.rule("basic_charge.sealed_standby_share")
        elif state == "suspended":
            yield from _suspension_rules(units, period, rule_set)
    yield rule_set.rule("basic_charge.proration")


def _suspension_rules(
    units: Sequence[Transformer], period: Period, rule_set: RuleSet
) -> Iterator[Rule]:
    early = rule_set.find("basic_charge.early_suspended_share")
    limits = [_early_until(unit, rule_set) for unit in units]
    if early and any(limit and limit > period.start for limit in limits):
        yield early
    else:
        yield rule_set.rule("basic_charge.suspended_share")
    yield rule_set.rule("basic_charge.minimum_suspension_days")
