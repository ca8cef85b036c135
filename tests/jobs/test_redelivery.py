"""A worker killed in the middle of its work loses nothing and doubles nothing.

The real cluster runs in a process group of its own against a database of its own (of the kind
the suite runs on), is killed with SIGKILL half-way, and is started again.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.jobs.slow_work import ROWS

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


class Installation:
    """An installation of its own: home, database, and at most one worker."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.environment = {
            **os.environ,
            "BUSBAR_HOME": str(home),
            "DATABASE_URL": database_url,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "busbar.config.settings",
        }
        self.worker: subprocess.Popen[bytes] | None = None

    def run(self, code: str) -> str:
        """Run Python with Django started; what it printed."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            env=self.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def state(self) -> dict[str, object]:
        """What the database says now."""
        code = "import json\nfrom tests.jobs import slow_work\nprint(json.dumps(slow_work.state()))"
        return json.loads(self.run(code))

    def count(self, table: str, condition: str) -> int:
        """Rows counted straight in the database: quick enough to catch the work half-way."""
        query = f"SELECT count(*) FROM {table} WHERE {condition}"
        url = self.environment["DATABASE_URL"]
        if url.startswith("postgres"):
            with psycopg.connect(url) as server:
                return server.execute(query).fetchone()[0]
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as file:
            return file.execute(query).fetchone()[0]

    def start(self, *command: str, **environment: str) -> None:
        """Start a worker in a process group of its own."""
        self.worker = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self.environment | environment,
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """SIGKILL to the worker's whole group: no handler runs, no lock is given back."""
        if self.worker is not None:
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()
            self.worker = None

    def wait_for(self, *, answers: int = 0, done: int = 0, seconds: float = 90) -> None:
        """Wait until so many rows are answered and so many tasks are done."""
        until = time.monotonic() + seconds
        while (
            self.count("journal_entry", "event = 'test.row.answered'") < answers
            or self.count("django_q_task", "func LIKE '%answer_rows'") < done
        ):
            assert time.monotonic() < until, f"not done in {seconds} s"
            time.sleep(0.05)


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """Migrated, with the rows asked and the task queued; no worker is left behind."""
    made = Installation(tmp_path, database_url)
    made.run(
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0, skip_checks=True)\n"
        "call_command('createcachetable', verbosity=0)\n"
        "from tests.jobs import slow_work\nslow_work.ask()"
    )
    yield made
    made.kill()


class TestKilledWorker:
    """kill -9 of the whole cluster, then a new start."""

    def kill_half_way(self, installation: Installation) -> int:
        """Start, wait for some answers, kill; how many there were."""
        installation.start("busbar.cli.main", "work")
        installation.wait_for(answers=5)
        installation.kill()
        state = installation.state()
        half = len(state["answered"])
        assert 5 <= half < ROWS, "the kill came too late to prove anything"
        assert (state["waiting"], state["done"]) == (1, 0)
        return half

    def check_all_once(self, installation: Installation) -> None:
        """Wait for the end; every row was answered exactly once, in order."""
        installation.wait_for(answers=ROWS, done=1)
        state = installation.state()
        assert state["answered"] == list(range(ROWS))
        assert state["chain_holds"]

    def test_a_new_worker_takes_the_work_up_at_once(self, installation: Installation) -> None:
        self.kill_half_way(installation)
        installation.start("busbar.cli.main", "work")
        self.check_all_once(installation)

    def test_twice_killed_is_still_done_once(self, installation: Installation) -> None:
        first = self.kill_half_way(installation)
        installation.start("busbar.cli.main", "work")
        installation.wait_for(answers=first + 5)
        installation.kill()
        installation.start("busbar.cli.main", "work")
        self.check_all_once(installation)

    def test_the_broker_alone_delivers_again_after_its_retry_time(
        self, installation: Installation
    ) -> None:
        # Both starts with the same short retry, as the lock is written at the first delivery.
        short = {"BUSBAR_RETRY_SECONDS": "8"}
        installation.start("django", "qcluster", **short)
        installation.wait_for(answers=5)
        installation.kill()
        installation.start("django", "qcluster", **short)
        self.check_all_once(installation)
