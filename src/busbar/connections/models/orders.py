"""Short pieces of work: metering orders (R10) and service orders (R11)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import Customer, CustomerAccount
from busbar.metering.models import MeterInstallation
from busbar.supply.models import UsagePoint


class OrderState(models.TextChoices):
    """How far an order has come."""

    OPEN = "open", _("待办")
    DONE = "done", _("已完成")
    CANCELLED = "cancelled", _("已取消")


class MeteringOrderKind(models.TextChoices):
    """What is to be done at the usage point (R10)."""

    INSTALL = "install", _("装表")
    REPAIR = "repair", _("维修")
    REPLACE = "replace", _("换表")
    REMOVE = "remove", _("拆表")


class MeteringOrderQuerySet(VisibleQuerySet):
    """Seen by the unit that does the work, and with the usage point's account."""

    unit_lookups = ("unit", "usage_point__account__unit", "usage_point__account__customer__unit")
    customer_lookup = "usage_point__account__customer"


class MeteringOrder(models.Model):
    """计量装接单: what was asked for at a usage point, and what was found and left there.

    `removed` and `installed` are the installations that the work ended and began; their end and
    start registers are OrderRegister rows, so that energy joins over the change of meter.
    """

    number = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=MeteringOrderKind.choices)
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.OPEN)
    usage_point = models.ForeignKey(UsagePoint, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    ordered_at = models.DateTimeField()
    ordered_by = models.CharField(max_length=150)
    planned_on = models.DateField(null=True, blank=True)
    removed = models.ForeignKey(
        MeterInstallation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    installed = models.ForeignKey(
        MeterInstallation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    seals = models.CharField(max_length=200, blank=True)
    findings = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True)
    process_id = models.BigIntegerField(null=True, blank=True)

    objects = MeteringOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_at__isnull=False),
                name="metering_order_done_when",
            ),
        ]
        indexes = [
            models.Index(fields=["usage_point", "-ordered_at"], name="metering_order_point"),
            models.Index(fields=["unit", "state", "-ordered_at", "id"], name="metering_order_unit"),
            models.Index(fields=["state", "-ordered_at", "id"], name="metering_order_state"),
            models.Index(fields=["process_id"], name="metering_order_process"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()}"


class OrderRegister(models.Model):
    """A register read off a meter at the work: the end of the old one, the start of the new."""

    order = models.ForeignKey(MeteringOrder, on_delete=models.CASCADE, related_name="registers")
    is_start = models.BooleanField()
    reading_type = models.CharField(max_length=30)
    value = models.DecimalField(max_digits=14, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "is_start", "reading_type"], name="order_register_once"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="order_register_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.reading_type} {self.value}"


class ServiceOrderKind(models.TextChoices):
    """What a customer may ask for (R11)."""

    CONSULTATION = "consultation", _("咨询")
    DESIGN = "design", _("方案设计")
    TESTING = "testing", _("设备检测")
    MAINTENANCE = "maintenance", _("设备维护")


class ServiceOrderQuerySet(VisibleQuerySet):
    """Seen by the unit that does the work, and with the customer."""

    unit_lookups = ("unit", "customer__unit")
    customer_lookup = "customer"


class ServiceOrder(models.Model):
    """服务工单: a question, a design, a test or a piece of maintenance for a customer.

    `result` is what the customer is told; `items` are a test's results or a maintenance's
    record, each with item, value, limit and verdict. A consultation's answer may be published
    to the knowledge base, where it is found without the customer's name.
    """

    number = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=14, choices=ServiceOrderKind.choices)
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.OPEN)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(
        CustomerAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    topic = models.CharField(max_length=200)
    request = models.TextField()
    ordered_at = models.DateTimeField()
    planned_on = models.DateField(null=True, blank=True)
    result = models.TextField(blank=True)
    items = models.JSONField(default=list)
    next_due_on = models.DateField(null=True, blank=True)
    is_published = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True)
    process_id = models.BigIntegerField(null=True, blank=True)

    objects = ServiceOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_at__isnull=False),
                name="service_order_done_when",
            ),
            models.CheckConstraint(
                condition=Q(is_published=False) | Q(kind="consultation"),
                name="service_order_published_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-ordered_at"], name="service_order_customer"),
            models.Index(fields=["unit", "state", "-ordered_at", "id"], name="service_order_unit"),
            models.Index(fields=["state", "-ordered_at", "id"], name="service_order_state"),
            models.Index(fields=["is_published", "topic"], name="service_order_knowledge"),
            models.Index(fields=["next_due_on"], name="service_order_next"),
            models.Index(fields=["process_id"], name="service_order_process"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.topic}"
