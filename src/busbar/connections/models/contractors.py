"""The register of firms a customer may choose from, and the choice it made (R58)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.connections.models.application import ConnectionApplication, OfApplicationQuerySet
from busbar.pricing.models import SourcedModel


class QualificationKind(models.TextChoices):
    """What a certificate allows a firm to do."""

    DESIGN = "design", _("设计")
    INSTALLATION = "installation", _("承装")
    REPAIR = "repair", _("承修")
    TESTING = "testing", _("承试")


class ContractorRole(models.TextChoices):
    """For what the customer chooses a firm."""

    DESIGN = "design", _("设计单位")
    CONSTRUCTION = "construction", _("施工单位")
    TESTING = "testing", _("试验单位")


class QualificationScope(SourcedModel):
    """Up to which voltage, that voltage included, a grade of a kind reaches; None: any."""

    kind = models.CharField(max_length=12, choices=QualificationKind.choices)
    grade = models.CharField(max_length=20)
    max_voltage_kv = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    document = models.CharField(max_length=200)
    article = models.CharField(max_length=60, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["kind", "grade", "valid_from"], name="qualification_scope_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.grade} {self.valid_from}"


class Contractor(models.Model):
    """设计、施工、试验单位: a firm on the register; struck off it is offered no more."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=200)
    credit_code = models.CharField(max_length=18, unique=True)
    contact_name = models.CharField(max_length=50, blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    address = models.CharField(max_length=300, blank=True)
    registered_at = models.DateTimeField()
    struck_off_on = models.DateField(null=True, blank=True)
    struck_off_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="contractor_name")]

    def __str__(self) -> str:
        return self.name


class Qualification(models.Model):
    """资质: one certificate of a firm over `[valid_from, valid_until)`, unless revoked before."""

    contractor = models.ForeignKey(
        Contractor, on_delete=models.PROTECT, related_name="qualifications"
    )
    kind = models.CharField(max_length=12, choices=QualificationKind.choices)
    grade = models.CharField(max_length=20)
    certificate_number = models.CharField(max_length=60)
    issued_by = models.CharField(max_length=100, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField()
    revoked_on = models.DateField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "certificate_number", "valid_from"], name="qualification_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="qualification_validity"
            ),
        ]
        indexes = [
            models.Index(fields=["contractor", "kind"], name="qualification_contractor"),
            models.Index(fields=["valid_until", "id"], name="qualification_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.certificate_number} {self.kind} {self.grade}"


class ContractorChoice(models.Model):
    """The customer's choice of a firm, kept with all that shows nobody steered it.

    `shown` is the list as it was offered, in its order; `shown_seed` reproduces the order.
    `declaration` is the customer's signed statement where staff recorded the choice. A change of
    mind is a new row; the old one gets `superseded_at`.
    """

    application = models.ForeignKey(
        ConnectionApplication, on_delete=models.PROTECT, related_name="contractor_choices"
    )
    role = models.CharField(max_length=12, choices=ContractorRole.choices)
    contractor = models.ForeignKey(Contractor, on_delete=models.PROTECT, related_name="choices")
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    chosen_by = models.CharField(max_length=50)
    chosen_at = models.DateTimeField()
    by_customer = models.BooleanField()
    free_choice_confirmed = models.BooleanField()
    shown = models.JSONField(default=list)
    shown_seed = models.CharField(max_length=100)
    shown_on = models.DateField()
    declaration = models.JSONField(default=list)
    recorded_by = models.CharField(max_length=150)
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "role"],
                condition=Q(superseded_at__isnull=True),
                name="choice_one_in_force",
            ),
            models.CheckConstraint(condition=Q(free_choice_confirmed=True), name="choice_is_free"),
            models.CheckConstraint(
                condition=Q(by_customer=True) | ~Q(declaration=[]), name="choice_by_customer"
            ),
        ]
        indexes = [
            models.Index(fields=["application", "role"], name="choice_application"),
            models.Index(fields=["contractor", "-chosen_at"], name="choice_contractor"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.role} {self.contractor_id}"
