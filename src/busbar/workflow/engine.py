"""SpiffWorkflow behind three verbs: begin, finish a task, deliver a message; and its state.

The process's facts are one flat mapping kept with the instance; SpiffWorkflow's own task data
stays empty, so the state is only which tasks stand where. It is kept deflated and without the
spec, which is compiled once a process and version.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.defaults import EventBasedGateway, UserTask
from SpiffWorkflow.bpmn.specs.event_definitions import (
    MessageEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from busbar.kit.errors import Refusal
from busbar.workflow import expressions
from busbar.workflow.definition.elements import Definition
from busbar.workflow.definition.specs import spec_registry

_FORMAT = 1
_LEVEL = 1
"""Of zlib: the state is deflated at every step, and the quickest level already gives a sixth."""
_registry = spec_registry()
_ROOT = -1


class NoWayOn(Refusal):
    """The process cannot go on from here by its definition; nothing has changed."""


class FactsEngine(PythonScriptEngine):  # type: ignore[misc]  # SpiffWorkflow ships no types
    """All that a definition may evaluate: facts and comparisons. Scripts are refused."""

    def __init__(self, facts: dict[str, Any], serve: Callable[[str], None] | None = None) -> None:
        self.facts = facts
        self.serve = serve or _serve_nothing
        self.environment = None

    def validate(self, expression: str) -> None:
        """SyntaxError for what cannot be read: Spiff then tries it as a comparison."""
        try:
            expressions.parse(expression)
        except expressions.UnableToEvaluate as refusal:
            raise SyntaxError(str(refusal)) from refusal

    def evaluate(
        self, task: Task, expression: str, external_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The expression over the facts of the process; Spiff's own data has none."""
        facts = {**self.facts, **external_context} if external_context else self.facts
        return expressions.evaluate(expression, facts)

    def execute(self, task: Task, script: str, external_context: Any = None) -> None:
        """Never."""
        raise expressions.UnableToEvaluate("流程定义里不能运行脚本")

    def call_service(self, task: Task, **kwargs: Any) -> None:
        """Never by this way: services are registered functions."""
        raise expressions.UnableToEvaluate("服务只能是登记过的程序")

    def learn(self, facts: Mapping[str, Any]) -> None:
        """What a decision found becomes fact."""
        self.facts.update(facts)


def _serve_nothing(element: str) -> None:
    raise NoWayOn("服务任务“%(element)s”在此不能运行", element=element)


class Course:
    """One running process in memory: the definition, its facts and where it stands."""

    def __init__(self, definition: Definition, workflow: Any, facts: dict[str, Any]) -> None:
        self.definition = definition
        self.workflow = workflow
        self.facts = facts

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to be done or waited for."""
        return bool(self.workflow.is_completed())

    def open_tasks(self) -> dict[UUID, str]:
        """User tasks that wait for a person, by their id, with their element."""
        return {
            task.id: task.task_spec.name
            for task in self.workflow.tasks.values()
            if task.state == TaskState.READY and isinstance(task.task_spec, UserTask)
        }

    def open_waits(self) -> set[tuple[UUID, str]]:
        """Elements that wait for a message, with the id of what waits.

        An event-based gateway waits itself, for all the events that it leads to.
        """
        waiting = [t for t in self.workflow.tasks.values() if t.state == TaskState.WAITING]
        return {
            (task.id, element)
            for task in waiting
            for element in self._waited_for(task.task_spec)
            if element in self.definition.waits
        }

    def _waited_for(self, spec: Any) -> tuple[str, ...]:
        if isinstance(spec, EventBasedGateway):
            return self.definition.flows.get(spec.name, ())
        return (spec.name,)

    def elements(self, *, finished: bool) -> set[str]:
        """Elements of the diagram that are done, or where the process now stands."""
        mask = TaskState.COMPLETED if finished else TaskState.READY | TaskState.WAITING
        return {
            task.task_spec.bpmn_id
            for task in self.workflow.tasks.values()
            if task.has_state(mask) and getattr(task.task_spec, "bpmn_id", None)
        }


def begin(definition: Definition, facts: dict[str, Any], serve: Callable[[str], None]) -> Course:
    """A new process, run up to the first tasks."""
    engine = FactsEngine(facts, serve)
    workflow = BpmnWorkflow(definition.spec, script_engine=engine)
    course = Course(definition, workflow, facts)
    _go_on(course)
    return course


def finish_task(course: Course, task_id: UUID, serve: Callable[[str], None]) -> None:
    """Complete one user task and run on to the next ones."""
    course.workflow.script_engine = FactsEngine(course.facts, serve)
    task = course.workflow.tasks.get(task_id)
    if task is None or task.state != TaskState.READY:
        raise NoWayOn("流程已不在这一步，请刷新后再看")
    try:
        task.run()
    except SpiffWorkflowException as stuck:
        raise NoWayOn("流程无法继续：%(stuck)s", stuck=stuck) from stuck
    _go_on(course)


def deliver(course: Course, message: str, serve: Callable[[str], None]) -> bool:
    """Hand a message or signal to whatever waits for it; False where nothing does."""
    course.workflow.script_engine = FactsEngine(course.facts, serve)
    for kind in (MessageEventDefinition, SignalEventDefinition):
        event = BpmnEvent(kind(message), payload={})
        if course.workflow.event_manager.catch(event, internal=False):
            _go_on(course)
            return True
    return False


def _go_on(course: Course) -> None:
    try:
        course.workflow.do_engine_steps()
    except SpiffWorkflowException as stuck:
        raise NoWayOn("流程无法继续：%(stuck)s", stuck=stuck) from stuck


def dump(course: Course) -> bytes:
    """The state: one row a task, parents and children by their place in the list; deflated."""
    tasks = list(course.workflow.tasks.values())
    place = {task.id: n for n, task in enumerate(tasks)}
    rows = [
        [
            task.id.hex,
            place.get(task._parent, _ROOT),  # noqa: SLF001 - Spiff keeps the id there, `parent` looks it up
            [place[child] for child in task._children if child in place],  # noqa: SLF001 - as above
            task.state,
            task.task_spec.name,
            int(task.triggered),
            round(task.last_state_change, 6),
            _registry.convert(task.internal_data) if task.internal_data else 0,
        ]
        for task in tasks
    ]
    last = course.workflow.last_task
    state = {
        "v": _FORMAT,
        "tasks": rows,
        "root": place[course.workflow.task_tree.id],
        "last": place.get(last.id, _ROOT) if last is not None else _ROOT,
        "ok": bool(course.workflow.success),
        "done": bool(course.workflow.completed),
    }
    return zlib.compress(json.dumps(state, separators=(",", ":")).encode(), _LEVEL)


def restore(definition: Definition, state: bytes | memoryview, facts: dict[str, Any]) -> Course:
    """What `dump` wrote, standing on the compiled definition of its version."""
    kept = json.loads(zlib.decompress(bytes(state)))
    workflow = BpmnWorkflow(definition.spec, deserializing=True, script_engine=FactsEngine(facts))
    ids = [UUID(hex=row[0]) for row in kept["tasks"]]
    specs = definition.spec.task_specs
    for task_id, row in zip(ids, kept["tasks"], strict=True):
        workflow.tasks[task_id] = _task(workflow, task_id, row, ids, specs)
    workflow.task_tree = workflow.tasks[ids[kept["root"]]]
    if kept["last"] != _ROOT:
        workflow.last_task = workflow.tasks[ids[kept["last"]]]
    workflow.success, workflow.completed = kept["ok"], kept["done"]
    return Course(definition, workflow, facts)


def _task(
    workflow: Any, task_id: UUID, row: list[Any], ids: list[UUID], specs: Mapping[str, Any]
) -> Task:
    """One task without running Spiff's constructor, which would wire and time it anew."""
    _, parent, children, state, spec, triggered, changed, internal = row
    task = Task.__new__(Task)
    task.id, task.workflow = task_id, workflow
    task._parent = ids[parent] if parent != _ROOT else None  # noqa: SLF001 - rebuilding Spiff's own object
    task._children = [ids[child] for child in children]  # noqa: SLF001 - as above
    task._state = state  # noqa: SLF001 - as above
    task.triggered, task.task_spec = bool(triggered), specs[spec]
    task.thread_id, task.data = 0, {}
    task.internal_data = _registry.restore(internal) if internal else {}
    task.last_state_change = changed
    if state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
        workflow.event_manager.add_task(task)
    return task
