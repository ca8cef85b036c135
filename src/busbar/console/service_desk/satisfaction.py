"""满意度: the board, lowest first, with intervals; what is to be mended; the rules behind it."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.console.acts import Act, ActForm, Acts, DayField, Doing, paragraph
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, asks_for_more, is_part
from busbar.console.service_desk.people import OwnersActs
from busbar.service_desk import operations, queries
from busbar.service_desk.models import EvidenceKind

PAGE = 50


class CloseForm(ActForm):
    """What was done about it."""

    measure = forms.CharField(label=_("采取了什么措施"), max_length=1000, widget=paragraph(3))


class EvidenceForm(ActForm):
    """A new version of a weight."""

    kind = forms.ChoiceField(label=_("证据"), choices=EvidenceKind.choices)
    score = forms.DecimalField(
        label=_("得分 0–100"), max_digits=5, decimal_places=2, required=False
    )
    weight = forms.DecimalField(label=_("相当于几份问卷"), max_digits=6, decimal_places=3)
    half_life_days = forms.IntegerField(label=_("半衰期 天"), min_value=1, max_value=9999)
    valid_from = DayField(label=_("自何日起"))
    source = forms.CharField(label=_("依据"), max_length=300)


class ParameterForm(ActForm):
    """A new version of a figure."""

    code = forms.ChoiceField(label=_("参数"))
    value = forms.DecimalField(label=_("数值"), max_digits=10, decimal_places=4)
    valid_from = DayField(label=_("自何日起"))
    source = forms.CharField(label=_("依据"), max_length=300)

    def fit(self, doing: Doing) -> None:
        """The figures that there are."""
        known = dict.fromkeys((row.code, row.name) for row in queries.list_parameters())
        self.fields["code"].choices = list(known)  # type: ignore[attr-defined] # a ChoiceField


def _close(doing: Doing) -> None:
    operations.close_improvement(
        improvement_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _set_evidence(doing: Doing) -> None:
    operations.set_evidence_rule(**doing.data, by=doing.viewer, at=doing.at)


def _set_parameter(doing: Doing) -> None:
    operations.set_parameter(**doing.data, by=doing.viewer, at=doing.at)


CLOSE = Act(
    _("登记整改"),
    _close,
    (Permission.KEEP_RELATIONS,),
    CloseForm,
    icon="circle-check",
    is_first=True,
)
RULE_ACTS = {
    "evidence": Act(
        _("改证据权重"), _set_evidence, (Permission.ADMINISTER,), EvidenceForm, icon="scale"
    ),
    "parameter": Act(
        _("改参数"), _set_parameter, (Permission.ADMINISTER,), ParameterForm, icon="adjustments"
    ),
}


@require_safe
@by_group
def satisfaction(request: StaffRequest) -> HttpResponse:
    """Customers by their index, the lowest first, and the open tasks."""
    viewer, at = request.viewer, timezone.now()
    mine = request.GET.get("of") == "mine"
    found = queries.list_scores(viewer, mine=mine)
    rows, next_after = cut_after(found, after=request.GET.get("after", ""), size=PAGE)
    page = {"rows": rows, "next_after": next_after}
    if asks_for_more(request):
        return render(request, "console/service_desk/_satisfaction_rows.html", page)
    context = page | {
        "sums": queries.summarize(viewer),
        "rate": queries.kept_rate(viewer, at=at),
        "improvements": [
            (row, row.clock is not None and row.clock.is_late(at))
            for row in queries.list_improvements(viewer)[:PAGE]
        ],
        "mine": mine,
    }
    name = "_satisfaction_results" if is_part(request) else "satisfaction"
    return render(request, f"console/service_desk/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def improvement(request: StaffRequest, improvement_id: int) -> HttpResponse:
    """One task: how far the index fell, what pulled it down, what was done."""
    row, at = queries.get_improvement(request.viewer, improvement_id), timezone.now()
    acts = OwnersActs({} if row.closed_at else {"close": CLOSE}, request, row)
    if request.method == "POST" and acts.post():
        return redirect("improvement", improvement_id)
    context = {
        "row": row,
        "acts": acts,
        "is_late": row.clock is not None and row.clock.is_late(at),
        "score": queries.find_score(request.viewer, row.customer_id),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/service_desk/improvement.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def satisfaction_rules(request: StaffRequest) -> HttpResponse:
    """Every version of the weights and figures, with source and certainty."""
    acts = Acts(RULE_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("satisfaction_rules")
    context = {
        "acts": acts,
        "evidence": queries.list_evidence_rules(),
        "parameters": queries.list_parameters(),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/service_desk/rules.html", context, status=status)


urlpatterns = [
    path("satisfaction/", satisfaction, name="satisfaction"),
    path("satisfaction/rules/", satisfaction_rules, name="satisfaction_rules"),
    path("improvements/<int:improvement_id>/", improvement, name="improvement"),
]
