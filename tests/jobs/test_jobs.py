"""The timetable, the outbox and the nightly work, without a worker process."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ, Schedule
from tests.metering.lake_fixtures import curve, curves

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.jobs import calendar, lake, outbox, sessions, worker
from busbar.jobs import journal as journal_jobs
from busbar.jobs.outbox import Reaction, ReactionFailedError
from busbar.jobs.timetable import TIMETABLE, install_timetable
from busbar.journal import immutability
from busbar.journal import operations as journal_operations
from busbar.journal import queries as journal_queries
from busbar.journal.models import Entry, OutboxCursor
from busbar.journal.operations import SYSTEM, Happening
from busbar.kit.periods import CHINA
from busbar.metering.lake import append_curves

AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
"""09:00 in China."""

pytestmark = pytest.mark.django_db


def happen(number: int, event: str = "test.row.written", **changes: object) -> None:
    """One journal entry."""
    said = Happening(event, "row", number, changes=changes)
    journal_operations.record(happening=said, actor=SYSTEM, at=AT)


def deliver(root: Path, first: dt.date, times: int) -> None:
    """One day of one usage point a commit, so many commits."""
    for n in range(times):
        rows = curves(curve(day=first + dt.timedelta(days=n)))
        append_curves(root, rows, commit_key=f"{first}+{n}", at=AT, source="test")


class TestTimetable:
    """The schedule's rows."""

    def test_every_line_is_installed_and_its_function_exists(self) -> None:
        import pydoc

        install_timetable(at=AT)
        schedules = {s.name: s for s in Schedule.objects.all()}
        assert set(schedules) == {f"busbar.{line.name}" for line in TIMETABLE}
        assert all(callable(pydoc.locate(s.func)) for s in schedules.values())

    def test_daily_lines_are_due_at_their_next_civil_time(self) -> None:
        install_timetable(at=AT)
        due = Schedule.objects.get(name="busbar.journal").next_run
        assert due.astimezone(CHINA) == dt.datetime(2026, 3, 3, 1, 0, tzinfo=CHINA)

    def test_a_second_install_changes_and_postpones_nothing(self) -> None:
        install_timetable(at=AT)
        before = list(Schedule.objects.order_by("id").values())
        assert install_timetable(at=AT + dt.timedelta(days=3)) == []
        assert list(Schedule.objects.order_by("id").values()) == before

    def test_a_changed_line_is_set_right(self) -> None:
        install_timetable(at=AT)
        Schedule.objects.filter(name="busbar.lake").update(func="nowhere.to.be.found")
        assert install_timetable(at=AT) == ["lake"]
        assert Schedule.objects.get(name="busbar.lake").func == "busbar.jobs.lake.tidy_lake"

    def test_a_line_taken_out_goes_and_an_operator_s_own_stays(self) -> None:
        Schedule.objects.create(name="busbar.gone", func="x", next_run=AT)
        Schedule.objects.create(name="backup", func="x", next_run=AT)
        assert "gone" in install_timetable(at=AT)
        assert Schedule.objects.filter(name="backup").exists()
        assert not Schedule.objects.filter(name="busbar.gone").exists()


class TestOutbox:
    """Reactions act on each entry once."""

    def test_an_entry_is_acted_on_once(self) -> None:
        seen: list[int] = []
        reaction = Reaction("see", ("test.row.",), lambda entry: seen.append(entry.subject_id))
        happen(1)
        happen(2)
        assert outbox.work_off((reaction,)) == "see 2"
        happen(3)
        assert outbox.work_off((reaction,)) == "see 1"
        assert seen == [1, 2, 3]

    def test_a_failing_reaction_stops_alone_and_keeps_its_place(self) -> None:
        seen: list[int] = []
        broken = [True]

        def fail_at_two(entry: Entry) -> None:
            if entry.subject_id == 2 and broken[0]:
                raise ValueError("二号不行")
            seen.append(entry.subject_id)

        others: list[int] = []
        reactions = (
            Reaction("fails", ("test.",), fail_at_two),
            Reaction("goes on", ("test.",), lambda entry: others.append(entry.subject_id)),
        )
        for number in (1, 2, 3):
            happen(number)
        with pytest.raises(ReactionFailedError, match="fails: 二号不行"):
            outbox.work_off(reactions)
        assert (seen, others) == ([1], [1, 2, 3])
        broken[0] = False
        assert outbox.work_off(reactions) == "fails 2, goes on 0"
        assert seen == [1, 2, 3]

    def test_what_a_failed_reaction_wrote_vanishes(self) -> None:
        def write_and_fail(entry: Entry) -> None:
            happen(99, "other.row.written")
            raise ValueError("no")

        happen(1)
        with pytest.raises(ReactionFailedError):
            outbox.work_off((Reaction("fails", ("test.",), write_and_fail),))
        assert Entry.objects.count() == 1

    def test_what_one_wrote_is_acted_on_by_those_after_it_in_the_same_round(self) -> None:
        seen: list[int] = []
        reactions = (
            Reaction("before", ("other.",), lambda entry: seen.append(-entry.subject_id)),
            Reaction("writes", ("test.",), lambda entry: happen(7, "other.row.written")),
            Reaction("after", ("other.",), lambda entry: seen.append(entry.subject_id)),
        )
        happen(1)

        assert outbox.work_off(reactions) == "before 0, writes 1, after 1"
        assert outbox.work_off(reactions) == "before 1, writes 0, after 0"
        assert seen == [7, -7]

    def test_nothing_new_costs_two_queries_for_many_reactions_as_for_one(self) -> None:
        happen(1)
        outbox.work_off()

        with CaptureQueriesContext(connection) as queries:
            outbox.work_off()

        assert len(queries) == 2

    @pytest.mark.parametrize("seed", range(5))
    def test_finds_everybody_who_waits(self, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("busbar.journal.queries._LOOK_AHEAD", 10)
        draw = random.Random(seed)  # noqa: S311 - a test's order of events, no secret
        consumers = {name: (f"{name}.",) for name in ("a", "b", "c", "never")}
        for step in range(60):
            happen(step, draw.choice("abc") + ".row.written")
            name = draw.choice("abc")
            if draw.random() < 0.3:
                journal_operations.take_next_entry(consumer=name, prefixes=consumers[name])

            found = journal_queries.find_waiting(consumers)

            reached = dict(OutboxCursor.objects.values_list("consumer", "last_entry_id"))
            waiting = {
                name
                for name, prefixes in consumers.items()
                if Entry.objects.filter(
                    id__gt=reached.get(name, 0), event__startswith=prefixes[0]
                ).exists()
            }
            far_behind = {
                name for name in consumers
                if Entry.objects.filter(id__gt=reached.get(name, 0)).count() > 10
            }  # fmt: skip
            assert waiting <= found <= waiting | far_behind


class TestCompactionOfTouchedMonths:
    """`metering.curves.appended` queues the compaction of months in many files."""

    @pytest.fixture(autouse=True)
    def _files(self, settings, tmp_path: Path) -> None:
        """A lake with January in many files, February in one less."""
        settings.LAKE_ROOT = tmp_path / "lake"
        deliver(settings.LAKE_ROOT, dt.date(2026, 1, 1), lake.MANY_FILES)
        deliver(settings.LAKE_ROOT, dt.date(2026, 2, 1), lake.MANY_FILES - 1)

    def queued(self) -> list[tuple[str]]:
        """The months whose compaction waits."""
        tasks = [task.task for task in OrmQ.objects.all()]
        return [t["args"] for t in tasks if t["func"] == "busbar.jobs.lake.compact_month"]

    def test_a_month_in_many_files_is_queued(self) -> None:
        happen(1, "metering.curves.appended", months=["2026-01", "2026-02"])
        outbox.work_off()
        assert self.queued() == [("2026-01",)]

    def test_the_queued_task_leaves_one_file(self) -> None:
        assert lake.compact_month("2026-01") == "2026-01：8 个文件整理为 1 个"
        assert (lake.count_files("2026-01"), lake.count_files("2026-02")) == (1, 7)

    def test_the_night_tidies_every_month(self) -> None:
        assert lake.tidy_lake().startswith("整理 2 个月份")
        assert lake.tidy_lake().startswith("整理 0 个月份")

    def test_it_waits_in_the_queue_once(self) -> None:
        for number in range(3):
            happen(number, "metering.curves.appended", months=["2026-01"])
        outbox.work_off()
        assert self.queued() == [("2026-01",)]

    def test_curves_that_were_estimated_or_edited_count_alike(self) -> None:
        happen(1, "metering.curves.edited", months=["2026-01"])
        outbox.work_off()
        assert self.queued() == [("2026-01",)]

    def test_another_event_queues_nothing(self) -> None:
        happen(1, "imports.run.finished", months=["2026-01"])
        outbox.work_off()
        assert OrmQ.objects.count() == 0


class TestVerifyJournal:
    """The nightly verification keeps heads and finds a cut tail."""

    def test_heads_are_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "heads.jsonl"
        happen(1)
        assert journal_jobs.verify_and_keep_head(path, at=AT) == "日志链完好，共 1 条"
        happen(2)
        journal_jobs.verify_and_keep_head(path, at=AT)
        kept = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["entries"] for line in kept] == [1, 2]
        assert kept[1]["head"] == Entry.objects.get(subject_id=2).hash

    def test_a_tail_cut_since_then_is_found(self, tmp_path: Path) -> None:
        path = tmp_path / "heads.jsonl"
        happen(1)
        happen(2)
        journal_jobs.verify_and_keep_head(path, at=AT)
        immutability.remove(connection)
        Entry.objects.filter(subject_id=2).delete()
        immutability.install(connection)
        with pytest.raises(journal_jobs.JournalBrokenError, match="末尾条目已被删除"):
            journal_jobs.verify_and_keep_head(path, at=AT)
        assert len(path.read_text().splitlines()) == 1


class TestKeepCalendar:
    """Announced years in, the next ones provisional."""

    def test_the_years_ahead_are_there(self) -> None:
        said = calendar.keep_calendar_at(at=AT)
        assert said == "新增 8401 天，更新 0 天；尚未公布的年份：2027、2028"
        assert clocks_queries.list_years()[-3:] == [(2026, False), (2027, True), (2028, True)]

    def test_an_announced_year_is_left_alone(self) -> None:
        row = clocks_operations.CalendarRow(2, "2027-01-01", "法定节假日", "元旦")
        clocks_operations.upload_calendar(
            rows=[row], source="通知", announce=[2027], by=SYSTEM_VIEWER, at=AT
        )
        calendar.keep_calendar_at(at=AT)
        assert clocks_queries.list_years()[-2:] == [(2027, False), (2028, True)]

    def test_a_second_night_writes_nothing(self) -> None:
        calendar.keep_calendar_at(at=AT)
        entries = Entry.objects.count()
        calendar.keep_calendar_at(at=AT + dt.timedelta(days=1))
        assert Entry.objects.count() == entries


class TestClearExpired:
    """Sessions past their end."""

    def test_only_they_go(self) -> None:
        Session.objects.create(
            session_key="old", session_data="", expire_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        )
        Session.objects.create(
            session_key="new", session_data="", expire_date=dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
        )
        sessions.clear_expired()
        assert [s.session_key for s in Session.objects.all()] == ["new"]


class TestReleaseLocks:
    """What a dead worker had taken is delivered again."""

    def test_only_taken_tasks_are_released(self) -> None:
        waiting = OrmQ.objects.create(key="busbar", payload="a", lock=AT - dt.timedelta(hours=1))
        OrmQ.objects.create(key="busbar", payload="b", lock=AT + dt.timedelta(hours=1))
        assert worker.release_locks(at=AT) == 1
        assert not OrmQ.objects.filter(lock__gte=AT).exists()
        waiting.refresh_from_db()
        assert waiting.lock == AT - dt.timedelta(hours=1)
