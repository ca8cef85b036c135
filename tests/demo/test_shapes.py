"""The stated load shapes have the properties that the documentation states."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from busbar.demo.days import DayKind, day_kind
from busbar.demo.shapes import BY_CODE, INTERVALS, SHAPES, LoadShape, day_level, expected_share
from busbar.demo.weather import climate_temperatures

WORKDAY = dt.date(2026, 4, 14)
SUNDAY = dt.date(2026, 4, 19)
HOLIDAY = dt.date(2025, 10, 2)
SPRING = dt.date(2026, 2, 17)
MAKE_UP = dt.date(2026, 2, 14)


def shares(shape: LoadShape, day: dt.date, celsius: float = 16.0) -> np.ndarray:
    """A day's shares at a mild, even temperature and without sunshine."""
    mild = np.full((1, INTERVALS), celsius)
    return expected_share(shape, [day], mild, np.zeros((1, INTERVALS)))[0]


class TestDayKind:
    @pytest.mark.parametrize(
        ("day", "kind"),
        [
            (WORKDAY, DayKind.WORKDAY),
            (SUNDAY, DayKind.SUNDAY),
            (HOLIDAY, DayKind.HOLIDAY),
            (SPRING, DayKind.SPRING_FESTIVAL),
            (MAKE_UP, DayKind.WORKDAY),
            (dt.date(2019, 2, 5), DayKind.SPRING_FESTIVAL),
            (dt.date(2031, 5, 1), DayKind.WORKDAY),
        ],
    )
    def test_follows_the_announced_calendar_and_knows_weekends_beyond(
        self, day: dt.date, kind: DayKind
    ) -> None:
        assert day_kind(day) is kind


class TestExpectedShare:
    @pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.code)
    def test_peaks_at_the_stated_peak_on_a_mild_working_day(self, shape: LoadShape) -> None:
        expected = shape.base + (1 - shape.base) * shape.levels[DayKind.WORKDAY]
        assert shares(shape, WORKDAY).max() == pytest.approx(expected, abs=0.03)

    @pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.code)
    def test_dips_on_holidays_by_exactly_the_stated_level(self, shape: LoadShape) -> None:
        working, holiday = shares(shape, WORKDAY), shares(shape, HOLIDAY)
        active = working > shape.base + 1e-9
        ratio = (holiday - shape.base)[active] / (working - shape.base)[active]
        stated = shape.levels[DayKind.HOLIDAY] / shape.levels[DayKind.WORKDAY]
        assert ratio == pytest.approx(stated)

    @pytest.mark.parametrize(
        ("code", "night_to_day"),
        [("steel", 1.0 / 0.883), ("office", 0.14), ("ev_depot", 0.9424 / 0.136), ("chemical", 1.0)],
    )
    def test_has_the_stated_ratio_of_night_to_day(self, code: str, night_to_day: float) -> None:
        curve = shares(BY_CODE[code], WORKDAY)
        at_two, at_ten = curve[2 * 4], curve[10 * 4]
        assert at_two / at_ten == pytest.approx(night_to_day, rel=0.02)

    def test_counts_a_make_up_day_as_a_working_day_before_the_ramp(self) -> None:
        assert day_level(BY_CODE["office"], MAKE_UP) == 1.0
        assert day_level(BY_CODE["textile"], MAKE_UP) == pytest.approx(0.02 + 0.98 / 9)

    def test_empties_the_school_in_the_vacation(self) -> None:
        school = BY_CODE["school"]
        term, summer = dt.date(2026, 6, 16), dt.date(2026, 7, 14)
        assert day_level(school, summer) / day_level(school, term) == pytest.approx(0.22)

    def test_adds_cooling_above_24_and_heating_below_8_degrees(self) -> None:
        mall = BY_CODE["mall"]
        mild, hot, cold = (shares(mall, WORKDAY, c).max() for c in (16.0, 34.0, -2.0))
        assert hot - mild == pytest.approx(0.028 * 10 * (0.25 + 0.75 * 0.85), rel=0.02)
        assert cold - mild == pytest.approx(0.008 * 10 * (0.25 + 0.75 * 0.85), rel=0.02)

    def test_turns_the_photovoltaic_curve_over_at_noon(self) -> None:
        mild = np.full((1, INTERVALS), 16.0)
        sun = np.zeros((1, INTERVALS))
        sun[0, 40:56] = 1.0
        curve = expected_share(BY_CODE["photovoltaic"], [WORKDAY], mild, sun)[0]
        assert curve[40:47] == pytest.approx(0.25)
        assert curve[40:56].max() < curve[39]
        assert curve.min() >= 0.0


class TestClimate:
    def test_is_warmest_in_july_and_coldest_in_january(self) -> None:
        days = [dt.date(2026, month, 15) for month in range(1, 13)]
        means = climate_temperatures(days).mean(axis=1)
        assert int(means.argmax()) + 1 == 7
        assert int(means.argmin()) + 1 == 1
        assert means.max() == pytest.approx(29.0, abs=0.5)
