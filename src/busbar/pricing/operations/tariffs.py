"""Tariffs with their prices by period, and surcharges; versions follow one another (R25)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
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
    Surcharge,
    Tariff,
    TariffCategory,
    TariffPrice,
    TimeOfUsePeriod,
    TimeOfUseScheme,
)
from busbar.pricing.operations.rules import reject_backward
from busbar.pricing.used import find_used_changes

PERIODS = tuple(TimeOfUsePeriod.values)


@transaction.atomic
def store_tariffs(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Tariffs by code and first day. A version without an end lasts until the next begins."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(
        batch.reject_repeats(_tariff_key, "code", Phrase("电价在同一生效日期"))
    )
    everyone = TimeOfUseScheme.objects.all()
    schemes = resolve(batch, "scheme", everyone, "code", Phrase("没有这个编码的分时方案"))
    reject_backward(batch)
    _check_prices(batch)
    for index, month in find_used_changes(batch.live()).items():
        batch.reject(
            index,
            "valid_from",
            Phrase("已按此版本出具 %(month)s 的账单，价格不能改，请另立新版本", month=month),
        )
    codes = sorted(batch.values("code"))
    stored = list(Tariff.objects.filter(code__in=codes).prefetch_related("prices"))
    ends = _ends(batch, stored, lambda row: row["code"], lambda row: row.code)
    existing = {(t.code, t.valid_from): t for t in stored}
    drafts = [
        Draft(
            _tariff_values(row, schemes) | {"valid_until": ends[_tariff_key(row)]},
            existing.get(_tariff_key(row)),
            index,
        )
        for index, row in batch.live()
    ]
    shortened = _shorten(stored, existing, drafts, ends)
    counts = Outcome()
    changes = shortened + save_drafts(Tariff, drafts, counts)
    repriced = _store_prices(batch, drafts, changes)
    _count(drafts, changes, repriced, outcome)
    record_changes(_with_prices(changes, repriced), Told("pricing.tariff"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _tariff_key(row: Row) -> tuple[Any, Any]:
    return row["code"], row["valid_from"]


def _tariff_values(row: Row, schemes: dict[Any, Any]) -> dict[str, Any]:
    names = ("code", "name", "region", "category", "voltage_class", "valid_from", "certainty")
    values = pick(
        row,
        **{name: name for name in names},
        capacity_price="capacity_price",
        demand_price="demand_price",
    )
    values["source"] = row.get("source") or ""
    values["scheme"] = schemes[row["scheme"]] if row.get("scheme") else None
    return values


def _check_prices(batch: Batch) -> None:
    for index, row in list(batch.live()):
        priced = [period for period in PERIODS if row.get(period) is not None]
        basic = row.get("capacity_price") is not None or row.get("demand_price") is not None
        if not priced:
            batch.reject(index, "flat", Phrase("至少应有一个时段的电价"))
        elif row.get("scheme") and "flat" not in priced:
            batch.reject(index, "flat", Phrase("分时电价应有平段电价"))
        elif not row.get("scheme") and priced != ["flat"]:
            batch.reject(
                index, "scheme", Phrase("有几个时段电价时应写明分时方案；不分时的只填平段电价")
            )
        elif row["category"] == TariffCategory.INDUSTRY_TWO_PART and not basic:
            batch.reject(index, "capacity_price", Phrase("两部制电价应有容量电价或需量电价"))


def _ends(
    batch: Batch,
    stored: Sequence[Any],
    key_of_row: Callable[[Row], Any],
    key_of: Callable[[Any], Any],
) -> dict[Any, dt.date | None]:
    """The last day of each version, by (key, first day): stated, or the next version's first."""
    stated = {(key_of(v), v.valid_from): v.valid_until for v in stored}
    stated |= {(key_of_row(r), r["valid_from"]): r.get("valid_until") for _, r in batch.live()}
    by_key: dict[Any, list[dt.date]] = {}
    for key, begins in sorted(stated, key=lambda pair: pair[1]):
        by_key.setdefault(key, []).append(begins)
    ends: dict[Any, dt.date | None] = {}
    for key, begins in by_key.items():
        for start, following in zip(begins, [*begins[1:], None], strict=True):
            end = stated[key, start]
            later = end is None or (following is not None and end > following)
            ends[key, start] = following if later else end
    return ends


def _shorten(
    stored: Sequence[Any],
    existing: dict[Any, Any],
    drafts: Sequence[Draft],
    ends: dict[Any, dt.date | None],
) -> list[Change]:
    """Stored versions that now end where a new one begins."""
    drafted = {id(draft.existing) for draft in drafts}
    keys = {id(version): key for key, version in existing.items()}
    others = [v for v in stored if id(v) not in drafted and id(v) in keys]
    if not others:
        return []
    ending = [Draft({"valid_until": ends[keys[id(v)]]}, v) for v in others]
    return save_drafts(type(others[0]), ending, Outcome())


def _store_prices(
    batch: Batch, drafts: Sequence[Draft], changes: Sequence[Change]
) -> dict[int, dict[str, list[Any]]]:
    """Bring each tariff's prices to what its row says; what changed, by the draft's place."""
    made = {(c.instance.code, c.instance.valid_from): c.instance for c in changes}
    fresh: list[TariffPrice] = []
    gone: list[int] = []
    altered: list[TariffPrice] = []
    repriced: dict[int, dict[str, list[Any]]] = {}
    for draft in drafts:
        row = batch.rows[draft.index]
        tariff = draft.existing or made[_tariff_key(row)]
        standing = {p.period: p for p in draft.existing.prices.all()} if draft.existing else {}
        differences: dict[str, list[Any]] = {}
        for period in (p for p in PERIODS if p in row):
            price, old = row[period], standing.get(period)
            if old is None and price is not None:
                fresh.append(TariffPrice(tariff=tariff, period=period, price=price))
                differences[period] = [None, str(price)]
            elif old is not None and price is None:
                gone.append(old.pk)
                differences[period] = [str(old.price), None]
            elif old is not None and old.price != price:
                differences[period] = [str(old.price), str(price)]
                old.price = price
                altered.append(old)
        if differences and draft.existing:
            repriced[draft.index] = differences
    TariffPrice.objects.filter(pk__in=gone).delete()
    TariffPrice.objects.bulk_update(altered, ["price"], batch_size=500)
    TariffPrice.objects.bulk_create(fresh, batch_size=1000)
    return repriced


def _count(
    drafts: Sequence[Draft],
    changes: Sequence[Change],
    repriced: dict[int, dict[str, list[Any]]],
    outcome: Outcome,
) -> None:
    changed = {id(c.instance) for c in changes if not c.is_new}
    for draft in drafts:
        if draft.existing is None:
            outcome.created += 1
        elif id(draft.existing) in changed or draft.index in repriced:
            outcome.updated += 1
            if id(draft.existing) not in changed:
                repriced[draft.index]["_row"] = [draft.existing]
        else:
            outcome.unchanged += 1


def _with_prices(changes: list[Change], repriced: dict[int, dict[str, list[Any]]]) -> list[Change]:
    """The tariffs' own changes, and those of which only prices changed."""
    told = list(changes)
    for differences in repriced.values():
        rows = differences.pop("_row", None)
        if rows:
            told.append(Change(rows[0], is_new=False, before_after=differences))
    return told


@transaction.atomic
def store_surcharges(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Surcharges by region, code and first day."""
    batch, outcome = Batch(rows), Outcome()
    key = ("region", "code", "valid_from")
    repeats = batch.reject_repeats(
        lambda r: tuple(r[n] for n in key), "code", Phrase("项目在同一生效日期")
    )
    outcome.unchanged += len(repeats)
    reject_backward(batch)
    stored = _surcharges(batch)
    ends = _ends(batch, stored, lambda r: (r["region"], r["code"]), lambda s: (s.region, s.code))
    existing = {((s.region, s.code), s.valid_from): s for s in stored}
    names = ("code", "name", "region", "price", "in_power_factor_base", "valid_from", "certainty")
    drafts = []
    for index, row in batch.live():
        place = ((row["region"], row["code"]), row["valid_from"])
        values = pick(row, **{name: name for name in names})
        values |= {"source": row.get("source") or "", "valid_until": ends[place]}
        drafts.append(Draft(values, existing.get(place), index))
    changes = _shorten(stored, existing, drafts, ends) + save_drafts(Surcharge, drafts, outcome)
    record_changes(changes, Told("pricing.surcharge"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _surcharges(batch: Batch) -> list[Any]:
    named: models.QuerySet[Surcharge, Surcharge] = Surcharge.objects.filter(
        code__in=sorted(batch.values("code")), region__in=sorted(batch.values("region"))
    )
    return list(named)
