"""Appending to the lake: once a key, only what changed, whole or not at all."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from busbar.metering import lake
from busbar.metering.lake import Quality
from tests.metering.lake_fixtures import AT, DAY, curve, curves, many

FEBRUARY = (date(2025, 2, 1), date(2025, 3, 1))


def append(root: Path, table: pa.Table, key: str, at: datetime = AT) -> lake.LakeCommit:
    return lake.append_curves(root, table, commit_key=key, at=at, source=f"file:{key}")


def read(root: Path, **options: object) -> list[dict[str, object]]:
    return lake.read_curves(root, None, *FEBRUARY, **options).to_pylist()


class TestAppendCurves:
    def test_stores_rows_that_read_back_with_version_moment_and_source(
        self, tmp_path: Path
    ) -> None:
        commit = append(tmp_path, curves(curve(2), curve(1, active=list(range(96)))), "a")

        assert (commit.version, commit.already, commit.rows_new) == (1, False, 2)
        first, second = read(tmp_path)
        assert first == {
            "usage_point_id": 1,
            "day": DAY,
            "version": 1,
            "committed_at": AT,
            "source": "file:a",
            "active_wh": list(range(96)),
            "reactive_lag_varh": [30] * 96,
            "reactive_lead_varh": [0] * 96,
            "quality": [0] * 96,
        }
        assert second["usage_point_id"] == 2

    def test_is_one_delta_commit_even_over_several_months(self, tmp_path: Path) -> None:
        rows = [curve(1, date(2025, month, 1)) for month in (1, 2, 3)]

        commit = append(tmp_path, curves(*rows), "a")

        assert DeltaTable(str(tmp_path)).version() == commit.version == 1
        assert lake.list_months(tmp_path) == ["2025-01", "2025-02", "2025-03"]
        assert commit.months == ("2025-01", "2025-02", "2025-03")

    def test_writes_nothing_under_a_key_that_was_committed(self, tmp_path: Path) -> None:
        first = append(tmp_path, curves(curve(1)), "a")
        append(tmp_path, curves(curve(1, active=7)), "b")

        again = append(tmp_path, curves(curve(1)), "a")

        assert again.already
        assert (again.version, again.rows_new, again.months) == (first.version, 1, ("2025-02",))
        assert read(tmp_path)[0]["active_wh"] == [7] * 96
        assert DeltaTable(str(tmp_path)).version() == 2

    def test_knows_a_key_after_checkpoints_and_forgotten_log_files(self, tmp_path: Path) -> None:
        append(tmp_path, curves(curve(1)), "a")
        append(tmp_path, curves(curve(2)), "b")
        DeltaTable(str(tmp_path)).create_checkpoint()
        (tmp_path / "_delta_log" / f"{1:020d}.json").unlink()

        again = append(tmp_path, curves(curve(1)), "a")

        assert (again.already, again.version) == (True, 1)

    def test_leaves_out_rows_equal_to_the_latest_version(self, tmp_path: Path) -> None:
        append(tmp_path, many(3), "a")

        again = append(tmp_path, many(3), "b")

        assert (again.rows_new, again.rows_changed, again.rows_unchanged) == (0, 0, 84)
        assert (again.already, again.rows_written, again.version) == (False, 0, 1)
        assert lake.current_version(tmp_path) == 1

    def test_stores_a_change_of_one_value_or_code_as_a_newer_version(self, tmp_path: Path) -> None:
        append(tmp_path, curves(curve(1), curve(2), curve(3)), "a")
        one_value, one_code = [100] * 95 + [101], [0] * 95 + [Quality.EDITED]

        commit = append(
            tmp_path, curves(curve(1, active=one_value), curve(2), curve(3, quality=one_code)), "b"
        )

        assert (commit.rows_changed, commit.rows_unchanged) == (2, 1)
        rows = read(tmp_path)
        assert [row["version"] for row in rows] == [2, 1, 2]
        assert rows[0]["active_wh"] == one_value
        assert rows[2]["quality"] == one_code

    def test_keeps_what_is_stored_where_the_delivery_says_nothing(self, tmp_path: Path) -> None:
        append(tmp_path, curves(curve(1, active=5, lag=6)), "a")
        gap = [Quality.MISSING] * 48 + [Quality.MEASURED] * 48

        append(tmp_path, curves(curve(1, active=9, lag=None, quality=gap)), "b")

        row = read(tmp_path)[0]
        assert row["active_wh"] == [5] * 48 + [9] * 48
        assert row["reactive_lag_varh"] == [6] * 96
        assert row["quality"] == [0] * 96

    def test_joins_active_and_reactive_energy_of_two_files_in_any_order(
        self, tmp_path: Path
    ) -> None:
        append(tmp_path, curves(curve(1, active=None, quality=None, lag=8, lead=None)), "reactive")
        alone = read(tmp_path)[0]
        append(tmp_path, curves(curve(1, active=5, lag=None, lead=None)), "active")
        joined = read(tmp_path)[0]

        assert (alone["active_wh"], alone["quality"]) == ([0] * 96, [Quality.MISSING] * 96)
        assert (joined["active_wh"], joined["quality"]) == ([5] * 96, [0] * 96)
        assert (joined["reactive_lag_varh"], joined["reactive_lead_varh"]) == ([8] * 96, None)

    def test_sets_the_value_of_a_missing_interval_to_zero(self, tmp_path: Path) -> None:
        append(tmp_path, curves(curve(1, active=5, quality=[Quality.MISSING] + [0] * 95)), "a")

        assert read(tmp_path)[0]["active_wh"] == [0] + [5] * 95

    @pytest.mark.parametrize(
        ("table", "sentence"),
        [
            (curves(curve(1), curve(1)), "出现多行"),
            (curves(curve(1, active=[1] * 95)), "96"),
            (curves(curve(1)).drop_columns(["quality"]), "列"),
        ],
    )
    def test_refuses_a_table_out_of_shape_and_stores_nothing(
        self, tmp_path: Path, table: pa.Table, sentence: str
    ) -> None:
        append(tmp_path, curves(curve(9)), "before")

        with pytest.raises(lake.CurveTableError, match=sentence):
            append(tmp_path, table, "a")

        assert lake.current_version(tmp_path) == 1
        assert len(list(tmp_path.glob("month=*/*"))) == 1

    def test_refuses_a_moment_without_time_zone(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="time zone"):
            append(tmp_path, curves(curve(1)), "a", at=datetime(2025, 1, 1))  # noqa: DTZ001 - the case


class TestManyWriters:
    def test_give_every_commit_its_own_version_and_lose_no_row(self, tmp_path: Path) -> None:
        threads = [
            threading.Thread(
                target=append, args=(tmp_path, curves(curve(1, active=i), curve(i)), f"k{i}")
            )
            for i in range(2, 10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        versions = lake.history(tmp_path, 1, DAY)["version"].to_pylist()
        assert versions == list(range(1, 9))
        assert [row["usage_point_id"] for row in read(tmp_path)] == list(range(1, 10))

    def test_commit_one_key_once(self, tmp_path: Path) -> None:
        commits: list[lake.LakeCommit] = []
        threads = [
            threading.Thread(target=lambda: commits.append(append(tmp_path, many(2), "same")))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(commit.already for commit in commits) == [False, True, True, True]
        assert {commit.version for commit in commits} == {1}


KILLED = """
import os, signal, sys
from pathlib import Path
from busbar.metering.lake import storage
from tests.metering.test_lake_append import append, many

def die(*_args, **_options):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(storage, sys.argv[2], die)
append(Path(sys.argv[1]), many(5, seed=2), "killed")
"""


@pytest.mark.slow
class TestKill:
    @pytest.mark.parametrize("moment", ["commit", "_sync", "new_writer"])
    def test_in_the_middle_leaves_the_table_as_it_was_and_running_again_completes(
        self, tmp_path: Path, moment: str
    ) -> None:
        root = tmp_path / "lake"
        append(root, many(5), "before")
        before = read(root)

        killed = run_and_wait(KILLED, root, moment)

        assert killed == -signal.SIGKILL
        assert read(root) == before
        assert lake.current_version(root) == 1
        again = append(root, many(5, seed=2), "killed")
        assert (again.already, again.rows_changed) == (False, 140)

    def test_at_any_moment_leaves_all_or_nothing(self, tmp_path: Path) -> None:
        seen = set()
        for i, milliseconds in enumerate((1, 20, 60, 120, 400)):
            root = tmp_path / str(i)
            append(root, many(5), "before")
            with start(APPENDING, root) as process:
                assert process.stdout is not None
                process.stdout.readline()
                threading.Event().wait(milliseconds / 1000)
                process.kill()
            rows = read(root)
            versions = {row["version"] for row in rows}
            assert len(rows) == 140
            assert len(versions) == 1
            seen |= versions
            append(root, many(5, seed=2), "killed")
            assert {row["version"] for row in read(root)} == {2}
        assert seen <= {1, 2}

    def test_after_the_commit_writes_nothing_twice(self, tmp_path: Path) -> None:
        root = tmp_path / "lake"
        append(root, many(5), "before")

        assert run_and_wait(KILLED_AFTER, root) == -signal.SIGKILL

        again = append(root, many(5, seed=2), "killed")
        assert (again.already, again.version, again.rows_changed) == (True, 2, 140)
        assert lake.current_version(root) == 2


APPENDING = """
import sys
from pathlib import Path
from tests.metering.test_lake_append import append, many
table = many(5, seed=2)
print("ready", flush=True)
append(Path(sys.argv[1]), table, "killed")
"""

KILLED_AFTER = """
import os, signal, sys
from pathlib import Path
from tests.metering.test_lake_append import append, many
append(Path(sys.argv[1]), many(5, seed=2), "killed")
os.kill(os.getpid(), signal.SIGKILL)
"""


def start(script: str, root: Path, *arguments: str) -> subprocess.Popen[str]:
    """Run a script in a process of its own with the tests and the sources on its path."""
    here = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{here}:{here / 'src'}"}
    command = [sys.executable, "-c", script, str(root), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def run_and_wait(script: str, root: Path, *arguments: str) -> int:
    with start(script, root, *arguments) as process:
        return process.wait(timeout=60)


def test_a_later_moment_is_not_needed_for_a_later_version(tmp_path: Path) -> None:
    append(tmp_path, curves(curve(1, active=1)), "a", at=AT)
    append(tmp_path, curves(curve(1, active=2)), "b", at=AT - timedelta(days=3))

    row = read(tmp_path)[0]

    assert row["active_wh"] == [2] * 96
    assert row["committed_at"] == datetime(2025, 2, 26, 8, tzinfo=UTC)
