"""What passing the queue does to those who stand in it: plain arithmetic on days.

Formula. Served are the applications of one unit accepted in the month whose site has been
surveyed; a wait is the number of working days from the day of acceptance (not counted) up to
and with the day of the survey. `with` are the waits as they were. `without` keeps the same days
of survey and gives them out in the order of acceptance: sort acceptances a1 <= a2 <= … and
surveys s1 <= s2 <= …, and let the k-th accepted have the k-th survey. No survey then falls
before its acceptance: k acceptances lie no later than the k-th survey, since each survey that
is done has an acceptance of its own before it. Positions passed over: pairs of a granted and an
ordinary application where the ordinary one was accepted earlier and surveyed later (or not yet).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import mean, median

FORMULA = (
    "等待＝受理日（不计）至现场勘察日的工作日数；“有绿色通道”为实际等待；“无绿色通道”为同一批"
    "勘察日期按受理先后依次分配后的等待；越过位次＝受理在前而勘察在后的普通申请与绿色通道申请的对数"
)
"""The same in a sentence for the page."""


@dataclass(frozen=True)
class Turn:
    """One application in the queue: accepted when, surveyed when (None: still waiting)."""

    accepted_at: dt.datetime
    surveyed_at: dt.datetime | None
    is_green: bool


@dataclass(frozen=True)
class QueueEffect:
    """Waits of the ordinary applications in working days; None where none was served."""

    ordinary: int
    ordinary_waiting: int
    granted: int
    mean_with: Decimal | None
    median_with: Decimal | None
    mean_without: Decimal | None
    median_without: Decimal | None
    passed_over: int
    formula: str = FORMULA


def reckon_effect(
    turns: Sequence[Turn], working_days: Callable[[dt.datetime, dt.datetime], int]
) -> QueueEffect:
    """The effect of the green channel; `working_days(from, to)` counts as a time limit does."""
    served = sorted((t for t in turns if t.surveyed_at), key=lambda t: t.accepted_at)
    surveys = sorted(t.surveyed_at for t in served if t.surveyed_at)
    ordinary = [(t, survey) for t, survey in zip(served, surveys, strict=True) if not t.is_green]
    actual = [working_days(t.accepted_at, t.surveyed_at) for t, _ in ordinary if t.surveyed_at]
    by_order = [working_days(t.accepted_at, survey) for t, survey in ordinary]
    return QueueEffect(
        ordinary=sum(not t.is_green for t in turns),
        ordinary_waiting=sum(not t.is_green and t.surveyed_at is None for t in turns),
        granted=sum(t.is_green for t in turns),
        mean_with=_mean(actual),
        median_with=_median(actual),
        mean_without=_mean(by_order),
        median_without=_median(by_order),
        passed_over=count_passed_over(turns),
    )


def count_passed_over(turns: Sequence[Turn]) -> int:
    """Pairs in which a granted application overtook an ordinary one."""
    green = [t for t in turns if t.is_green and t.surveyed_at]
    ordinary = [t for t in turns if not t.is_green]
    return sum(
        o.accepted_at < g.accepted_at and (o.surveyed_at is None or _after(o, g))
        for g in green
        for o in ordinary
    )


def _after(ordinary: Turn, green: Turn) -> bool:
    return bool(
        ordinary.surveyed_at and green.surveyed_at and ordinary.surveyed_at > green.surveyed_at
    )


def _mean(days: Sequence[int]) -> Decimal | None:
    return Decimal(mean(map(Decimal, days))).quantize(Decimal("0.01")) if days else None


def _median(days: Sequence[int]) -> Decimal | None:
    return Decimal(median(map(Decimal, days))).quantize(Decimal("0.1")) if days else None
