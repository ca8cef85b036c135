"""Counting working days, checked against published arrangements and an independent count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import chinese_calendar
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from busbar.clocks import announced
from busbar.clocks.working_days import Day, DayNotLoadedError, WorkingCalendar
from busbar.kit.periods import Period

FIRST, LAST = dt.date(2004, 1, 1), dt.date(2026, 12, 31)
ONE_DAY = dt.timedelta(days=1)


def calendar(day_of: Callable[[dt.date], Day] = announced.announced_day) -> WorkingCalendar:
    """Every announced year, without a database."""
    days = {
        date: day_of(date)
        for year in range(FIRST.year, LAST.year + 1)
        for date in announced.days_of_year(year)
    }
    period = Period(dt.date(2003, 1, 1), dt.date(2029, 1, 1))
    return WorkingCalendar(period, days, announced.provisional_day)


ANNOUNCED = calendar()


def working_days_after(start: dt.date, end: dt.date) -> list[dt.date]:
    """The oracle: days after start up to and with end that the library itself calls working."""
    days = (start + ONE_DAY * n for n in range(1, (end - start).days + 1))
    return [day for day in days if chinese_calendar.is_workday(day)]


class TestAnnouncedDays:
    """Every day of 23 years is what the library says."""

    def test_every_day_agrees(self) -> None:
        days = [FIRST + ONE_DAY * n for n in range((LAST - FIRST).days + 1)]
        wrong = [
            d for d in days if ANNOUNCED.is_working_day(d) is not chinese_calendar.is_workday(d)
        ]
        assert len(days) == 8401
        assert wrong == []

    @pytest.mark.parametrize(
        ("date", "kind", "name"),
        [
            # 国务院办公厅关于2025年部分节假日安排的通知
            ("2025-01-26", "make_up", "春节"),
            ("2025-01-28", "holiday", "春节"),
            ("2025-02-04", "holiday", "春节"),
            ("2025-02-05", "workday", ""),
            ("2025-02-08", "make_up", "春节"),
            ("2025-04-27", "make_up", "劳动节"),
            ("2025-05-05", "holiday", "劳动节"),
            ("2025-09-28", "make_up", "国庆节"),
            ("2025-10-08", "holiday", "国庆节"),
            ("2025-10-11", "make_up", "国庆节"),
            ("2025-10-12", "weekend", ""),
            # 国务院办公厅关于延长2020年春节假期的通知: to 2 February
            ("2020-01-31", "holiday", "春节"),
            ("2020-02-02", "holiday", "春节"),
            ("2020-02-03", "workday", ""),
            # 抗战胜利70周年纪念日调休放假
            ("2015-09-04", "holiday", "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日"),
            ("2015-09-06", "make_up", "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日"),
        ],
    )
    def test_published_days(self, date: str, kind: str, name: str) -> None:
        day = ANNOUNCED.day(dt.date.fromisoformat(date))
        assert (day.kind, day.name, day.is_provisional) == (kind, name, False)


class TestAddWorkingDays:
    """The day on which a number of working days is full."""

    def test_the_national_day_of_2025(self) -> None:
        count = ANNOUNCED.add_working_days(dt.date(2025, 9, 26), 6)
        assert count.end == dt.date(2025, 10, 11)
        assert [f"{day.date:%m-%d} {day.reason}" for day in count.days] == [
            "09-26 周五，起算当日不计入",
            "09-27 周六，休息日，不计入",
            "09-28 周日，国庆节调休上班，第 1 个工作日",
            "09-29 周一，第 2 个工作日",
            "09-30 周二，第 3 个工作日",
            "10-01 周三，国庆节放假，不计入",
            "10-02 周四，国庆节放假，不计入",
            "10-03 周五，国庆节放假，不计入",
            "10-04 周六，国庆节放假，不计入",
            "10-05 周日，国庆节放假，不计入",
            "10-06 周一，中秋放假，不计入",
            "10-07 周二，国庆节放假，不计入",
            "10-08 周三，国庆节放假，不计入",
            "10-09 周四，第 4 个工作日",
            "10-10 周五，第 5 个工作日",
            "10-11 周六，国庆节调休上班，第 6 个工作日",
        ]

    def test_a_start_on_a_holiday_counts_from_the_next_working_day(self) -> None:
        assert ANNOUNCED.add_working_days(dt.date(2025, 10, 4), 1).end == dt.date(2025, 10, 9)

    def test_a_working_day_of_acceptance_is_not_counted(self) -> None:
        assert ANNOUNCED.add_working_days(dt.date(2025, 6, 4), 1).end == dt.date(2025, 6, 5)

    def test_none_to_add_is_the_day_itself(self) -> None:
        count = ANNOUNCED.add_working_days(dt.date(2025, 10, 4), 0)
        assert (count.end, len(count.days), count.provisional) == (count.start, 1, False)

    def test_less_than_none_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="negative"):
            ANNOUNCED.add_working_days(dt.date(2025, 10, 4), -1)

    def test_a_day_not_loaded_is_an_error_and_never_a_guess(self) -> None:
        with pytest.raises(DayNotLoadedError):
            ANNOUNCED.add_working_days(dt.date(2028, 12, 20), 10)

    @given(start=st.dates(FIRST, dt.date(2026, 5, 1)), count=st.integers(0, 120))
    @example(start=dt.date(2020, 1, 17), count=15)
    @example(start=dt.date(2025, 9, 26), count=6)
    @example(start=dt.date(2026, 2, 13), count=10)
    def test_it_agrees_with_an_independent_count(self, start: dt.date, count: int) -> None:
        result = ANNOUNCED.add_working_days(start, count)
        counted = working_days_after(start, result.end)
        assert [day.date for day in result.days if day.counted] == counted
        assert len(counted) == count
        assert count == 0 or counted[-1] == result.end

    @given(start=st.dates(FIRST, dt.date(2026, 5, 1)), count=st.integers(0, 60))
    def test_every_day_is_explained_once(self, start: dt.date, count: int) -> None:
        result = ANNOUNCED.add_working_days(start, count)
        span = (result.end - start).days
        assert [day.date for day in result.days] == [start + ONE_DAY * n for n in range(span + 1)]
        assert len(result.skipped) + count == span + 1
        assert not result.provisional


class TestCountWorkingDays:
    """How many working days lie between two dates."""

    def test_the_spring_festival_of_2026(self) -> None:
        # 2026: off 15 to 23 February; 14 and 28 February are worked.
        count = ANNOUNCED.count_working_days(dt.date(2026, 2, 13), dt.date(2026, 2, 28))
        assert [day.date.day for day in count.days if day.counted] == [14, 24, 25, 26, 27, 28]

    def test_a_day_to_itself_is_none(self) -> None:
        assert ANNOUNCED.count_working_days(FIRST, FIRST).count == 0

    def test_backwards_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="ends before"):
            ANNOUNCED.count_working_days(dt.date(2025, 1, 2), dt.date(2025, 1, 1))

    @given(start=st.dates(FIRST, dt.date(2025, 12, 31)), span=st.integers(0, 365))
    def test_it_agrees_with_an_independent_count(self, start: dt.date, span: int) -> None:
        end = start + ONE_DAY * span
        result = ANNOUNCED.count_working_days(start, end)
        assert result.count == len(working_days_after(start, end))

    @given(start=st.dates(FIRST, dt.date(2026, 5, 1)), count=st.integers(0, 60))
    def test_it_undoes_adding(self, start: dt.date, count: int) -> None:
        end = ANNOUNCED.add_working_days(start, count).end
        assert ANNOUNCED.count_working_days(start, end).count == count


class TestYearsNotAnnounced:
    """What rests on a year that nobody has announced says so."""

    def test_holidays_by_law_are_off_and_nothing_is_made_up(self) -> None:
        kinds = {announced.provisional_day(d).kind for d in announced.days_of_year(2027)}
        assert kinds == {"workday", "weekend", "holiday"}
        assert announced.provisional_day(dt.date(2027, 2, 6)).name == "春节"

    def test_crossing_into_it_is_provisional(self) -> None:
        count = ANNOUNCED.add_working_days(dt.date(2026, 12, 30), 2)
        assert (count.end, count.provisional) == (dt.date(2027, 1, 4), True)
        assert count.days[2].reason == "周五，元旦放假，不计入（该年安排尚未公布，暂定）"

    def test_ending_before_it_is_not(self) -> None:
        assert not ANNOUNCED.add_working_days(dt.date(2026, 12, 30), 1).provisional

    def test_starting_on_its_last_day_alone_is_not(self) -> None:
        # The day of acceptance is not counted, so its kind decides nothing.
        assert not ANNOUNCED.count_working_days(
            dt.date(2003, 12, 31), dt.date(2004, 1, 2)
        ).provisional
