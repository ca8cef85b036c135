"""年度复评: the board against last year's list, decisions, handing over, adopting."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.console.acts import DayField
from busbar.console.answers import one_of, whole
from busbar.console.group_choice import by_group
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, is_part
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import Category, ReviewChange, ReviewItem, ReviewState
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.queries import review as review_queries
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

PAGE = 50


class DecisionForm(forms.Form):
    """In or out; against the rules with reason and last day."""

    decided = forms.TypedChoiceField(
        choices=[("1", gettext_lazy("列入")), ("0", gettext_lazy("不列入"))],
        coerce=lambda text: text == "1",
    )
    reason = forms.CharField(max_length=300, required=False)
    expires_on = DayField(required=False)


@require_safe
def review_list(request: StaffRequest) -> HttpResponse:
    """Every year's review; whoever sees the company opens the next."""
    viewer = request.viewer
    reviews = review_queries.list_reviews()
    today = local_date(timezone.now())
    context = {
        "reviews": reviews,
        "run": recognition_queries.get_latest_run(),
        "next_year": max([today.year, *(r.year + 1 for r in reviews[:1])]),
        "may_open": viewer.may(Permission.RECOGNIZE_KEY_ACCOUNTS)
        and viewer.sees_company
        and all(r.state == ReviewState.ADOPTED for r in reviews),
    }
    return render(request, "console/key_accounts/reviews.html", context)


@require_POST
def review_open(request: StaffRequest) -> HttpResponse:
    """Open a year's review from the newest run."""
    year = whole(request.POST.get("year", ""))
    if year is None or not 2000 <= year < 2200:  # noqa: PLR2004 - years that a form may send
        messages.error(request, _("年份应为四位数字"))
        return redirect("key_account_reviews")
    try:
        key_accounts_operations.open_review(year=year, by=request.viewer, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return redirect("key_account_reviews")
    return redirect("key_account_review", year)


@require_safe
@by_group
def review_board(request: StaffRequest, year: int) -> HttpResponse:
    """The board: new, kept, left; each with points and what was decided."""
    viewer, review = request.viewer, review_queries.get_review(year)
    change = one_of(request.GET.get("change", ""), ReviewChange.values)
    category = one_of(request.GET.get("category", ""), Category.values)
    items = review_queries.list_items(
        viewer, review, change=change, category=category, after=_after(request), limit=PAGE + 1
    )
    counts = review_queries.count_items(viewer, review)
    may = viewer.may(Permission.RECOGNIZE_KEY_ACCOUNTS)
    whole_company = viewer.sees_company
    context = {
        "review": review,
        "items": items[:PAGE],
        "next_after": _key(items[PAGE - 1]) if len(items) > PAGE else "",
        "change": change,
        "category": category,
        "categories": Category.choices,
        "changes": ReviewChange.choices,
        "table": [(c, c.label, [(ch, counts[c][ch]) for ch in ReviewChange]) for c in Category],
        "may_decide": may and review.state == ReviewState.OPEN,
        "may_submit": may and whole_company and review.state == ReviewState.OPEN,
        "may_adopt": viewer.may(Permission.ADOPT_KEY_ACCOUNTS)
        and whole_company
        and review.state == ReviewState.SUBMITTED,
        "IMPORTANT": Category.IMPORTANT,
    }
    part = is_part(request) and bool(request.GET.get("after"))
    name = "_review_rows" if part else "review"
    return render(request, f"console/key_accounts/{name}.html", context)


@require_POST
def review_decide(request: StaffRequest, item_id: int) -> HttpResponse:
    """Decide on one item of the board."""
    item = review_queries.get_item(request.viewer, item_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请选择列入或不列入，日期写成 YYYY-MM-DD"))
        return redirect("key_account_review", item.review.year)

    def act() -> None:
        key_accounts_operations.decide_item(
            item_id=item_id, by=request.viewer, at=timezone.now(), **form.cleaned_data
        )

    return _act(request, item.review.year, act, _("决定已登记"))


@require_POST
def review_step(request: StaffRequest, year: int) -> HttpResponse:
    """Hand over, adopt, or give back."""
    review_queries.get_review(year)
    step, viewer, now = request.POST.get("step", ""), request.viewer, timezone.now()
    reason = request.POST.get("reason", "")[:300]
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "submit": (
            lambda: key_accounts_operations.submit_review(year=year, by=viewer, at=now),
            _("名单已提交，待另一位有权人员批准"),
        ),
        "adopt": (
            lambda: key_accounts_operations.adopt_review(year=year, by=viewer, at=now),
            _("名单已批准"),
        ),
        "return": (
            lambda: key_accounts_operations.return_review(
                year=year, reason=reason, by=viewer, at=now
            ),
            _("名单已退回"),
        ),
    }
    if step not in acts:
        messages.error(request, _("没有这个步骤"))
        return redirect("key_account_review", year)
    return _act(request, year, *acts[step])


def _act(
    request: StaffRequest, year: int, act: Callable[[], object], sentence: str
) -> HttpResponse:
    try:
        act()
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, sentence)
    return redirect("key_account_review", year)


def _after(request: StaffRequest) -> tuple[Decimal, int] | None:
    text, _at, key = request.GET.get("after", "").partition("@")
    place = whole(key)
    try:
        revenue = Decimal(text)
    except InvalidOperation:
        return None
    return None if place is None or not revenue.is_finite() else (revenue, place)


def _key(item: ReviewItem) -> str:
    return f"{item.annual_revenue_yuan}@{item.pk}"


urlpatterns = [
    path("key-accounts/reviews/", review_list, name="key_account_reviews"),
    path("key-accounts/reviews/open/", review_open, name="key_account_review_open"),
    path("key-accounts/reviews/<int:year>/", review_board, name="key_account_review"),
    path("key-accounts/reviews/<int:year>/step/", review_step, name="key_account_review_step"),
    path(
        "key-accounts/review-items/<int:item_id>/", review_decide, name="key_account_review_decide"
    ),
]
