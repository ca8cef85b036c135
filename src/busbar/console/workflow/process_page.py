"""A process: its diagram as it stands, clocks, whose time it was, files, talk, journal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.models import Clock, ClockPause
from busbar.console.requests import StaffRequest
from busbar.console.workflow.answering import do
from busbar.console.workflow.answers import record_of
from busbar.console.workflow.attribution import shares_of
from busbar.console.workflow.due import Due, DueWords
from busbar.console.workflow.subjects import matter_of, stages_of
from busbar.kit.periods import local_date
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import ProcessInstance, ProcessVersion, UserTask
from busbar.workflow.queries import ProcessDiagram, ProcessPage

MIGRATED = "workflow.process.migrated"


@dataclass(frozen=True)
class StepLine:
    """A step of the definition and how it stands: done, current, late or to come."""

    element: str
    title: str
    state: str
    task: UserTask | None


@dataclass(frozen=True)
class ClockLine:
    """A clock with its chip and its pauses."""

    clock: Clock
    due: Due
    pauses: list[ClockPause]
    is_of_task: bool


@require_safe
def process_page(request: StaffRequest, process_id: int) -> HttpResponse:
    """The whole page."""
    at, viewer = timezone.now(), request.viewer
    page = _find(viewer, process_id, at)
    instance = page.instance
    newer = workflow_queries.get_version_in_force(instance.definition.key, on=local_date(at))
    records = [record_of(task, page.definition, page.transfers) for task in page.tasks]
    words = DueWords([*(t.due_at for t in page.tasks), *(c.due_at for c in page.clocks)], at=at)
    matter = matter_of(viewer, instance)
    context = {
        "instance": instance,
        "page": page,
        "matter": matter,
        "stages": stages_of(instance),
        "steps": steps_of(page),
        "open_lines": [(task, words.of_task(task)) for task in page.tasks if task.is_open],
        "records": [record for record in reversed(records) if not record.task.is_open],
        "clocks": _clock_lines(page, words),
        "shares": shares_of(page, at=at),
        "files": page.attachments,
        "file_count": len(page.attachments) + len(matter.papers),
        "newer": _newer(instance, newer),
        "migrations": [entry for entry in page.entries if entry.event == MIGRATED],
        "entries": page.entries,
        "may_cancel": may_cancel(viewer, instance),
        "may_speak": viewer.employee_id is not None and not _only_reads(viewer),
    }
    return render(request, "console/workflow/process.html", context)


@require_safe
def process_diagram(request: StaffRequest, process_id: int) -> JsonResponse:
    """The drawing and where the process stands on it; without the drawing for `?marks`."""
    instance = workflow_queries.get_process(request.viewer, process_id)
    if instance is None:
        raise Http404
    diagram = workflow_queries.get_diagram(instance, at=timezone.now())
    answer: dict[str, object] = {"revision": instance.revision, "marks": marks_of(diagram)}
    if "marks" not in request.GET:
        answer["xml"] = diagram.xml
    return JsonResponse(answer)


@require_POST
def cancel(request: StaffRequest, process_id: int) -> HttpResponse:
    """End a process before its time, with the reason."""
    instance = workflow_queries.get_process(request.viewer, process_id)
    if instance is None:
        raise Http404
    request.viewer.require(Permission.SUPERVISE)
    request.viewer.require_unit(instance.unit.path)

    def act() -> object:
        return workflow_operations.cancel_process(
            instance_id=process_id,
            reason=request.POST.get("reason", ""),
            actor=request.viewer.actor,
            at=timezone.now(),
        )

    return do(request, act, done=_("流程已终止"), to=reverse("process_page", args=[process_id]))


def may_cancel(viewer: Viewer, instance: ProcessInstance) -> bool:
    """Whether the viewer may end the running process before its time."""
    supervises = viewer.may(Permission.SUPERVISE) and viewer.covers(instance.unit.path)
    return supervises and instance.state == "running"


def marks_of(diagram: ProcessDiagram) -> dict[str, str]:
    """Elements with how they are colored; late outweighs current."""
    marks = dict.fromkeys(sorted(diagram.done), "done")
    marks |= dict.fromkeys(sorted(diagram.current), "current")
    return marks | dict.fromkeys(sorted(diagram.late & diagram.current), "late")


def steps_of(page: ProcessPage) -> list[StepLine]:
    """The user tasks of the definition in the order of its file: the diagram in words."""
    latest = {task.element: task for task in page.tasks}
    marks = marks_of(page.diagram)
    return [
        StepLine(step.element, step.title, marks.get(step.element, "to-come"), latest.get(element))
        for element, step in page.definition.steps.items()
    ]


def _find(viewer: Viewer, process_id: int, at: dt.datetime) -> ProcessPage:
    page = workflow_queries.get_process_page(viewer, process_id, at=at)
    if page is None:
        raise Http404
    return page


def _clock_lines(page: ProcessPage, words: DueWords) -> list[ClockLine]:
    rows = ClockPause.objects.filter(clock__in=page.clocks).select_related("reason")
    pauses: dict[int, list[ClockPause]] = {}
    for row in rows.order_by("started_at", "pk"):
        pauses.setdefault(row.clock_id, []).append(row)
    return [
        ClockLine(
            clock=clock,
            due=words.of_clock(clock),
            pauses=pauses.get(clock.pk, []),
            is_of_task=clock.subject_type == "workflow.task",
        )
        for clock in page.clocks
    ]


def _newer(instance: ProcessInstance, in_force: ProcessVersion | None) -> ProcessVersion | None:
    """The version that a process started today would take, if it is not this one's."""
    return in_force if in_force is not None and in_force.pk != instance.version_id else None


def _only_reads(viewer: Viewer) -> bool:
    return viewer.permissions == frozenset({Permission.READ_JOURNAL})


urlpatterns = [
    path("work/processes/<int:process_id>/", process_page, name="process_page"),
    path("work/processes/<int:process_id>/diagram/", process_diagram, name="process_diagram"),
    path("work/processes/<int:process_id>/cancel/", cancel, name="process_cancel"),
]
