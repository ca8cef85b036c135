"""The power-supply company as a tree, its people, and how they sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Length, Lower
from django.utils.translation import gettext_lazy as _

from busbar.access.paths import branch_end

models.CharField.register_lookup(Length)


class UnitKind(models.TextChoices):
    """Levels and departments of the company (R65, R73)."""

    PROVINCE = "province", _("省公司")
    CITY = "city", _("市公司")
    COUNTY = "county", _("县公司")
    KEY_ACCOUNTS = "key_accounts", _("大客户部")
    SERVICE_CENTER = "service_center", _("客户服务中心")
    MARKETING = "marketing", _("市场营销部")
    PLANNING = "planning", _("生产计划部")
    DISPATCH = "dispatch", _("调度运行中心")
    SAFETY = "safety", _("安全监察部")
    METERING = "metering", _("计量")
    SUPPLY_STATION = "supply_station", _("供电所")


LEVELS = (UnitKind.PROVINCE, UnitKind.CITY, UnitKind.COUNTY)


class OrganizationUnitQuerySet(models.QuerySet["OrganizationUnit"]):
    """Filters over the tree; a branch is one range of paths, so one index scan."""

    def in_branch(self, path: str) -> OrganizationUnitQuerySet:
        """The unit with this path and everything below it."""
        return self.filter(path__gte=path, path__lt=branch_end(path))


class OrganizationUnit(models.Model):
    """A company, department or supply station in the tree.

    `path` is the materialised path (see `paths.py`): three digits a level,
    so that a branch is the half-open range `[path, branch_end(path))`.
    """

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=UnitKind.choices)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    path = models.CharField(max_length=120, unique=True)
    is_active = models.BooleanField(default=True)

    objects = OrganizationUnitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(path__length__gt=0), name="unit_has_path"),
        ]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A sign-in. An employee has one; later a customer's own people will too."""

    must_change_password = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)

    class Meta(AbstractUser.Meta):
        constraints = [
            # People sign in with any case, so two names must differ in more than that.
            models.UniqueConstraint(Lower("username"), name="user_name_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.username


class Role(models.TextChoices):
    """What an employee does; what each may do is in `permissions.py`."""

    ADMINISTRATOR = "administrator", _("系统管理员")
    ACCOUNT_MANAGER = "account_manager", _("大客户经理")
    CONNECTION_OFFICER = "connection_officer", _("业扩专责")
    SERVICE_AGENT = "service_agent", _("客服专员")
    METERING_ENGINEER = "metering_engineer", _("计量专责")
    BILLING_CLERK = "billing_clerk", _("电费核算员")
    CASHIER = "cashier", _("收费员")
    ACCOUNTANT = "accountant", _("会计")
    PLANNER = "planner", _("生产计划专责")
    DISPATCHER = "dispatcher", _("调度员")
    SAFETY_INSPECTOR = "safety_inspector", _("用电检查员")
    MANAGER = "manager", _("管理人员")
    REGULATOR = "regulator", _("监管人员")


class Employee(models.Model):
    """A person of the company, placed in one unit, whose branch it sees."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="employee")
    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=50)
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="employees")
    roles = models.JSONField(default=list)
    phone = models.CharField(max_length=30, blank=True)

    class Meta:
        indexes = [models.Index(fields=["unit", "number"], name="employee_unit")]

    def __str__(self) -> str:
        return self.name


class OrderKind(models.Model):
    """指令种类: what one department may ask of another, and what such an order has to say."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=50)
    asks_amount = models.BooleanField(default=False)
    asks_hours = models.BooleanField(default=False)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=300)
    certainty = models.CharField(max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="order_kind_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Mandate(models.Model):
    """授权: who may order what from whom, within which limits, answered by when (R75, N4).

    Without a unit it holds for the whole company; a unit's own version of the same code only
    tightens it (R7). `holder_level` is the level of the company whose department holds it, empty
    for any; `grades` the customers' importance grades it reaches, empty for all; `reply_limit`
    and `work_limit` are codes of time limits, which the room of clocks knows.
    """

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    unit = models.ForeignKey(
        OrganizationUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="mandates"
    )
    order_kind = models.CharField(max_length=30)
    holder_kind = models.CharField(max_length=20, choices=UnitKind.choices)
    holder_level = models.CharField(max_length=20, choices=UnitKind.choices, blank=True)
    holder_role = models.CharField(max_length=30, choices=Role.choices)
    own_customers_only = models.BooleanField(default=True)
    department_kind = models.CharField(max_length=20, choices=UnitKind.choices)
    department_role = models.CharField(max_length=30, choices=Role.choices)
    most_amount_yuan = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    most_hours = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    grades = models.JSONField(default=list, blank=True)
    reply_limit = models.CharField(max_length=60)
    work_limit = models.CharField(max_length=60)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=300)
    certainty = models.CharField(max_length=12)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                condition=models.Q(unit__isnull=True),
                name="mandate_once",
            ),
            models.UniqueConstraint(
                fields=["unit", "code", "valid_from"],
                condition=models.Q(unit__isnull=False),
                name="mandate_once_a_unit",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gt=models.F("valid_from")),
                name="mandate_validity",
            ),
        ]
        indexes = [models.Index(fields=["order_kind", "valid_from"], name="mandate_kind")]

    def __str__(self) -> str:
        return self.name


class MandateRung(models.Model):
    """升级阶梯: to whom an order climbs that nobody answered in time, and by when they must.

    `level` names the company above the department: its county, city or province; `role` who
    there; `time_limit` the code of the limit within which that person answers.
    """

    mandate = models.ForeignKey(Mandate, on_delete=models.CASCADE, related_name="rungs")
    order = models.PositiveSmallIntegerField()
    level = models.CharField(max_length=20, choices=UnitKind.choices)
    role = models.CharField(max_length=30, choices=Role.choices)
    time_limit = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mandate", "order"], name="mandate_rung_once"),
        ]

    def __str__(self) -> str:
        return f"{self.mandate_id}:{self.order} {self.level}"


class ApiToken(models.Model):
    """A program's key to the API; only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="token_user")]

    def __str__(self) -> str:
        return self.name
