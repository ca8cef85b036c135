"""What goes into a bill: plain frozen values, energies in kWh, money in yuan, days half-open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from busbar.billing.rating.loss_values import ComputedLoss
from busbar.billing.rating.power_factor_table import PowerFactorTable
from busbar.billing.rating.price_series import SeriesCost
from busbar.billing.rating.rules import Rule, RuleSet
from busbar.kit.errors import Phrase
from busbar.kit.periods import Period

PricePeriod = Literal["total", "sharp", "peak", "flat", "valley", "deep_valley"]
"""Periods of the day by price; `total` is all day, the only period of a single-rate tariff."""

Measure = Literal[
    "total",
    "sharp",
    "peak",
    "flat",
    "valley",
    "deep_valley",
    "reactive_forward",
    "reactive_reverse",
]
"""What an energy or register measures: active energy by period, or reactive energy."""

PERIODS_OF_DAY: tuple[PricePeriod, ...] = ("sharp", "peak", "flat", "valley", "deep_valley")

PERIOD_NAMES: Mapping[str, Phrase] = {
    "total": Phrase("全时段"),
    "sharp": Phrase("尖峰"),
    "peak": Phrase("高峰"),
    "flat": Phrase("平段"),
    "valley": Phrase("低谷"),
    "deep_valley": Phrase("深谷"),
}

UnitState = Literal["running", "unsealed", "hot_standby", "cold_standby", "suspended"]
"""`running` 运行; `unsealed` 停用未加封; `hot_standby` 热备用; `cold_standby` 冷备用且加封;
`suspended` 办理减容或暂停并加封. The first three are charged."""

DemandMode = Literal["contract_demand", "actual_demand"]


@dataclass(frozen=True, slots=True)
class UnitCharge:
    """A price per kWh on the billed energy: a fund (代征), line losses, system operation.

    With `includes_deductions` false the lighting and resident energy is left out.
    """

    code: str
    name: str
    price: Decimal
    in_power_factor_base: bool
    rule: Rule
    includes_deductions: bool = True


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices in yuan/kWh by period of the day, or `{"total": price}` for a single rate.

    `price_formulas` tells how a price came about (`0.45×1.5`), for the line's formula.
    Build it once and share it between all accounts that pay it.
    """

    code: str
    name: str
    prices: Mapping[PricePeriod, Decimal]
    rule: Rule
    charges: tuple[UnitCharge, ...] = ()
    price_formulas: Mapping[PricePeriod, str] = field(default_factory=dict)

    @property
    def is_single_rate(self) -> bool:
        """One price all day."""
        return "total" in self.prices


@dataclass(frozen=True, slots=True)
class Energy:
    """A measured quantity: kWh, or kvarh for the reactive measures. `id` is unique in the bill.

    `formula` shows how it came from registers; `evidence` names the readings behind it
    (a register pair, or usage point, days and data version in the lake). `point`: the number of
    the usage point that measured it, empty where nobody said.
    """

    id: str
    measures: Measure
    quantity: Decimal
    formula: str = ""
    evidence: str = ""
    point: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """Losses of the customer's transformer or line not seen by the meter (供电营业规则 第74条).

    `energy_kwh` and `reactive_kvarh` are a full month's unless `days` is None; then they are
    taken as they stand. `period` defaults to the flat period, or all day at a single rate.
    `held_days`: the days of the month on which it holds in all segments; None: `days`.
    """

    id: str
    name: str
    energy_kwh: Decimal
    reactive_kvarh: Decimal = Decimal(0)
    days: int | None = None
    period: PricePeriod | None = None
    held_days: int | None = None


Connection = Literal["inside", "beside"]
"""`inside` behind the main meter (套表, 串接): taken off its energy; `beside` it (并接): added."""


@dataclass(frozen=True, slots=True)
class Deduction:
    """Energy that has its own price: lighting, residents (定量, 定比, 套表, 并接).

    Give `energy_kwh` (fixed or sub-metered) or `share` of the segment's billed energy (定比);
    with `days` a fixed quantity is a full month's. Where the month is cut, `held_days` are the
    days on which it holds in all segments and `days_before` those of the segments before, so
    that the parts add up to the one quantity, to the kWh. What lies inside leaves `taken_from`: a
    period, or `total` for all periods in proportion. `power_factor_rule`: why it counts or not;
    `quantity_rule`: where quantity or share is agreed.
    """

    id: str
    name: str
    price: Decimal
    rule: Rule
    energy_kwh: Decimal | None = None
    share: Decimal | None = None
    taken_from: PricePeriod | None = None
    in_power_factor_energy: bool = True
    in_power_factor_base: bool = False
    connection: Connection = "inside"
    days: int | None = None
    power_factor_rule: Rule | None = None
    quantity_rule: Rule | None = None
    held_days: int | None = None
    days_before: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of the bill with the same meter, tariff and facts (换表、换变压器即分段).

    With a price `series` the energy is billed by interval; its active energies are then the
    series', and the tariff prices only what stands beside it (losses, charges per kWh).
    `period_rules` say why hours belong to another period than on other days (尖峰日).
    """

    id: str
    period: Period
    tariff: Tariff
    energies: tuple[Energy, ...]
    losses: tuple[Loss | ComputedLoss, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    series: SeriesCost | None = None
    period_rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class StateSpan:
    """A unit's state from `start` (the day of sealing or unsealing counts) up to `end`.

    Give the true dates, also outside the bill: a suspension's length decides its charge.
    """

    state: UnitState
    start: dt.date
    end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Transformer:
    """A transformer, or a high-voltage motor (kW taken as kVA). Days without a state: running."""

    id: str
    capacity_kva: Decimal
    states: tuple[StateSpan, ...] = ()
    connected_on: dt.date | None = None
    removed_on: dt.date | None = None
    interlock: str | None = None


@dataclass(frozen=True, slots=True)
class BasicPrice:
    """Yuan per kVA or kW and month, for some days of the bill or (None) all of them."""

    price: Decimal
    rule: Rule
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class CapacityCharge:
    """Basic charge by transformer capacity (按容量). `interlocks`: group → units at once.

    `used`: the days of the bill on which it holds, where an agreement changed; None all.
    """

    prices: tuple[BasicPrice, ...]
    transformers: tuple[Transformer, ...]
    interlocks: Mapping[str, int] = field(default_factory=dict)
    used: Period | None = None


@dataclass(frozen=True, slots=True)
class Infeed:
    """One incoming line: the month's measured maximum demand and, by contract, its value.

    `capacity_kva` (transformers and motors behind it) is needed for the 40 % floor.
    """

    id: str
    measured_kw: Decimal
    contract_kw: Decimal | None = None
    capacity_kva: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DemandCharge:
    """Basic charge by contracted or actual maximum demand; several infeeds are summed.

    `contract_capacity_kva` and the energy of all the account's usage points decide the
    260 kWh/kVA discount; `account_energy_kwh` None takes this bill's energy.
    """

    mode: DemandMode
    prices: tuple[BasicPrice, ...]
    infeeds: tuple[Infeed, ...]
    contract_capacity_kva: Decimal | None = None
    account_energy_kwh: Decimal | None = None
    used: Period | None = None


@dataclass(frozen=True, slots=True)
class PowerFactorAssessment:
    """Which segments answer to which standard (0.90, 0.85, 0.80; None = 不考核).

    `segments` None = all. `basic_charges`: which entries of the bill's `basic` join the base,
    None all, where an agreement with another standard has its own. Below the set's threshold by
    `capacity_kva` nothing is adjusted. `power_factor` given replaces the computed one.
    `standard_rule`: why this standard.
    """

    id: str
    standard: Decimal | None
    segments: tuple[str, ...] | None = None
    capacity_kva: Decimal | None = None
    includes_basic_charge: bool = True
    power_factor: Decimal | None = None
    standard_rule: Rule | None = None
    basic_charges: tuple[int, ...] | None = None

    def takes(self, index: int) -> bool:
        """Whether this entry of the bill's basic charges is in the base."""
        listed = self.basic_charges is None or index in self.basic_charges
        return self.includes_basic_charge and listed


@dataclass(frozen=True, slots=True)
class BillInput:
    """Everything a month's bill needs. `month_days` None: of the calendar month, or the period.

    `rule_set` holds from the first day; `later_rule_sets` take over on their `valid_from`, where
    that lies inside the period. A segment is rated under the set in force on its first day.
    """

    reference: str
    period: Period
    rule_set: RuleSet
    power_factor_table: PowerFactorTable
    segments: tuple[Segment, ...]
    basic: tuple[CapacityCharge | DemandCharge, ...] = ()
    power_factors: tuple[PowerFactorAssessment, ...] = ()
    month_days: int | None = None
    later_rule_sets: tuple[RuleSet, ...] = ()
