"""Bills that can be followed from the total to the readings."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.phrases import PhraseField
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount


class BillRunState(models.TextChoices):
    """How far a month's run has come."""

    RUNNING = "running", _("进行中")
    FINISHED = "finished", _("完成")


class BillRun(models.Model):
    """The billing of one month; run again after a stop, it goes on where it stopped.

    `compared_at`: when its bills were last compared with the archive (`compare_month`).
    """

    month = models.CharField(max_length=7, unique=True)
    state = models.CharField(max_length=10, choices=BillRunState.choices)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    accounts = models.PositiveIntegerField(default=0)
    billed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    compared_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.month


class BillQuerySet(VisibleQuerySet):
    """Seen with the account."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"

    def current(self) -> Self:
        """The bills that count: those that no correction has replaced."""
        return self.filter(is_current=True)

    def told(self) -> Self:
        """What customers know: of each account and month the newest bill that was released."""
        later = Bill.objects.filter(
            account=OuterRef("account"),
            month=OuterRef("month"),
            revision__gt=OuterRef("revision"),
            released_at__isnull=False,
        )
        return self.filter(~Exists(later), released_at__isnull=False)


class Citation(models.Model):
    """A rule or price that bills stand on, kept once by its content.

    `content` is what the bill saw (value, article, source, certainty); `digest` its SHA-256,
    so that a figure edited later does not rewrite what an old bill says.
    """

    digest = models.CharField(max_length=64, unique=True)
    content = models.JSONField()

    def __str__(self) -> str:
        return self.digest[:12]


class Bill(models.Model):
    """One account's bill for one month.

    `facts` is the rating's input short of the cited tariffs and the rule set, which are named:
    with them it reproduces the bill. `lake_version` is the version of the curves that were read.
    `quantities` are the measured quantities that lines refer to by id.

    A bill is never rewritten. When its readings were corrected, a bill of the next `revision`
    replaces it and owes the difference; `reason` says what was corrected (U16).
    `checked_version` is the newest version of the curves under which it was found unchanged.
    The customer hears of it when it is released (`released_at`), which is never taken back.
    """

    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="bills")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    month = models.CharField(max_length=7)
    rule_set = models.CharField(max_length=20)
    tariff_code = models.CharField(max_length=40)
    energy_kwh = models.DecimalField(max_digits=16, decimal_places=0)
    max_demand_kw = models.DecimalField(max_digits=14, decimal_places=3)
    max_demand_at = models.DateTimeField(null=True, blank=True)
    power_factor = models.DecimalField(max_digits=4, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    average_price = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    estimated_intervals = models.PositiveIntegerField(default=0)
    missing_intervals = models.PositiveIntegerField(default=0)
    lake_version = models.BigIntegerField()
    issued_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    facts = models.JSONField()
    quantities = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    revision = models.PositiveSmallIntegerField(default=0)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    is_current = models.BooleanField(default=True)
    reason = models.CharField(max_length=300, blank=True)
    checked_version = models.BigIntegerField(default=0)

    objects = BillQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "month"], condition=Q(is_current=True), name="bill_once_a_month"
            ),
            models.UniqueConstraint(
                fields=["account", "month", "revision"], name="bill_revision_once"
            ),
            models.CheckConstraint(
                condition=Q(revision=0, replaces__isnull=True)
                | (Q(revision__gt=0, replaces__isnull=False) & ~Q(reason="")),
                name="bill_correction_says_why",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(released_at__gte=F("issued_at")),
                name="bill_released_after_issue",
            ),
        ]
        indexes = [
            models.Index(fields=["month", "id"], condition=Q(is_current=True), name="bill_month"),
            models.Index(
                fields=["month", "-amount", "id"],
                condition=Q(is_current=True),
                name="bill_month_amount",
            ),
            models.Index(
                fields=["month", "id"],
                condition=Q(is_current=True, released_at__isnull=True),
                name="bill_unreleased",
            ),
            # Holds all that a month's sums need, so that they never touch the bills themselves.
            models.Index(
                fields=["month", "account", "amount", "energy_kwh"],
                condition=Q(is_current=True),
                name="bill_month_sum",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.account_id}"

    @property
    def amount_due(self) -> Decimal:
        """What the customer owes by this bill in yuan: a correction asks for the difference.

        The difference to the last bill that the customer was given: one that was replaced before
        it was released asked for nothing.
        """
        before = self.replaces
        while before is not None and before.released_at is None:
            before = before.replaces
        return self.amount - before.amount if before else self.amount


class BillLine(models.Model):
    """One line with its own answer to "why": formula, inputs, and the rules it cites.

    `rules` are ids of Citations, the main one first; `inputs` ids of the bill's quantities;
    `based_on` ids of other lines of the bill (`line_id`).
    """

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    line_id = models.CharField(max_length=80)
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=100)
    quantity = models.DecimalField(max_digits=18, decimal_places=4)
    unit = models.CharField(max_length=20, blank=True)
    price = models.DecimalField(max_digits=16, decimal_places=8)
    price_unit = models.CharField(max_length=20, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    formula = models.TextField()
    rules = models.JSONField(default=list)
    inputs = models.JSONField(default=list)
    based_on = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "position"], name="bill_line_position"),
        ]

    def __str__(self) -> str:
        return f"{self.bill_id}.{self.position} {self.name}"


class FindingKind(models.TextChoices):
    """What a bill can show that wants a person."""

    SWING = "swing", _("电费突变")
    DEMAND = "demand", _("需量偏离")
    POWER_FACTOR = "power_factor", _("功率因数")
    CURVE_GAPS = "curve_gaps", _("数据缺失")


class BillFinding(models.Model):
    """What a bill shows that wants a person, written with the bill so that lists need not look.

    `worth_yuan` is what it comes to, signed for a swing, None for gaps in the curve. `stake_yuan`
    is the money at stake, by which reviews are ranked: the worth's size, for gaps what the
    intervals without measurement cost, the bill's amount by their share. `weight`
    ranks within the kind: the money's size, or the intervals missing, then those estimated.
    `facts` is what the screen says, amounts as text: swing `amount`, `before`, `shifts`
    [[name, change], …]; demand `max_demand_kw`, `contract_demand_kw`, `price`,
    `free_percent`; power factor `power_factor`; gaps `missing`, `estimated`, `energy_kwh`.
    A person who looked into it says so in `review_note`; kinds that hold a bill back
    (`BUSBAR_FINDING_HOLDS`) must be reviewed before it is released.
    """

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="findings")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    month = models.CharField(max_length=7)
    kind = models.CharField(max_length=20, choices=FindingKind.choices)
    worth_yuan = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    stake_yuan = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal(0))
    weight = models.DecimalField(max_digits=18, decimal_places=6)
    facts = models.JSONField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.CharField(max_length=150, blank=True)
    review_note = models.CharField(max_length=300, blank=True)

    objects = BillQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "kind"], name="bill_finding_once"),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by="", review_note="")
                | (Q(reviewed_at__isnull=False) & ~Q(reviewed_by="") & ~Q(review_note="")),
                name="bill_finding_review_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["month", "kind", "-weight", "id"], name="bill_finding_rank"),
            models.Index(fields=["account", "month", "kind"], name="bill_finding_account"),
            models.Index(
                fields=["month", "-stake_yuan", "id"],
                condition=Q(reviewed_at__isnull=True),
                name="bill_finding_stake",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.account_id} {self.kind}"


class BillRefusal(models.Model):
    """An account that the run could not bill, and why, told in the reader's language."""

    run = models.ForeignKey(BillRun, on_delete=models.CASCADE, related_name="refusals")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    reason = PhraseField()

    objects = BillQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "account"], name="bill_refusal_once"),
            models.CheckConstraint(condition=~Q(reason__sentence=""), name="bill_refusal_says_why"),
        ]

    def __str__(self) -> str:
        return str(self.reason)
