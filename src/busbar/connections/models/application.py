"""《高压用电申请》 and what the applicant declares (R36, R50)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.customers.models import Customer, CustomerAccount, CustomerKind, Importance


class ApplicationKind(models.TextChoices):
    """What is asked for (R50)."""

    NEW = "new", _("新装")
    INCREASE = "increase", _("增容")


class SupplyKind(models.TextChoices):
    """The kinds of supply that differ in limits, documents and steps (R53, R55)."""

    HV_SINGLE = "hv_single", _("高压单电源")
    HV_DUAL = "hv_dual", _("高压双电源")
    LOW_VOLTAGE = "low_voltage", _("低压")
    TEMPORARY = "temporary", _("临时用电")


class IntakeChannel(models.TextChoices):
    """How the application came in; staff may record it for the customer (R50, U24)."""

    COUNTER = "counter", _("营业厅")
    ONLINE = "online", _("网上")
    PHONE = "phone", _("电话")
    VISIT = "visit", _("上门")


class ApplicationState(models.TextChoices):
    """How far the application has come; each change is one operation."""

    SUBMITTED = "submitted", _("已提交")
    CORRECTING = "correcting", _("待补正")
    ACCEPTED = "accepted", _("已受理")
    SCHEME = "scheme", _("方案编制")
    REPLIED = "replied", _("方案已答复")
    WORKS = "works", _("工程建设")
    COMPLETED = "completed", _("已竣工报验")
    PASSED = "passed", _("检验合格")
    ENERGIZED = "energized", _("已送电")
    CLOSED = "closed", _("已归档")
    WITHDRAWN = "withdrawn", _("已撤回")
    REFUSED = "refused", _("不予受理")
    LAPSED = "lapsed", _("方案失效注销")


class ConnectionApplicationQuerySet(VisibleQuerySet):
    """Seen by the unit that took it in, the departments called in, the known customer's team."""

    unit_lookups = ("unit", "customer__unit")
    customer_lookup = "customer"

    def in_units(self, units: Ids) -> Q:
        """Also what a department of another branch works on (hand-over, survey, countersign)."""
        return super().in_units(units) | Q(pk__in=involving(units))


class ConnectionApplication(models.Model):
    """业扩报装申请: one applicant, one site, from the form to the energised point.

    `unit` is the supply station or company that took the application in. The customer is known
    from the start for an increase; for a new one it is entered into the archive on acceptance
    (R80: the customer first, then its accounts). `query_code` lets the applicant follow the
    stages without a sign-in. `ended_reason` and `ended_clause` say why it was refused, withdrawn
    or lapsed. Amounts: kVA, kW, kV.
    """

    number = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=ApplicationKind.choices)
    supply_kind = models.CharField(max_length=12, choices=SupplyKind.choices)
    state = models.CharField(
        max_length=12, choices=ApplicationState.choices, default=ApplicationState.SUBMITTED
    )
    stage = models.PositiveSmallIntegerField(default=1)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    account = models.ForeignKey(
        CustomerAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=10, choices=IntakeChannel.choices)
    recorded_for_customer = models.BooleanField(default=False)
    applicant_name = models.CharField(max_length=200)
    credit_code = models.CharField(max_length=18, blank=True)
    customer_kind = models.CharField(max_length=20, choices=CustomerKind.choices)
    industry_code = models.CharField(max_length=10, blank=True)
    importance = models.CharField(
        max_length=20, choices=Importance.choices, default=Importance.NONE
    )
    site_name = models.CharField(max_length=200)
    address = models.CharField(max_length=300)
    contact_name = models.CharField(max_length=50)
    contact_phone = models.CharField(max_length=30)
    contact_email = models.EmailField(blank=True)
    purpose = models.CharField(max_length=300, blank=True)
    existing_kva = models.PositiveIntegerField(default=0)
    requested_kva = models.PositiveIntegerField()
    wished_voltage_kv = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    critical_load_kw = models.PositiveIntegerField(default=0)
    emergency_generator_kw = models.PositiveIntegerField(default=0)
    shifts = models.PositiveSmallIntegerField(default=1)
    growth_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    wished_on = models.DateField(null=True, blank=True)
    temporary_until = models.DateField(null=True, blank=True)
    query_code = models.CharField(max_length=12)
    process_id = models.BigIntegerField(null=True, blank=True)
    submitted_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=500, blank=True)
    ended_clause = models.CharField(max_length=200, blank=True)
    works_started_on = models.DateField(null=True, blank=True)
    energized_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(requested_kva__gt=0), name="application_capacity"),
            models.CheckConstraint(
                condition=Q(stage__gte=1) & Q(stage__lte=7), name="application_stage"
            ),
            models.CheckConstraint(
                condition=Q(kind="new") | Q(account__isnull=False),
                name="application_increase_names_account",
            ),
            models.CheckConstraint(
                condition=~Q(supply_kind="temporary") | Q(temporary_until__isnull=False),
                name="application_temporary_ends",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(accepted_at__gte=F("submitted_at")),
                name="application_accepted_after_submitted",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-submitted_at", "id"], name="application_unit"),
            models.Index(fields=["state", "-submitted_at", "id"], name="application_state"),
            models.Index(fields=["customer", "-submitted_at"], name="application_customer"),
            models.Index(fields=["officer", "-submitted_at", "id"], name="application_officer"),
            models.Index(fields=["kind", "-submitted_at", "id"], name="application_kind"),
            models.Index(fields=["-submitted_at", "id"], name="application_submitted"),
            models.Index(fields=["process_id"], name="application_process"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.applicant_name}"


class OfApplicationQuerySet(VisibleQuerySet):
    """Whatever hangs on an application is seen with it."""

    unit_lookups = ("application__unit", "application__customer__unit")
    customer_lookup = "application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(application__in=involving(units))


class InvolvedUnit(models.Model):
    """协办部门: a department outside the accepting unit's branch that works on the application.

    A supply station, the marketing department and the dispatchers are siblings in the tree: none
    sees the others' branch. Whoever is called in sees this application and no other (R52, R54).
    """

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.CASCADE, related_name="involved_units"
    )
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=100)
    since = models.DateTimeField()

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "unit"], name="involved_unit_once"),
        ]
        indexes = [models.Index(fields=["unit", "application"], name="involved_unit")]

    def __str__(self) -> str:
        return f"{self.application_id} {self.unit_id}"


def involving(units: Ids) -> models.QuerySet[Any, Any]:
    """Ids of the applications to which one of the units (a subquery of ids) was called in."""
    return InvolvedUnit.objects.filter(unit__in=units).values("application_id")


class DeclaredLoad(models.Model):
    """One kind of equipment in the declaration: so many of so many kW each."""

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.CASCADE, related_name="loads"
    )
    name = models.CharField(max_length=100)
    count = models.PositiveIntegerField()
    rated_kw = models.DecimalField(max_digits=10, decimal_places=2)
    demand_factor = models.DecimalField(max_digits=4, decimal_places=3, default=1)
    power_factor = models.DecimalField(max_digits=4, decimal_places=3, default=1)
    is_critical = models.BooleanField(default=False)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "name"], name="declared_load_once"),
            models.CheckConstraint(
                condition=Q(count__gt=0) & Q(rated_kw__gt=0), name="declared_load_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(demand_factor__gt=0)
                & Q(demand_factor__lte=1)
                & Q(power_factor__gt=0)
                & Q(power_factor__lte=1),
                name="declared_load_factors",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.name}"
