"""The region's curves validated before they are billed, as the worker does after each delivery."""

from __future__ import annotations

import datetime as dt

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.newest_prices import map_newest_prices, prices_at
from busbar.kit.periods import local_date
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.metering.models import CurveCheck


def restate_stakes(*, at: dt.datetime) -> str:
    """Bring findings to the prices of the bills, as the worker does by night."""
    prices = map_newest_prices(None, on=local_date(at))
    return f"改 {metering_operations.restate_stakes(prices=prices)} 项"


def validate_curves(*, at: dt.datetime) -> str:
    """Validate every delivery so far, so that bills are made from what validation left.

    The worker finds these checks done. Again changes nothing.
    """
    checks: list[CurveCheck] = []
    for commit in list(metering_queries.list_deliveries()):
        checks += metering_operations.validate_commit(
            lake_commit=commit, prices=prices_at(at), by=SYSTEM_VIEWER, at=at
        )
    days = sum(check.days_checked for check in checks)
    found = sum(check.findings for check in checks)
    filled = sum(check.intervals_estimated for check in checks)
    return f"{days} 条日曲线，发现 {found} 项，补值 {filled} 点"
