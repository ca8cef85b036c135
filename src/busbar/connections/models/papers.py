"""The papers the company hands out: number, date, digest, receipt (N13)."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.connections.models.application import ConnectionApplication, involving
from busbar.customers.models import Customer


class PaperKind(models.TextChoices):
    """Kinds of paper; each has its own series of numbers a unit and year."""

    APPLICATION_FORM = "application_form", _("用电申请")
    ACCEPTANCE = "acceptance", _("受理通知")
    CORRECTION = "correction", _("补正告知书")
    REFUSAL = "refusal", _("不予受理通知书")
    REGISTRATION = "registration", _("业扩报装登记记录")
    SURVEY = "survey", _("现场勘察单")
    SCHEME_REPLY = "scheme_reply", _("供电方案答复单")
    FEE_NOTICE = "fee_notice", _("缴费通知")
    DESIGN_REVIEW = "design_review", _("设计审查意见")
    INTERIM_INSPECTION = "interim_inspection", _("中间检查意见")
    COMPLETION_INSPECTION = "completion_inspection", _("竣工检验意见")
    ENERGIZATION = "energization", _("送电通知")
    CHANGE_NOTICE = "change_notice", _("变更用电通知")
    REFUND_NOTICE = "refund_notice", _("退费通知")
    AGREEMENT = "agreement", _("供用电合同")


class ReceiptMeans(models.TextChoices):
    """How a paper reached its addressee."""

    SIGNED = "signed", _("当面签收")
    ELECTRONIC = "electronic", _("电子送达")
    POST = "post", _("邮寄送达")
    LEFT = "left", _("留置送达")


class IssuedPaperQuerySet(VisibleQuerySet):
    """Seen by the issuing unit, the customer's unit and team, and with the application."""

    unit_lookups = ("unit", "customer__unit", "application__unit")
    customer_lookup = "customer"

    def in_units(self, units: Ids) -> Q:
        """As the application: also the departments called in."""
        return super().in_units(units) | Q(application__in=involving(units))


class IssuedPaper(models.Model):
    """制发文书: a PDF as it left the house, about an application or another matter.

    `subject_type` and `subject_id` name the matter as the journal does; `facts` are the values
    the paper was made from. `sha256` names the bytes under BUSBAR_HOME.
    """

    kind = models.CharField(max_length=24, choices=PaperKind.choices)
    number = models.CharField(max_length=60, unique=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    application = models.ForeignKey(
        ConnectionApplication,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="papers",
    )
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=150)
    facts = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = models.CharField(max_length=100, blank=True)
    receipt_means = models.CharField(max_length=12, choices=ReceiptMeans.choices, blank=True)
    receipt_evidence = models.CharField(max_length=300, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=300, blank=True)

    objects = IssuedPaperQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(received_at__isnull=True)
                | (Q(received_at__gte=F("issued_at")) & ~Q(received_by="") & ~Q(receipt_means="")),
                name="paper_receipt_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | ~Q(revoked_reason=""),
                name="paper_revoked_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "issued_at"], name="paper_subject"),
            models.Index(fields=["unit", "-issued_at", "id"], name="paper_unit"),
            models.Index(fields=["customer", "-issued_at"], name="paper_customer"),
            models.Index(fields=["application", "-issued_at"], name="paper_application"),
        ]

    def __str__(self) -> str:
        return self.number
