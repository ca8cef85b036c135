"""The rules a scheme must keep, each as data with clause and certainty, applied to a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from busbar.connections.study.alternatives import Alternative, Check, Verdict
from busbar.connections.study.contingencies import Contingency
from busbar.connections.study.modelling import RECEIVING
from busbar.connections.study.parameters import CheckRule, Parameters
from busbar.connections.study.sizing import IMPORTANT, Sizing
from busbar.connections.study.values import GRADE_NAMES, LoadDeclaration, UnableToStudy
from busbar.kit.money import plain

_HUNDRED = Decimal(100)
Finding = tuple[Verdict, str, str]
"""Verdict, what was found, what is asked."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at."""

    alternative: Alternative
    load: LoadDeclaration
    sizing: Sizing
    parameters: Parameters


def apply_rules(subject: Subject) -> tuple[Check, ...]:
    """Every rule of the parameters; UnableToStudy where a rule's kind is unknown."""
    return tuple(_check(rule, subject) for rule in subject.parameters.rules)


def _check(rule: CheckRule, subject: Subject) -> Check:
    try:
        kind = _KINDS[rule.kind]
    except KeyError:
        raise UnableToStudy(
            "规则 %(code)s 的种类 %(kind)s 未知。", code=rule.code, kind=rule.kind
        ) from None
    return Check(rule, *kind(subject))


def _capacity_voltage(subject: Subject) -> Finding:
    plan = subject.alternative.plan
    capacity = plan.transformers.total_kva if plan.transformers else subject.sizing.required_kva
    bands = [b for b in subject.parameters.voltage_bands if b.voltage_kv == plan.voltage_kv]
    found = f"{plain(plan.voltage_kv)}kV、{plain(capacity)} kVA"
    if not bands:
        return "not_applicable", found, "电压等级表没有该等级"
    asked = "、".join(f"{plain(b.least_kva)}–{plain(b.most_kva)} kVA" for b in bands)
    # Judged by what is needed: the next larger standard rating must not decide the voltage.
    fits = any(b.takes(subject.sizing.required_kva) or b.takes(capacity) for b in bands)
    return _verdict(fits), found, asked


def _sources(subject: Subject) -> Finding:
    rule = subject.parameters.source_rules[subject.load.grade]
    sources = subject.alternative.plan.sources
    stations = {source.station for source in sources}
    buses = {(source.station, source.bus) for source in sources}
    found = f"{len(sources)} 路电源，{len(stations)} 座变电站，{len(buses)} 段母线"
    asked = (
        f"{GRADE_NAMES[subject.load.grade]}：{rule.sources} 路，"
        f"{rule.stations} 座变电站，{rule.buses} 段母线（{rule.article}）"
    )
    enough = (
        len(sources) >= rule.sources and len(stations) >= rule.stations and len(buses) >= rule.buses
    )
    return _verdict(enough), found, asked


def _emergency(subject: Subject) -> Finding:
    load = subject.load
    share = subject.parameters.number("emergency.share")
    needed = load.safety_load_kw * share
    found = f"保安负荷 {plain(load.safety_load_kw)} kW，自备应急电源 {plain(load.emergency_kw)} kW"
    asked = f"不小于 {plain(load.safety_load_kw)}×{plain(share)} = {plain(needed)} kW"
    if load.grade in {"none", "temporary"}:
        return "not_applicable", found, "只对重要客户要求"
    if not load.safety_load_kw:
        return "fail", "未申报保安负荷", "重要客户应申报保安负荷并自备应急电源"
    return _verdict(load.emergency_kw >= needed), found, asked


def _line_loading(subject: Subject) -> Finding:
    return _loading(subject, "loading.line_percent", is_line=True)


def _transformer_loading(subject: Subject) -> Finding:
    return _loading(subject, "loading.transformer_percent", is_line=False)


def _loading(subject: Subject, figure: str, *, is_line: bool) -> Finding:
    flow, limit = subject.alternative.flow, subject.parameters.number(figure)
    asked = f"不大于 {plain(limit)}%"
    if flow is None:
        return "not_applicable", "没有可算的电源", asked
    if not flow.converged:
        return "fail", "潮流不收敛", asked
    percents = flow.line_percent if is_line else flow.transformer_percent
    # The customer's own transformers are sized by their target loading, not by this rule.
    loaded = {name: p for name, p in percents.items() if name != RECEIVING}
    if not loaded:
        return "not_applicable", "没有该类元件", asked
    worst = max(loaded, key=lambda name: loaded[name])
    return _verdict(loaded[worst] <= limit), f"{worst} {plain(loaded[worst])}%", asked


def _voltage(subject: Subject) -> Finding:
    flow = subject.alternative.flow
    limit = subject.parameters.limit_for(subject.alternative.plan.voltage_kv)
    asked = f"{plain(limit.lower_percent)}% 至 +{plain(limit.upper_percent)}%（{limit.article}）"
    if flow is None:
        return "not_applicable", "没有可算的电源", asked
    deviation = subject.alternative.voltage_percent
    if deviation is None:
        return "fail", "潮流不收敛", asked
    within = limit.lower_percent <= deviation <= limit.upper_percent
    return _verdict(within), f"{'+' if deviation > 0 else ''}{plain(deviation)}%", asked


def _n_1(subject: Subject) -> Finding:
    relevant = [c for c in subject.alternative.contingencies if c.kind != "receiving_transformer"]
    return _kept(subject, relevant)


def _receiving_n_1(subject: Subject) -> Finding:
    relevant = [c for c in subject.alternative.contingencies if c.kind == "receiving_transformer"]
    if not subject.sizing.essential.active_kw:
        return "not_applicable", "没有一、二级负荷", "有一、二级负荷时要求"
    return _worst(subject, relevant)


def _kept(subject: Subject, contingencies: list[Contingency]) -> Finding:
    if subject.load.grade not in IMPORTANT:
        lost = max((c.lost_kw for c in contingencies), default=Decimal(0))
        return "not_applicable", f"最大失负荷 {plain(lost)} kW", "只对重要客户要求"
    # The whole station may fail only where the grade asks for a second one.
    second = subject.parameters.source_rules[subject.load.grade].stations > 1
    return _worst(subject, [c for c in contingencies if second or c.kind != "station"])


def _worst(subject: Subject, contingencies: list[Contingency]) -> Finding:
    essential = subject.sizing.essential.active_kw
    asked = f"保住一、二级负荷 {plain(essential)} kW 且不过载"
    if not contingencies:
        return "not_applicable", "没有可算的电源", asked
    bad = [c for c in contingencies if c.verdict not in {"kept", "shed"}]
    if not bad:
        least = min(c.served_kw for c in contingencies)
        return _verdict(least >= essential), f"各元件退出时至少保住 {plain(least)} kW", asked
    worst = max(bad, key=lambda c: c.lost_kw)
    return "fail", f"{worst.element}退出：{VERDICT_NAMES[worst.verdict]}", asked


VERDICT_NAMES: Mapping[str, str] = {
    "kept": "全部保住",
    "shed": "保住一、二级负荷",
    "lost": "全部失电",
    "overloaded": "转供后过载或电压越限",
    "not_converged": "转供后潮流不收敛",
}


def _verdict(holds: bool) -> Verdict:  # noqa: FBT001 - the one thing it turns into a word
    return "pass" if holds else "fail"


_KINDS: Mapping[str, Callable[[Subject], Finding]] = {
    "capacity_voltage": _capacity_voltage,
    "sources": _sources,
    "emergency": _emergency,
    "line_loading": _line_loading,
    "transformer_loading": _transformer_loading,
    "voltage": _voltage,
    "n_1": _n_1,
    "receiving_n_1": _receiving_n_1,
}
