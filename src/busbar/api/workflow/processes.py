"""Processes: lists, one with its steps, its diagram with what is late, its conversation."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, Router, Schema

from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted
from busbar.api.clocks import ClockOut, clock_of
from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, Paragraph, Sent, now
from busbar.api.workflow.schemas import AttachmentOut, ConsultationOut, StepOut
from busbar.clocks import queries as clocks_queries
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import InstanceState, ProcessComment, ProcessInstance, SupervisionKind
from busbar.workflow.queries import ProcessDiagram

router = Router()


class ProcessOut(Schema):
    """流程实例."""

    id: int
    key: str
    name: str
    version: int
    state: InstanceState
    stage: int
    subject_type: str
    subject_id: int
    subject_label: str
    unit_code: str
    started_at: dt.datetime
    started_by: str
    ended_at: dt.datetime | None
    end_reason: str

    @staticmethod
    def resolve_key(instance: ProcessInstance) -> str:
        """Key of its definition."""
        return instance.definition.key

    @staticmethod
    def resolve_name(instance: ProcessInstance) -> str:
        """Name of its definition."""
        return instance.definition.name

    @staticmethod
    def resolve_version(instance: ProcessInstance) -> int:
        """Number of the version it runs on."""
        return instance.version.number

    @staticmethod
    def resolve_unit_code(instance: ProcessInstance) -> str:
        """Code of the unit that owns it."""
        return instance.unit.code


class WaitOut(Schema):
    """A message that the process waits for."""

    element: str
    title: str
    message: str
    opened_at: dt.datetime
    due_at: dt.datetime | None


class FindingBriefOut(Schema):
    """What supervision found of a step."""

    kind: SupervisionKind
    task_id: int
    person: str
    note: str
    found_at: dt.datetime


class CommentOut(Schema):
    """What somebody said."""

    text: str
    written_at: dt.datetime
    written_by: str


class HoldingOut(Schema):
    """Who had the matter in hand over `[opened_at, closed_at)`."""

    party_kind: str
    name: str
    post: str
    opened_at: dt.datetime
    closed_at: dt.datetime | None


class DiagramStateOut(Schema):
    """Elements of the diagram by how they stand."""

    done: list[str]
    current: list[str]
    late: list[str]


class DiagramOut(DiagramStateOut):
    """The drawing as BPMN 2.0 with the state of its elements."""

    xml: str


class ProcessDetailOut(Schema):
    """A process with its steps and everything that hangs on them."""

    process: ProcessOut
    steps: list[StepOut]
    waits: list[WaitOut]
    clocks: list[ClockOut]
    holdings: list[HoldingOut]
    attachments: list[AttachmentOut]
    consultations: list[ConsultationOut]
    comments: list[CommentOut]
    findings: list[FindingBriefOut]
    diagram: DiagramStateOut


class PartyOut(Schema):
    """A party's part of the elapsed time; the parts add up to the whole exactly."""

    kind: str
    name: str
    post: str
    elapsed_seconds: float
    overdue_seconds: float


class AttributionOut(Schema):
    """Whose the time was."""

    start: dt.datetime
    end: dt.datetime
    elapsed_seconds: float
    overdue_seconds: float
    parts: list[PartyOut]


class CommentIn(Sent):
    """What to say."""

    text: Paragraph


@router.get("", response=answers(Page[ProcessOut], 409), operation_id="list_processes")
def list_processes(
    request: HttpRequest,
    *,
    key: Text = "",
    state: InstanceState | None = None,
    subject_type: Text = "",
    subject_id: Id | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的流程，新的在前；`key` 为流程编码，`subject_…` 为流程所办的事项。"""
    found = workflow_queries.list_processes(viewer_of(request, group), key=key, state=state or "")
    about = {"subject_type": subject_type, "subject_id": subject_id}
    found = found.filter(**{name: value for name, value in about.items() if value})
    return page_by_moment(found, "started_at", after=after, limit=limit)


@router.get("/{process_id}", response=answers(ProcessDetailOut, 404), operation_id="get_process")
def get_process(request: HttpRequest, process_id: Id) -> dict[str, Any]:
    """一个流程：各步、等待、计时、经手、附件、意见、交流、督办发现、流程图上的位置。"""
    at = now()
    page = workflow_queries.get_process_page(viewer_of(request), process_id, at=at)
    if page is None:
        raise ProcessInstance.DoesNotExist
    prefetch_related_objects(page.clocks, "unit")
    parts = ("waits", "holdings", "attachments", "consultations", "comments", "findings")
    return {
        **{name: getattr(page, name) for name in parts},
        "process": page.instance,
        "steps": page.tasks,
        "clocks": [clock_of(clock, at) for clock in page.clocks],
        "diagram": _state(page.diagram),
    }


@router.get(
    "/{process_id}/diagram", response=answers(DiagramOut, 404), operation_id="get_process_diagram"
)
def get_diagram(request: HttpRequest, process_id: Id) -> dict[str, Any]:
    """流程图（BPMN 2.0）及其上已办、在办、超期的环节。"""
    diagram = workflow_queries.get_diagram(_seen(request, process_id), at=now())
    return {"xml": diagram.xml, **_state(diagram)}


@router.get(
    "/{process_id}/attribution",
    response=answers(AttributionOut, 404, 409),
    operation_id="attribute_process_time",
)
def attribute(request: HttpRequest, process_id: Id) -> dict[str, Any]:
    """办结流程的用时归因：部门、岗位、客户与外部单位各占多少，合计等于总用时。"""
    instance = _seen(request, process_id)
    found = clocks_queries.attribute(instance.subject_type, instance.subject_id)
    return {
        "start": found.start,
        "end": found.end,
        "elapsed_seconds": found.elapsed.total_seconds(),
        "overdue_seconds": found.overdue.total_seconds(),
        "parts": [
            {
                "kind": part.party.kind,
                "name": part.party.name,
                "post": part.party.post,
                "elapsed_seconds": part.elapsed.total_seconds(),
                "overdue_seconds": part.overdue.total_seconds(),
            }
            for part in found.parts
        ],
    }


@router.post(
    "/{process_id}/comments",
    response=answers(CommentOut, 400, 403, 404, 409),
    operation_id="comment_on_process",
)
def comment(
    request: HttpRequest, process_id: Id, said: Annotated[CommentIn, Body()]
) -> ProcessComment:
    """在流程的交流中发言。"""
    _seen(request, process_id)
    viewer = viewer_of(request)
    if viewer.permissions == frozenset({Permission.READ_JOURNAL}):
        raise NotPermitted(_("监管人员只能查看，不能留言"))
    return workflow_operations.comment_on_process(
        instance_id=process_id, text=said.text, viewer=viewer, at=now()
    )


def _seen(request: HttpRequest, process_id: int) -> ProcessInstance:
    instance = workflow_queries.get_process(viewer_of(request), process_id)
    if instance is None:
        raise ProcessInstance.DoesNotExist
    return instance


def _state(diagram: ProcessDiagram) -> dict[str, list[str]]:
    return {name: sorted(getattr(diagram, name)) for name in ("done", "current", "late")}
