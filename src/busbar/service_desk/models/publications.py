"""承诺公开: the address under which a customer reads its promises, and its bills (N9)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import Customer


class PromisePublicationQuerySet(VisibleQuerySet):
    """Seen by the customer's managing unit and its account team."""

    unit_lookups = ("customer__unit",)
    customer_lookup = "customer"


class PromisePublication(models.Model):
    """承诺公开: whoever holds the secret word of its address reads the customer's promises.

    With `shows_bills` also the bills that were released to it. Only the word's SHA-256
    is kept: a copy of the database opens no page.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    word_sha256 = models.CharField(max_length=64, unique=True)
    given_to = models.CharField(max_length=100)
    shows_bills = models.BooleanField(default=False)
    issued_at = models.DateTimeField()
    issued_by_name = models.CharField(max_length=150)
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by_name = models.CharField(max_length=150, blank=True)

    objects = PromisePublicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("issued_at")), name="publication_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.given_to}"

    def is_open(self, at: dt.datetime) -> bool:
        """Whether its page can be read at the moment."""
        return self.revoked_at is None and at < self.ends_at
