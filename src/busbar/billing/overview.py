"""Many bills at once: what stands out in a month, sums over a list, the way down to the days."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import models
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, BillFinding, FindingKind
from busbar.kit.periods import CHINA, Month
from busbar.metering import queries as metering_queries
from busbar.metering.lake import Quality
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import TimeOfUsePeriod

LOW_POWER_FACTOR = Decimal("0.85")


class Outlier(models.TextChoices):
    """Why a bill stands out."""

    JUMP = "jump", _("电费突变")
    MISSING = "missing", _("曲线有缺失")
    ESTIMATED = "estimated", _("含估算电量")
    POWER_FACTOR = "power_factor", _("功率因数低于 0.85")


@dataclass(frozen=True)
class BillSum:
    """Sums over the bills of a list."""

    bills: int
    amount: Decimal
    energy_kwh: Decimal

    @property
    def average_price(self) -> Decimal | None:
        """Yuan a kWh over all."""
        return self.amount / self.energy_kwh if self.energy_kwh else None


@dataclass(frozen=True)
class DayEnergy:
    """One day of a bill: kWh by period of the price, the highest load, what was not measured."""

    day: dt.date
    by_period: dict[str, Decimal]
    peak_kw: Decimal
    peak_at: dt.datetime
    missing: int
    estimated: int

    @property
    def total_kwh(self) -> Decimal:
        """Energy of the day."""
        return sum(self.by_period.values(), Decimal(0))


def standing_out(bills: QuerySet[Any], outlier: str) -> QuerySet[Any]:
    """The bills that stand out in this way; all of them for an empty word.

    What a bill must be compared for was found when it was issued (`findings`), and is read here.
    """
    if outlier == Outlier.MISSING:
        return bills.filter(missing_intervals__gt=0)
    if outlier == Outlier.ESTIMATED:
        return bills.filter(estimated_intervals__gt=0)
    if outlier == Outlier.POWER_FACTOR:
        return bills.filter(power_factor__lt=LOW_POWER_FACTOR)
    if outlier == Outlier.JUMP:
        swings = BillFinding.objects.filter(bill=OuterRef("pk"), kind=FindingKind.SWING)
        return bills.filter(Exists(swings))
    return bills


def sum_bills(bills: QuerySet[Any]) -> BillSum:
    """How many, how much, how many kWh; one query."""
    found = bills.aggregate(bills=Count("pk"), amount=Sum("amount"), energy_kwh=Sum("energy_kwh"))
    zero = Decimal(0)
    return BillSum(found["bills"], found["amount"] or zero, found["energy_kwh"] or zero)


def list_days(viewer: Viewer, bill: Bill) -> list[DayEnergy]:
    """The bill's days as they stood in the lake version it was made from."""
    month = Month.parse(bill.month)
    load = metering_queries.get_load(
        viewer,
        start=month.first,
        end=month.period.end,
        account_ids=[bill.account_id],
        as_of=bill.lake_version,
    )
    periods = _periods(bill, month)
    days = []
    for index in range(month.days):
        day = month.first + dt.timedelta(days=index)
        energy, quality = load.energy_wh[index], load.quality[index]
        place = int(energy.argmax())
        days.append(
            DayEnergy(
                day=day,
                by_period=_by_period(energy, periods[day]),
                peak_kw=Decimal(int(energy[place])) * 4 / 1000,
                peak_at=dt.datetime.combine(day, dt.time(), CHINA)
                + dt.timedelta(minutes=15 * place),
                missing=int((quality == Quality.MISSING).sum()),
                estimated=int((quality == Quality.ESTIMATED).sum()),
            )
        )
    return days


def share_of_hours(bill: Bill) -> dict[str, Decimal]:
    """Each price period's share of the month's hours by the bill's tariff, of one."""
    days = _periods(bill, Month.parse(bill.month)).values()
    quarters = Counter(period for day in days for period in day)
    return {period: Decimal(n) / quarters.total() for period, n in quarters.items()}


def _by_period(energy_wh: Any, periods: tuple[str, ...]) -> dict[str, Decimal]:
    codes = np.array(periods)
    return {
        code: Decimal(int(energy_wh[codes == code].sum())) / 1000
        for code in TimeOfUsePeriod.values
        if code in periods
    }


def _periods(bill: Bill, month: Month) -> dict[dt.date, tuple[str, ...]]:
    tariff = pricing_queries.get_tariff(bill.tariff_code, on=month.first)
    scheme_id = tariff.scheme_id if tariff else None
    flat = (TimeOfUsePeriod.FLAT.value,) * 96
    days = [month.first + dt.timedelta(days=index) for index in range(month.days)]
    if scheme_id is None:
        return dict.fromkeys(days, flat)
    maps = pricing_queries.list_period_maps({scheme_id}, month.period)
    return {day: maps[scheme_id, day] for day in days}
