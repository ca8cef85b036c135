"""What a kWh is worth to an account: the money at stake when its readings are in doubt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Avg, Max

from busbar.billing.models import Bill
from busbar.kit.periods import Period, local_date
from busbar.metering.operations.vee import PricesOf
from busbar.pricing.models import TariffPrice
from busbar.supply import queries as supply_queries


def map_newest_prices(account_ids: Iterable[int] | None, *, on: dt.date) -> dict[int, Decimal]:
    """Yuan a kWh by account: the newest bill's average price, else the mean of the tariff's.

    `account_ids` None: of all accounts. An account with neither is left out. Constant queries.
    """
    ids = None if account_ids is None else set(account_ids)
    found = _billed(ids)
    lacking = None if ids is None else ids - found.keys()
    return {**_by_tariff(lacking, on), **found}


def prices_at(at: dt.datetime) -> PricesOf:
    """The newest prices of a moment, for validation, which may not know bills."""

    def prices(account_ids: Iterable[int]) -> dict[int, Decimal]:
        return map_newest_prices(account_ids, on=local_date(at))

    return prices


def _billed(ids: set[int] | None) -> dict[int, Decimal]:
    bills = Bill.objects.current().filter(average_price__isnull=False)
    if ids is not None:
        bills = bills.filter(account__in=ids)
    newest = dict(bills.values_list("account_id").annotate(newest=Max("month")).order_by())
    rows = bills.filter(month__in=set(newest.values())).values_list(
        "account_id", "month", "average_price"
    )
    return {account: price for account, month, price in rows if newest[account] == month}


def _by_tariff(ids: set[int] | None, on: dt.date) -> dict[int, Decimal]:
    """The plain mean of the prices of the tariff in the agreement of the day."""
    if ids is not None and not ids:
        return {}
    day = Period(on, on + dt.timedelta(days=1))
    agreements = supply_queries.map_agreements(day, account_ids=ids)
    codes = {rows[-1].tariff_code for rows in agreements.values()}
    means = dict(
        TariffPrice.objects.filter(tariff__code__in=codes, tariff__valid_from__lte=on)
        .exclude(tariff__valid_until__lte=on)
        .values_list("tariff__code")
        .annotate(mean=Avg("price"))
        .order_by()
    )
    return {
        account: Decimal(means[rows[-1].tariff_code])
        for account, rows in agreements.items()
        if rows[-1].tariff_code in means
    }
