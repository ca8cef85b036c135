"""Load curves: what the controls offer, one day or month as JSON, the same as a file."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from django.http import HttpResponse, JsonResponse, QueryDict
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.console.exporting import answer_export
from busbar.console.requests import StaffRequest, given_day
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer, CustomerAccount
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month, Period, local_date
from busbar.metering import lake
from busbar.metering import queries as metering_queries
from busbar.metering.lake import INTERVALS, Quality
from busbar.metering.queries import Load, as_known
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import TimeOfUsePeriod
from busbar.supply import queries as supply_queries

ONE_DAY = dt.timedelta(days=1)
SAME_WEEKDAY_LAST_YEAR = dt.timedelta(days=364)
VERSIONS_OFFERED = 12
_MINUTES = 15
_TO_KW = 4 / 1000
_MOST_DIGITS = 12


class CurveRequestRefused(Refusal):
    """The address asks for a day, month or version that cannot be."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for: days, parts of the customer, a comparison, a version."""

    view: str
    period: Period
    account_ids: list[int]
    usage_point_ids: list[int] | None
    compare: Period | None
    as_of: int | None

    @property
    def days(self) -> int:
        """Days shown."""
        return self.period.days


def quality_names() -> dict[int, str]:
    """What the chart calls each quality code."""
    return {
        Quality.MEASURED: _("实测"),
        Quality.ESTIMATED: _("估算"),
        Quality.EDITED: _("人工修正"),
        Quality.MISSING: _("缺失"),
        Quality.SUSPECT: _("可疑"),
        Quality.OUTAGE: _("停电"),
    }


def curve_choices(
    request: StaffRequest, customer: Customer, accounts: Sequence[CustomerAccount], at: dt.datetime
) -> dict[str, Any]:
    """Accounts, points and versions to choose from, and the newest day with data."""
    given = request.GET
    newest = newest_day(at)
    month = _month(given.get("month", "")) or Month.of(newest)
    commits = metering_queries.list_lake_commits(limit=VERSIONS_OFFERED)
    return {
        "accounts": accounts,
        "points": supply_queries.list_usage_points(request.viewer, customer_id=customer.pk),
        "view": "month" if given.get("view") == "month" else "day",
        "day": given_day(given.get("date", "")) or newest,
        "month": str(month),
        "newest": newest,
        "part": _part(given),
        "versions": sorted({(c.lake_version, c.committed_at) for c in commits}, reverse=True),
        "version": lake.current_version(metering_queries.lake_root()),
        "may_export": request.viewer.may(Permission.EXPORT),
    }


@require_safe
def curve_data(request: StaffRequest, number: str) -> JsonResponse:
    """One day or month of the customer's load, with peak, quality, price periods, comparison."""
    wanted = _wanted(request.viewer, number, request.GET)
    load = _load(request.viewer, wanted, wanted.period)
    answer: dict[str, Any] = {
        "view": wanted.view,
        "start": wanted.period.start.isoformat(),
        "days": wanted.days,
        "version": lake.current_version(metering_queries.lake_root()),
        "as_of": wanted.as_of,
        **_series(load),
        "flags": _runs(load.quality.ravel(), skip=int(Quality.MEASURED)),
        "quality_names": quality_names(),
        "summary": _summary(load),
        "compare": _compared(request.viewer, wanted),
    }
    if wanted.view == "day":
        answer["periods"] = _periods(wanted)
        answer["period_names"] = dict(TimeOfUsePeriod.choices)
    else:
        answer["table"] = [_day_row(load, index) for index in range(wanted.days)]
    response = JsonResponse(answer)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def export_curve(request: StaffRequest, number: str) -> HttpResponse:
    """The shown quarters as CSV or Excel, each with its quality."""
    wanted = _wanted(request.viewer, number, request.POST)
    load = _load(request.viewer, wanted, wanted.period)
    customer = customers_queries.get_customer(request.viewer, number)
    last = wanted.period.end - ONE_DAY
    return answer_export(
        viewer=request.viewer,
        name=f"{customer.name}_{_('负荷曲线')}_{wanted.period.start}_{last}",
        kind="xlsx" if request.POST.get("format") == "xlsx" else "csv",
        header=[
            _("区间起点"),
            _("有功 kW"),
            _("有功电量 kWh"),
            _("感性无功 kvarh"),
            _("容性无功 kvarh"),
            _("质量"),
        ],
        rows=_exported(load),
        at=timezone.now(),
        customer_id=customer.pk,
    )


def _exported(load: Load) -> Iterator[list[object]]:
    names = quality_names()
    start = dt.datetime.combine(load.start, dt.time())
    flat = zip(
        load.load_kw.ravel().tolist(),
        load.energy_wh.ravel().tolist(),
        load.reactive_lag_varh.ravel().tolist(),
        load.reactive_lead_varh.ravel().tolist(),
        load.quality.ravel().tolist(),
        strict=True,
    )
    for index, (kw, wh, lag, lead, code) in enumerate(flat):
        moment = f"{start + dt.timedelta(minutes=_MINUTES * index):%Y-%m-%d %H:%M}"
        if code == Quality.MISSING:
            yield [moment, None, None, None, None, names[code]]
        else:
            yield [moment, round(kw, 3), wh / 1000, lag / 1000, lead / 1000, names[code]]


def _wanted(viewer: Viewer, number: str, given: QueryDict) -> Wanted:
    """Read the address; 404 (DoesNotExist) for a customer, account or point not to be seen."""
    customer = customers_queries.get_customer(viewer, number)
    view = "month" if given.get("view") == "month" else "day"
    period = _period(view, given)
    accounts = customers_queries.list_accounts(viewer, customer_id=customer.pk)
    kind, _colon, name = _part(given).partition(":")
    points = None
    if kind == "account":
        accounts = accounts.filter(number=name)
    elif kind == "point":
        points = [
            supply_queries.list_usage_points(viewer, customer_id=customer.pk).get(number=name).pk
        ]
    return Wanted(
        view=view,
        period=period,
        account_ids=[account.pk for account in accounts],
        usage_point_ids=points,
        compare=_comparison(view, period, given.get("compare", "")),
        as_of=_version(given.get("version", "")),
    )


def _part(given: QueryDict) -> str:
    """`account:户号`, `point:计量点` or nothing for the customer's sum."""
    if given.get("account"):
        return f"account:{given['account']}"
    return given.get("part", "")


def _period(view: str, given: QueryDict) -> Period:
    if view == "month":
        month = _month(given.get("month", ""))
        if month is None:
            raise CurveRequestRefused(_("月份应写作 2026-10 的样子"))
        return month.period
    day = given_day(given.get("date", ""))
    if day is None:
        raise CurveRequestRefused(_("日期应写作 2026-10-31 的样子"))
    return Period(day, day + ONE_DAY)


def _comparison(view: str, period: Period, choice: str) -> Period | None:
    if view == "month":
        first = Month.of(period.start)
        months = {
            "previous": first.previous,
            "year": Month(first.year - 1, first.number),
        }
        return months[choice].period if choice in months else None
    back = {
        "previous": ONE_DAY,
        "week": dt.timedelta(days=7),
        "year": SAME_WEEKDAY_LAST_YEAR,
    }.get(choice)
    return Period(period.start - back, period.end - back) if back else None


def _load(viewer: Viewer, wanted: Wanted, period: Period) -> Load:
    if wanted.usage_point_ids is not None:
        return metering_queries.get_load(
            viewer,
            start=period.start,
            end=period.end,
            usage_point_ids=wanted.usage_point_ids,
            as_of=wanted.as_of,
        )
    return metering_queries.get_load(
        viewer,
        start=period.start,
        end=period.end,
        account_ids=wanted.account_ids,
        as_of=wanted.as_of,
    )


def _series(load: Load) -> dict[str, Any]:
    """Mean power, reactive power and power factor of every quarter; null where nothing is known."""
    known = (load.quality != Quality.MISSING).ravel()
    reactive = (load.reactive_lag_varh + load.reactive_lead_varh).ravel() * _TO_KW
    active = load.load_kw.ravel()
    apparent = np.hypot(active, reactive)
    factor = np.divide(active, apparent, out=np.zeros_like(active), where=apparent > 0)
    return {
        "kw": as_known(active, known, places=2),
        "kvar": as_known(reactive, known, places=2),
        "power_factor": as_known(factor, known & (apparent != 0)),
    }


def _runs(codes: Any, *, skip: object) -> list[dict[str, object]]:
    """Stretches of equal values `[start, end)`, those equal to `skip` left out."""
    runs, place = [], 0
    for code, members in groupby(np.asarray(codes).tolist()):
        length = len(list(members))
        if code != skip:
            runs.append({"start": place, "end": place + length, "value": code})
        place += length
    return runs


def _summary(load: Load) -> dict[str, Any]:
    """Energy, peak with its time, lowest, mean over peak, power factor, doubtful quarters."""
    known = load.quality != Quality.MISSING
    kw, count = load.load_kw[known], int(known.sum())
    peak = load.peak
    energy = float(load.energy_wh.sum()) / 1000
    reactive = float((load.reactive_lag_varh + load.reactive_lead_varh).sum()) / 1000
    apparent = float(np.hypot(energy, reactive))
    return {
        "energy_kwh": round(energy, 2),
        "peak_kw": round(peak[1], 2) if peak else None,
        "peak_at": f"{peak[0]:%Y-%m-%d %H:%M}" if peak else None,
        "peak_index": _index_of(load, peak[0]) if peak else None,
        "lowest_kw": round(float(kw.min()), 2) if count else None,
        "load_factor": round(float(kw.mean()) / peak[1], 3) if peak and peak[1] > 0 else None,
        "power_factor": round(energy / apparent, 3) if apparent > 0 else None,
        "missing": int((~known).sum()),
        "estimated": int((load.quality == Quality.ESTIMATED).sum()),
    }


def _index_of(load: Load, moment: dt.datetime) -> int:
    passed = moment - dt.datetime.combine(load.start, dt.time())
    return int(passed.total_seconds() // (_MINUTES * 60))


def _day_row(load: Load, index: int) -> dict[str, Any]:
    """One day of a month: the text alternative to the curve."""
    day = load.start + index * ONE_DAY
    rows = slice(index, index + 1)
    part = Load(
        start=day,
        end=day + ONE_DAY,
        energy_wh=load.energy_wh[rows],
        reactive_lag_varh=load.reactive_lag_varh[rows],
        reactive_lead_varh=load.reactive_lead_varh[rows],
        quality=load.quality[rows],
    )
    return {
        "day": day.isoformat(),
        "weekday": calendar.weekday(day.year, day.month, day.day),
    } | _summary(part)


def _compared(viewer: Viewer, wanted: Wanted) -> dict[str, Any] | None:
    if wanted.compare is None:
        return None
    load = _load(viewer, wanted, wanted.compare)
    start = wanted.compare.start
    label = str(Month.of(start)) if wanted.view == "month" else start.isoformat()
    kw = _series(load)["kw"][: wanted.days * INTERVALS]
    return {"label": label, "kw": kw, "summary": _summary(load)}


def _periods(wanted: Wanted) -> list[dict[str, object]]:
    """The day's price periods by the first account's tariff; empty where it has none."""
    day = wanted.period.start
    agreements = supply_queries.map_agreements(wanted.period, account_ids=wanted.account_ids)
    for account_id in wanted.account_ids:
        for agreement in agreements.get(account_id, []):
            tariff = pricing_queries.get_tariff(agreement.tariff_code, on=day)
            if tariff is not None and tariff.scheme_id is not None:
                maps = pricing_queries.list_period_maps([tariff.scheme_id], wanted.period)
                return _runs(list(maps[tariff.scheme_id, day]), skip=TimeOfUsePeriod.FLAT.value)
    return []


def newest_day(at: dt.datetime) -> dt.date:
    """The last day of the newest month in the lake, no later than today."""
    months = lake.list_months(metering_queries.lake_root())
    today = local_date(at)
    if not months:
        return today
    return min(today, Month.parse(months[-1]).period.end - ONE_DAY)


def _month(text: str) -> Month | None:
    try:
        return Month.parse(text)
    except ValueError:
        return None


def _version(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


urlpatterns = [
    path("customers/<str:number>/curve.json", curve_data, name="curve_data"),
    path("customers/<str:number>/curve/export/", export_curve, name="curve_export"),
]
