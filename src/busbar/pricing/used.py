"""Versions that bills stand on keep their prices: asked of the room above, which knows bills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from busbar.pricing.models import Tariff, TimeOfUsePeriod

BilledMonths = Callable[[str, dt.date, dt.date | None], Sequence[str]]
"""From a tariff's code and a version's first day and end to the months billed in between."""

_asked: list[BilledMonths] = []


def register_use(billed_months: BilledMonths) -> None:
    """Called once by the room that knows bills."""
    _asked[:] = [billed_months]


def find_used_changes(rows: Iterable[tuple[int, Any]]) -> dict[int, str]:
    """Rows that would change prices which bills used: their places, and the newest such month.

    Two queries, and one for each version whose prices would change.
    """
    by_key = {(row["code"], row["valid_from"]): (index, row) for index, row in rows}
    stored = Tariff.objects.filter(code__in=sorted({code for code, _ in by_key}))
    found: dict[int, str] = {}
    for tariff in stored.select_related("scheme").prefetch_related("prices"):
        index, row = by_key.get((tariff.code, tariff.valid_from), (-1, None))
        if row is not None and _changes(tariff, row):
            months = list_months_used(tariff)
            if months:
                found[index] = months[-1]
    return found


def list_months_used(tariff: Tariff) -> list[str]:
    """The months whose bills stand on the version, oldest first."""
    if not _asked:
        return []
    return sorted(_asked[0](tariff.code, tariff.valid_from, tariff.valid_until))


def _changes(tariff: Tariff, row: Any) -> bool:
    standing: dict[str, Decimal] = {p.period: p.price for p in tariff.prices.all()}
    prices = [(standing.get(p), row[p]) for p in TimeOfUsePeriod.values if p in row]
    basic = [
        (getattr(tariff, name), row[name])
        for name in ("capacity_price", "demand_price")
        if name in row
    ]
    scheme = (tariff.scheme.code if tariff.scheme else "", row.get("scheme") or "")
    return any(before != after for before, after in (*prices, *basic, scheme))
