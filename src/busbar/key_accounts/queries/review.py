"""The review's board, the list in force, and importance grades that want a person."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.connections.models import ConnectionApplication
from busbar.customers.models import Customer, Importance
from busbar.key_accounts.models import (
    Category,
    ImportanceAssessment,
    ImportanceCriterion,
    OverrideState,
    Recognition,
    ReviewChange,
    ReviewItem,
    ReviewState,
    YearlyReview,
)
from busbar.key_accounts.queries.recognition import get_latest_run
from busbar.key_accounts.queries.rules import (
    division_of,
    list_importance_criteria,
    map_industries,
)

Items = QuerySet[ReviewItem, ReviewItem]


@dataclass(frozen=True)
class Suggestion:
    """Why a customer's importance should be looked at by a person."""

    customer: Customer
    reasons: list[str]


def list_reviews() -> list[YearlyReview]:
    """The newest first."""
    return list(YearlyReview.objects.select_related("run", "previous").order_by("-year"))


def get_review(year: int) -> YearlyReview:
    """YearlyReview.DoesNotExist when there is none."""
    return YearlyReview.objects.select_related("run", "previous").get(year=year)


def list_items(
    viewer: Viewer,
    review: YearlyReview,
    *,
    change: str = "",
    category: str = "",
    after: tuple[Decimal, int] | None = None,
    limit: int = 50,
) -> list[ReviewItem]:
    """Visible items, the highest revenue first, by keyset. One query."""
    rows: Items = ReviewItem.objects.visible_to(viewer).filter(review=review)
    if change:
        rows = rows.filter(change=change)
    if category:
        rows = rows.filter(category=category)
    if after is not None:
        rows = rows.filter(beyond(("-annual_revenue_yuan", "id"), after))
    rows = rows.select_related("customer__unit")
    return list(rows.order_by("-annual_revenue_yuan", "id")[:limit])


def count_items(viewer: Viewer, review: YearlyReview) -> dict[str, dict[str, int]]:
    """By category and change. One query."""
    rows: Items = ReviewItem.objects.visible_to(viewer).filter(review=review)
    found: dict[str, dict[str, int]] = {
        category: dict.fromkeys(ReviewChange.values, 0) for category in Category.values
    }
    counted = rows.order_by().values_list("category", "change").annotate(Count("pk"))
    for category, change, count in counted:
        found[category][change] = count
    return found


def get_item(viewer: Viewer, item_id: int) -> ReviewItem:
    """ReviewItem.DoesNotExist where it is not seen."""
    rows: Items = ReviewItem.objects.visible_to(viewer).select_related("review", "customer")
    found: ReviewItem = rows.get(pk=item_id)
    return found


def map_listed(customer_ids: list[int]) -> dict[int, set[Category]]:
    """What customers are by the list in force: the last adopted review, else the newest run."""
    adopted = YearlyReview.objects.filter(state=ReviewState.ADOPTED).order_by("-year").first()
    found: dict[int, set[Category]] = defaultdict(set)
    if adopted is not None:
        rows = adopted.items.filter(decided=True, customer__in=customer_ids)
        for pk, category in rows.values_list("customer_id", "category"):
            found[pk].add(Category(category))
        return dict(found)
    run = get_latest_run()
    results = Recognition.objects.filter(run=run, customer__in=customer_ids) if run else []
    for row in results:
        found[row.customer_id] = set(row.categories)
    return dict(found)


def list_assessments(
    viewer: Viewer, *, customer_id: int | None = None
) -> list[ImportanceAssessment]:
    """A customer's assessments, or those of everybody that wait; the newest first."""
    rows: QuerySet[ImportanceAssessment, ImportanceAssessment]
    rows = ImportanceAssessment.objects.visible_to(viewer).select_related("customer__unit")
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    else:
        rows = rows.filter(state=OverrideState.PROPOSED)
    return list(rows.order_by("-id")[:100])


def get_assessment(viewer: Viewer, pk: int) -> ImportanceAssessment:
    """ImportanceAssessment.DoesNotExist where it is not seen."""
    rows = ImportanceAssessment.objects.visible_to(viewer).select_related("customer")
    found: ImportanceAssessment = rows.get(pk=pk)
    return found


def list_suggestions(viewer: Viewer, *, on: dt.date, limit: int = 100) -> list[Suggestion]:
    """Customers whose grade nobody has looked at though the trade, a declared critical load, or
    a grade without an assessment asks for it. Three queries."""
    criteria = list_importance_criteria(on)
    looked_at = ImportanceAssessment.objects.filter(customer=OuterRef("pk"))
    critical = ConnectionApplication.objects.filter(customer=OuterRef("pk"), critical_load_kw__gt=0)
    rows: QuerySet[Customer, Customer] = Customer.objects.visible_to(viewer)
    rows = rows.filter(~Exists(looked_at)).annotate(declares=Exists(critical))
    trades = Q(pk__in=[])
    industries = map_industries(on)
    for code in sorted({code for c in criteria for code in c.hint_industries}):
        # Archives write the division with or without its section's letter before it.
        section = industries[code].section if code in industries else ""
        trades |= Q(industry_code__startswith=code)
        trades |= Q(industry_code__startswith=f"{section}{code}")
    asked = rows.filter(trades | ~Q(importance=Importance.NONE) | Q(declares=True))
    found = asked.select_related("unit").order_by("importance", "name", "id")[:limit]
    return [Suggestion(customer, _why(customer, criteria)) for customer in found]


def _why(customer: Customer, criteria: list[ImportanceCriterion]) -> list[str]:
    reasons = []
    if customer.importance != Importance.NONE:
        grade = customer.get_importance_display()
        reasons.append(_("档案等级为%(grade)s，没有评定记录") % {"grade": grade})
    if getattr(customer, "declares", False):
        reasons.append(_("报装时申报了保安负荷"))
    division = division_of(customer.industry_code)
    reasons += [
        _("行业 %(division)s：%(consequence)s？")
        % {"division": division, "consequence": criterion.consequence}
        for criterion in criteria
        if division in criterion.hint_industries
    ]
    return reasons
