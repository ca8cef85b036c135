"""账龄: by how many days a receivable is overdue, in the usual stretches. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Bucket:
    """Days overdue from `least` up to and with `most`; None has no end. Nought is not due yet."""

    key: str
    least: int
    most: int | None

    def span(self, on: dt.date) -> tuple[dt.date | None, dt.date]:
        """Due days `[from, until]` that lie in the bucket on a day; without a start None.

        >>> BUCKETS[1].span(dt.date(2026, 3, 31))
        (datetime.date(2026, 3, 1), datetime.date(2026, 3, 30))
        """
        until = on - dt.timedelta(days=self.least)
        return (None if self.most is None else on - dt.timedelta(days=self.most)), until


BUCKETS = (
    Bucket("not_due", -100_000, 0),
    Bucket("to_30", 1, 30),
    Bucket("to_60", 31, 60),
    Bucket("to_90", 61, 90),
    Bucket("to_365", 91, 365),
    Bucket("over_365", 366, None),
)


def days_overdue(due_on: dt.date, on: dt.date) -> int:
    """Whole days after the due day; nought on it and before.

    >>> days_overdue(dt.date(2026, 3, 1), dt.date(2026, 3, 4))
    3
    """
    return max((on - due_on).days, 0)
