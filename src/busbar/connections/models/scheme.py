"""供电方案: its rounds, alternatives, countersign, reply, validity and extension (R45, R51–R56)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, UnitKind
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.connections.models.application import (
    ConnectionApplication,
    OfApplicationQuerySet,
    involving,
)
from busbar.pricing.models import SourcedModel

COUNTERSIGNING_DEPARTMENTS = (
    UnitKind.MARKETING,
    UnitKind.PLANNING,
    UnitKind.DISPATCH,
    UnitKind.SAFETY,
)
"""Who signs every scheme: 市场营销部, 生产计划部, 调度运行中心, 安全监察部 (R52)."""


class SchemeState(models.TextChoices):
    """How far one round of the scheme has come; each change is one operation."""

    DRAFT = "draft", _("编制中")
    COUNTERSIGNING = "countersigning", _("会签中")
    RETURNED = "returned", _("会签退回")
    AGREED = "agreed", _("会签通过")
    APPROVED = "approved", _("已批准")
    REPLIED = "replied", _("已答复")
    OBJECTED = "objected", _("客户异议")
    STARTED = "started", _("工程已开工")
    LAPSED = "lapsed", _("已失效")
    WITHDRAWN = "withdrawn", _("已撤回")


ENDED_STATES = (
    SchemeState.RETURNED,
    SchemeState.OBJECTED,
    SchemeState.LAPSED,
    SchemeState.WITHDRAWN,
)
"""A round that has ended stays as it was; the next round is a row of its own."""


class SupplyScheme(models.Model):
    """One round of the scheme for an application; earlier rounds stay as they ended.

    `study_inputs` and `assumptions` are what the alternatives were computed from, `comparison`
    their table and ranking, as JSON with decimals as text. The scheme holds over the days
    `[valid_from, valid_until)`: `valid_until` is the day after the last day on which works may
    start, `first_valid_until` that day before any extension. `validity_code` names the time
    limit that gave it. An objection is in time before `objection_until`.
    """

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="schemes"
    )
    number = models.CharField(max_length=40, unique=True)
    round = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=SchemeState.choices, default=SchemeState.DRAFT)
    author = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author_name = models.CharField(max_length=50)
    assumptions = models.JSONField(default=dict)
    study_inputs = models.JSONField(default=dict)
    comparison = models.JSONField(default=dict)
    studied_at = models.DateTimeField(null=True, blank=True)
    chosen = models.ForeignKey(
        "SchemeAlternative", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    choice_reason = models.CharField(max_length=1000, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    returned_reason = models.CharField(max_length=1000, blank=True)
    approver = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approval_remark = models.CharField(max_length=500, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    reply_paper_id = models.BigIntegerField(null=True, blank=True)
    validity_code = models.CharField(max_length=40, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    first_valid_until = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    objection_until = models.DateField(null=True, blank=True)
    objection = models.CharField(max_length=1000, blank=True)
    objected_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "round"], name="scheme_round_once"),
            models.UniqueConstraint(
                fields=["application"],
                condition=~Q(state__in=["returned", "objected", "lapsed", "withdrawn"]),
                name="scheme_one_open_round",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="scheme_validity",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("first_valid_until")),
                name="scheme_extends_only",
            ),
            models.CheckConstraint(
                condition=Q(approver__isnull=True)
                | Q(author__isnull=True)
                | ~Q(approver=F("author")),
                name="scheme_approved_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "valid_until", "id"], name="scheme_lapse"),
            models.Index(fields=["application", "-round"], name="scheme_application"),
        ]

    def __str__(self) -> str:
        return self.number


class OfSchemeQuerySet(VisibleQuerySet):
    """Whatever hangs on a scheme is seen with its application."""

    unit_lookups = ("scheme__application__unit", "scheme__application__customer__unit")
    customer_lookup = "scheme__application__customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(scheme__application__in=involving(units))


class SchemeAlternative(models.Model):
    """比选方案: one computed way to supply the load, with what it costs and what it carries.

    `sources`, `transformers`, `investment`, `yearly_costs`, `checks` are lists of plain objects
    as the study gives them (amounts as decimal text); `obstacles` are sentences that say why it
    cannot be built; `result` is the rest of the answer (power flow, N-1 cases, steps).
    `is_computed` is False for one that was described by hand (low voltage, temporary supply).
    """

    scheme = models.ForeignKey(SupplyScheme, on_delete=models.CASCADE, related_name="alternatives")
    ordinal = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    sources = models.JSONField(default=list)
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    transformers = models.JSONField(default=list)
    capacity_kva = models.PositiveIntegerField()
    investment = models.JSONField(default=list)
    investment_yuan = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    yearly_costs = models.JSONField(default=list)
    cheapest_yearly_yuan = models.DecimalField(
        max_digits=16, decimal_places=2, null=True, blank=True
    )
    loading_percent = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    voltage_deviation_percent = models.DecimalField(
        max_digits=8, decimal_places=3, null=True, blank=True
    )
    n_minus_one = models.BooleanField(null=True, blank=True)
    availability_percent = models.DecimalField(
        max_digits=9, decimal_places=6, null=True, blank=True
    )
    construction_days = models.PositiveIntegerField(null=True, blank=True)
    checks = models.JSONField(default=list)
    obstacles = models.JSONField(default=list)
    score = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    is_computed = models.BooleanField(default=True)
    result = models.JSONField(default=dict)

    objects = OfSchemeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "ordinal"], name="alternative_once"),
            models.CheckConstraint(
                condition=Q(investment_yuan__isnull=True) | Q(investment_yuan__gte=0),
                name="alternative_amounts",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SchemeException(models.Model):
    """例外批准: a failed check of an alternative, let pass for a stated reason by one who may."""

    scheme = models.ForeignKey(SupplyScheme, on_delete=models.CASCADE, related_name="exceptions")
    alternative = models.ForeignKey(
        SchemeAlternative, on_delete=models.CASCADE, related_name="exceptions"
    )
    check_code = models.CharField(max_length=60)
    clause = models.CharField(max_length=300)
    reason = models.CharField(max_length=1000)
    granted_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    granted_by_name = models.CharField(max_length=50)
    granted_at = models.DateTimeField()

    objects = OfSchemeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alternative", "check_code"], name="scheme_exception_once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="scheme_exception_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.check_code}"


class SchemeOpinion(models.Model):
    """会签意见: what one department says of one round; `is_silent` where its limit passed."""

    scheme = models.ForeignKey(SupplyScheme, on_delete=models.CASCADE, related_name="opinions")
    department = models.CharField(max_length=20, choices=UnitKind.choices)
    agrees = models.BooleanField()
    remark = models.CharField(max_length=1000, blank=True)
    is_silent = models.BooleanField(default=False)
    signer = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signer_name = models.CharField(max_length=50)
    given_at = models.DateTimeField()

    objects = OfSchemeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "department"], name="opinion_once"),
            models.CheckConstraint(
                condition=Q(agrees=True) | ~Q(remark=""), name="opinion_refusal_says_why"
            ),
            models.CheckConstraint(
                condition=Q(is_silent=False) | Q(agrees=True), name="opinion_silence_consents"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.department}"


class ExtensionState(models.TextChoices):
    """What became of a request to extend."""

    REQUESTED = "requested", _("已申请")
    GRANTED = "granted", _("已同意")
    REFUSED = "refused", _("不予延长")


class SchemeExtension(models.Model):
    """方案延期: the customer's request, in time or not, and the answer with its clause (R56).

    Days: `requested_on` the request's civil day, `asked_until` and `granted_until` the day after
    the last day of the longer validity.
    """

    scheme = models.ForeignKey(SupplyScheme, on_delete=models.CASCADE, related_name="extensions")
    state = models.CharField(max_length=10, choices=ExtensionState.choices)
    requested_on = models.DateField()
    requested_at = models.DateTimeField()
    last_request_on = models.DateField()
    asked_until = models.DateField()
    reason = models.CharField(max_length=500)
    granted_until = models.DateField(null=True, blank=True)
    clause = models.CharField(max_length=300, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_by_name = models.CharField(max_length=50, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = OfSchemeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scheme"],
                condition=Q(state="requested"),
                name="extension_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(answer=""), name="extension_refusal_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(granted_until__isnull=False),
                name="extension_grant_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(requested_on__lte=F("last_request_on")),
                name="extension_granted_in_time",
            ),
        ]
        indexes = [models.Index(fields=["scheme", "requested_at"], name="extension_scheme")]

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.requested_on} {self.state}"


class UnitCost(SourcedModel):
    """造价: what one piece of works costs, from a day on, with its source and certainty."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=150)
    unit = models.CharField(max_length=30)
    price_yuan = models.DecimalField(max_digits=14, decimal_places=2)
    facts = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="unit_cost_once"),
            models.CheckConstraint(condition=Q(price_yuan__gte=0), name="unit_cost_amount"),
        ]
        indexes = [models.Index(fields=["code", "-valid_from"], name="unit_cost_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"
