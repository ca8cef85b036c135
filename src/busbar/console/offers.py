"""增值服务与解决方案: catalogue, chances, delivery, benefit; solutions to their evaluation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from busbar.access.permissions import Permission
from busbar.console.acts import Act, ActForm, Acts, Doing, paragraph
from busbar.console.answers import one_of
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, asks_for_more
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import Opportunity, OpportunityStage, Solution, SolutionState
from busbar.kit.periods import local_date

PAGE = 50
TAKEN = [("yes", _("接受")), ("no", _("未接受"))]


class ProductForm(ActForm):
    """A product for a customer."""

    product_code = forms.ChoiceField(label=_("产品"))
    reason = forms.CharField(label=_("依据"), max_length=500, widget=paragraph(2))
    expected_yuan = forms.DecimalField(
        label=_("预计每年值 元"), max_digits=14, decimal_places=2, min_value=0
    )
    price_yuan = forms.DecimalField(
        label=_("报价 元"), max_digits=14, decimal_places=2, min_value=0, initial=0
    )

    def fit(self, doing: Doing) -> None:
        """What the catalogue offers today."""
        rows = queries.list_products(on=local_date(doing.at))
        self.fields["product_code"].choices = [(row.code, row.name) for row in rows]  # type: ignore[attr-defined] # a ChoiceField


class FindForm(ProductForm):
    """The same, with the customer."""

    customer_number = forms.CharField(label=_("客户编号"), max_length=20)
    field_order = ["customer_number"]


class SolutionForm(ActForm):
    """What a customer needs."""

    customer_number = forms.CharField(label=_("客户编号"), max_length=20)
    name = forms.CharField(label=_("方案名称"), max_length=100)
    need = forms.CharField(label=_("客户的需求"), widget=paragraph(3))


class DecideForm(ActForm):
    """Taken or not."""

    is_accepted = forms.ChoiceField(label=_("客户"), choices=TAKEN, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("未接受的原因"), max_length=300, required=False)


class DecideSolutionForm(DecideForm):
    """The same, with who decided."""

    decided_by = forms.CharField(label=_("客户方谁决定的"), max_length=100)


class DeliverForm(ActForm):
    """What was delivered."""

    delivery = forms.CharField(label=_("交付了什么"), max_length=500, widget=paragraph(2))


class BenefitForm(ActForm):
    """What it brought, and by what that is known."""

    benefit_yuan = forms.DecimalField(label=_("一年实际收益 元"), max_digits=14, decimal_places=2)
    basis = forms.CharField(label=_("依据哪些账单或读数"), max_length=500, widget=paragraph(2))


class EvaluateForm(ActForm):
    """The customer's judgement."""

    score = forms.TypedChoiceField(
        label=_("客户评分"), coerce=int, choices=[(n, str(n)) for n in range(1, 6)]
    )
    evaluation = forms.CharField(label=_("客户的评价"), widget=paragraph(3))


def _find(doing: Doing) -> None:
    operations.find_opportunity(**doing.data, by=doing.viewer, at=doing.at)


def _add(doing: Doing) -> None:
    operations.find_opportunity(
        customer_number=doing.subject.customer.number,
        solution_id=doing.subject.pk,
        **doing.data,
        by=doing.viewer,
        at=doing.at,
    )


def _open_solution(doing: Doing) -> None:
    operations.open_solution(**doing.data, by=doing.viewer, at=doing.at)


def _on(operation: Any, name: str) -> Any:
    def act(doing: Doing) -> None:
        data = dict(doing.data)
        if "is_accepted" in data:
            data["is_accepted"] = data["is_accepted"] == "yes"
        operation(**{name: doing.subject.pk}, **data, by=doing.viewer, at=doing.at)

    return act


_MAY = (Permission.KEEP_RELATIONS,)
LIST_ACTS = {
    "find": Act(_("登记机会"), _find, _MAY, FindForm, icon="bulb", is_first=True),
    "solution": Act(_("新建解决方案"), _open_solution, _MAY, SolutionForm, icon="puzzle"),
}


def _step(label: Promise, icon: str, operation: Any, name: str, form: type[ActForm]) -> Act:
    return Act(label, _on(operation, name), _MAY, form, icon=icon, is_first=True)


_CHANCE, _SOLUTION = "opportunity_id", "solution_id"
STAGE_ACTS: dict[OpportunityStage, dict[str, Act]] = {
    OpportunityStage.FOUND: {
        "decide": _step(
            _("客户的决定"), "thumb-up", operations.decide_opportunity, _CHANCE, DecideForm
        )
    },
    OpportunityStage.ACCEPTED: {
        "deliver": _step(
            _("登记交付"), "truck-delivery", operations.deliver_opportunity, _CHANCE, DeliverForm
        )
    },
    OpportunityStage.DELIVERED: {
        "benefit": _step(_("核定收益"), "coin", operations.measure_benefit, _CHANCE, BenefitForm)
    },
}
SOLUTION_ACTS: dict[SolutionState, dict[str, Act]] = {
    SolutionState.NEED: {
        "add": Act(_("加产品"), _add, _MAY, ProductForm, icon="plus", is_first=True),
        "quote": Act(
            _("报价"), _on(operations.quote_solution, _SOLUTION), _MAY, icon="receipt-yuan"
        ),
    },
    SolutionState.QUOTED: {
        "decide": _step(
            _("客户的决定"), "thumb-up", operations.decide_solution, _SOLUTION, DecideSolutionForm
        )
    },
    SolutionState.ACCEPTED: {
        "evaluate": _step(
            _("登记评估"), "star", operations.evaluate_solution, _SOLUTION, EvaluateForm
        )
    },
}


@require_http_methods(["GET", "HEAD", "POST"])
@by_group
def offer_list(request: StaffRequest) -> HttpResponse:
    """Chances by stage, what products bring, solutions, the catalogue."""
    viewer = request.viewer
    acts = Acts(LIST_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("offer_list")
    stage = one_of(request.GET.get("stage", ""), OpportunityStage.values)
    rows, next_after = cut_after(
        queries.list_opportunities(viewer, stage=stage),
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    page = {"rows": rows, "next_after": next_after}
    if asks_for_more(request):
        return render(request, "console/plans/_offer_rows.html", page)
    context = page | {
        "acts": acts,
        "stage": stage,
        "stages": OpportunityStage.choices,
        "sums": queries.summarize_opportunities(viewer),
        "solutions": queries.list_solutions(viewer)[:PAGE],
        "products": queries.list_products(on=local_date(timezone.now())),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/plans/offers.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: StaffRequest, opportunity_id: int) -> HttpResponse:
    """One chance from its finding to its benefit."""
    row = queries.get_opportunity(request.viewer, opportunity_id)
    allowed = STAGE_ACTS.get(OpportunityStage(row.stage), {})
    if row.solution_id is not None and row.stage == OpportunityStage.FOUND:
        allowed = {}
    return _page(request, "offer", row, allowed)


@require_http_methods(["GET", "HEAD", "POST"])
def solution(request: StaffRequest, solution_id: int) -> HttpResponse:
    """One solution: the need, its products, price, delivery and judgement."""
    row = queries.get_solution(request.viewer, solution_id)
    return _page(request, "solution", row, SOLUTION_ACTS.get(SolutionState(row.state), {}))


def _page(
    request: StaffRequest, name: str, row: Opportunity | Solution, allowed: dict[str, Act]
) -> HttpResponse:
    """A chance or a solution with what may be done about it now."""
    acts = Acts(allowed, request, row)
    if request.method == "POST" and acts.post():
        return redirect(name, row.pk)
    status = 422 if acts.refused else 200
    return render(request, f"console/plans/{name}.html", {"row": row, "acts": acts}, status=status)


urlpatterns = [
    path("offers/", offer_list, name="offer_list"),
    path("offers/<int:opportunity_id>/", offer, name="offer"),
    path("solutions/<int:solution_id>/", solution, name="solution"),
]
