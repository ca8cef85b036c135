"""A region of key-account managers and a year of what they did, written straight into the tables.

Run as a program in a migrated home that BUSBAR_HOME names:
`python -m bench.managers_region CUSTOMERS MANAGERS ORDERS`.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import django

CITIES, COUNTIES = 3, 4
"""Cities below the province, counties below each."""
FIRST_SHARE = 4
"""The first county has so many times the managers of each other one: its load is levelled."""
MONTHS = 13
LINED = 60
"""Customers of the first manager whose bills have lines, for the visit sheet."""
DEPARTMENTS = ("metering", "marketing", "dispatch", "service_center", "safety")
FOUND = 100
"""Bills up to which each has a finding; of more, every tenth."""
_SURNAMES, _NAMES = "赵钱孙李周吴郑王冯陈褚卫", "海江山川林森雷电光明华强"
ONLY_ROOT = "000"
"""The company that every home begins with: the region lies below it, as a user's would."""
_LONG_AGO = dt.date(2020, 1, 1)


@dataclass(frozen=True)
class Region:
    """What was made, as far as the year's matters need it."""

    root: str
    """The province's path, which also begins every number: regions stand side by side."""
    at: dt.datetime
    counties: list[Any]
    departments: dict[tuple[int, str], Any]
    managers: list[Any]
    customers: list[Any]
    leads: list[Any]
    """By place of the customer: its A角."""


def main(customers: int, managers: int, orders: int) -> None:
    """Make the region of the home and say nothing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "busbar.config.settings")
    django.setup()
    make_region(customers, managers, orders, at=dt.datetime.now(dt.UTC), root=ONLY_ROOT)


def make_region(
    customers: int, managers: int, orders: int, *, at: dt.datetime, root: str = "900"
) -> Region:
    """A province with its year up to `at`; the same figures give the same region."""
    from django.db import transaction

    from bench.managers_year import make_year

    random = Random(7)  # noqa: S311 - not a secret
    with transaction.atomic():
        region = _make_people((customers, managers), root, at, random)
        _make_bills(region, random)
        make_year(region, orders, random)
    return region


def stored(rows: Any) -> list[Any]:
    """Rows of one model in batches."""
    found = list(rows)
    if not found:
        return []
    return list(type(found[0]).objects.bulk_create(found, batch_size=1000))


def _make_people(size: tuple[int, int], root: str, at: dt.datetime, random: Random) -> Region:
    from busbar.access.models import OrganizationUnit, Role, UnitKind
    from busbar.customers import models as customers

    count, managers = size
    province, _new = OrganizationUnit.objects.get_or_create(
        path=root, defaults={"code": f"B{root}", "name": "省公司", "kind": UnitKind.PROVINCE}
    )
    cities = _below([province], CITIES, UnitKind.CITY, "市公司")
    counties = _below(cities, COUNTIES, UnitKind.COUNTY, "县公司")
    bureaus = {c.pk: _below([c], 1, UnitKind.KEY_ACCOUNTS, "大客户部")[0] for c in counties}
    departments = {
        (county.pk, kind): _place(county, place + 2, UnitKind(kind), UnitKind(kind).label)
        for county in counties
        for place, kind in enumerate(DEPARTMENTS)
    }
    _hire(f"province{root}", province, [Role.MANAGER])
    _hire(f"city{root}", cities[0], [Role.MANAGER])
    _hire(f"county{root}", counties[0], [Role.MANAGER])
    for (county_id, kind), unit in departments.items():
        _hire(f"{kind}{county_id}", unit, [Role.METERING_ENGINEER, Role.SERVICE_AGENT])
    weights = [FIRST_SHARE, *([1] * (len(counties) - 1))]
    homes = random.choices(counties, weights, k=managers - 1)
    people = [
        _hire(f"manager{root}-{n}", bureaus[home.pk], [Role.ACCOUNT_MANAGER])
        for n, home in enumerate([counties[0], *homes])
    ]
    home_of = {bureau.pk: county for county, bureau in zip(counties, bureaus.values(), strict=True)}
    leads = [
        people[n % managers] if n < 2 * managers else random.choice(people) for n in range(count)
    ]
    grades = ["none"] * 17 + ["second", "first", "special"]
    kinds = customers.CustomerKind.values
    rows = stored(
        customers.Customer(
            number=f"K{root}{n:06}",
            name="".join(random.choices(_NAMES, k=3)) + f"有限公司{n}",
            kind=kinds[n % len(kinds)],
            importance=random.choice(grades),
            unit=home_of[lead.unit_id],
        )
        for n, lead in enumerate(leads)
    )
    stored(
        customers.AccountTeamMember(customer=row, employee=lead, role="lead")
        for row, lead in zip(rows, leads, strict=True)
    )
    stored(
        customers.AccountTeamMember(
            customer=row, employee=people[(people.index(lead) + 1) % managers], role="deputy"
        )
        for row, lead in zip(rows, leads, strict=True)
        if row.pk % 2 and managers > 1
    )
    stored(
        customers.Contact(customer=row, name=random.choice(_SURNAMES) + "工", role="能源经理")
        for row in rows
    )
    return Region(root, at, counties, departments, people, rows, leads)


def _below(parents: Sequence[Any], count: int, kind: Any, name: str) -> list[Any]:
    return [
        _place(parent, n + 1, kind, f"{name}{parent.path[3:]}{n + 1}")
        for parent in parents
        for n in range(count)
    ]


def _place(parent: Any, place: int, kind: Any, name: str) -> Any:
    from busbar.access.models import OrganizationUnit

    path = f"{parent.path}{place:03}"
    return OrganizationUnit.objects.create(
        code=f"B{path}", name=str(name), kind=kind, parent=parent, path=path
    )


def _hire(name: str, unit: Any, roles: list[Any]) -> Any:
    from busbar.access.models import Employee, User

    user = User.objects.create(username=name)
    return Employee.objects.create(
        user=user, number=name, name=name, unit=unit, roles=[str(role) for role in roles]
    )


def months_before(at: dt.datetime, count: int) -> list[str]:
    """The months before that of `at`, the earliest first."""
    from busbar.kit.periods import Month, local_date

    found = [Month.of(local_date(at)).previous]
    while len(found) < count:
        found.append(found[-1].previous)
    return [str(month) for month in reversed(found)]


def _make_bills(region: Region, random: Random) -> None:
    """An account each, bills of thirteen months, findings of the newest."""
    from busbar.billing import models as billing
    from busbar.customers.models import CustomerAccount
    from busbar.supply import models as supply

    accounts = stored(
        CustomerAccount(
            number=f"{region.root}{n:010}",
            name=c.name,
            customer=c,
            unit=c.unit,
            opened_on=_LONG_AGO,
        )
        for n, c in enumerate(region.customers)
    )
    today = region.at.date()
    stored(
        supply.Agreement(
            number=f"A{region.root}-{n}",
            account=account,
            signed_on=_LONG_AGO,
            valid_from=_LONG_AGO,
            valid_until=today + dt.timedelta(days=random.randrange(1, 1500)),
            tariff_code="BENCH",
            tariff_category="industry_two_part",
            basic_charge_mode=supply.BasicChargeMode.CAPACITY,
            contract_capacity_kva=3150,
            power_factor_standard="0.90",
        )
        for n, account in enumerate(accounts)
    )
    months = months_before(region.at, MONTHS)
    for month in months:
        ended = {"state": "finished", "started_at": region.at, "finished_at": region.at}
        run, _is_new = billing.BillRun.objects.get_or_create(month=month, defaults=ended)
        released_at = None if month == months[-1] else region.at
        bills = stored(_bill(run, account, released_at, region.at, random) for account in accounts)
        stored(_line(bill) for bill in bills[:LINED])
        if month == months[-1]:
            stored(_finding(bill, random) for bill in bills[:: 10 if len(bills) > FOUND else 1])


def _bill(
    run: Any, account: Any, released_at: dt.datetime | None, at: dt.datetime, random: Random
) -> Any:
    """The newest month waits for its review."""
    from busbar.billing.models import Bill

    energy = random.randrange(20_000, 4_000_000)
    return Bill(
        run=run,
        account=account,
        month=run.month,
        rule_set="2024",
        tariff_code="BENCH",
        energy_kwh=energy,
        max_demand_kw=Decimal(energy) / 400,
        power_factor=Decimal("0.93"),
        amount=(Decimal(energy) * Decimal("0.71")).quantize(Decimal("0.01")),
        average_price=Decimal("0.7100"),
        lake_version=1,
        issued_at=at,
        released_at=released_at,
        facts={},
    )


def _line(bill: Any) -> Any:
    from busbar.billing.models import BillLine

    return BillLine(
        bill=bill, position=1, line_id="energy.flat", code="energy.flat", name="平段电费",
        quantity=bill.energy_kwh, unit="kWh", price=Decimal("0.71"), price_unit="元/kWh",
        amount=bill.amount, formula="电量 × 电价",
    )  # fmt: skip


def _finding(bill: Any, random: Random) -> Any:
    from busbar.billing.models import BillFinding, FindingKind

    worth = Decimal(random.randrange(1000, 900_000))
    return BillFinding(
        bill=bill,
        account_id=bill.account_id,
        month=bill.month,
        kind=FindingKind.SWING,
        worth_yuan=worth,
        stake_yuan=worth,
        weight=worth,
        facts={"amount": str(bill.amount), "before": str(bill.amount - worth), "shifts": []},
    )


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:4]))
