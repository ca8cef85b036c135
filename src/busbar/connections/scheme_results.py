"""A study's answer as rows and JSON: what a scheme keeps of each alternative."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from busbar.connections.models import SchemeAlternative, SupplyScheme
from busbar.connections.study import (
    MODE_NAMES,
    WAY_NAMES,
    Alternative,
    Check,
    NetworkPart,
    Study,
    YearlyCost,
)
from busbar.kit.money import round_half_up, to_fen
from busbar.kit.periods import Month

_HOURS_A_YEAR = Decimal(8760)
_HUNDRED = Decimal(100)
_HELD = {"kept", "shed"}
"""Verdicts of N-1 under which the essential load is held."""


def plain_json(value: Any) -> Any:
    """Dataclasses, decimals, days and months as JSON values; decimals keep every digit as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (f.name for f in dataclasses.fields(value))
        return {name: plain_json(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_json(item) for item in value]
    if isinstance(value, Decimal | dt.date | Month):
        return str(value)
    return value


def alternative_row(
    scheme: SupplyScheme, one: Alternative, network: NetworkPart
) -> SchemeAlternative:
    """The unsaved row of one computed alternative."""
    units = one.plan.transformers
    flow = one.flow if one.flow is not None and one.flow.converged else None
    return SchemeAlternative(
        scheme=scheme,
        ordinal=one.number,
        name=one.plan.name[:100],
        sources=_sources(one, network),
        voltage_kv=one.plan.voltage_kv,
        transformers=[] if units is None else [_transformer(units.count, units.unit_kva)],
        capacity_kva=0 if units is None else int(units.total_kva),
        investment=_investment(one),
        investment_yuan=to_fen(one.investment.total_yuan) if one.investment else None,
        yearly_costs=[_yearly(cost) for cost in one.yearly_costs],
        cheapest_yearly_yuan=to_fen(one.yearly_costs[0].total_yuan) if one.yearly_costs else None,
        loading_percent=None
        if flow is None
        else round_half_up(max(flow.worst_line_percent, flow.worst_transformer_percent), 2),
        voltage_deviation_percent=None
        if one.voltage_percent is None
        else round_half_up(one.voltage_percent, 3),
        n_minus_one=_n_minus_one(one),
        availability_percent=_availability(one),
        construction_days=int(one.construction.days) if one.construction else None,
        checks=[_check(check) for check in one.checks],
        obstacles=list(one.plan.obstacles),
        score=one.score,
        result=_rest(one),
    )


def _sources(one: Alternative, network: NetworkPart) -> list[dict[str, Any]]:
    """Main first; a dedicated line has no feeder in the register until it is built."""
    lines = {line.code: line.name for line in network.lines}
    stations = {station.code: station.name for station in network.stations}
    capacity = str(one.plan.transformers.total_kva) if one.plan.transformers else "0"
    return [
        {
            "role": "main" if place == 0 else "backup",
            "way": source.way,
            "way_name": WAY_NAMES[source.way],
            "substation_code": source.station,
            "substation": stations.get(source.station, source.station),
            "bus": source.bus,
            "feeder_code": source.line or "",
            "feeder_name": lines.get(source.line or "", ""),
            "at_km": str(source.at_km),
            "new_km": str(source.new_km),
            "conductor": source.conductor,
            "voltage_kv": str(one.plan.voltage_kv),
            "capacity_kva": capacity,
            "text": str(source),
        }
        for place, source in enumerate(one.plan.sources)
    ]


def _transformer(count: int, unit_kva: Decimal) -> dict[str, Any]:
    return {"count": count, "capacity_kva": str(unit_kva)}


def _investment(one: Alternative) -> list[dict[str, Any]]:
    if one.investment is None:
        return []
    return [
        {
            "name": item.name,
            "quantity": str(item.quantity),
            "unit": item.cost.unit,
            "price_yuan": str(item.cost.price_yuan),
            "amount_yuan": str(item.amount_yuan),
            "formula": item.formula,
            "valid_from": item.cost.valid_from.isoformat(),
            "source": item.cost.source,
            "certainty": item.cost.certainty,
        }
        for item in one.investment.items
    ]


def _yearly(cost: YearlyCost) -> dict[str, Any]:
    """Without the sample month's lines: the facts are kept, so it can be reckoned again."""
    return {
        "mode": cost.mode,
        "mode_name": MODE_NAMES[cost.mode],
        "tariff": cost.tariff,
        "total_yuan": str(cost.total_yuan),
        "energy_kwh": str(cost.energy_kwh),
        "average_price": str(cost.average_price),
        "parts": plain_json(cost.parts),
        "months_yuan": plain_json(cost.months_yuan),
        "steps": plain_json(cost.steps),
    }


def _n_minus_one(one: Alternative) -> bool | None:
    """Whether the essential load is held with any one element out; None where none was computed."""
    if not one.contingencies:
        return None
    return all(case.verdict in _HELD for case in one.contingencies)


def _availability(one: Alternative) -> Decimal | None:
    if one.reliability is None:
        return None
    served = _HUNDRED * (1 - one.reliability.outage_hours / _HOURS_A_YEAR)
    return round_half_up(served, 6)


def _check(check: Check) -> dict[str, Any]:
    rule = check.rule
    return {
        "code": rule.code,
        "name": rule.name,
        "verdict": check.verdict,
        "is_mandatory": rule.mandatory,
        "found": check.found,
        "asked": check.asked,
        "clause": rule.article,
        "source": rule.source,
        "certainty": rule.certainty,
    }


def _rest(one: Alternative) -> dict[str, Any]:
    return {
        "key": one.plan.key,
        "flow": plain_json(one.flow),
        "contingencies": plain_json(one.contingencies),
        "construction": plain_json(one.construction),
        "reliability": plain_json(one.reliability),
        "notes": list(one.notes),
    }


def comparison_json(found: Study) -> dict[str, Any]:
    """The table of all alternatives, their ranking, and the sizing it rests on."""
    return {
        "rows": plain_json(found.comparison.rows),
        "scores": plain_json(found.comparison.scores),
        "recommended": found.comparison.recommended,
        "reasons": list(found.comparison.reasons),
        "sizing": plain_json(found.sizing),
        "voltages": plain_json(found.voltages),
    }
