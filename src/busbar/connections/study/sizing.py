"""Sizing: calculated load by demand factors, growth, and transformers of the standard series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from busbar.connections.study.parameters import Parameters
from busbar.connections.study.values import Equipment, LoadDeclaration, Step, UnableToStudy
from busbar.kit.money import plain, round_half_up

ZERO, ONE = Decimal(0), Decimal(1)
PLACES = 2
"""Decimals of every stated load."""
IMPORTANT = frozenset({"special", "first", "second"})
_METHOD = "需要系数法（工业与民用供配电设计手册）"
_THIRD_CLASS = 3


@dataclass(frozen=True, slots=True)
class CalculatedLoad:
    """Load at the customer's bus after compensation; kvar is what is left of it."""

    active_kw: Decimal
    reactive_kvar: Decimal
    compensation_kvar: Decimal
    apparent_kva: Decimal
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class TransformerPlan:
    """So many equal transformers of a standard rating."""

    count: int
    unit_kva: Decimal
    uk_percent: Decimal

    @property
    def total_kva(self) -> Decimal:
        """Capacity of all of them."""
        return self.count * self.unit_kva

    def __str__(self) -> str:
        return f"{self.count}×{plain(self.unit_kva)}kVA"


@dataclass(frozen=True, slots=True)
class Sizing:
    """What has to be supplied: now, at the horizon, the part that must not fail, and kVA needed."""

    now: CalculatedLoad
    horizon: CalculatedLoad
    essential: CalculatedLoad
    required_kva: Decimal
    steps: tuple[Step, ...]


def size(load: LoadDeclaration, parameters: Parameters) -> Sizing:
    """Calculated load now and at the horizon, and the transformer capacity it asks for.

    Essential is the first- and second-class load at the horizon; an important customer who
    declares none has all of it essential. Raises UnableToStudy without equipment.
    """
    if not load.equipment:
        raise UnableToStudy("用电设备清单为空，无法计算负荷。")
    now = _calculated(load, load.equipment, ONE)
    growth, factor = _growth(load)
    horizon = _calculated(load, load.equipment, factor)
    classed = [e for e in load.equipment if e.load_class < _THIRD_CLASS]
    if not classed and load.grade in IMPORTANT:
        classed = list(load.equipment)
    essential = _calculated(load, classed, factor)
    target = parameters.figures["transformer.target_loading"]
    required = round_half_up(horizon.apparent_kva / target.value, PLACES)
    needed = Step(
        "所需变压器容量",
        required,
        "kVA",
        f"{plain(horizon.apparent_kva)} ÷ {plain(target.value)} = {plain(required)}",
        target.source,
    )
    return Sizing(now, horizon, essential, required, (growth, needed))


def _growth(load: LoadDeclaration) -> tuple[Step, Decimal]:
    factor = (ONE + load.growth_percent / 100) ** load.horizon_years
    formula = (
        f"(1 + {plain(load.growth_percent)}%)^{load.horizon_years} = "
        f"{plain(round_half_up(factor, 4))}"
    )
    return Step("负荷增长倍数", round_half_up(factor, 4), "", formula, "客户申报"), factor


def _calculated(
    load: LoadDeclaration, equipment: Iterable[Equipment], factor: Decimal
) -> CalculatedLoad:
    """P = K∑p·ΣKx·n·Pe·growth, Q likewise by each group's tan φ, then compensation."""
    groups = [(e, e.demand_factor * e.count * e.rated_kw) for e in equipment]
    active_sum = sum((kw for _, kw in groups), ZERO)
    reactive_sum = sum((kw * tangent(e.power_factor) for e, kw in groups), ZERO)
    active = round_half_up(load.simultaneity * active_sum * factor, PLACES)
    natural = round_half_up(load.reactive_simultaneity * reactive_sum * factor, PLACES)
    allowed = round_half_up(active * tangent(load.target_power_factor), PLACES)
    compensation = max(natural - allowed, ZERO)
    reactive = natural - compensation
    apparent = round_half_up((active**2 + reactive**2).sqrt(), PLACES)
    steps = (
        *(_group_step(e, kw) for e, kw in groups),
        Step("计算有功", active, "kW", _product(load.simultaneity, active_sum, factor), _METHOD),
        Step(
            "自然无功",
            natural,
            "kvar",
            _product(load.reactive_simultaneity, round_half_up(reactive_sum, PLACES), factor),
            _METHOD,
        ),
        Step(
            "补偿容量",
            compensation,
            "kvar",
            f"{plain(natural)} − {plain(active)}×tan(arccos {plain(load.target_power_factor)})",
            "补偿至目标功率因数",
        ),
        Step(
            "计算视在",
            apparent,
            "kVA",
            f"√({plain(active)}² + {plain(reactive)}²) = {plain(apparent)}",
            _METHOD,
        ),
    )
    return CalculatedLoad(active, reactive, compensation, apparent, steps)


def _group_step(equipment: Equipment, kw: Decimal) -> Step:
    factors = (equipment.demand_factor, Decimal(equipment.count), equipment.rated_kw)
    return Step(equipment.name, round_half_up(kw, PLACES), "kW", _product(*factors), _METHOD)


def _product(*factors: Decimal) -> str:
    return " × ".join(plain(round_half_up(factor, 4)) for factor in factors)


def tangent(power_factor: Decimal) -> Decimal:
    """tan φ of a cos φ in (0, 1].

    >>> tangent(Decimal("0.8")), tangent(Decimal(1))
    (Decimal('0.75'), Decimal('0'))
    """
    if not ZERO < power_factor <= ONE:
        raise UnableToStudy(
            "功率因数 %(power_factor)s 应大于 0、不大于 1。", power_factor=power_factor
        )
    return (ONE / power_factor**2 - ONE).sqrt()


def split(
    sizing: Sizing, voltage_kv: Decimal, parameters: Parameters, *, least_count: int = 1
) -> TransformerPlan | None:
    """The fewest equal transformers that carry the load, None where no rating suffices.

    With essential load there are two at least, and one may fail: the others carry it within
    `transformer.emergency_loading`.
    """
    series = parameters.series_for(voltage_kv)
    essential = sizing.essential.apparent_kva / parameters.number("transformer.emergency_loading")
    fewest = max(least_count, 2 if essential else 1)
    for count in range(fewest, int(parameters.number("transformer.most_units")) + 1):
        needed = sizing.required_kva / count
        if essential:
            needed = max(needed, essential / (count - 1))
        unit = next((rating for rating in series.ratings_kva if rating >= needed), None)
        if unit is not None:
            return TransformerPlan(count, unit, series.uk_of(unit))
    return None
