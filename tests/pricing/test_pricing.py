"""The shipped figures, and the periods of the day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.clocks import operations as clocks_operations
from busbar.journal.models import Entry
from busbar.kit.periods import Period
from busbar.pricing import operations as pricing_operations
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import DailyTemperature, PowerFactorStep, RuleSet, TimeOfUseScheme

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.django_db
class TestSeed:
    def test_loads_once_and_changes_nothing_after(self) -> None:
        first = pricing_operations.load_seed(at=AT)
        entries = Entry.objects.count()

        second = pricing_operations.load_seed(at=AT)

        assert first["rule_sets"].created == 6
        assert all(o.created == o.updated == 0 for o in second.values())
        assert Entry.objects.count() == entries
        codes = RuleSet.objects.order_by("valid_from").values_list("code", flat=True)
        assert list(codes) == ["PF1983", "R1996", "R2016", "R2018", "R2023", "R2024"]
        step = PowerFactorStep.objects.get(standard="0.90", power_factor="0.95")
        assert str(step.adjustment_percent) == "-0.75"

    def test_prices_of_guangdong_change_in_february_2026(self) -> None:
        pricing_operations.load_seed(at=AT)

        for day, capacity, demand in (
            (dt.date(2025, 6, 1), "23.0000", "32.0000"),
            (dt.date(2026, 2, 1), "22.6000", "36.1000"),
        ):
            tariff = pricing_queries.get_tariff("GD-2P-10", on=day)
            assert tariff is not None
            assert (str(tariff.capacity_price), str(tariff.demand_price)) == (capacity, demand)


@pytest.mark.django_db
class TestPeriodMaps:
    @pytest.mark.parametrize(
        ("code", "day", "quarters"),
        [
            ("LN2023", dt.date(2025, 7, 1), {30: "peak", 29: "flat", 46: "valley", 68: "sharp"}),
            ("LN2023", dt.date(2025, 6, 1), {68: "peak"}),
            ("SC2023", dt.date(2025, 1, 5), {76: "sharp", 60: "peak", 95: "valley", 48: "flat"}),
            ("GD2021", dt.date(2025, 9, 1), {44: "sharp", 40: "peak", 0: "valley", 80: "flat"}),
        ],
    )
    def test_follow_the_dated_schemes(
        self, code: str, day: dt.date, quarters: dict[int, str]
    ) -> None:
        pricing_operations.load_seed(at=AT)
        clocks_operations.load_announced_years(at=AT)
        scheme = TimeOfUseScheme.objects.get(code=code)

        maps = pricing_queries.list_period_maps({scheme.pk}, Period(day, day + dt.timedelta(1)))

        assert {q: maps[scheme.pk, day][q] for q in quarters} == quarters

    def test_hot_days_sharpen_guangdongs_afternoon(self) -> None:
        pricing_operations.load_seed(at=AT)
        scheme = TimeOfUseScheme.objects.get(code="GD2021")
        day = dt.date(2025, 5, 20)
        period = Period(day, day + dt.timedelta(days=1))

        cool = pricing_queries.list_period_maps({scheme.pk}, period)[scheme.pk, day]
        DailyTemperature.objects.create(
            region="广东", day=day, highest_celsius=Decimal("35.0"), source="气象台"
        )
        hot = pricing_queries.list_period_maps({scheme.pk}, period)[scheme.pk, day]

        assert (cool[60], hot[60]) == ("peak", "sharp")
