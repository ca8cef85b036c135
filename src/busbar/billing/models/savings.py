"""What an account could save by the year's study, kept so that lists and visits need no study."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount


class SavingKind(models.TextChoices):
    """By what money is saved."""

    BASIC = "basic", _("基本电费方式")
    COMPENSATION = "compensation", _("无功补偿")
    SHIFTING = "shifting", _("移峰填谷")


class AccountPartQuerySet(VisibleQuerySet):
    """Seen with the account."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"


class SavingStudy(models.Model):
    """节费测算: the newest study of an account, up to and with `month`; or why there is none."""

    account = models.OneToOneField(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    month = models.CharField(max_length=7)
    refusal = models.CharField(max_length=500, blank=True)
    studied_at = models.DateTimeField()

    objects = AccountPartQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["month", "account"], name="saving_study_month")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month}"


class Saving(models.Model):
    """节费机会: yuan a year, and in `facts` what is to be done for it (plain values by name)."""

    study = models.ForeignKey(SavingStudy, on_delete=models.CASCADE, related_name="savings")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=15, choices=SavingKind.choices)
    yearly_yuan = models.DecimalField(max_digits=14, decimal_places=2)
    facts = models.JSONField(default=dict)

    objects = AccountPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "kind"], name="saving_once"),
            models.CheckConstraint(condition=models.Q(yearly_yuan__gt=0), name="saving_saves"),
        ]
        indexes = [
            models.Index(fields=["-yearly_yuan", "id"], name="saving_worth"),
            models.Index(fields=["kind", "-yearly_yuan", "id"], name="saving_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.yearly_yuan}"
