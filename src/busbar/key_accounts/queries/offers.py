"""The catalogue, chances and solutions; what they should and did bring."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from busbar.access.visibility import Viewer
from busbar.key_accounts.models import (
    Opportunity,
    OpportunityStage,
    Solution,
    ValueAddedProduct,
)

Opportunities = QuerySet[Opportunity, Opportunity]
Solutions = QuerySet[Solution, Solution]


def list_products(*, on: dt.date) -> list[ValueAddedProduct]:
    """The newest version of each product on the day; one query."""
    until = Q(valid_until__isnull=True) | Q(valid_until__gt=on)
    rows = ValueAddedProduct.objects.filter(until, valid_from__lte=on).order_by("valid_from")
    return sorted({row.code: row for row in rows}.values(), key=lambda row: row.pk)


def find_product(code: str, *, on: dt.date) -> ValueAddedProduct | None:
    """The product as it is offered on the day."""
    return next((row for row in list_products(on=on) if row.code == code), None)


def list_opportunities(
    viewer: Viewer, *, stage: str = "", customer_id: int | None = None
) -> Opportunities:
    """Visible chances, the newest first."""
    rows: Opportunities = Opportunity.objects.visible_to(viewer)
    if stage:
        rows = rows.filter(stage=stage)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return rows.select_related("customer", "product", "owner", "solution").order_by(
        "-found_at", "-id"
    )


def get_opportunity(viewer: Viewer, opportunity_id: int) -> Opportunity:
    """Opportunity.DoesNotExist where there is none that the viewer sees."""
    return list_opportunities(viewer).get(pk=opportunity_id)


def summarize_opportunities(viewer: Viewer) -> list[tuple[str, int, Decimal, Decimal]]:
    """(product, chances, expected, measured benefit in yuan) by product; one query."""
    rows = Opportunity.objects.visible_to(viewer).exclude(stage=OpportunityStage.LOST)
    counted = (
        rows.order_by()
        .values("product__name")
        .annotate(chances=Count("id"), expected=Sum("expected_yuan"), benefit=Sum("benefit_yuan"))
    )
    found = [
        (row["product__name"], row["chances"], row["expected"], row["benefit"] or Decimal(0))
        for row in counted
    ]
    return sorted(found, key=lambda line: (-line[2], line[0]))


def list_solutions(viewer: Viewer, *, customer_id: int | None = None) -> Solutions:
    """Visible solutions, the newest first."""
    rows: Solutions = Solution.objects.visible_to(viewer)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return rows.select_related("customer", "owner").order_by("-opened_at", "-id")


def get_solution(viewer: Viewer, solution_id: int) -> Solution:
    """With its products; Solution.DoesNotExist where it is not seen."""
    items = Opportunity.objects.select_related("product", "customer").order_by("id")
    rows = list_solutions(viewer).prefetch_related(Prefetch("items", queryset=items))
    return rows.get(pk=solution_id)
