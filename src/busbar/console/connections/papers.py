"""文书: the PDFs that left the house, read here, and who received them when."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import ConnectionApplication, IssuedPaper, ReceiptMeans
from busbar.connections.operations.papers import KEEPERS
from busbar.console.answers import done, tell_and_go
from busbar.console.connections.documents import harmless_file
from busbar.console.connections.page import Tab, register
from busbar.console.requests import StaffRequest


class ReceiptForm(forms.Form):
    """Who took the paper, when, by which means, on what evidence."""

    received_by = forms.CharField(label=gettext_lazy("签收人"), max_length=100)
    means = forms.ChoiceField(label=gettext_lazy("送达方式"), choices=ReceiptMeans.choices)
    received_at = forms.DateTimeField(
        label=gettext_lazy("签收时间"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("不填为现在"),
    )
    evidence = forms.CharField(
        label=gettext_lazy("凭证"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("邮寄填邮件单号，留置填见证人"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: StaffRequest, paper_number: str) -> HttpResponse:
    """One paper with its PDF in the page, and the recording of its receipt."""
    found = connections_queries.get_paper(request.viewer, paper_number)
    form = ReceiptForm(request.POST or None)

    def act() -> None:
        connections_operations.record_paper_receipt(
            paper_id=found.pk,
            **form.cleaned_data,
            by=request.viewer,
            at=timezone.now(),
        )

    if request.method == "POST" and done(form, act):
        return tell_and_go(request, _("签收已登记"), "paper", found.number)
    context = {
        "paper": found,
        "form": form,
        "application": found.application,
        "may_record": _may_record(request, found),
    }
    status = 422 if form.is_bound else 200
    return render(request, "console/connections/papers/paper.html", context, status=status)


@require_safe
def paper_file(request: StaffRequest, paper_number: str) -> FileResponse:
    """The PDF: in the page, or as a file to keep."""
    found = connections_queries.get_paper(request.viewer, paper_number)
    response = harmless_file(
        connections_queries.paper_path(found).open("rb"),
        name=f"{found.number}.pdf",
        content_type="application/pdf",
        inline="inline" in request.GET,
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _may_record(request: StaffRequest, found: IssuedPaper) -> bool:
    is_open = found.received_at is None and found.revoked_at is None
    return is_open and any(request.viewer.may(permission) for permission in KEEPERS)


def _load(request: StaffRequest, found: ConnectionApplication) -> dict[str, Any]:
    return {"papers": connections_queries.list_application_papers(request.viewer, found)}


register(Tab("papers", gettext_lazy("文书"), "console/connections/papers/tab.html", _load))

urlpatterns = [
    path("papers/<str:paper_number>/", paper, name="paper"),
    path("papers/<str:paper_number>/file/", paper_file, name="paper_file"),
]
