"""What goes into a study: the network nearby, the declared load, prices. Plain frozen values.

Loads in kW, kvar and kVA, voltages in kV, lengths in km, money in yuan, all Decimal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeVar

from busbar.billing import rating
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month
from busbar.network.conductors import Conductor, shipped_conductors

Grade = Literal["special", "first", "second", "temporary", "none"]
"""Importance of the customer (重要性等级), as `customers.Importance` has it."""

GRADE_NAMES: Mapping[str, str] = {
    "special": "特级重要",
    "first": "一级重要",
    "second": "二级重要",
    "temporary": "临时性重要",
    "none": "非重要",
}


class UnableToStudy(Refusal):
    """The facts do not allow a study; the message says which one is missing or contradicts."""


@dataclass(frozen=True, slots=True)
class MainTransformer:
    """主变: on which bus section it stands and what it can carry."""

    code: str
    bus: str
    capacity_kva: Decimal
    low_voltage_kv: Decimal
    uk_percent: Decimal


@dataclass(frozen=True, slots=True)
class Station:
    """变电站 with its main transformers. `spare_bays` None: not known, taken as available."""

    code: str
    name: str
    voltage_kv: Decimal
    capacity_kva: Decimal
    transformers: tuple[MainTransformer, ...]
    peak_kw: Decimal = Decimal(0)
    spare_bays: int | None = None

    def units_at(self, voltage_kv: Decimal) -> tuple[MainTransformer, ...]:
        """The transformers with this low-side voltage."""
        return tuple(t for t in self.transformers if t.low_voltage_kv == voltage_kv)


@dataclass(frozen=True, slots=True)
class Line:
    """馈线: trunk length and conductor, capacity, and the highest load of the last year.

    `peak_kw` None: not known; then the open capacity goes by `connected_kva`.
    """

    code: str
    name: str
    station: str
    voltage_kv: Decimal
    capacity_kva: Decimal
    length_km: Decimal
    conductor: str
    bus: str = ""
    peak_kw: Decimal | None = None
    peak_power_factor: Decimal = Decimal("0.95")
    connected_kva: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tie:
    """联络: normally open between the ends of two feeders, with what it can hand over."""

    code: str
    one: str
    other: str
    capacity_kva: Decimal


Coded = TypeVar("Coded", Station, Line)


@dataclass(frozen=True, slots=True)
class NetworkPart:
    """The piece of the network a study looks at."""

    stations: tuple[Station, ...]
    lines: tuple[Line, ...]
    ties: tuple[Tie, ...] = ()
    conductors: Mapping[str, Conductor] = field(default_factory=shipped_conductors)

    def station(self, code: str) -> Station:
        """By code; UnableToStudy when it is not in the part."""
        return _find(self.stations, code, "变电站")

    def line(self, code: str) -> Line:
        """By code; UnableToStudy when it is not in the part."""
        return _find(self.lines, code, "馈线")

    def conductor(self, code: str) -> Conductor:
        """By code; UnableToStudy when its impedance is not known."""
        try:
            return self.conductors[code]
        except KeyError:
            raise UnableToStudy("没有导线型号 %(code)s 的参数，请先登记。", code=code) from None


def _find(rows: tuple[Coded, ...], code: str, noun: str) -> Coded:
    for row in rows:
        if row.code == code:
            return row
    raise UnableToStudy("资料中没有%(noun)s %(code)s。", noun=noun, code=code)


@dataclass(frozen=True, slots=True)
class Equipment:
    """用电设备 of one kind. `load_class`: 1 一级负荷, 2 二级负荷, 3 三级负荷.

    `demand_factor` is 需要系数 Kx; `power_factor` the natural one of the group.
    """

    name: str
    count: int
    rated_kw: Decimal
    demand_factor: Decimal
    power_factor: Decimal
    load_class: int = 3


@dataclass(frozen=True, slots=True)
class Distance:
    """Way from the customer to a feeder (its tee at `at_km` of the trunk) or to a station."""

    code: str
    km: Decimal
    at_km: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LoadDeclaration:
    """What the customer declares. Growth is per year in percent over `horizon_years`.

    `safety_load_kw` is 保安负荷, `emergency_kw` his own emergency supply. `shift` names a
    pattern of the parameters (one_shift, two_shift, three_shift).
    """

    customer: str
    equipment: tuple[Equipment, ...]
    simultaneity: Decimal = Decimal("0.9")
    reactive_simultaneity: Decimal = Decimal("0.95")
    target_power_factor: Decimal = Decimal("0.95")
    growth_percent: Decimal = Decimal(0)
    horizon_years: int = 0
    grade: Grade = "none"
    wished_voltage_kv: Decimal | None = None
    safety_load_kw: Decimal = Decimal(0)
    emergency_kw: Decimal = Decimal(0)
    shift: str = "three_shift"
    lines: tuple[Distance, ...] = ()
    stations: tuple[Distance, ...] = ()


@dataclass(frozen=True, slots=True)
class TariffFacts:
    """A tariff with the voltages it is for, `[least_kv, below_kv)`, and its basic prices."""

    least_kv: Decimal
    below_kv: Decimal | None
    tariff: rating.Tariff
    capacity_price: rating.BasicPrice | None = None
    demand_price: rating.BasicPrice | None = None

    @property
    def is_two_part(self) -> bool:
        """Whether a basic charge goes with it."""
        return self.capacity_price is not None or self.demand_price is not None

    def covers(self, voltage_kv: Decimal) -> bool:
        """Whether a customer at this voltage may have it."""
        below = self.below_kv
        return self.least_kv <= voltage_kv and (below is None or voltage_kv < below)


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """Rules and tariffs of the year that starts with `first_month`."""

    first_month: Month
    rule_set: rating.RuleSet
    power_factor_table: rating.PowerFactorTable
    tariffs: tuple[TariffFacts, ...]
    power_factor_standard: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UnitCost:
    """A unit price of works in yuan from a day on: `code` as `line.10.cable`, unit 元/km."""

    code: str
    name: str
    unit: str
    price_yuan: Decimal
    valid_from: dt.date
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Step:
    """A computed number: its name, value, unit and the arithmetic with the numbers in it."""

    name: str
    value: Decimal
    unit: str
    formula: str
    source: str = ""
