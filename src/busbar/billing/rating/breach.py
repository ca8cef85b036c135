"""Breach of supply rules (违约使用电) and theft of electricity: what is owed and its multiple."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating.bill_values import BillLine, Quantity
from busbar.billing.rating.calculations import Calculation, Exact, exactly, line, times
from busbar.billing.rating.rules import MultipleRefused, Rule, RuleSet, UnableToRate
from busbar.billing.rating.shares import months_of
from busbar.kit.money import plain, round_half_up
from busbar.kit.periods import Period

ZERO = Decimal(0)
FIXED = "fixed"
SHOWN_PLACES = 4
"""Places of an unrounded amount that a line shows; nothing is computed from it."""


@dataclass(frozen=True, slots=True)
class CapacityUse:
    """Capacity used against the rules: kVA (kW), yuan per kVA and month, and for how long.

    Give whole `months`, or the days `used`, prorated month by month as the rule set says.
    `price` None where the customer pays no basic charge.
    """

    capacity_kva: Decimal
    price: Decimal | None = None
    months: Decimal | None = None
    used: Period | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class PriceDifference:
    """Energy at a price too low: kWh, or kWh a month where its start is not known."""

    high_price: Decimal
    low_price: Decimal
    energy_kwh: Decimal | None = None
    monthly_kwh: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MeterCapacity:
    """The capacity that a meter's basic current stands for: volts between lines, amperes."""

    voltage_v: Decimal
    current_a: Decimal
    phases: int
    multiplier: Decimal = Decimal(1)

    def kw(self) -> tuple[Decimal, str]:
        """Kilowatts at unity power factor, and the arithmetic: √3·U·I for three phases."""
        product = self.voltage_v * self.current_a * self.multiplier / 1000
        shown = f"{plain(self.voltage_v)} V × {plain(self.current_a)} A"
        shown += "" if self.multiplier == 1 else f" × {plain(self.multiplier)}"
        if self.phases == 1:
            return product, f"({shown} ÷ 1000)"
        return product * Decimal(3).sqrt(), f"(√3 × {shown} ÷ 1000)"


@dataclass(frozen=True, slots=True)
class StolenEnergy:
    """What a theft was done with, for how long. `days` and `hours` None: not known."""

    kw: Decimal
    kw_formula: str
    is_lighting: bool = False
    days: Decimal | None = None
    hours: Decimal | None = None


@exactly
def over_capacity(use: CapacityUse, rule_set: RuleSet, multiple: Decimal | None) -> Calculation:
    """Capacity connected on one's own (私自超容): the basic charge owed and its multiple.

    Without basic charge a fixed sum for each kW (kVA).
    """
    return _capacity_breach("over_capacity", "私自超容", use, rule_set, multiple)


@exactly
def sealed_use(use: CapacityUse, rule_set: RuleSet, multiple: Decimal | None) -> Calculation:
    """Use of stopped or sealed equipment (擅自启封): the basic charge owed and its multiple."""
    return _capacity_breach("sealed_use", "擅自使用已停用或封存的设备", use, rule_set, multiple)


def _capacity_breach(
    act: str, name: str, use: CapacityUse, rule_set: RuleSet, multiple: Decimal | None
) -> Calculation:
    if use.price is None:
        if multiple is not None:
            raise MultipleRefused(
                "%(name)s：非两部制用户按每千瓦计收，不填倍数 multiple。", name=name
            )
        return _by_kilowatt(act, name, use, rule_set)
    owed = _owed_capacity(use, use.price, rule_set)
    rule, factor = _multiple(f"breach.{act}_multiple", rule_set, multiple)
    proration = rule_set.rule("basic_charge.proration")
    lines = [
        line("breach.owed", f"补交基本电费（{name}）", owed, rule_set, rule,
             also=(proration,), inputs=("capacity",)),
        _penalty(name, owed, factor, rule, rule_set, ("breach.owed",)),
    ]  # fmt: skip
    quantity = Quantity("capacity", f"{name}的容量", use.capacity_kva, "kVA")
    return Calculation.of(rule_set, lines, [quantity])


def _owed_capacity(use: CapacityUse, price: Decimal, rule_set: RuleSet) -> Exact:
    kva = plain(use.capacity_kva)
    if use.used is None:
        if use.months is None:
            raise UnableToRate("补交基本电费须写明使用月数 months 或起止日期 used。")
        formula = f"{kva} × {plain(use.months)} × {plain(price)}"
        return Exact(use.capacity_kva * use.months * price, formula)
    parts = months_of(use.used, rule_set, "basic_charge.proration")
    # One division at the end: sevenths of a month and a month add up without a rounding.
    common = Decimal(1)
    for _, divisor in set(parts):
        common *= divisor
    days = sum((used * common / divisor for used, divisor in parts), ZERO)
    shown = " + ".join(
        kva if used == divisor else f"{kva}×{plain(used)}/{plain(divisor)}"
        for used, divisor in parts
    )
    shown = f"({shown})" if len(parts) > 1 else shown
    return Exact(use.capacity_kva * days * price, f"{shown} × {plain(price)}", common)


def _by_kilowatt(act: str, name: str, use: CapacityUse, rule_set: RuleSet) -> Calculation:
    rule = rule_set.rule(f"breach.{act}_yuan_per_kw")
    each = rule_set.number(rule.code)
    amount = each * use.capacity_kva * use.times
    formula = f"{plain(use.capacity_kva)} × {plain(each)}"
    formula += "" if use.times == 1 else f" × {use.times}"
    charged = line(
        "breach.charge", f"违约使用电费（{name}）", Exact(amount, formula), rule_set, rule,
        code="breach", quantity=(use.capacity_kva * use.times, "kW"), price=(each, rule.unit),
        inputs=("capacity",),
    )  # fmt: skip
    quantity = Quantity("capacity", f"{name}的容量", use.capacity_kva, "kW")
    return Calculation.of(rule_set, [charged], [quantity])


@exactly
def low_tariff(use: PriceDifference, rule_set: RuleSet, multiple: Decimal | None) -> Calculation:
    """Energy used at a lower price than its kind has (高价低接): the difference and its multiple.

    Where the beginning is not known the rule set's months are taken.
    """
    if use.high_price <= use.low_price:
        raise UnableToRate("高价低接：应执行的电价须高于实际执行的电价。")
    kwh, shown, months = _low_tariff_energy(use, rule_set)
    difference = use.high_price - use.low_price
    prices = f"({plain(use.high_price)} − {plain(use.low_price)})"
    owed = Exact(kwh * difference, f"{shown} × {prices}")
    rule, factor = _multiple("breach.low_tariff_multiple", rule_set, multiple)
    lines = [
        line("breach.owed", "补交差额电费（高价低接）", owed, rule_set, rule,
             quantity=(kwh, "kWh"), price=(difference, "元/kWh"), also=months, inputs=("energy",)),
        _penalty("高价低接", owed, factor, rule, rule_set, ("breach.owed",)),
    ]  # fmt: skip
    return Calculation.of(rule_set, lines, [Quantity("energy", "高价低接电量", kwh, "kWh", shown)])


def _low_tariff_energy(
    use: PriceDifference, rule_set: RuleSet
) -> tuple[Decimal, str, tuple[Rule, ...]]:
    places = rule_set.integer("rounding.energy_places")
    if use.energy_kwh is not None:
        kwh = round_half_up(use.energy_kwh, places)
        return kwh, plain(kwh), ()
    if use.monthly_kwh is None:
        raise UnableToRate("高价低接须写明电量 energy_kwh，或起止不明时的月用电量 monthly_kwh。")
    months = rule_set.rule("breach.unknown_months")
    kwh = round_half_up(use.monthly_kwh * rule_set.number(months.code), places)
    shown = f"{plain(use.monthly_kwh)} × {plain(rule_set.number(months.code))}"
    return kwh, shown, (months,)


@exactly
def moved_meter(occasions: int, rule_set: RuleSet, *, is_resident: bool) -> Calculation:
    """Meter or control device moved, altered, operated on one's own: a sum each time."""
    who = "resident" if is_resident else "other"
    rule = rule_set.rule(f"breach.moved_meter_{who}_yuan")
    each = rule_set.number(rule.code)
    charged = line(
        "breach.charge", "违约使用电费（擅自迁移、更动、操作计量装置）",
        Exact(each * occasions, f"{occasions} × {plain(each)}"), rule_set, rule,
        code="breach", quantity=(Decimal(occasions), "次"), price=(each, rule.unit),
        inputs=("occasions",),
    )  # fmt: skip
    return Calculation.of(
        rule_set, [charged], [Quantity("occasions", "次数", Decimal(occasions), "次")]
    )


@exactly
def foreign_source(capacity_kw: Decimal, rule_set: RuleSet) -> Calculation:
    """A power source brought in, supplied to others or connected to the grid on one's own."""
    rule = rule_set.rule("breach.foreign_source_yuan_per_kw")
    each = rule_set.number(rule.code)
    charged = line(
        "breach.charge", "违约使用电费（擅自引入、供出电源或并网）",
        Exact(each * capacity_kw, f"{plain(capacity_kw)} × {plain(each)}"), rule_set, rule,
        code="breach", quantity=(capacity_kw, "kW"), price=(each, rule.unit),
        inputs=("capacity",),
    )  # fmt: skip
    return Calculation.of(
        rule_set, [charged], [Quantity("capacity", "电源容量", capacity_kw, "kW")]
    )


@exactly
def theft(
    stolen: StolenEnergy, price: Rule, rule_set: RuleSet, multiple: Decimal | None
) -> Calculation:
    """Stolen energy by capacity × time at the price, and its multiple."""
    places = rule_set.integer("rounding.energy_places")
    days, hours, rules = _theft_time(stolen, rule_set)
    kwh = round_half_up(stolen.kw * days * hours, places)
    shown = f"{stolen.kw_formula} × {plain(days)} × {plain(hours)}"
    each = price.number()
    whole = stolen.kw * days * hours == kwh
    base = shown if whole else f"{shown} = {plain(kwh)}；{plain(kwh)}"
    owed = Exact(kwh * each, f"{base} × {plain(each)}")
    rule, factor = _multiple("theft.multiple", rule_set, multiple)
    lines = [
        line("theft.owed", "补交电费（窃电）", owed, rule_set, rule_set.rule("theft.quantity"),
             quantity=(kwh, "kWh"), price=(each, "元/kWh"), also=(*rules, price),
             inputs=("energy",)),
        _penalty("窃电", Exact(owed.yuan, f"{plain(kwh)} × {plain(each)}"), factor, rule,
                 rule_set, ("theft.owed",)),
    ]  # fmt: skip
    return Calculation.of(rule_set, lines, [Quantity("energy", "窃电量", kwh, "kWh", shown)])


def _theft_time(
    stolen: StolenEnergy, rule_set: RuleSet
) -> tuple[Decimal, Decimal, tuple[Rule, ...]]:
    rules: list[Rule] = []
    days, hours = stolen.days, stolen.hours
    if days is None:
        rules.append(rule_set.rule("theft.unknown_days"))
        days = rule_set.number("theft.unknown_days")
    if hours is None:
        code = "theft.lighting_hours" if stolen.is_lighting else "theft.power_hours"
        rules.append(rule_set.rule(code))
        hours = rule_set.number(code)
    return days, hours, tuple(rules)


def _penalty(
    name: str,
    owed: Exact,
    factor: Decimal,
    rule: Rule,
    rule_set: RuleSet,
    based_on: tuple[str, ...],
) -> BillLine:
    return line(
        "breach.multiple", f"违约使用电费（{name}，{plain(factor)} 倍）", times(owed, factor),
        rule_set, rule, code="breach",
        quantity=(round_half_up(owed.yuan, SHOWN_PLACES), "元"), price=(factor, "倍"),
        also=(rule_set.rule("breach.multiples"),), based_on=based_on,
    )  # fmt: skip


def _multiple(code: str, rule_set: RuleSet, stated: Decimal | None) -> tuple[Rule, Decimal]:
    """The multiple: the rule's own, or a smaller one where the set says “not more than”."""
    rule = rule_set.rule(code)
    most = rule.number()
    if stated is None or stated == most:
        return rule, most
    if rule_set.rule("breach.multiples").value == FIXED:
        raise MultipleRefused(
            "倍数 multiple 应为 %(most)s：规则集 %(rule_set)s 规定固定倍数（%(article)s），现为 "
            "%(stated)s。",
            most=plain(most),
            rule_set=rule_set.code,
            article=rule.article,
            stated=plain(stated),
        )
    if stated > most:
        raise MultipleRefused(
            "倍数 multiple 应不高于 %(most)s（%(article)s），现为 %(stated)s。",
            most=plain(most),
            article=rule.article,
            stated=plain(stated),
        )
    return rule, stated
