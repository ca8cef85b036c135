"""Who looks at what, when: shared by all kinds of 今日; and what a list is read on from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property

from busbar.access.visibility import Viewer
from busbar.billing.insights import Scope
from busbar.console.cutting import read_place
from busbar.console.work_kinds import WorkItem
from busbar.key_accounts import queries as key_queries
from busbar.key_accounts.queries.notice import NoticeDays
from busbar.kit.money import round_half_up
from busbar.kit.periods import local_date
from busbar.service_desk.queries import DueScope

Key = tuple[str, int]
"""What a list is read on from: the last item's value and id."""
_MOST_WEIGHT = Decimal(10) ** 12
"""Nothing weighs as much: a key beyond it is nobody's."""


@dataclass(frozen=True)
class Look:
    """Who looks at what, when. `month` is the newest billed, if any."""

    viewer: Viewer
    scope: Scope
    at: dt.datetime
    month: str | None

    @property
    def today(self) -> dt.date:
        """The civil day."""
        return local_date(self.at)

    @cached_property
    def notice(self) -> NoticeDays:
        """How many days ahead what falls due is listed for the viewer's unit; one query."""
        return key_queries.get_notice_days(on=self.today, unit_path=self.viewer.unit_path)

    @property
    def due_scope(self) -> DueScope:
        """Whose matters of the service desk, which customer's, how far ahead."""
        return DueScope(
            mine=self.scope.mine,
            customer_id=self.scope.customer_id,
            ahead_days=self.notice.due,
        )

    @property
    def is_whole(self) -> bool:
        """Neither one customer's matters nor a group's: files and certificates are nobody's."""
        return self.scope.customer_id is None and self.viewer.group_ids is None

    def until(self, days: int) -> dt.datetime:
        """The moment so many days ahead."""
        return self.at + dt.timedelta(days=days)


@dataclass(frozen=True)
class WorkPage:
    """A page of one kind, and where the next begins."""

    items: list[WorkItem]
    next_after: Key | None


def read_day(after: Key | None) -> tuple[dt.date, int] | None:
    """The key by a day; None for anything else."""
    try:
        return (dt.date.fromisoformat(after[0]), after[1]) if after else None
    except ValueError:
        return None


def read_moment(after: Key | None) -> tuple[dt.datetime, int] | None:
    """The key by a moment; None for anything else."""
    place = read_place(f"{after[0]}_{after[1]}") if after else None
    if place is None or not isinstance(place[0], dt.datetime):
        return None
    return place[0], place[1]


def read_weight(after: Key | None) -> tuple[Decimal, int] | None:
    """The key by a number; None for anything else."""
    try:
        weight = Decimal(after[0]) if after else Decimal(-1)
    except InvalidOperation:
        return None
    if not after or not weight.is_finite() or not 0 <= weight < _MOST_WEIGHT:
        return None
    return round_half_up(weight, 6), after[1]
