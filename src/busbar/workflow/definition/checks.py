"""What a definition must satisfy beyond being BPMN; every problem is found, not only the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from busbar.access.models import Role, UnitKind
from busbar.clocks import shipped
from busbar.kit.errors import Listing, Phrase
from busbar.workflow import expressions, offering, registry
from busbar.workflow.definition.decisions import Found, check_decision, outputs_of
from busbar.workflow.definition.elements import PARTIES, RETURNED, Step
from busbar.workflow.definition.problems import Problem
from busbar.workflow.definition.specs import own_attributes
from busbar.workflow.definition.tree import BPMN, FORMS, Tree, local
from busbar.workflow.forms import Form

Decisions = Mapping[str, Any]
Forms = Mapping[str, Form]
Steps = Mapping[str, Step]

ALLOWED = frozenset(
    {
        "startEvent",
        "endEvent",
        "userTask",
        "serviceTask",
        "businessRuleTask",
        "receiveTask",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "intermediateCatchEvent",
        "boundaryEvent",
        "textAnnotation",
        "association",
        "group",
    }
)
_DRAWN_ONLY = frozenset({"textAnnotation", "association", "group"})
_FORBIDDEN = {
    "scriptTask": Phrase("不允许脚本；判断写在网关条件或 DMN 决策表里，动作登记为服务"),
    "timerEventDefinition": Phrase(
        "不允许定时事件：请用消息事件加 busbar:until 或 busbar:after_limit"
    ),
    "multiInstanceLoopCharacteristics": Phrase("不支持多实例：会签请用并行网关，每个部门一个任务"),
    "standardLoopCharacteristics": Phrase("不支持循环标记：请用网关和回流"),
    "conditionalEventDefinition": Phrase("不支持条件事件：请用排他网关"),
    "correlationProperty": Phrase("不支持消息关联：消息按流程实例送达"),
    "dataObjectReference": Phrase("不支持数据对象：流程事实在 busbar:facts 中列出"),
    "dataStoreReference": Phrase("不支持数据存储：流程事实在 busbar:facts 中列出"),
}
_STAGES = range(8)
_WITHOUT_ID = frozenset({"documentation", "extensionElements", "laneSet"})
_CODES = frozenset(limit.code for limit in shipped.limits())
"""Time limits there are: units may tighten them, but add none."""


def check_package(tree: Tree, decisions: Decisions, forms: Forms, steps: Steps) -> list[Problem]:
    """Every problem of the package."""
    problems = [
        Problem(BPMN, element, expected)
        for check in (_ids, _kinds, _graph, _gateways, _messages, _services)
        for element, expected in check(tree)
    ]
    facts = known_facts(tree, decisions, forms, steps)
    for step in steps.values():
        problems += [Problem(BPMN, step.element, said) for said in _step(step, forms, facts)]
    problems += [Problem(BPMN, e, said) for e, said in _conditions(tree, facts)]
    problems += [Problem(BPMN, e, said) for e, said in _waits(tree, steps, facts)]
    problems += [Problem(BPMN, e, said) for e, said in _return_paths(tree, steps)]
    problems += [Problem(BPMN, e, said) for e, said in _decision_tasks(tree, decisions)]
    problems += [Problem(FORMS, "", said) for form in forms.values() for said in _lists(form)]
    for name, root in decisions.items():
        problems += [Problem(name, e, said) for e, said in check_decision(root, facts)]
    return problems


def known_facts(tree: Tree, decisions: Decisions, forms: Forms, steps: Steps) -> frozenset[str]:
    """Names that expressions may use: declared ones, form fields, results of decisions.

    A field `x` of the task `t` is the fact `x`, and `t_x` where two tasks answer the same.
    """
    process = tree.process
    declared = own_attributes(process).get("facts", "") if process is not None else ""
    found = {"outcome", *declared.replace(",", " ").split()}
    for step in steps.values():
        form = forms.get(step.form)
        fields = {field.name for field in form.fields} if form else set()
        found |= fields | {f"{step.element}_{name}" for name in fields | {"outcome"}}
    return frozenset(found.union(*(outputs_of(root) for root in decisions.values())))


def _kinds(tree: Tree) -> Found:
    for element in tree.root.iter():
        if isinstance(element.tag, str) and local(element) in _FORBIDDEN:
            holder = element if element.get("id") else element.getparent()
            yield (holder.get("id") or "", _FORBIDDEN[local(element)])
    for name, element in tree.nodes.items():
        if local(element) not in ALLOWED and local(element) not in _FORBIDDEN:
            known = Listing(sorted(ALLOWED - _DRAWN_ONLY))
            yield name, Phrase("不支持“%(kind)s”，应为 %(known)s", kind=local(element), known=known)


def _ids(tree: Tree) -> Found:
    """Everything that is drawn or flows has an id, and each its own."""
    seen: set[str] = set()
    for element in tree.process if tree.process is not None else ():
        if not isinstance(element.tag, str) or local(element) in _WITHOUT_ID:
            continue
        name = element.get("id") or ""
        if not name:
            yield "", Phrase("“%(kind)s”缺少 id", kind=local(element))
        elif name in seen:
            yield name, Phrase("这个 id 用了两次")
        seen.add(name)


def _graph(tree: Tree) -> Found:
    kinds = {name: local(e) for name, e in tree.nodes.items() if local(e) not in _DRAWN_ONLY}
    starts = [name for name, kind in kinds.items() if kind == "startEvent"]
    ends = [name for name, kind in kinds.items() if kind == "endEvent"]
    if len(starts) != 1:
        yield "", Phrase("应有且只有一个开始事件，现有 %(count)s 个", count=len(starts))
    if not ends:
        yield "", Phrase("应至少有一个结束事件")
    for source, target in _flows(tree):
        if target not in kinds:
            yield source, Phrase("连到了不存在的“%(target)s”", target=target)
    backward: dict[str, list[str]] = {}
    for source, target in _flows(tree):
        backward.setdefault(target, []).append(source)
    reached = _reach(starts, lambda name: tree.flows.get(name, ()))
    ending = _reach(ends, lambda name: backward.get(name, []))
    for name in kinds:
        if starts and name not in reached:
            yield name, Phrase("从开始事件到不了这里")
        if ends and name not in ending:
            yield name, Phrase("从这里走不到结束事件")


def _flows(tree: Tree) -> Iterator[tuple[str, str]]:
    """Every flow as (source, target)."""
    return ((source, target) for source, targets in tree.flows.items() for target in targets)


def _reach(starts: list[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += following(name)
    return seen


def _gateways(tree: Tree) -> Found:
    with_condition = {name for name, _ in tree.conditions}
    leaving: dict[str, list[Any]] = {}
    for flow in tree.of("sequenceFlow"):
        leaving.setdefault(flow.get("sourceRef", ""), []).append(flow)
    for gateway in tree.of("exclusiveGateway", "inclusiveGateway"):
        name = gateway.get("id", "")
        out = leaving.get(name, [])
        if len(out) < 2:  # noqa: PLR2004 - one way out needs no condition
            continue
        default = gateway.get("default")
        if not default:
            yield name, Phrase("应有默认流向（default），否则没有条件成立时流程会停住")
        for flow in out:
            if flow.get("id") not in with_condition and flow.get("id") != default:
                yield flow.get("id", ""), Phrase("应有条件，或作为网关的默认流向")


def _messages(tree: Tree) -> Found:
    for element in tree.catchers():
        if not tree.message_of(element):
            expected = Phrase("应引用一个有名称的消息或信号（messageRef、signalRef）")
            yield element.get("id"), expected
    for element in tree.of("startEvent"):
        if any(local(child).endswith("EventDefinition") for child in element):
            yield element.get("id"), Phrase("开始事件不应等待事件：流程由程序按事项发起")


def _services(tree: Tree) -> Found:
    for element in tree.of("serviceTask"):
        name = own_attributes(element).get("service", "")
        if not name:
            yield element.get("id"), Phrase("服务任务应有 busbar:service")
        elif registry.get_service(name) is None:
            expected = Phrase("busbar:service 是“%(name)s”，没有登记这个服务", name=name)
            yield element.get("id"), expected


def _step(step: Step, forms: Forms, facts: frozenset[str]) -> Iterator[Phrase]:
    if not step.form:
        yield Phrase("用户任务应有 busbar:form")
    elif step.form not in forms:
        yield Phrase("busbar:form 是“%(form)s”，forms.toml 里没有这个表单", form=step.form)
    yield from _one_of_or_fact("role", step.role, Role.values, facts)
    yield from _one_of_or_fact("unit", step.unit, UnitKind.values, facts)
    yield from _one_of("party", step.party, PARTIES)
    if step.owner and (not step.owner.startswith("=") or step.owner[1:] not in facts):
        yield Phrase("busbar:owner 是“%(owner)s”，应为 = 加一个已有的事实", owner=step.owner)
    if step.handler and registry.get_task_handler(step.handler) is None:
        yield Phrase("busbar:handler 是“%(handler)s”，没有登记这个处理程序", handler=step.handler)
    if step.limit.startswith("=") and step.limit[1:] not in facts:
        yield _no_fact("limit", step.limit)
    elif step.limit and not step.limit.startswith("=") and step.limit not in _CODES:
        yield Phrase("busbar:limit 是“%(limit)s”，没有这个时限编码", limit=step.limit)
    if step.silent and not step.limit:
        yield Phrase("busbar:silent（默认同意）应同时有 busbar:limit")
    if step.silent and step.form in forms and not _offers(forms[step.form], step.silent):
        yield Phrase(
            "busbar:silent 是“%(silent)s”，应为表单字段 outcome 的一个可选值", silent=step.silent
        )
    if step.stage not in _STAGES:
        yield Phrase("busbar:stage 应为 1 至 7 的整数")


def _lists(form: Form) -> Iterator[Phrase]:
    for path, name in offering.list_sources(form):
        if registry.get_choices(name) is None:
            yield Phrase(
                "表单“%(form)s”字段“%(path)s”的 choice_from 是“%(name)s”，没有登记这个列表",
                form=form.name,
                path=path,
                name=name,
            )


def _one_of(attribute: str, value: str, allowed: Iterable[Any]) -> Iterator[Phrase]:
    values = [str(item) for item in allowed]
    if not value and value not in values:
        yield Phrase(
            "busbar:%(attribute)s 缺少，应为 %(known)s 之一",
            attribute=attribute,
            known=Listing(values),
        )
    elif value not in values:
        yield Phrase(
            "busbar:%(attribute)s 是“%(value)s”，应为 %(known)s 之一",
            attribute=attribute,
            value=value,
            known=Listing(values),
        )


def _one_of_or_fact(
    attribute: str, value: str, allowed: Iterable[Any], facts: frozenset[str]
) -> Iterator[Phrase]:
    """A value of the list, or `=fact`: whom the matter itself names."""
    if not value.startswith("="):
        yield from _one_of(attribute, value, allowed)
    elif value[1:] not in facts:
        yield _no_fact(attribute, value)


def _no_fact(attribute: str, value: str) -> Phrase:
    return Phrase(
        "busbar:%(attribute)s 引用的事实“%(fact)s”不存在", attribute=attribute, fact=value[1:]
    )


def _offers(form: Form, outcome: str) -> bool:
    field = form.field("outcome")
    return field is not None and outcome in [value for value, _ in field.choices]


def _conditions(tree: Tree, facts: frozenset[str]) -> Found:
    for name, text in tree.conditions:
        try:
            unknown = expressions.names_in(text) - facts
        except expressions.UnableToEvaluate as refusal:
            yield name, refusal
            continue
        if unknown:
            expected = Phrase(
                "条件里的事实“%(facts)s”不存在：应为表单字段、决策结果或 busbar:facts 所列",
                facts=Listing(sorted(unknown)),
            )
            yield name, expected


def _waits(tree: Tree, steps: Steps, facts: frozenset[str]) -> Found:
    for wait in map(tree.wait, tree.catchers()):
        if wait.until and wait.until not in facts:
            yield wait.element, Phrase("busbar:until 的事实“%(fact)s”不存在", fact=wait.until)
        step = steps.get(wait.attached_to)
        if wait.after_limit and (step is None or not step.limit):
            expected = Phrase("busbar:after_limit 应在有 busbar:limit 的用户任务的边界事件上")
            yield wait.element, expected


def _return_paths(tree: Tree, steps: Steps) -> Found:
    texts = [text for _, text in tree.conditions]
    for step in steps.values():
        if not step.returns:
            continue
        names = {"outcome", f"{step.element}_outcome"}
        if not any(RETURNED in text and names & _names(text) for text in texts):
            asked = f"{step.element}_outcome == '{RETURNED}'"
            expected = Phrase("busbar:returns 应有退回的流向：网关条件写 %(asked)s", asked=asked)
            yield step.element, expected


def _names(text: str) -> frozenset[str]:
    try:
        return expressions.names_in(text)
    except expressions.UnableToEvaluate:
        return frozenset()  # said already of the condition itself


def _decision_tasks(tree: Tree, decisions: Decisions) -> Found:
    known = {d.get("id") for root in decisions.values() for d in root if local_of(d) == "decision"}
    for element in tree.of("businessRuleTask"):
        name = own_attributes(element).get("decision", "")
        if name not in known:
            expected = Phrase("busbar:decision 是“%(name)s”，.dmn 文件里没有这个决策", name=name)
            yield element.get("id"), expected


def local_of(element: Any) -> str:
    """The local name; "" for comments."""
    return local(element) if isinstance(element.tag, str) else ""
