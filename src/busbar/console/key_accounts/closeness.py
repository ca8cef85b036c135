"""关系与预警, 客户价值: where relationships stand, who may leave, what customers are worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from busbar.access.models import Role
from busbar.console.answers import one_of
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, asks_for_more
from busbar.customers.models import Customer
from busbar.key_accounts.models import CustomerValue, RecognitionRun, Stage, StageAssessment
from busbar.key_accounts.queries import closeness as closeness_queries
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.staging import Answer, next_stage

PAGE = 50
PARTS: tuple[tuple[str, str | Promise], ...] = (
    ("volume", _("电量")),
    ("price", _("电价")),
    ("capacity", _("容量与需量")),
    ("new_sites", _("新增户号")),
    ("lost_sites", _("减少户号")),
)
_PLACES = {
    "months_supplied": "supply", "contacts": "contacts", "team": "overview", "needs": "recognition",
    "late_share": "payments", "capacity_cut": "supply", "leaving": "supply", "growth": "bills",
    "growth_over_peers": "bills", "overdue_bills": "payments", "agreements_ended": "supply",
    "open_complaints": "relations", "lost_offers": "plans",
}  # fmt: skip
"""The customer's tab on which a piece of evidence can be looked up."""


@require_safe
@by_group
def closeness_page(request: StaffRequest) -> HttpResponse:
    """Stages and how many of each are warned of; the warned ones with their reasons."""
    viewer, run = request.viewer, recognition_queries.get_latest_run()
    if run is None:
        return render(request, "console/key_accounts/closeness.html", {"run": None})
    stage = one_of(request.GET.get("stage", ""), Stage.values)
    everyone = request.GET.get("of") == "everyone"
    rows, next_after = cut_after(
        closeness_queries.list_warned(viewer, run, stage=stage, warned=not everyone),
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    context: dict[str, Any] = {
        "run": run,
        "rows": [
            (
                row,
                [
                    (a, place_of(a, row.customer))
                    for a in closeness_queries.read_answers(row.warnings)
                ],
                closeness_queries.list_actions(row),
            )
            for row in rows
        ],
        "next_after": next_after,
    }
    if asks_for_more(request):
        return render(request, "console/key_accounts/_closeness_rows.html", context)
    counts = closeness_queries.count_stages(viewer, run)
    context |= {
        "counts": [(s, s.label, *counts[s]) for s in Stage],
        "stage": stage,
        "everyone": everyone,
        "stages": Stage.choices,
    }
    return render(request, "console/key_accounts/closeness.html", context)


@require_safe
@by_group
def value_page(request: StaffRequest) -> HttpResponse:
    """Revenue, cost, margin and payment; the best or the worst first."""
    viewer, run = request.viewer, recognition_queries.get_latest_run()
    if run is None:
        return render(request, "console/key_accounts/values.html", {"run": None})
    lowest = request.GET.get("order") == "lowest"
    rows, next_after = cut_after(
        closeness_queries.list_values(viewer, run, lowest=lowest),
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    context = {
        "run": run,
        "rows": [(row, percent_of(row), parts_of(row)) for row in rows],
        "parts": PARTS,
        "lowest": lowest,
        "next_after": next_after,
    }
    if asks_for_more(request):
        return render(request, "console/key_accounts/_value_rows.html", context)
    context["sums"] = closeness_queries.sum_values(viewer, run)
    return render(request, "console/key_accounts/values.html", context)


def percent_of(row: CustomerValue) -> Decimal | None:
    """The margin in percent of the revenue."""
    return row.margin_yuan / row.revenue_yuan * 100 if row.revenue_yuan else None


def parts_of(row: CustomerValue) -> list[tuple[str | Promise, Decimal]]:
    """The parts of the change, in yuan."""
    return [(label, Decimal(row.growth.get(name, "0"))) for name, label in PARTS]


def closeness_context(
    request: StaffRequest, customer: Customer, run: RecognitionRun | None
) -> dict[str, Any]:
    """What the customer's tab says of its stage, its warnings and its value."""
    if run is None:
        return {"closeness": None, "value": None}
    viewer = request.viewer
    stage = closeness_queries.find_stage(viewer, customer.pk, run)
    value = closeness_queries.find_value(viewer, customer.pk, run)
    return {
        "closeness": _stage_words(stage, customer) if stage else None,
        "value": value,
        "value_percent": percent_of(value) if value else None,
        "value_parts": parts_of(value) if value else [],
        "value_total": Decimal(value.growth["total"]) if value else None,
        "value_work": [(role_name(w[0]), *w[1:]) for w in value.work] if value else [],
    }


def role_name(role: str) -> str:
    """A role in words; an unknown one as it is written."""
    return str(Role(role).label) if role in Role.values else role


def place_of(found: Answer, customer: Customer) -> str:
    """Where the evidence is looked up; empty where nobody records it yet."""
    tab = _PLACES.get(found.bound.evidence)
    return reverse("customer_tab", args=[customer.number, tab]) if tab else ""


def _stage_words(row: StageAssessment, customer: Customer) -> dict[str, Any]:
    answers: list[Answer] = closeness_queries.read_answers(row.answers)
    upwards = next_stage(row.stage)
    return {
        "row": row,
        "answers": [(Stage(a.bound.stage).label, a, place_of(a, customer)) for a in answers],
        "warnings": closeness_queries.read_answers(row.warnings),
        "next": Stage(upwards).label if upwards else "",
        "actions": closeness_queries.list_actions(row),
        "steps": [(s.label, s == row.stage) for s in Stage],
    }


urlpatterns = [
    path("key-accounts/relationships/", closeness_page, name="key_account_closeness"),
    path("key-accounts/values/", value_page, name="key_account_values"),
]
