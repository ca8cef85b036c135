"""绿色通道 on one page: rules, quota, decisions, and what they did to the ordinary queue (N12)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit, UnitKind
from busbar.access.permissions import Permission
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.forms import LABELS
from busbar.connections.models import (
    ApplicationKind,
    ConnectionApplication,
    GreenChannelGrant,
    GreenChannelRule,
    SupplyKind,
)
from busbar.console.answers import done, tell_and_go, whole
from busbar.console.connections.page import Tab, register, render_tab
from busbar.console.requests import StaffRequest
from busbar.customers.models import CustomerKind, Importance
from busbar.kit.periods import Month, local_date

_QUEUING = frozenset({"submitted", "correcting", "accepted", "scheme"})
_FACTS = {
    "kind": (gettext_lazy("申请类别"), dict(ApplicationKind.choices)),
    "supply_kind": (gettext_lazy("供电类别"), dict(SupplyKind.choices)),
    "customer_kind": (gettext_lazy("客户类别"), dict(CustomerKind.choices)),
    "importance": (gettext_lazy("重要性等级"), dict(Importance.choices)),
}


class DecisionForm(forms.Form):
    """Which rule, why, on what evidence; refusing needs no evidence."""

    rule = forms.ChoiceField(label=gettext_lazy("规则"))
    reason = forms.CharField(
        label=gettext_lazy("理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    evidence = forms.CharField(label=gettext_lazy("凭证"), max_length=500, required=False)


class RevokeForm(forms.Form):
    """Why a grant is taken back."""

    reason = forms.CharField(label=gettext_lazy("撤销原因"), max_length=500)


@require_safe
def green_channel(request: StaffRequest) -> HttpResponse:
    """A unit's month: conditions, quota used, decisions, effect with its formula."""
    return _page(request)


@require_POST
def decide(request: StaffRequest, application_number: str) -> HttpResponse:
    """Grant or decline, on the application's own tab."""
    request.viewer.require(Permission.GRANT_GREEN_CHANNEL)
    found = connections_queries.get_application(request.viewer, application_number)
    form = _decision_form(request)
    is_grant = request.POST.get("decision") == "grant"

    def act() -> None:
        facts = {
            "application_id": found.pk,
            "rule_code": form.cleaned_data["rule"],
            "reason": form.cleaned_data["reason"],
            "by": request.viewer,
            "at": timezone.now(),
        }
        if is_grant:
            connections_operations.grant_green_channel(
                **facts, evidence=form.cleaned_data["evidence"]
            )
        else:
            connections_operations.refuse_green_channel(**facts)

    if done(form, act):
        sentence = _("绿色通道已批准") if is_grant else _("未批准的决定已登记")
        return tell_and_go(request, sentence, "application_tab", found.number, "green")
    return render_tab(request, found, "green", extra={"decision_form": form}, status=422)


@require_POST
def revoke(request: StaffRequest, grant_id: int) -> HttpResponse:
    """Take a grant back; its place in the quota is free again."""
    request.viewer.require(Permission.GRANT_GREEN_CHANNEL)
    grant = GreenChannelGrant.objects.visible_to(request.viewer).select_related("unit").get(
        pk=grant_id
    )  # fmt: skip
    form = RevokeForm(request.POST)

    def act() -> None:
        connections_operations.revoke_green_channel(
            grant_id=grant.pk,
            reason=form.cleaned_data["reason"],
            by=request.viewer,
            at=timezone.now(),
        )

    if done(form, act):
        return tell_and_go(request, _("已撤销，名额已退回"), "green_channel")
    context = {"revoke_form": form, "refused_grant": grant.pk}
    return _page(request, unit=grant.unit, month=Month.of(grant.month), extra=context, status=422)


def _page(
    request: StaffRequest,
    *,
    unit: OrganizationUnit | None = None,
    month: Month | None = None,
    extra: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    units = access_queries.list_branch(request.viewer)
    chosen = unit or _unit(request, units)
    if chosen is None:
        return render(request, "console/connections/green_channel/page.html", {"units": []})
    shown = month or _month(request)
    found = connections_queries.get_green_channel_page(request.viewer, chosen, shown)
    context = {
        "found": found,
        "units": units,
        "rules": [(use, words_of(use.rule)) for use in found.quotas],
        "may_grant": request.viewer.may(Permission.GRANT_GREEN_CHANNEL),
        "revoke_form": RevokeForm(),
        **(extra or {}),
    }
    name = "console/connections/green_channel/page.html"
    return render(request, name, context, status=status)


def words_of(rule: GreenChannelRule) -> dict[str, Any]:
    """A rule's conditions and offices as people read them."""
    conditions = []
    for name, allowed in rule.conditions.items():
        label, words = _FACTS.get(name, (LABELS.get(name, name), {}))
        values = _("或").join(str(words.get(str(value), value)) for value in allowed)
        conditions.append((label, values))
    offices = [str(UnitKind(kind).label) for kind in rule.granted_by]
    return {"conditions": conditions, "offices": _("、").join(offices)}


def _unit(request: StaffRequest, units: list[OrganizationUnit]) -> OrganizationUnit | None:
    """The unit asked for; else the one that takes in the most, else the first."""
    wanted = whole(request.GET.get("unit", ""))
    if wanted is not None:
        found = next((unit for unit in units if unit.pk == wanted), None)
        if found is None:
            raise Http404
        return found
    latest = ConnectionApplication.objects.visible_to(request.viewer).order_by("-submitted_at")
    last = latest.values_list("unit_id", flat=True).first()
    return next((unit for unit in units if unit.pk == last), units[0] if units else None)


def _month(request: StaffRequest) -> Month:
    try:
        return Month.parse(request.GET.get("month", ""))
    except ValueError:
        return Month.of(local_date(timezone.now()))


def _decision_form(request: StaffRequest) -> DecisionForm:
    form = DecisionForm(request.POST or None)
    rules = connections_queries.list_green_channel_rules(on=local_date(timezone.now()))
    form.fields["rule"].choices = [(rule.code, rule.name) for rule in rules]  # type: ignore[attr-defined] # a ChoiceField
    return form


def _load(request: StaffRequest, found: ConnectionApplication) -> dict[str, Any]:
    """The application's decisions and, while it queues, the quota that is left for it."""
    decisions = GreenChannelGrant.objects.visible_to(request.viewer).filter(application=found)
    month = Month.of(local_date(timezone.now()))
    return {
        "decisions": list(decisions.select_related("rule").order_by("decided_at", "pk")),
        "rules": [
            (use, words_of(use.rule))
            for use in connections_queries.list_quota_use(found.unit, month)
        ],
        "month": month,
        "is_queuing": found.state in _QUEUING,
        "ahead": connections_queries.count_ordinary_ahead(found),
        "decision_form": _decision_form(request),
    }


register(
    Tab("green", gettext_lazy("绿色通道"), "console/connections/green_channel/tab.html", _load)
)

urlpatterns = [
    path("green-channel/", green_channel, name="green_channel"),
    path("green-channel/<int:grant_id>/revoke/", revoke, name="green_channel_revoke"),
    path("connections/<str:application_number>/green-channel/", decide, name="application_green"),
]
