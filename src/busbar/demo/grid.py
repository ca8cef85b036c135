"""Substations, feeders, their ties and transformers, enough for the number of customers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from math import ceil

from numpy.random import Generator

from busbar.demo.names import Place, parts, places
from busbar.demo.organization import city_code, county_code
from busbar.demo.parameters import Parameters
from busbar.demo.values import (
    Feeder,
    FeederTie,
    Grid,
    PublicTransformer,
    Substation,
    SubstationTransformer,
)

KV10, KV35, KV110 = Decimal(10), Decimal(35), Decimal(110)
_CUSTOMERS_A_STATION = 20
_FEEDERS_A_STATION = 6
_NAMES = "东西南北中安宁和平新兴永昌"
_BUSES = ("Ⅰ段", "Ⅱ段")
_CITY_KVA = 360_000
_CONDUCTORS = {
    KV10: ("JKLYJ-185", "JKLYJ-240", "YJV22-3x300"),
    KV35: ("LGJ-185", "LGJ-240", "LGJ-300"),
    KV110: ("LGJ-240", "LGJ-300", "LGJ-2x300"),
}
_LENGTHS_KM = {KV10: (1.5, 9.0), KV35: (6.0, 18.0), KV110: (8.0, 30.0)}
_UK_PERCENT = {KV10: Decimal("14"), KV35: Decimal("10.5"), KV110: Decimal("14")}
_POWER_FACTOR = 0.95
"""At which a station's peak is counted against its capacity."""


def build_grid(parameters: Parameters) -> Grid:
    """Per city one 220 kV substation; per county 110 kV substations with 10 and 35 kV feeders."""
    draws = parameters.stream("grid")
    substations = [
        _substation(f"SS{city + 1}00", f"{entry['short']}变", city_code(city), _CITY_KVA, draws)
        for city, entry in enumerate(parts()["cities"])
    ]
    feeders = [_large_feeder(place, f"SS{place.city + 1}00", 0, draws) for place in places()]
    each = max(2, ceil(parameters.customers / len(places()) / _CUSTOMERS_A_STATION))
    for place in places():
        for serial in range(1, each + 1):
            station = _station(place, serial, draws)
            substations.append(station)
            feeders += _feeders(place, station, serial, draws)
            feeders.append(_large_feeder(place, station.code, serial, draws))
    return Grid(
        tuple(substations),
        tuple(unit for station in substations for unit in _main_transformers(station)),
        tuple(feeders),
        tuple(_ties(feeders)),
        _public_transformers(parameters, feeders),
    )


def _substation(code: str, name: str, unit: str, capacity_kva: int, draws: Generator) -> Substation:
    is_city = capacity_kva == _CITY_KVA
    return Substation(
        code=code,
        name=name,
        unit=unit,
        voltage_kv=Decimal(220) if is_city else KV110,
        capacity_kva=capacity_kva,
        peak_load_kw=int(capacity_kva * _POWER_FACTOR * draws.uniform(0.35, 0.65) // 100 * 100),
        spare_bays=int(draws.integers(0, 5)),
    )


def _station(place: Place, serial: int, draws: Generator) -> Substation:
    name = f"{place.short}{_NAMES[(place.county + serial) % len(_NAMES)]}{serial}变"
    code = f"SS{county_code(place)[2:]}{serial:02d}"
    return _substation(code, name, county_code(place), 80_000 + 20_000 * (serial % 3), draws)


def _main_transformers(station: Substation) -> Iterator[SubstationTransformer]:
    """Two main transformers a level of low voltage, one on each bus section."""
    levels = (KV110,) if station.capacity_kva == _CITY_KVA else (KV10, KV35)
    for level in levels:
        for serial, bus in enumerate(_BUSES, start=1):
            yield SubstationTransformer(
                code=f"MT{station.code[2:]}{level}{serial}",
                substation=station.code,
                bus=bus,
                capacity_kva=station.capacity_kva // (len(levels) * len(_BUSES)),
                low_voltage_kv=level,
                uk_percent=_UK_PERCENT[level],
            )


def _feeders(place: Place, station: Substation, serial: int, draws: Generator) -> list[Feeder]:
    return [
        _feeder(
            draws,
            code=f"F10{county_code(place)[2:]}{serial:02d}{line:02d}",
            name=f"10kV{place.short}{serial}{line:02d}线",
            substation=station.code,
            voltage_kv=KV10,
            capacity_kva=8_000 + 2_000 * (line % 3),
            county=place.county,
            bus=_BUSES[(line - 1) * len(_BUSES) // _FEEDERS_A_STATION],
        )
        for line in range(1, _FEEDERS_A_STATION + 1)
    ]


def _large_feeder(place: Place, substation: str, serial: int, draws: Generator) -> Feeder:
    voltage = KV35 if serial else KV110
    return _feeder(
        draws,
        code=f"F{voltage}{county_code(place)[2:]}{serial:02d}01",
        name=f"{voltage}kV{place.short}{serial}01线",
        substation=substation,
        voltage_kv=voltage,
        capacity_kva=40_000 if serial else 120_000,
        county=place.county,
        bus=_BUSES[serial % len(_BUSES)],
    )


def _feeder(
    draws: Generator,
    *,
    code: str,
    name: str,
    substation: str,
    voltage_kv: Decimal,
    capacity_kva: int,
    county: int,
    bus: str,
) -> Feeder:
    """A feeder with what a study needs drawn: length, conductor and the year's highest load."""
    shortest, longest = _LENGTHS_KM[voltage_kv]
    conductors = _CONDUCTORS[voltage_kv]
    return Feeder(
        code=code,
        name=name,
        substation=substation,
        voltage_kv=voltage_kv,
        capacity_kva=capacity_kva,
        county=county,
        bus=bus,
        length_km=Decimal(f"{draws.uniform(shortest, longest):.1f}"),
        conductor=conductors[int(draws.integers(len(conductors)))],
        peak_load_kw=int(capacity_kva * draws.uniform(0.15, 0.6) // 10 * 10),
        peak_power_factor=Decimal(f"{draws.uniform(0.90, 0.97):.2f}"),
    )


def _ties(feeders: list[Feeder]) -> Iterator[FeederTie]:
    """Neighbouring 10 kV feeders of a county are tied in a chain, across substations too."""
    for one, other in pairwise(f for f in feeders if f.voltage_kv == KV10):
        if one.county == other.county:
            capacity = min(one.capacity_kva, other.capacity_kva) // 2
            yield FeederTie(f"TIE{one.code[1:]}", one.code, other.code, capacity)


def _public_transformers(
    parameters: Parameters, feeders: list[Feeder]
) -> tuple[PublicTransformer, ...]:
    draws = parameters.stream("public transformers")
    return tuple(
        PublicTransformer(
            code=f"PT{feeder.code[1:]}{serial}",
            name=f"{feeder.name[4:]}{serial}号公变",
            feeder=feeder.code,
            capacity_kva=int(draws.choice([200, 315, 400, 630])),
        )
        for feeder in feeders
        if feeder.voltage_kv == KV10
        for serial in (1, 2)
    )
