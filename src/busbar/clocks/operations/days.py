"""One day set by hand, and what is checked of any day somebody enters."""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.db import transaction

from busbar.access.visibility import Viewer
from busbar.clocks.models import CalendarDay, DayKind
from busbar.clocks.operations.writing import require_calendar_keeper, write_days
from busbar.clocks.working_days import Day, Kind, plain_day, weekday_name
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal

EDITED_SOURCE = "管理员维护"
_LONGEST_NAME = 50


class DayRefused(Refusal):
    """What was entered cannot be true of this day; `column` names the field at fault."""

    def __init__(self, column: str, sentence: str) -> None:
        """The field and the sentence about it."""
        super().__init__(sentence)
        self.column = column


class UnableToEditDay(Refusal):
    """The day cannot be set so."""


@transaction.atomic
def edit_day(
    *, date: dt.date, kind: DayKind | str, name: str, by: Viewer, at: dt.datetime, reason: str
) -> CalendarDay:
    """Set one day by hand; it is no longer provisional and later loads leave it alone."""
    require_calendar_keeper(by)
    if not reason.strip():
        raise UnableToEditDay("修改工作日历须写明原因")
    day = check_day(date, kind, name)
    journal_operations.take_turn()
    before = CalendarDay.objects.select_for_update().filter(pk=date).first()
    existing = {date: before} if before else {}
    source = f"{EDITED_SOURCE}: {reason.strip()}"[:120]
    written = write_days({date: day}, source=source, existing=existing)
    if not written.created and not written.updated:
        raise UnableToEditDay("%(date)s 的设置没有变化", date=date)
    _record(date, before, day, reason, by, at)
    return CalendarDay.objects.get(pk=date)


def check_day(date: dt.date, kind: DayKind | str, name: str) -> Day:
    """The day as entered, or DayRefused with what was expected."""
    name = name.strip()
    if kind not in DayKind.values:
        labels = "、".join(str(label) for label in DayKind.labels)
        raise DayRefused("kind", f"性质须为{labels}之一")
    if len(name) > _LONGEST_NAME:
        raise DayRefused("name", f"名称最长 {_LONGEST_NAME} 个字")
    if kind in {DayKind.HOLIDAY, DayKind.MAKE_UP} and not name:
        raise DayRefused("name", f"{DayKind(kind).label}须写明节日名称")
    _check_weekday(date, DayKind(kind))
    return Day(cast(Kind, DayKind(kind).value), name)


def _check_weekday(date: dt.date, kind: DayKind) -> None:
    on_weekend = plain_day(date).kind == "weekend"
    weekday = weekday_name(date)
    if kind == DayKind.WORKDAY and on_weekend:
        raise DayRefused("kind", f"{date} 是{weekday}，上班应填“{DayKind.MAKE_UP.label}”")
    if kind == DayKind.MAKE_UP and not on_weekend:
        raise DayRefused("kind", f"{date} 是{weekday}，本为工作日，应填“{DayKind.WORKDAY.label}”")
    if kind == DayKind.WEEKEND and not on_weekend:
        raise DayRefused("kind", f"{date} 是{weekday}，放假应填“{DayKind.HOLIDAY.label}”")


def _record(
    date: dt.date,
    before: CalendarDay | None,
    day: Day,
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> None:
    happening = Happening(
        event="clocks.day.edited",
        subject_type="clocks.day",
        subject_id=int(f"{date:%Y%m%d}"),
        subject_label=str(date),
        changes={
            "kind": [before.kind if before else None, day.kind],
            "name": [before.name if before else None, day.name],
        },
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
