"""How the region's curves are validated before they are billed, as an office does it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.newest_prices import map_newest_prices
from busbar.kit.periods import local_date
from busbar.metering import operations as metering_operations
from busbar.metering.models import LakeCommit


def validate_curves(*, at: dt.datetime) -> str:
    """Validate every delivery as the worker would: what it estimates is there when bills are made.

    Again changes nothing.
    """

    def prices(account_ids: Iterable[int]) -> dict[int, Decimal]:
        return map_newest_prices(account_ids, on=local_date(at))

    found = estimated = 0
    for commit in list(LakeCommit.objects.order_by("pk")):
        checks = metering_operations.validate_commit(
            lake_commit=commit, prices=prices, by=SYSTEM_VIEWER, at=at
        )
        found += sum(check.findings for check in checks)
        estimated += sum(check.intervals_estimated for check in checks)
    return f"发现 {found} 项，补值 {estimated} 点"
