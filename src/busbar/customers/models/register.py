"""The customer and what belongs to it; built on the legal body, never on the meter point."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import BooleanField, Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import (
    Ids,
    Viewer,
    VisibleQuerySet,
)


class CustomerKind(models.TextChoices):
    """Kinds of large customer (R28)."""

    INDUSTRY = "industry", _("工业企业")
    COMMERCE = "commerce", _("商业企业")
    GOVERNMENT = "government", _("政府机关")
    MEDICAL = "medical", _("医疗机构")
    SCHOOL = "school", _("学校")
    OTHER = "other", _("其他")


class Importance(models.TextChoices):
    """Importance grades of customers (电监安全〔2008〕43号)."""

    SPECIAL = "special", _("特级重要")
    FIRST = "first", _("一级重要")
    SECOND = "second", _("二级重要")
    TEMPORARY = "temporary", _("临时性重要")
    NONE = "none", _("非重要")


class CustomerGroup(models.Model):
    """A group of companies that decides together; groups may nest.

    `head` is the member that leads: whoever looks after it sees the other members too.
    """

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    head = models.ForeignKey(
        "Customer", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="group_name")]

    def __str__(self) -> str:
        return self.name


class CustomerQuerySet(VisibleQuerySet):
    """A customer is seen by its managing unit, by the units of its accounts, by its team."""

    unit_lookups = ("unit",)
    customer_lookup = "pk"

    def in_units(self, units: Ids) -> Q:
        """The managing unit's branch, or any account in the branch."""
        accounts = CustomerAccount.objects.filter(unit__in=units).values("customer_id")
        return super().in_units(units) | Q(pk__in=accounts)

    def with_extent(self, viewer: Viewer) -> Self:
        """Each customer with `seen_whole`: whether the viewer sees all of it.

        Those of the managing unit's branch and the account team do, and the team of its group's
        head. A unit that only has some of the customer's accounts sees the customer for their sake,
        and of it nothing but them (U3).
        """
        yes = Value(True)  # noqa: FBT003 - Django's signature
        if viewer.sees_company:
            return self.annotate(seen_whole=yes)
        whole = When(_seen_whole(viewer), then=yes)
        return self.annotate(seen_whole=Case(whole, default=False, output_field=BooleanField()))

    def whole_to(self, viewer: Viewer) -> Self:
        """Only the customers of which the viewer sees all."""
        if viewer.sees_company:
            return self
        return self.filter(_seen_whole(viewer))


def _seen_whole(viewer: Viewer) -> Q:
    whole = Q(pk__in=[])
    if viewer.unit_path:
        whole |= Q(unit__in=viewer.units)
    if viewer.team_customers != []:
        whole |= Q(pk__in=viewer.team_customers)
    return whole


class Customer(models.Model):
    """A legal body that buys electricity, whatever number of accounts and points it has."""

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    pinyin = models.CharField(max_length=200, blank=True)
    credit_code = models.CharField(max_length=18, blank=True)
    kind = models.CharField(max_length=20, choices=CustomerKind.choices)
    industry_code = models.CharField(max_length=10, blank=True)
    importance = models.CharField(
        max_length=20, choices=Importance.choices, default=Importance.NONE
    )
    group = models.ForeignKey(
        CustomerGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="customers"
    )
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=300, blank=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credit_code"], condition=~Q(credit_code=""), name="customer_credit_code"
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="customer_name"),
            models.Index(fields=["pinyin"], name="customer_pinyin"),
            models.Index(fields=["kind", "name", "id"], name="customer_kind"),
            models.Index(fields=["importance", "name", "id"], name="customer_importance"),
            models.Index(fields=["unit", "name", "id"], name="customer_unit"),
        ]

    def __str__(self) -> str:
        return self.name


class AccountStatus(models.TextChoices):
    """State of an account."""

    ACTIVE = "active", _("在用")
    SUSPENDED = "suspended", _("停用")
    CLOSED = "closed", _("销户")


class CustomerAccountQuerySet(VisibleQuerySet):
    """An account is seen by its own unit, by the customer's managing unit, by the team."""

    unit_lookups = ("unit", "customer__unit")
    customer_lookup = "customer"

    def in_units(self, units: Ids) -> Q:
        """The account's unit, or its customer's: by an index each, not account by account."""
        customers = Customer.objects.filter(unit__in=units).values("pk")
        return Q(unit__in=units) | Q(customer__in=customers)


class CustomerAccount(models.Model):
    """户号: one supply relation that is billed by itself."""

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=300, blank=True)
    status = models.CharField(
        max_length=20, choices=AccountStatus.choices, default=AccountStatus.ACTIVE
    )
    opened_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    origin = models.CharField(max_length=200, blank=True)

    objects = CustomerAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True)
                | Q(opened_on__isnull=True)
                | Q(closed_on__gte=models.F("opened_on")),
                name="account_closes_after_it_opens",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "number"], name="account_customer"),
            models.Index(fields=["unit", "number"], name="account_unit"),
            models.Index(fields=["name", "id"], name="account_name"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class CustomerPartQuerySet(VisibleQuerySet):
    """What hangs on the customer is seen with it."""

    unit_lookups = ("customer__unit",)
    customer_lookup = "customer"

    def in_units(self, units: Ids) -> Q:
        """As the customer itself: its managing unit, or a unit of one of its accounts."""
        accounts = CustomerAccount.objects.filter(unit__in=units).values("customer_id")
        return super().in_units(units) | Q(customer__in=accounts)


class Contact(models.Model):
    """A person at the customer's who answers for something."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=50)
    role = models.CharField(max_length=50)
    phone = models.CharField(max_length=30, blank=True)
    email = models.EmailField(blank=True)
    is_primary = models.BooleanField(default=False)

    objects = CustomerPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "name", "role"], name="contact_once"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_primary=True), name="contact_one_primary"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.role}"


class Document(models.Model):
    """A file that belongs to a customer; the bytes lie under BUSBAR_HOME by their digest."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="documents")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=50)
    file_name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=150)

    objects = CustomerPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "sha256"], name="document_once"),
        ]
        indexes = [models.Index(fields=["customer", "-uploaded_at"], name="document_customer")]

    def __str__(self) -> str:
        return self.title


class TeamRole(models.TextChoices):
    """A and B manager, and the colleagues from other departments (R81, R88)."""

    LEAD = "lead", _("A角")
    DEPUTY = "deputy", _("B角")
    MEMBER = "member", _("成员")


class AccountTeamMember(models.Model):
    """An employee who looks after a customer and therefore sees it whole (U3)."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="team")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=TeamRole.choices)

    objects = CustomerPartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "employee"], name="team_once"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(role="lead"), name="team_one_lead"
            ),
        ]
        indexes = [models.Index(fields=["employee", "customer"], name="team_employee")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.employee_id} {self.role}"
