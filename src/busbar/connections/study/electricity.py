"""A year's electricity cost under each basic-charge mode: twelve bills by `billing.rating`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal, cast

from busbar.billing import rating
from busbar.billing.rating.values import PricePeriod
from busbar.connections.study.parameters import Parameters, Shift
from busbar.connections.study.plans import Plan
from busbar.connections.study.sizing import Sizing, TransformerPlan
from busbar.connections.study.values import LoadDeclaration, PriceFacts, Step, TariffFacts
from busbar.kit.money import plain, round_half_up
from busbar.kit.periods import Month

Mode = Literal["capacity", "contract_demand", "actual_demand", "single_rate"]
MODE_NAMES: Mapping[Mode, str] = {
    "capacity": "按容量",
    "contract_demand": "按合同最大需量",
    "actual_demand": "按实际最大需量",
    "single_rate": "单一制",
}
ZERO = Decimal(0)
_MONTHS = 12
_HOURS = Decimal(24)
_FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "sharp": ("sharp", "peak", "flat", "total"),
    "peak": ("peak", "flat", "total"),
    "flat": ("flat", "total"),
    "valley": ("valley", "flat", "total"),
    "deep_valley": ("deep_valley", "valley", "flat", "total"),
}


@dataclass(frozen=True, slots=True)
class CostPart:
    """A kind of charge over the year: the lines' names without dates, and their sum."""

    code: str
    name: str
    amount_yuan: Decimal


@dataclass(frozen=True, slots=True)
class YearlyCost:
    """A year under one tariff and mode. `sample` is the first month's bill with every formula."""

    mode: Mode
    tariff: str
    total_yuan: Decimal
    energy_kwh: Decimal
    parts: tuple[CostPart, ...]
    months_yuan: tuple[Decimal, ...]
    sample: rating.RatedBill
    steps: tuple[Step, ...]

    @property
    def average_price(self) -> Decimal:
        """Yuan per kWh over the year, four decimals."""
        return round_half_up(self.total_yuan / self.energy_kwh, 4) if self.energy_kwh else ZERO


def price_year(
    plan: Plan, load: LoadDeclaration, sizing: Sizing, prices: PriceFacts, parameters: Parameters
) -> tuple[YearlyCost, ...]:
    """Each mode that tariff and rule set allow at the plan's voltage and capacity, cheapest first.

    Energy = highest load × load factor × hours, in shares by shift; the demand is the calculated
    load of the first years. Empty where no tariff fits.
    """
    if plan.transformers is None:
        return ()
    year = _Year(load, sizing, prices, parameters.shift(load.shift))
    found = [
        year.price(tariff, mode, plan.transformers)
        for tariff in prices.tariffs
        if tariff.covers(plan.voltage_kv)
        for mode in _modes(tariff, plan.transformers.total_kva, prices.rule_set)
    ]
    return tuple(sorted(found, key=lambda cost: cost.total_yuan))


def _modes(tariff: TariffFacts, capacity_kva: Decimal, rule_set: rating.RuleSet) -> Iterator[Mode]:
    """The modes a new customer of this capacity may choose."""
    threshold = rule_set.find("two_part.threshold_kva")
    optional = rule_set.find("two_part.optional_above_kva")
    if not tariff.is_two_part:
        if threshold is None or capacity_kva < rule_set.number(threshold.code):
            yield "single_rate"
        return
    least = optional or threshold
    if least is not None:
        figure = rule_set.number(least.code)
        if capacity_kva <= figure if least is optional else capacity_kva < figure:
            return
    allowed = rule_set.rule("basic_charge.modes").value
    for mode in ("capacity", "contract_demand", "actual_demand"):
        price = tariff.capacity_price if mode == "capacity" else tariff.demand_price
        if price is not None and isinstance(allowed, tuple) and mode in allowed:
            yield cast(Mode, mode)


@dataclass(frozen=True, slots=True)
class _Year:
    """The customer's first year as the meters would see it."""

    load: LoadDeclaration
    sizing: Sizing
    prices: PriceFacts
    shift: Shift

    def price(self, tariff: TariffFacts, mode: Mode, units: TransformerPlan) -> YearlyCost:
        bills = [rating.rate(self._bill(m, tariff, mode, units)) for m in self._months()]
        energy = sum((bill.energy_kwh for bill in bills), ZERO)
        return YearlyCost(
            mode=mode,
            tariff=tariff.tariff.name,
            total_yuan=sum((bill.total_yuan for bill in bills), ZERO),
            energy_kwh=energy,
            parts=_parts(bills),
            months_yuan=tuple(bill.total_yuan for bill in bills),
            sample=bills[0],
            steps=self._steps(energy),
        )

    def _months(self) -> Iterator[Month]:
        month = self.prices.first_month
        for _ in range(_MONTHS):
            yield month
            month = month.next

    def _bill(
        self, month: Month, tariff: TariffFacts, mode: Mode, units: TransformerPlan
    ) -> rating.BillInput:
        energies = self._energies(month, tariff.tariff)
        basic = self._basic(tariff, mode, units)
        assessment = rating.PowerFactorAssessment(
            id="main",
            standard=self.prices.power_factor_standard,
            capacity_kva=units.total_kva,
        )
        return rating.BillInput(
            reference=f"{self.load.customer} {month} {MODE_NAMES[mode]}",
            period=month.period,
            rule_set=self.prices.rule_set,
            power_factor_table=self.prices.power_factor_table,
            segments=(rating.Segment("s1", month.period, tariff.tariff, energies),),
            basic=(basic,) if basic else (),
            power_factors=(assessment,) if assessment.standard is not None else (),
        )

    def _energies(self, month: Month, tariff: rating.Tariff) -> tuple[rating.Energy, ...]:
        """Energy by the periods the tariff has; the last takes the rounding rest."""
        total = self._energy_kwh(month)
        shares = self._shares(tariff)
        energies = []
        rest = total
        for place, (period, share) in enumerate(shares.items(), start=1):
            kwh = rest if place == len(shares) else round_half_up(total * share, 0)
            rest -= kwh
            formula = f"{plain(total)} × {plain(share)}"
            energies.append(rating.Energy(f"s1.{period}", period, kwh, formula, self.shift.name))
        load = self.sizing.now
        kvarh = round_half_up(total * load.reactive_kvar / load.active_kw, 0)
        formula = f"{plain(total)} × {plain(load.reactive_kvar)}/{plain(load.active_kw)}"
        energies.append(rating.Energy("s1.reactive", "reactive_forward", kvarh, formula))
        return tuple(energies)

    def _shares(self, tariff: rating.Tariff) -> dict[PricePeriod, Decimal]:
        shares: dict[PricePeriod, Decimal] = {}
        for period, share in self.shift.shares.items():
            priced = next(p for p in _FALLBACKS[period] if p in tariff.prices)
            key = cast(PricePeriod, priced)
            shares[key] = shares.get(key, ZERO) + share
        return shares

    def _energy_kwh(self, month: Month) -> Decimal:
        hours = _HOURS * month.days
        return round_half_up(self.sizing.now.active_kw * self.shift.load_factor * hours, 0)

    def _basic(
        self, tariff: TariffFacts, mode: Mode, units: TransformerPlan
    ) -> rating.CapacityCharge | rating.DemandCharge | None:
        if mode == "single_rate":
            return None
        if mode == "capacity":
            price = cast(rating.BasicPrice, tariff.capacity_price)
            installed = tuple(
                rating.Transformer(f"T{n}", units.unit_kva) for n in range(1, units.count + 1)
            )
            return rating.CapacityCharge((price,), installed)
        demand = self.sizing.now.active_kw
        infeed = rating.Infeed(
            id="进线",
            measured_kw=demand,
            contract_kw=demand.to_integral_value(ROUND_CEILING),
            capacity_kva=units.total_kva,
        )
        price = cast(rating.BasicPrice, tariff.demand_price)
        return rating.DemandCharge(mode, (price,), (infeed,), contract_capacity_kva=units.total_kva)

    def _steps(self, energy_kwh: Decimal) -> tuple[Step, ...]:
        demand, factor = self.sizing.now.active_kw, self.shift.load_factor
        hours = sum((_HOURS * month.days for month in self._months()), ZERO)
        formula = f"{plain(demand)} kW × {plain(factor)} × {plain(hours)} h（逐月取整）"
        return (
            Step("最大需量", demand, "kW", "投产初期计算有功"),
            Step("年用电量", energy_kwh, "kWh", formula, self.shift.source),
        )


def _parts(bills: list[rating.RatedBill]) -> tuple[CostPart, ...]:
    sums: dict[str, Decimal] = {}
    names: dict[str, str] = {}
    for bill in bills:
        for line in bill.lines:
            sums[line.code] = sums.get(line.code, ZERO) + line.amount_yuan
            names.setdefault(line.code, line.name)
    return tuple(CostPart(code, names[code], amount) for code, amount in sums.items())
