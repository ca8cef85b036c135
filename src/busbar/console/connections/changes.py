"""变更用电: the list, a new change judged while it is filled in, and the page of one change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.changes.eligibility import CONDITIONS
from busbar.connections.models import ChangeKind, ChangeState, SupplyChange
from busbar.connections.operations import changes as change_operations
from busbar.connections.operations.changes.recording import CHANGE, effect_document
from busbar.connections.operations.changes.requirements import check_facts
from busbar.connections.queries import changes as change_queries
from busbar.console.answers import done, one_of, tell_and_go, whole
from busbar.console.connections.change_forms import ChangeForm, groups, proven
from busbar.console.cutting import cut
from busbar.console.group_choice import by_group
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, is_part
from busbar.customers import queries as customers_queries
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.supply.models import BasicChargeMode
from busbar.workflow.models import UserTask

PAGE, FOUND, ENTRIES = 50, 20, 40


class WithdrawForm(forms.Form):
    """The customer takes the request back."""

    reason = forms.CharField(label=gettext_lazy("撤回原因"), max_length=300)


@require_safe
@vary_on_headers("HX-Request")
@by_group
def change_list(request: StaffRequest) -> HttpResponse:
    """Changes newest first, narrowed, read on by keyset."""
    kind = one_of(request.GET.get("kind", ""), ChangeKind.values)
    state = one_of(request.GET.get("state", ""), ChangeState.values)
    rows = change_queries.list_changes(request.viewer, kind=kind, state=state)
    if text := request.GET.get("q", "").strip()[:60]:
        rows = rows.filter(number__startswith=text) | rows.filter(account__number__startswith=text)
    before = whole(request.GET.get("before", ""))
    anchor = rows.filter(pk=before).first() if before else None
    if anchor is not None:
        earlier = rows.filter(requested_at__lt=anchor.requested_at)
        rows = earlier | rows.filter(requested_at=anchor.requested_at, pk__lt=anchor.pk)
    shown, more = cut(rows, PAGE)
    context = {
        "changes": shown,
        "next_before": shown[-1].pk if more else None,
        "kind": kind,
        "state": state,
        "text": text,
        "kinds": ChangeKind.choices,
        "states": ChangeState.choices,
        "may_handle": request.viewer.may(Permission.HANDLE_CHANGES),
    }
    part = "_rows" if anchor is not None else "_results"
    name = part if is_part(request) else "list"
    return render(request, f"console/connections/changes/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_change(request: StaffRequest) -> HttpResponse:
    """Choose the account, then the kind; then the form asks what that kind needs and no more."""
    request.viewer.require(Permission.HANDLE_CHANGES)
    given = request.POST if request.method == "POST" else request.GET
    account = _account(request.viewer, given)
    if account is None:
        return _choose_account(request)
    context = {"account": account, "groups": groups(), "today": local_date(timezone.now())}
    kind = one_of(given.get("kind", ""), ChangeKind.values)
    if not kind:
        return render(request, "console/connections/changes/new.html", context)
    form = ChangeForm(
        request.POST or None,
        account=account,
        kind=ChangeKind(kind),
        initial=_proposed(request.GET),
    )
    made = _request(request, form, account) if request.method == "POST" else None
    if made is not None:
        return redirect("change", made.number)
    context |= {"form": form, "kind": ChangeKind(kind), **_judged(request.viewer, form, account)}
    status = 422 if form.is_bound else 200
    return render(request, "console/connections/changes/new.html", context, status=status)


@require_POST
def judgement(request: StaffRequest) -> HttpResponse:
    """What the rules say of the form as it stands now; nothing is written."""
    request.viewer.require(Permission.HANDLE_CHANGES)
    account = _account(request.viewer, request.POST)
    kind = one_of(request.POST.get("kind", ""), ChangeKind.values)
    if account is None or not kind:
        return HttpResponse(status=400)
    form = ChangeForm(request.POST, account=account, kind=ChangeKind(kind))
    context = {"account": account, "kind": ChangeKind(kind), "form": form}
    context |= _judged(request.viewer, form, account)
    return render(request, "console/connections/changes/_judgement.html", context)


@require_safe
def change(request: StaffRequest, change_number: str) -> HttpResponse:
    """One change: state, effect, transformers and seals, papers, what waits for whom."""
    return _page(request, _get(request.viewer, change_number))


@require_POST
def withdraw_change(request: StaffRequest, change_number: str) -> HttpResponse:
    """Before it is carried out; the process ends with it."""
    request.viewer.require(Permission.HANDLE_CHANGES)
    found = _get(request.viewer, change_number)
    form = WithdrawForm(request.POST)

    def act() -> None:
        change_operations.withdraw_change(
            change_id=found.pk,
            reason=form.cleaned_data["reason"],
            by=request.viewer,
            at=timezone.now(),
        )

    if done(form, act):
        return tell_and_go(request, _("变更已撤回"), "change", found.number)
    return _page(request, found, extra={"withdraw_form": form}, status=422)


def _page(
    request: StaffRequest,
    found: SupplyChange,
    *,
    extra: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    viewer, at = request.viewer, timezone.now()
    tasks = UserTask.objects.visible_to(viewer).open().filter(instance=found.process_id or 0)
    clocks = clocks_queries.list_subject_clocks(viewer, CHANGE, found.pk)
    is_open = found.state in {ChangeState.REQUESTED, ChangeState.APPROVED}
    context = {
        "change": found,
        "tasks": list(tasks.select_related("unit", "owner").order_by("sort_at", "pk")),
        "clocks": [(clock, clock.is_late(at)) for clock in clocks],
        "parts": list(found.transformers.select_related("transformer").order_by("pk")),
        "papers": connections_queries.list_papers(viewer, CHANGE, found.pk),
        "facts": stated(found),
        "confirmed": [CONDITIONS.get(code, code) for code in found.facts.get("confirmed", [])],
        "effect": found.charge_effect,
        "followed_by": list(found.followed_by.order_by("pk")),
        "entries": list(Entry.objects.about(CHANGE, found.pk).order_by("-id")[:ENTRIES]),
        "may_withdraw": is_open and viewer.may(Permission.HANDLE_CHANGES),
        "withdraw_form": WithdrawForm(),
        "now": at,
        **(extra or {}),
    }
    return render(request, "console/connections/changes/page.html", context, status=status)


def stated(found: SupplyChange) -> list[tuple[str, str]]:
    """What the kind of change needed, each with its label."""
    rows = []
    for name, label in _FACT_LABELS.items():
        value = found.facts.get(name)
        if value not in ("", None, []):
            text = _("、").join(map(str, value)) if isinstance(value, list) else str(value)
            if name.endswith("basic_charge_mode"):
                text = str(BasicChargeMode(text).label)
            rows.append((str(label), text))
    return rows


_FACT_LABELS = {
    "old_name": gettext_lazy("原名称"),
    "new_name": gettext_lazy("新名称"),
    "old_customer": gettext_lazy("原客户编号"),
    "new_customer": gettext_lazy("新客户编号"),
    "old_address": gettext_lazy("原址"),
    "new_address": gettext_lazy("新址"),
    "usage_point": gettext_lazy("计量点"),
    "usage_points": gettext_lazy("分出的计量点"),
    "position": gettext_lazy("新的安装位置"),
    "into_account": gettext_lazy("并入户号"),
    "new_account": gettext_lazy("新户号"),
    "number": gettext_lazy("换上变压器的编号"),
    "model": gettext_lazy("型号"),
    "capacity_kva": gettext_lazy("换上变压器的容量 kVA"),
    "voltage_kv": gettext_lazy("新的供电电压 kV"),
    "tariff_code": gettext_lazy("新的电价编码"),
    "old_basic_charge_mode": gettext_lazy("原计收方式"),
    "basic_charge_mode": gettext_lazy("新的计收方式"),
    "old_contract_demand_kw": gettext_lazy("原合同最大需量 kW"),
    "contract_demand_kw": gettext_lazy("合同最大需量 kW"),
    "agreement_number": gettext_lazy("新合同编号"),
    "checked_by": gettext_lazy("核查人"),
}


def _request(
    request: StaffRequest, form: ChangeForm, account: CustomerAccount
) -> SupplyChange | None:
    """The change, or None with the refusal in the form; nothing is written then."""
    if not form.is_valid():
        return None
    try:
        return connections_operations.request_change_and_start(
            account=account,
            wish=form.wish(),
            facts=form.facts(),
            reason=form.cleaned_data.get("reason", ""),
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return None


def _judged(viewer: Viewer, form: ChangeForm, account: CustomerAccount) -> dict[str, Any]:
    """Rule, objections, latest end and effect by month, as far as the form can be read."""
    today = local_date(timezone.now())
    wish = form.wish_so_far(default_start=today)
    context: dict[str, Any] = {"has_start": form.has_start, "missing": ""}
    try:
        judged = change_queries.judge(account, wish, asked_on=today)
    except LookupError as silence:
        return context | {"judged": None, "silence": str(silence)}
    if form.is_bound:
        try:
            check_facts(account, wish, form.facts(), viewer)
        except Refusal as refusal:
            context["missing"] = said(refusal)
    conditions = [
        (code, CONDITIONS[code], code in wish.confirmed)
        for code in judged.rule.conditions
        if code not in proven(judged, wish)
    ]
    return context | {
        "judged": judged,
        "rule": change_queries.as_rule(judged.rule),
        "effect": effect_document(judged.effect),
        "conditions": conditions,
        "is_clear": not judged.objections and not context["missing"],
        "asks_confirmation": bool(conditions),
        "total": judged.effect.saved_yuan,
    }


def _proposed(given: QueryDict) -> dict[str, Any]:
    """What an advice that led here proposes for the basic charge."""
    mode = one_of(given.get("basic_charge_mode", ""), BasicChargeMode.values)
    kw = whole(given.get("contract_demand_kw", ""))
    proposed = {"basic_charge_mode": mode, "contract_demand_kw": kw}
    return {name: value for name, value in proposed.items() if value}


def _account(viewer: Viewer, given: QueryDict) -> CustomerAccount | None:
    """The account named; DoesNotExist where the viewer sees none of that number."""
    number = given.get("account", "")
    if not number:
        return None
    rows = CustomerAccount.objects.visible_to(viewer).select_related("customer", "unit")
    found: CustomerAccount = rows.get(number=number)
    return found


def _choose_account(request: StaffRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:60]
    hits = customers_queries.search(request.viewer, text, limit=FOUND) if text else []
    context = {
        "text": text,
        "accounts": [hit for hit in hits if hit.kind == "account"],
        "customers": [
            (hit, list(_accounts_of(request.viewer, hit.customer_number)))
            for hit in hits
            if hit.kind == "customer"
        ][:8],
        "kind": one_of(request.GET.get("kind", ""), ChangeKind.values),
    }
    name = "_accounts" if is_part(request) else "choose"
    return render(request, f"console/connections/changes/{name}.html", context)


def _accounts_of(viewer: Viewer, customer_number: str) -> Any:
    rows = CustomerAccount.objects.visible_to(viewer).filter(customer__number=customer_number)
    return rows.order_by("number")[:FOUND]


def _get(viewer: Viewer, number: str) -> SupplyChange:
    """The change, or DoesNotExist for what may not be seen, as everywhere in the console."""
    rows = SupplyChange.objects.visible_to(viewer).select_related(
        "account", "customer", "unit", "officer", "rule__rule_set", "follows"
    )
    found: SupplyChange = rows.get(number=number)
    return found


urlpatterns = [
    path("changes/", change_list, name="change_list"),
    path("changes/new/", new_change, name="change_new"),
    path("changes/judgement/", judgement, name="change_judgement"),
    path("changes/<str:change_number>/", change, name="change"),
    path("changes/<str:change_number>/withdraw/", withdraw_change, name="change_withdraw"),
]
