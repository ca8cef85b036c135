"""A study as JSON with every number's arithmetic, and as a table to read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

from busbar.billing.quote.writing import rated_bill
from busbar.billing.rating import RatedBill
from busbar.connections.study.alternatives import Alternative
from busbar.connections.study.checks import VERDICT_NAMES
from busbar.connections.study.electricity import MODE_NAMES
from busbar.connections.study.sizing import TransformerPlan
from busbar.connections.study.studying import Study
from busbar.kit.money import plain, round_half_up

Json = dict[str, Any]
_CHECK_MARKS = {"pass": "符合", "fail": "不符合", "not_applicable": "不适用"}
_SHOWN_PLACES = 2


def study_json(found: Study) -> Json:
    """Everything a study holds, numbers as text, ready for JSON or a JSON field."""
    return {
        "customer": found.load.customer,
        "sizing": as_json(found.sizing),
        "voltages": as_json(found.voltages),
        "alternatives": [_alternative(one) for one in found.alternatives],
        "comparison": as_json(found.comparison),
        "recommended": found.comparison.recommended,
    }


def _alternative(one: Alternative) -> Json:
    shown: Json = as_json(one)
    shown["is_acceptable"] = one.is_acceptable
    shown["reasons_against"] = list(one.reasons_against)
    shown["measures"] = as_json(one.measures)
    if one.investment is not None:
        shown["investment"]["total_yuan"] = plain(one.investment.total_yuan)
        for item, entry in zip(one.investment.items, shown["investment"]["items"], strict=True):
            entry["formula"] = item.formula
    for cost, entry in zip(one.yearly_costs, shown["yearly_costs"], strict=True):
        entry["average_price"] = plain(cost.average_price)
    return shown


def as_json(value: Any) -> Any:
    """Plain values of a study as JSON: dataclasses as objects, decimals and days as text."""
    if isinstance(value, RatedBill):
        return rated_bill(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = {f.name: as_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if isinstance(value, TransformerPlan):
            shown["total_kva"] = plain(value.total_kva)
        return shown
    if isinstance(value, Mapping):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(entry) for entry in value]
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def study_text(found: Study) -> str:
    """The comparison as a table, then each alternative's checks and outages, then the advice."""
    sizing = found.sizing
    lines = [
        f"供电方案比选：{found.load.customer}",
        f"计算负荷 {plain(sizing.now.active_kw)} kW，规划 {plain(sizing.horizon.active_kw)} kW"
        f"（{plain(sizing.horizon.apparent_kva)} kVA），其中一、二级 "
        f"{plain(sizing.essential.active_kw)} kW；需变压器 {plain(sizing.required_kva)} kVA",
        "",
        *_table(_rows(found)),
        "",
    ]
    for one in found.alternatives:
        lines += _details(one)
    return "\n".join([*lines, *found.comparison.reasons])


def _rows(found: Study) -> list[list[str]]:
    ones = found.alternatives
    rows = [
        ["指标", *(f"方案{one.number}" for one in ones)],
        ["方案", *(one.plan.name for one in ones)],
        ["受电变压器", *(str(one.plan.transformers or "–") for one in ones)],
    ]
    rows += [
        [
            f"{row.criterion.name}({row.criterion.unit})",
            *(_shown(cell.value) for cell in row.cells),
        ]
        for row in found.comparison.rows
    ]
    rows.append(["计费方式", *(_mode(one) for one in ones)])
    rows.append(["得分", *(_shown(one.score) for one in ones)])
    rows.append(["结论", *(_verdict(one, found.comparison.recommended) for one in ones)])
    return rows


def _mode(one: Alternative) -> str:
    return MODE_NAMES[one.yearly_costs[0].mode] if one.yearly_costs else "–"


def _verdict(one: Alternative, recommended: int | None) -> str:
    if one.number == recommended:
        return "推荐"
    if not one.plan.is_feasible:
        return "不可行"
    return "可行" if one.is_acceptable else "不合规"


def _shown(value: Decimal | None) -> str:
    return "–" if value is None else plain(round_half_up(value, _SHOWN_PLACES))


def _details(one: Alternative) -> list[str]:
    lines = [f"方案{one.number} {one.plan.name}"]
    lines += [f"  电源{n} {source}" for n, source in enumerate(one.plan.sources, start=1)]
    lines += [f"  不可行：{reason}" for reason in one.plan.obstacles]
    lines += [
        f"  {_CHECK_MARKS[c.verdict]}  {c.rule.name}：{c.found}（要求{c.asked}；{c.rule.article}）"
        for c in one.checks
    ]
    lines += [
        f"  N-1 {c.element}退出：{VERDICT_NAMES[c.verdict]}"
        + (f"，{c.restored_by}" if c.restored_by else "")
        + (f"，失负荷 {plain(c.lost_kw)} kW" if c.lost_kw else "")
        for c in one.contingencies
    ]
    return [*lines, ""]


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True))
        for row in rows
    ]


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
