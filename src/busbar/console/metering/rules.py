"""The rules of validation in their order: thresholds with source and certainty, and editing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.console.metering.words import figure_name
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.metering.models import VeeAction, VeeRule


class RuleForm(forms.Form):
    """Thresholds, consequence, use and place of one rule, and why they change."""

    action = forms.ChoiceField(label=_("处理方式"), choices=VeeAction.choices)
    position = forms.IntegerField(label=_("次序"), min_value=1)
    is_active = forms.BooleanField(label=_("启用"), required=False)
    reason = forms.CharField(label=_("修改原因"), max_length=150)

    def __init__(self, rule: VeeRule, rules: list[VeeRule], data: Any = None) -> None:
        """A field for each figure of the rule stands before the others."""
        place = [row.code for row in rules].index(rule.code) + 1
        initial = {"action": rule.action, "position": place, "is_active": rule.is_active}
        super().__init__(data, initial={**initial, **rule.figures})
        figures = {
            name: forms.CharField(label=figure_name(name), max_length=12) for name in rule.figures
        }
        self.fields = {**figures, **self.fields}
        self.fields["position"].max_value = len(rules)  # type: ignore[attr-defined] # a number
        self._rule, self._codes = rule, [row.code for row in rules]

    @property
    def figures(self) -> dict[str, str]:
        """The thresholds as given."""
        return {name: self.cleaned_data[name] for name in self._rule.figures}

    @property
    def codes(self) -> list[str]:
        """Every rule in the order that is wanted."""
        others = [code for code in self._codes if code != self._rule.code]
        place = min(self.cleaned_data["position"], len(self._codes)) - 1
        return [*others[:place], self._rule.code, *others[place:]]

    @property
    def is_moved(self) -> bool:
        """Whether another place is wanted."""
        return self.codes != self._codes

    @property
    def is_amended(self) -> bool:
        """Whether anything but the place is to change."""
        data, rule = self.cleaned_data, self._rule
        now = (rule.figures, rule.action, rule.is_active)
        return (self.figures, data["action"], data["is_active"]) != now


@require_safe
def vee_rules(request: StaffRequest) -> HttpResponse:
    """Every rule in its order."""
    context = {
        "tab": "rules",
        "rules": [(rule, _figures(rule)) for rule in metering_queries.list_vee_rules()],
        "may_keep": request.viewer.may(Permission.KEEP_VEE_RULES),
    }
    return render(request, "console/metering/rules.html", context)


def _figures(rule: VeeRule) -> list[tuple[str, str]]:
    return [(figure_name(name), value) for name, value in rule.figures.items()]


@require_http_methods(["GET", "HEAD", "POST"])
def vee_rule(request: StaffRequest, code: str) -> HttpResponse:
    """Change one rule."""
    request.viewer.require(Permission.KEEP_VEE_RULES)
    rules = metering_queries.list_vee_rules()
    rule = next((row for row in rules if row.code == code), None)
    if rule is None:
        raise Http404
    form = RuleForm(rule, rules, request.POST or None)
    if request.method == "POST" and form.is_valid() and _done(request, form, code):
        return redirect("vee_rules")
    status = 422 if form.is_bound else 200
    context = {"tab": "rules", "form": form, "rule": rule}
    return render(request, "console/metering/rule.html", context, status=status)


def _done(request: StaffRequest, form: RuleForm, code: str) -> bool:
    """Change what differs; nothing different is the operation's to refuse."""
    reason, at = form.cleaned_data["reason"], timezone.now()
    try:
        if form.is_amended or not form.is_moved:
            metering_operations.amend_vee_rule(
                code=code,
                figures=form.figures,
                action=form.cleaned_data["action"],
                is_active=form.cleaned_data["is_active"],
                reason=reason,
                by=request.viewer,
                at=at,
            )
        if form.is_moved:
            metering_operations.reorder_vee_rules(
                codes=form.codes, reason=reason, by=request.viewer, at=at
            )
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return False
    return True


urlpatterns = [
    path("readings/rules/", vee_rules, name="vee_rules"),
    path("readings/rules/<str:code>/", vee_rule, name="vee_rule"),
]
