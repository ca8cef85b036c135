"""Agreement, meter, energising, registration and training; the end of temporary supply."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.connections.models.application import (
    ConnectionApplication,
    OfApplicationQuerySet,
    involving,
)
from busbar.customers.models import CustomerAccount
from busbar.metering.models import MeterInstallation
from busbar.pricing.models import PowerFactorStandard, TariffCategory
from busbar.supply.models import Agreement, BasicChargeMode, MeteringSide, Site, UsagePoint


class DraftState(models.TextChoices):
    """From the draft to the archive."""

    DRAFT = "draft", _("草拟")
    SIGNED = "signed", _("已签订")
    VOID = "void", _("作废")


class AgreementDraft(models.Model):
    """供用电合同文本: drawn up from the scheme, signed by both, in force from energising (R37)."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="agreement_drafts"
    )
    number = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, choices=DraftState.choices, default=DraftState.DRAFT)
    tariff_code = models.CharField(max_length=40)
    tariff_category = models.CharField(max_length=30, choices=TariffCategory.choices)
    basic_charge_mode = models.CharField(max_length=20, choices=BasicChargeMode.choices)
    contract_capacity_kva = models.PositiveIntegerField()
    contract_demand_kw = models.PositiveIntegerField(null=True, blank=True)
    power_factor_standard = models.CharField(
        max_length=4, choices=PowerFactorStandard.choices, blank=True
    )
    valid_until = models.DateField(null=True, blank=True)
    drafted_at = models.DateTimeField()
    drafted_by = models.CharField(max_length=150)
    signed_on = models.DateField(null=True, blank=True)
    customer_signatory = models.CharField(max_length=50, blank=True)
    company_signatory = models.CharField(max_length=50, blank=True)
    files = models.JSONField(default=list)
    agreement = models.OneToOneField(
        Agreement, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=~Q(state="void"), name="agreement_draft_one"
            ),
            models.CheckConstraint(
                condition=~Q(state="signed")
                | (
                    Q(signed_on__isnull=False)
                    & ~Q(customer_signatory="")
                    & ~Q(company_signatory="")
                    & ~Q(files=[])
                ),
                name="agreement_draft_signed_by_both",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class MeteringPlan(models.Model):
    """计量方案的一个计量点: side, ratios and class; `usage_point` where it stands already."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="metering_plans"
    )
    ordinal = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    metering_side = models.CharField(max_length=12, choices=MeteringSide.choices)
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    ct_ratio = models.DecimalField(max_digits=10, decimal_places=4)
    pt_ratio = models.DecimalField(max_digits=10, decimal_places=4)
    accuracy_class = models.CharField(max_length=10, blank=True)
    usage_point = models.ForeignKey(
        UsagePoint, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    planned_at = models.DateTimeField()
    planned_by = models.CharField(max_length=150)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "ordinal"], name="metering_plan_once"),
            models.CheckConstraint(
                condition=Q(ct_ratio__gt=0) & Q(pt_ratio__gt=0), name="metering_plan_ratios"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.name}"


class OfPlanQuerySet(VisibleQuerySet):
    """Seen with the application the plan is of."""

    unit_lookups = ("plan__application__unit", "plan__application__customer__unit")
    customer_lookup = "plan__application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(plan__application__in=involving(units))


class MeterFitting(models.Model):
    """装表记录: the meter as hung, with its seals and the registers it starts from (R10).

    `start_registers` and `end_registers` are objects of register name to decimal text (kWh,
    kvarh on the secondary side); the end registers are of the meter it took the place of.
    """

    plan = models.OneToOneField(MeteringPlan, on_delete=models.PROTECT, related_name="fitting")
    serial = models.CharField(max_length=30)
    model = models.CharField(max_length=50, blank=True)
    ct_ratio = models.DecimalField(max_digits=10, decimal_places=4)
    pt_ratio = models.DecimalField(max_digits=10, decimal_places=4)
    seals = models.JSONField(default=list)
    start_registers = models.JSONField(default=dict)
    end_registers = models.JSONField(default=dict)
    fitted_on = models.DateField()
    fitted_by = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()
    files = models.JSONField(default=list)
    installation = models.OneToOneField(
        MeterInstallation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["serial"],
                condition=Q(installation__isnull=True),
                name="fitting_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(ct_ratio__gt=0) & Q(pt_ratio__gt=0), name="fitting_ratios"
            ),
            models.CheckConstraint(
                condition=~Q(seals=[]) & ~Q(start_registers={}), name="fitting_is_sealed"
            ),
        ]

    def __str__(self) -> str:
        return self.serial


class EnergizationResult(models.TextChoices):
    """How the switching went."""

    ENERGIZED = "energized", _("送电成功")
    ABORTED = "aborted", _("送电中止")


class Energization(models.Model):
    """送电: each attempt with its permit; the one that succeeded names what it opened."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="energizations"
    )
    permit_number = models.CharField(max_length=40, unique=True)
    result = models.CharField(max_length=10, choices=EnergizationResult.choices)
    switched_at = models.DateTimeField()
    operator = models.CharField(max_length=50)
    supervisor = models.CharField(max_length=50)
    note = models.CharField(max_length=500, blank=True)
    account = models.ForeignKey(
        CustomerAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(result="energized"),
                name="energized_once",
            ),
            models.CheckConstraint(
                condition=Q(result="aborted") | Q(account__isnull=False),
                name="energized_names_account",
            ),
        ]
        indexes = [models.Index(fields=["application", "id"], name="energization_application")]

    def __str__(self) -> str:
        return self.permit_number


class CustomerRegistration(models.Model):
    """接入注册: the new customer's people, papers and channels entered after energising (R38)."""

    application = models.OneToOneField(
        ConnectionApplication, on_delete=models.PROTECT, related_name="registration"
    )
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=150)
    contact_name = models.CharField(max_length=50)
    contact_phone = models.CharField(max_length=30)
    note = models.CharField(max_length=500, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.application_id} {self.registered_at}"


class TrainingSession(models.Model):
    """用电培训: due by its limit, held with a sign-in sheet (R38)."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="trainings"
    )
    topic = models.CharField(max_length=200)
    place = models.CharField(max_length=200, blank=True)
    trainer = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    held_on = models.DateField()
    pass_score = models.PositiveSmallIntegerField()
    sign_in_sheet = models.JSONField(default=list)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pass_score__lte=100), name="training_pass_score"),
        ]
        indexes = [models.Index(fields=["application", "held_on"], name="training_application")]

    def __str__(self) -> str:
        return f"{self.topic} {self.held_on}"


class OfTrainingQuerySet(VisibleQuerySet):
    """Seen with the application the training belongs to."""

    unit_lookups = ("training__application__unit", "training__application__customer__unit")
    customer_lookup = "training__application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(training__application__in=involving(units))


class TrainingAttendee(models.Model):
    """One person at a training: signed in or not, and the score of the test (0–100)."""

    training = models.ForeignKey(
        TrainingSession, on_delete=models.CASCADE, related_name="attendees"
    )
    name = models.CharField(max_length=50)
    position = models.CharField(max_length=50, blank=True)
    signed_in = models.BooleanField()
    score = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = OfTrainingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["training", "name"], name="attendee_once"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | (Q(score__lte=100) & Q(signed_in=True)),
                name="attendee_score",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TemporarySupply(models.Model):
    """临时用电: ends on its date; who was reminded, and when it was taken down."""

    application = models.OneToOneField(
        ConnectionApplication, on_delete=models.PROTECT, related_name="temporary_supply"
    )
    account = models.OneToOneField(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    ends_on = models.DateField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    terminated_on = models.DateField(null=True, blank=True)
    terminated_at = models.DateTimeField(null=True, blank=True)
    terminated_by = models.CharField(max_length=150, blank=True)
    end_registers = models.JSONField(default=dict)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(terminated_on__isnull=True, terminated_at__isnull=True)
                | Q(terminated_on__isnull=False, terminated_at__isnull=False),
                name="temporary_terminated",
            ),
        ]
        indexes = [
            models.Index(fields=["terminated_on", "ends_on", "id"], name="temporary_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.ends_on}"
