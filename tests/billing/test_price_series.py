"""Energy billed by interval: exact whole-number sums, one rounding a line."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busbar.billing import quote, rating
from tests.billing.rating_facts import STATED, bill, segment

D = Decimal


def cost_of(energies_wh: list[int], prices: list[str]) -> rating.SeriesCost:
    """The cost of a series."""
    return rating.series_cost(
        energies_wh, [D(price) for price in prices], identity="d", name="现货电价", rule=STATED
    )


class TestSeriesCost:
    def test_adds_energy_times_price_without_rounding(self) -> None:
        found = cost_of([1500, 2001], ["0.3", "-0.05"])

        assert (found.energy_kwh, found.cost_yuan) == (D("3.501"), D("0.34995"))

    def test_rounding_every_interval_would_come_to_something_else(self) -> None:
        found = cost_of([1] * 2000, ["0.4"] * 2000)

        assert found.cost_yuan == D("0.8")  # each interval alone is 0.0004 yuan: nothing

    def test_series_of_different_length_are_refused(self) -> None:
        with pytest.raises(rating.UnableToRate, match="电量有 2 个时段，电价有 1 个时段"):
            cost_of([1, 2], ["0.3"])

    @given(
        st.lists(
            st.tuples(st.integers(0, 10**9), st.decimals("-2", "2", places=8)),
            min_size=1, max_size=96,
        )
    )  # fmt: skip
    def test_is_the_sum_in_fractions(self, intervals: list[tuple[int, Decimal]]) -> None:
        found = cost_of([wh for wh, _ in intervals], [str(price) for _, price in intervals])

        exact = sum((Fraction(wh, 1000) * Fraction(price) for wh, price in intervals), Fraction(0))
        assert Fraction(found.cost_yuan) == exact


class TestInABill:
    def series(self) -> rating.SeriesCost:
        return cost_of([400_400, 600_000], ["0.25", "0.5"])

    def test_one_line_takes_the_place_of_the_periods(self) -> None:
        rated = bill(segments=(segment(series=self.series()),))

        line = rated.lines[0]
        assert (line.code, line.quantity, line.amount_yuan) == ("energy.series", 1000, D("400.10"))
        assert line.formula == "Σ 2 个时段(电量 × 电价)（1000.4 kWh） = 400.1，取位 = 400.10 元"
        assert (line.price, line.inputs) == (D("0.399940"), ("d",))

    def test_it_stands_in_the_base_of_the_power_factor(self) -> None:
        month = segment(rating.Energy("q", "reactive_forward", D(750)), series=self.series())

        rated = bill(
            segments=(month,), power_factors=(rating.PowerFactorAssessment("m", D("0.90")),)
        )

        assert rated.power_factors[0].power_factor == D("0.80")
        assert rated.power_factors[0].base_yuan == D("400.10")

    def test_a_total_that_disagrees_is_noted(self) -> None:
        month = segment(rating.Energy("t", "total", D(1001)), series=self.series())

        rated = bill(segments=(month,))

        assert rated.energy_kwh == 1000
        assert "各时段电量合计 1000 kWh，与总电量 1001 kWh 不等" in rated.notes[0]

    def test_energy_by_period_beside_it_is_refused(self) -> None:
        month = segment(rating.Energy("p", "peak", D(5)), series=self.series())

        with pytest.raises(rating.UnableToRate, match="不应再给高峰电量"):
            bill(segments=(month,))

    def test_a_document_gives_energies_and_prices(self) -> None:
        document = {
            "kind": "bill",
            "period": {"start": "2025-06-01", "end": "2025-07-01"},
            "tariff": {"prices": {"total": "0"}},
            "segments": [{"series": {"energies_kwh": ["400.4", 600], "prices": ["0.25", "0.5"]}}],
        }

        assert quote.quote(document)["total_yuan"] == "400.10"

    @pytest.mark.parametrize(
        ("series", "sentence"),
        [
            ({"energies_kwh": [1], "prices": ["0.1", "0.2"]}, "有 1 项，prices 有 2 项，应相等"),
            ({"energies_kwh": ["1.0001"], "prices": ["0.1"]}, "至多三位小数"),
        ],
    )
    def test_a_series_that_does_not_fit_is_refused_at_its_place(
        self, series: dict[str, list[object]], sentence: str
    ) -> None:
        document = {
            "kind": "bill",
            "period": {"start": "2025-06-01", "end": "2025-07-01"},
            "tariff": {"prices": {"total": "0"}},
            "segments": [{"series": series}],
        }

        with pytest.raises(quote.QuoteRefused) as caught:
            quote.quote(document)

        assert caught.value.faults[0].path == "$.segments[0].series"
        assert sentence in caught.value.faults[0].expectation
