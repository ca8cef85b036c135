"""The one service standard as it holds for a unit on a day (R73, R7)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Q

from busbar.access.paths import ancestors
from busbar.key_accounts import shipped
from busbar.key_accounts.models import ServiceStandard, StandardSense
from busbar.key_accounts.models.dated import valid_on


class NoSuchStandardError(Exception):
    """A standard that the product needs was taken out of the tables."""


def get_standards(*, on: dt.date, unit_path: str) -> dict[str, ServiceStandard]:
    """The figures in force by code; one query.

    The top company replaces what ships; below it a unit's figure counts only as far as it is
    stricter, whichever was entered first. What ships answers where nothing was loaded.
    """
    path = [*ancestors(unit_path), unit_path] if unit_path else []
    rows = ServiceStandard.objects.filter(valid_on(on), Q(unit=None) | Q(unit__path__in=path))
    found = {row["code"]: ServiceStandard(**row) for row in shipped.standards()}
    for row in sorted(rows.select_related("unit"), key=lambda r: r.unit.path if r.unit else ""):
        above = found.get(row.code)
        if above is None or row.unit is None or is_stricter(row, above):
            found[row.code] = row
    return found


def is_stricter(row: ServiceStandard, above: ServiceStandard) -> bool:
    """Whether a unit's figure keeps within the one above; what ships binds no top company."""
    if above.unit is None and row.unit is not None and not ancestors(row.unit.path):
        return True
    if row.sense != above.sense or row.sense == StandardSense.FIXED:
        return False
    if row.sense == StandardSense.AT_MOST:
        return bool(row.amount <= above.amount)
    return bool(row.amount >= above.amount)


def amount_of(standards: dict[str, ServiceStandard], code: str) -> Decimal:
    """A figure that must be there; it ships with the product."""
    if code not in standards:
        raise NoSuchStandardError(code)
    return standards[code].amount


def list_versions() -> list[ServiceStandard]:
    """Every version of every figure, by code, the company's first."""
    rows = ServiceStandard.objects.select_related("unit")
    return sorted(rows, key=lambda r: (r.code, r.unit.path if r.unit else "", r.valid_from))
