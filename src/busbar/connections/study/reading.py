"""From a study document to values, and the schema that describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from busbar.billing import quote, rating
from busbar.billing.quote.refusal import faults_of
from busbar.connections.study import documents as doc
from busbar.connections.study.parameters import (
    Parameters,
    default_parameters,
    example_unit_costs,
)
from busbar.connections.study.studying import Study, study
from busbar.connections.study.values import (
    Distance,
    Equipment,
    Line,
    LoadDeclaration,
    MainTransformer,
    NetworkPart,
    PriceFacts,
    Station,
    TariffFacts,
    Tie,
    UnableToStudy,
    UnitCost,
)
from busbar.kit.errors import Listing
from busbar.kit.periods import Month
from busbar.network.conductors import Conductor, shipped_conductors

Json = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The identifier that names the dialect; nothing is fetched from it."""


class StudyRefused(UnableToStudy):
    """The document cannot be read; the message lists path, value and expectation."""


def answer(document: object) -> Study:
    """Compute a study document. Raises StudyRefused, UnableToStudy or UnableToRate."""
    if not isinstance(document, Mapping):
        raise StudyRefused("$：应为对象 { … }")
    try:
        facts = doc.StudyDocument.model_validate(dict(document))
    except ValidationError as error:
        raise StudyRefused("；".join(str(fault) for fault in faults_of(error))) from error
    return study(
        network_of(facts.network),
        load_of(facts.load, facts.network),
        prices_of(facts.prices),
        (*example_unit_costs(), *(UnitCost(**entry.model_dump()) for entry in facts.unit_costs)),
        weighted(default_parameters(), facts.weights),
    )


def input_schema() -> Json:
    """JSON Schema (draft 2020-12) of a study document."""
    return {
        "$schema": _DIALECT,
        **doc.StudyDocument.model_json_schema(),
        "title": "busbar scheme study",
        "description": (
            "供电方案比选输入。功率 kW、容量 kVA、电压 kV、长度 km、金额元；数字可写成 JSON 数字或"
            "文字，均按十进制计算。Input of a scheme study: kW, kVA, kV, km, yuan; numbers as JSON "
            "numbers or text, exact in decimal."
        ),
        "examples": [EXAMPLE],
    }


def weighted(parameters: Parameters, weights: Mapping[str, Decimal]) -> Parameters:
    """The parameters with some criteria's weights replaced; UnableToStudy for an unknown one."""
    known = [criterion.code for criterion in parameters.criteria]
    for code in weights:
        if code not in known:
            raise UnableToStudy(
                "没有比选指标 %(code)s，应为 %(known)s 之一。", code=code, known=Listing(known)
            )
    criteria = tuple(replace(c, weight=weights.get(c.code, c.weight)) for c in parameters.criteria)
    return replace(parameters, criteria=criteria)


def network_of(facts: doc.NetworkFacts) -> NetworkPart:
    """The network of a document, its conductors beside the packaged ones."""
    own = {entry.code: Conductor(**entry.model_dump()) for entry in facts.conductors}
    return NetworkPart(
        stations=tuple(_station(station) for station in facts.stations),
        lines=tuple(_line(line) for line in facts.lines),
        ties=tuple(Tie(**tie.model_dump()) for tie in facts.ties),
        conductors={**shipped_conductors(), **own},
    )


def _station(facts: doc.StationFacts) -> Station:
    transformers = tuple(MainTransformer(**unit.model_dump()) for unit in facts.transformers)
    return Station(
        code=facts.code,
        name=facts.name,
        voltage_kv=facts.voltage_kv,
        capacity_kva=sum((unit.capacity_kva for unit in transformers), Decimal(0)),
        transformers=transformers,
        peak_kw=Decimal(facts.peak_kw),
        spare_bays=facts.spare_bays,
    )


def _line(facts: doc.LineFacts) -> Line:
    plain = facts.model_dump(exclude={"distance_km", "tee_at_km"})
    numbers = {name: Decimal(plain[name]) for name in ("peak_power_factor", "connected_kva")}
    return Line(**{**plain, **numbers})


def load_of(facts: doc.LoadFacts, network: doc.NetworkFacts) -> LoadDeclaration:
    """The declared load, with the distances to feeders and stations."""
    plain = facts.model_dump(exclude={"equipment", "stations"})
    # Defaults are not validated by pydantic: what stands there as text or int becomes Decimal.
    numbers = {
        name: Decimal(value)
        for name, value in plain.items()
        if name in _NUMBERS and value is not None
    }
    return LoadDeclaration(
        **{**plain, **numbers},
        equipment=tuple(Equipment(**entry.model_dump()) for entry in facts.equipment),
        lines=tuple(
            Distance(line.code, line.distance_km, line.tee_at_km)
            for line in network.lines
            if line.distance_km is not None
        ),
        stations=tuple(Distance(entry.station, entry.km) for entry in facts.stations),
    )


_NUMBERS = frozenset(
    {
        "simultaneity",
        "reactive_simultaneity",
        "target_power_factor",
        "growth_percent",
        "wished_voltage_kv",
        "safety_load_kw",
        "emergency_kw",
    }
)


def prices_of(facts: doc.PriceDocument) -> PriceFacts:
    """Tariffs and the packaged rule set of a document."""
    return PriceFacts(
        first_month=Month.parse(facts.first_month),
        rule_set=quote.rule_set(facts.rule_set),
        power_factor_table=quote.power_factor_table(),
        tariffs=tuple(_tariff(n, entry) for n, entry in enumerate(facts.tariffs, start=1)),
        power_factor_standard=facts.power_factor_standard,
    )


def _tariff(number: int, facts: doc.TariffFactsDocument) -> TariffFacts:
    rule = rating.Rule(
        code="tariff", name=facts.name, value="", source=facts.source, certainty="local"
    )
    return TariffFacts(
        least_kv=Decimal(facts.least_kv),
        below_kv=facts.below_kv,
        tariff=rating.Tariff(f"input{number}", facts.name, facts.prices.by_period(), rule),
        capacity_price=_basic(facts.capacity_price, rule),
        demand_price=_basic(facts.demand_price, rule),
    )


def _basic(price: Decimal | None, rule: rating.Rule) -> rating.BasicPrice | None:
    return None if price is None else rating.BasicPrice(price, rule)


EXAMPLE: Json = {
    "network": {
        "stations": [
            {
                "code": "SS1",
                "name": "临江变",
                "voltage_kv": 110,
                "peak_kw": 52000,
                "spare_bays": 2,
                "transformers": [
                    {
                        "code": "SS1-1",
                        "bus": "Ⅰ段",
                        "capacity_kva": 50000,
                        "low_voltage_kv": 10,
                        "uk_percent": 14,
                    },
                    {
                        "code": "SS1-2",
                        "bus": "Ⅱ段",
                        "capacity_kva": 50000,
                        "low_voltage_kv": 10,
                        "uk_percent": 14,
                    },
                ],
            },
            {
                "code": "SS2",
                "name": "望海变",
                "voltage_kv": 110,
                "peak_kw": 30000,
                "spare_bays": 1,
                "transformers": [
                    {
                        "code": "SS2-1",
                        "bus": "Ⅰ段",
                        "capacity_kva": 40000,
                        "low_voltage_kv": 10,
                        "uk_percent": 14,
                    },
                    {
                        "code": "SS2-2",
                        "bus": "Ⅱ段",
                        "capacity_kva": 40000,
                        "low_voltage_kv": 10,
                        "uk_percent": 14,
                    },
                ],
            },
        ],
        "lines": [
            {
                "code": "F11",
                "name": "10kV临江11线",
                "station": "SS1",
                "bus": "Ⅰ段",
                "voltage_kv": 10,
                "capacity_kva": 8000,
                "length_km": "4.2",
                "conductor": "JKLYJ-240",
                "peak_kw": 3100,
                "distance_km": "0.8",
                "tee_at_km": "3",
            },
            {
                "code": "F12",
                "name": "10kV临江12线",
                "station": "SS1",
                "bus": "Ⅱ段",
                "voltage_kv": 10,
                "capacity_kva": 8000,
                "length_km": "5",
                "conductor": "JKLYJ-240",
                "peak_kw": 2600,
                "distance_km": "1.2",
            },
            {
                "code": "F21",
                "name": "10kV望海21线",
                "station": "SS2",
                "bus": "Ⅰ段",
                "voltage_kv": 10,
                "capacity_kva": 8000,
                "length_km": "3.5",
                "conductor": "JKLYJ-240",
                "peak_kw": 2000,
                "distance_km": "1.6",
            },
        ],
        "ties": [{"code": "L1", "one": "F11", "other": "F21", "capacity_kva": 6000}],
    },
    "load": {
        "customer": "示例轧钢有限公司",
        "equipment": [
            {
                "name": "轧机",
                "count": 4,
                "rated_kw": 250,
                "demand_factor": "0.7",
                "power_factor": "0.8",
                "load_class": 2,
            },
            {
                "name": "风机水泵",
                "count": 12,
                "rated_kw": 55,
                "demand_factor": "0.75",
                "power_factor": "0.8",
            },
            {
                "name": "照明办公",
                "count": 1,
                "rated_kw": 200,
                "demand_factor": "0.8",
                "power_factor": "0.9",
            },
        ],
        "growth_percent": 3,
        "horizon_years": 5,
        "grade": "second",
        "safety_load_kw": 120,
        "emergency_kw": 150,
        "shift": "three_shift",
        "stations": [{"station": "SS1", "km": "3.5"}, {"station": "SS2", "km": "4"}],
    },
    "prices": {
        "first_month": "2025-01",
        "power_factor_standard": "0.90",
        "tariffs": [
            {
                "name": "工商业两部制 1-10kV",
                "least_kv": 1,
                "below_kv": 35,
                "prices": {"peak": "1.054", "flat": "0.62", "valley": "0.2356"},
                "capacity_price": 23,
                "demand_price": 32,
                "source": "示例",
            }
        ],
    },
}
