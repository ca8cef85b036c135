"""受电工程: design, works, inspections, completion, agreement, metering, energising on one page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    DocumentPhase,
    Inspection,
    PaperKind,
)
from busbar.connections.queries.commissioning import CommissioningFile
from busbar.connections.queries.works import WorksFile
from busbar.connections.sent_files import kept_path
from busbar.connections.subjects import APPLICATION
from busbar.console.acts import Acts
from busbar.console.connections.commissioning import COMMISSIONING_ACTS
from busbar.console.connections.documents import harmless_file
from busbar.console.connections.inspecting import HOLD
from busbar.console.connections.works_acts import WORKS_ACTS
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.periods import local_date
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import InstanceState

ALL_ACTS = {**WORKS_ACTS, **COMMISSIONING_ACTS}
BESIDE_THE_PROCESS = ("contractor", "notify", "abort")
"""What may be done while a process leads the application; every other act is a task of it."""

_PAPERS = {
    PaperKind.DESIGN_REVIEW,
    PaperKind.INTERIM_INSPECTION,
    PaperKind.COMPLETION_INSPECTION,
    PaperKind.AGREEMENT,
    PaperKind.ENERGIZATION,
}
_AFTER = (ApplicationState.ENERGIZED, ApplicationState.CLOSED)
_BUILDING = (
    ApplicationState.REPLIED,
    ApplicationState.WORKS,
    ApplicationState.COMPLETED,
    ApplicationState.PASSED,
)


@require_http_methods(["GET", "HEAD", "POST"])
def application_works(request: StaffRequest, application_number: str) -> HttpResponse:
    """All that was built and found, what is missing for energising, and what to do next."""
    application = connections_queries.get_application(request.viewer, application_number)
    is_led = _is_led(application)
    allowed = {n: a for n, a in ALL_ACTS.items() if not is_led or n in BESIDE_THE_PROCESS}
    acts = Acts(allowed, request, application)
    if request.method == "POST" and acts.post():
        return redirect("application_works", application_number)
    context = {
        "application": application,
        "page": "works",
        "acts": acts,
        "is_led": is_led,
        "tasks": connections_queries.list_waiting_tasks(request.viewer, application),
        **_found(request, application),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/works/page.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def inspection_form(request: StaffRequest, pk: int) -> HttpResponse:
    """The inspection as it is written down on site, on a phone."""
    inspection = connections_queries.get_inspection(request.viewer, pk)
    application = inspection.application
    if inspection.verdict:
        return redirect("application_works", application.number)
    acts = Acts({"hold": HOLD}, request, inspection)
    if request.method == "POST" and acts.post():
        return redirect("application_works", application.number)
    items = connections_queries.list_inspection_items(
        kind=inspection.kind,
        supply_kind=application.supply_kind,
        on=local_date(timezone.now()),
    )
    context = {
        "inspection": inspection,
        "application": application,
        "items": [item for item in items if not item.is_test],
        "offered": acts.offer("hold"),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/works/inspect.html", context, status=status)


@require_safe
def works_file(request: StaffRequest, application_number: str, digest: str) -> FileResponse:
    """A photo or paper that the application's works or commissioning remember."""
    application = connections_queries.get_application(request.viewer, application_number)
    works = connections_queries.get_works(request.viewer, application)
    commissioning = connections_queries.get_commissioning(request.viewer, application)
    for file in _files(request, application, works, commissioning):
        if file.get("sha256") == digest:
            return harmless_file(
                kept_path(file).open("rb"),
                name=str(file["name"]),
                content_type=str(file["content_type"]),
                inline=True,
            )
    raise Http404


def _is_led(application: ConnectionApplication) -> bool:
    process = workflow_queries.get_process_of(APPLICATION, application.pk)
    return process is not None and process.state == InstanceState.RUNNING


def _found(request: StaffRequest, application: ConnectionApplication) -> dict[str, Any]:
    viewer, today = request.viewer, local_date(timezone.now())
    papers = connections_queries.list_application_papers(viewer, application)
    is_after = application.state in _AFTER
    return {
        "works": connections_queries.get_works(viewer, application),
        "commissioning": connections_queries.get_commissioning(viewer, application),
        "choices": connections_queries.list_choices(viewer, application),
        "built": application.built_transformers.order_by("label"),
        "documents": connections_queries.get_document_list(application, DocumentPhase.COMPLETION),
        "obstacles": _obstacles(application, is_after=is_after),
        "is_after": is_after,
        "is_building": application.state in _BUILDING,
        "is_energized": application.state == ApplicationState.ENERGIZED,
        "papers": [paper for paper in papers if paper.kind in _PAPERS],
        "today": today,
    }


def _obstacles(application: ConnectionApplication, *, is_after: bool) -> list[str]:
    """What bars energising, or once energised what bars closing."""
    if application.state == ApplicationState.CLOSED:
        return []
    if is_after:
        return [said(one) for one in connections_queries.list_closing_obstacles(application)]
    on = local_date(timezone.now())
    return [said(one) for one in connections_queries.list_obstacles(application, on=on)]


def _files(
    request: StaffRequest,
    application: ConnectionApplication,
    works: WorksFile,
    commissioning: CommissioningFile,
) -> Iterator[dict[str, Any]]:
    """Every file that belongs to what is shown on the page."""
    kept = [review.files for review in works.design_reviews]
    kept += [report.files for report in works.reports]
    kept += [works.start.files] if works.start else []
    kept += [files for each in works.inspections for files in _of_inspection(each)]
    choices = connections_queries.list_choices(request.viewer, application)
    kept += [choice.declaration for choice in choices]
    kept += [commissioning.agreement.files] if commissioning.agreement else []
    kept += [plan.fitting.files for plan in commissioning.metering if hasattr(plan, "fitting")]
    kept += [training.sign_in_sheet for training in commissioning.trainings]
    for files in kept:
        yield from files


def _of_inspection(inspection: Inspection) -> Iterator[list[dict[str, Any]]]:
    yield inspection.files
    for finding in inspection.findings.all():
        yield finding.photos
        yield finding.evidence
        yield from (recheck.photos for recheck in finding.rechecks.all())


urlpatterns = [
    path(
        "connections/<str:application_number>/works/", application_works, name="application_works"
    ),
    path(
        "connections/<str:application_number>/works/files/<slug:digest>/",
        works_file,
        name="works_file",
    ),
    path("connections/inspections/<int:pk>/", inspection_form, name="inspection_form"),
]
