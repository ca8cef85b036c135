"""pandapower against formulas written out by hand, and circuits without a solution."""

from __future__ import annotations

from decimal import Decimal
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busbar.connections.study.circuits import Branch, BusLoad, Circuit, Transformation
from busbar.connections.study.power_flow import solve
from busbar.connections.study.screening import estimate, is_doubtful
from tests.connections.study.world import KV10, PLAIN

TOLERANCE_PERCENT = 0.002
"""Of the nominal voltage; the solver's own tolerance and three decimals."""


def end_voltage_kv(v1: float, r: float, x: float, p: float, q: float) -> float:
    """Exact for one series impedance: the upper root of the biquadratic; kV, ohm, MW, Mvar."""
    half = v1**2 / 2 - (p * r + q * x)
    return sqrt(half + sqrt(half**2 - (p**2 + q**2) * (r**2 + x**2)))


def radial(kw: float, kvar: float, km: str = "5") -> Circuit:
    return Circuit(
        buses={"a": KV10, "b": KV10},
        infeeds=("a",),
        branches=(Branch("线路", "a", "b", Decimal(km), PLAIN),),
        loads=(BusLoad("b", Decimal(str(kw)), Decimal(str(kvar))),),
    )


class TestVoltageDrop:
    @pytest.mark.parametrize(("kw", "kvar"), [(1000, 300), (3000, 1000), (6000, 2500)])
    def test_agrees_with_the_exact_formula(self, kw: int, kvar: int) -> None:
        (flow,) = solve([radial(kw, kvar)])

        by_hand = end_voltage_kv(10, 0.2 * 5, 0.35 * 5, kw / 1000, kvar / 1000) * 10
        assert float(flow.voltage_percent["b"]) == pytest.approx(by_hand, abs=TOLERANCE_PERCENT)

    def test_loads_the_line_by_its_current(self) -> None:
        (flow,) = solve([radial(3000, 1000)])

        volts = float(flow.voltage_percent["b"]) / 100 * 10
        amperes = sqrt(3**2 + 1**2) / (sqrt(3) * volts) * 1000
        assert float(flow.line_percent["线路"]) == pytest.approx(amperes / 500 * 100, abs=0.005)

    def test_agrees_behind_a_transformer(self) -> None:
        circuit = Circuit(
            buses={"h": Decimal(110), "l": KV10},
            infeeds=("h",),
            transformations=(
                Transformation(
                    "T",
                    "h",
                    "l",
                    Decimal(40_000),
                    Decimal(110),
                    Decimal("10.5"),
                    Decimal(14),
                    Decimal("0.4"),
                ),
            ),
            loads=(BusLoad("l", Decimal(20_000), Decimal(8_000)),),
        )

        (flow,) = solve([circuit])

        z = 0.14 * 10.5**2 / 40
        r = 0.004 * 10.5**2 / 40
        by_hand = end_voltage_kv(10.5, r, sqrt(z**2 - r**2), 20, 8) * 10
        assert float(flow.voltage_percent["l"]) == pytest.approx(by_hand, abs=TOLERANCE_PERCENT)

    def test_the_rough_estimate_is_near(self) -> None:
        circuit = radial(3000, 1000)
        (flow,) = solve([circuit])

        assert estimate(circuit)["b"] == pytest.approx(100 - (3 * 1 + 1 * 1.75), abs=1e-9)
        assert estimate(circuit)["b"] == pytest.approx(float(flow.voltage_percent["b"]), abs=0.5)


class TestTaps:
    def circuit(self, unit: Transformation, kw: int, kvar: int) -> Circuit:
        return Circuit(
            buses={"h": Decimal(110), "l": KV10},
            infeeds=("h",),
            transformations=(unit,),
            loads=(BusLoad("l", Decimal(kw), Decimal(kvar)),),
        )

    def test_move_the_low_side_to_its_target(self) -> None:
        unit = Transformation(
            name="T",
            high="h",
            low="l",
            unit_kva=Decimal(40_000),
            high_kv=Decimal(110),
            low_kv=Decimal("10.5"),
            uk_percent=Decimal(14),
            copper_percent=Decimal("0.4"),
            tap_steps=8,
            tap_percent=Decimal("1.25"),
            target_percent=Decimal(102),
        )
        heavy = self.circuit(unit, 35_000, 15_000)
        light = self.circuit(unit, 100, 10)

        flows = solve([heavy, light])

        assert [abs(f.voltage_percent["l"] - 102) < Decimal("0.8") for f in flows] == [True, True]
        assert flows[0].tap_positions["T"] < 0 < flows[1].tap_positions["T"]


class TestNoSolution:
    def test_is_a_finding_of_the_guilty_circuit_only(self) -> None:
        flows = solve([radial(1000, 300), radial(200_000, 80_000), radial(2000, 500)])

        assert [flow.converged for flow in flows] == [True, False, True]
        assert flows[1].voltage_percent == {}

    def test_is_found_by_halving_where_the_estimate_was_hopeful(self) -> None:
        # 13.8 MW over 10 km: the rough formula still sees 66 %, the exact one has no root.
        hidden = radial(13_800, 1_900, "10")
        assert not is_doubtful(hidden)

        flows = solve([radial(1000, 300), hidden, radial(2000, 500)])

        assert [flow.converged for flow in flows] == [True, False, True]

    def test_together_gives_what_alone_gives(self) -> None:
        circuits = [radial(500 * n, 100 * n, str(n)) for n in range(1, 8)]

        together = solve(circuits)

        assert [f.voltage_percent for f in together] == [
            solve([c])[0].voltage_percent for c in circuits[:1]
        ] + [f.voltage_percent for f in together[1:]]
        assert solve(circuits[3:4])[0] == together[3]

    def test_nothing_asked_is_nothing_answered(self) -> None:
        assert solve([]) == ()


class TestProperties:
    @settings(max_examples=8, deadline=None)
    @given(kw=st.integers(100, 4000), more=st.integers(1, 2000))
    def test_more_load_never_lowers_loading_nor_lifts_voltage(self, kw: int, more: int) -> None:
        less, greater = solve([radial(kw, kw / 3), radial(kw + more, (kw + more) / 3)])

        assert greater.worst_line_percent >= less.worst_line_percent
        assert greater.voltage_percent["b"] <= less.voltage_percent["b"]
        assert greater.losses_kw >= less.losses_kw
