"""Two people at once, many at once, and a kill in the middle: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import Holding
from busbar.journal import queries as journal_queries
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.workflow import engine, operations
from busbar.workflow.library import get_definition
from busbar.workflow.models import ProcessInstance, UserTask
from tests.shelf import GROUND_AT
from tests.workflow.conftest import AT, Company, make_company, open_task, start


def in_thread(work: Callable[[], object]) -> Callable[[], object]:
    """The work with its own connection, closed at the end."""

    def run() -> object:
        try:
            return work()
        finally:
            connection.close()

    return run


@pytest.fixture
def committed(transactional_db: None, processes: None) -> Company:
    """The company and the processes, really in the database."""
    clocks_operations.load_announced_years(at=GROUND_AT)
    clocks_operations.load_time_limits(at=GROUND_AT)
    company = make_company()
    operations.load_shipped_processes(at=AT)
    return company


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """Let them all go at the same moment; a refusal is an answer."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return work()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        doing = [pool.submit(in_thread(lambda w=w: run(w))) for w in works]
        return [done.result() for done in doing]


def assert_whole() -> None:
    """Tasks, state, holdings and journal say the same of every process."""
    assert journal_queries.verify_chain().broken is None
    for instance in ProcessInstance.objects.all():
        course = engine.restore(
            get_definition(instance.version_id), instance.state_blob, instance.facts
        )
        rows = UserTask.objects.filter(instance=instance)
        assert set(rows.open().values_list("spiff_id", flat=True)) == set(course.open_tasks())
        entries = Entry.objects.about("workflow.process", instance.pk)
        done = rows.filter(state="completed").count()
        assert entries.filter(event="workflow.task.completed").count() == done
        assert entries.filter(event="workflow.task.opened").count() == rows.count()
        assert instance.revision == done + 2  # the row itself, the start, then a step each
        held = Holding.objects.filter(subject_id=instance.subject_id)
        assert held.count() == rows.count()
        assert held.filter(closed_at=None).count() == rows.open().count()


class TestAtOnce:
    """Threads with connections of their own."""

    def test_one_wins_and_the_others_are_told(self, committed: Company) -> None:
        instance = start(committed)
        task = open_task(instance, "first")
        boss = committed.people["管理员"]

        def work() -> object:
            return operations.complete_task(task_id=task.pk, data={}, viewer=boss, at=AT)

        answers = at_once([work] * 4)
        assert sum(isinstance(answer, UserTask) for answer in answers) == 1
        refused = [str(answer) for answer in answers if isinstance(answer, Refusal)]
        assert refused == ["任务“first”已由管理员于 2026-03-02 09:00 办理"] * 3
        assert_whole()

    def test_claiming_has_one_winner(self, committed: Company) -> None:
        task = open_task(start(committed, "supply"), "survey")
        viewers = [committed.people["甲"], committed.people["乙"]]
        answers = at_once(
            [lambda v=v: operations.claim_task(task_id=task.pk, viewer=v, at=AT) for v in viewers]
        )
        assert sum(isinstance(answer, UserTask) for answer in answers) == 1
        task.refresh_from_db()
        assert task.transfers.count() == 1

    def test_a_subject_gets_one_process(self, committed: Company) -> None:
        answers = at_once([lambda: start(committed)] * 3)
        assert sum(isinstance(answer, ProcessInstance) for answer in answers) == 1
        assert ProcessInstance.objects.count() == 1

    def test_parallel_branches_finish_together(self, committed: Company) -> None:
        instance = start(committed, "supply")
        for element, data in (
            ("survey", {"supply_kind": "single", "capacity_kva": 400}),
            ("scheme", {"summary": "x"}),
        ):
            operations.complete_task(
                task_id=open_task(instance, element).pk,
                data=data,
                viewer=committed.people["甲"],
                at=AT,
            )
        signers = {"marketing": "营销", "dispatch": "调度"}

        def sign(element: str) -> Callable[[], object]:
            task, viewer = open_task(instance, element), committed.people[signers[element]]
            agreed = {"outcome": "agreed"}
            return lambda: operations.complete_task(
                task_id=task.pk, data=agreed, viewer=viewer, at=AT
            )

        works = [sign(element) for element in signers]
        assert all(isinstance(answer, UserTask) for answer in at_once(works))
        assert open_task(instance, "reply")
        assert_whole()


CHILD = """
import django, sys, datetime as dt
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from busbar.access import queries as access_queries
from busbar.access.models import Employee
from busbar.workflow import operations
from busbar.workflow.models import UserTask
viewer = access_queries.get_viewer(Employee.objects.get(name="客服").user)
at = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
print("ready", flush=True)
while task := UserTask.objects.open().order_by("pk").first():
    operations.complete_task(task_id=task.pk, data={"word": "x"}, viewer=viewer, at=at)
    print(task.pk, flush=True)
"""


@pytest.mark.slow
class TestKill:
    """`kill -9` of a process that completes tasks one after another."""

    def test_nothing_is_lost_and_nothing_doubled(self, committed: Company) -> None:
        for number in range(12):
            start(committed, "errand", number + 1)
        told: list[str] = []
        for pause in (0.15, 0.4):
            told += kill_after(pause)
        done = {
            str(pk)
            for pk in UserTask.objects.filter(state="completed").values_list("pk", flat=True)
        }
        assert told
        assert set(told) <= done
        assert len(done) - len(told) <= 2  # committed, and killed before it could say so
        assert_whole()


def kill_after(seconds: float) -> list[str]:
    """Run the child, kill it so long after its first step; what it said it had done."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"),
    }
    name = str(connection.settings_dict["NAME"])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, name], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    lines = [child.stdout.readline().strip(), child.stdout.readline().strip()]
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    lines += child.stdout.read().splitlines()
    child.wait()
    return [line for line in lines if line.isdigit()]
