"""A region of many like accounts, written straight into the tables: registers, prices, curves.

Run as a program: `python -m bench.run_region ACCOUNTS` in the home that BUSBAR_HOME names.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

from bench.curves import make_lake

_LONG_AGO = dt.date(2020, 1, 1)
_BATCH = 5000
_STATED = {"valid_from": _LONG_AGO, "source": "bench", "certainty": "local"}


def main(accounts: int) -> None:
    """Make the region; usage points bear the numbers of their curves, from 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "busbar.config.settings")
    django.setup()
    from django.conf import settings
    from django.db import transaction

    with transaction.atomic():
        _make_prices()
        _make_accounts(accounts, _make_counties())
    make_lake(Path(settings.LAKE_ROOT), accounts, channels=2, first=1)


def _make_prices() -> None:
    """A two-part tariff with three periods and a fund."""
    from busbar.pricing import models as pricing

    scheme = pricing.TimeOfUseScheme.objects.create(code="BENCH", name="bench", **_STATED)
    for start, end, period in ((0, 480, "valley"), (480, 720, "peak"), (960, 1200, "peak")):
        pricing.TimeOfUseInterval.objects.create(
            scheme=scheme, start_minute=start, end_minute=end, period=period
        )
    tariff = pricing.Tariff.objects.create(
        code="BENCH",
        name="bench",
        region="bench",
        category=pricing.TariffCategory.INDUSTRY_TWO_PART,
        voltage_class="10kV",
        scheme=scheme,
        capacity_price=Decimal(30),
        demand_price=Decimal(40),
        **_STATED,
    )
    for period, price in {"peak": "1.0134", "flat": "0.6289", "valley": "0.2911"}.items():
        pricing.TariffPrice.objects.create(tariff=tariff, period=period, price=Decimal(price))
    for code, price in {"fund": "0.0195", "system": "0.0371", "loss": "0.0184"}.items():
        pricing.Surcharge.objects.create(
            code=code,
            name=code,
            region="bench",
            price=Decimal(price),
            in_power_factor_base=code != "fund",
            **_STATED,
        )


def _make_counties() -> list[Any]:
    from busbar.access.models import OrganizationUnit, UnitKind

    province = OrganizationUnit.objects.create(
        code="BP", name="bench", kind=UnitKind.PROVINCE, path="900"
    )
    return [
        OrganizationUnit.objects.create(
            code=f"B{n}", name=f"B{n}", kind=UnitKind.COUNTY, parent=province, path=f"900{n:03}"
        )
        for n in range(10)
    ]


def _make_accounts(count: int, counties: Sequence[Any]) -> None:
    """One customer, site, transformer, agreement and usage point an account."""
    for first in range(1, count + 1, _BATCH):
        _make_batch(range(first, min(first + _BATCH, count + 1)), counties)


def _make_batch(numbers: Sequence[int], counties: Sequence[Any]) -> None:
    from busbar.customers import models as customers
    from busbar.supply import models as supply

    def unit(n: int) -> Any:
        return counties[n % len(counties)]

    people = _stored(
        customers.Customer(number=f"K{n}", name=f"K{n}", kind="industry", unit=unit(n))
        for n in numbers
    )
    accounts = _stored(
        customers.CustomerAccount(
            number=f"{n:010}", name=c.name, customer=c, unit=c.unit, opened_on=_LONG_AGO
        )
        for n, c in zip(numbers, people, strict=True)
    )
    sites = _stored(supply.Site(code=f"S{c.number}", name="S", customer=c) for c in people)
    both = list(zip(numbers, accounts, sites, strict=True))
    units = _stored(
        supply.Transformer(
            number=f"T{n}", account=a, site=s, capacity_kva=3150, installed_on=_LONG_AGO
        )
        for n, a, s in both
    )
    _stored(
        supply.TransformerState(transformer=t, state="running", valid_from=_LONG_AGO) for t in units
    )
    _stored(_agreement(n, account) for n, account, _ in both)
    _stored(
        supply.UsagePoint(
            pk=n,
            number=f"U{n}",
            name="U",
            account=a,
            site=s,
            voltage_kv=Decimal(10),
            metering_side="high",
        )
        for n, a, s in both
    )


def _agreement(n: int, account: Any) -> Any:
    from busbar.supply.models import Agreement, BasicChargeMode

    by_demand = n % 3 == 0
    return Agreement(
        number=f"A{n}",
        account=account,
        signed_on=_LONG_AGO,
        valid_from=_LONG_AGO,
        tariff_code="BENCH",
        tariff_category="industry_two_part",
        basic_charge_mode=(
            BasicChargeMode.CONTRACT_DEMAND if by_demand else BasicChargeMode.CAPACITY
        ),
        contract_capacity_kva=3150,
        contract_demand_kw=2000 if by_demand else None,
        power_factor_standard="0.90",
    )


def _stored(rows: Any) -> list[Any]:
    found = list(rows)
    return list(type(found[0]).objects.bulk_create(found, batch_size=1000))


if __name__ == "__main__":
    main(int(sys.argv[1]))
