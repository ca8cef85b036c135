"""Time limits in words: stages, events, conditions, rungs of a ladder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from busbar.clocks.models import EscalationRung, RungMoment, Sense, TimeLimit
from busbar.clocks.queries import facts_of
from busbar.clocks.rulebook import UNIT_WORDS, LimitFacts, plain_number
from busbar.console.event_names import name_event

STAGES: dict[str, Promise] = {
    "application": gettext_lazy("申请受理"),
    "review": gettext_lazy("初审"),
    "survey": gettext_lazy("现场勘察"),
    "scheme": gettext_lazy("编制供电方案"),
    "countersign": gettext_lazy("会签"),
    "approval": gettext_lazy("方案审批"),
    "scheme_reply": gettext_lazy("供电方案答复"),
    "scheme_validity": gettext_lazy("方案有效期"),
    "fees": gettext_lazy("业务缴费"),
    "design_review": gettext_lazy("设计审查"),
    "mid_inspection": gettext_lazy("中间检查"),
    "completion_inspection": gettext_lazy("竣工检验"),
    "agreement": gettext_lazy("供用电合同"),
    "metering": gettext_lazy("装表计量"),
    "energizing": gettext_lazy("送电"),
    "registration": gettext_lazy("归档与登记培训"),
    "total": gettext_lazy("全过程"),
    "change": gettext_lazy("变更用电"),
    "refund": gettext_lazy("退费"),
    "outage": gettext_lazy("停送电"),
    "repair": gettext_lazy("抢修"),
    "service": gettext_lazy("服务"),
    "complaint": gettext_lazy("投诉举报"),
    "department_order": gettext_lazy("部门工作指令"),
}
"""In the order in which a customer meets them."""

_NOUNS: dict[str, Promise | str] = {
    "arrears.debt": gettext_lazy("欠费"),
    "arrears.supply": gettext_lazy("欠费停电"),
    "connections.acceptance": gettext_lazy("竣工检验"),
    "connections.agreement": gettext_lazy("供用电合同"),
    "connections.application": gettext_lazy("用电申请"),
    "connections.completion": gettext_lazy("竣工"),
    "connections.customer": gettext_lazy("客户"),
    "connections.design": gettext_lazy("设计文件"),
    "connections.dismantling": gettext_lazy("暂拆"),
    "connections.energizing": gettext_lazy("送电条件"),
    "connections.fee": gettext_lazy("业务费用"),
    "connections.fee_notice": gettext_lazy("缴费通知"),
    "connections.fees": gettext_lazy("业务费用"),
    "connections.inspection": gettext_lazy("检查检验"),
    "connections.mid_inspection": gettext_lazy("中间检查"),
    "connections.registration": gettext_lazy("登记"),
    "connections.reinstallation": gettext_lazy("复装"),
    "connections.scheme": gettext_lazy("供电方案"),
    "connections.supply": gettext_lazy("供电"),
    "connections.survey": gettext_lazy("现场勘察"),
    "connections.training": gettext_lazy("培训"),
    "connections.work": gettext_lazy("受电工程"),
    "outages.stop": gettext_lazy("停电"),
    "service_desk.complaint": gettext_lazy("投诉"),
    "service_desk.report": gettext_lazy("举报"),
}
_VERBS: dict[str, Promise | str] = {
    "accepted": pgettext_lazy("event of a limit", "受理"),
    "answered": pgettext_lazy("event of a limit", "答复"),
    "cancelled": pgettext_lazy("event of a limit", "终止"),
    "cause_removed": pgettext_lazy("event of a limit", "原因消除"),
    "cleared": pgettext_lazy("event of a limit", "结清"),
    "completed": pgettext_lazy("event of a limit", "完成"),
    "contacted": pgettext_lazy("event of a limit", "联系客户"),
    "corrected": pgettext_lazy("event of a limit", "补正齐全"),
    "correction_requested": pgettext_lazy("event of a limit", "告知补正"),
    "drafted": pgettext_lazy("event of a limit", "起草"),
    "energized": pgettext_lazy("event of a limit", "送电"),
    "executed": pgettext_lazy("event of a limit", "执行"),
    "extended": pgettext_lazy("event of a limit", "准予延期"),
    "handed_over": pgettext_lazy("event of a limit", "移交市场营销部"),
    "held": pgettext_lazy("event of a limit", "完成"),
    "inspected": pgettext_lazy("event of a limit", "检验"),
    "issued": pgettext_lazy("event of a limit", "发出"),
    "lapsed": pgettext_lazy("event of a limit", "失效"),
    "paid": pgettext_lazy("event of a limit", "到账"),
    "passed": pgettext_lazy("event of a limit", "合格"),
    "postponed": pgettext_lazy("event of a limit", "推迟"),
    "ready": pgettext_lazy("event of a limit", "具备"),
    "received": pgettext_lazy("event of a limit", "到账"),
    "rectification_requested": pgettext_lazy("event of a limit", "通知整改"),
    "rectified": pgettext_lazy("event of a limit", "整改完毕"),
    "refused": pgettext_lazy("event of a limit", "不予受理"),
    "registered": pgettext_lazy("event of a limit", "登记"),
    "rejected": pgettext_lazy("event of a limit", "不予受理"),
    "replied": pgettext_lazy("event of a limit", "答复客户"),
    "reported": pgettext_lazy("event of a limit", "报验"),
    "requested": pgettext_lazy("event of a limit", "申请"),
    "restored": pgettext_lazy("event of a limit", "恢复送电"),
    "resumed": pgettext_lazy("event of a limit", "恢复进行"),
    "reviewed": pgettext_lazy("event of a limit", "审查完毕"),
    "signed": pgettext_lazy("event of a limit", "签订"),
    "started": pgettext_lazy("event of a limit", "开工"),
    "submitted": pgettext_lazy("event of a limit", "送审"),
    "superseded": pgettext_lazy("event of a limit", "被新方案取代"),
    "withdrawn": pgettext_lazy("event of a limit", "撤回"),
}
_FACTS: dict[str, Promise] = {
    "supply_kind": gettext_lazy("供电方式"),
    "voltage_level": gettext_lazy("电压等级"),
    "inspection_kind": gettext_lazy("检查种类"),
}
_VALUES: dict[str, Promise | str] = {
    "single": gettext_lazy("高压单电源"),
    "dual": gettext_lazy("高压双电源"),
    "low": gettext_lazy("低压"),
    "high": gettext_lazy("高压"),
    "temporary": gettext_lazy("临时用电"),
    "resident": gettext_lazy("居民"),
    "interim": gettext_lazy("中间检查"),
    "completion": gettext_lazy("竣工检验"),
}


@dataclass(frozen=True)
class Line:
    """A limit as a list shows it."""

    row: TimeLimit
    figure: str
    document: str
    is_local: bool


@dataclass(frozen=True)
class Group:
    """The limits of one stage."""

    label: str
    lines: list[Line]


def line_of(row: TimeLimit) -> Line:
    """The row with its figure in words."""
    facts = facts_of(row)
    return Line(row, facts.words, facts.document, row.unit_id is not None)


def grouped(rows: list[TimeLimit]) -> list[Group]:
    """The rows by stage, in the order in which a customer meets the stages."""
    by_stage: dict[str, list[Line]] = {}
    for row in rows:
        by_stage.setdefault(row.stage, []).append(line_of(row))
    order = [*STAGES, *sorted(set(by_stage) - set(STAGES))]
    return [Group(stage_name(name), by_stage[name]) for name in order if name in by_stage]


def stage_name(stage: str) -> str:
    """The stage in words."""
    return str(STAGES.get(stage, stage or _("其他")))


def event_words(event: str) -> str:
    """A journal event in words; those that no room records yet are named here."""
    known = name_event(event)
    if known != event:
        return known
    noun, _dot, verb = event.rpartition(".")
    if noun in _NOUNS and verb in _VERBS:
        return _("%(noun)s%(verb)s") % {"noun": _NOUNS[noun], "verb": _VERBS[verb]}
    return event


def condition_words(applies_when: Mapping[str, object]) -> list[str]:
    """What must be so for the limit to apply, a sentence a fact.

    >>> from django.utils import translation
    >>> with translation.override("zh-hans"):
    ...     condition_words({"supply_kind": ["single", "hv_single"]})
    ['供电方式为高压单电源']
    """
    said = []
    for name, wanted in applies_when.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        known = [str(_VALUES[v]) for v in values if v in _VALUES]
        text = _("、").join(dict.fromkeys(known or [str(v) for v in values]))
        said.append(_("%(fact)s为%(values)s") % {"fact": _FACTS.get(name, name), "values": text})
    return said


_WORKING_HOURS = gettext_noop("个工作小时")
"""The one unit of limits that no other text of the screens names."""


def limit_words(limit: LimitFacts) -> str:
    """The figure of a limit in the language of the screen.

    >>> from decimal import Decimal
    >>> limit = LimitFacts("a", "答复", Decimal(20), "working_day")
    >>> with translation.override("zh-hans"):
    ...     limit_words(limit)
    '不超过 20 个工作日'
    >>> with translation.override("en"):
    ...     limit_words(limit)
    'at most 20 working days'
    """
    if (translation.get_language() or "zh").startswith("zh"):
        return limit.words
    unit = translated(UNIT_WORDS[limit.amount_unit])
    return f"{Sense(limit.sense).label} {plain_number(limit.amount)} {unit}"


def rung_words(rung: EscalationRung, amount_unit: str) -> str:
    """When a rung is climbed: 已用 80% / 剩余 1 天 / 超期第 3 天."""
    if rung.moment == RungMoment.SHARE:
        return _("已用 %(share)s%%") % {"share": plain_number(rung.amount * 100)}
    unit = UNIT_WORDS["calendar_day" if amount_unit in {"month", "year"} else amount_unit]
    number = {"amount": plain_number(rung.amount), "unit": unit}
    if rung.moment == RungMoment.LEFT:
        return _("剩余 %(amount)s %(unit)s") % number
    return _("超期第 %(amount)s %(unit)s") % number
