"""From a plan to circuits: the source's path, what already hangs on it, and the new customer.

The existing load of a feeder is spread evenly along its trunk. It is put at two points: the share
up to the tee at the middle of that stretch, the rest at the middle of the remaining one. So the
head carries the whole current, and tee and end have the voltage of the even spread (linearised).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from busbar.connections.study.circuits import Branch, BusLoad, Circuit, Transformation
from busbar.connections.study.parameters import Parameters
from busbar.connections.study.plans import Plan, SourcePlan
from busbar.connections.study.sizing import CalculatedLoad, tangent
from busbar.connections.study.values import Line, MainTransformer, NetworkPart, Station, Tie

ZERO, TWO = Decimal(0), Decimal(2)
CUSTOMER_POINT = "受电点"
RECEIVING = "受电变压器"
NEW_LINE = "新建线路"
_HIGH_KV = Decimal(35)
_MIDDLE_KV = Decimal("10.5")


class _Draft:
    """A circuit being put together."""

    def __init__(self) -> None:
        self.buses: dict[str, Decimal] = {}
        self.infeeds: list[str] = []
        self.branches: list[Branch] = []
        self.transformations: list[Transformation] = []
        self.loads: list[BusLoad] = []

    def circuit(self) -> Circuit:
        return Circuit(
            buses=self.buses,
            infeeds=tuple(self.infeeds),
            branches=tuple(self.branches),
            transformations=tuple(self.transformations),
            loads=tuple(self.loads),
        )


@dataclass(frozen=True, slots=True)
class Model:
    """Builds the circuits of one plan."""

    network: NetworkPart
    plan: Plan
    parameters: Parameters

    def on_source(
        self,
        source: SourcePlan,
        part: CalculatedLoad,
        *,
        coupled: bool = False,
        units: int | None = None,
    ) -> Circuit | None:
        """The customer's `part` from one source, `units` of his transformers in use.

        `coupled`: the section's own transformer is out and the others of the station take over;
        None where the station has no other.
        """
        draft = _Draft()
        line = self.network.line(source.line) if source.line else None
        peak = line.peak_kw or ZERO if line else ZERO
        bus = self._section(draft, source.station, source.bus, peak, coupled=coupled)
        if bus is None:
            return None
        if line is not None:
            bus = self._trunk(draft, line, bus, source.at_km)
        point = self._line(draft, NEW_LINE, bus, CUSTOMER_POINT, source.new_km, source.conductor)
        self._customer(draft, point, part, units)
        return draft.circuit()

    def through_tie(self, source: SourcePlan, tie: Tie, part: CalculatedLoad) -> Circuit | None:
        """The feeder's head is out: the feeder at the other end of the tie carries both."""
        own = self.network.line(source.line or "")
        other = self.network.line(tie.other if tie.one == own.code else tie.one)
        draft = _Draft()
        bus = self._section(draft, other.station, other.bus, other.peak_kw or ZERO)
        if bus is None:
            return None
        half = other.length_km / TWO
        middle = self._line(
            draft, f"{other.code} 首段", bus, f"{other.code} 中点", half, other.conductor
        )
        self._existing(draft, middle, other, Decimal(1))
        end = self._line(
            draft, f"{other.code} 后段", middle, f"{other.code} 联络点", half, other.conductor
        )
        tee = self._backwards(draft, own, end, source.at_km)
        point = self._line(draft, NEW_LINE, tee, CUSTOMER_POINT, source.new_km, source.conductor)
        self._customer(draft, point, part, None)
        return draft.circuit()

    def _section(
        self, draft: _Draft, code: str, bus: str, feeder_peak: Decimal, *, coupled: bool = False
    ) -> str | None:
        """The station's high side, the transformers of the bus section, and its other load."""
        station = self.network.station(code)
        level = self.plan.voltage_kv
        at_level = station.units_at(level)
        own = tuple(t for t in at_level if t.bus == bus) or at_level
        others = tuple(t for t in at_level if t not in own)
        feeding = others if coupled else own
        if not feeding:
            return None
        high, low = f"{code} 高压", f"{code} {bus}".strip()
        draft.buses[high], draft.buses[low] = station.voltage_kv, level
        draft.infeeds.append(high)
        for unit in feeding:
            draft.transformations.append(self._main(station, unit, high, low))
        loaded = at_level if coupled else own
        existing = max(_share(station, loaded) - feeder_peak, ZERO)
        self._load(draft, low, existing, Decimal("0.95"))
        return low

    def _main(self, station: Station, unit: MainTransformer, high: str, low: str) -> Transformation:
        number = self.parameters.number
        return Transformation(
            name=unit.code,
            high=high,
            low=low,
            unit_kva=unit.capacity_kva,
            high_kv=station.voltage_kv,
            low_kv=unit.low_voltage_kv * number("tap.no_load_ratio"),
            uk_percent=unit.uk_percent,
            copper_percent=number("copper_loss.main_percent"),
            tap_steps=int(number("tap.steps")),
            tap_percent=number("tap.step_percent"),
            target_percent=number("tap.target_percent"),
        )

    def _trunk(self, draft: _Draft, line: Line, bus: str, at_km: Decimal) -> str:
        """The feeder with its load, as the module says; returns the bus of the tee."""
        tee_share = at_km / line.length_km
        half, rest = at_km / TWO, (line.length_km - at_km) / TWO
        middle = self._line(
            draft, f"{line.code} 首段", bus, f"{line.code} 中点", half, line.conductor
        )
        self._existing(draft, middle, line, tee_share)
        tee = self._line(
            draft, f"{line.code} 中段", middle, f"{line.code} T接点", half, line.conductor
        )
        tail = self._line(
            draft, f"{line.code} 后段", tee, f"{line.code} 末端", rest, line.conductor
        )
        self._existing(draft, tail, line, 1 - tee_share)
        return tee

    def _backwards(self, draft: _Draft, line: Line, end: str, at_km: Decimal) -> str:
        """The same feeder fed from its end."""
        tee_share = at_km / line.length_km
        half, rest = at_km / TWO, (line.length_km - at_km) / TWO
        tail = self._line(
            draft, f"{line.code} 末段", end, f"{line.code} 后中点", rest, line.conductor
        )
        self._existing(draft, tail, line, 1 - tee_share)
        tee = self._line(
            draft, f"{line.code} 后段", tail, f"{line.code} T接点", rest, line.conductor
        )
        head = self._line(
            draft, f"{line.code} 中段", tee, f"{line.code} 中点", half, line.conductor
        )
        self._existing(draft, head, line, tee_share)
        return tee

    def _line(
        self, draft: _Draft, name: str, start: str, end: str, km: Decimal, conductor: str
    ) -> str:
        """A stretch of line to a new bus; without length the bus is where it starts."""
        if km <= ZERO:
            return start
        draft.buses[end] = self.plan.voltage_kv
        draft.branches.append(Branch(name, start, end, km, self.network.conductor(conductor)))
        return end

    def _existing(self, draft: _Draft, bus: str, line: Line, share: Decimal) -> None:
        self._load(draft, bus, (line.peak_kw or ZERO) * share, line.peak_power_factor)

    def _load(self, draft: _Draft, bus: str, kw: Decimal, power_factor: Decimal) -> None:
        if kw > ZERO:
            draft.loads.append(BusLoad(bus, kw, kw * tangent(power_factor)))

    def _customer(self, draft: _Draft, point: str, part: CalculatedLoad, units: int | None) -> None:
        """His transformers and load; the point of supply keeps its name whatever the line."""
        transformers = self.plan.transformers
        if transformers is None:
            draft.loads.append(BusLoad(point, part.active_kw, part.reactive_kvar))
            return
        number = self.parameters.number
        low_kv = (
            _MIDDLE_KV if self.plan.voltage_kv >= _HIGH_KV else number("customer.low_voltage_kv")
        )
        low = f"{RECEIVING}低压侧"
        draft.buses[low] = low_kv
        draft.transformations.append(
            Transformation(
                name=RECEIVING,
                high=point,
                low=low,
                unit_kva=transformers.unit_kva,
                high_kv=self.plan.voltage_kv,
                low_kv=low_kv,
                uk_percent=transformers.uk_percent,
                copper_percent=number("copper_loss.customer_percent"),
                count=transformers.count if units is None else units,
            )
        )
        draft.loads.append(BusLoad(low, part.active_kw, part.reactive_kvar))


def point_of_supply(circuit: Circuit) -> str:
    """The bus at which the customer is supplied: where his transformers or load begin."""
    if CUSTOMER_POINT in circuit.buses:
        return CUSTOMER_POINT
    own = [t.high for t in circuit.transformations if t.name == RECEIVING]
    return own[0] if own else circuit.loads[-1].bus


def _share(station: Station, units: tuple[MainTransformer, ...]) -> Decimal:
    """The station's peak that its units carry, by capacity."""
    total = sum((t.capacity_kva for t in station.transformers), ZERO)
    return station.peak_kw * sum((t.capacity_kva for t in units), ZERO) / total if total else ZERO
