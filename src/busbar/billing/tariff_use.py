"""Which months' bills stand on a version of a tariff. Reading only."""

from __future__ import annotations

import datetime as dt

from busbar.billing.models import Bill
from busbar.kit.periods import Month
from busbar.supply.models import Agreement


def list_billed_months(code: str, start: dt.date, end: dt.date | None) -> list[str]:
    """Months with bills at the tariff that have days in [start, end), corrected ones too.

    A bill names the tariff of its last days; on its first days an agreement that ended within
    the month may have stood on another.
    """
    bills = Bill.objects.filter(month__gte=str(Month.of(start)))
    if end is not None:
        bills = bills.filter(month__lte=str(Month.of(end - dt.timedelta(days=1))))
    named = bills.filter(tariff_code=code).values_list("month", flat=True).distinct()
    ended = {
        (account, str(Month.of(until)))
        for account, until in Agreement.objects.filter(
            tariff_code=code, valid_until__gt=start
        ).values_list("account_id", "valid_until")
        if until.day > 1
    }
    of_these = bills.filter(account__in={account for account, _ in ended})
    split = set(of_these.values_list("account_id", "month")) & ended
    return sorted({*named, *(month for _, month in split)})
