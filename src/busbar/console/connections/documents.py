"""资料: what has to be handed in, what was, the verdicts, and the one-time notice."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import FileResponse, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    DocumentPhase,
    DocumentVerdict,
)
from busbar.connections.operations.documents import STATES
from busbar.connections.queries import DocumentList
from busbar.console.answers import done, sent, tell_and_go
from busbar.console.connections.page import Tab, register, render_tab
from busbar.console.requests import StaffRequest

INLINE = frozenset({"application/pdf", "image/jpeg", "image/png"})
"""What a browser shows by itself and cannot run."""


class DocumentForm(forms.Form):
    """A file, and which requirement of which phase it answers; a title where it answers none."""

    file = forms.FileField(label=gettext_lazy("文件"))
    phase = forms.ChoiceField(choices=DocumentPhase.choices)
    requirement = forms.CharField(max_length=50, required=False)
    title = forms.CharField(label=gettext_lazy("资料名称"), max_length=200, required=False)


class VerdictForm(forms.Form):
    """合格, or 不合格 for a reason."""

    verdict = forms.ChoiceField(
        choices=[(v.value, v.label) for v in DocumentVerdict if v != DocumentVerdict.PENDING]
    )
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=500, required=False)


@require_POST
def add_document(request: StaffRequest, application_number: str) -> HttpResponse:
    """Keep a file for a requirement."""
    request.viewer.require(Permission.ACCEPT_APPLICATIONS)
    found = connections_queries.get_application(request.viewer, application_number)
    form = DocumentForm(request.POST, request.FILES)

    def act() -> None:
        connections_operations.add_document(
            application_id=found.pk,
            file=sent(form.cleaned_data["file"]),
            requirement_code=form.cleaned_data["requirement"],
            phase=form.cleaned_data["phase"],
            title=form.cleaned_data["title"],
            by=request.viewer,
            at=timezone.now(),
        )

    if done(form, act):
        page = found.number, "documents"
        return tell_and_go(request, _("资料已提交"), "application_tab", *page)
    return render_tab(request, found, "documents", extra=_refused(form), status=422)


@require_POST
def judge_document(request: StaffRequest, document_id: int) -> HttpResponse:
    """What the officer finds of a file."""
    request.viewer.require(Permission.ACCEPT_APPLICATIONS)
    document = connections_queries.get_document(request.viewer, document_id)
    number = document.application.number
    form = VerdictForm(request.POST)

    def act() -> None:
        connections_operations.judge_document(
            document_id=document.pk,
            verdict=form.cleaned_data["verdict"],
            reason=form.cleaned_data["reason"],
            by=request.viewer,
            at=timezone.now(),
        )

    if done(form, act):
        fragment = f"#document-{document.pk}"
        page = "application_tab", number, "documents"
        return tell_and_go(request, _("审核结论已登记"), *page, fragment=fragment)
    found = connections_queries.get_application(request.viewer, number)
    extra = _refused(form) | {"refused_document": document.pk}
    return render_tab(request, found, "documents", extra=extra, status=422)


@require_safe
def document_file(request: StaffRequest, document_id: int) -> FileResponse:
    """The bytes: shown where a browser shows them harmlessly, else kept as a file."""
    document = connections_queries.get_document(request.viewer, document_id)
    return harmless_file(
        connections_queries.document_path(document).open("rb"),
        name=document.file_name,
        content_type=document.content_type,
        inline="inline" in request.GET,
    )


def harmless_file(content: Any, *, name: str, content_type: str, inline: bool) -> FileResponse:
    """A file of others that cannot act in the console's own origin."""
    shown = inline and content_type in INLINE
    response = FileResponse(
        content, as_attachment=not shown, filename=name, content_type=content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    # A sandbox would keep the browser's own viewer out; a PDF cannot script the page around it.
    framed = "default-src 'none'; object-src 'self'; frame-ancestors 'self'"
    as_pdf = shown and content_type == "application/pdf"
    response["Content-Security-Policy"] = framed if as_pdf else "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def _load(request: StaffRequest, found: ConnectionApplication) -> dict[str, Any]:
    """The lists of the phases that have any requirement, and what was said to be missing."""
    lists = [
        (phase, connections_queries.get_document_list(found, phase)) for phase in DocumentPhase
    ]
    return {
        "lists": [
            (phase, got, found.state in STATES[phase], _is_ahead(found, phase, got))
            for phase, got in lists
            if got.lines or got.extras
        ],
        "notices": connections_queries.list_notices(request.viewer, found),
        "just_submitted": "submitted" in request.GET,
        "may_correct": found.state == ApplicationState.SUBMITTED,
        "inline": INLINE,
    }


def _is_ahead(found: ConnectionApplication, phase: DocumentPhase, got: DocumentList) -> bool:
    """Whether the list is only to be known of: not open yet, and nothing handed in for it."""
    untouched = not got.extras and all(line.document is None for line in got.lines)
    return found.state not in STATES[phase] and untouched


def _refused(form: forms.Form) -> dict[str, Any]:
    sentences = [str(error) for errors in form.errors.values() for error in errors]
    return {"refusal": _("；").join(sentences)}


register(Tab("documents", gettext_lazy("资料"), "console/connections/documents/tab.html", _load))

urlpatterns = [
    path("connections/<str:application_number>/documents/", add_document, name="application_add"),
    path(
        "connections/documents/<int:document_id>/judge/",
        judge_document,
        name="application_document_judge",
    ),
    path("connections/documents/<int:document_id>/", document_file, name="application_document"),
]
