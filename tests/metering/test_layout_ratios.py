"""Values of the secondary side: multiplied with the row's ratio first, rounded to 1 Wh last."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busbar.metering.layouts import (
    NO_RATIO,
    Channel,
    RatioFinder,
    ReadingLayout,
    RowRatios,
    parse_readings,
)

WIDE = ReadingLayout(
    shape="wide", point_column="编号", date_column="日期", channels=(Channel("active_wh"),)
)
LARGEST = 2**31 - 1
REFERENCE = Context(prec=500, rounding=ROUND_HALF_UP)


def by_day(ratios: dict[int, str]) -> RatioFinder:
    """Ratios by the day of the month; other days have none."""
    factors = tuple(Decimal(ratio) for ratio in ratios.values())
    place_of = {day: place for place, day in enumerate(ratios)}

    def find(
        names: list[str],
        codes: npt.NDArray[np.int64],
        days: npt.NDArray[np.int64],
        intervals: npt.NDArray[np.int64] | None,
    ) -> RowRatios:
        dates = days.astype("datetime64[D]").astype(object)
        places = np.array([place_of.get(date.day, NO_RATIO) for date in dates], dtype=np.int64)
        return RowRatios(places, factors, lambda row: f"{names[codes[row]]} 缺变比")

    return find


def wide(*rows: tuple[str, str, str]) -> pa.Table:
    lines = [[number, day, *[value] * 96] for number, day, value in rows]
    names = ["编号", "日期", *(f"P{i}" for i in range(1, 97))]
    return pa.table({name: [line[i] for line in lines] for i, name in enumerate(names)})


def first_values(parsed_curves: pa.Table) -> list[int]:
    return [row["active_wh"][0] for row in parsed_curves.to_pylist()]


class TestRatios:
    def test_multiply_before_anything_is_rounded(self) -> None:
        # 0.0004 kWh is 0.4 Wh: rounded first it would be nothing.
        parsed = parse_readings(wide(("A", "2025-03-01", "0.0004")), WIDE, ratios=by_day({1: "3"}))

        assert first_values(parsed.curves) == [1]
        assert parsed.values_rounded == 96

    @pytest.mark.parametrize(
        ("value", "ratio", "watt_hours"),
        [
            ("0.0125", "0.04", 1),  # 0.5 Wh goes up
            ("0.0124999", "0.04", 0),  # 0.499996 does not
            ("1.2345", "133.33333333", 164_600),  # 164 599.999995885
            ("1.00005", "10000", 10_000_500),
            ("0.12345678901234567890", "8000", 987_654),
            ("1", "2147483.647", LARGEST),
        ],
    )
    def test_that_are_no_whole_numbers_are_exact(
        self, value: str, ratio: str, watt_hours: int
    ) -> None:
        parsed = parse_readings(wide(("A", "2025-03-01", value)), WIDE, ratios=by_day({1: ratio}))

        assert first_values(parsed.curves) == [watt_hours]

    def test_are_the_days_own_and_a_day_without_one_is_refused(self) -> None:
        table = wide(("A", "2025-03-01", "1"), ("A", "2025-03-02", "1"), ("A", "2025-03-03", "1"))

        parsed = parse_readings(table, WIDE, ratios=by_day({1: "100", 3: "150"}))

        assert first_values(parsed.curves) == [100_000, 150_000]
        assert [(e.row, e.column, e.value, str(e.expectation)) for e in parsed.errors] == [
            (3, "编号", "A", "A 缺变比")
        ]
        assert parsed.rows_rejected == 1

    def test_too_large_after_the_ratio_is_a_bad_cell(self) -> None:
        parsed = parse_readings(
            wide(("A", "2025-03-01", "1")), WIDE, ratios=by_day({1: "2147483.648"})
        )

        assert parsed.curves.num_rows == 0
        assert [(e.row, e.column) for e in parsed.errors] == [(2, "P1")]

    def test_leave_quality_codes_and_signs_of_absolute_channels_alone(self) -> None:
        layout = ReadingLayout(
            shape="long",
            point_column="编号",
            timestamp_column="时间",
            channels=(
                Channel("active_wh", "有功"),
                Channel("reactive_lead_varh", "反向无功", "kvarh", absolute=True),
                Channel("quality", "质量", "code"),
            ),
            stamp="end",
        )
        table = pa.table(
            {
                "编号": ["A", "A"],
                "时间": ["2025-03-01 24:00", "2025-03-02 00:15"],
                "有功": ["1", "1"],
                "反向无功": ["-0.5", "-0.5"],
                "质量": ["4", "4"],
            }
        )

        parsed = parse_readings(table, layout, ratios=by_day({1: "100", 2: "200"}))

        first, second = parsed.curves.to_pylist()
        assert (first["active_wh"][95], second["active_wh"][0]) == (100_000, 200_000)
        assert (first["reactive_lead_varh"][95], second["reactive_lead_varh"][0]) == (
            50_000,
            100_000,
        )
        assert (first["quality"][95], second["quality"][0]) == (4, 4)

    @settings(max_examples=200, deadline=None)
    @given(
        values=st.lists(
            st.decimals(min_value=0, max_value=200, places=6), min_size=96, max_size=96
        ),
        ct_ratio=st.decimals(min_value="0.0001", max_value=3000, places=4),
        pt_ratio=st.decimals(min_value="0.0001", max_value=1100, places=4),
        unit=st.sampled_from(["kwh", "wh", "kw", "w"]),
    )
    def test_agree_with_decimal_arithmetic(
        self, values: list[Decimal], ct_ratio: Decimal, pt_ratio: Decimal, unit: str
    ) -> None:
        ratio = ct_ratio * pt_ratio
        layout = ReadingLayout(
            shape="wide",
            point_column="编号",
            date_column="日期",
            channels=(Channel("active_wh", unit=unit),),
        )
        names = ["编号", "日期", *(f"P{i}" for i in range(1, 97))]
        line = ["A", "2025-03-01", *map(str, values)]
        table = pa.table({name: [cell] for name, cell in zip(names, line, strict=True)})

        parsed = parse_readings(table, layout, ratios=by_day({1: str(ratio)}))

        scale = {"kwh": 1000, "wh": 1, "kw": 250, "w": Decimal("0.25")}[unit]
        expected = [
            int(REFERENCE.quantize(REFERENCE.multiply(v * scale, ratio), Decimal(1)))
            for v in values
        ]
        if max(expected) > LARGEST:
            assert parsed.curves.num_rows == 0
        else:
            assert parsed.curves["active_wh"].to_pylist() == [expected]
