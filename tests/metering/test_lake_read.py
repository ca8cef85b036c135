"""Reading the lake: latest and as of, lookups, batches, compaction, vacuum."""

import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from busbar.metering import lake
from busbar.metering.lake import storage
from busbar.metering.lake.schema import FILE_SCHEMA
from busbar.metering.lake.vectors import as_lists, as_matrix, as_read, with_measured
from busbar.metering.lake.wanted import Wanted
from tests.metering.lake_fixtures import AT, DAY, curve, curves, many

FEBRUARY = (date(2025, 2, 1), date(2025, 3, 1))
HOUR = timedelta(hours=1)


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Usage point 1 in versions 1, 2 and 3 an hour apart, usage point 2 in version 2 only."""
    for version in (1, 2, 3):
        rows = [curve(1, active=version)] + ([curve(2, active=20)] if version == 2 else [])
        at = AT + version * HOUR
        lake.append_curves(tmp_path, curves(*rows), commit_key=str(version), at=at, source="s")
    return tmp_path


def first_values(table: pa.Table) -> dict[int, int]:
    return {row["usage_point_id"]: row["active_wh"][0] for row in table.to_pylist()}


def month_values(root: Path, **options: object) -> dict[int, int]:
    batches = lake.iter_month_batches(root, "2025-02", **options)
    rows = [row for batch in batches for row in batch.to_pylist()]
    result = {row["usage_point_id"]: row["active_wh"][0] for row in rows}
    assert len(rows) == len(result)
    return result


MOMENTS = [
    (None, {1: 3, 2: 20}),
    (3, {1: 3, 2: 20}),
    (2, {1: 2, 2: 20}),
    (1, {1: 1}),
    (0, {}),
    (AT + 3 * HOUR, {1: 3, 2: 20}),
    (AT + 2.5 * HOUR, {1: 2, 2: 20}),
    (AT + HOUR, {1: 1}),
    (AT, {}),
]


class TestFilesOfBefore:
    """Files once held every code of quality and lists that could name nulls."""

    @pytest.fixture
    def mixed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Usage points 1 and 2 in a file of before, 2 (newer) and 3 in one of now."""
        old = [curve(1, quality=[0] * 95 + [1]), curve(2, active=7, lead=None)]
        new = [curve(2, active=8, lead=None), curve(3, quality=[5] * 96)]
        with monkeypatch.context() as patch:
            patch.setattr(storage, "STORED_SCHEMA", FILE_SCHEMA)
            patch.setattr(storage, "without_measured", lambda table: table)
            lake.append_curves(tmp_path, curves(*old), commit_key="old", at=AT, source="s")
        lake.append_curves(tmp_path, curves(*new), commit_key="new", at=AT, source="s")
        return tmp_path

    def test_read_beside_files_of_now(self, mixed: Path) -> None:
        expected = [
            curve(1, quality=[0] * 95 + [1]),
            curve(2, active=8, lead=None),
            curve(3, quality=[5] * 96),
        ]

        read = lake.read_curves(mixed, None, *FEBRUARY)

        assert read.select(lake.CURVE_SCHEMA.names).equals(curves(*expected))
        batches = pa.Table.from_batches(lake.iter_month_batches(mixed, "2025-02"))
        streamed = as_read(with_measured(batches)).sort_by("usage_point_id")
        assert streamed.equals(curves(*expected))

    def test_are_equal_to_the_same_delivery_and_rewritten_by_compaction(self, mixed: Path) -> None:
        again = curves(curve(1, quality=[0] * 95 + [1]), curve(2, active=8, lead=None))
        before = lake.read_curves(mixed, None, *FEBRUARY)

        done = lake.append_curves(mixed, again, commit_key="again", at=AT, source="s")
        lake.compact_month(mixed, "2025-02")

        assert (done.rows_written, done.rows_unchanged) == (0, 2)
        assert lake.read_curves(mixed, None, *FEBRUARY).equals(before)
        files = storage.read_snapshot(mixed).in_month("2025-02")
        stored = [pq.read_table(mixed / file.path, partitioning=None) for file in files]
        assert [table["quality"].null_count for table in stored] == [1, 1]


class TestReadSnapshot:
    def test_starts_without_pandas_which_takes_a_second_to_import(self, versions: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from busbar.metering import lake; "
            "print(lake.list_months(Path(sys.argv[1])), 'pandas' in sys.modules)"
        )

        done = subprocess.run(
            [sys.executable, "-c", program, str(versions)],
            check=True,
            capture_output=True,
            text=True,
        )

        assert done.stdout == "['2025-02'] False\n"


@pytest.mark.parametrize(("as_of", "expected"), MOMENTS)
class TestAsOf:
    def test_reads_what_was_the_latest_then(
        self, versions: Path, as_of: object, expected: dict[int, int]
    ) -> None:
        table = lake.read_curves(versions, None, *FEBRUARY, as_of=as_of)

        assert first_values(table) == expected
        assert month_values(versions, as_of=as_of) == expected

    def test_reads_the_same_after_compaction_and_vacuum(
        self, versions: Path, as_of: object, expected: dict[int, int]
    ) -> None:
        lake.compact_month(versions, "2025-02")
        lake.vacuum(versions, keep=timedelta(0))

        table = lake.read_curves(versions, None, *FEBRUARY, as_of=as_of)

        assert first_values(table) == expected
        assert month_values(versions, as_of=as_of) == expected


class TestReadCurves:
    def test_keeps_the_end_of_the_period_out_and_crosses_months(self, tmp_path: Path) -> None:
        days = [date(2025, 1, 31), date(2025, 2, 1), date(2025, 2, 2)]
        table = curves(*(curve(point, day) for day in days for point in (1, 2)))
        lake.append_curves(tmp_path, table, commit_key="a", at=AT, source="s")

        found = lake.read_curves(tmp_path, None, days[0], days[2])

        keys = [(row["usage_point_id"], row["day"]) for row in found.to_pylist()]
        assert keys == [(1, days[0]), (1, days[1]), (2, days[0]), (2, days[1])]

    def test_finds_one_usage_point_among_many_files_and_row_groups(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(storage, "ROW_GROUP_ROWS", 50)
        table = many(40)
        lake.append_curves(tmp_path, table, commit_key="a", at=AT, source="s")
        lake.append_curves(tmp_path, many(3, seed=5), commit_key="b", at=AT, source="s")

        found = lake.read_curves(tmp_path, [17, 99], *FEBRUARY, channels=["active_wh"])

        expected = table.slice(17 * 28, 28)
        assert found["day"].to_pylist() == expected["day"].to_pylist()
        assert found["active_wh"].to_pylist() == expected["active_wh"].to_pylist()
        assert found.column_names[-1] == "active_wh"
        assert set(month_values(tmp_path_of_days(tmp_path, found), usage_point_ids=[17])) == {17}

    def test_of_a_folder_without_a_lake_is_empty(self, tmp_path: Path) -> None:
        found = lake.read_curves(tmp_path / "none", [1], *FEBRUARY)

        assert found.num_rows == 0
        assert found.schema.field("active_wh").type == pa.list_(pa.int32())
        assert lake.read_curves(tmp_path, [1], FEBRUARY[0], FEBRUARY[0]).num_rows == 0
        assert list(lake.iter_month_batches(tmp_path, "2025-02")) == []
        assert lake.current_version(tmp_path) == -1

    def test_of_no_usage_points_is_empty(self, versions: Path) -> None:
        assert lake.read_curves(versions, [], *FEBRUARY).num_rows == 0
        assert month_values(versions, usage_point_ids=[]) == {}

    def test_sees_a_lake_made_anew_in_the_same_folder(self, tmp_path: Path) -> None:
        import shutil

        root = tmp_path / "lake"
        for active in (1, 2):
            shutil.rmtree(root, ignore_errors=True)
            row = curves(curve(1, active=active))
            lake.append_curves(root, row, commit_key="a", at=AT, source="s")
            assert first_values(lake.read_curves(root, None, *FEBRUARY)) == {1: active}


def tmp_path_of_days(root: Path, found: pa.Table) -> Path:
    """A lake of one day of the found rows, so that each usage point has one row."""
    fresh = root / "one-day"
    row = curve(17, active=found["active_wh"].to_pylist()[0])
    lake.append_curves(fresh, curves(row, curve(18)), commit_key="x", at=AT, source="s")
    return fresh


class TestMonthBatches:
    @settings(max_examples=60, deadline=None)
    @given(
        stored=st.lists(st.integers(1, 15), unique=True, min_size=1),
        asked=st.none() | st.lists(st.integers(0, 16), unique=True),
        rows=st.integers(1, 4),
    )
    def test_hold_the_points_asked_for_and_no_others(
        self,
        stored: list[int],
        asked: list[int] | None,
        rows: int,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        root = tmp_path_factory.mktemp("lake")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(storage, "ROW_GROUP_ROWS", rows)
            table = curves(*(curve(point, active=point) for point in stored))
            lake.append_curves(root, table, commit_key="1", at=AT, source="s")

        batches = lake.iter_month_batches(root, "2025-02", usage_point_ids=asked)

        points = [point for batch in batches for point in batch["usage_point_id"].to_pylist()]
        wanted = set(stored) if asked is None else set(stored) & set(asked)
        assert sorted(points) == sorted(wanted)

    @given(
        points=st.none() | st.lists(st.integers(0, 9), unique=True).map(sorted),
        within=st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9)),
        low=st.integers(0, 9),
        high=st.integers(0, 9),
    )
    def test_look_for_no_row_where_a_whole_range_is_wanted(
        self, points: list[int] | None, within: tuple[int, int] | None, low: int, high: int
    ) -> None:
        low, high = min(low, high), max(low, high)
        wanted = Wanted(None if points is None else np.array(points, dtype=np.int64), within)
        numbers = np.arange(low, high + 1)

        assert wanted.takes_all(low, high) == bool(wanted.among(numbers).all())


class TestHistory:
    def test_lists_all_versions_oldest_first_before_and_after_compaction(
        self, versions: Path
    ) -> None:
        before = lake.history(versions, 1, DAY)
        lake.compact_month(versions, "2025-02")

        assert before["version"].to_pylist() == [1, 2, 3]
        assert [values[0] for values in before["active_wh"].to_pylist()] == [1, 2, 3]
        assert lake.history(versions, 1, DAY).equals(before)
        assert lake.history(versions, 1, DAY + timedelta(days=1)).num_rows == 0


class TestCompactMonth:
    def test_makes_one_sorted_file_and_one_of_superseded_rows(self, versions: Path) -> None:
        result = lake.compact_month(versions, "2025-02")

        assert (result.rewritten, result.files_before, result.files_after) == (True, 3, 2)
        assert (result.rows_latest, result.rows_superseded) == (2, 2)
        again = lake.compact_month(versions, "2025-02")
        assert (again.rewritten, again.files_before) == (False, 2)

    def test_sorts_many_chunks_and_keeps_every_row(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.metering.lake.upkeep._CHUNK_ROWS", 100)
        monkeypatch.setattr(storage, "ROW_GROUP_ROWS", 30)
        for key, seed in (("a", 1), ("b", 2), ("c", 3)):
            lake.append_curves(tmp_path, many(20, seed=seed), commit_key=key, at=AT, source=key)
        before = lake.read_curves(tmp_path, None, *FEBRUARY)

        result = lake.compact_month(tmp_path, "2025-02")

        assert (result.rows_latest, result.rows_superseded) == (560, 1120)
        assert lake.read_curves(tmp_path, None, *FEBRUARY).equals(before)
        streamed = pa.Table.from_batches(lake.iter_month_batches(tmp_path, "2025-02"))
        written_out = as_read(with_measured(streamed))
        assert written_out.equals(before.select(streamed.column_names))

    def test_loses_no_row_that_is_appended_meanwhile(self, tmp_path: Path) -> None:
        done = threading.Event()

        def append_all() -> None:
            try:
                for i in range(25):
                    row = curves(curve(i + 1), curve(0, active=i + 1))
                    lake.append_curves(tmp_path, row, commit_key=f"k{i}", at=AT, source="s")
            finally:
                done.set()

        lake.append_curves(tmp_path, curves(curve(99)), commit_key="x", at=AT, source="s")
        writer = threading.Thread(target=append_all)
        writer.start()
        rewritten = 0
        while not done.is_set():
            rewritten += lake.compact_month(tmp_path, "2025-02").rewritten
        writer.join()
        lake.compact_month(tmp_path, "2025-02")

        assert rewritten > 0
        assert set(month_values(tmp_path)) == {*range(26), 99}
        assert month_values(tmp_path)[0] == 25
        values = [row[0] for row in lake.history(tmp_path, 0, DAY)["active_wh"].to_pylist()]
        assert values == sorted(values)

    def test_beside_another_compaction_doubles_no_row(self, versions: Path) -> None:
        threads = [
            threading.Thread(target=lake.compact_month, args=(versions, "2025-02"))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert lake.history(versions, 1, DAY)["version"].to_pylist() == [1, 2, 3]
        assert month_values(versions) == {1: 3, 2: 20}

    def test_leaves_a_table_that_delta_lake_itself_reads(self, versions: Path) -> None:
        lake.compact_month(versions, "2025-02")

        rows = DeltaTable(str(versions)).to_pyarrow_table().to_pylist()

        assert sorted((row["usage_point_id"], row["version"]) for row in rows) == [
            (1, 1),
            (1, 2),
            (1, 3),
            (2, 2),
        ]
        assert {row["month"] for row in rows} == {"2025-02"}


class TestVacuum:
    def test_frees_files_that_left_the_table_and_what_a_killed_writer_left(
        self, versions: Path
    ) -> None:
        stray = versions / "month=2025-02" / "curves-of-a-killed-writer.parquet"
        stray.write_bytes(b"half a file")
        lake.compact_month(versions, "2025-02")

        kept = lake.vacuum(versions)
        freed = lake.vacuum(versions, keep=timedelta(0))

        assert kept == []
        assert len(freed) == 4
        assert not stray.exists()
        assert len(list(versions.glob("month=*/*.parquet"))) == 2


class TestVectors:
    @given(st.lists(st.booleans(), max_size=20))
    @settings(deadline=None)
    def test_lists_and_matrices_are_each_other_s_inverse(self, present: list[bool]) -> None:
        mask = np.array(present, dtype=bool)
        values = np.arange(len(mask) * 96, dtype=np.int32).reshape(-1, 96)

        back, some = as_matrix(as_lists(values, mask))

        assert (back[mask] == values[mask]).all()
        assert (back[~mask] == 0).all()
        assert (some is None) == bool(mask.all())

    def test_a_slice_is_read_where_it_lies(self) -> None:
        lists = as_lists(np.arange(96 * 4, dtype=np.int32).reshape(4, 96))

        values, _ = as_matrix(lists.slice(2, 1))

        assert values.tolist() == [list(range(192, 288))]
