"""Days of critical peak, daily temperatures and price series, many rows at once (R25)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import models, transaction

from busbar.access.registers import (
    Batch,
    Change,
    Draft,
    Outcome,
    Row,
    Told,
    pick,
    record_changes,
    resolve,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase
from busbar.pricing.models import (
    CriticalDayRule,
    DailyTemperature,
    PriceSeries,
    SeriesPrice,
    TimeOfUseScheme,
)
from busbar.pricing.operations.rules import reject_backward, store_by_code

_DAY, _QUARTER = 1440, 15
_COLDEST, _HOTTEST = -60, 60
_DATED = ("valid_from", "valid_until", "certainty")


@transaction.atomic
def store_critical_day_rules(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Rules by scheme, name and first day. `dates` are "MM-DD–MM-DD" ranges."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(batch.reject_repeats(_rule_key, "name", Phrase("尖峰日规则")))
    reject_backward(batch)
    schemes = resolve(
        batch, "scheme", TimeOfUseScheme.objects.all(), "code", Phrase("没有这个编码的分时方案")
    )
    _check_triggers(batch)
    stored = CriticalDayRule.objects.filter(scheme__in=[s.pk for s in schemes.values()])
    existing = {
        (rule.scheme.code, rule.name, rule.valid_from): rule
        for rule in stored.select_related("scheme")
    }
    drafts = [
        Draft(_rule_values(row, schemes), existing.get(_rule_key(row)), index)
        for index, row in batch.live()
    ]
    changes = save_drafts(CriticalDayRule, drafts, outcome)
    record_changes(changes, Told("pricing.critical_day_rule"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _rule_key(row: Row) -> tuple[Any, ...]:
    return row["scheme"], row["name"], row["valid_from"]


def _rule_values(row: Row, schemes: dict[Any, Any]) -> dict[str, Any]:
    return {
        **pick(row, **{name: name for name in ("name", "at_least_celsius", *_DATED)}),
        "scheme": schemes[row["scheme"]],
        "region": row.get("region") or "",
        "dates": _ranges(row.get("dates") or ""),
        "source": row.get("source") or "",
    }


def _check_triggers(batch: Batch) -> None:
    for index, row in list(batch.live()):
        heat, dates = row.get("at_least_celsius"), row.get("dates") or ""
        if heat is None and not dates:
            batch.reject(index, "dates", Phrase("应写明日期，或日最高气温"))
        elif heat is not None and not row.get("region"):
            batch.reject(index, "region", Phrase("按气温确定尖峰日的，应写明以哪个地区的气温为准"))
        elif not _are_ranges(dates):
            batch.reject(index, "dates", Phrase("应为月-日至月-日，如 07-15~08-15，多段以顿号分开"))


def _ranges(text: str) -> list[list[str]]:
    return [part.split("~") for part in text.split("、") if part]


def _are_ranges(text: str) -> bool:
    return all(len(p) == 2 and all(map(_is_month_and_day, p)) for p in _ranges(text))  # noqa: PLR2004 - first and last


def _is_month_and_day(text: str) -> bool:
    try:
        # A leap year, so that 29 February may be named.
        return f"{dt.date.fromisoformat(f'2024-{text}'):%m-%d}" == text
    except ValueError:
        return False


@transaction.atomic
def store_daily_temperatures(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Highest temperatures by region and day; a corrected one replaces what stood."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(
        batch.reject_repeats(lambda r: (r["region"], r["day"]), "day", Phrase("地区同一日的气温"))
    )
    for index, row in list(batch.live()):
        if not _COLDEST <= row["highest_celsius"] <= _HOTTEST:
            batch.reject(
                index,
                "highest_celsius",
                Phrase("应在 %(low)s 至 %(high)s ℃ 之间", low=_COLDEST, high=_HOTTEST),
            )
    stored = DailyTemperature.objects.filter(region__in=sorted(batch.values("region")))
    existing = {(t.region, t.day): t for t in _of_days(stored, batch)}
    names = ("region", "day", "highest_celsius", "source")
    drafts = [
        Draft(pick(row, **{n: n for n in names}), existing.get((row["region"], row["day"])), index)
        for index, row in batch.live()
    ]
    changes = save_drafts(DailyTemperature, drafts, outcome)
    record_changes(changes, Told("pricing.daily_temperature"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _of_days(rows: models.QuerySet[Any, Any], batch: Batch) -> models.QuerySet[Any, Any]:
    days = batch.values("day")
    return rows.filter(day__gte=min(days), day__lte=max(days)) if days else rows.none()


@transaction.atomic
def store_price_series(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Series by code, with the tariff whose energy they price."""
    told, more = Told("pricing.price_series"), ("tariff_code",)
    return store_by_code(PriceSeries, rows, Phrase("价格序列编码"), told, more=more, by=by, at=at)


@transaction.atomic
def store_series_prices(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Prices by series, day and start. The days that the batch names are replaced as a whole.

    A day of which a row is refused stays as it was: half a day is no price.
    """
    batch, outcome = Batch(rows), Outcome()
    series = resolve(
        batch, "series", PriceSeries.objects.all(), "code", Phrase("没有这个编码的价格序列")
    )
    outcome.unchanged += len(
        batch.reject_repeats(_price_key, "start_minute", Phrase("日的同一时段"))
    )
    _check_intervals(batch)
    broken = {_day_key(rows[r.index]) for r in batch.rejections}
    for index, row in list(batch.live()):
        if _day_key(row) in broken:
            batch.reject(index, "day", Phrase("该日另有行不合格，整日未导入"))
    named = {_price_key(row) for _, row in batch.live()}
    days = {_day_key(row) for _, row in batch.live()}
    stored = SeriesPrice.objects.filter(series__in=[s.pk for s in series.values()])
    standing = {
        (price.series.code, price.day, price.start_minute): price
        for price in _of_days(stored.select_related("series"), batch)
    }
    gone = [p.pk for key, p in standing.items() if key[:2] in days and key not in named]
    SeriesPrice.objects.filter(pk__in=gone).delete()
    drafts = [
        Draft(
            {
                **pick(row, **{n: n for n in ("day", "start_minute", "end_minute", "price")}),
                "series": series[row["series"]],
            },
            standing.get(_price_key(row)),
            index,
        )
        for index, row in batch.live()
    ]
    changes = save_drafts(SeriesPrice, drafts, outcome)
    _record_prices(changes, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _record_prices(changes: Sequence[Change], *, by: Viewer, at: dt.datetime) -> None:
    """Told on the series, with the first and last day that changed."""
    days: dict[Any, list[str]] = {}
    for change in changes:
        days.setdefault(change.instance.series, []).append(str(change.instance.day))
    told = [
        Change(series, is_new=False, before_after={"days": [min(found), max(found)]})
        for series, found in days.items()
    ]
    record_changes(told, Told("pricing.price_series", amended_verb="repriced"), by=by, at=at)


def _day_key(row: Row) -> tuple[Any, Any]:
    return row.get("series"), row.get("day")


def _price_key(row: Row) -> tuple[Any, Any, Any]:
    return row["series"], row["day"], row["start_minute"]


def _check_intervals(batch: Batch) -> None:
    """Quarters of an hour, one after the other: no interval reaches into the next."""
    ends: dict[Any, int] = {}
    ordered = sorted(
        batch.live(), key=lambda pair: (*map(str, _day_key(pair[1])), pair[1]["start_minute"])
    )
    for index, row in ordered:
        begins, until = row["start_minute"], row["end_minute"]
        if begins % _QUARTER or until % _QUARTER:
            batch.reject(index, "start_minute", Phrase("时刻应落在一刻钟上"))
        elif not 0 <= begins < until <= _DAY:
            batch.reject(index, "end_minute", Phrase("结束时刻应晚于开始时刻，一日之末写 24:00"))
        elif begins < ends.get(_day_key(row), 0):
            batch.reject(index, "start_minute", Phrase("与前一时段重叠"))
        else:
            ends[_day_key(row)] = until
