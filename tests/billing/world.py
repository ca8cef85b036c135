"""A county with accounts that can be billed: the least that a bill run needs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

from busbar.access.models import OrganizationUnit, UnitKind
from busbar.customers.models import Customer, CustomerAccount, CustomerKind
from busbar.kit.periods import Month
from busbar.metering.lake import CURVE_SCHEMA, append_curves
from busbar.metering.models import Meter, MeterInstallation
from busbar.pricing.models import (
    Certainty,
    Surcharge,
    Tariff,
    TariffCategory,
    TariffPrice,
    TimeOfUseInterval,
    TimeOfUseScheme,
)
from busbar.supply.models import (
    Agreement,
    BasicChargeMode,
    MeteringSide,
    RunningState,
    Site,
    Transformer,
    TransformerState,
    UsagePoint,
)
from tests.worlds import kept

AT = dt.datetime(2026, 2, 1, 1, tzinfo=dt.UTC)
LONG_AGO = dt.date(2020, 1, 1)
MONTH = Month(2026, 1)
FLAT_LOAD = np.full(96, 25_000, dtype=np.int32)
"""25 kWh each quarter of an hour: 100 kW all day, 2,400 kWh a day."""


def make_county() -> OrganizationUnit:
    """A province with one county; returns the county."""
    province = OrganizationUnit.objects.create(
        code="P", name="省公司", kind=UnitKind.PROVINCE, path="000"
    )
    return OrganizationUnit.objects.create(
        code="C", name="县公司", kind=UnitKind.COUNTY, parent=province, path="000000"
    )


@kept
def make_tariff(code: str = "TWO-PART") -> Tariff:
    """Peak 8–12 at 1.00, valley 0–8 at 0.30, the rest 0.60 yuan; 30 yuan/kVA, 40 yuan/kW."""
    scheme = TimeOfUseScheme.objects.create(
        code=f"TOU-{code}", name="分时", valid_from=LONG_AGO, source="测试", certainty="local"
    )
    for start, end, period in ((0, 480, "valley"), (480, 720, "peak")):
        TimeOfUseInterval.objects.create(
            scheme=scheme, start_minute=start, end_minute=end, period=period
        )
    tariff = Tariff.objects.create(
        code=code,
        name="工商业两部制",
        region="测试省",
        category=TariffCategory.INDUSTRY_TWO_PART,
        voltage_class="10kV",
        scheme=scheme,
        capacity_price=Decimal(30),
        demand_price=Decimal(40),
        valid_from=LONG_AGO,
        source="测试价格表",
        certainty=Certainty.LOCAL,
    )
    prices = {"peak": "1.00", "flat": "0.60", "valley": "0.30"}
    for period, price in prices.items():
        TariffPrice.objects.create(tariff=tariff, period=period, price=Decimal(price))
    return tariff


@kept
def make_surcharge(price: str = "0.02") -> Surcharge:
    """A fund per kWh, outside the base of the power-factor adjustment."""
    return Surcharge.objects.create(
        code="fund",
        name="基金",
        region="测试省",
        price=Decimal(price),
        in_power_factor_base=False,
        valid_from=LONG_AGO,
        source="测试",
        certainty=Certainty.LOCAL,
    )


def make_account(
    unit: OrganizationUnit,
    number: str,
    *,
    tariff: str = "TWO-PART",
    mode: BasicChargeMode = BasicChargeMode.CAPACITY,
    standard: str = "0.90",
) -> UsagePoint:
    """A customer with one account, one transformer of 1,000 kVA, one usage point."""
    customer = Customer.objects.create(
        number=f"K{number}", name=f"客户{number}", kind=CustomerKind.INDUSTRY, unit=unit
    )
    account = CustomerAccount.objects.create(
        number=number, name=customer.name, customer=customer, unit=unit, opened_on=LONG_AGO
    )
    site = Site.objects.create(code=f"S{number}", name="厂区", customer=customer)
    transformer = Transformer.objects.create(
        number=f"T{number}", account=account, site=site, capacity_kva=1000, installed_on=LONG_AGO
    )
    TransformerState.objects.create(
        transformer=transformer, state=RunningState.RUNNING, valid_from=LONG_AGO
    )
    Agreement.objects.create(
        number=f"A{number}",
        account=account,
        signed_on=LONG_AGO,
        valid_from=LONG_AGO,
        tariff_code=tariff,
        tariff_category=TariffCategory.INDUSTRY_TWO_PART,
        basic_charge_mode=mode,
        contract_capacity_kva=1000,
        contract_demand_kw=500 if mode == BasicChargeMode.CONTRACT_DEMAND else None,
        power_factor_standard=standard,
    )
    return UsagePoint.objects.create(
        number=f"U{number}",
        name="总表",
        account=account,
        site=site,
        voltage_kv=Decimal(10),
        metering_side=MeteringSide.HIGH,
    )


def make_second_point(point: UsagePoint, number: str) -> UsagePoint:
    """Another usage point of the same account."""
    return UsagePoint.objects.create(
        number=number,
        name="分表",
        account=point.account,
        site=point.site,
        voltage_kv=Decimal(10),
        metering_side=MeteringSide.HIGH,
    )


def hang(point: UsagePoint, since: dt.date, *, until: dt.date | None = None) -> MeterInstallation:
    """A meter at the point over [since, until)."""
    return MeterInstallation.objects.create(
        meter=Meter.objects.create(serial=f"M{point.number}", model="DTZ", accuracy_class="0.5S"),
        usage_point=point,
        installed_on=since,
        removed_on=until,
        ct_ratio=Decimal(10),
        pt_ratio=Decimal(100),
    )


def curves(
    points: list[UsagePoint],
    month: Month = MONTH,
    *,
    load: np.ndarray = FLAT_LOAD,
    days: int | None = None,
) -> pa.Table:
    """The same day for every point and day; reactive energy is nought."""
    count = month.days if days is None else days
    rows = [(p.pk, month.first + dt.timedelta(days=d)) for p in points for d in range(count)]
    nought = [np.zeros(96, dtype=np.int32)] * len(rows)
    quality = [np.zeros(96, dtype=np.int8)] * len(rows)
    return pa.table(
        {
            "usage_point_id": [pk for pk, _ in rows],
            "day": [day for _, day in rows],
            "active_wh": [load] * len(rows),
            "reactive_lag_varh": nought,
            "reactive_lead_varh": nought,
            "quality": quality,
        },
        schema=CURVE_SCHEMA,
    )


def store(root: Path, table: pa.Table, key: str = "first") -> None:
    """Commit curves to the lake."""
    append_curves(root, table, commit_key=key, at=AT, source="test")
