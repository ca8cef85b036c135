"""年度复评: opened from a run, decided customer by customer, adopted by a second person (U9)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts import rulebook
from busbar.key_accounts.models import (
    Category,
    OverrideState,
    Recognition,
    RecognitionOverride,
    RecognitionRun,
    ReviewChange,
    ReviewItem,
    ReviewState,
    RunState,
    YearlyReview,
)
from busbar.key_accounts.operations.overriding import UnableToOverride, check_term
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

_CHANGES = {
    (False, True): ReviewChange.NEW,
    (True, True): ReviewChange.KEPT,
    (True, False): ReviewChange.LEFT,
    (False, False): ReviewChange.OUT,
}


class UnableToReview(Refusal):
    """The yearly review cannot go so."""


@transaction.atomic
def open_review(*, year: int, by: Viewer, at: dt.datetime, month: str = "") -> YearlyReview:
    """Compare a run's findings (the newest unless a month is named) with the last adopted list."""
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    if not by.sees_company:
        raise UnableToReview("年度复评涉及全公司的名单，须由能看到全公司的人员发起")
    journal_operations.take_turn()
    run = _run_for(month)
    if YearlyReview.objects.filter(year=year).exists():
        raise UnableToReview("%(year)s 年的复评已经有了", year=year)
    unfinished = YearlyReview.objects.exclude(state=ReviewState.ADOPTED).first()
    if unfinished is not None:
        raise UnableToReview("%(year)s 年的复评还没有批准，不能再开一次", year=unfinished.year)
    adopted = YearlyReview.objects.filter(state=ReviewState.ADOPTED, year__lt=year)
    review = YearlyReview.objects.create(
        year=year, run=run, previous=adopted.order_by("-year").first(), opened_at=at,
        opened_by=by.name,
    )  # fmt: skip
    ReviewItem.objects.bulk_create(_items(review), batch_size=1000)
    _tell(review, "opened", by, at)
    return review


def _run_for(month: str) -> RecognitionRun:
    runs = RecognitionRun.objects.filter(state=RunState.FINISHED)
    run = (runs.filter(month=month) if month else runs.order_by("-month")).first()
    if run is None:
        if not month:
            raise UnableToReview("最近没有完成的评定，先评定再复评")
        raise UnableToReview("%(month)s没有完成的评定，先评定再复评", month=month)
    return run


def _items(review: YearlyReview) -> list[ReviewItem]:
    before = set(
        ReviewItem.objects.filter(review=review.previous_id, decided=True).values_list(
            "customer_id", "category"
        )
        if review.previous_id
        else []
    )
    found = []
    for row in Recognition.objects.filter(run=review.run_id).defer("figures").iterator(2000):
        for category, kept in row.judgements.items():
            was, computed = (row.customer_id, category) in before, rulebook.holds(kept)
            if was or computed:
                found.append(
                    ReviewItem(
                        review=review,
                        customer_id=row.customer_id,
                        category=category,
                        before=was,
                        computed=computed,
                        decided=computed,
                        change=_CHANGES[was, computed],
                        points=kept["points"],
                        annual_revenue_yuan=row.annual_revenue_yuan,
                    )
                )
    return found


@transaction.atomic
def decide_item(
    *,
    item_id: int,
    decided: bool,
    reason: str = "",
    expires_on: dt.date | None = None,
    by: Viewer,
    at: dt.datetime,
) -> ReviewItem:
    """Set what the list will say; against the rules only with reason and expiry."""
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    journal_operations.take_turn()
    rows = ReviewItem.objects.visible_to(by).select_related("review", "customer__unit")
    item: ReviewItem = rows.get(pk=item_id)
    by.require_unit(item.customer.unit.path)
    if item.review.state != ReviewState.OPEN:
        raise UnableToReview(
            "%(year)s 年的复评%(state)s，不能再改",
            year=item.review.year,
            state=item.review.get_state_display(),
        )
    if decided != item.computed:
        _require_ground(item, reason, expires_on, local_date(at))
    is_override = decided != item.computed
    item.decided, item.change = decided, _CHANGES[item.before, decided]
    item.reason = reason.strip() if is_override else ""
    item.expires_on = expires_on if is_override else None
    item.decided_by = by.name
    item.save()
    _tell_item(item, by, at)
    return item


def _require_ground(
    item: ReviewItem, reason: str, expires_on: dt.date | None, today: dt.date
) -> None:
    if item.category == Category.IMPORTANT:
        raise UnableToReview("重要客户由重要性评定决定，请在客户页提出重要性评定")
    if expires_on is None:
        raise UnableToReview("与规则结果不同的决定须写明到期日")
    try:
        check_term(reason, expires_on, today)
    except UnableToOverride as refusal:
        raise UnableToReview.saying(refusal) from refusal


@transaction.atomic
def submit_review(*, year: int, by: Viewer, at: dt.datetime) -> YearlyReview:
    """Hand the list over for adoption; nothing is decided any more."""
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    review = _in_state(year, ReviewState.OPEN, by)
    review.state, review.submitted_at = ReviewState.SUBMITTED, at
    review.submitted_by, review.submitted_by_id = by.name, by.user_id
    review.save()
    _tell(review, "submitted", by, at)
    return review


@transaction.atomic
def return_review(*, year: int, reason: str, by: Viewer, at: dt.datetime) -> YearlyReview:
    """Give a handed-over list back to be decided anew."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    review = _in_state(year, ReviewState.SUBMITTED, by)
    if not reason.strip():
        raise UnableToReview("请写明退回的原因")
    review.state = ReviewState.OPEN
    review.save(update_fields=["state"])
    _tell(review, "returned", by, at, reason=reason.strip())
    return review


@transaction.atomic
def adopt_review(*, year: int, by: Viewer, at: dt.datetime) -> YearlyReview:
    """Adopt the list; never by whoever handed it over. What goes against the rules holds on."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    review = _in_state(year, ReviewState.SUBMITTED, by)
    if review.submitted_by_id is not None and review.submitted_by_id == by.user_id:
        raise UnableToReview("提交人不能批准自己提交的名单")
    _set_by_hand(review, by, at)
    review.state, review.adopted_at, review.adopted_by = ReviewState.ADOPTED, at, by.name
    review.save(update_fields=["state", "adopted_at", "adopted_by"])
    _tell(review, "adopted", by, at)
    return review


def _in_state(year: int, state: ReviewState, by: Viewer) -> YearlyReview:
    if not by.sees_company:
        raise UnableToReview("年度复评的名单须由能看到全公司的人员提交和批准")
    journal_operations.take_turn()
    review = YearlyReview.objects.select_related("run").get(year=year)
    if review.state != state:
        raise UnableToReview(
            "%(year)s 年的复评%(state)s，不能这样办", year=year, state=review.get_state_display()
        )
    return review


def _set_by_hand(review: YearlyReview, by: Viewer, at: dt.datetime) -> None:
    """Overrides for the items that go against the rules; they replace what stood before."""
    today = local_date(at)
    items = list(review.items.exclude(decided=F("computed")).filter(expires_on__gt=today))
    for item in items:
        RecognitionOverride.objects.filter(
            customer=item.customer_id,
            category=item.category,
            state__in=[OverrideState.PROPOSED, OverrideState.ADOPTED],
        ).update(state=OverrideState.ENDED)
    RecognitionOverride.objects.bulk_create(
        RecognitionOverride(
            customer_id=item.customer_id, category=item.category, holds=item.decided,
            reason=f"{review.year} 年复评：{item.reason}"[:300], state=OverrideState.ADOPTED,
            valid_from=today, expires_on=item.expires_on, proposed_by=item.decided_by,
            proposed_at=review.submitted_at or at, decided_by=by.name, decided_at=at,
        )
        for item in items
    )  # fmt: skip


def _tell(
    review: YearlyReview, what: str, by: Viewer, at: dt.datetime, *, reason: str = ""
) -> None:
    happening = Happening(
        event=f"key_accounts.review.{what}",
        subject_type="key_accounts.review",
        subject_id=review.pk,
        subject_label=str(review.year),
        changes={"month": review.run.month, "items": review.items.count()},
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _tell_item(item: ReviewItem, by: Viewer, at: dt.datetime) -> None:
    happening = Happening(
        event="key_accounts.review_item.decided",
        subject_type="key_accounts.review_item",
        subject_id=item.pk,
        subject_label=item.customer.name,
        customer_id=item.customer_id,
        unit_path=item.customer.unit.path,
        changes={"category": item.category, "holds": item.decided},
        reason=item.reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
