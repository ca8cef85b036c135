"""`kill -9` of a real process in the middle of a step, at moments nobody chose."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from busbar.clocks import operations as clocks_operations
from busbar.connections import operations as connections_operations
from busbar.connections.models import IssuedPaper
from busbar.connections.queries import get_document_list
from busbar.connections.sent_files import SentFile
from busbar.journal import queries as journal_queries
from busbar.pricing import operations as pricing_operations
from busbar.workflow.models import ProcessInstance, TaskState, UserTask
from tests.connections.attack.racing import assert_clocks_are_sound, assert_process_is_sound
from tests.connections.processes import world as w
from tests.connections.processes.world import PDF, Connection, at
from tests.connections.works.world import credit_code
from tests.shelf import GROUND_AT

APPLICATIONS, ROUNDS = 6, 8

CHILD = """
import django, sys, datetime as dt
django.setup()
from django.conf import settings
from django.db import connection
from pathlib import Path
connection.settings_dict["NAME"] = sys.argv[1]
settings.FILES_ROOT = Path(sys.argv[2])
from busbar.access import queries as access_queries
from busbar.access.models import Employee
from busbar.workflow import operations
from busbar.workflow.models import UserTask
people = {e.user.username: access_queries.get_viewer(e.user) for e in Employee.objects.all()}
answers = {
    "check_documents": ("station", {"outcome": "accepted"}),
    "preliminary_review": ("station", {"outcome": "passed"}),
    "hand_over": ("station", {}),
    "plan_survey": ("marketing", {"planned_for": "2025-03-13T09:00"}),
}
at = dt.datetime(2025, 3, 7, 2, 0, tzinfo=dt.UTC)
print("ready", flush=True)
while task := UserTask.objects.open().filter(element__in=answers).order_by("pk").first():
    who, data = answers[task.element]
    operations.complete_task(task_id=task.pk, data=data, viewer=people[who], at=at)
    print(task.pk, flush=True)
print("done", flush=True)
"""


@pytest.fixture
def connection_at_counter(transactional_db: None, settings: Any, tmp_path: Path) -> Connection:
    """Several applications whose documents are complete, really in the database."""
    settings.FILES_ROOT = tmp_path / "files"
    clocks_operations.load_announced_years(at=GROUND_AT)
    pricing_operations.load_seed(at=GROUND_AT)
    made = w.make_connection()
    made.hand_in_documents("application", "station", "2025-03-04")
    clerk = made.company.people["station"]
    for number in range(1, APPLICATIONS):
        other = connections_operations.submit_and_start(
            form=w.form(site_name=f"{number}号厂", credit_code=credit_code(50 + number)),
            unit=made.application.unit,
            channel="counter",
            by=clerk,
            at=at("2025-03-04"),
        )
        for line in get_document_list(other, "application").missing:
            document = connections_operations.add_document(
                application_id=other.pk,
                file=SentFile(
                    "件.pdf", PDF + line.requirement.code.encode() + bytes([48 + number])
                ),
                requirement_code=line.requirement.code,
                by=clerk,
                at=at("2025-03-04"),
            )
            connections_operations.judge_document(
                document_id=document.pk, verdict="accepted", reason="", by=clerk,
                at=at("2025-03-04"),
            )  # fmt: skip
    return made


def run_child(files: Path, seconds: float | None) -> list[str]:
    """What the child said it had done, killed so long after its first step (None: never)."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
        "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "src"),
    }
    name = str(connection.settings_dict["NAME"])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, name, str(files)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "ready"
    if seconds is not None:
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
    told = child.stdout.read().split()
    child.wait()
    return told


@pytest.mark.slow
class TestKill:
    """Acceptance, review, hand-over, survey: with clocks, papers, holdings, journal."""

    def test_nothing_is_half_done(self, connection_at_counter: Connection, tmp_path: Path) -> None:
        draw = random.Random(3)  # noqa: S311 - moments of a test, no secret
        told: list[str] = []
        kills = 0
        for _ in range(ROUNDS):
            said = run_child(tmp_path / "files", draw.uniform(0.01, 0.7))
            told += [word for word in said if word.isdigit()]
            kills += "done" not in said
            self.check(told)
        told += [word for word in run_child(tmp_path / "files", None) if word.isdigit()]
        self.check(told)

        assert kills >= ROUNDS // 2
        elements = UserTask.objects.open().values_list("element", flat=True)
        assert list(elements) == ["survey"] * APPLICATIONS
        papers = IssuedPaper.objects.values_list("number", flat=True)
        assert len(set(papers)) == len(papers)

    def check(self, told: list[str]) -> None:
        """What was told is done, once; nothing lies half done."""
        done = UserTask.objects.filter(state=TaskState.COMPLETED).values_list("pk", flat=True)
        assert len(set(told)) == len(told)
        assert {int(word) for word in told} <= set(done)
        assert journal_queries.verify_chain().broken is None
        assert_clocks_are_sound()
        for instance in ProcessInstance.objects.all():
            assert_process_is_sound(instance)
