"""Due dates against an independent oracle, and the cases that people argue about."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.clocks import oracle

from busbar.clocks.announced import shipped_calendar
from busbar.clocks.hours import PeriodsRefused, parse_week
from busbar.clocks.reckoning import Pause, Reckoning, reckon
from busbar.clocks.rulebook import LimitFacts
from busbar.kit.periods import CHINA

CALENDAR = shipped_calendar()
FIRST, LAST = dt.date(2004, 1, 1), dt.date(2026, 12, 31)
OFFICE = [(510, 720), (810, 1050)]


def limit(amount: int, unit: str, **facts: object) -> LimitFacts:
    """A limit of so much."""
    return LimitFacts("test", "试验", Decimal(amount), unit, **facts)  # type: ignore[arg-type]


def at(text: str) -> dt.datetime:
    """A moment in China."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


def work_out(
    amount: int, unit: str, start: dt.datetime, pauses: oracle.Pauses | None = None, **facts: object
) -> Reckoning:
    """The product's answer."""
    stretches = [Pause(a, b, "原因") for a, b in pauses or []]
    return reckon(limit(amount, unit, **facts), start=start, pauses=stretches, calendar=CALENDAR)


def moments(first: dt.date, last: dt.date) -> st.SearchStrategy[dt.datetime]:
    """Moments of China on whole minutes; midnight often, for that is where errors live."""
    times = st.one_of(
        st.just(dt.time()),
        st.just(dt.time(23, 59)),
        st.builds(dt.time, st.integers(0, 23), st.integers(0, 59)),
    )
    days = st.dates(first, last)
    return st.builds(lambda day, time: dt.datetime.combine(day, time, oracle.CST), days, times)


@st.composite
def cases(draw: st.DrawFn, longest_pause_days: int = 40) -> tuple[dt.datetime, oracle.Pauses]:
    """A start and up to three pauses about it, overlapping or not."""
    start = draw(moments(FIRST, dt.date(2026, 3, 1)))
    pauses = []
    for _ in range(draw(st.integers(0, 3))):
        begin = start + dt.timedelta(minutes=draw(st.integers(-2000, 60 * 24 * 40)))
        if draw(st.booleans()):
            begin = begin.replace(hour=0, minute=0)
        length = dt.timedelta(minutes=draw(st.integers(0, 60 * 24 * longest_pause_days)))
        end = begin + length
        if draw(st.booleans()):
            end = max(begin, end.replace(hour=0, minute=0))
        pauses.append((begin, end))
    return start, pauses


@st.composite
def opening_periods(draw: st.DrawFn) -> list[tuple[int, int]]:
    """One to four periods of a day in minutes after midnight, at least three hours in all."""
    marks = draw(st.lists(st.integers(0, 47), min_size=2, max_size=8, unique=True))
    marks = sorted(marks)[: len(marks) // 2 * 2]
    periods = [(a * 30, b * 30) for a, b in zip(marks[::2], marks[1::2], strict=True)]
    assume(sum(b - a for a, b in periods) >= 180)
    return periods


def clock(minute: int) -> str:
    """Minutes after midnight as people write them."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


class TestAgainstTheOracle:
    """Every unit, with pauses, over 2004 to 2026."""

    @settings(max_examples=300, deadline=None)
    @given(cases(), st.integers(1, 60))
    def test_working_days(self, case: tuple[dt.datetime, oracle.Pauses], amount: int) -> None:
        start, pauses = case
        due = oracle.due_in_days(start.date(), amount, pauses, working=True)
        found = work_out(amount, "working_day", start, pauses)
        assert found.due_on == due
        assert found.counted == amount
        assert found.provisional == (due.year > 2026)

    @settings(max_examples=200, deadline=None)
    @given(cases(), st.integers(1, 90))
    def test_calendar_days(self, case: tuple[dt.datetime, oracle.Pauses], amount: int) -> None:
        start, pauses = case
        due = oracle.due_in_days(start.date(), amount, pauses, working=False)
        assert work_out(amount, "calendar_day", start, pauses).due_on == due

    @settings(max_examples=200, deadline=None)
    @given(cases(), st.integers(1, 14))
    def test_months(self, case: tuple[dt.datetime, oracle.Pauses], amount: int) -> None:
        start, pauses = case
        due = oracle.due_in_months(start.date(), amount, pauses)
        assert work_out(amount, "month", start, pauses).due_on == due

    @settings(max_examples=50, deadline=None)
    @given(cases(), st.integers(1, 2))
    def test_years(self, case: tuple[dt.datetime, oracle.Pauses], amount: int) -> None:
        start, pauses = case
        due = oracle.due_in_months(start.date(), amount * 12, pauses)
        assert work_out(amount, "year", start, pauses).due_on == due

    @settings(max_examples=80, deadline=None)
    @given(cases(longest_pause_days=3), st.integers(1, 72))
    def test_hours(self, case: tuple[dt.datetime, oracle.Pauses], amount: int) -> None:
        start, pauses = case
        due = oracle.due_in_minutes(start, amount * 60, pauses)
        # A pause that begins at the very end stretches nothing: both ends name one promise.
        assert work_out(amount, "hour", start, pauses).due_at == due

    @settings(max_examples=60, deadline=None)
    @given(cases(longest_pause_days=3), st.integers(1, 30))
    def test_working_hours(self, case: tuple[dt.datetime, oracle.Pauses], amount: int) -> None:
        start, pauses = case
        due = oracle.due_in_working_minutes(start, amount * 60, pauses, OFFICE)
        assert work_out(amount, "working_hour", start, pauses).due_at == due

    @settings(max_examples=60, deadline=None)
    @given(cases(longest_pause_days=3), st.integers(1, 30), opening_periods())
    def test_working_hours_of_any_periods(
        self,
        case: tuple[dt.datetime, oracle.Pauses],
        amount: int,
        periods: list[tuple[int, int]],
    ) -> None:
        start, pauses = case
        due = oracle.due_in_working_minutes(start, amount * 60, pauses, periods)
        week = parse_week([[[clock(a), clock(b)] for a, b in periods]] * 5 + [[], []])
        stretches = [Pause(a, b, "原因") for a, b in pauses]
        found = reckon(
            limit(amount, "working_hour"),
            start=start,
            pauses=stretches,
            calendar=CALENDAR,
            hours=week,
        )
        assert found.due_at == due

    @settings(max_examples=200, deadline=None)
    @given(
        st.dates(dt.date(2004, 6, 1), LAST),
        st.integers(1, 60),
        st.sampled_from(["working_day", "calendar_day"]),
    )
    def test_counted_back(self, anchor: dt.date, amount: int, unit: str) -> None:
        start = dt.datetime.combine(anchor, dt.time(), CHINA)
        due = oracle.due_in_days(anchor, amount, [], working=unit == "working_day", back=True)
        assert work_out(amount, unit, start, direction="before").due_on == due

    def test_twenty_thousand_cases(self) -> None:
        chance = random.Random(20260101)  # noqa: S311 - cases to try, no secret
        for _ in range(20_000):
            start = dt.datetime.combine(
                FIRST + dt.timedelta(days=chance.randrange(8300)),
                dt.time(chance.randrange(24), chance.randrange(60)),
                oracle.CST,
            )
            pauses = []
            for _ in range(chance.choice([0, 0, 1, 2])):
                begin = start + dt.timedelta(minutes=chance.randrange(-1440, 60 * 24 * 30))
                pauses.append((begin, begin + dt.timedelta(minutes=chance.randrange(60 * 24 * 15))))
            amount = chance.choice([1, 2, 3, 5, 7, 8, 10, 15, 20, 30, 45])
            working = chance.random() < 0.8
            due = oracle.due_in_days(start.date(), amount, pauses, working=working)
            unit = "working_day" if working else "calendar_day"
            assert work_out(amount, unit, start, pauses).due_on == due, (start, amount, pauses)


class TestDays:
    """The rules a clerk asks about."""

    def test_the_day_of_acceptance_is_not_counted(self) -> None:
        found = work_out(1, "working_day", at("2025-09-26T16:59"))
        assert found.due_on == dt.date(2025, 9, 28)  # a Sunday, made a working day
        assert [day.counted for day in found.days] == [False, False, True]

    def test_a_limit_ends_with_the_last_second_of_its_last_day(self) -> None:
        found = work_out(20, "working_day", at("2025-09-15T09:00"))
        assert found.due_at.isoformat() == "2025-10-17T23:59:59+08:00"
        assert found.closes_at.isoformat() == "2025-10-18T00:00:00+08:00"

    def test_a_pause_of_dates_takes_out_all_but_its_last(self) -> None:
        pause = (at("2025-10-09"), at("2025-10-12"))
        found = work_out(5, "calendar_day", at("2025-10-07"), [pause])
        assert [d.date.day for d in found.days if d.kind == "paused"] == [9, 10, 11]
        assert found.due_on == dt.date(2025, 10, 15)

    def test_overlapping_pauses_count_once(self) -> None:
        pauses = [(at("2025-11-04"), at("2025-11-06")), (at("2025-11-05"), at("2025-11-07"))]
        found = work_out(2, "working_day", at("2025-11-03"), pauses)
        assert found.due_on == dt.date(2025, 11, 10)

    def test_a_day_paused_and_resumed_before_its_close_is_counted(self) -> None:
        pause = (at("2025-11-04T09:00"), at("2025-11-04T17:00"))
        found = work_out(1, "working_day", at("2025-11-03"), [pause])
        assert found.due_on == dt.date(2025, 11, 4)

    def test_every_day_says_why(self) -> None:
        pause = (at("2025-09-29"), at("2025-09-30"))
        found = work_out(3, "working_day", at("2025-09-26"), [pause])
        assert [(d.date.day, d.kind, d.reason) for d in found.days][:6] == [
            (26, "workday", "周五，起算当日不计入"),
            (27, "weekend", "周六，休息日，不计入"),
            (28, "make_up", "周日，国庆节调休上班，第 1 个工作日"),
            (29, "paused", "周一，暂停，不计入：原因"),
            (30, "workday", "周二，第 2 个工作日"),
            (1, "holiday", "周三，国庆节放假，不计入"),
        ]

    def test_a_year_without_a_notice_is_provisional(self) -> None:
        found = work_out(5, "working_day", at("2026-12-30"))
        assert found.provisional
        assert found.days[-1].reason.endswith("（该年安排尚未公布，暂定）")
        assert not work_out(30, "calendar_day", at("2026-12-30")).provisional

    def test_an_end_on_a_holiday_moves_on_where_the_rule_says_so(self) -> None:
        found = work_out(5, "calendar_day", at("2025-09-27"), ends_on_working_day=True)
        assert found.due_on == dt.date(2025, 10, 9)
        assert found.counted == 5

    def test_a_pause_that_still_lasts_is_said_and_not_guessed(self) -> None:
        pause = Pause(at("2025-11-05"), None, "等待客户")
        found = reckon(
            limit(5, "working_day"), start=at("2025-11-03"), pauses=[pause], calendar=CALENDAR
        )
        assert (found.due_on, found.paused_since) == (dt.date(2025, 11, 10), at("2025-11-05"))

    def test_a_pause_must_run_forward(self) -> None:
        with pytest.raises(ValueError, match="ends before it begins"):
            Pause(at("2025-11-05"), at("2025-11-04"))


class TestMonths:
    """民法典 第202条."""

    @pytest.mark.parametrize(
        ("start", "months", "due"),
        [
            ("2024-01-31", 1, "2024-02-29"),
            ("2025-11-30", 3, "2026-02-28"),
            ("2025-03-31", 3, "2025-06-30"),
            ("2025-12-15", 3, "2026-03-15"),
        ],
    )
    def test_the_corresponding_day_or_the_months_last(
        self, start: str, months: int, due: str
    ) -> None:
        assert work_out(months, "month", at(start)).due_on.isoformat() == due

    def test_a_year_from_a_leap_day(self) -> None:
        assert work_out(1, "year", at("2024-02-29")).due_on == dt.date(2025, 2, 28)

    def test_paused_days_lengthen_them(self) -> None:
        pause = (at("2025-02-01"), at("2025-02-11"))
        found = work_out(3, "month", at("2025-01-31"), [pause])
        assert found.due_on == dt.date(2025, 5, 10)


class TestBefore:
    """Notice: counted back from an end."""

    def test_the_tenth_day_before_is_still_in_time(self) -> None:
        found = work_out(10, "calendar_day", at("2026-03-31"), direction="before")
        assert found.due_on == dt.date(2026, 3, 21)

    def test_hours_before(self) -> None:
        found = work_out(24, "hour", at("2026-03-31T08:00"), direction="before")
        assert found.due_at == at("2026-03-30T08:00")


class TestHours:
    """To the second."""

    def test_they_run_through_the_night_less_the_pause(self) -> None:
        pause = (at("2026-03-31T12:00"), at("2026-03-31T13:30"))
        found = work_out(24, "hour", at("2026-03-31T10:00:30"), [pause])
        assert found.due_at.isoformat() == "2026-04-01T11:30:30+08:00"
        assert found.days[0].reason == "周二，计 12 小时 29 分 30 秒，暂停 1 小时 30 分：原因"

    def test_working_hours_stop_for_lunch_night_and_holiday(self) -> None:
        found = work_out(8, "working_hour", at("2025-09-30T16:00"))
        assert found.due_at == at("2025-10-09T16:30")

    def test_a_make_up_day_takes_the_hours_of_a_monday(self) -> None:
        week = parse_week([[["09:00", "10:00"]], *[[["08:00", "18:00"]]] * 4, [], []])
        found = reckon(
            limit(1, "working_hour"), start=at("2025-09-27T12:00"), calendar=CALENDAR, hours=week
        )
        assert found.due_at == at("2025-09-28T10:00")

    @pytest.mark.parametrize(
        ("periods", "words"),
        [
            ([[]] * 6, "七天"),
            ([[["12:00", "08:00"]], *[[]] * 6], "结束应晚于开始"),
            ([[["8点", "12:00"]], *[[]] * 6], "不是时刻"),
            ([[["08:00", "12:00"], ["11:00", "13:00"]], *[[]] * 6], "不重叠"),
            ([[]] * 7, "周一须有"),
        ],
    )
    def test_hours_that_make_no_week_are_refused(self, periods: list, words: str) -> None:
        with pytest.raises(PeriodsRefused, match=words):
            parse_week(periods)
