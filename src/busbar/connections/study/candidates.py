"""Candidate schemes from the feeders and stations near the customer that still have capacity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from busbar.connections.study.parameters import Parameters, SourceRule
from busbar.connections.study.plans import Plan, SourcePlan
from busbar.connections.study.sizing import Sizing, TransformerPlan, split
from busbar.connections.study.values import (
    Line,
    LoadDeclaration,
    NetworkPart,
    Station,
    UnableToStudy,
)
from busbar.kit.money import plain, round_half_up

ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_SQRT3 = Decimal(3).sqrt()
_USUAL_MOST = 2
"""Sources offered to a customer whose grade does not ask for more."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A source that could be built, and what stands against it."""

    source: SourcePlan
    open_kva: Decimal
    obstacles: tuple[str, ...]


def open_kva(line: Line, parameters: Parameters) -> Decimal:
    """What a feeder can still take: its limit less its peak, or less what is connected."""
    limit = line.capacity_kva * parameters.number("loading.line_percent") / _HUNDRED
    if line.peak_kw is None:
        return line.capacity_kva - line.connected_kva
    return round_half_up(limit - line.peak_kw / line.peak_power_factor, 2)


def list_candidates(
    network: NetworkPart, load: LoadDeclaration, sizing: Sizing, parameters: Parameters
) -> tuple[Plan, ...]:
    """Plans, those without obstacle first, up to `study.most_alternatives`.

    First what the grade asks for at the fitting voltage, then other ways, other voltages and
    another split of transformers; infeasible ones keep their reasons.
    """
    site = _Site(network, load, sizing, parameters)
    found: list[Plan] = []
    for plan in site.plans():
        if plan.key not in {known.key for known in found}:
            found.append(plan)
    # Of what can be built the order of preference stays; the rest only fills up the comparison.
    found.sort(key=lambda plan: not plan.is_feasible)
    feasible = sum(plan.is_feasible for plan in found)
    most = int(parameters.number("study.most_alternatives"))
    least = int(parameters.number("study.least_alternatives"))
    return tuple(found[: min(most, max(feasible, least))])


class _Site:
    """The customer's place in the network: what is near, at which voltages."""

    def __init__(
        self,
        network: NetworkPart,
        load: LoadDeclaration,
        sizing: Sizing,
        parameters: Parameters,
    ) -> None:
        self.network, self.load, self.sizing, self.parameters = network, load, sizing, parameters
        self.needed_kva = sizing.horizon.apparent_kva
        self.rule: SourceRule = parameters.source_rules[load.grade]

    def plans(self) -> Iterator[Plan]:
        """What the grade asks for first, then another split, another voltage, more, fewer."""
        first, *others = self._voltages()
        asked = self.rule.sources
        exact = [way for way in self._ways() if way.sources == asked]
        more = [way for way in self._ways() if asked < way.sources <= _USUAL_MOST]
        fewer = [way for way in self._ways() if way.sources < asked]
        yield from (self._plan(way, first) for way in exact)
        yield self._split_again(exact[0], first)
        yield from (self._plan(way, voltage) for voltage in others[:1] for way in exact[:2])
        yield from (self._plan(way, first) for way in (*more, *fewer))

    def _ways(self) -> Sequence[_Way]:
        tees, bays = self._tees, self._bays
        return (
            _Way("single-tee", "单电源·公线T接", 1, (tees,)),
            _Way("single-dedicated", "单电源·专线", 1, (bays,)),
            _Way("dual-stations", "双电源·不同变电站", 2, (tees, tees), stations=2),
            _Way("dual-stations-dedicated", "双电源·专线主供", 2, (bays, tees), stations=2),
            _Way("dual-buses", "双电源·同站不同母线", 2, (tees, tees), stations=1),
            _Way("triple", "三路电源", 3, (tees, tees, tees), stations=2),
            _Way("triple-dedicated", "三路电源·专线主供", 3, (bays, tees, tees), stations=2),
        )

    def _voltages(self) -> list[Decimal]:
        """Voltages at hand: the wished and those whose band fits first, then by closeness."""
        at_hand = {line.voltage_kv for line in self.network.lines} | {
            unit.low_voltage_kv for s in self.network.stations for unit in s.transformers
        }
        if not at_hand:
            raise UnableToStudy("资料中没有馈线，也没有变电站主变，无从生成方案。")
        return sorted(at_hand, key=lambda kv: (*self._rank(kv), kv))

    def _rank(self, voltage: Decimal) -> tuple[bool, bool, Decimal]:
        bands = [b for b in self.parameters.voltage_bands if b.voltage_kv == voltage]
        capacity = self.sizing.required_kva
        fits = any(band.takes(capacity) for band in bands)
        away = min(
            (max(band.least_kva - capacity, capacity - band.most_kva, ZERO) for band in bands),
            default=capacity,
        )
        return not fits, voltage != self.load.wished_voltage_kv, away

    def _plan(self, way: _Way, voltage: Decimal) -> Plan:
        offers = self._choose(way, voltage)
        transformers = split(self.sizing, voltage, self.parameters)
        obstacles = [reason for offer in offers for reason in offer.obstacles]
        if len(offers) < way.sources:
            obstacles.append(
                f"{plain(voltage)}kV 只找到 {len(offers)} 路可用电源，{way.name}需 {way.sources} 路"
            )
        if transformers is None:
            obstacles.append(f"{plain(voltage)}kV 受电变压器标准容量不够")
        return Plan(
            key=f"{way.key}-{plain(voltage)}",
            name=f"{plain(voltage)}kV {way.name}",
            voltage_kv=voltage,
            sources=tuple(offer.source for offer in offers),
            transformers=transformers,
            obstacles=tuple(obstacles),
        )

    def _split_again(self, way: _Way, voltage: Decimal) -> Plan:
        """The same sources with one transformer more."""
        plan = self._plan(way, voltage)
        usual: TransformerPlan | None = plan.transformers
        if usual is None:
            return plan
        more = split(self.sizing, voltage, self.parameters, least_count=usual.count + 1)
        if more is None:
            return plan
        return replace(
            plan,
            key=f"{plan.key}-split",
            name=f"{plan.name}·{more.count} 台变压器",
            transformers=more,
        )

    def _choose(self, way: _Way, voltage: Decimal) -> list[Offer]:
        """The first source by preference, the others so that stations and buses differ.

        Of the main sources tried, the first with a full set of unobstructed ones is taken.
        """
        best: list[Offer] = []
        for main in way.offers[0](voltage):
            chosen = [main]
            for offers in way.offers[1:]:
                fitting = [o for o in offers(voltage) if way.fits(o, chosen)]
                chosen += fitting[:1]
            if not best or _quality(chosen) > _quality(best):
                best = chosen
            if len(best) == way.sources and not any(offer.obstacles for offer in best):
                break
        return best

    def _tees(self, voltage: Decimal) -> list[Offer]:
        """Feeders nearby, those with capacity first, then by distance."""
        lines = {line.code: line for line in self.network.lines if line.voltage_kv == voltage}
        offers = [
            self._tee(lines[distance.code], distance.km, distance.at_km)
            for distance in self.load.lines
            if distance.code in lines
        ]
        return sorted(offers, key=_preference)

    def _tee(self, line: Line, km: Decimal, at_km: Decimal | None) -> Offer:
        at = line.length_km if at_km is None else min(at_km, line.length_km)
        conductor, obstacles = self._conductor(line.voltage_kv)
        free = open_kva(line, self.parameters)
        if free < self.needed_kva:
            obstacles.append(
                f"{line.name}可开放容量 {plain(free)} kVA，小于所需 {plain(self.needed_kva)} kVA"
            )
        source = SourcePlan("tee", line.station, line.bus, line.code, at, km, conductor)
        return Offer(source, free, tuple(obstacles))

    def _bays(self, voltage: Decimal) -> list[Offer]:
        """Stations nearby with a transformer of this voltage, one offer a bus section."""
        offers = [
            offer
            for distance in self.load.stations
            for offer in self._station_bays(
                self.network.station(distance.code), distance.km, voltage
            )
        ]
        return sorted(offers, key=_preference)

    def _station_bays(self, station: Station, km: Decimal, voltage: Decimal) -> Iterator[Offer]:
        for unit in station.units_at(voltage):
            conductor, obstacles = self._conductor(voltage)
            if station.spare_bays == 0:
                obstacles.append(f"{station.name}没有剩余出线间隔")
            share = unit.capacity_kva / sum(t.capacity_kva for t in station.transformers)
            limit = self.parameters.number("loading.transformer_percent") / _HUNDRED
            free = round_half_up(unit.capacity_kva * limit - station.peak_kw * share, 2)
            if free < self.needed_kva:
                obstacles.append(
                    f"{station.name}主变 {unit.code} 可开放容量 {plain(free)} kVA，"
                    f"小于所需 {plain(self.needed_kva)} kVA"
                )
            source = SourcePlan("dedicated", station.code, unit.bus, None, ZERO, km, conductor)
            yield Offer(source, free, tuple(obstacles))

    def _conductor(self, voltage: Decimal) -> tuple[str, list[str]]:
        """The smallest conductor for new lines that carries the load within the limit."""
        current = self.needed_kva / (_SQRT3 * voltage)
        limit = self.parameters.number("loading.line_percent") / _HUNDRED
        choices = self.parameters.new_lines.get(voltage, ())
        for code in choices:
            if self.network.conductor(code).ampacity_a * limit >= current:
                return code, []
        reason = (
            f"{plain(voltage)}kV 新建线路没有载流量够 {plain(round_half_up(current, 0))} A 的型号"
        )
        return (choices[-1] if choices else ""), [reason]


@dataclass(frozen=True, slots=True)
class _Way:
    """A topology: how many sources, where each is looked for, whether stations must differ."""

    key: str
    name: str
    sources: int
    offers: tuple[Callable[[Decimal], list[Offer]], ...]
    stations: int = 1

    def fits(self, offer: Offer, chosen: Sequence[Offer]) -> bool:
        """Whether a further source differs enough from those chosen."""
        used = {other.source.station for other in chosen}
        buses = {(other.source.station, other.source.bus) for other in chosen}
        lines = {other.source.line for other in chosen if other.source.line}
        if offer.source.line in lines:
            return False
        if self.stations == 1:
            return offer.source.station in used and _differs(offer.source, buses)
        if len(used) < self.stations:
            return offer.source.station not in used
        return _differs(offer.source, buses)


def _differs(source: SourcePlan, buses: set[tuple[str, str]]) -> bool:
    return (source.station, source.bus) not in buses


def _quality(offers: Sequence[Offer]) -> tuple[int, int]:
    """More sources, then fewer obstacles."""
    return len(offers), -sum(len(offer.obstacles) for offer in offers)


def _preference(offer: Offer) -> tuple[int, Decimal, str, str]:
    source = offer.source
    return len(offer.obstacles), source.new_km, source.line or source.station, source.bus
