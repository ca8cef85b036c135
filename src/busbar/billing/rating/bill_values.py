"""What comes out of rating: a bill whose lines can be followed to what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating.rules import Rule
from busbar.kit.periods import Period


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line: what, how much, at which price, by which rule, from which quantities.

    `inputs` are ids of measured quantities, `based_on` ids of other lines (the power-factor
    line's base). `formula` holds the arithmetic with its numbers. `rule` is the main rule,
    `also` the others that shaped the amount. Quantity × price may differ from the amount by
    rounding only where the quantity is a month's fraction; the formula is exact.
    """

    id: str
    code: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    price_unit: str
    amount_yuan: Decimal
    formula: str
    rule: Rule
    also: tuple[Rule, ...] = ()
    inputs: tuple[str, ...] = ()
    based_on: tuple[str, ...] = ()
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured or derived quantity that lines refer to by id."""

    id: str
    name: str
    value: Decimal
    unit: str
    formula: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class PowerFactorResult:
    """How an assessment came out; `power_factor` None when it was not applied."""

    id: str
    standard: Decimal | None
    active_kwh: Decimal
    reactive_kvarh: Decimal
    power_factor: Decimal | None
    percent: Decimal
    base_yuan: Decimal


@dataclass(frozen=True, slots=True)
class RatedBill:
    """A finished bill: the lines add up to `total_yuan`, to the fen.

    `later_rule_sets` took over inside the period, after `rule_set`.
    """

    reference: str
    period: Period
    rule_set: str
    lines: tuple[BillLine, ...]
    quantities: tuple[Quantity, ...]
    power_factors: tuple[PowerFactorResult, ...]
    notes: tuple[str, ...]
    energy_kwh: Decimal
    total_yuan: Decimal
    average_price: Decimal | None
    later_rule_sets: tuple[str, ...] = ()
