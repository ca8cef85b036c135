"""How many days ahead what falls due is listed for a person: dated figures of the standard (U4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from busbar.key_accounts.queries.standards import amount_of, get_standards
from busbar.kit.periods import Period


@dataclass(frozen=True)
class NoticeDays:
    """Days of notice by what falls due; `past`: for so long it stays listed once it has passed.

    `urgent`: so many days before its end a term comes before everything else.
    """

    due: int
    dunning: int
    outage: int
    agreement: int
    scheme: int
    change: int
    certificate: int
    urgent: int
    past: int
    imports: int

    def around(self, today: dt.date, ahead: int) -> Period:
        """In which days the end of a term is news: from those just past to so many ahead."""
        return Period(today - dt.timedelta(days=self.past), today + dt.timedelta(days=ahead + 1))


_CODES = {
    "due": "notice-due",
    "dunning": "notice-dunning",
    "outage": "notice-outage",
    "agreement": "notice-agreement",
    "scheme": "notice-scheme",
    "change": "notice-change",
    "certificate": "qualification-warning",
    "urgent": "notice-urgent",
    "past": "notice-past",
    "imports": "notice-import",
}


def get_notice_days(*, on: dt.date, unit_path: str) -> NoticeDays:
    """The figures in force for a unit on a day; one query."""
    standards = get_standards(on=on, unit_path=unit_path)
    return NoticeDays(**{name: int(amount_of(standards, code)) for name, code in _CODES.items()})
