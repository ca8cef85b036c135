"""Processes: one for its page, the one of a subject, lists."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from busbar.access.visibility import Viewer
from busbar.clocks.models import Clock, Holding
from busbar.journal.models import Entry
from busbar.workflow import engine
from busbar.workflow.definition.elements import Definition
from busbar.workflow.library import get_definition
from busbar.workflow.models import (
    OPEN_STATES,
    Consultation,
    InstanceState,
    ProcessComment,
    ProcessInstance,
    ProcessWait,
    SupervisionFinding,
    TaskAttachment,
    TaskTransfer,
    UserTask,
)

_PROCESS = "workflow.process"
_MOST = 500


@dataclass(frozen=True)
class ProcessDiagram:
    """The drawing and where the process stands on it, by element ids."""

    xml: str
    done: frozenset[str]
    current: frozenset[str]
    late: frozenset[str]


@dataclass(frozen=True)
class ProcessPage:
    """Everything that the page of a process shows, as far as the viewer sees it."""

    instance: ProcessInstance
    definition: Definition
    diagram: ProcessDiagram
    tasks: list[UserTask]
    waits: list[ProcessWait]
    clocks: list[Clock]
    holdings: list[Holding]
    attachments: list[TaskAttachment]
    comments: list[ProcessComment]
    consultations: list[Consultation]
    transfers: list[TaskTransfer]
    findings: list[SupervisionFinding]
    entries: list[Entry]


def get_process(viewer: Viewer, instance_id: int) -> ProcessInstance | None:
    """One process, if the viewer sees it."""
    return _rows(ProcessInstance.objects.visible_to(viewer)).filter(pk=instance_id).first()


def get_process_of(subject_type: str, subject_id: int, *, key: str = "") -> ProcessInstance | None:
    """The latest process about a subject (of one key), for the room whose subject it is."""
    rows = ProcessInstance.objects.about(subject_type, subject_id)
    if key:
        rows = rows.filter(definition__key=key)
    return _rows(rows).order_by("-started_at", "-pk").first()


def list_processes(
    viewer: Viewer, *, key: str = "", state: str = "", customer_id: int | None = None
) -> QuerySet[ProcessInstance]:
    """Processes that the viewer sees, newest first; `state` is an InstanceState."""
    facts = {"definition__key": key, "state": state, "customer_id": customer_id}
    rows = ProcessInstance.objects.visible_to(viewer)
    narrowed = rows.filter(**{name: value for name, value in facts.items() if value})
    return _rows(narrowed).defer("state_blob", "facts").order_by("-started_at", "-pk")


def is_waiting_for(instance: ProcessInstance, message: str) -> bool:
    """Whether the process would take the message now."""
    return ProcessWait.objects.filter(instance=instance, message=message).exists()


def get_process_page(viewer: Viewer, instance_id: int, *, at: dt.datetime) -> ProcessPage | None:
    """The page's facts at the moment `at`; None where the viewer does not see the process."""
    instance = get_process(viewer, instance_id)
    if instance is None:
        return None
    definition = get_definition(instance.version_id)
    tasks = list(_tasks(viewer, instance))
    seen = [task.pk for task in tasks]
    of_task = {"task__in": seen}
    return ProcessPage(
        instance=instance,
        definition=definition,
        diagram=get_diagram(instance, at=at),
        tasks=tasks,
        waits=list(instance.waits.order_by("opened_at", "pk")),
        clocks=_clocks(viewer, instance, tasks),
        holdings=_holdings(viewer, instance),
        attachments=list(TaskAttachment.objects.filter(**of_task).order_by("uploaded_at", "pk")),
        comments=list(instance.comments.order_by("written_at", "pk")),
        consultations=list(
            Consultation.objects.filter(**of_task)
            .select_related("asked")
            .order_by("asked_at", "pk")
        ),
        transfers=list(
            TaskTransfer.objects.filter(**of_task)
            .select_related("from_owner", "to_owner")
            .order_by("at", "pk")
        ),
        findings=list(
            SupervisionFinding.objects.visible_to(viewer)
            .filter(instance=instance)
            .order_by("found_at", "pk")
        ),
        entries=list(Entry.objects.about(_PROCESS, instance.pk).order_by("-id")[:_MOST]),
    )


def get_diagram(instance: ProcessInstance, *, at: dt.datetime) -> ProcessDiagram:
    """Elements done, current, and current with a limit that has run out."""
    definition = get_definition(instance.version_id)
    course = engine.restore(definition, instance.state_blob, instance.facts)
    late = UserTask.objects.filter(instance=instance, state__in=OPEN_STATES, due_at__lt=at)
    current = course.elements(finished=False) if instance.state == InstanceState.RUNNING else set()
    done = course.elements(finished=True)
    return ProcessDiagram(
        xml=definition.xml,
        done=frozenset(done - current),
        current=frozenset(current),
        late=frozenset(late.values_list("element", flat=True)),
    )


def _tasks(viewer: Viewer, instance: ProcessInstance) -> QuerySet[UserTask]:
    rows = UserTask.objects.visible_to(viewer).filter(instance=instance)
    files = Prefetch("attachments", queryset=TaskAttachment.objects.order_by("field", "pk"))
    return (
        rows.select_related("unit", "owner", "clock__limit")
        .prefetch_related(files)
        .order_by("created_at", "pk")
    )


def _clocks(viewer: Viewer, instance: ProcessInstance, tasks: list[UserTask]) -> list[Clock]:
    """Clocks of the subject that the viewer sees, and those of the tasks that it sees."""
    rows = Clock.objects.select_related("limit__rule_set")
    about = rows.visible_to(viewer).about(instance.subject_type, instance.subject_id)
    own = rows.filter(pk__in=[task.clock_id for task in tasks if task.clock_id])
    found = {clock.pk: clock for clock in [*about, *own]}
    return sorted(found.values(), key=lambda clock: (clock.started_at, clock.pk))


def _holdings(viewer: Viewer, instance: ProcessInstance) -> list[Holding]:
    rows = Holding.objects.visible_to(viewer).filter(
        subject_type=instance.subject_type, subject_id=instance.subject_id
    )
    return list(rows.order_by("opened_at", "pk"))


def _rows(rows: QuerySet[ProcessInstance]) -> QuerySet[ProcessInstance]:
    return rows.select_related("definition", "version", "unit").defer("version__files")
