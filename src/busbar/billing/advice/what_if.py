"""A month's facts changed in one respect and rated again; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from busbar.billing import rating
from busbar.billing.rating import BillInput, Energy, RatedBill, Segment
from busbar.kit.money import to_fen

Mode = Literal["capacity", "contract_demand", "actual_demand"]
MODES: tuple[Mode, ...] = ("capacity", "contract_demand", "actual_demand")
MODE_NAMES = {
    "capacity": "按容量",
    "contract_demand": "按合同最大需量",
    "actual_demand": "按实际最大需量",
}
HOURS_OF_DAY = 24
MONTHS_OF_YEAR = 12


@dataclass(frozen=True)
class MonthFacts:
    """A billed month: what was rated, and what the other ways of charging would need.

    `capacity` is the charge by transformers, `demand_prices` yuan per kW; None and empty
    where the month's tariff or the registers do not have it. `demand_kw` is the maximum demand
    that was billed.
    """

    month: str
    bill_input: BillInput
    demand_kw: Decimal
    contract_capacity_kva: Decimal
    capacity: rating.CapacityCharge | None
    demand_prices: tuple[rating.BasicPrice, ...]


@dataclass(frozen=True)
class MonthCost:
    """A month in yuan: the whole bill and, within it, the basic charge."""

    month: str
    total_yuan: Decimal
    basic_yuan: Decimal


def rate_month(facts: MonthFacts, changed: BillInput) -> MonthCost:
    """Rate changed facts of a month."""
    bill = rating.rate(changed)
    return MonthCost(facts.month, bill.total_yuan, basic_yuan(bill))


def basic_yuan(bill: RatedBill) -> Decimal:
    """The bill's basic charge."""
    basic = (line.amount_yuan for line in bill.lines if line.code.startswith("basic."))
    return sum(basic, Decimal(0))


def with_mode(facts: MonthFacts, mode: Mode, contract_kw: int | None = None) -> BillInput:
    """The month charged by another mode; UnableToRate where prices or registers lack it."""
    charge: rating.CapacityCharge | rating.DemandCharge
    if mode == "capacity":
        if facts.capacity is None:
            raise rating.UnableToRate("%(month)s 没有容量电价或受电变压器台账", month=facts.month)
        charge = facts.capacity
    else:
        charge = _by_demand(facts, mode, contract_kw)
    return replace(facts.bill_input, basic=(charge,))


def _by_demand(
    facts: MonthFacts,
    mode: Literal["contract_demand", "actual_demand"],
    contract_kw: int | None,
) -> rating.DemandCharge:
    if not facts.demand_prices:
        raise rating.UnableToRate("%(month)s 没有需量电价", month=facts.month)
    infeed = rating.Infeed(
        id="account",
        measured_kw=facts.demand_kw,
        contract_kw=None if contract_kw is None else Decimal(contract_kw),
        capacity_kva=facts.contract_capacity_kva,
    )
    return rating.DemandCharge(
        mode=mode,
        prices=facts.demand_prices,
        infeeds=(infeed,),
        contract_capacity_kva=facts.contract_capacity_kva,
    )


def with_compensation(bill_input: BillInput, kvar: int) -> BillInput:
    """With `kvar` of capacitors in service all month, switched so that they never overshoot."""
    left = Decimal(kvar) * bill_input.period.days * HOURS_OF_DAY
    segments = []
    for segment in bill_input.segments:
        energies = []
        for energy in segment.energies:
            taken = Decimal(0)
            if energy.measures == "reactive_forward":
                taken = min(left, max(energy.quantity, Decimal(0)))
            left -= taken
            energies.append(replace(energy, quantity=energy.quantity - taken))
        segments.append(replace(segment, energies=tuple(energies)))
    return replace(bill_input, segments=tuple(segments))


def with_shift(
    bill_input: BillInput, share: Decimal, sources: Sequence[str], target: str
) -> tuple[BillInput, Decimal]:
    """Move a share of the sources' energy to the target period; also the kWh that moved."""
    segments, moved = [], Decimal(0)
    for segment in bill_input.segments:
        kept, shifted = _shifted(segment, share, sources, target)
        segments.append(kept)
        moved += shifted
    return replace(bill_input, segments=tuple(segments)), moved


def _shifted(
    segment: Segment, share: Decimal, sources: Sequence[str], target: str
) -> tuple[Segment, Decimal]:
    energies, moved = [], Decimal(0)
    for energy in segment.energies:
        part = Decimal(0)
        if energy.measures in sources:
            part = (energy.quantity * share).quantize(Decimal(1))
        energies.append(replace(energy, quantity=energy.quantity - part))
        moved += part
    if not moved:
        return segment, moved
    arrived = Energy(id=f"{segment.id}.shifted", measures=target, quantity=moved)  # type: ignore[arg-type]
    return replace(segment, energies=(*energies, arrived)), moved


def a_year(yuan: Decimal, months: int) -> Decimal:
    """What an amount over some months is in a year, to the fen.

    >>> a_year(Decimal("900.00"), 9)
    Decimal('1200.00')
    """
    return to_fen(yuan * MONTHS_OF_YEAR / months)


def total(costs: Iterable[MonthCost]) -> Decimal:
    """The months together in yuan."""
    return sum((cost.total_yuan for cost in costs), Decimal(0))
