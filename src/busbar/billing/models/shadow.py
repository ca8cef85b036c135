"""Bills of another system, or the customer's own reckoning, kept beside ours to compare (U13)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount


class ShadowBillQuerySet(VisibleQuerySet):
    """Seen with the account."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"


class ShadowBill(models.Model):
    """核对账单 of an account and month. `amount` is its stated total, or the sum of its lines."""

    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    month = models.CharField(max_length=7)
    amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)

    objects = ShadowBillQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "month"], name="shadow_bill_once"),
        ]
        indexes = [models.Index(fields=["month", "id"], name="shadow_bill_month")]

    def __str__(self) -> str:
        return f"{self.month} {self.account_id}"


class ShadowLine(models.Model):
    """One charge as the other bill states it. `item_code` is the other system's own code."""

    bill = models.ForeignKey(ShadowBill, on_delete=models.CASCADE, related_name="lines")
    item = models.CharField(max_length=100)
    item_code = models.CharField(max_length=40, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    price = models.DecimalField(max_digits=16, decimal_places=8, null=True, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "item", "price"], name="shadow_line_once"),
            models.UniqueConstraint(
                fields=["bill", "item"],
                condition=Q(price__isnull=True),
                name="shadow_line_once_unpriced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill_id} {self.item}"


class ShadowItem(models.Model):
    """Which of our charges another bill's item is; remembered for every later file.

    `code` is a line's code or its beginning (`basic` for every basic charge), `total` for the
    bill's total, empty where nobody knows. `confirmed_by` is empty where the words were guessed.
    """

    item = models.CharField(max_length=100, unique=True)
    code = models.CharField(max_length=60, blank=True)
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.item} → {self.code}"
