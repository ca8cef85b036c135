"""The comparison as a table and a chart: one column an alternative, one row a figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from busbar.connections.models import SchemeAlternative, SupplyScheme
from busbar.console.templatetags.console import money, number
from busbar.kit.money import plain

TEN_THOUSAND = Decimal(10_000)


@dataclass(frozen=True)
class Cell:
    """What stands in a column; `figure` names what the drawer explains."""

    text: str
    figure: str = ""
    tone: str = ""
    note: str = ""
    verdict: str = ""
    certainty: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the table; a heading has no cells."""

    label: str | Promise
    cells: tuple[Cell, ...] = ()
    clause: str = ""
    is_best_low: bool = False


Tell = Callable[[SchemeAlternative], Cell]


def list_lines(rows: Sequence[SchemeAlternative]) -> list[Line]:
    """The table of a round's alternatives."""
    lines = [Line(label, tuple(tell(row) for row in rows)) for label, tell in _PLAN]
    lines.append(Line(_("投资与电费")))
    lines.append(_marked(_("投资 元"), rows, lambda r: r.investment_yuan, _investment))
    lines += _costs(rows)
    lines.append(Line(_("运行与可靠性")))
    lines += [Line(label, tuple(tell(row) for row in rows)) for label, tell in _RUNNING]
    lines += _checks(rows)
    lines.append(Line(_("结论")))
    lines.append(Line(_("能否采用"), tuple(_verdict(row) for row in rows)))
    lines.append(Line(_("综合得分"), tuple(_score(row) for row in rows)))
    return lines


def chart_of(rows: Sequence[SchemeAlternative]) -> dict[str, Any]:
    """Investment against the cheapest yearly cost, and the yearly cost by mode, in 万元."""
    modes = _modes(rows)
    return {
        "names": [row.name for row in rows],
        "investment": [_tens(row.investment_yuan) for row in rows],
        "yearly": [_tens(row.cheapest_yearly_yuan) for row in rows],
        "modes": [
            {"name": name, "values": [_tens(_cost_of(row, mode)) for row in rows]}
            for mode, name in modes
        ],
        "words": {
            "investment": _g("投资"),
            "yearly": _g("年电费（最省的计费方式）"),
            "unit": _g("万元"),
        },
    }


def failed_checks(row: SchemeAlternative) -> list[dict[str, Any]]:
    """Mandatory checks that failed and were not let pass."""
    excused = {exception.check_code for exception in row.exceptions.all()}
    return [
        check
        for check in row.checks
        if check["verdict"] == "fail" and check["is_mandatory"] and check["code"] not in excused
    ]


def summary_of(scheme: SupplyScheme) -> dict[str, Any]:
    """The recommendation with its reasons, and the sizing that all alternatives rest on."""
    kept = scheme.comparison or {}
    return {
        "recommended": kept.get("recommended"),
        "reasons": kept.get("reasons", []),
        "weights": [row["criterion"] for row in kept.get("rows", [])],
        "sizing": kept.get("sizing") or {},
    }


def _sources(row: SchemeAlternative) -> Cell:
    texts = [_source(source) for source in row.sources]
    return Cell("；".join(texts) or "—", "sources")


def _source(source: dict[str, Any]) -> str:
    way = str(source.get("way_name") or "")
    line = str(source.get("feeder_name") or source.get("feeder_code") or "")
    station = str(source.get("substation") or "")
    length = source.get("new_km")
    new = _g("新建 %(km)s km") % {"km": length} if length else ""
    return " ".join(part for part in (station, line, way, new) if part)


def _transformers(row: SchemeAlternative) -> Cell:
    units = [
        f"{unit.get('count', 1)} × {number(Decimal(unit['capacity_kva']))}"
        for unit in row.transformers
    ]
    return Cell(f"{' + '.join(units)} kVA" if units else f"{row.capacity_kva} kVA", "sizing")


def _days(row: SchemeAlternative) -> Cell:
    return Cell(number(row.construction_days), "construction")


def _investment(row: SchemeAlternative) -> Cell:
    return Cell(money(row.investment_yuan), "investment")


def _loading(row: SchemeAlternative) -> Cell:
    text = "—" if row.loading_percent is None else f"{number(row.loading_percent, 1)}%"
    return Cell(text, "flow")


def _voltage(row: SchemeAlternative) -> Cell:
    value = row.voltage_deviation_percent
    return Cell("—" if value is None else f"{value:+.2f}%", "flow")


def _n_minus_one(row: SchemeAlternative) -> Cell:
    if row.n_minus_one is None:
        return Cell("—", "contingencies")
    text, tone = (_g("满足"), "good") if row.n_minus_one else (_g("不满足"), "warn")
    return Cell(text, "contingencies", tone)


def _reliability(row: SchemeAlternative) -> Cell:
    if row.availability_percent is None:
        return Cell("—", "reliability")
    hours = (row.result.get("reliability") or {}).get("outage_hours", "")
    note = _g("年停电 %(hours)s h") % {"hours": number(Decimal(hours), 2)} if hours else ""
    return Cell(f"{row.availability_percent:.4f}%", "reliability", note=note)


def _verdict(row: SchemeAlternative) -> Cell:
    if row.obstacles:
        return Cell(_g("不可行"), tone="bad", note="；".join(map(str, row.obstacles)))
    failed = failed_checks(row)
    if failed:
        return Cell(_g("须先批准例外"), tone="bad", note="、".join(c["name"] for c in failed))
    return Cell(_g("可行"), tone="good")


def _score(row: SchemeAlternative) -> Cell:
    return Cell("—" if row.score is None else str(row.score), "score" if row.score else "")


def _costs(rows: Sequence[SchemeAlternative]) -> list[Line]:
    lines = []
    for mode, name in _modes(rows):

        def tell(row: SchemeAlternative, mode: str = mode) -> Cell:
            cost = _cost_of(row, mode)
            return Cell(money(cost) if cost is not None else "—", f"cost-{mode}" if cost else "")

        def value(row: SchemeAlternative, mode: str = mode) -> Decimal | None:
            return _cost_of(row, mode)

        lines.append(_marked(_g("年电费·%(mode)s 元") % {"mode": name}, rows, value, tell))
    return lines


def _marked(
    label: str | Promise,
    rows: Sequence[SchemeAlternative],
    value: Callable[[SchemeAlternative], Decimal | None],
    tell: Tell,
) -> Line:
    """A row of amounts in which the lowest of what can be built is marked."""
    known = [v for row in rows if not row.obstacles and (v := value(row)) is not None]
    least = min(known) if known and len(set(known)) > 1 else None
    cells = []
    for row in rows:
        cell = tell(row)
        best = least is not None and value(row) == least and not row.obstacles
        cells.append(Cell(cell.text, cell.figure, "best" if best else cell.tone, cell.note))
    return Line(label, tuple(cells), is_best_low=True)


def _checks(rows: Sequence[SchemeAlternative]) -> list[Line]:
    known: dict[str, dict[str, Any]] = {}
    for row in rows:
        for check in row.checks:
            known.setdefault(check["code"], check)
    if not known:
        return []
    lines = [Line(_("规则校核"))]
    for code, check in known.items():
        cells = tuple(_check(row, code) for row in rows)
        lines.append(Line(check["name"], cells, clause=check["clause"]))
    return lines


def _check(row: SchemeAlternative, code: str) -> Cell:
    check = next((c for c in row.checks if c["code"] == code), None)
    if check is None:
        return Cell("—")
    excused = any(exception.check_code == code for exception in row.exceptions.all())
    verdict = "excused" if excused and check["verdict"] == "fail" else check["verdict"]
    word, tone = _VERDICTS.get(verdict, (verdict, ""))
    return Cell(str(word), f"check-{code}", tone, check["found"], verdict, check["certainty"])


def _modes(rows: Sequence[SchemeAlternative]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for row in rows:
        for cost in row.yearly_costs:
            found.setdefault(cost["mode"], cost["mode_name"])
    return sorted(found.items())


def _cost_of(row: SchemeAlternative, mode: str) -> Decimal | None:
    cost = next((c for c in row.yearly_costs if c["mode"] == mode), None)
    return Decimal(cost["total_yuan"]) if cost else None


def _tens(yuan: Decimal | None) -> float | None:
    return round(float(yuan / TEN_THOUSAND), 4) if yuan is not None else None


_VERDICTS: dict[str, tuple[str | Promise, str]] = {
    "pass": (_("合格"), "good"),
    "fail": (_("不合格"), "bad"),
    "excused": (_("已批准例外"), "warn"),
    "not_applicable": (_("不适用"), ""),
    "unknown": (_("无法校核"), "warn"),
}
_PLAN: tuple[tuple[str | Promise, Tell], ...] = (
    (_("电源与线路"), _sources),
    (_("供电电压"), lambda row: Cell(f"{plain(row.voltage_kv)} kV")),
    (_("变压器"), _transformers),
    (_("工期 天"), _days),
)
_RUNNING: tuple[tuple[str | Promise, Tell], ...] = (
    (_("最大负载率"), _loading),
    (_("受电点电压偏差"), _voltage),
    ("N-1", _n_minus_one),
    (_("供电可靠率"), _reliability),
)
