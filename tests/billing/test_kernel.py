"""The month's kernel against plain Python, and its edges."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busbar.billing import kernel
from busbar.billing.kernel import aggregate_month
from busbar.billing.month_sums import PERIODS, PeriodMaps, PointMonth
from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.lake import Quality
from tests.metering.lake_fixtures import AT, curve, curves

MONTH = Month(2025, 2)
DAYS = [MONTH.first + timedelta(days=i) for i in range(28)]
FLAT = [0] * 96
THREE = [0] * 32 + [1] * 32 + [2] * 32
Row = dict[str, object]


def maps(schemes: dict[int, int]) -> PeriodMaps:
    """Scheme 1: one period; scheme 2: three, but on Sundays code 5 all day."""
    codes = {(1, day): FLAT for day in DAYS}
    codes |= {(2, day): [5] * 96 if day.isoweekday() == 7 else THREE for day in DAYS}
    return PeriodMaps.build(MONTH, codes, schemes)


def batches(rows: list[Row], size: int = 1000) -> Iterator[pa.RecordBatch]:
    yield from curves(*rows).to_batches(max_chunksize=size)


def measured(row: Row) -> list[int]:
    return row["quality"] or [0] * 96


def naive(rows: list[Row], point: int, scheme: int) -> PointMonth:
    """The same in plain Python integers, one value after the other."""
    energy, lag, lead, lag_days, quality = [0] * PERIODS, 0, 0, 0, dict.fromkeys(Quality, 0)
    peak: tuple[int, date | None, int] = (0, None, -1)
    mine = sorted((r for r in rows if r["usage_point_id"] == point), key=lambda r: r["day"])
    for row in mine:
        sunday = row["day"].isoweekday() == 7
        codes = FLAT if scheme == 1 else [5] * 96 if sunday else THREE
        for i, (wh, code) in enumerate(zip(row["active_wh"], measured(row), strict=True)):
            energy[codes[i]] += wh
            quality[Quality(code)] += 1
            if peak[1] is None or wh * 4 > peak[0]:
                peak = (wh * 4, row["day"], i)
        lag += sum(row["reactive_lag_varh"] or [])
        lag_days += row["reactive_lag_varh"] is not None
        lead += sum(row["reactive_lead_varh"] or [])
    return PointMonth(
        usage_point_id=point,
        days=len(mine),
        energy_wh=tuple(energy),
        total_wh=sum(energy),
        reactive_lag_varh=lag,
        reactive_lead_varh=lead,
        reactive_days=lag_days,
        max_demand_w=peak[0],
        max_demand_day=peak[1],
        max_demand_interval=peak[2],
        quality_intervals=quality,
    )


LARGEST = 2**31 - 1
wh = st.sampled_from([0, 1, 7, 1000, LARGEST - 1, LARGEST]) | st.integers(0, LARGEST)
values = st.lists(wh, min_size=6, max_size=6).map(lambda some: some * 16)
codes = st.sampled_from([None, [0] * 96]) | st.lists(
    st.sampled_from(Quality), min_size=6, max_size=6
).map(lambda some: [int(code) for code in some] * 16)
keys = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(DAYS)), min_size=1, max_size=40, unique=True
)


@st.composite
def months(draw: st.DrawFn) -> list[Row]:
    """Rows of up to five usage points on some days, in any order."""
    return [
        curve(point, day, active=draw(values), quality=draw(codes))
        | {"reactive_lag_varh": draw(st.none() | values), "reactive_lead_varh": draw(values)}
        for point, day in draw(keys)
    ]


class TestAggregateMonth:
    @given(
        rows=months(),
        size=st.integers(1, 50),
        schemes=st.lists(st.sampled_from([1, 2]), min_size=4, max_size=4),
        columns=st.sampled_from([0, 16]),
    )
    @settings(deadline=None, max_examples=80)
    def test_equals_plain_python_in_any_order_and_batch_size(
        self, rows: list[Row], size: int, schemes: list[int], columns: int
    ) -> None:
        scheme_of = dict(enumerate(schemes, start=1))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "_MOST_COLUMNS", columns)
            totals = aggregate_month(batches(rows, size), maps(scheme_of))

        for point, scheme in scheme_of.items():
            assert totals.of(point) == naive(rows, point, scheme)
        assert totals.rows_skipped == sum(row["usage_point_id"] == 5 for row in rows)

    def test_keeps_the_last_digit_of_the_largest_month(self) -> None:
        rows = [curve(1, day, active=LARGEST, lag=LARGEST, lead=LARGEST) for day in DAYS]

        month = aggregate_month(batches(rows), maps({1: 2})).of(1)

        assert month.total_wh == LARGEST * 96 * 28
        assert month.energy_wh == tuple(LARGEST * n for n in (768, 768, 768, 0, 0, 384))
        assert month.reactive_lag_varh == month.reactive_lead_varh == LARGEST * 2688
        assert month.max_demand_w == LARGEST * 4

    def test_names_the_earliest_of_equal_peaks(self) -> None:
        day = [0] * 40 + [9, 9] + [0] * 54
        rows = [curve(1, DAYS[i], active=day) for i in (20, 3, 11)]

        month = aggregate_month(batches(rows, 1), maps({1: 1})).of(1)

        assert (month.max_demand_day, month.max_demand_interval) == (DAYS[3], 40)
        assert month.max_demand_w == 36

    def test_gives_zeros_to_a_usage_point_without_curves(self) -> None:
        month = aggregate_month(batches([curve(1, DAYS[0])]), maps({1: 1, 2: 1})).of(2)

        assert month == naive([], 2, 1)
        assert month.max_demand_day is None

    def test_reads_the_lake_with_several_versions(self, tmp_path: Path) -> None:
        old = [curve(point, day, active=point) for point in (1, 2, 3) for day in DAYS]
        new = [curve(2, day, active=50) for day in DAYS[:10]]
        for key, rows in (("old", old), ("new", new)):
            lake.append_curves(tmp_path, curves(*rows), commit_key=key, at=AT, source="s")
        latest = [r for r in old if r["usage_point_id"] != 2 or r["day"] >= DAYS[10]] + new

        totals = aggregate_month(lake.iter_month_batches(tmp_path, MONTH), maps({1: 1, 2: 2, 3: 1}))

        for point, scheme in ((1, 1), (2, 2), (3, 1)):
            assert totals.of(point) == naive(latest, point, scheme)

    def test_holds_its_turn_while_it_adds_up_and_lets_go_while_the_next_is_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        turn, seen, add = Lock(), [], kernel._add_batch

        def reading() -> Iterator[pa.RecordBatch]:
            for batch in batches([curve(1, day) for day in DAYS], size=14):
                seen.append(("read", turn.locked()))
                yield batch

        def adding(*given: Any) -> None:
            seen.append(("add", turn.locked()))
            add(*given)

        monkeypatch.setattr(kernel, "_add_batch", adding)
        totals = aggregate_month(reading(), maps({1: 1}), turn=turn)

        assert seen == [("read", False), ("add", True)] * 2
        assert (totals.of(1).days, turn.locked()) == (28, False)

    @pytest.mark.parametrize("day", [date(2025, 1, 31), date(2025, 3, 1)])
    def test_refuses_a_day_outside_the_month(self, day: date) -> None:
        with pytest.raises(ValueError, match="2025-02"):
            aggregate_month(batches([curve(1, day)]), maps({1: 1}))

    def test_refuses_more_rows_than_its_sums_are_proven_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.billing.kernel._MOST_ROWS", 3)

        with pytest.raises(OverflowError, match="more than 3 rows"):
            aggregate_month(batches([curve(1, day) for day in DAYS[:4]]), maps({1: 1}))

    def test_without_usage_points_skips_every_row(self) -> None:
        totals = aggregate_month(batches([curve(9, DAYS[0])]), maps({}))

        assert (totals.usage_point_ids.tolist(), totals.rows_skipped) == ([], 1)
        with pytest.raises(KeyError):
            totals.of(1)


class TestPeriodMaps:
    def test_names_the_day_that_is_absent(self) -> None:
        with pytest.raises(KeyError):
            PeriodMaps.build(MONTH, {(1, DAYS[0]): FLAT}, {1: 1})

    def test_refuses_a_seventh_period(self) -> None:
        with pytest.raises(ValueError, match=r"0\.\.5"):
            PeriodMaps.build(MONTH, {(1, day): [6] * 96 for day in DAYS}, {1: 1})
