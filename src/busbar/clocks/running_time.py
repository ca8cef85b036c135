"""Limits to the second: hours and minutes less their pauses, working hours in their periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from busbar.clocks.hours import Interval, WeekHours
from busbar.clocks.rulebook import SECONDS, LimitFacts
from busbar.clocks.working_days import WorkingCalendar, weekday_name
from busbar.kit.periods import CHINA

_ONE_DAY = dt.timedelta(days=1)
_NOTHING = dt.timedelta()
PausedStretch = tuple[dt.datetime, dt.datetime, str]


@dataclass(frozen=True)
class RunDay:
    """How long the limit ran on one civil day, and the sentence that says so."""

    date: dt.date
    kind: str
    ran: dt.timedelta
    reason: str
    is_provisional: bool


@dataclass(frozen=True)
class Run:
    """The moment at which the amount is used up, and every day until then."""

    due_at: dt.datetime
    days: tuple[RunDay, ...]


def run_time(
    limit: LimitFacts,
    *,
    start: dt.datetime,
    pauses: Sequence[PausedStretch],
    calendar: WorkingCalendar,
    hours: WeekHours,
) -> Run:
    """Let the limit run from `start` (in China's zone) until its amount is used up."""
    remaining = dt.timedelta(seconds=int(limit.amount * SECONDS[limit.amount_unit]))
    forward = limit.direction == "after"
    date, days = start.date(), list[RunDay]()
    while True:
        open_stretches = _open(limit, date, calendar, hours)
        bounded = _beyond(open_stretches, start, forward=forward)
        running = subtract(bounded, [(a, b) for a, b, _ in pauses])
        ran, end = _use(running, remaining, forward=forward)
        days.append(_day(limit, date, ran, _length(bounded) - _length(running), pauses, calendar))
        remaining -= ran
        if end is not None:
            return Run(end, tuple(days))
        date += _ONE_DAY if forward else -_ONE_DAY


def subtract(stretches: Sequence[Interval], paused: Sequence[Interval]) -> list[Interval]:
    """What of the stretches lies outside every pause; overlapping pauses count once.

    >>> at = lambda hour: dt.datetime(2025, 1, 1, hour, tzinfo=CHINA)
    >>> left = subtract([(at(8), at(12))], [(at(9), at(10)), (at(9), at(11))])
    >>> [(a.hour, b.hour) for a, b in left]
    [(8, 9), (11, 12)]
    """
    left = list(stretches)
    for pause_start, pause_end in paused:
        cut: list[Interval] = []
        for start, end in left:
            if pause_end <= start or end <= pause_start or pause_start == pause_end:
                cut.append((start, end))
                continue
            if start < pause_start:
                cut.append((start, pause_start))
            if pause_end < end:
                cut.append((pause_end, end))
        left = cut
    return left


def _open(
    limit: LimitFacts, date: dt.date, calendar: WorkingCalendar, hours: WeekHours
) -> list[Interval]:
    if limit.amount_unit == "working_hour":
        return hours.intervals(date, calendar.day(date))
    first = dt.datetime.combine(date, dt.time(), tzinfo=CHINA)
    return [(first, first + _ONE_DAY)]


def _beyond(stretches: list[Interval], start: dt.datetime, *, forward: bool) -> list[Interval]:
    if forward:
        return [(max(a, start), b) for a, b in stretches if b > start]
    return [(a, min(b, start)) for a, b in stretches if a < start]


def _use(
    running: list[Interval], remaining: dt.timedelta, *, forward: bool
) -> tuple[dt.timedelta, dt.datetime | None]:
    """How much of `remaining` the stretches take, and the moment at which it is used up."""
    ran = _NOTHING
    for start, end in running if forward else reversed(running):
        if remaining - ran <= end - start:
            left = remaining - ran
            return remaining, start + left if forward else end - left
        ran += end - start
    return ran, None


def _length(stretches: Sequence[Interval]) -> dt.timedelta:
    return sum((end - start for start, end in stretches), _NOTHING)


def _day(
    limit: LimitFacts,
    date: dt.date,
    ran: dt.timedelta,
    paused: dt.timedelta,
    pauses: Sequence[PausedStretch],
    calendar: WorkingCalendar,
) -> RunDay:
    day = calendar.day(date)
    parts = [weekday_name(date)]
    if day.name:
        parts.append(f"{day.name}{'调休上班' if day.kind == 'make_up' else '放假'}")
    parts.append(f"计 {spell(ran)}" if ran else "不计入")
    if paused:
        parts.append(f"暂停 {spell(paused)}：{_reasons(date, pauses)}")
    if limit.amount_unit == "working_hour" and day.is_provisional:
        parts.append("该年安排尚未公布，暂定")
    kind = "paused" if paused and not ran else str(day.kind)
    return RunDay(date, kind, ran, "，".join(parts), day.is_provisional)


def _reasons(date: dt.date, pauses: Sequence[PausedStretch]) -> str:
    first = dt.datetime.combine(date, dt.time(), tzinfo=CHINA)
    names = [reason for a, b, reason in pauses if a < first + _ONE_DAY and b > first and reason]
    return "、".join(dict.fromkeys(names)) or "未写明原因"


def spell(span: dt.timedelta) -> str:
    """A length of time in words.

    >>> spell(dt.timedelta(hours=13, minutes=30)), spell(dt.timedelta(seconds=5))
    ('13 小时 30 分', '5 秒')
    """
    seconds = int(span.total_seconds())
    amounts = ((seconds // 3600, "小时"), (seconds % 3600 // 60, "分"), (seconds % 60, "秒"))
    return " ".join(f"{amount} {word}" for amount, word in amounts if amount) or "0 秒"
