"""What a definition's elements, attributes and hit policies are called on the screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from busbar.access.models import Role, UnitKind
from busbar.connections.subjects import STAGES
from busbar.workflow.comparison import Change

KINDS: dict[str, Promise | str] = {
    "startEvent": gettext_lazy("开始"),
    "endEvent": gettext_lazy("结束"),
    "userTask": gettext_lazy("人工任务"),
    "serviceTask": gettext_lazy("自动服务"),
    "businessRuleTask": gettext_lazy("决策"),
    "receiveTask": gettext_lazy("等待消息"),
    "exclusiveGateway": gettext_lazy("分支"),
    "parallelGateway": gettext_lazy("并行"),
    "inclusiveGateway": gettext_lazy("多选分支"),
    "eventBasedGateway": gettext_lazy("等待事件"),
    "intermediateCatchEvent": gettext_lazy("等待事件"),
    "intermediateThrowEvent": gettext_lazy("发出事件"),
    "boundaryEvent": gettext_lazy("边界事件"),
    "subProcess": gettext_lazy("子流程"),
    "condition": gettext_lazy("分支条件"),
    "text": gettext_lazy("单行文字"),
    "paragraph": gettext_lazy("多行文字"),
    "integer": gettext_lazy("整数"),
    "decimal": gettext_lazy("小数"),
    "date": gettext_lazy("日期"),
    "datetime": gettext_lazy("日期时间"),
    "choice": gettext_lazy("单选"),
    "choices": gettext_lazy("多选"),
    "yes_no": gettext_lazy("是否"),
    "files": gettext_lazy("附件"),
    "table": gettext_lazy("表格"),
}
PARTIES: dict[str, Promise | str] = {
    "department": gettext_lazy("部门"),
    "customer": gettext_lazy("客户"),
    "outside": gettext_lazy("外部单位"),
}
_ATTRIBUTES: dict[str, Promise | str] = {
    "kind": pgettext_lazy("of an element", "类别"),
    "name": pgettext_lazy("of an element", "名称"),
    "label": pgettext_lazy("of an element", "名称"),
    "to": gettext_lazy("走向"),
    "text": gettext_lazy("条件"),
    "form": gettext_lazy("表单"),
    "role": gettext_lazy("角色"),
    "unit": pgettext_lazy("of a step", "部门"),
    "limit": gettext_lazy("时限"),
    "stage": gettext_lazy("阶段"),
    "handler": gettext_lazy("办结时执行"),
    "service": gettext_lazy("服务"),
    "decision": gettext_lazy("决策表"),
    "silent": gettext_lazy("逾期视同"),
    "returns": gettext_lazy("可退回"),
    "party": gettext_lazy("办理方"),
    "message": gettext_lazy("消息"),
    "until": gettext_lazy("等到"),
    "after_limit": gettext_lazy("时限届满后"),
    "required": gettext_lazy("必填"),
    "required_when": gettext_lazy("何时必填"),
    "minimum": gettext_lazy("最小"),
    "maximum": gettext_lazy("最大"),
    "max_length": gettext_lazy("最长"),
    "pattern": gettext_lazy("格式"),
    "choices": gettext_lazy("可选"),
    "columns": gettext_lazy("列"),
    "help": gettext_lazy("提示"),
}
POLICIES: dict[str, Promise | str] = {
    "UNIQUE": gettext_lazy("只有一行适用"),
    "FIRST": gettext_lazy("取第一行适用的"),
    "COLLECT": gettext_lazy("取全部适用的"),
}
_LABELS: dict[str, Mapping[Any, Any]] = {
    "role": dict(Role.choices),
    "unit": dict(UnitKind.choices),
    "kind": KINDS,
    "party": PARTIES,
}


@dataclass(frozen=True)
class Side:
    """One attribute before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """One element or field: what became of it and in which attributes."""

    element: str
    title: str
    kind: str
    effect: str
    sides: list[Side]


def role_name(role: str) -> str:
    """A role in words."""
    return str(dict(Role.choices).get(role, "")) or _by_fact(role)


def unit_kind_name(kind: str) -> str:
    """A kind of unit in words."""
    return str(dict(UnitKind.choices).get(kind, "")) or _by_fact(kind)


def _by_fact(value: str) -> str:
    """What the matter itself names: `=department`."""
    if not value.startswith("="):
        return value
    return _("由 %(fact)s 定") % {"fact": value[1:]}


def stage_words(stage: int) -> str:
    """The stage that a customer follows: `3 供电方案`; empty for none."""
    return f"{stage} {STAGES[stage]}" if stage in STAGES else ""


def difference(change: Change, effect: str) -> Difference:
    """A change in words. `effect`: added, removed or changed."""
    facts: Mapping[str, Any] = change.after or change.before
    names = [name for name in {**change.before, **change.after} if name != "columns"]
    return Difference(
        element=change.name,
        title=change.title or change.name,
        kind=str(KINDS.get(str(facts.get("kind", "")), "")),
        effect=effect,
        sides=[
            Side(
                str(_ATTRIBUTES.get(name, name)),
                value_words(name, change.before.get(name)),
                value_words(name, change.after.get(name)),
            )
            for name in names
        ],
    )


def value_words(name: str, value: Any) -> str:
    """An attribute's value in words; empty for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or value in ("true", "false"):
        return _("是") if value in (True, "true") else _("否")
    if isinstance(value, (list, tuple)):
        return _("、").join(_item(item) for item in value)
    return str(_LABELS.get(name, {}).get(str(value), value))


def _item(item: Any) -> str:
    if isinstance(item, (list, tuple)) and len(item) == len(("value", "label")):
        return str(item[1])
    return str(item)
