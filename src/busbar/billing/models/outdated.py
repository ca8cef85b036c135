"""Bills whose archive has changed since, as the comparison found them."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.phrases import PhraseField
from busbar.billing.models.bills import Bill, BillQuerySet
from busbar.customers.models import CustomerAccount
from busbar.kit.phrases import nothing


class ChangedPart(models.TextChoices):
    """What of a bill's facts the archive tells otherwise today."""

    SUPPLY_DAYS = "supply_days", _("供电起止日期")
    AGREEMENT = "agreement", _("合同")
    TARIFF = "tariff", _("电价")
    TIME_OF_USE = "time_of_use", _("分时时段")
    PRICE_SERIES = "price_series", _("价格序列")
    TRANSFORMERS = "transformers", _("变压器")
    METERING = "metering", _("计量装置")
    READINGS = "readings", _("读数")
    LOSSES = "losses", _("损耗")
    FIXED_ENERGY = "fixed_energy", _("定量定比")
    RULES = "rules", _("规则参数")


class OutdatedBill(models.Model):
    """A bill that comes out otherwise from today's archive, and which of its facts differ.

    `parts` are values of ChangedPart; `amount_now` is what the bill would come to, None where it
    cannot be rated any more: `refusal` says why. `tried_at` is when a correction last met with
    that refusal, None where only the comparison did. Gone when the bill is corrected or the
    archive says again what it said.
    """

    bill = models.OneToOneField(Bill, on_delete=models.CASCADE, related_name="outdated")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    month = models.CharField(max_length=7)
    parts = models.JSONField(default=list)
    amount_now = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    refusal = PhraseField(default=nothing)
    found_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, blank=True)

    objects = BillQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_now__isnull=False, refusal__sentence="")
                | (Q(amount_now__isnull=True) & ~Q(refusal__sentence="")),
                name="outdated_bill_amount_or_refusal",
            ),
            models.CheckConstraint(
                condition=Q(tried_at__isnull=True) | ~Q(refusal__sentence=""),
                name="outdated_bill_tried_in_vain",
            ),
        ]
        indexes = [models.Index(fields=["month", "account"], name="outdated_bill_month")]

    def __str__(self) -> str:
        return f"{self.month} {self.account_id}"

    @property
    def refused_at(self) -> dt.datetime | None:
        """When rating it was last refused; None where it can be rated."""
        return (self.tried_at or self.found_at) if self.refusal else None

    @property
    def part_labels(self) -> list[str]:
        """The parts in words."""
        return [str(ChangedPart(part).label) for part in self.parts]
