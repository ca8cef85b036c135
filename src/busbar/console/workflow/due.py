"""How far a due moment is, in the words of a chip: days left, today, late, standing still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock, ClockState
from busbar.clocks.rulebook import EXACT_UNITS
from busbar.kit.periods import local_date
from busbar.workflow.models import UserTask

SOON = 2
"""Working days left from which on a promise presses."""
_REACH = dt.timedelta(days=800)
"""No calendar is read further than this; a moment beyond is told by its date alone."""
_ONE_DAY = dt.timedelta(days=1)
_HOUR = 3600


@dataclass(frozen=True)
class Due:
    """What the chip says, its tone (bad, warn, teal, good or none), and the moment itself."""

    words: str
    tone: str = ""
    at: dt.datetime | None = None
    is_provisional: bool = False


class DueWords:
    """Says of many due moments how far they are; the calendar is read once."""

    def __init__(self, moments: Iterable[dt.datetime | None], *, at: dt.datetime) -> None:
        """Load the working days between the moments and `at`."""
        self.at, self.today = at, local_date(at)
        low, high = self.today - _REACH, self.today + _REACH
        days = [local_date(moment) for moment in moments if moment is not None]
        near = [self.today, *(day for day in days if low <= day <= high)]
        self.calendar = clocks_queries.get_calendar(min(near), max(near) + _ONE_DAY)

    def of_task(self, task: UserTask) -> Due:
        """The chip of a task, open or done."""
        if task.is_open:
            return self.of(task.due_at, task.clock)
        if task.due_at is None:
            return Due(_("已办"))
        if task.is_late(self.at):
            return Due(_("超期办理"), "bad", task.due_at)
        return Due(_("按期办理"), "good", task.due_at)

    def of_clock(self, clock: Clock) -> Due:
        """The chip of a clock, running or ended."""
        if clock.state == ClockState.CANCELLED:
            return Due(_("已取消"), "", clock.due_at)
        if clock.stopped_at is None:
            return self.of(clock.due_at, clock)
        if clock.is_late(self.at):
            return Due(_("超期办结"), "bad", clock.due_at)
        return Due(_("按期办结"), "good", clock.due_at)

    def of(self, due_at: dt.datetime | None, clock: Clock | None = None) -> Due:
        """The chip of something still to be done."""
        if due_at is None:
            return Due(_("无时限"))
        if clock is not None and clock.state == ClockState.PAUSED:
            return Due(_("暂停计时"), "teal", due_at)
        if clock is not None and clock.limit.amount_unit in EXACT_UNITS:
            words, tone = self._hours(due_at)
        else:
            words, tone = self._days(due_at)
        return Due(words, tone, due_at, clock is not None and clock.is_provisional)

    def _days(self, due_at: dt.datetime) -> tuple[str, str]:
        day = local_date(due_at)
        if due_at < self.at:
            return self._late(day), "bad"
        if day == self.today:
            return _("今日到期"), "warn"
        left = self._working_days(self.today, day)
        if left is None:
            return _("%(day)s 到期") % {"day": day}, ""
        return _("剩 %(days)s 个工作日") % {"days": left}, "warn" if left <= SOON else ""

    def _late(self, day: dt.date) -> str:
        late = self._working_days(day, self.today)
        return _("超期 %(days)s 个工作日") % {"days": late} if late else _("已超期")

    def _hours(self, due_at: dt.datetime) -> tuple[str, str]:
        seconds = (due_at - self.at).total_seconds()
        amount = f"{abs(seconds) / _HOUR:.1f}"
        if seconds < 0:
            return _("超期 %(hours)s 小时") % {"hours": amount}, "bad"
        return _("剩 %(hours)s 小时") % {"hours": amount}, "warn" if seconds < _HOUR else ""

    def _working_days(self, start: dt.date, end: dt.date) -> int | None:
        loaded = self.calendar.loaded
        if start not in loaded or end not in loaded:
            return None
        return self.calendar.count_working_days(start, end).count
