"""Two substations, three feeders, one customer: small enough to follow by hand."""

from __future__ import annotations

from decimal import Decimal

from busbar.billing import quote, rating
from busbar.connections import study
from busbar.connections.study.values import (
    Distance,
    Equipment,
    Grade,
    Line,
    LoadDeclaration,
    MainTransformer,
    NetworkPart,
    PriceFacts,
    Station,
    TariffFacts,
    Tie,
)
from busbar.kit.periods import Month
from busbar.network.conductors import Conductor

KV10 = Decimal(10)
RULE = rating.Rule(code="tariff", name="示例电价", value="", source="测试", certainty="local")
PLAIN = Conductor(
    "PLAIN",
    "试验线",
    "overhead",
    Decimal("0.2"),
    Decimal("0.35"),
    Decimal(0),
    Decimal(500),
    "测试",
    "local",
)


def main(code: str, bus: str, kva: int, low: Decimal = KV10) -> MainTransformer:
    return MainTransformer(code, bus, Decimal(kva), low, Decimal(14))


def station(code: str, *, kva: int = 50_000, peak: int = 30_000, bays: int | None = 2) -> Station:
    units = (main(f"{code}-1", "Ⅰ段", kva), main(f"{code}-2", "Ⅱ段", kva))
    return Station(code, f"{code}变", Decimal(110), Decimal(2 * kva), units, Decimal(peak), bays)


def line(
    code: str, at: str, bus: str = "Ⅰ段", *, kva: int = 8_000, peak: int | None = 2_000
) -> Line:
    return Line(
        code=code,
        name=f"{code}线",
        station=at,
        voltage_kv=KV10,
        capacity_kva=Decimal(kva),
        length_km=Decimal(4),
        conductor="JKLYJ-240",
        bus=bus,
        peak_kw=None if peak is None else Decimal(peak),
    )


def network(
    *, stations: tuple[Station, ...] = (), lines: tuple[Line, ...] = (), ties: bool = True
) -> NetworkPart:
    return NetworkPart(
        stations=stations or (station("SS1"), station("SS2")),
        lines=lines or (line("F1", "SS1"), line("F2", "SS1", "Ⅱ段"), line("F3", "SS2")),
        ties=(Tie("L1", "F1", "F3", Decimal(6_000)),) if ties else (),
    )


def equipment(kw: int = 1_000, load_class: int = 3, name: str = "设备") -> Equipment:
    return Equipment(name, 1, Decimal(kw), Decimal("0.8"), Decimal("0.8"), load_class)


def load(
    *equipments: Equipment, grade: Grade = "none", growth: int = 0, years: int = 0
) -> LoadDeclaration:
    return LoadDeclaration(
        customer="试验厂",
        equipment=equipments or (equipment(),),
        growth_percent=Decimal(growth),
        horizon_years=years,
        grade=grade,
        safety_load_kw=Decimal(100) if grade != "none" else Decimal(0),
        emergency_kw=Decimal(120) if grade != "none" else Decimal(0),
        lines=(
            Distance("F1", Decimal(1)),
            Distance("F2", Decimal("1.5")),
            Distance("F3", Decimal(2)),
        ),
        stations=(Distance("SS1", Decimal(3)), Distance("SS2", Decimal(5))),
    )


def prices(*tariffs: TariffFacts) -> PriceFacts:
    return PriceFacts(
        first_month=Month(2025, 1),
        rule_set=quote.rule_set("R2024"),
        power_factor_table=quote.power_factor_table(),
        tariffs=tariffs or (two_part(),),
        power_factor_standard=Decimal("0.90"),
    )


def two_part() -> TariffFacts:
    tariff = rating.Tariff(
        "T",
        "两部制",
        {"peak": Decimal("1.0"), "flat": Decimal("0.6"), "valley": Decimal("0.2")},
        RULE,
    )
    return TariffFacts(
        Decimal(1),
        Decimal(35),
        tariff,
        rating.BasicPrice(Decimal(23), RULE),
        rating.BasicPrice(Decimal(32), RULE),
    )


def single_rate() -> TariffFacts:
    return TariffFacts(
        Decimal(0), None, rating.Tariff("S", "单一制", {"total": Decimal("0.7")}, RULE)
    )


_computed: dict[str, study.Study] = {}
"""Studies by what they were computed from: many tests look at the same one."""


def compute(declared: LoadDeclaration, part: NetworkPart | None = None) -> study.Study:
    part = part or network()
    key = repr((declared, part))
    if key not in _computed:
        _computed[key] = compute_anew(declared, part)
    return _computed[key]


def compute_anew(declared: LoadDeclaration, part: NetworkPart | None = None) -> study.Study:
    return study.study(part or network(), declared, prices(), study.example_unit_costs())


def by_key(found: study.Study, key: str) -> study.Alternative:
    return next(one for one in found.alternatives if one.plan.key == key)


def check(one: study.Alternative, code: str) -> study.Check:
    return next(c for c in one.checks if c.rule.code == code)
