"""What a study rests on, gathered from the registers: network nearby, loads, prices (R45, N8)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from busbar.access.models import LEVELS, OrganizationUnit
from busbar.access.paths import ancestors, branch_end
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.price_book import load_price_book
from busbar.connections.models import (
    ConnectionApplication,
    SiteSurvey,
    SurveyState,
    UnitCost,
)
from busbar.connections.study import values
from busbar.connections.study.values import (
    Distance,
    Equipment,
    LoadDeclaration,
    NetworkPart,
    PriceFacts,
    TariffFacts,
    UnableToStudy,
)
from busbar.kit.errors import Listing
from busbar.kit.periods import Month
from busbar.network import queries as network_queries
from busbar.network.conductors import Conductor, shipped_conductors
from busbar.network.models import ConductorType, Feeder, Substation
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import TariffCategory
from busbar.supply import feeder_load
from busbar.supply.models import Agreement

_METERS_A_KM = Decimal(1000)
_SHIFTS = {1: "one_shift", 2: "two_shift", 3: "three_shift"}
_FIRST_CLASS, _THIRD_CLASS = 1, 3
_FIRST_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_INDUSTRY = (TariffCategory.INDUSTRY_TWO_PART, TariffCategory.INDUSTRY_SINGLE)


@dataclass(frozen=True)
class Way:
    """How far a feeder (its tee at `at_km` of the trunk) or a substation is from the site."""

    code: str
    km: Decimal
    at_km: Decimal | None = None


@dataclass(frozen=True)
class Assumptions:
    """What the officer adds to the registers.

    Without `feeders` those found by the joint survey are taken. `region` names the tariffs;
    without it the region of the agreements in the application's unit. `first_month` begins the
    year that is priced; without it the month of the study.
    """

    feeders: tuple[Way, ...] = ()
    substations: tuple[Way, ...] = ()
    horizon_years: int = 5
    simultaneity: Decimal = Decimal("0.9")
    target_power_factor: Decimal = Decimal("0.95")
    power_factor_standard: Decimal | None = Decimal("0.90")
    region: str = ""
    first_month: Month | None = None


def gather_load(application: ConnectionApplication, assumptions: Assumptions) -> LoadDeclaration:
    """The declared equipment with growth and grade; distances as assumed or surveyed."""
    feeders = assumptions.feeders or surveyed_ways(application)
    return LoadDeclaration(
        customer=application.applicant_name,
        equipment=tuple(
            Equipment(
                name=load.name,
                count=load.count,
                rated_kw=load.rated_kw,
                demand_factor=load.demand_factor,
                power_factor=load.power_factor,
                load_class=_FIRST_CLASS if load.is_critical else _THIRD_CLASS,
            )
            for load in application.loads.order_by("pk")
        ),
        simultaneity=assumptions.simultaneity,
        target_power_factor=assumptions.target_power_factor,
        growth_percent=application.growth_percent,
        horizon_years=assumptions.horizon_years,
        grade=application.importance,  # type: ignore[arg-type] # the grades are the same words
        wished_voltage_kv=application.wished_voltage_kv,
        safety_load_kw=Decimal(application.critical_load_kw),
        emergency_kw=Decimal(application.emergency_generator_kw),
        shift=_SHIFTS.get(application.shifts, "three_shift"),
        lines=tuple(Distance(way.code, way.km, way.at_km) for way in feeders),
        stations=tuple(Distance(way.code, way.km) for way in assumptions.substations),
    )


def surveyed_ways(application: ConnectionApplication) -> tuple[Way, ...]:
    """The feeders that the last concluded survey found, nearest first."""
    concluded = SiteSurvey.objects.filter(application=application, state=SurveyState.CONCLUDED)
    survey = concluded.order_by("-serial").first()
    if survey is None:
        return ()
    found = survey.feeder_candidates.select_related("feeder").order_by("distance_m", "pk")
    return tuple(Way(c.feeder.code, c.distance_m / _METERS_A_KM) for c in found)


def gather_network(application: ConnectionApplication, load: LoadDeclaration) -> NetworkPart:
    """The feeders and substations named, with main transformers, ties and conductors.

    They must belong to the application's company or one above it; what the register lacks for
    a power flow is named. Raises UnableToStudy.
    """
    feeders = _feeders([way.code for way in load.lines])
    stations = _stations(
        [way.code for way in load.stations], [feeder.substation_id for feeder in feeders]
    )
    if not stations:
        raise UnableToStudy("没有可用的电源：请填写附近的馈线或变电站及其距离，或先完成现场勘察")
    _check_belonging(application, stations)
    connected = feeder_load.map_connected_kva([feeder.pk for feeder in feeders])
    conductors = _conductors()
    return NetworkPart(
        stations=tuple(_station(row) for row in stations),
        lines=tuple(_line(row, connected.get(row.pk, 0)) for row in feeders),
        ties=_ties(feeders),
        conductors=conductors,
    )


def _feeders(codes: list[str]) -> list[Feeder]:
    rows = network_queries.list_feeders(SYSTEM_VIEWER).filter(code__in=codes)
    found = {row.code: row for row in rows}
    missing = sorted(set(codes) - set(found))
    if missing:
        raise UnableToStudy("电网台账中没有馈线 %(missing)s", missing=Listing(missing))
    for feeder in found.values():
        lacks = [
            name
            for name, value in (("长度", feeder.length_km), ("导线型号", feeder.conductor))
            if value is None
        ]
        if lacks:
            raise UnableToStudy(
                "馈线 %(code)s 缺少%(lacks)s，请先在电网台账补全",
                code=feeder.code,
                lacks=Listing(lacks),
            )
    return list(found.values())


def _stations(codes: list[str], feeding_ids: Iterable[int]) -> list[Substation]:
    rows = network_queries.list_substations(SYSTEM_VIEWER)
    found = list(rows.filter(Q(code__in=codes) | Q(pk__in=set(feeding_ids))))
    missing = sorted(set(codes) - {row.code for row in found})
    if missing:
        raise UnableToStudy("电网台账中没有变电站 %(missing)s", missing=Listing(missing))
    return found


def _check_belonging(application: ConnectionApplication, stations: list[Substation]) -> None:
    path = application.unit.path
    companies = OrganizationUnit.objects.filter(
        path__in=[*ancestors(path), path], kind__in=LEVELS
    ).order_by("-path")
    home = companies.values_list("path", flat=True).first() or path
    for station in stations:
        owner = station.unit.path
        if not (home <= owner < branch_end(home) or home.startswith(owner)):
            raise UnableToStudy(
                "变电站 %(code)s 不属于本公司或上级公司，不能作为电源", code=station.code
            )


def _station(row: Substation) -> values.Station:
    units = network_queries.list_substation_transformers(SYSTEM_VIEWER, substation_ids=[row.pk])
    transformers = tuple(
        values.MainTransformer(
            code=unit.code,
            bus=unit.bus,
            capacity_kva=Decimal(unit.capacity_kva),
            low_voltage_kv=unit.low_voltage_kv,
            uk_percent=unit.uk_percent,
        )
        for unit in units
    )
    if not transformers:
        raise UnableToStudy("变电站 %(code)s 没有主变压器资料，请先在电网台账补全", code=row.code)
    return values.Station(
        code=row.code,
        name=row.name,
        voltage_kv=row.voltage_kv,
        capacity_kva=Decimal(row.capacity_kva),
        transformers=transformers,
        peak_kw=Decimal(row.peak_load_kw or 0),
        spare_bays=row.spare_bays,
    )


def _line(row: Feeder, connected_kva: int) -> values.Line:
    return values.Line(
        code=row.code,
        name=row.name,
        station=row.substation.code,
        voltage_kv=row.voltage_kv,
        capacity_kva=Decimal(row.capacity_kva),
        length_km=row.length_km or Decimal(0),
        conductor=row.conductor.code if row.conductor else "",
        bus=row.bus,
        peak_kw=None if row.peak_load_kw is None else Decimal(row.peak_load_kw),
        peak_power_factor=row.peak_power_factor or Decimal("0.95"),
        connected_kva=Decimal(connected_kva),
    )


def _ties(feeders: list[Feeder]) -> tuple[values.Tie, ...]:
    ids = {feeder.pk for feeder in feeders}
    rows = network_queries.list_feeder_ties(SYSTEM_VIEWER, feeder_ids=ids)
    return tuple(
        values.Tie(tie.code, tie.feeder.code, tie.other.code, Decimal(tie.capacity_kva))
        for tie in rows
        if tie.feeder_id in ids and tie.other_id in ids
    )


def _conductors() -> dict[str, Conductor]:
    """As shipped, with the office's own figures over them."""
    own = {row.code: _conductor(row) for row in network_queries.list_conductor_types()}
    return {**shipped_conductors(), **own}


def _conductor(row: ConductorType) -> Conductor:
    names = (
        "code", "name", "kind", "r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "ampacity_a",
        "source", "certainty",
    )  # fmt: skip
    return Conductor(**{name: getattr(row, name) for name in names})


def gather_prices(
    application: ConnectionApplication, assumptions: Assumptions, on: dt.date
) -> PriceFacts:
    """Rule set, power-factor table and the industrial tariffs of the region by voltage."""
    month = assumptions.first_month or Month.of(on)
    book = load_price_book(month)
    region = assumptions.region or find_region(application, month.first)
    rows = pricing_queries.list_tariffs(region=region, on=month.first)
    fitting = [row for row in rows if row.category in _INDUSTRY and row.code in book.tariffs]
    if not fitting:
        raise UnableToStudy(
            "%(region)s%(month)s 没有生效的工商业电价，请先导入电价",
            region=region or "本地区",
            month=month,
        )
    below = _next_classes([row.voltage_class for row in fitting])
    return PriceFacts(
        first_month=month,
        rule_set=book.rule_set,
        power_factor_table=book.power_factor_table,
        tariffs=tuple(
            TariffFacts(
                *below[row.voltage_class],
                tariff=book.tariffs[row.code].tariff,
                capacity_price=book.tariffs[row.code].capacity_price,
                demand_price=book.tariffs[row.code].demand_price,
            )
            for row in fitting
        ),
        power_factor_standard=assumptions.power_factor_standard,
    )


def find_region(application: ConnectionApplication, on: dt.date) -> str:
    """The price region of the agreements nearby, else the only one with tariffs, else refused."""
    regions = sorted({row.region for row in pricing_queries.list_tariffs(on=on)})
    if len(regions) == 1:
        return regions[0]
    path = application.unit.path[:-3] or application.unit.path
    codes = Agreement.objects.filter(
        account__unit__path__gte=path, account__unit__path__lt=branch_end(path)
    )
    nearby = set(codes.values_list("tariff_code", flat=True).distinct())
    used = {row.region for row in pricing_queries.list_tariffs(on=on) if row.code in nearby}
    if len(used) == 1:
        return used.pop()
    raise UnableToStudy("请说明电价地区，可选：%(regions)s", regions=Listing(regions))


def _next_classes(classes: Iterable[str]) -> dict[str, tuple[Decimal, Decimal | None]]:
    """Voltage classes as `[least, below)`, each up to where the next one begins.

    >>> spans = _next_classes(["1-10kV", "不满1kV", "35-110kV"])
    >>> [(str(low), str(high)) for low, high in spans.values()]
    [('1', '35'), ('0', '1'), ('35', 'None')]
    """
    least = {name: _least_kv(name) for name in classes}
    starts = sorted(set(least.values()))
    return {
        name: (low, next((start for start in starts if start > low), None))
        for name, low in least.items()
    }


def _least_kv(voltage_class: str) -> Decimal:
    found = _FIRST_NUMBER.search(voltage_class)
    if found is None or voltage_class.strip().startswith(("<", "不满", "低于")):
        return Decimal(0)
    return Decimal(found.group())


def gather_unit_costs(on: dt.date) -> tuple[values.UnitCost, ...]:
    """The unit costs in force on the day: an office's own row (`local`) before a shipped one."""
    in_force = Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))
    latest: dict[str, UnitCost] = {}
    for row in UnitCost.objects.filter(in_force).order_by("code", "valid_from"):
        latest[row.code] = row
    return tuple(_unit_cost(row) for row in latest.values())


def _unit_cost(row: UnitCost) -> values.UnitCost:
    return values.UnitCost(
        code=row.code,
        name=row.name,
        unit=row.unit,
        price_yuan=row.price_yuan,
        valid_from=row.valid_from,
        source=row.source,
        certainty=row.certainty,
    )


def summarize_prices(prices: PriceFacts) -> Mapping[str, object]:
    """What the stored study says of prices: month, rule set and tariffs with their sources."""
    return {
        "first_month": str(prices.first_month),
        "rule_set": prices.rule_set.code,
        "power_factor_standard": str(prices.power_factor_standard),
        "tariffs": [
            {
                "code": one.tariff.code,
                "name": one.tariff.name,
                "least_kv": str(one.least_kv),
                "below_kv": None if one.below_kv is None else str(one.below_kv),
            }
            for one in prices.tariffs
        ],
    }
