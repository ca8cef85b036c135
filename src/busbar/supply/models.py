"""Where, from what and on which terms a customer takes electricity."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.visibility import Ids, VisibleQuerySet
from busbar.customers.models import Customer, CustomerAccount, CustomerPartQuerySet
from busbar.network.models import Feeder
from busbar.pricing.models import PowerFactorStandard, TariffCategory


class SiteQuerySet(CustomerPartQuerySet):
    """Seen with the customer."""


class Site(models.Model):
    """用电地址: a place where the customer uses electricity."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=200)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=300, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["customer", "code"], name="site_customer")]

    def __str__(self) -> str:
        return self.name


class OfAccountQuerySet(VisibleQuerySet):
    """Whatever hangs on an account is seen with it."""

    unit_lookups = ("account__unit", "account__customer__unit")
    customer_lookup = "account__customer"


class MeteringSide(models.TextChoices):
    """On which side of the customer's transformer the meter sits."""

    HIGH = "high", _("高供高计")
    LOW = "low", _("高供低计")
    LOW_VOLTAGE = "low_voltage", _("低供低计")


class UsagePoint(models.Model):
    """计量点: where energy is measured for an account."""

    number = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=200)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="usage_points")
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    metering_side = models.CharField(max_length=12, choices=MeteringSide.choices)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "number"], name="usage_point_account"),
            models.Index(fields=["site", "number"], name="usage_point_site"),
        ]

    def __str__(self) -> str:
        return self.number


class SourceRole(models.TextChoices):
    """Main or backup supply."""

    MAIN = "main", _("主供电源")
    BACKUP = "backup", _("备用电源")


class PowerSourceQuerySet(VisibleQuerySet):
    """Seen with the site's customer."""

    unit_lookups = ("site__customer__unit",)
    customer_lookup = "site__customer"

    def in_units(self, units: Ids) -> Q:
        """As the site: its customer's managing unit, or a unit of one of its accounts."""
        accounts = CustomerAccount.objects.filter(unit__in=units).values("customer_id")
        return super().in_units(units) | Q(site__customer__in=accounts)


class PowerSource(models.Model):
    """供电电源: a feed of the site from a feeder. Two of them make dual supply."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="power_sources")
    feeder = models.ForeignKey(Feeder, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=SourceRole.choices)
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2)
    capacity_kva = models.PositiveIntegerField()

    objects = PowerSourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "feeder"], name="source_once"),
        ]
        indexes = [models.Index(fields=["feeder", "site"], name="source_feeder")]

    def __str__(self) -> str:
        return f"{self.site_id}<-{self.feeder_id}"


class Transformer(models.Model):
    """受电变压器: a customer's own transformer, on whose capacity the basic charge may rest."""

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="transformers")
    model = models.CharField(max_length=50, blank=True)
    capacity_kva = models.PositiveIntegerField()
    installed_on = models.DateField()
    interlock_group = models.CharField(max_length=20, blank=True)
    no_load_kw = models.DecimalField(
        max_digits=8, decimal_places=3, null=True, blank=True, help_text="空载损耗 P0"
    )
    load_kw = models.DecimalField(
        max_digits=8, decimal_places=3, null=True, blank=True, help_text="负载损耗 Pk"
    )
    no_load_current_percent = models.DecimalField(
        max_digits=6, decimal_places=3, null=True, blank=True, help_text="空载电流 I0%"
    )
    impedance_percent = models.DecimalField(
        max_digits=6, decimal_places=3, null=True, blank=True, help_text="阻抗电压 Uk%"
    )

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(capacity_kva__gt=0), name="transformer_capacity"),
        ]
        indexes = [
            models.Index(fields=["account", "number"], name="transformer_account"),
            models.Index(fields=["site", "number"], name="transformer_site"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.capacity_kva}kVA"


class RunningState(models.TextChoices):
    """States that decide whether capacity is charged (供电营业规则 1996 第85条)."""

    RUNNING = "running", _("运行")
    SEALED = "sealed", _("加封停用")
    HOT_STANDBY = "hot_standby", _("热备用")
    COLD_STANDBY = "cold_standby", _("冷备用")
    REMOVED = "removed", _("拆除")


class TransformerState(models.Model):
    """A transformer's state over the days `[valid_from, valid_until)`."""

    transformer = models.ForeignKey(Transformer, on_delete=models.CASCADE, related_name="states")
    state = models.CharField(max_length=20, choices=RunningState.choices)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transformer", "valid_from"], name="state_once"),
            models.UniqueConstraint(
                fields=["transformer"],
                condition=Q(valid_until__isnull=True),
                name="state_one_current",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="state_validity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transformer_id} {self.state} {self.valid_from}"


class BasicChargeMode(models.TextChoices):
    """How the basic charge of a two-part tariff is reckoned."""

    NONE = "none", _("单一制")
    CAPACITY = "capacity", _("按变压器容量")
    CONTRACT_DEMAND = "contract_demand", _("按合同最大需量")
    ACTUAL_DEMAND = "actual_demand", _("按实际最大需量")


class Agreement(models.Model):
    """供用电合同 of an account over `[valid_from, valid_until)`."""

    number = models.CharField(max_length=40, unique=True)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    signed_on = models.DateField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    tariff_code = models.CharField(max_length=40)
    tariff_category = models.CharField(max_length=30, choices=TariffCategory.choices)
    basic_charge_mode = models.CharField(max_length=20, choices=BasicChargeMode.choices)
    contract_capacity_kva = models.PositiveIntegerField()
    contract_demand_kw = models.PositiveIntegerField(null=True, blank=True)
    power_factor_standard = models.CharField(
        max_length=4, choices=PowerFactorStandard.choices, blank=True
    )

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "valid_from"], name="agreement_once"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="agreement_validity",
            ),
            models.CheckConstraint(
                condition=~Q(basic_charge_mode="contract_demand")
                | Q(contract_demand_kw__isnull=False),
                name="agreement_states_contract_demand",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-valid_from"], name="agreement_account"),
            models.Index(fields=["valid_until", "id"], name="agreement_expiry"),
        ]

    def __str__(self) -> str:
        return self.number


class OfUsagePointQuerySet(VisibleQuerySet):
    """What is agreed for a usage point is seen with its account."""

    unit_lookups = ("usage_point__account__unit", "usage_point__account__customer__unit")
    customer_lookup = "usage_point__account__customer"


class PointTerm(models.Model):
    """Something agreed for a usage point over `[valid_from, valid_until)`, with its source."""

    usage_point = models.ForeignKey(UsagePoint, on_delete=models.CASCADE, related_name="+")
    number = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=300)

    objects = OfUsagePointQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["usage_point", "number", "valid_from"], name="%(class)s_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="%(class)s_validity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.valid_from}"


class LossMethod(models.TextChoices):
    """How losses that the meter does not see are reckoned."""

    NAMEPLATE = "nameplate", _("变压器铭牌公式")
    SIMPLIFIED = "simplified", _("变压器简化法")
    TABLE = "table", _("变损表")
    LINE = "line", _("线路阻抗")
    SHARE = "share", _("协商比例")


class PointLoss(PointTerm):
    """计量点损耗: losses of a transformer or line between the boundary and the meter (第74条).

    `shifts` and `province` look K up where `correction` is not stated; none of them: K is 1.
    `loss_table` names the table by which the transformer's capacity and energy are looked up.
    """

    method = models.CharField(max_length=12, choices=LossMethod.choices)
    transformer = models.ForeignKey(
        Transformer, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    loss_table = models.CharField(max_length=30, blank=True)
    load_share = models.DecimalField(max_digits=6, decimal_places=5, default=1)
    correction = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    shifts = models.PositiveSmallIntegerField(null=True, blank=True)
    province = models.CharField(max_length=20, blank=True)
    voltage_kv = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    resistance_ohm = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True)
    reactance_ohm = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True)
    agreed_share = models.DecimalField(max_digits=6, decimal_places=5, null=True, blank=True)


class EnergyUse(models.TextChoices):
    """What energy with a price of its own is used for."""

    LIGHTING = "lighting", _("照明")
    RESIDENTIAL = "residential", _("居民生活")


class MeterConnection(models.TextChoices):
    """Where such energy branches off."""

    INSIDE = "inside", _("套表")
    BESIDE = "beside", _("并接")


class FixedEnergy(PointTerm):
    """定量定比: energy of a usage point billed at another tariff; a month's kWh, or a share."""

    use = models.CharField(max_length=12, choices=EnergyUse.choices)
    connection = models.CharField(
        max_length=10, choices=MeterConnection.choices, default=MeterConnection.INSIDE
    )
    tariff_code = models.CharField(max_length=40)
    energy_kwh = models.PositiveIntegerField(null=True, blank=True)
    share = models.DecimalField(max_digits=6, decimal_places=5, null=True, blank=True)

    class Meta(PointTerm.Meta):
        constraints = [
            *PointTerm.Meta.constraints,
            models.CheckConstraint(
                condition=Q(energy_kwh__isnull=True, share__isnull=False)
                | Q(energy_kwh__isnull=False, share__isnull=True),
                name="fixedenergy_quantity_or_share",
            ),
        ]
