"""Substations, feeders and public transformers, enough for the number of customers."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from busbar.demo.names import Place, parts, places
from busbar.demo.organization import city_code, county_code
from busbar.demo.parameters import Parameters
from busbar.demo.values import Feeder, Grid, PublicTransformer, Substation

KV10, KV35, KV110 = Decimal(10), Decimal(35), Decimal(110)
_CUSTOMERS_A_STATION = 20
_FEEDERS_A_STATION = 6
_NAMES = "东西南北中安宁和平新兴永昌"


def build_grid(parameters: Parameters) -> Grid:
    """Per city one 220 kV substation; per county 110 kV substations with 10 and 35 kV feeders."""
    substations = [
        Substation(f"SS{city + 1}00", f"{entry['short']}变", city_code(city), Decimal(220), 360_000)
        for city, entry in enumerate(parts()["cities"])
    ]
    feeders = [_large_feeder(place, f"SS{place.city + 1}00", 0) for place in places()]
    each = max(2, ceil(parameters.customers / len(places()) / _CUSTOMERS_A_STATION))
    for place in places():
        for serial in range(1, each + 1):
            station = _station(place, serial)
            substations.append(station)
            feeders += _feeders(place, station, serial)
            feeders.append(_large_feeder(place, station.code, serial))
    return Grid(tuple(substations), tuple(feeders), _public_transformers(parameters, feeders))


def _station(place: Place, serial: int) -> Substation:
    name = f"{place.short}{_NAMES[(place.county + serial) % len(_NAMES)]}{serial}变"
    code = f"SS{county_code(place)[2:]}{serial:02d}"
    return Substation(code, name, county_code(place), KV110, 80_000 + 20_000 * (serial % 3))


def _feeders(place: Place, station: Substation, serial: int) -> list[Feeder]:
    return [
        Feeder(
            code=f"F10{county_code(place)[2:]}{serial:02d}{line:02d}",
            name=f"10kV{place.short}{serial}{line:02d}线",
            substation=station.code,
            voltage_kv=KV10,
            capacity_kva=8_000 + 2_000 * (line % 3),
            county=place.county,
        )
        for line in range(1, _FEEDERS_A_STATION + 1)
    ]


def _large_feeder(place: Place, substation: str, serial: int) -> Feeder:
    voltage = KV35 if serial else KV110
    return Feeder(
        code=f"F{voltage}{county_code(place)[2:]}{serial:02d}01",
        name=f"{voltage}kV{place.short}{serial}01线",
        substation=substation,
        voltage_kv=voltage,
        capacity_kva=40_000 if serial else 120_000,
        county=place.county,
    )


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
