"""The load for the sheet: the newest month's day with the highest quarter hour, beside the mean."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Max

from busbar.access.visibility import Viewer
from busbar.billing.models import Bill
from busbar.clocks import queries as clocks_queries
from busbar.customers import queries as customers_queries
from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.lake import Quality
from busbar.metering.queries import Load, as_known, get_load, lake_root

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class SheetLoad:
    """最大负荷日: 96 quarters of the sum of the customer's usage points, mean power in kW.

    `working_kw` is the mean of the month's working days that have a curve, `working_days` their
    number; a quarter is None where nothing is known.
    """

    peak_at: dt.datetime
    """Local start of the highest quarter hour."""
    peak_kw: float
    day_kw: list[float | None]
    working_kw: list[float | None]
    working_days: int

    @property
    def day(self) -> dt.date:
        """The day with the highest quarter hour of its month."""
        return self.peak_at.date()


def get_sheet_load(viewer: Viewer, number: str) -> SheetLoad | None:
    """Of the customer's newest billed month, else the newest stored one; None without curves.

    Customer.DoesNotExist where the customer may not be seen. The lake is read once.
    """
    customer = customers_queries.get_customer(viewer, number)
    accounts = customers_queries.list_accounts(viewer, customer_id=customer.pk)
    ids = list(accounts.values_list("pk", flat=True))
    month = _newest_month(viewer, ids)
    if month is None:
        return None
    load = get_load(viewer, start=month.first, end=month.next.first, account_ids=ids)
    return _highest_day(load, *load.peak) if load.peak else None


def _newest_month(viewer: Viewer, account_ids: list[int]) -> Month | None:
    bills: Any = Bill.objects.visible_to(viewer).current().filter(account__in=account_ids)
    billed: str | None = bills.aggregate(newest=Max("month"))["newest"]
    newest = billed or max(lake.list_months(lake_root()), default=None)
    return Month.parse(newest) if newest else None


def _highest_day(load: Load, peak_at: dt.datetime, peak_kw: float) -> SheetLoad:
    known = load.quality != Quality.MISSING
    row = (peak_at.date() - load.start).days
    working = _working_days(load) & known.any(axis=1)
    counted = known[working].sum(axis=0)
    sums = np.where(known, load.load_kw, 0.0)[working].sum(axis=0)
    return SheetLoad(
        peak_at=peak_at,
        peak_kw=peak_kw,
        day_kw=as_known(load.load_kw[row], known[row]),
        working_kw=as_known(sums / np.maximum(counted, 1), counted > 0),
        working_days=int(working.sum()),
    )


def _working_days(load: Load) -> npt.NDArray[np.bool_]:
    calendar = clocks_queries.get_calendar(load.start, load.end)
    days = [load.start + n * _ONE_DAY for n in range((load.end - load.start).days)]
    return np.array([calendar.is_working_day(day) for day in days], dtype=bool)
