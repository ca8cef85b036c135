"""变更用电: the changes of a supply that exists, and the dated rules they stand under (R42)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.customers.models import Customer, CustomerAccount
from busbar.pricing.models import Certainty, RuleSet
from busbar.supply.models import OfAccountQuerySet, Transformer


class ChangeKind(models.TextChoices):
    """Kinds of change (供电营业规则 1996 第22条 with restorations as kinds of their own).

    The last two follow 发改办价格〔2016〕1583号: the basic charge is reckoned otherwise from the
    first day of a month on.
    """

    CAPACITY_REDUCTION = "capacity_reduction", _("减容")
    CAPACITY_RESTORATION = "capacity_restoration", _("减容恢复")
    SUSPENSION = "suspension", _("暂停")
    SUSPENSION_END = "suspension_end", _("暂停恢复")
    TEMPORARY_REPLACEMENT = "temporary_replacement", _("暂换")
    REPLACEMENT_END = "replacement_end", _("暂换恢复")
    RELOCATION = "relocation", _("迁址")
    METER_RELOCATION = "meter_relocation", _("移表")
    TEMPORARY_REMOVAL = "temporary_removal", _("暂拆")
    REINSTALLATION = "reinstallation", _("复装")
    RENAMING = "renaming", _("更名")
    TRANSFER = "transfer", _("过户")
    SPLIT = "split", _("分户")
    MERGER = "merger", _("并户")
    CLOSURE = "closure", _("销户")
    VOLTAGE_CHANGE = "voltage_change", _("改压")
    CATEGORY_CHANGE = "category_change", _("改类")
    CHARGE_MODE_CHANGE = "charge_mode_change", _("基本电费计收方式变更")
    CONTRACT_DEMAND_CHANGE = "contract_demand_change", _("合同最大需量变更")


class ChangeState(models.TextChoices):
    """How far a change has come."""

    REQUESTED = "requested", _("已申请")
    APPROVED = "approved", _("已批准")
    IN_FORCE = "in_force", _("执行中")
    ENDED = "ended", _("已结束")
    DONE = "done", _("已办结")
    REFUSED = "refused", _("不予办理")
    WITHDRAWN = "withdrawn", _("已撤回")


class ChangeRule(models.Model):
    """What one rule set asks for one kind of change; the figures of seed/change_rules.toml."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24, choices=ChangeKind.choices)
    available = models.BooleanField(default=True)
    replaced_by = models.CharField(max_length=24, choices=ChangeKind.choices, blank=True)
    notice = models.PositiveSmallIntegerField(null=True, blank=True)
    notice_unit = models.CharField(max_length=12, default="day")
    min_days = models.PositiveSmallIntegerField(null=True, blank=True)
    max_days = models.PositiveSmallIntegerField(null=True, blank=True)
    max_months = models.PositiveSmallIntegerField(null=True, blank=True)
    max_months_high = models.PositiveSmallIntegerField(null=True, blank=True)
    high_voltage_kv = models.DecimalField(max_digits=6, decimal_places=2, default=35)
    max_days_a_year = models.PositiveSmallIntegerField(null=True, blank=True)
    max_times_a_year = models.PositiveSmallIntegerField(null=True, blank=True)
    repeat_years = models.PositiveSmallIntegerField(null=True, blank=True)
    repeat_share = models.DecimalField(max_digits=4, decimal_places=3, null=True, blank=True)
    whole_transformers = models.BooleanField(default=False)
    may_replace_smaller = models.BooleanField(default=False)
    all_capacity_by_demand = models.BooleanField(default=False)
    free_from = models.CharField(max_length=12, blank=True)
    after = models.CharField(max_length=200, blank=True)
    conditions = models.JSONField(default=list)
    article = models.CharField(max_length=200)
    source = models.CharField(max_length=300, blank=True)
    certainty = models.CharField(max_length=12, choices=Certainty.choices)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "kind"], name="change_rule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_set_id} {self.kind}"


class SupplyChange(models.Model):
    """变更用电申请: one account, one kind, from the request to its effect in the archive.

    In force over `[starts_on, ends_on)`; `ends_on` is empty where the change is for good.
    `facts` keeps what the kind needs (new name, new customer, new address, …) with
    the conditions found to hold and who found so; `rule` is the rule it was judged by.
    """

    number = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=24, choices=ChangeKind.choices)
    state = models.CharField(
        max_length=12, choices=ChangeState.choices, default=ChangeState.REQUESTED
    )
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    rule = models.ForeignKey(
        ChangeRule, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    facts = models.JSONField(default=dict)
    objections = models.JSONField(default=list)
    charge_effect = models.JSONField(default=dict)
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by"
    )
    process_id = models.BigIntegerField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=150, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="change_period",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-starts_on", "id"], name="change_account"),
            models.Index(fields=["state", "-requested_at", "id"], name="change_state"),
            models.Index(fields=["unit", "-requested_at", "id"], name="change_unit"),
            models.Index(fields=["kind", "-requested_at", "id"], name="change_kind"),
            models.Index(fields=["process_id"], name="change_process"),
            models.Index(fields=["state", "ends_on"], name="change_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()}"


class ChangedTransformer(models.Model):
    """A transformer that the change stops, starts, replaces or moves to another account."""

    change = models.ForeignKey(SupplyChange, on_delete=models.CASCADE, related_name="transformers")
    transformer = models.ForeignKey(Transformer, on_delete=models.PROTECT, related_name="+")
    seal_number = models.CharField(max_length=40, blank=True)
    sealed_on = models.DateField(null=True, blank=True)
    unsealed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change", "transformer"], name="changed_transformer_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change_id} {self.transformer_id}"
