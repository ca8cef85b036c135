"""Investment from the dated unit prices, and days of construction from the table of works."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from busbar.connections.study.parameters import Parameters, cost_on
from busbar.connections.study.plans import Plan, SourcePlan
from busbar.connections.study.sizing import Sizing
from busbar.connections.study.values import NetworkPart, Step, UnitCost
from busbar.kit.money import plain, round_half_up, to_fen

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class CostItem:
    """One item of works: quantity × unit price, to the fen."""

    name: str
    quantity: Decimal
    cost: UnitCost
    amount_yuan: Decimal

    @property
    def formula(self) -> str:
        """The arithmetic with its numbers."""
        price = plain(self.cost.price_yuan)
        return f"{plain(self.quantity)} × {price} {self.cost.unit} = {plain(self.amount_yuan)} 元"


@dataclass(frozen=True, slots=True)
class Investment:
    """All works of a plan."""

    items: tuple[CostItem, ...]

    @property
    def total_yuan(self) -> Decimal:
        """Sum of the items."""
        return sum((item.amount_yuan for item in self.items), ZERO)


@dataclass(frozen=True, slots=True)
class Construction:
    """Days from the scheme to energising, and how they come about."""

    days: Decimal
    steps: tuple[Step, ...]


def price_works(
    plan: Plan,
    sizing: Sizing,
    network: NetworkPart,
    unit_costs: Iterable[UnitCost],
    on: dt.date,
) -> Investment:
    """Every work of the plan at the price in force; UnableToStudy where a price is missing."""
    table = tuple(unit_costs)
    items = []
    for code, quantity in _works(plan, sizing, network):
        cost = cost_on(table, code, on)
        items.append(CostItem(cost.name, quantity, cost, to_fen(quantity * cost.price_yuan)))
    return Investment(tuple(items))


def _works(plan: Plan, sizing: Sizing, network: NetworkPart) -> Iterator[tuple[str, Decimal]]:
    level = plain(plan.voltage_kv)
    for source in plan.sources:
        if source.new_km:
            yield f"line.{level}.{_kind(source, network)}", source.new_km
        yield (f"tee.{level}" if source.line else f"bay.{level}"), ONE
    yield f"receiving.{level}", Decimal(len(plan.sources))
    yield f"metering.{level}", Decimal(len(plan.sources))
    if plan.transformers is not None:
        yield f"transformer.{level}", plan.transformers.total_kva
    if sizing.horizon.compensation_kvar:
        yield "compensation", sizing.horizon.compensation_kvar


def _kind(source: SourcePlan, network: NetworkPart) -> str:
    return network.conductor(source.conductor).kind


def schedule(plan: Plan, network: NetworkPart, parameters: Parameters) -> Construction:
    """Preparation, then lines, bays and the customer's works side by side: the longest decides."""
    table = parameters.construction_times
    preparation = table["preparation"]
    works = []
    for source in plan.sources:
        per_km = table[f"line.{_kind(source, network)}"]
        point = table["tee" if source.line else "bay"]
        # A bay is built while the line is; a tee can only be made when the line has come there.
        along = source.new_km * per_km.days
        days = along + point.days if source.line else max(along, point.days)
        joined = "+" if source.line else "与"
        formula = (
            f"{plain(source.new_km)} km × {plain(per_km.days)} {joined} "
            f"{point.name} {plain(point.days)} 天"
        )
        works.append(Step(f"电源工程 {source}", days, "天", formula, per_km.source))
    receiving = _receiving(plan, parameters)
    works.append(receiving)
    longest = max(works, key=lambda step: step.value)
    total = round_half_up(preparation.days + longest.value, 0)
    steps = (
        Step(preparation.name, preparation.days, "天", "定值", preparation.source),
        *works,
        Step(
            "工期",
            total,
            "天",
            f"{plain(preparation.days)} + max({'，'.join(plain(w.value) for w in works)})",
        ),
    )
    return Construction(total, steps)


def _receiving(plan: Plan, parameters: Parameters) -> Step:
    """Days of the customer's own works: of the highest level that is not above the plan's."""
    found = [
        (Decimal(code.removeprefix("receiving.")), entry)
        for code, entry in parameters.construction_times.items()
        if code.startswith("receiving.")
    ]
    fitting = [pair for pair in found if pair[0] <= plan.voltage_kv] or found[:1]
    entry = max(fitting, key=lambda pair: pair[0])[1]
    return Step(entry.name, entry.days, "天", "定值", entry.source)
