"""Curves from behind the instrument transformers: times CT times PT of the meter of the day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.cli import main as cli
from busbar.imports import placing, preview
from busbar.imports.models import ImportRun, ImportState
from busbar.imports.operations import UnableToReceiveFiles
from busbar.journal.models import Entry
from busbar.metering import lake
from busbar.metering import queries as metering_queries
from busbar.metering.models import LakeCommit, MeterInstallation, ReadingSource
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
SECONDARY = {"side": "secondary"}


@pytest.fixture
def archive(units: Units, home: Path) -> None:
    """P1 with M1 until the end of January 2025 (100 x 100), then M2 (133.3333 x 1.5)."""
    keep(_bring_in, folder=home)


def _bring_in() -> None:
    run_files("network", network_files())
    run_files("archive", archive_files())
    MeterInstallation.objects.filter(meter__serial="M2").update(
        ct_ratio=Decimal("133.3333"), pt_ratio=Decimal("1.5")
    )


def wide(*rows: tuple[str, str, str], header: str = "计量点编号") -> bytes:
    return csv_bytes([header, "日期", *POINTS], [[*row[:2], *[row[2]] * 96] for row in rows])


def stored(number: str = "P1") -> list[tuple[str, int]]:
    """(day, Wh of the first quarter) of a point."""
    rows = metering_queries.get_curves(
        SYSTEM_VIEWER,
        usage_point_ids=[UsagePoint.objects.get(number=number).pk],
        start=dt.date(2015, 1, 1),
        end=dt.date(2026, 1, 1),
    ).to_pylist()
    return [(str(row["day"]), row["active_wh"][0]) for row in rows]


@pytest.mark.usefixtures("archive")
class TestSecondarySide:
    def test_takes_the_ratios_of_the_meter_of_each_day(self) -> None:
        content = wide(("P1", "2025-01-31", "0.0123"), ("P1", "2025-02-01", "0.0123"))

        run = run_files("readings", {"a.csv": content}, options=SECONDARY)

        # 12.3 Wh x 10 000; 12.3 Wh x 199.99995 = 2 459.999385 Wh
        assert stored() == [("2025-01-31", 123_000), ("2025-02-01", 2_460)]
        assert (counts(run), errors(run)) == ({"readings_wide": (2, 0, 0, 0)}, [])

    def test_files_by_meter_take_that_meters_own_installation(self) -> None:
        content = wide(
            ("M1", "2025-01-31", "1"),
            ("M1", "2025-02-01", "9"),
            ("M2", "2025-02-01", "1"),
            header="表号",
        )

        run = run_files("readings", {"a.csv": content}, options=SECONDARY)

        assert stored() == [("2025-01-31", 10_000_000), ("2025-02-01", 200_000)]
        assert counts(run) == {"readings_wide": (2, 0, 0, 1)}
        told = "表 M1 在 2025-02-01 未装在任何计量点；应先导入这一天的装表记录"
        assert errors(run) == [(3, "表号", "M1", told)]

    def test_a_day_without_a_meter_is_refused_by_name_and_the_others_come_in(self) -> None:
        content = wide(
            ("P1", "2015-02-28", "1"), ("P1", "2015-03-01", "1"), ("P9", "2015-03-01", "1")
        )

        run = run_files("readings", {"a.csv": content}, options=SECONDARY)

        assert stored() == [("2015-03-01", 10_000_000)]
        lacking = (
            "计量点 P1 在 2015-02-28 没有在装的电能表，缺 CT×PT 变比；应先导入这一天的装表记录"
        )
        unknown = "没有这个计量点编号或表号，或不在您的管辖范围内"
        assert errors(run) == [
            (2, "计量点编号", "P1", lacking),
            (4, "计量点编号", "P9", unknown),
        ]

    def test_long_files_split_the_exchange_at_midnight_by_the_intervals_day(self) -> None:
        header = ["计量点编号", "时间", "有功电量(kWh)"]
        rows = [["P1", "2025-02-01 00:00", "1"], ["P1", "2025-02-01 00:15", "1"]]

        run_files(
            "readings", {"a.csv": csv_bytes(header, rows)}, options={**SECONDARY, "stamp": "end"}
        )

        point = UsagePoint.objects.get(number="P1").pk
        january, february = metering_queries.get_curves(
            SYSTEM_VIEWER,
            usage_point_ids=[point],
            start=dt.date(2025, 1, 31),
            end=dt.date(2025, 2, 2),
        )["active_wh"].to_pylist()
        assert (january[95], february[0]) == (10_000_000, 200_000)

    def test_the_same_file_twice_changes_nothing(self) -> None:
        content = {"a.csv": wide(("P1", "2025-01-31", "1"), ("P1", "2025-02-01", "1"))}
        run_files("readings", content, options=SECONDARY)
        version = lake.current_version(metering_queries.lake_root())

        run = run_files("readings", content, options=SECONDARY)

        assert counts(run) == {"readings_wide": (0, 0, 2, 0)}
        assert lake.current_version(metering_queries.lake_root()) == version
        assert Entry.objects.filter(event="metering.curves.appended").count() == 1
        assert LakeCommit.objects.count() == 1

    def test_a_corrected_ratio_corrects_the_curves_when_the_file_comes_again(self) -> None:
        content = {"a.csv": wide(("P1", "2025-01-31", "1"), ("P1", "2025-02-01", "1"))}
        run_files("readings", content, options=SECONDARY)
        MeterInstallation.objects.filter(meter__serial="M2").update(ct_ratio=Decimal(200))

        run = run_files("readings", content, options=SECONDARY)

        assert counts(run) == {"readings_wide": (0, 1, 1, 0)}
        assert stored() == [("2025-01-31", 10_000_000), ("2025-02-01", 300_000)]

    def test_is_said_in_the_journal_and_in_the_lake(self) -> None:
        run_files(
            "readings",
            {"a.csv": wide(("P1", "2025-01-31", "1"), ("P1", "2025-02-01", "1"))},
            options=SECONDARY,
        )

        told = Entry.objects.get(event="metering.curves.appended").changes
        assert told["side"] == "secondary"
        assert (told["ct_pt_ratios"], told["ratio_count"]) == (["199.99995", "10000"], 2)
        files = lake.read_curves(
            metering_queries.lake_root(),
            [UsagePoint.objects.get(number="P1").pk],
            dt.date(2025, 1, 1),
            dt.date(2025, 3, 1),
            channels=(),
        )
        assert set(files["source"].to_pylist()) == {"a.csv · 二次侧×CT×PT"}

    def test_is_remembered_of_the_source_and_can_be_overruled(self) -> None:
        options = {"source": "集抄", **SECONDARY}
        run_files("readings", {"a.csv": wide(("P1", "2025-01-30", "1"))}, options=options)

        second = run_files(
            "readings", {"b.csv": wide(("P1", "2025-01-31", "1"))}, options={"source": "集抄"}
        )
        assert stored() == [("2025-01-30", 10_000_000), ("2025-01-31", 10_000_000)]
        assert ImportRun.objects.get(pk=second.pk).options["read_as"]["side"] == "secondary"
        assert ReadingSource.objects.get(code="集抄").settings["side"] == "secondary"

        primary = {"source": "集抄", "side": "primary"}
        run_files("readings", {"c.csv": wide(("P1", "2025-02-01", "1"))}, options=primary)
        assert stored()[-1] == ("2025-02-01", 1_000)
        assert ReadingSource.objects.get(code="集抄").settings["side"] == "primary"

    def test_without_the_option_values_are_the_primary_sides_and_need_no_meter(self) -> None:
        run = run_files("readings", {"a.csv": wide(("P1", "2015-02-28", "1"))})

        assert stored() == [("2015-02-28", 1_000)]
        assert "side" not in Entry.objects.get(event="metering.curves.appended").changes
        assert ImportRun.objects.get(pk=run.pk).options["read_as"]["side"] == "primary"

    def test_another_side_than_the_two_is_refused_and_nothing_comes_in(self) -> None:
        run = run_files(
            "readings", {"a.csv": wide(("P1", "2025-01-31", "1"))}, options={"side": "tertiary"}
        )

        assert run.state == ImportState.REFUSED
        assert "primary（一次侧）或 secondary（二次侧）" in str(run.message)
        assert stored() == []

    def test_a_point_under_both_its_numbers_on_one_day_is_refused_whole(self) -> None:
        content = wide(("P1", "2025-01-31", "1"), ("M1", "2025-01-31", "1"))

        run = run_files("readings", {"a.csv": content}, options=SECONDARY)

        assert run.state == ImportState.REFUSED
        assert "M1 与 P1 是同一计量点，2025-01-31 的曲线出现了两次" in str(run.message)
        assert stored() == []

    def test_another_countys_meter_is_unknown(self, units: Units) -> None:
        viewer = make_viewer(units["310102"], Role.METERING_ENGINEER)

        run = run_files(
            "readings",
            {"a.csv": wide(("M1", "2025-01-31", "1"))},
            options=SECONDARY,
            by=viewer,
        )

        assert errors(run)[0][3] == "没有这个计量点编号或表号，或不在您的管辖范围内"
        assert stored() == []

    def test_queries_do_not_grow_with_the_points(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_max_num_queries(3):
            placer = placing.Placing(SYSTEM_VIEWER, multiplies=True)
            names = ["M1", "M2", "P1", *(f"X{i}" for i in range(3000))]
            placer._look_up(names)


@pytest.mark.usefixtures("archive")
class TestCommandLine:
    def test_takes_the_side(self, tmp_path: Path) -> None:
        path = tmp_path / "曲线.csv"
        path.write_bytes(wide(("P1", "2025-01-31", "1")))

        assert cli.main(["import", "readings", str(path), "--side", "secondary"]) == 0

        assert stored() == [("2025-01-31", 10_000_000)]


@pytest.mark.usefixtures("archive")
class TestOddFiles:
    """What no clean file has, and every tenth real one does."""

    @pytest.mark.parametrize("options", [{}, SECONDARY])
    def test_a_file_without_any_number_is_refused_row_by_row(self, options: dict[str, str]) -> None:
        run = run_files("readings", {"a.csv": wide(("", "2025-01-31", "1"))}, options=options)

        assert run.state == ImportState.FINISHED
        assert errors(run) == [(2, "计量点编号", "", "应填写用电点编号")]

    def test_a_day_before_meters_wrote_intervals_is_refused_and_lands_nowhere(self) -> None:
        content = wide(("P1", "1969-12-30", "1"), ("P1", "2025-01-31", "1"))

        run = run_files("readings", {"a.csv": content})

        assert [(row, value) for row, _, value, _ in errors(run)] == [(2, "1969-12-30")]
        assert stored() == [("2025-01-31", 1_000)]

    def test_a_value_beyond_the_lake_after_the_ratio_is_refused_by_its_cell(self) -> None:
        content = wide(("P1", "2025-01-30", "214.748"), ("P1", "2025-01-31", "214.749"))

        run = run_files("readings", {"a.csv": content}, options=SECONDARY)

        assert stored() == [("2025-01-30", 2_147_480_000)]
        expected = "换算后应不超过 2147483647（Wh 或 varh）"
        assert errors(run) == [(3, "P1", "214.749", expected)]

    def test_power_is_a_quarters_mean_before_it_is_multiplied(self) -> None:
        run_files(
            "readings",
            {"a.csv": wide(("P1", "2025-01-31", "0.5"))},
            options={**SECONDARY, "unit": "kw"},
        )

        assert stored() == [("2025-01-31", 1_250_000)]  # 0.5 kW x 0.25 h x 10 000

    def test_blanks_around_a_channels_name_are_no_second_channel(self) -> None:
        rows = [["P1", "2025-01-30", "正向有功"], ["P1", "2025-01-31", " 正向有功 "]]
        header = ["计量点编号", "日期", "数据项", *POINTS]

        run_files("readings", {"a.csv": csv_bytes(header, [[*row, *["1"] * 96] for row in rows])})

        assert [day for day, _ in stored()] == ["2025-01-30", "2025-01-31"]

    @pytest.mark.parametrize(
        ("option", "sentence"),
        [
            ({"unit": "code"}, "单位应为：kwh、"),
            ({"midnight": "never"}, "末区间的 0:00 应为 next"),
            ({"channel": "quality"}, "数据项应为：active_wh、"),
        ],
    )
    def test_an_option_that_is_none_is_refused_whole(
        self, option: dict[str, str], sentence: str
    ) -> None:
        run = run_files("readings", {"a.csv": wide(("P1", "2025-01-31", "1"))}, options=option)

        assert (run.state, sentence in str(run.message)) == (ImportState.REFUSED, True)
        assert stored() == []

    def test_the_preview_shows_active_energy_wherever_it_stands(self) -> None:
        rows = [["P1", "2025-01-30", "正向无功"], ["P1", "2025-01-31", "正向有功"]]
        header = ["计量点编号", "日期", "数据项", *POINTS]
        content = csv_bytes(header, [[*row, *["1"] * 96] for row in rows])
        file = run_files("readings", {"a.csv": content}).files.get()

        first = preview.read_first_day(file, mapping=file.mapping, options={}, by=SYSTEM_VIEWER)

        assert (first.day, first.energy_kwh) == ("2025-01-31", 96.0)

    def test_interval_columns_that_repeat_are_refused(self) -> None:
        header = ["计量点编号", "日期", *POINTS, "P1"]
        content = csv_bytes(header, [["P1", "2025-01-31", *["1"] * 97]])

        with pytest.raises(UnableToReceiveFiles, match="“P1”出现了两次（第 3 列和第 99 列）"):
            run_files("readings", {"a.csv": content})
