"""Curves from files into the lake (R20)."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from busbar import demo
from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.imports.models import ImportState
from busbar.imports.operations import readings
from busbar.journal.models import Entry
from busbar.metering import lake
from busbar.metering import queries as metering_queries
from busbar.metering.layouts import keys
from busbar.metering.models import LakeCommit, ReadingSource
from busbar.supply.models import UsagePoint
from tests.imports.world import (
    archive_files,
    counts,
    csv_bytes,
    errors,
    make_viewer,
    network_files,
    run_files,
)
from tests.worlds import keep

Units = dict[str, OrganizationUnit]
POINTS = [f"P{i}" for i in range(1, 97)]
DAY = dt.date(2025, 3, 1)
STEEL = Path(demo.__file__).parent / "data" / "steel_plant_2018.parquet"


@pytest.fixture
def archive(units: Units, home: Path) -> None:
    keep(_bring_in, folder=home)


def _bring_in() -> None:
    run_files("network", network_files())
    run_files("archive", archive_files())


def curves(start: dt.date, end: dt.date) -> pa.Table:
    point = UsagePoint.objects.get(number="P1")
    return metering_queries.get_curves(
        SYSTEM_VIEWER, usage_point_ids=[point.pk], start=start, end=end
    )


def wide(*rows: tuple[str, str, str, str]) -> bytes:
    header = ["计量点编号", "日期", "数据项", *POINTS]
    return csv_bytes(header, [[*row[:3], *[row[3]] * 96] for row in rows], encoding="gb18030")


@pytest.mark.usefixtures("archive")
class TestWideFile:
    """One row a day with 96 values."""

    def test_channels_of_a_day_become_one_curve(self) -> None:
        run = run_files(
            "readings",
            {
                "a.csv": wide(
                    ("P1", "2025/3/1", "正向有功", "1.5"), ("P1", "2025-03-01", "无功", "-2")
                )
            },
        )

        assert counts(run) == {"readings_wide": (1, 0, 0, 0)}
        row = curves(DAY, DAY + dt.timedelta(days=1)).to_pylist()[0]
        assert row["active_wh"] == [1500] * 96
        assert row["reactive_lag_varh"] == [2000] * 96
        assert row["reactive_lead_varh"] is None
        assert row["quality"] == [0] * 96

    def test_points_are_found_by_the_meter_that_hung_there_on_the_day(self) -> None:
        run = run_files(
            "readings",
            {
                "a.csv": wide(
                    ("M1", "2025-01-31", "有功", "1"),
                    ("M1", "2025-02-01", "有功", "9"),
                    ("M2", "2025-02-01", "有功", "2"),
                )
            },
        )

        found = curves(dt.date(2025, 1, 1), dt.date(2025, 3, 1)).to_pylist()
        assert [(row["day"].day, row["active_wh"][0]) for row in found] == [(31, 1000), (1, 2000)]
        assert run.files.get().created == 2
        assert errors(run)[0][3].startswith("表 M1 在 2025-02-01 未装在任何计量点")

    def test_bad_rows_are_named_and_good_ones_kept(self) -> None:
        run = run_files(
            "readings",
            {
                "a.csv": wide(
                    ("P1", "2025-03-01", "有功", "1"),
                    ("P9", "2025-03-01", "有功", "1"),
                    ("P1", "2025-03-32", "有功", "1"),
                    ("P1", "2025-03-02", "有功", "abc"),
                )
            },
        )

        found = errors(run)
        assert [(e[0], e[1], e[2]) for e in found] == [
            (3, "计量点编号", "P9"),
            (4, "日期", "2025-03-32"),
            (5, "P1", "abc"),
        ]
        assert counts(run) == {"readings_wide": (1, 0, 0, 3)}

    def test_more_bad_rows_than_can_be_corrected_refuse_the_file_whole(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keys, "MOST_BAD_ROWS", 2)
        bad = [("P1", f"2025-03-{day}", "有功", "1") for day in (32, 33)]
        good = ("P1", "2025-03-01", "有功", "1")
        assert counts(run_files("readings", {"a.csv": wide(good, *bad)})) == {
            "readings_wide": (1, 0, 0, 2)
        }

        run = run_files("readings", {"a.csv": wide(good, *bad, ("P1", "2025-03-34", "有功", "1"))})

        assert run.state == ImportState.REFUSED
        assert str(run.message).startswith(
            "a.csv：超过 2 行不合要求，整份文件没有导入；如第 3 行 日期“2025-03-32”：应为日期"
        )
        assert errors(run) == []
        assert LakeCommit.objects.count() == 1

    def test_rows_of_unknown_points_count_among_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(readings, "MOST_BAD_ROWS", 1)
        unknown = [(f"P{number}", "2025-03-01", "有功", "1") for number in (8, 9)]

        run = run_files("readings", {"a.csv": wide(("P1", "2025-03-01", "有功", "1"), *unknown)})

        assert run.state == ImportState.REFUSED
        assert "如第 3 行 计量点编号“P8”：没有这个计量点编号" in str(run.message)
        assert not LakeCommit.objects.exists()

    def test_an_unknown_number_that_became_a_float_is_named_as_people_write_it(self) -> None:
        table = pa.table(
            {
                "计量点编号": [3.0, 4.0],
                "日期": [DAY, DAY],
                **{name: [1.0, 1.0] for name in POINTS},
            }
        )
        content = io.BytesIO()
        pq.write_table(table, content)

        run = run_files("readings", {"a.parquet": content.getvalue()})

        assert [(e[0], e[1], e[2]) for e in errors(run)] == [
            (2, "计量点编号", "3"),
            (3, "计量点编号", "4"),
        ]
        assert counts(run) == {"readings_wide": (0, 0, 0, 2)}

    def test_the_same_file_twice_changes_nothing(self) -> None:
        content = {"a.csv": wide(("P1", "2025-03-01", "有功", "1"))}
        run_files("readings", content)
        version = lake.current_version(metering_queries.lake_root())
        told = Entry.objects.filter(event="metering.curves.appended").count()

        run = run_files("readings", content)

        assert counts(run) == {"readings_wide": (0, 0, 1, 0)}
        assert lake.current_version(metering_queries.lake_root()) == version
        assert Entry.objects.filter(event="metering.curves.appended").count() == told == 1
        assert LakeCommit.objects.count() == 1

    def test_a_correction_is_a_newer_version_and_the_old_stays_readable(self) -> None:
        run_files("readings", {"a.csv": wide(("P1", "2025-03-01", "有功", "1"))})
        first = lake.current_version(metering_queries.lake_root())

        run = run_files("readings", {"b.csv": wide(("P1", "2025-03-01", "有功", "2"))})

        assert counts(run) == {"readings_wide": (0, 1, 0, 0)}
        after = DAY + dt.timedelta(days=1)
        point = UsagePoint.objects.get(number="P1").pk
        now, then = (
            metering_queries.get_load(
                SYSTEM_VIEWER, usage_point_ids=[point], start=DAY, end=after, as_of=as_of
            )
            for as_of in (None, first)
        )
        assert (now.energy_wh.sum(), then.energy_wh.sum()) == (192_000, 96_000)
        assert now.peak == (dt.datetime(2025, 3, 1), 8.0)  # noqa: DTZ001 - local stamps have none

    def test_another_countys_points_are_refused(self, units: Units) -> None:
        viewer = make_viewer(units["310102"], Role.METERING_ENGINEER)

        run = run_files("readings", {"a.csv": wide(("P1", "2025-03-01", "有功", "1"))}, by=viewer)

        # 二厂 of the same customer belongs to the other county, this account does not.
        assert counts(run) == {"readings_wide": (0, 0, 0, 1)}
        assert curves(DAY, DAY + dt.timedelta(days=1)).num_rows == 0

    def test_a_point_registered_later_gets_its_curves_when_the_file_comes_again(self) -> None:
        content = {
            "a.csv": wide(("P1", "2025-03-01", "有功", "1"), ("PX", "2025-03-01", "有功", "3"))
        }
        assert counts(run_files("readings", content)) == {"readings_wide": (1, 0, 0, 1)}
        header = ["计量点编号", "计量点名称", "户号", "用电地址编码", "电压等级", "计量方式"]
        point = [["PX", "新表", "3101000001", "S1", "10", "高供高计"]]
        run_files("archive", {"计量点.csv": csv_bytes(header, point)})

        again = run_files("readings", content)

        assert counts(again) == {"readings_wide": (1, 0, 1, 0)}


@pytest.mark.usefixtures("archive")
class TestLongFile:
    """One row an interval."""

    def test_needs_to_be_told_where_the_stamp_stands_once_a_source(self) -> None:
        header, rows = ["计量点编号", "时间", "有功电量(kWh)"], []
        for quarter in range(1, 97):
            moment = dt.datetime(2025, 3, 1) + dt.timedelta(minutes=15 * quarter)  # noqa: DTZ001 - local stamps have none
            rows.append(["P1", moment.strftime("%Y-%m-%d %H:%M"), str(quarter)])
        content = csv_bytes(header, rows)

        refused = run_files("readings", {"a.csv": content})
        assert refused.state == ImportState.REFUSED
        assert "区间起点还是终点" in str(refused.message)

        first = run_files("readings", {"a.csv": content}, options={"source": "HES", "stamp": "end"})
        assert counts(first) == {"readings_long": (1, 0, 0, 0)}
        row = curves(DAY, DAY + dt.timedelta(days=1)).to_pylist()[0]
        assert row["active_wh"] == [1000 * i for i in range(1, 97)]
        assert ReadingSource.objects.get().stamp_at == "end"

        shifted = [[r[0], r[1].replace("-03-", "-04-"), r[2]] for r in rows]
        second = run_files(
            "readings", {"b.csv": csv_bytes(header, shifted)}, options={"source": "HES"}
        )
        assert counts(second)["readings_long"][0] == 1

    def test_parquet_with_native_stamps_comes_in(self) -> None:
        moments = [dt.datetime(2025, 3, 1) + dt.timedelta(minutes=15 * i) for i in range(96)]  # noqa: DTZ001 - local stamps have none
        table = pa.table(
            {
                "point": ["P1"] * 96,
                "timestamp": pa.array(moments, pa.timestamp("us")),
                "active_wh": pa.array([250.0] * 96),
            }
        )
        content = io.BytesIO()
        pq.write_table(table, content)

        run = run_files(
            "readings",
            {"a.parquet": content.getvalue()},
            options={"stamp": "start", "unit": "wh"},
        )

        assert counts(run) == {"readings_long": (1, 0, 0, 0)}
        row = curves(DAY, DAY + dt.timedelta(days=1)).to_pylist()[0]
        assert row["active_wh"] == [250] * 96

    def test_of_24_points_a_day_is_refused_whole(self) -> None:
        rows = [["P1", f"2025-03-01 {hour:02d}:00", "1"] for hour in range(24)]

        run = run_files(
            "readings",
            {"a.csv": csv_bytes(["计量点编号", "时间", "有功"], rows)},
            options={"stamp": "start"},
        )

        assert run.state == ImportState.REFUSED
        assert "24 个点" in str(run.message)

    def test_the_steel_plants_year_comes_in_by_the_same_command(self) -> None:
        run = run_files(
            "readings",
            {"steel.parquet": STEEL.read_bytes()},
            options={
                "source": "steel",
                "stamp": "end",
                "midnight": "same",
                "point": "P1",
                "formats": ["dd/mm/yyyy HH:MM"],
            },
        )

        assert errors(run) == []
        assert counts(run) == {"readings_long": (365, 0, 0, 0)}
        year = curves(dt.date(2018, 1, 1), dt.date(2019, 1, 1))
        assert year.num_rows == 365
        assert year.to_pylist()[0]["active_wh"][0] == 3170
