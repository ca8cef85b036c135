"""示范钢铁厂: the one customer whose curves are real, a steel plant's year 2018 (see data/)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from busbar.demo.names import Place, account_number, places
from busbar.demo.organization import (
    city_code,
    county_code,
    key_accounts_code,
    managers_of,
    station_code,
)
from busbar.demo.values import (
    Account,
    Agreement,
    Customer,
    Grid,
    Installation,
    Source,
    Staff,
    StateSpan,
    Transformer,
    UsagePoint,
)
from busbar.kit.periods import Month

CURVES = Path(__file__).parent / "data" / "steel_plant_2018.parquet"
POINT_NUMBER = "JLD2018001"
NAME = "示范钢铁厂"
ORIGIN = (
    "负荷曲线为真实数据：UCI“Steel Industry Energy Consumption”2018 年"
    "（V E Sathishkumar 等，CC BY 4.0）；档案为演示"
)
MONTHS = tuple(Month(2018, number) for number in range(1, 13))
_START, _END = dt.date(2018, 1, 1), dt.date(2019, 1, 1)
_CAPACITY_KVA = 1_000


def customer(slot: Customer, staff: tuple[Staff, ...], grid: Grid) -> Customer:
    """The steel plant in the place of a generated customer, whose number and code it takes."""
    place = places()[1]
    county = county_code(place)
    return replace(
        slot,
        name=NAME,
        kind="industry",
        industry="3120",
        importance="none",
        group="",
        unit=key_accounts_code(county),
        lead=managers_of(staff, county)[0].number,
        deputy=managers_of(staff, city_code(place.city))[0].number,
        accounts=(_account(place, grid),),
    )


def _account(place: Place, grid: Grid) -> Account:
    number = account_number(place.city, place.county, 201_800)
    feeder = next(f for f in grid.feeders if f.county == place.county and f.code.startswith("F10"))
    running = StateSpan("running", _START, None, "")
    return Account(
        number=number,
        name=NAME,
        unit=station_code(place, 0),
        county=place.county,
        address=f"{place.city_name}{place.name}工业大道2018号",
        opened_on=_START,
        closed_on=_END,
        origin=ORIGIN,
        site_code="S201800",
        site_name=f"{NAME}厂区",
        sources=(Source(feeder.code, "main", Decimal(10), _CAPACITY_KVA),),
        transformers=(
            Transformer(f"T{number}01", "S11-M-1000/10", _CAPACITY_KVA, _START, "", (running,)),
        ),
        points=(_point(),),
        agreements=(_agreement(number),),
    )


def _point() -> UsagePoint:
    meter = Installation("992018000001", "三相三线智能电能表", "0.5S", _START, None, 15, 100)
    return UsagePoint(POINT_NUMBER, f"{NAME}计量点", Decimal(10), "high", (meter,), None, 0)


def _agreement(number: str) -> Agreement:
    return Agreement(
        number=f"HT2018{number[-8:]}1",
        signed_on=dt.date(2017, 12, 20),
        valid_from=_START,
        valid_until=_END,
        tariff_code="LC-2P-10",
        category="industry_two_part",
        mode="capacity",
        capacity_kva=_CAPACITY_KVA,
        demand_kw=None,
        power_factor_standard="0.90",
    )
