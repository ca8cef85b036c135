"""Two versions side by side: what of the diagram and the forms was added, removed, changed; and
whether a running process can go over from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.util.diff import diff_workflow, migrate_workflow
from SpiffWorkflow.util.task import TaskState

from busbar.kit.errors import Phrase
from busbar.workflow.definition.elements import Definition
from busbar.workflow.definition.specs import own_attributes, spec_registry
from busbar.workflow.definition.tree import Tree, local
from busbar.workflow.engine import Course, FactsEngine

_registry = spec_registry()
_REACHED = TaskState.DEFINITE_MASK | TaskState.FINISHED_MASK
_OPEN = TaskState.READY | TaskState.WAITING | TaskState.STARTED
_STRUCTURE = frozenset({"typename", "outputs"})
"""What of a step that was already taken must not differ: its kind and where it leads."""


@dataclass(frozen=True)
class Change:
    """One element, or one field of a form, before and after."""

    name: str
    title: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class VersionDiff:
    """What a version changes: elements of the diagram, then fields of forms (`form.field`)."""

    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    changed: tuple[Change, ...]
    fields_added: tuple[Change, ...]
    fields_removed: tuple[Change, ...]
    fields_changed: tuple[Change, ...]


def compare(old: Definition, new: Definition) -> VersionDiff:
    """Every difference that means something; layout does not."""
    elements = _compare(_elements(old), _elements(new))
    fields = _compare(_fields(old), _fields(new))
    return VersionDiff(*elements, *fields)


Facts = Mapping[str, Mapping[str, Any]]


def _compare(
    old: Facts, new: Facts
) -> tuple[tuple[Change, ...], tuple[Change, ...], tuple[Change, ...]]:
    added = [Change(n, _title(new[n]), after=new[n]) for n in new if n not in old]
    removed = [Change(n, _title(old[n]), before=old[n]) for n in old if n not in new]
    both = [n for n in new if n in old and old[n] != new[n]]
    changed = [
        Change(n, _title(new[n]), _only(old[n], new[n]), _only(new[n], old[n])) for n in both
    ]
    return tuple(added), tuple(removed), tuple(changed)


def _only(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if other.get(key) != value}


def _title(facts: Mapping[str, Any]) -> str:
    return str(facts.get("name") or facts.get("label") or facts.get("kind") or "")


def _elements(definition: Definition) -> dict[str, dict[str, Any]]:
    tree = Tree(etree.fromstring(definition.xml.encode()))
    found = {}
    for name, element in tree.nodes.items():
        to = sorted(definition.flows.get(name, ()))
        kept = {"kind": local(element), "name": element.get("name", ""), "to": to}
        found[name] = kept | own_attributes(element) | _event(tree, element)
    for name, text in tree.conditions:
        found[name] = {"kind": "condition", "name": name, "text": text}
    return found


def _event(tree: Tree, element: Any) -> dict[str, str]:
    message = tree.message_of(element)
    return {"message": message} if message else {}


def _fields(definition: Definition) -> dict[str, dict[str, Any]]:
    return {
        f"{form.name}.{one.name}": {k: v for k, v in asdict(one).items() if v not in ("", None, ())}
        for form in definition.forms.values()
        for one in form.fields
    }


def obstacles(course: Course, new: Definition) -> list[Phrase]:
    """Why a running process cannot go over: sentences, none where it can.

    What it has passed must still be there and lead where it led, so that nothing is skipped;
    where it stands now must still be a step of the same kind.
    """
    top, _ = diff_workflow(_registry, course.workflow, new.spec, {})
    said = [_obstacle(task, new) for task in (*top.removed, *top.changed)]
    return [sentence for sentence in dict.fromkeys(said) if sentence]


def _obstacle(task: Any, new: Definition) -> Phrase | None:
    """What stands in the way of one task that differs; None where nothing does."""
    is_done, is_open = task.has_state(TaskState.COMPLETED), task.has_state(_OPEN)
    candidate = new.spec.task_specs.get(task.task_spec.name)
    if candidate is None:
        if is_open:
            return Phrase("正在办理的“%(step)s”在新版本中没有了", step=_named(task))
        return Phrase("已办过的“%(step)s”在新版本中没有了", step=_named(task)) if is_done else None
    before, after = _registry.convert(task.task_spec), _registry.convert(candidate)
    differs = {key for key in _STRUCTURE if key in before and after.get(key) != before[key]}
    if is_done and differs:
        return Phrase(
            "已办过的“%(step)s”之后的走向在新版本中变了，会漏办新的步骤", step=_named(task)
        )
    if is_open and "typename" in differs:
        return Phrase("正在办理的“%(step)s”在新版本中改成了另一类步骤", step=_named(task))
    return None


def _named(task: Any) -> str:
    return str(getattr(task.task_spec, "bpmn_name", None) or task.task_spec.name)


def go_over(course: Course, new: Definition) -> Course:
    """The process on the new version; open steps keep their ids, what lies ahead is drawn anew."""
    workflow = course.workflow
    workflow.script_engine = FactsEngine(course.facts)
    diff, _ = diff_workflow(_registry, workflow, new.spec, {})
    migrate_workflow(diff, workflow, new.spec, reset_mask=_OPEN)
    workflow.event_manager.tasks = {
        task.id: task for task in workflow.event_manager.tasks.values() if task.id in workflow.tasks
    }
    return Course(new, workflow, course.facts)
