"""年度复评: last year's list against this year's, decided by one, adopted by another (U9)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.customers.models import Customer
from busbar.key_accounts.models.recognition import RecognitionRun
from busbar.key_accounts.models.rules import Category
from busbar.key_accounts.models.visibility import WholeCustomerQuerySet


class ReviewState(models.TextChoices):
    """How far a review has come."""

    OPEN = "open", _("复评中")
    SUBMITTED = "submitted", _("待批准")
    ADOPTED = "adopted", _("已批准")


class YearlyReview(models.Model):
    """年度复评: the list of a year, from a run's findings and the people's decisions."""

    year = models.PositiveSmallIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=ReviewState.choices, default=ReviewState.OPEN)
    run = models.ForeignKey(RecognitionRun, on_delete=models.PROTECT, related_name="+")
    previous = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=150)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.CharField(max_length=150, blank=True)
    submitted_by_id = models.BigIntegerField(null=True, blank=True)
    adopted_at = models.DateTimeField(null=True, blank=True)
    adopted_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="adopted") | Q(adopted_at__isnull=False),
                name="review_adopted_says_when",
            ),
        ]

    def __str__(self) -> str:
        return str(self.year)


class ReviewChange(models.TextChoices):
    """How a customer's place on the list compares with last year's."""

    NEW = "new", _("新增")
    KEPT = "kept", _("保留")
    LEFT = "left", _("退出")
    OUT = "out", _("未列入")


class ReviewItem(models.Model):
    """复评项: one customer in one category; `decided` is what the list will say.

    Where it differs from `computed`, an override with reason and expiry stands behind it.
    """

    review = models.ForeignKey(YearlyReview, on_delete=models.CASCADE, related_name="items")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    category = models.CharField(max_length=10, choices=Category.choices)
    before = models.BooleanField()
    computed = models.BooleanField()
    decided = models.BooleanField()
    change = models.CharField(max_length=6, choices=ReviewChange.choices)
    points = models.PositiveSmallIntegerField(default=0)
    annual_revenue_yuan = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    reason = models.CharField(max_length=300, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)

    objects = WholeCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["review", "customer", "category"], name="review_item_once"
            ),
            models.CheckConstraint(
                condition=Q(decided=models.F("computed"))
                | (~Q(reason="") & Q(expires_on__isnull=False)),
                name="review_item_override_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["review", "change", "-annual_revenue_yuan", "id"], name="review_item_rank"
            ),
            models.Index(fields=["customer", "review"], name="review_item_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} {self.customer_id} {self.category}"
