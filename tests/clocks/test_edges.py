"""Edges of the clocks: the Chinese day, leap days, odd pauses, explanations that must agree."""

from __future__ import annotations

import datetime as dt
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from tests.clocks.conftest import AT, CLERK, Company, china

from busbar.cli.main import main
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.announced import shipped_calendar
from busbar.clocks.models import CalendarDay, Clock, DayKind, DueChange
from busbar.clocks.reckoning import Pause, Reckoning, midnight, reckon
from busbar.clocks.rulebook import EXACT_UNITS, LimitFacts
from busbar.kit.periods import CHINA

CALENDAR = shipped_calendar()
FIRST = dt.datetime(2019, 1, 1, tzinfo=CHINA)
ONE_DAY = dt.timedelta(days=1)

moments = st.integers(0, 7 * 365 * 24 * 60).map(lambda n: FIRST + dt.timedelta(minutes=n))
lengths = st.integers(0, 90 * 24 * 60).map(lambda n: dt.timedelta(minutes=n))


@st.composite
def cases(draw: st.DrawFn) -> tuple[LimitFacts, dt.datetime, list[Pause]]:
    """A limit of any unit, a start in any zone, pauses that touch, overlap or outlast it."""
    unit = draw(
        st.sampled_from(
            ["working_day", "calendar_day", "month", "year", "hour", "minute", "working_hour"]
        )
    )
    most = {"month": 5, "year": 2, "minute": 5000}.get(unit, 40)
    limit = LimitFacts(
        "x",
        "某期限",
        Decimal(draw(st.integers(1, most))),
        unit,
        ends_on_working_day=draw(st.booleans()) if unit != "working_hour" else False,
    )
    start = draw(moments)
    zone = draw(st.sampled_from([CHINA, dt.UTC, dt.timezone(dt.timedelta(hours=-12))]))
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        begin = start + draw(lengths) - dt.timedelta(days=3)
        pauses.append(Pause(begin, begin + draw(lengths), "等待"))
    return limit, start.astimezone(zone), pauses


def assert_agrees(found: Reckoning, limit: LimitFacts) -> None:
    """The explanation leads to the due moment: its last day, and as many counted days."""
    dates = [day.date for day in found.days]
    assert dates == [dates[0] + n * ONE_DAY for n in range(len(dates))]
    assert dates[0] == found.start.astimezone(CHINA).date()
    assert found.due_on == found.due_at.astimezone(CHINA).date()
    assert all(day.reason for day in found.days)
    if limit.amount_unit in EXACT_UNITS:
        assert dates[-1] in {found.due_on, found.due_on - ONE_DAY}
        return
    assert dates[-1] == found.due_on
    assert found.due_at == midnight(found.due_on + ONE_DAY) - dt.timedelta(seconds=1)
    if limit.amount_unit in {"working_day", "calendar_day"}:
        assert found.counted == limit.amount
    if limit.amount_unit == "working_day":
        assert all(CALENDAR.is_working_day(day.date) for day in found.days if day.counted)


class TestExplanation:
    """`days` and `due` say the same, whatever the case."""

    @given(cases())
    @bounds(max_examples=300, deadline=None)
    def test_days_agree_with_due(self, case: tuple[LimitFacts, dt.datetime, list[Pause]]) -> None:
        limit, start, pauses = case
        assert_agrees(reckon(limit, start=start, pauses=pauses, calendar=CALENDAR), limit)

    @given(cases())
    @bounds(max_examples=150, deadline=None)
    def test_the_zone_of_the_start_changes_nothing(
        self, case: tuple[LimitFacts, dt.datetime, list[Pause]]
    ) -> None:
        limit, start, pauses = case
        here = reckon(limit, start=start.astimezone(CHINA), pauses=pauses, calendar=CALENDAR)
        there = reckon(limit, start=start, pauses=pauses, calendar=CALENDAR)
        assert (here.due_at, here.days) == (there.due_at, there.days)

    @given(cases())
    @bounds(max_examples=150, deadline=None)
    def test_pauses_only_put_off_and_their_order_is_free(
        self, case: tuple[LimitFacts, dt.datetime, list[Pause]]
    ) -> None:
        limit, start, pauses = case
        plain = reckon(limit, start=start, calendar=CALENDAR)
        paused = reckon(limit, start=start, pauses=pauses, calendar=CALENDAR)
        twice = reckon(limit, start=start, pauses=[*pauses[::-1], *pauses], calendar=CALENDAR)
        assert plain.due_at <= paused.due_at == twice.due_at

    @given(cases(), lengths)
    @bounds(max_examples=150, deadline=None)
    def test_two_pauses_that_touch_are_one(
        self, case: tuple[LimitFacts, dt.datetime, list[Pause]], length: dt.timedelta
    ) -> None:
        limit, start, _ = case
        begin, end = start + dt.timedelta(hours=5), start + dt.timedelta(hours=5) + length
        middle = begin + length / 3
        whole = reckon(limit, start=start, pauses=[Pause(begin, end)], calendar=CALENDAR)
        parts = [Pause(begin, middle), Pause(middle, end)]
        assert reckon(limit, start=start, pauses=parts, calendar=CALENDAR).due_at == whole.due_at


class TestChineseDay:
    """The day of a moment is China's, wherever the clerk's machine thinks it is."""

    def test_an_evening_in_utc_is_the_next_day(self) -> None:
        evening = dt.datetime(2025, 9, 14, 16, 0, tzinfo=dt.UTC)  # 00:00 on the 15th in China
        before = evening - dt.timedelta(seconds=1)
        limit = LimitFacts("x", "某期限", Decimal(1), "calendar_day")
        assert reckon(limit, start=evening, calendar=CALENDAR).due_on == dt.date(2025, 9, 16)
        assert reckon(limit, start=before, calendar=CALENDAR).due_on == dt.date(2025, 9, 15)

    def test_the_last_second_of_a_leap_day_is_that_day(self) -> None:
        limit = LimitFacts("x", "某期限", Decimal(30), "calendar_day")
        start = dt.datetime(2024, 2, 29, 23, 59, 59, tzinfo=CHINA)
        assert reckon(limit, start=start, calendar=CALENDAR).due_on == dt.date(2024, 3, 30)


class TestStoredClocks:
    """Pauses as they are entered, through the operations."""

    def start(self, company: Company, code: str = "scheme-reply-single") -> Clock:
        return clocks_operations.start_clock(
            code=code, subject=company.subject(), actor=CLERK, at=china("2025-09-15T10:00")
        )

    def pause(self, clock: Clock, start: str, end: str) -> Clock:
        clocks_operations.pause_clock(
            clock_id=clock.pk,
            reason="customer-documents",
            evidence="补正通知",
            actor=CLERK,
            at=china(start),
        )
        return clocks_operations.resume_clock(clock_id=clock.pk, actor=CLERK, at=china(end))

    def test_a_pause_that_begins_after_the_end_saves_nobody(self, company: Company) -> None:
        clock = self.start(company)
        due = clock.due_at
        late = (due + dt.timedelta(days=3)).astimezone(CHINA)
        paused = self.pause(clock, late.isoformat()[:16], (late + 30 * ONE_DAY).isoformat()[:16])
        assert paused.due_at == due
        assert paused.is_late(late + 31 * ONE_DAY)

    def test_a_pause_across_the_due_day_puts_it_off(self, company: Company) -> None:
        clock = self.start(company)
        due = clock.due_at.astimezone(CHINA)
        start, end = due - 2 * ONE_DAY, due + 60 * ONE_DAY
        paused = self.pause(clock, start.isoformat()[:16], end.isoformat()[:16])
        assert paused.due_at > end
        assert_agrees(clocks_queries.explain_clock(paused), clocks_queries.facts_of(paused.limit))

    def test_many_short_pauses_are_explained(self, company: Company) -> None:
        clock = self.start(company)
        for day in range(16, 27):
            clock = self.pause(clock, f"2025-09-{day}T09:00", f"2025-09-{day}T09:00")
        plain = clocks_queries.reckon("scheme-reply-single", start=china("2025-09-15T10:00"))
        assert clock.due_at == plain.due_at


class TestRecalculation:
    """Many clocks at once."""

    def test_queries_do_not_grow_with_the_clocks(
        self,
        company: Company,
        django_assert_max_num_queries,  # type: ignore[no-untyped-def]
    ) -> None:
        for number in range(40):
            clocks_operations.start_clock(
                code="scheme-reply-single", subject=company.subject(number), actor=CLERK, at=AT
            )
        CalendarDay.objects.filter(pk=dt.date(2025, 9, 10)).update(
            kind=DayKind.HOLIDAY, name="停工"
        )
        with django_assert_max_num_queries(24):
            assert clocks_operations.recalculate_clocks(at=AT) == 40
        assert DueChange.objects.count() == 40
        assert clocks_operations.recalculate_clocks(at=AT) == 0


PAUSES = [
    '2025-10-09..2025-10-12:"; DROP TABLE clocks; --',
    '2025-10-09..2025-10-12:{"due": "2099-01-01"}',
    "2025-10-09..2025-10-12:\n\x1b[31m",
    "2025-10-12..2025-10-09:倒着",
    "2025-10-09..2999-12-31:永远",
    "..",
    "2025-10-09..",
    "2025-10-09T25:00..2025-10-12",
    "２０２５-10-09..2025-10-12",
]
STARTS = ["2024-02-29", "2025-02-30", "2999-12-31", "9999-12-31", "0001-01-01", "2105-06-01", "x"]


def ask(*arguments: str) -> tuple[int, str, str]:
    """Exit code, what was printed, what was said of an error."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(["clock", "due", "--json", *arguments])
        except SystemExit as ended:
            code = int(str(ended.code))
    return code, out.getvalue(), err.getvalue()


class TestCommand:
    """Whatever is typed: valid JSON and 0, or a sentence and 2; never a traceback."""

    @pytest.mark.parametrize("pause", PAUSES)
    def test_odd_pauses(self, db: None, pause: str) -> None:
        code, out, err = ask(
            "--rule", "scheme-reply-single", "--from", "2025-09-15", "--pause", pause
        )
        self.check(code, out, err)

    @pytest.mark.parametrize("start", STARTS)
    def test_odd_starts(self, db: None, start: str) -> None:
        self.check(*ask("--rule", "scheme-validity-hv", "--from", start))

    def check(self, code: int, out: str, err: str) -> None:
        assert code in {0, 2}
        assert "Traceback" not in err
        if code == 0:
            assert set(json.loads(out)) >= {"due", "days", "provisional"}
        else:
            assert not out
            assert err.startswith("busbar: ")
