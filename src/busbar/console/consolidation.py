"""归并: runs, the queue of pairs, merging, splitting and taking back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_q.tasks import async_task

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.console.consolidation_words import say
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, page_number
from busbar.console.workers import has_worker
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer, MatchCandidate
from busbar.customers.queries import consolidation as consolidation_queries
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

RUN_JOB = "busbar.jobs.consolidation.run_consolidation"
QUEUE = 30
_FIELDS = {
    "name": gettext_lazy("名称"),
    "credit_code": gettext_lazy("信用代码"),
    "address": gettext_lazy("地址"),
    "phones": gettext_lazy("电话"),
}
_OBJECTIONS = {
    "codes": gettext_lazy("两个不同的信用代码：即使匹配权重很高也不自动归并。"),
    "weight": gettext_lazy("匹配权重在复核与自动归并两个门槛之间。"),
    "torn": gettext_lazy("与两个不同信用代码的主体都相近，须由人判断属于哪一个。"),
}


class MergeForm(forms.Form):
    """The other customer and why."""

    other = forms.CharField(label=gettext_lazy("并入本客户的客户编号"), max_length=20)
    reason = forms.CharField(label=gettext_lazy("依据"), max_length=300, required=False)


class SplitForm(forms.Form):
    """Which accounts leave, and as whom."""

    accounts = forms.MultipleChoiceField(
        label=gettext_lazy("拆出的户号"), widget=forms.CheckboxSelectMultiple
    )
    name = forms.CharField(label=gettext_lazy("新客户名称"), max_length=200)
    number = forms.CharField(
        label=gettext_lazy("新客户编号（空着则为 H+户号）"), max_length=20, required=False
    )
    credit_code = forms.CharField(
        label=gettext_lazy("统一社会信用代码"), max_length=18, required=False
    )
    reason = forms.CharField(label=gettext_lazy("依据"), max_length=300)


@require_safe
def queue(request: StaffRequest) -> HttpResponse:
    """The pairs that wait, one of them open, and the latest runs."""
    request.viewer.require(Permission.CONSOLIDATE)
    waiting = consolidation_queries.list_queue(request.viewer, limit=QUEUE + 1)
    chosen = page_number(request, "pair", 0)
    current = next((c for c in waiting if c.pk == chosen), waiting[0] if waiting else None)
    context = {
        "waiting": waiting[:QUEUE],
        "count": consolidation_queries.count_queue(request.viewer),
        "runs": consolidation_queries.list_runs(request.viewer, limit=5),
        "worker": has_worker(),
        **(_pair(current, request.viewer) if current else {}),
    }
    return render(request, "console/consolidation/queue.html", context)


@require_safe
def candidate(request: StaffRequest, pk: int) -> HttpResponse:
    """One pair, whatever has become of it."""
    request.viewer.require(Permission.CONSOLIDATE)
    found = consolidation_queries.get_candidate(request.viewer, pk)
    return render(request, "console/consolidation/candidate.html", _pair(found, request.viewer))


@require_POST
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    """One customer or two; then the next pair."""
    consolidation_queries.get_candidate(request.viewer, pk)
    act = (
        customers_operations.confirm_candidate
        if request.POST.get("verdict") == "yes"
        else customers_operations.reject_candidate
    )
    try:
        act(
            candidate_id=pk,
            reason=request.POST.get("reason", ""),
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, _("已记下结论"))
    return redirect("consolidation")


@require_POST
def start(request: StaffRequest) -> HttpResponse:
    """Queue a run over everything the person sees."""
    try:
        run = customers_operations.start_run(by=request.viewer, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return redirect("consolidation")
    async_task(RUN_JOB, run.pk, task_name=f"{_('归并任务')} {run}")
    return redirect("consolidation_run", run.pk)


@require_safe
def show_run(request: StaffRequest, pk: int) -> HttpResponse:
    """How far a run has come, by what it weighed, what came of it."""
    request.viewer.require(Permission.CONSOLIDATE)
    run = consolidation_queries.get_run(request.viewer, pk)
    is_underway = run.state in consolidation_queries.UNDERWAY
    context = {
        "run": run,
        "is_underway": is_underway,
        "worker": has_worker(),
        "levels": [
            replace(row, label=say(row.label), level=say(row.level))
            for row in consolidation_queries.list_levels(run.parameters)
        ],
        "figures": customers_queries.list_figures(local_date(run.created_at)),
    }
    part = bool(request.htmx) and is_underway
    response = render(
        request, f"console/consolidation/{'_progress' if part else 'run'}.html", context
    )
    if request.htmx and not is_underway:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def run_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Queue a run that stopped once more; it goes on where it was."""
    request.viewer.require(Permission.CONSOLIDATE)
    run = consolidation_queries.get_run(request.viewer, pk)
    if run.state in consolidation_queries.UNDERWAY:
        async_task(RUN_JOB, run.pk, task_name=f"{_('归并任务')} {run}")
        messages.success(request, _("已重新排队"))
    return redirect("consolidation_run", pk)


@require_POST
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a merge or a split back."""
    merge = consolidation_queries.get_merge(request.viewer, pk)
    number = merge.customer.number
    try:
        customers_operations.undo_merge(
            merge=merge, reason=request.POST.get("reason", ""), by=request.viewer, at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, _("已撤销"))
    return redirect("customer_tab", number, "origin")


@require_http_methods(["GET", "HEAD", "POST"])
def merge_form(request: StaffRequest, number: str) -> HttpResponse:
    """Another customer goes into this one."""
    request.viewer.require(Permission.CONSOLIDATE)
    customer = customers_queries.get_customer(request.viewer, number)
    form = MergeForm(request.POST or None, initial={"other": request.GET.get("other", "")})
    if request.method == "POST" and form.is_valid() and _merge(request, customer, form):
        return redirect("customer_tab", customer.number, "origin")
    context = {"form": form, "customer": customer}
    status = 422 if form.is_bound else 200
    return render(request, "console/consolidation/merge.html", context, status=status)


def _merge(request: StaffRequest, customer: Customer, form: MergeForm) -> bool:
    try:
        other = customers_queries.get_customer(request.viewer, form.cleaned_data["other"])
        customers_operations.merge_customers(
            survivor=customer,
            absorbed=other,
            reason=form.cleaned_data["reason"],
            by=request.viewer,
            at=timezone.now(),
        )
    except Customer.DoesNotExist:
        form.add_error("other", _("没有这个客户编号，或该客户不在您的管辖范围内"))
    except Refusal as refusal:
        form.add_error(None, said(refusal))
    return not form.errors


@require_http_methods(["GET", "HEAD", "POST"])
def split_form(request: StaffRequest, number: str) -> HttpResponse:
    """Some accounts leave for a new customer."""
    request.viewer.require(Permission.CONSOLIDATE)
    customer = customers_queries.get_customer(request.viewer, number)
    form = SplitForm(request.POST or None)
    accounts = customers_queries.list_accounts(request.viewer, customer_id=customer.pk)
    choices = [(a.number, f"{a.number} {a.name} {a.address}") for a in accounts]
    form.fields["accounts"].choices = choices  # type: ignore[attr-defined] # a ChoiceField
    if request.method == "POST" and form.is_valid() and _split(request, customer, form):
        return redirect("customer_tab", customer.number, "origin")
    context = {"form": form, "customer": customer}
    status = 422 if form.is_bound else 200
    return render(request, "console/consolidation/split.html", context, status=status)


def _split(request: StaffRequest, customer: Customer, form: SplitForm) -> bool:
    try:
        customers_operations.split_customer(
            customer=customer, **form.cleaned_data, by=request.viewer, at=timezone.now()
        )
    except Refusal as refusal:
        form.add_error(None, said(refusal))
    return not form.errors


def _pair(found: MatchCandidate, viewer: Viewer) -> dict[str, Any]:
    """A pair as the screen shows it: both entries, the differing parts, the weights.

    A run of the whole company asks its branches about pairs of theirs; they do not see the run.
    """
    bars = [
        replace(bar, label=say(bar.label), level=say(bar.level))
        for bar in consolidation_queries.explain(found)
    ]
    return {
        "pair": found,
        "sees_run": consolidation_queries.sees_run(viewer, found.run_id),
        "sides": [
            (_FIELDS[side.field], side.left, side.right)
            for side in consolidation_queries.compare_sides(found)
        ],
        "bars": bars,
        "chart": [
            {"label": bar.label, "level": bar.level, "bits": bar.bits, "before": bar.before}
            for bar in bars
        ],
        "objection": _OBJECTIONS.get(found.objection, ""),
    }


urlpatterns = [
    path("consolidation/", queue, name="consolidation"),
    path("consolidation/start/", start, name="consolidation_start"),
    path("consolidation/pairs/<int:pk>/", candidate, name="consolidation_pair"),
    path("consolidation/pairs/<int:pk>/answer/", answer, name="consolidation_answer"),
    path("consolidation/runs/<int:pk>/", show_run, name="consolidation_run"),
    path("consolidation/runs/<int:pk>/again/", run_again, name="consolidation_again"),
    path("consolidation/merges/<int:pk>/undo/", undo, name="consolidation_undo"),
    path("customers/<str:number>/merge/", merge_form, name="customer_merge"),
    path("customers/<str:number>/split/", split_form, name="customer_split"),
]
