"""Several at the same moment, each on a connection of its own; and what must hold afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from busbar.clocks.models import Clock, ClockState, Holding
from busbar.journal import queries as journal_queries
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.workflow import engine
from busbar.workflow.library import get_definition
from busbar.workflow.models import InstanceState, ProcessInstance, ProcessWait, TaskState, UserTask

Work = Callable[[], object]


def at_once(*works: Work) -> list[object]:
    """Let them all go at the same moment; a refusal is an answer, anything else fails the test."""
    barrier = threading.Barrier(len(works))

    def run(work: Work) -> object:
        try:
            barrier.wait()
            return work()
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        doing = [pool.submit(run, work) for work in works]
        return [done.result() for done in doing]


def refusals(answers: list[object]) -> list[str]:
    """What the losers were told."""
    return [str(answer) for answer in answers if isinstance(answer, Refusal)]


def assert_process_is_sound(instance: ProcessInstance) -> None:
    """Engine state, tasks, waits, holdings, clocks and journal say the same of the process."""
    instance.refresh_from_db()
    course = engine.restore(
        get_definition(instance.version_id), instance.state_blob, instance.facts
    )
    rows = UserTask.objects.filter(instance=instance)
    running = instance.state == InstanceState.RUNNING
    _assert_tasks_are_the_engines(instance, course, running=running)
    _assert_holdings_are_the_tasks(instance, rows)
    _assert_clocks_fit(rows)
    entries = Entry.objects.about("workflow.process", instance.pk)
    ended = {
        "workflow.task.completed": TaskState.COMPLETED,
        "workflow.task.returned": TaskState.RETURNED,
        "workflow.task.withdrawn": TaskState.WITHDRAWN,
        "workflow.task.consented_by_silence": TaskState.SILENT,
    }
    assert entries.filter(event="workflow.task.opened").count() == rows.count()
    for event, state in ended.items():
        assert entries.filter(event=event).count() == rows.filter(state=state).count(), event
    assert entries.filter(event="workflow.process.completed").count() == (
        instance.state == InstanceState.COMPLETED
    )
    assert journal_queries.verify_chain().broken is None


def _assert_tasks_are_the_engines(
    instance: ProcessInstance, course: engine.Course, *, running: bool
) -> None:
    rows = UserTask.objects.filter(instance=instance)
    expected = course.open_tasks() if running else {}
    open_rows = list(rows.open().values_list("spiff_id", "element"))
    assert len(open_rows) == len(expected)
    assert dict(open_rows) == expected
    waits = set(ProcessWait.objects.filter(instance=instance).values_list("spiff_id", "element"))
    assert waits == (course.open_waits() if running else set())
    assert course.is_finished == (not running)


def _assert_holdings_are_the_tasks(instance: ProcessInstance, rows: object) -> None:
    held = Holding.objects.filter(
        subject_type=instance.subject_type,
        subject_id=instance.subject_id,
        key__startswith="workflow.task#",
    )
    tasks = list(UserTask.objects.filter(instance=instance))
    opened = {f"workflow.task#{task.pk}" for task in tasks if task.is_open}
    keys = {f"workflow.task#{task.pk}" for task in tasks}
    mine = held.filter(key__in=keys)
    assert mine.count() == len(tasks)
    assert set(mine.filter(closed_at=None).values_list("key", flat=True)) == opened


def _assert_clocks_fit(rows: object) -> None:
    for task in rows.select_related("clock"):  # type: ignore[attr-defined]
        own = Clock.objects.about("workflow.task", task.pk)
        assert own.count() <= 1
        if task.clock is not None and task.clock.subject_type == "workflow.task":
            assert own.get() == task.clock
            assert task.clock.is_open == task.is_open
            assert task.is_open is False or task.due_at == task.clock.due_at
        else:
            assert not own.exists()


def assert_clocks_are_sound() -> None:
    """One open clock a subject and code, and a journal entry for every start and end."""
    entries = Entry.objects.filter(subject_type="clocks.clock")
    for clock in Clock.objects.all():
        told = list(entries.filter(subject_id=clock.pk).values_list("event", flat=True))
        assert told.count("clocks.clock.started") == 1
        assert told.count("clocks.clock.stopped") == (clock.state == ClockState.STOPPED)
        assert told.count("clocks.clock.cancelled") == (clock.state == ClockState.CANCELLED)
        paused = told.count("clocks.clock.paused")
        assert clock.pauses.count() == paused
        assert clock.pauses.filter(ended_at=None).count() == (clock.state == ClockState.PAUSED)
