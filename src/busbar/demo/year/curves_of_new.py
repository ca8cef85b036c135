"""Curves of the accounts that connections brought in, from their switching to the last month."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from busbar.customers.models import CustomerAccount
from busbar.demo import importing
from busbar.demo.curves import MonthMaker
from busbar.demo.faults import FaultRates, deliver
from busbar.demo.parameters import Parameters
from busbar.demo.readings import CHANNEL_NAMES, table_of
from busbar.demo.values import Load
from busbar.demo.values import UsagePoint as MadePoint
from busbar.kit.periods import Month
from busbar.supply.models import Agreement, UsagePoint

_FIRST_SERIAL = 900_000
"""Streams of these points, away from those of the imported ones."""
_SHAPES = ("machinery", "textile", "cold_store", "mall")
_NOTHING_WRONG = FaultRates(0, 0, 0, 0, 0, 0)


def bring_curves(parameters: Parameters, folder: Path, *, at: dt.datetime) -> str:
    """Write and import one file a month with every new point's days; a line about it."""
    paths = []
    for month in parameters.month_list:
        path = folder / f"新装户负荷曲线_{month}.parquet"
        if _write(parameters, month, path):
            paths.append(path)
    if not paths:
        return "没有已送电的新装户"
    told = importing.import_readings(paths, at=at)
    for path in paths:
        path.unlink()
    return told


def new_accounts() -> list[CustomerAccount]:
    """The accounts that energising opened."""
    rows = CustomerAccount.objects.filter(origin__startswith="业扩报装")
    return list(rows.select_related("unit").order_by("number"))


def _write(parameters: Parameters, month: Month, path: Path) -> bool:
    maker = MonthMaker(parameters, month)
    tables = [
        _days(parameters, maker, account, point)
        for account in new_accounts()
        if account.opened_on is not None and account.opened_on < month.next.first
        for point in UsagePoint.objects.filter(account=account).order_by("number")
    ]
    if tables:
        pq.write_table(pa.concat_tables(tables), path, compression="zstd")
    return bool(tables)


def _days(
    parameters: Parameters, maker: MonthMaker, account: CustomerAccount, point: UsagePoint
) -> Any:
    """The point's rows of the month from the day on which it was switched on."""
    month, opened = maker.month, account.opened_on
    one = deliver(parameters, month, maker.make(_made(account, point)), _NOTHING_WRONG)
    dark = max(0, (opened - month.first).days) if opened else 0
    return table_of(month, [one]).slice(dark * len(CHANNEL_NAMES))


def _made(account: CustomerAccount, point: UsagePoint) -> MadePoint:
    """The archive's point as the generator knows one: three fifths of what was agreed."""
    agreement = Agreement.objects.filter(account=account).order_by("-valid_from").first()
    capacity = agreement.contract_capacity_kva if agreement else 100
    load = Load(
        shape=_SHAPES[point.pk % len(_SHAPES)],
        peak_kw=round(0.6 * capacity, 1),
        power_factor=0.92,
        compensates=False,
        growth_per_year=0.0,
        city=0,
    )
    return MadePoint(
        number=point.number,
        name=point.name,
        voltage_kv=point.voltage_kv,
        side=point.metering_side,
        installations=(),
        load=load,
        serial=_FIRST_SERIAL + point.pk,
    )
