"""Under which name of its own a customer wants an account in the group bill."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount


class BillHeadingQuerySet(VisibleQuerySet):
    """Seen with the account."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"


class BillHeading(models.Model):
    """An account's heading in the group bill, in the customer's own words (U11)."""

    account = models.OneToOneField(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)

    objects = BillHeadingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="bill_heading_named"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.name}"
