"""Which months' bills stand on a version of a tariff. Reading only."""

from __future__ import annotations

import datetime as dt

from busbar.billing.models import Bill
from busbar.kit.periods import Month


def list_billed_months(code: str, start: dt.date, end: dt.date | None) -> list[str]:
    """Months with bills at the tariff that have days in [start, end), corrected ones too."""
    bills = Bill.objects.filter(tariff_code=code, month__gte=str(Month.of(start)))
    if end is not None:
        bills = bills.filter(month__lte=str(Month.of(end - dt.timedelta(days=1))))
    return list(bills.order_by("month").values_list("month", flat=True).distinct())
