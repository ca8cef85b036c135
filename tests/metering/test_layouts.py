"""Reading files: wide and long, stamps, units, and the error of each bad row."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busbar import demo
from busbar.metering.lake import INTERVALS, Quality
from busbar.metering.layouts import (
    Channel,
    ParsedReadings,
    ReadingLayout,
    UnableToUseLayout,
    parse_readings,
)

STEEL = Path(demo.__file__).parent / "data" / "steel_plant_2018.parquet"
ACTIVE = (Channel("active_wh", "电量"),)
LONG = ReadingLayout(shape="long", point_column="户号", timestamp_column="时间", channels=ACTIVE)
WIDE = ReadingLayout(
    shape="wide", point_column="编号", date_column="日期", channels=(Channel("active_wh"),)
)
MEASURED, MISSING = int(Quality.MEASURED), int(Quality.MISSING)


def long(
    *rows: tuple[object, ...], columns: tuple[str, ...] = ("户号", "时间", "电量")
) -> pa.Table:
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(columns)})


def wide(*rows: list[str], first: tuple[str, ...] = ("编号", "日期")) -> pa.Table:
    names = [*first, *(f"P{i}" for i in range(1, 97))]
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})


def errors(parsed: ParsedReadings) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.value) for error in parsed.errors]


def curve(parsed: ParsedReadings, row: int = 0) -> dict[str, object]:
    return parsed.curves.to_pylist()[row]


class TestLong:
    def test_names_intervals_by_their_start(self) -> None:
        parsed = parse_readings(
            long(("A", "2024-03-01 00:15", "1.5"), ("A", "2024-03-01 23:45", "2")), LONG
        )

        found = curve(parsed)
        assert (found["point_number"], found["day"]) == ("A", dt.date(2024, 3, 1))
        assert found["active_wh"] == [0, 1500] + [0] * 93 + [2000]
        assert found["quality"] == [MISSING, MEASURED] + [MISSING] * 93 + [MEASURED]
        assert found["reactive_lag_varh"] is None
        assert (parsed.intervals_missing, parsed.rows_read, parsed.rows_rejected) == (94, 2, 0)

    @pytest.mark.parametrize(
        ("carries", "stamp", "day"),
        [
            ("next", "2024-03-02 00:00", dt.date(2024, 3, 1)),
            ("same", "2024-03-02 00:00", dt.date(2024, 3, 2)),
            ("next", "2024-03-01 24:00", dt.date(2024, 3, 1)),
        ],
    )
    def test_gives_the_end_at_midnight_to_the_last_interval(
        self, carries: str, stamp: str, day: dt.date
    ) -> None:
        layout = ReadingLayout(
            shape="long",
            point_column="户号",
            timestamp_column="时间",
            channels=ACTIVE,
            stamp="end",
            midnight_carries=carries,
        )

        found = curve(parse_readings(long(("A", stamp, "1")), layout))

        assert found["day"] == day
        assert found["active_wh"] == [0] * 95 + [1000]

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ("dd/mm/yyyy HH:MM", "3/2/2024 0:30"),
            ("yyyy-mm-dd HH:MM", "2024-02-03 00:30"),
            ("yyyy/mm/dd HH:MM:SS", "2024/2/3 00:30:00"),
            ("yyyy年mm月dd日 HH:MM", "2024年2月3日 0:30"),
            ("yyyy-mm-dd HH:MM", dt.datetime(2024, 2, 3, 0, 30)),  # noqa: DTZ001 - local by layout
            ("yyyy-mm-dd HH:MM", dt.datetime(2024, 2, 2, 16, 30, tzinfo=dt.UTC)),
        ],
    )
    def test_reads_stamps_of_every_kind(self, form: str, text: object) -> None:
        layout = ReadingLayout(
            shape="long",
            point_number="7",
            timestamp_column="时间",
            channels=ACTIVE,
            formats=(form,),
        )

        found = curve(parse_readings(long(("", text, "1")), layout))

        assert (found["point_number"], found["day"]) == ("7", dt.date(2024, 2, 3))
        assert found["active_wh"] == [0, 0, 1000] + [0] * 93

    @pytest.mark.parametrize(
        ("stamp", "expectation"),
        [
            ("2023-02-29 00:00", "应为整分的时间"),
            ("2024-13-01 00:00", "应为整分的时间"),
            ("2024-03-01 24:15", "应为整分的时间"),
            ("2024-03-01 00:00:07", "应为整分的时间"),
            ("昨天", "应为整分的时间"),
            ("", "应为整分的时间"),
            ("2024-03-01 00:05", "应落在 15 分钟的整点上"),
        ],
    )
    def test_reports_a_stamp_that_is_none_and_keeps_the_good_row(
        self, stamp: str, expectation: str
    ) -> None:
        parsed = parse_readings(long(("A", "2024-03-01 00:00", "1"), ("A", stamp, "2")), LONG)

        assert errors(parsed) == [(3, "时间", stamp)]
        assert str(parsed.errors[0].expectation).startswith(expectation)
        assert curve(parsed)["active_wh"] == [1000] + [0] * 95
        assert parsed.rows_rejected == 1

    @pytest.mark.parametrize(
        ("value", "expectation"),
        [
            ("abc", "应为数字"),
            ("1,000", "应为数字"),
            ("nan", "应为数字"),
            ("inf", "应为数字"),
            ("-0.01", "不小于 0"),
            ("2147483.648", "2147483647"),
            (float("nan"), "应为数字"),
        ],
    )
    def test_makes_an_interval_with_a_bad_value_missing(
        self, value: object, expectation: str
    ) -> None:
        good: object = "1" if isinstance(value, str) else 1.0
        table = long(("A", "2024-03-01 00:00", good), ("A", "2024-03-01 00:15", value))

        parsed = parse_readings(table, LONG, first_row=5)

        assert errors(parsed) == [(6, "电量", str(value))]
        assert expectation in str(parsed.errors[0].expectation)
        assert curve(parsed)["quality"] == [MEASURED] + [MISSING] * 95
        assert curve(parsed)["active_wh"] == [1000] + [0] * 95

    def test_takes_a_blank_as_a_gap_without_error(self) -> None:
        parsed = parse_readings(
            long(("A", "2024-03-01 00:00", " "), ("A", "2024-03-01 00:15", "1")), LONG
        )

        assert parsed.errors == []
        assert curve(parsed)["quality"] == [MISSING, MEASURED] + [MISSING] * 94

    def test_keeps_the_first_of_repeated_intervals_and_names_its_row(self) -> None:
        rows = [
            ("A", "2024-03-01 00:00", "1"),
            ("B", "2024-03-01 00:00", "5"),
            ("A", "2024-03-01 0:00", "2"),
        ]

        parsed = parse_readings(long(*rows), LONG)

        assert errors(parsed) == [(4, "时间", "2024-03-01 0:00")]
        assert str(parsed.errors[0].expectation).endswith("与第 2 行重复")
        assert curve(parsed)["active_wh"] == [1000] + [0] * 95

    def test_reports_a_row_without_a_number(self) -> None:
        parsed = parse_readings(
            long((" ", "2024-03-01 00:00", "1"), (None, "2024-03-01 00:00", "1")), LONG
        )

        assert errors(parsed) == [(2, "户号", " "), (3, "户号", "")]
        assert parsed.curves.num_rows == 0

    def test_sorts_curves_by_number_and_day(self) -> None:
        rows = [
            (p, f"2024-03-0{d} 10:00", "1") for p, d in (("B", 2), ("A", 2), ("B", 1), ("A", 1))
        ]

        parsed = parse_readings(long(*rows), LONG)

        found = [(row["point_number"], row["day"].day) for row in parsed.curves.to_pylist()]
        assert found == [("A", 1), ("A", 2), ("B", 1), ("B", 2)]

    def test_takes_quality_codes(self) -> None:
        layout = ReadingLayout(
            shape="long",
            point_column="户号",
            timestamp_column="时间",
            channels=(*ACTIVE, Channel("quality", "质量", "code")),
        )
        rows = [
            ("A", f"2024-03-01 00:{m:02d}", v, q)
            for m, v, q in ((0, "0", "5"), (15, "1", "3"), (30, "1", ""), (45, "1", "6"))
        ]

        parsed = parse_readings(long(*rows, columns=("户号", "时间", "电量", "质量")), layout)

        found = curve(parsed)
        assert found["quality"][:4] == [Quality.OUTAGE, MISSING, MEASURED, MISSING]
        assert found["active_wh"][:4] == [0, 0, 1000, 0]
        assert errors(parsed) == [(5, "质量", "6")]

    @pytest.mark.parametrize(("minutes", "points"), [((0,), 24), ((0, 30), 48)])
    def test_refuses_an_hourly_or_half_hourly_file(
        self, minutes: tuple[int, ...], points: int
    ) -> None:
        rows = [("A", f"2024-03-01 {h:02d}:{m:02d}", "1") for h in range(24) for m in minutes]

        with pytest.raises(UnableToUseLayout, match=f"只有 {points} 个点"):
            parse_readings(long(*rows), LONG)

    def test_refuses_a_file_without_a_column_of_the_layout(self) -> None:
        with pytest.raises(UnableToUseLayout, match="缺少列：电量"):
            parse_readings(long(("A", "2024-03-01 00:00"), columns=("户号", "时间")), LONG)


class TestWide:
    def test_takes_one_row_as_one_day(self) -> None:
        row = ["A", "2024-03-01", *(str(i) for i in range(96))]

        parsed = parse_readings(wide(row), WIDE)

        assert curve(parsed)["active_wh"] == [i * 1000 for i in range(96)]
        assert curve(parsed)["quality"] == [MEASURED] * 96
        assert (parsed.rows_read, parsed.errors) == (1, [])

    def test_joins_channels_of_a_day_and_leaves_the_absent_null(self) -> None:
        layout = ReadingLayout(
            shape="wide",
            point_column="编号",
            date_column="日期",
            channel_column="数据项",
            channels=(
                Channel("active_wh", "有功", "kw", Decimal(80)),
                Channel("reactive_lag_varh", "无功", "kvarh"),
                Channel("reactive_lead_varh", "反向无功", "kvarh", absolute=True),
            ),
        )
        rows = [
            ["A", "20240301", "有功", *["0.1"] * 96],
            ["A", "20240301", "反向无功", *["-2"] * 96],
            ["B", "20240301", "无功", *["3"] * 96],
            ["B", "20240301", "电压", *["3"] * 96],
        ]

        parsed = parse_readings(wide(*rows, first=("编号", "日期", "数据项")), layout)

        first, second = parsed.curves.to_pylist()
        assert first["active_wh"] == [2000] * 96  # 0.1 kW x 80 over a quarter of an hour
        assert (first["reactive_lag_varh"], first["reactive_lead_varh"]) == (None, [2000] * 96)
        assert (second["active_wh"], second["quality"]) == (None, None)
        assert second["reactive_lag_varh"] == [3000] * 96
        assert errors(parsed) == [(5, "数据项", "电压")]
        assert str(parsed.errors[0].expectation) == "应为 有功、无功、反向无功 之一"

    def test_rejects_a_row_with_a_bad_value_and_keeps_the_others(self) -> None:
        bad = ["A", "2024-03-02", *["1"] * 95, "x"]

        parsed = parse_readings(wide(["A", "2024-03-01", *["1"] * 96], bad), WIDE)

        assert errors(parsed) == [(3, "P96", "x")]
        assert [row["day"].day for row in parsed.curves.to_pylist()] == [1]

    def test_takes_a_blank_cell_as_a_gap(self) -> None:
        parsed = parse_readings(wide(["A", "2024-03-01", "", *["1"] * 95]), WIDE)

        assert curve(parsed)["quality"] == [MISSING] + [MEASURED] * 95
        assert parsed.intervals_missing == 1

    def test_reports_repeated_days_and_unread_dates(self) -> None:
        days = ["2024-03-01", "2024-03-01", "2024-02-30"]

        parsed = parse_readings(wide(*(["A", day, *["1"] * 96] for day in days)), WIDE)

        assert errors(parsed) == [(3, "日期", "2024-03-01"), (4, "日期", "2024-02-30")]
        assert parsed.curves.num_rows == 1

    @pytest.mark.parametrize("start", [0, 15])
    def test_takes_columns_named_by_the_clock_whatever_their_order(self, start: int) -> None:
        minutes = [start + 15 * i for i in range(96)]
        names = {f"{m // 60}:{m % 60:02d}": [str(m)] for m in reversed(minutes)}

        parsed = parse_readings(pa.table({"编号": ["A"], "日期": ["2024-03-01"], **names}), WIDE)

        assert curve(parsed)["active_wh"] == [m * 1000 for m in minutes]

    @pytest.mark.parametrize(
        ("points", "sentence"), [(24, "只有 24 个点"), (48, "只有 48 个点"), (95, "有 95 个数值列")]
    )
    def test_refuses_another_number_of_points(self, points: int, sentence: str) -> None:
        columns = {f"P{i}": ["1"] for i in range(1, points + 1)}

        with pytest.raises(UnableToUseLayout, match=sentence):
            parse_readings(pa.table({"编号": ["A"], "日期": ["2024-03-01"], **columns}), WIDE)

    def test_lays_quality_rows_over_the_day(self) -> None:
        layout = ReadingLayout(
            shape="wide",
            point_column="编号",
            date_column="日期",
            channel_column="数据项",
            channels=(Channel("active_wh", "有功"), Channel("quality", "质量", "code")),
        )
        rows = [
            ["A", "20240301", "质量", "1", "3", *["0"] * 94],
            ["A", "20240301", "有功", "7", "7", "", *["1"] * 93],
        ]

        parsed = parse_readings(wide(*rows, first=("编号", "日期", "数据项")), layout)

        found = curve(parsed)
        assert found["quality"] == [Quality.ESTIMATED, MISSING, MISSING] + [MEASURED] * 93
        assert found["active_wh"] == [7000, 0, 0] + [1000] * 93


numbers = st.decimals(0, 2_000_000, places=6) | st.integers(0, 10**6).map(
    lambda n: Decimal(n) / 1000 + Decimal("0.0005")
)


class TestExactness:
    @given(st.lists(numbers, min_size=1, max_size=96), st.sampled_from(["1", "0.1", "80", "0.3"]))
    @settings(deadline=None, max_examples=80)
    def test_rounds_half_up_as_decimal_arithmetic_does(
        self, kwh: list[Decimal], multiplier: str
    ) -> None:
        layout = ReadingLayout(
            shape="long",
            point_number="1",
            timestamp_column="时间",
            channels=(Channel("active_wh", "电量", "kwh", Decimal(multiplier)),),
        )
        rows = [
            ("", f"2024-03-01 {i // 4:02d}:{i % 4 * 15:02d}", str(v)) for i, v in enumerate(kwh)
        ]
        exact = [(v * 1000 * Decimal(multiplier)) for v in kwh]
        whole = [int(v.quantize(Decimal(1), "ROUND_HALF_UP")) for v in exact]

        table = long(*rows)
        if max(whole) >= 2**31:
            assert any(
                "2147483647" in str(e.expectation) for e in parse_readings(table, layout).errors
            )
            return
        parsed = parse_readings(table, layout)

        assert curve(parsed)["active_wh"][: len(kwh)] == whole
        finer = [
            v
            for v in exact
            if abs(v - int(v.quantize(Decimal(1), "ROUND_HALF_UP"))) > Decimal("0.0001")
        ]
        assert parsed.values_rounded >= len(finer)


class TestSteelPlantYear:
    def test_gives_every_interval_its_place_and_keeps_the_totals_to_the_watt_hour(self) -> None:
        names = {
            "active_wh": "Usage_kWh",
            "reactive_lag_varh": "Lagging_Current_Reactive.Power_kVarh",
            "reactive_lead_varh": "Leading_Current_Reactive_Power_kVarh",
        }
        table = pq.read_table(STEEL)
        layout = ReadingLayout(
            shape="long",
            point_number="钢厂",
            timestamp_column="date",
            stamp="end",
            midnight_carries="same",
            formats=("dd/mm/yyyy HH:MM",),
            channels=tuple(Channel(name, label) for name, label in names.items()),
        )

        parsed = parse_readings(table, layout)

        assert (parsed.rows_read, parsed.errors, parsed.values_rounded) == (35_040, [], 0)
        assert parsed.intervals_missing == 0
        days = parsed.curves["day"].to_pylist()
        assert days == [dt.date(2018, 1, 1) + dt.timedelta(days=i) for i in range(365)]
        for name, label in names.items():
            total = sum(Decimal(str(value)) for value in table[label].to_pylist())
            assert sum(map(sum, parsed.curves[name].to_pylist())) == total * 1000
        first = parsed.curves["active_wh"][0].as_py()
        assert len(first) == INTERVALS
        assert (first[0], first[-1]) == (3170, 3420)


class TestCellsOfOtherTypes:
    """Parquet brings types of its own."""

    def test_stamps_beyond_any_calendar_are_refused(self) -> None:
        stamps = np.array(["4800-01-01", "2024-03-01"], dtype="datetime64[us]")
        table = pa.table({"户号": ["A", "A"], "时间": stamps, "电量": [1.0, 1.0]})

        parsed = parse_readings(table, LONG)

        assert [row for row, _, _ in errors(parsed)] == [2]
        assert parsed.curves.num_rows == 1

    def test_dates_where_numbers_belong_are_refused(self) -> None:
        days = pa.array([dt.date(2025, 1, 1)])
        table = pa.table({"户号": ["A"], "时间": ["2024-03-01 00:15"], "电量": days})

        assert [row for row, _, _ in errors(parse_readings(table, LONG))] == [2]

    def test_texts_kept_in_a_dictionary_are_read_like_others(self) -> None:
        stamps = ["2024-03-01 00:15", "2024-03-01 00:30"]
        texts = pa.array(["1.5", "x"]).dictionary_encode()
        table = pa.table({"户号": ["A", "A"], "时间": stamps, "电量": texts})

        assert errors(parse_readings(table, LONG)) == [(3, "电量", "x")]
