"""How a figure of an alternative came about: its formula, its inputs, its source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from busbar.connections.models import SchemeAlternative
from busbar.console.templatetags.acts import figure

Steps = Iterable[dict[str, Any]]


@dataclass
class Explained:
    """What the drawer shows: pairs, a table of steps, notes."""

    title: str | Promise
    pairs: list[tuple[str | Promise, str]] = field(default_factory=list)
    header: Sequence[str | Promise] = ()
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    certainty: str = ""


def explain(row: SchemeAlternative, name: str) -> Explained:
    """The figure's explanation; 404 for one that there is not."""
    kind, _dash, rest = name.partition("-")
    if kind == "cost":
        return _cost(row, rest)
    if kind == "check":
        return _check(row, rest)
    if name not in _FIGURES:
        raise Http404
    return _FIGURES[name](row)


def _steps(steps: Steps) -> list[Sequence[str]]:
    return [
        (s["name"], f"{figure(s['value'])} {s['unit']}", s["formula"], s.get("source", ""))
        for s in steps
    ]


_STEP_HEAD = (_("项目"), _("数值"), _("算式"), _("来源"))


def _sources(row: SchemeAlternative) -> Explained:
    told = Explained(_("电源与线路"), header=(_("电源"), _("接线"), _("新建 km"), _("导线")))
    roles = {"main": _g("主供"), "backup": _g("备用")}
    for source in row.sources:
        told.rows.append(
            (
                roles.get(str(source.get("role")), ""),
                str(source.get("text") or source.get("feeder_name") or ""),
                figure(source.get("new_km")),
                str(source.get("conductor") or ""),
            )
        )
    told.notes = list(map(str, row.result.get("notes", [])))
    return told


def _sizing(row: SchemeAlternative) -> Explained:
    sizing = (row.scheme.comparison or {}).get("sizing") or {}
    told = Explained(_("负荷计算与变压器选型"), header=_STEP_HEAD)
    found: list[dict[str, Any]] = []
    _collect_steps(sizing, found)
    told.rows = _steps(found)
    load = (row.scheme.study_inputs or {}).get("load") or {}
    told.pairs = [
        (_("同时系数"), figure(load.get("simultaneity"))),
        (_("年增长率 %"), figure(load.get("growth_percent"))),
        (_("规划年限"), figure(load.get("horizon_years"))),
    ]
    return told


def _collect_steps(value: Any, found: list[dict[str, Any]]) -> None:
    """Every step of a nested document, in its order."""
    if isinstance(value, dict):
        if {"name", "value", "unit", "formula"} <= value.keys():
            found.append(value)
            return
        for part in value.values():
            _collect_steps(part, found)
    elif isinstance(value, list):
        for part in value:
            _collect_steps(part, found)


def _investment(row: SchemeAlternative) -> Explained:
    told = Explained(_("投资"), header=(_("项目"), _("金额 元"), _("算式"), _("单价来源")))
    for item in row.investment:
        told.rows.append(
            (
                item["name"],
                figure(item["amount_yuan"]),
                item["formula"],
                f"{item['source']}（{item['valid_from']}）",
            )
        )
    told.pairs = [(_("合计 元"), figure(row.investment_yuan))]
    told.certainty = row.investment[0]["certainty"] if row.investment else ""
    return told


def _construction(row: SchemeAlternative) -> Explained:
    found = row.result.get("construction") or {}
    return Explained(_("工期"), header=_STEP_HEAD, rows=_steps(found.get("steps", [])))


def _flow(row: SchemeAlternative) -> Explained:
    flow = row.result.get("flow") or {}
    told = Explained(_("潮流（正常方式）"), header=(_("部位"), _("数值 %"), _("量")))
    for name, label in (
        ("line_percent", _g("线路负载率")),
        ("transformer_percent", _g("变压器负载率")),
        ("voltage_percent", _g("电压（额定电压的百分数）")),
    ):
        for place, value in (flow.get(name) or {}).items():
            told.rows.append((place, figure(value), label))
    told.pairs = [(_("网损 kW"), figure(flow.get("losses_kw")))]
    if not flow:
        told.notes = [_g("没有潮流结果")]
    return told


def _contingencies(row: SchemeAlternative) -> Explained:
    told = Explained(
        _("N-1：逐个元件退出"),
        header=(_("退出元件"), _("结果"), _("恢复方式"), _("失负荷 kW"), _("最大负载率 %")),
    )
    for case in row.result.get("contingencies") or []:
        told.rows.append(
            (
                case["element"],
                str(_VERDICTS.get(case["verdict"], case["verdict"])),
                case["restored_by"] or "—",
                figure(case["lost_kw"]),
                figure(case.get("line_percent")),
            )
        )
    return told


def _reliability(row: SchemeAlternative) -> Explained:
    found = row.result.get("reliability") or {}
    told = Explained(_("供电可靠率"), header=_STEP_HEAD, rows=_steps(found.get("steps", [])))
    told.pairs = [
        (_("年停电次数期望"), figure(found.get("interruptions_per_year"))),
        (_("年停电时间期望 h"), figure(found.get("outage_hours"))),
    ]
    return told


def _score(row: SchemeAlternative) -> Explained:
    kept = row.scheme.comparison or {}
    told = Explained(_("综合得分"), header=(_("指标"), _("权重"), _("本方案"), _("归一得分")))
    for line in kept.get("rows", []):
        cell = line["cells"][row.ordinal - 1]
        criterion = line["criterion"]
        told.rows.append(
            (
                criterion["name"],
                figure(criterion["weight"]),
                f"{figure(cell['value'])} {criterion['unit']}",
                figure(cell["mark"]),
            )
        )
    told.notes = [_g("得分 = Σ 权重 × 归一得分 ÷ Σ 权重 × 100；指标最低记 1，最高记 0")]
    return told


def _cost(row: SchemeAlternative, mode: str) -> Explained:
    cost = next((c for c in row.yearly_costs if c["mode"] == mode), None)
    if cost is None:
        raise Http404
    told = Explained(
        _g("年电费·%(mode)s") % {"mode": cost["mode_name"]},
        header=(_("组成"), _("金额 元"), _("算式"), _("来源")),
    )
    told.rows = [(part["name"], figure(part["amount_yuan"]), "", "") for part in cost["parts"]]
    told.rows += _steps(cost["steps"])
    months = "、".join(figure(value) for value in cost["months_yuan"])
    told.pairs = [
        (_("合计 元"), figure(cost["total_yuan"])),
        (_("年用电量 kWh"), figure(cost["energy_kwh"])),
        (_("平均电价 元/kWh"), figure(cost["average_price"])),
        (_("电价"), cost["tariff"]),
        (_("逐月 元"), months),
    ]
    return told


def _check(row: SchemeAlternative, code: str) -> Explained:
    check = next((c for c in row.checks if c["code"] == code), None)
    if check is None:
        raise Http404
    told = Explained(check["name"], certainty=check["certainty"])
    told.pairs = [
        (_("实际"), check["found"]),
        (_("要求"), check["asked"]),
        (_("条款"), check["clause"]),
        (_("来源"), check["source"]),
        (_("性质"), _g("强制") if check["is_mandatory"] else _g("参考")),
    ]
    for exception in row.exceptions.all():
        if exception.check_code == code:
            told.notes.append(
                _g("%(name)s 批准例外：%(reason)s")
                % {"name": exception.granted_by_name, "reason": exception.reason}
            )
    return told


_VERDICTS = {
    "kept": _("不失负荷"),
    "shed": _("甩去三级负荷，保住一、二级负荷"),
    "lost": _("停电"),
    "overloaded": _("转供后过载"),
    "not_converged": _("潮流不收敛"),
}
_FIGURES: dict[str, Callable[[SchemeAlternative], Explained]] = {
    "sources": _sources,
    "sizing": _sizing,
    "investment": _investment,
    "construction": _construction,
    "flow": _flow,
    "contingencies": _contingencies,
    "reliability": _reliability,
    "score": _score,
}
