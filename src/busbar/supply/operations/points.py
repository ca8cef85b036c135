"""One site, source, transformer or usage point at a time: each a batch of one (R37, R80).

What a register's import writes by the thousand, the end of a connection writes once; both go
through the same `store_*`, so that the archive has one set of rules.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, CustomerAccount
from busbar.kit.errors import Refusal
from busbar.network.models import Feeder
from busbar.supply.models import (
    MeteringSide,
    PowerSource,
    RunningState,
    Site,
    SourceRole,
    Transformer,
    UsagePoint,
)
from busbar.supply.operations.sites import store_sites, store_sources, store_usage_points
from busbar.supply.operations.transformers import store_transformers


class UnableToOpenSite(Refusal):
    """The site cannot be entered as given."""


class UnableToConnectSource(Refusal):
    """The power source cannot be entered as given."""


class UnableToAddTransformer(Refusal):
    """The transformer cannot be entered as given."""


class UnableToAddUsagePoint(Refusal):
    """The usage point cannot be entered as given."""


@transaction.atomic
def open_site(
    *, code: str, name: str, customer: Customer, address: str = "", by: Viewer, at: dt.datetime
) -> Site:
    """Enter a place where the customer uses electricity."""
    by.require(Permission.EDIT_CUSTOMERS)
    if not code.strip() or not name.strip():
        raise UnableToOpenSite("用电地址的编码和名称都应填写")
    if Site.objects.filter(code=code.strip()).exists():
        raise UnableToOpenSite("用电地址编码 %(code)s 已登记", code=code.strip())
    row = {
        "site": code.strip(),
        "name": name.strip(),
        "customer": customer.number,
        "address": address,
    }
    store_sites(rows=[row], by=by, at=at).require(UnableToOpenSite)
    site: Site = Site.objects.select_related("customer").get(code=row["site"])
    return site


@transaction.atomic
def connect_source(
    *,
    site: Site,
    feeder: Feeder,
    role: SourceRole | str,
    voltage_kv: Decimal,
    capacity_kva: int,
    by: Viewer,
    at: dt.datetime,
) -> PowerSource:
    """Feed the site from a feeder; the same feeder again changes its capacity and role."""
    by.require(Permission.EDIT_CUSTOMERS)
    if capacity_kva <= 0:
        raise UnableToConnectSource("供电容量应大于 0 千伏安")
    row = {
        "site": site.code,
        "feeder": feeder.code,
        "role": SourceRole(role),
        "voltage_kv": voltage_kv,
        "capacity_kva": capacity_kva,
    }
    store_sources(rows=[row], by=by, at=at).require(UnableToConnectSource)
    sources = PowerSource.objects.select_related("site", "feeder")
    source: PowerSource = sources.get(site=site, feeder=feeder)
    return source


@transaction.atomic
def add_transformer(
    *,
    number: str,
    account: CustomerAccount,
    site: Site,
    capacity_kva: int,
    installed_on: dt.date,
    state: RunningState | str = RunningState.RUNNING,
    model: str = "",
    interlock_group: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Transformer:
    """Enter a new transformer with its state from the day it was put into operation."""
    by.require(Permission.EDIT_CUSTOMERS)
    if not number.strip():
        raise UnableToAddTransformer("变压器编号应填写")
    if Transformer.objects.filter(number=number.strip()).exists():
        raise UnableToAddTransformer("变压器编号 %(number)s 已登记", number=number.strip())
    row = {
        "number": number.strip(),
        "account": account.number,
        "site": site.code,
        "model": model,
        "capacity_kva": capacity_kva,
        "installed_on": installed_on,
        "interlock_group": interlock_group,
        "state": RunningState(state),
        "valid_from": installed_on,
    }
    store_transformers(rows=[row], by=by, at=at).require(UnableToAddTransformer)
    rows = Transformer.objects.select_related("account", "site")
    transformer: Transformer = rows.get(number=row["number"])
    return transformer


@transaction.atomic
def add_usage_point(
    *,
    number: str,
    name: str,
    account: CustomerAccount,
    site: Site,
    voltage_kv: Decimal,
    metering_side: MeteringSide | str,
    by: Viewer,
    at: dt.datetime,
) -> UsagePoint:
    """Enter a point where the account's energy is measured."""
    by.require(Permission.EDIT_CUSTOMERS)
    if not number.strip() or not name.strip():
        raise UnableToAddUsagePoint("计量点的编号和名称都应填写")
    if UsagePoint.objects.filter(number=number.strip()).exists():
        raise UnableToAddUsagePoint("计量点编号 %(number)s 已登记", number=number.strip())
    row = {
        "number": number.strip(),
        "name": name.strip(),
        "account": account.number,
        "site": site.code,
        "voltage_kv": voltage_kv,
        "metering_side": MeteringSide(metering_side),
    }
    store_usage_points(rows=[row], by=by, at=at).require(UnableToAddUsagePoint)
    points = UsagePoint.objects.select_related("account", "site")
    point: UsagePoint = points.get(number=row["number"])
    return point
