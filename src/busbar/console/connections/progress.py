"""进度查询: the applicant follows his own matter by 受理号 and query code, without a sign-in.

Number and code open a session of half an hour for that one application. Guessing is slowed as
sign-in is. No page here names an employee.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    ContractorRole,
    DocumentPhase,
    IssuedPaper,
    ReceiptMeans,
    SchemeState,
)
from busbar.connections.operations.documents import STATES
from busbar.connections.works_ground import current_choice, standing_scheme
from busbar.console.answers import done, sent
from busbar.console.connections.documents import harmless_file
from busbar.console.refusals import said
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

STAY = dt.timedelta(minutes=30)
_KEY = "followed_application"
_RUNS = (SchemeState.REPLIED, ApplicationState.REPLIED)
"""Scheme and application between the reply and the beginning of works."""
_CHOOSING = frozenset({ApplicationState.REPLIED, ApplicationState.WORKS})

View = Callable[..., HttpResponseBase]


class AskForm(forms.Form):
    """What proves that the matter is one's own."""

    number = forms.CharField(label=gettext_lazy("受理号"), max_length=40)
    query_code = forms.CharField(label=gettext_lazy("查询码"), max_length=12)


class UploadForm(forms.Form):
    """A file for one requirement."""

    file = forms.FileField(label=gettext_lazy("文件"))
    phase = forms.ChoiceField(choices=DocumentPhase.choices)
    requirement = forms.CharField(max_length=50)


class CorrectedForm(forms.Form):
    """Everything asked for is there."""

    note = forms.CharField(label=gettext_lazy("补正说明"), max_length=2000, required=False)


class ChoiceForm(forms.Form):
    """The applicant's own choice, and that it was his own."""

    contractor = forms.IntegerField(error_messages={"required": gettext_lazy("请选择一个单位")})
    chosen_by = forms.CharField(label=gettext_lazy("选择人姓名"), max_length=50)
    free_choice = forms.BooleanField(
        label=gettext_lazy("我确认这是自主选择，供电企业没有指定或推荐任何单位"),
        error_messages={"required": gettext_lazy("请确认系自主选择")},
    )


class ExtensionForm(forms.Form):
    """Until when and why."""

    until = forms.DateField(
        label=gettext_lazy("申请延期至"),
        required=False,
        help_text=gettext_lazy("不填为规定的最长期限"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(
        label=gettext_lazy("延期理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


def for_applicant(view: View) -> View:
    """Only with a session that was opened by number and code and has not run out."""

    @never_cache
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **values: Any) -> HttpResponseBase:
        found = _followed(request)
        if found is None:
            return redirect("progress")
        return view(request, found, *args, **values)

    return shown


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def progress(request: HttpRequest) -> HttpResponse:
    """Ask for number and code; once they fit, the applicant's page."""
    if request.method == "POST":
        return _open(request)
    found = _followed(request)
    if found is None:
        return render(request, "console/connections/progress/ask.html", {"form": AskForm()})
    return _page(request, found)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Forget the matter in this browser."""
    request.session.pop(_KEY, None)
    return redirect("progress")


@require_safe
@for_applicant
def paper(request: HttpRequest, found: ConnectionApplication, paper_number: str) -> FileResponse:
    """A paper of his own matter."""
    issued = _own_paper(found, paper_number)
    content = connections_queries.paper_path(issued).open("rb")
    name = f"{issued.number}.pdf"
    return harmless_file(content, name=name, content_type="application/pdf", inline=True)


@require_POST
@for_applicant
def confirm_receipt(
    request: HttpRequest, found: ConnectionApplication, paper_number: str
) -> HttpResponse:
    """电子送达: the applicant confirms that the paper has reached him."""
    issued = _own_paper(found, paper_number)
    try:
        connections_operations.record_paper_receipt(
            paper_id=issued.pk,
            received_by=found.contact_name,
            means=ReceiptMeans.ELECTRONIC,
            by=None,
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _page(request, found, refusal=said(refusal), status=422)
    messages.success(request, _("已确认收到"))
    return redirect("progress")


@require_POST
@for_applicant
def add_document(request: HttpRequest, found: ConnectionApplication) -> HttpResponse:
    """Hand a file in."""
    form = UploadForm(request.POST, request.FILES)

    def act() -> None:
        connections_operations.add_document(
            application_id=found.pk,
            file=sent(form.cleaned_data["file"]),
            requirement_code=form.cleaned_data["requirement"],
            phase=form.cleaned_data["phase"],
            by=None,
            at=timezone.now(),
        )

    if done(form, act):
        messages.success(request, _("资料已提交，待审核"))
        return redirect("progress")
    return _page(request, found, refusal=_said(form), status=422)


@require_POST
@for_applicant
def corrected(request: HttpRequest, found: ConnectionApplication) -> HttpResponse:
    """Say that everything asked for has been put right."""
    form = CorrectedForm(request.POST)

    def act() -> None:
        connections_operations.answer_corrections_as_applicant(
            application=found, note=form.cleaned_data["note"], at=timezone.now()
        )

    if done(form, act):
        messages.success(request, _("补正已提交，办理时限继续计算"))
        return redirect("progress")
    return _page(request, found, refusal=_said(form), status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@for_applicant
def contractors(request: HttpRequest, found: ConnectionApplication, role: str) -> HttpResponse:
    """The whole list in its neutral order, and the applicant's choice from it."""
    if role not in ContractorRole.values or found.state not in _CHOOSING:
        raise Http404
    chosen_role, at = ContractorRole(role), timezone.now()
    form = ChoiceForm(request.POST or None)

    def act() -> None:
        connections_operations.choose_contractor_as_applicant(
            application=found,
            role=chosen_role,
            contractor_id=form.cleaned_data["contractor"],
            chosen_by=form.cleaned_data["chosen_by"],
            free_choice_confirmed=form.cleaned_data["free_choice"],
            at=at,
        )

    if request.method == "POST" and done(form, act):
        messages.success(request, _("您的选择已登记"))
        return redirect("progress")
    on = local_date(at)
    context = {
        "application": found,
        "form": form,
        "role": chosen_role,
        "offer": connections_queries.offer_contractors(found, role=chosen_role, on=on),
        "current": current_choice(found, chosen_role),
        "picked": request.POST.get("contractor", ""),
    }
    status = 422 if form.is_bound else 200
    name = "console/connections/progress/contractors.html"
    return render(request, name, context, status=status)


@require_POST
@for_applicant
def extension(request: HttpRequest, found: ConnectionApplication) -> HttpResponse:
    """Ask for a longer validity of the scheme; a refusal by rule is an answer, with its clause."""
    form = ExtensionForm(request.POST)

    def act() -> None:
        asked = connections_operations.request_extension_as_applicant(
            application=found,
            until=form.cleaned_data["until"],
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
        )
        if asked.answer:
            messages.warning(request, f"{asked.answer}（{asked.clause}）")
        else:
            messages.success(request, _("延期申请已提交，待答复"))

    if done(form, act):
        return redirect("progress")
    return _page(request, found, extra={"extension_form": form}, status=422)


def _open(request: HttpRequest) -> HttpResponse:
    """Check number and code, at most so often from one place and for one number."""
    form = AskForm(request.POST)
    if not form.is_valid():
        return _asked_again(request, form, 422)
    number = form.cleaned_data["number"].strip()
    if not ratelimit.consume(request, action="progress", key=number.lower()):
        form.add_error(None, _("查询过于频繁，请几分钟后再试"))
        return _asked_again(request, form, 429)
    code = form.cleaned_data["query_code"]
    found = connections_queries.find_by_query_code(number, code)
    if found is None:
        form.add_error(None, _("受理号或查询码不符；查询码在提交申请时告知，字母不分大小写"))
        return _asked_again(request, form, 422)
    ratelimit.clear(request, action="progress", key=number.lower())
    request.session.cycle_key()
    until = (timezone.now() + STAY).isoformat()
    request.session[_KEY] = {"id": found.pk, "until": until}
    return redirect("progress")


def _asked_again(request: HttpRequest, form: AskForm, status: int) -> HttpResponse:
    name = "console/connections/progress/ask.html"
    return render(request, name, {"form": form}, status=status)


def _followed(request: HttpRequest) -> ConnectionApplication | None:
    """The application whose code was proven in this browser in the last half hour."""
    kept = request.session.get(_KEY)
    if not kept:
        return None
    until = parse_datetime(str(kept.get("until", "")))
    if until is None or until < timezone.now():
        request.session.pop(_KEY, None)
        return None
    rows = ConnectionApplication.objects.select_related("unit", "account")
    found: ConnectionApplication | None = rows.filter(pk=kept.get("id")).first()
    return found


def _own_paper(found: ConnectionApplication, number: str) -> IssuedPaper:
    issued = connections_queries.find_applicant_paper(found, number) if "\0" not in number else None
    if issued is None:
        raise Http404
    return issued


def _page(
    request: HttpRequest,
    found: ConnectionApplication,
    *,
    refusal: str = "",
    extra: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "application": found,
        "progress": connections_queries.build_progress(found),
        "stages": connections_queries.list_stages(found),
        "promises": connections_queries.list_promises(found),
        "papers": connections_queries.list_applicant_papers(found),
        "lists": _open_lists(found),
        "choices": _choices(found),
        "is_correcting": found.state == ApplicationState.CORRECTING,
        "now": timezone.now(),
        "refusal": refusal,
        **_validity(found),
        **(extra or {}),
    }
    name = "console/connections/progress/page.html"
    return render(request, name, context, status=status)


def _open_lists(found: ConnectionApplication) -> list[tuple[DocumentPhase, Any]]:
    """The lists of documents that may be handed in now."""
    phases = [phase for phase in DocumentPhase if found.state in STATES[phase]]
    if found.state not in _CHOOSING:
        phases = [phase for phase in phases if phase == DocumentPhase.APPLICATION]
    got = [(phase, connections_queries.get_document_list(found, phase)) for phase in phases]
    return [(phase, documents) for phase, documents in got if documents.lines]


def _choices(found: ConnectionApplication) -> list[tuple[ContractorRole, Any]]:
    """Each kind of firm with the one in force, while the applicant may choose."""
    if found.state not in _CHOOSING or standing_scheme(found) is None:
        return []
    return [(role, current_choice(found, role)) for role in ContractorRole]


def _validity(found: ConnectionApplication) -> dict[str, Any]:
    """The scheme's last day while it can lapse, and whether a longer one may be asked for."""
    scheme = standing_scheme(found)
    runs = scheme is not None and (scheme.state, found.state) == _RUNS
    if scheme is None or scheme.valid_until is None or not runs:
        return {"scheme": None}
    facts: dict[str, Any] = {"scheme": scheme, "last_on": scheme.valid_until - dt.timedelta(days=1)}
    try:
        facts["bounds"] = connections_operations.bounds_of(scheme)
    except Refusal:
        return facts
    facts["extension_form"] = ExtensionForm()
    facts["extensions"] = list(scheme.extensions.order_by("requested_at", "pk"))
    return facts


def _said(form: forms.Form) -> str:
    return "；".join(str(error) for errors in form.errors.values() for error in errors)


urlpatterns = [
    path("progress/", progress, name="progress"),
    path("progress/leave/", leave, name="progress_leave"),
    path("progress/documents/", add_document, name="progress_document"),
    path("progress/corrected/", corrected, name="progress_corrected"),
    path("progress/papers/<str:paper_number>/", paper, name="progress_paper"),
    path("progress/papers/<str:paper_number>/received/", confirm_receipt, name="progress_receipt"),
    path("progress/contractors/<slug:role>/", contractors, name="progress_contractors"),
    path("progress/extension/", extension, name="progress_extension"),
]
