"""Many bills at once: what stands out in a month, sums over a list, the way down to the days."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import models
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, BillFinding, Citation, FindingKind
from busbar.kit.periods import CHINA, Month, Period
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


@dataclass(frozen=True)
class BilledSegment:
    """Days of a bill that were rated by one tariff, one agreement and one rule set."""

    period: Period
    tariff_code: str
    tariff_name: str

    @property
    def last_day(self) -> dt.date:
        """The last day that belongs to it."""
        return self.period.end - dt.timedelta(days=1)


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
    periods = _periods(bill.tariff_code, bill.facts.get("segments", ()), month)
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


def share_of_hours(
    tariff_code: str, segments: Sequence[Mapping[str, Any]], month: Month
) -> dict[str, Decimal]:
    """Each price period's share of the month's hours by the billed tariff, of one.

    `segments` are those of the bill's stored facts.
    """
    days = _periods(tariff_code, segments, month).values()
    quarters = Counter(period for day in days for period in day)
    return {period: Decimal(n) / quarters.total() for period, n in quarters.items()}


def _by_period(energy_wh: Any, periods: tuple[str, ...]) -> dict[str, Decimal]:
    codes = np.array(periods)
    return {
        code: Decimal(int(energy_wh[codes == code].sum())) / 1000
        for code in TimeOfUsePeriod.values
        if code in periods
    }


def list_segments(stored: Sequence[Mapping[str, Any]]) -> list[BilledSegment]:
    """The stretches of days of a bill's stored facts, in order; one query."""
    tariffs = Citation.objects.in_bulk([segment["tariff"] for segment in stored])
    found = []
    for segment in stored:
        period = Period(*(dt.date.fromisoformat(segment["period"][k]) for k in ("start", "end")))
        tariff = tariffs[segment["tariff"]].content
        found.append(BilledSegment(period, tariff["code"], tariff["name"]))
    return found


def _periods(
    tariff_code: str, segments: Sequence[Mapping[str, Any]], month: Month
) -> dict[dt.date, tuple[str, ...]]:
    """The 96 periods of each day by the tariff that was billed on it; flat where none has any."""
    flat = (TimeOfUsePeriod.FLAT.value,) * 96
    days = [month.first + dt.timedelta(days=index) for index in range(month.days)]
    scheme_of = _schemes(tariff_code, segments, days)
    used = {scheme for scheme in scheme_of.values() if scheme is not None}
    maps = pricing_queries.list_period_maps(used, month.period) if used else {}
    return {day: flat if (scheme := scheme_of[day]) is None else maps[scheme, day] for day in days}


def _schemes(
    tariff_code: str, segments: Sequence[Mapping[str, Any]], days: list[dt.date]
) -> dict[dt.date, int | None]:
    if len(segments) <= 1:
        return dict.fromkeys(days, _scheme(tariff_code, days[0]))
    found: dict[dt.date, int | None] = dict.fromkeys(days)
    for segment in list_segments(segments):
        scheme = _scheme(segment.tariff_code, segment.period.start)
        found |= {day: scheme for day in days if day in segment.period}
    return found


def _scheme(tariff_code: str, on: dt.date) -> int | None:
    tariff = pricing_queries.get_tariff(tariff_code, on=on)
    return tariff.scheme_id if tariff else None
