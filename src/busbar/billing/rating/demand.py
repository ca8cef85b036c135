"""Basic charge by maximum demand: contract with floor and overrun, actual, discount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating.bill_values import BillLine
from busbar.billing.rating.parts import Part
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.billing.rating.shares import Proration
from busbar.billing.rating.values import BasicPrice, DemandCharge, Infeed
from busbar.kit.errors import Phrase
from busbar.kit.money import plain, round_half_up

MODE_NAMES = {
    "contract_demand": Phrase("按合同最大需量"),
    "actual_demand": Phrase("按实际最大需量"),
}


@dataclass(frozen=True, slots=True)
class BilledDemand:
    """Demand to charge for one infeed and the arithmetic behind it."""

    kw: Decimal
    formula: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Discount:
    """Factor on the demand price by energy per kVA; `rules` empty where it does not apply."""

    factor: Decimal
    rules: tuple[Rule, ...] = ()
    notes: tuple[str, ...] = ()


def demand_lines(
    charge: DemandCharge,
    parts: Sequence[Part],
    month_days: int,
    energy_kwh: Decimal,
    elsewhere_days: int = 0,
) -> tuple[list[BillLine], tuple[str, ...]]:
    """One line for each infeed, price and part (infeeds are summed), and notes.

    `energy_kwh` is the bill's energy, used where the charge does not state the account's;
    `elsewhere_days` of the month are charged by another agreement.
    """
    for part in parts:
        modes = part.rule_set.rule("basic_charge.modes").value
        if not isinstance(modes, tuple) or charge.mode not in modes:
            name = MODE_NAMES[charge.mode]
            raise UnableToRate(
                "规则集 %(rule_set)s 没有%(name)s计收的方式。",
                rule_set=part.rule_set.code,
                name=name,
            )
    used = Decimal(sum(part.period.days for part in parts) + elsewhere_days)
    discounts = [_discount(charge, part.rule_set, energy_kwh) for part in parts]
    lines = []
    for infeed in charge.infeeds:
        number = 0
        for part, discount in zip(parts, discounts, strict=True):
            proration = Proration.of(part.rule_set, "basic_charge.proration", month_days)
            billed = _billed(infeed, charge, part.rule_set)
            for price in charge.prices:
                span = part.period if price.period is None else part.period.overlap(price.period)
                if span is None:
                    continue
                number += 1
                identity = f"basic.{charge.mode}.{infeed.id}" + (f".{number}" if number > 1 else "")
                days = (Decimal(span.days), proration.divisor(used))
                priced = (charge, infeed, price, part.rule_set)
                lines.append(_line(identity, priced, billed, discount, days))
    return lines, tuple(dict.fromkeys(note for found in discounts for note in found.notes))


def _billed(infeed: Infeed, charge: DemandCharge, rule_set: RuleSet) -> BilledDemand:
    measured = infeed.measured_kw
    infeeds = (rule_set.rule("demand.infeeds"),) if len(charge.infeeds) > 1 else ()
    if charge.mode == "actual_demand":
        rules = (rule_set.rule("basic_charge.modes"), *infeeds)
        return BilledDemand(measured, plain(measured), rules)
    contract, shown, floor_rules = _contract(infeed, rule_set)
    threshold = rule_set.rule("demand.overrun_threshold")
    multiplier = rule_set.rule("demand.overrun_multiplier")
    limit = contract * rule_set.number(threshold.code)
    if measured <= limit:
        return BilledDemand(contract, shown, (*floor_rules, threshold, *infeeds))
    times = rule_set.number(multiplier.code)
    kw = limit + times * (measured - limit)
    formula = f"[{plain(limit)} + {plain(times)}×({plain(measured)} − {plain(limit)})]"
    return BilledDemand(kw, formula, (*floor_rules, threshold, multiplier, *infeeds))


def _contract(infeed: Infeed, rule_set: RuleSet) -> tuple[Decimal, str, tuple[Rule, ...]]:
    """The contract value, raised to the floor where the capacity behind the infeed is given."""
    if infeed.contract_kw is None:
        raise UnableToRate(
            "进线 %(id)s 按合同最大需量计收，须给合同最大需量 contract_kw。", id=infeed.id
        )
    floor = rule_set.find("demand.floor_share")
    if floor is None or infeed.capacity_kva is None:
        return infeed.contract_kw, plain(infeed.contract_kw), ()
    least = infeed.capacity_kva * rule_set.number(floor.code)
    if infeed.contract_kw >= least:
        return infeed.contract_kw, plain(infeed.contract_kw), ()
    shown = f"({plain(infeed.capacity_kva)}×{plain(rule_set.number(floor.code))})"
    return least, shown, (floor,)


def _discount(charge: DemandCharge, rule_set: RuleSet, energy_kwh: Decimal) -> Discount:
    """526 号: at 260 kWh and more for each kVA of the contract the demand price is 90 %."""
    threshold = rule_set.find("demand.discount_kwh_per_kva")
    factor = rule_set.find("demand.discount_factor")
    if threshold is None or factor is None:
        return Discount(Decimal(1))
    if not charge.contract_capacity_kva:
        return Discount(Decimal(1), notes=("未给合同变压器容量，未判断每千伏安用电量折扣。",))
    energy = energy_kwh if charge.account_energy_kwh is None else charge.account_energy_kwh
    if energy < rule_set.number(threshold.code) * charge.contract_capacity_kva:
        return Discount(Decimal(1))
    per_kva = round_half_up(energy / charge.contract_capacity_kva, 2)
    least = plain(rule_set.number(threshold.code))
    percent = plain(rule_set.number(factor.code) * 100)
    note = f"每千伏安用电量 {per_kva} kWh，达到 {least} kWh，需量电价按 {percent}% 执行。"
    return Discount(rule_set.number(factor.code), (threshold, factor), (note,))


def _line(
    identity: str,
    priced: tuple[DemandCharge, Infeed, BasicPrice, RuleSet],
    billed: BilledDemand,
    discount: Discount,
    part: tuple[Decimal, Decimal],
) -> BillLine:
    charge, infeed, price, rule_set = priced
    days, divisor = part
    main, *others = billed.rules
    unit_price = price.price * discount.factor
    places = rule_set.integer("rounding.amount_places")
    amount = round_half_up(billed.kw * unit_price * days / divisor, places)
    formula = billed.formula + ("" if days == divisor else f" × {plain(days)}/{plain(divisor)}")
    shown = plain(price.price) + (f"×{plain(discount.factor)}" if discount.rules else "")
    return BillLine(
        id=identity,
        code=f"basic.{charge.mode}",
        name=f"基本电费（{MODE_NAMES[charge.mode]}，{infeed.id}）",
        quantity=billed.kw if days == divisor else round_half_up(billed.kw * days / divisor, 4),
        unit="kW·月",
        price=unit_price,
        price_unit="元/kW·月",
        amount_yuan=amount,
        formula=f"{formula} × {shown} = {amount} 元",
        rule=main,
        also=(*others, *discount.rules, rule_set.rule("basic_charge.proration"), price.rule),
        inputs=(infeed.id,),
    )
