"""Curves by seed, and what goes wrong with them at the stated rates."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from busbar.demo.curves import MonthMaker, available_share
from busbar.demo.faults import RATES, FaultRates, deliver
from busbar.demo.parameters import Parameters
from busbar.demo.readings import points_of
from busbar.demo.shapes import BY_CODE
from busbar.demo.values import Load, Region, StateSpan, Transformer, UsagePoint
from busbar.kit.periods import Month

MONTH = Month(2026, 4)


def point_with(load: Load, serial: int = 1) -> UsagePoint:
    return UsagePoint(f"P{serial}", "计量点", Decimal(10), "high", (), load, serial)


def steady(**changes: object) -> Load:
    load = Load("chemical", 1000.0, 0.94, compensates=False, growth_per_year=0.0, city=0)
    return replace(load, **changes)  # type: ignore[arg-type] # names of fields with their values


class TestMonthMaker:
    def test_makes_the_same_curve_whatever_else_is_made(self, default_region: Region) -> None:
        points = points_of(default_region)[:6]
        parameters = Parameters()
        alone = MonthMaker(parameters, MONTH).make(*points[5])
        together = list(MonthMaker(parameters, MONTH).make_all(points))[5]
        assert np.array_equal(alone.active, together.active)
        assert np.array_equal(alone.lag, together.lag)

    def test_makes_another_curve_of_another_seed(self) -> None:
        one = MonthMaker(Parameters(), MONTH).make(point_with(steady()))
        other = MonthMaker(Parameters(seed=1), MONTH).make(point_with(steady()))
        assert not np.array_equal(one.active, other.active)

    def test_keeps_the_shape_in_the_mean(self) -> None:
        maker = MonthMaker(Parameters(), MONTH)
        made = [maker.make(point_with(steady(), serial)).active for serial in range(1, 41)]
        expected = maker.expected("chemical", 0) * 250_000
        assert np.mean(made) == pytest.approx(expected.mean(), rel=0.01)

    def test_grows_by_the_stated_rate_a_year(self) -> None:
        point = point_with(steady(growth_per_year=0.2))
        growing = MonthMaker(Parameters(), Month(2026, 10)).make(point).active.sum()
        still = MonthMaker(Parameters(), Month(2026, 10)).make(point_with(steady())).active.sum()
        assert growing / still == pytest.approx(1.2 ** (380 / 365.25), rel=0.002)

    def test_leads_at_light_load_with_fixed_capacitors(self) -> None:
        load = steady(shape="textile", compensates=True)
        made = MonthMaker(Parameters(), MONTH).make(point_with(load))
        assert made.lead[:, 8].sum() > 0
        assert made.lag[:, 8].sum() == 0
        assert not np.any((made.lag > 0) & (made.lead > 0))

    def test_draws_the_stated_power_factor_at_full_load(self) -> None:
        made = MonthMaker(Parameters(), MONTH).make(point_with(steady()))
        active, lag = made.active.sum(), made.lag.sum()
        assert active / np.hypot(active, lag) == pytest.approx(0.94, abs=0.005)

    def test_resolves_a_hundredth_of_a_kilowatt_hour(self) -> None:
        made = MonthMaker(Parameters(), MONTH).make(point_with(steady()))
        assert not np.any(made.active % 10)
        assert made.active.min() > 0


class TestAvailableShare:
    def test_halves_what_a_sealed_unit_carried(self) -> None:
        start, sealed, end = dt.date(2020, 1, 1), dt.date(2026, 4, 10), dt.date(2026, 4, 20)
        always = Transformer("A", "", 500, start, "", (StateSpan("running", start, None, ""),))
        paused = replace(
            always,
            number="B",
            states=(
                StateSpan("running", start, sealed, ""),
                StateSpan("sealed", sealed, end, ""),
                StateSpan("running", end, None, ""),
            ),
        )
        days = [dt.date(2026, 4, d) for d in (9, 10, 19, 20)]
        assert available_share((always, paused), days).tolist() == [1.0, 0.75, 0.75, 1.0]


class TestFaults:
    def test_come_at_the_stated_rates(self) -> None:
        parameters = Parameters()
        maker = MonthMaker(parameters, MONTH)
        rates = FaultRates(0.04, 0.02, 0.03, 0.03, 0.01, outage_a_month=0.5, silence_a_month=0.3)
        count: Counter[str] = Counter()
        for serial in range(1, 201):
            made = maker.make(point_with(steady(), serial))
            count += deliver(parameters, MONTH, made, rates).count
        days = 200 * 30
        assert count["short_gap"] / days == pytest.approx(0.04, rel=0.2)
        assert count["long_gap"] / days == pytest.approx(0.02, rel=0.25)
        assert count["estimate"] / days == pytest.approx(0.03, rel=0.2)
        assert count["overflow"] / days == pytest.approx(0.03, rel=0.2)
        assert count["negative"] / days == pytest.approx(0.01, rel=0.35)
        assert count["outage"] / 200 == pytest.approx(0.5, rel=0.2)
        assert count["silence"] / 200 == pytest.approx(0.3, rel=0.25)

    def test_leave_every_other_value_as_it_was(self) -> None:
        parameters = Parameters()
        made = MonthMaker(parameters, MONTH).make(point_with(steady()))
        out = deliver(parameters, MONTH, made, FaultRates(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
        assert np.array_equal(np.rint(out.active * 1000), made.active)

    def test_leave_a_meter_unheard_for_more_days_than_validation_fills(self) -> None:
        parameters = Parameters()
        made = MonthMaker(parameters, MONTH).make(point_with(steady()))
        out = deliver(parameters, MONTH, made, FaultRates(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0))
        lost = np.flatnonzero(np.isnan(out.active).all(axis=1))
        assert np.isnan(out.lag[lost]).all()
        assert 8 <= len(lost) <= 12
        assert lost[-1] - lost[0] == len(lost) - 1

    def test_write_an_outage_as_zeros(self) -> None:
        parameters = Parameters()
        made = MonthMaker(parameters, MONTH).make(point_with(steady()))
        out = deliver(parameters, MONTH, made, FaultRates(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0))
        outage = out.spans[0]
        assert outage.code == 5
        assert not out.active[outage.day, outage.first : outage.last].any()
        assert np.count_nonzero(out.active == 0) == outage.last - outage.first
        assert 2 <= outage.last - outage.first <= 16

    def test_mark_what_the_acquisition_system_estimated(self) -> None:
        parameters = Parameters()
        made = MonthMaker(parameters, MONTH).make(point_with(steady()))
        out = deliver(parameters, MONTH, made, FaultRates(0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
        span = out.spans[0]
        between = out.active[span.day, span.first : span.last]
        ends = out.active[span.day, span.first - 1], out.active[span.day, span.last]
        assert (len(out.spans), span.code) == (30, 1)
        assert min(ends) <= between.min() <= between.max() <= max(ends)

    def test_have_the_documented_default_rates(self) -> None:
        documented = FaultRates(0.004, 0.0008, 0.003, 0.0002, 0.0002, 0.05, 0.0015)
        assert documented == RATES

    def test_know_every_shape(self) -> None:
        assert len(BY_CODE) == 14
