"""A bill's difference to the month before, taken apart and put together again to the fen."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from busbar.billing.decomposition import Effect, Line, Side, decompose

D = Decimal
HOURS = {"peak": D(1) / 3, "flat": D(1) / 3, "valley": D(1) / 3}


def energy(period: str, kwh: str, price: str) -> Line:
    amount = (D(kwh) * D(price)).quantize(D("0.01"))
    return Line(f"energy.{period}", f"energy.{period}", D(kwh), D(price), amount)


def side(*lines: Line, hours: dict[str, Decimal] = HOURS) -> Side:
    return Side(lines, hours)


def effects(before: Side, after: Side) -> dict[str, Decimal]:
    """Those that are not nought."""
    return {effect.value: amount for effect, amount in decompose(before, after).items() if amount}


class TestDecompose:
    def test_more_of_the_same_is_volume(self) -> None:
        before = side(energy("peak", "100", "1.0"), energy("valley", "100", "0.3"))
        after = side(energy("peak", "150", "1.0"), energy("valley", "150", "0.3"))
        assert effects(before, after) == {"volume": D("65.00")}

    def test_a_new_price_is_price(self) -> None:
        before, after = side(energy("peak", "100", "1.0")), side(energy("peak", "100", "1.1"))
        assert effects(before, after) == {"price": D("10.00")}

    def test_energy_moved_to_the_peak_is_hours(self) -> None:
        before = side(energy("peak", "100", "1.0"), energy("valley", "100", "0.3"))
        after = side(energy("peak", "120", "1.0"), energy("valley", "80", "0.3"))
        assert effects(before, after) == {"hours": D("14.00")}

    def test_hours_that_the_calendar_moved_are_season(self) -> None:
        before = side(energy("peak", "100", "1.0"), energy("valley", "100", "0.3"),
                      hours={"peak": D("0.5"), "valley": D("0.5")})  # fmt: skip
        after = side(energy("peak", "120", "1.0"), energy("valley", "80", "0.3"),
                     hours={"peak": D("0.6"), "valley": D("0.4")})  # fmt: skip
        assert effects(before, after) == {"season": D("14.00")}

    def test_more_demand_is_peak(self) -> None:
        before = side(Line("d", "basic.actual_demand", D(500), D(40), D(20000)))
        after = side(Line("d", "basic.actual_demand", D(550), D(40), D(22000)))
        assert effects(before, after) == {"peak": D("2000.00")}

    def test_a_basic_charge_counted_in_another_way_is_other(self) -> None:
        before = side(Line("c", "basic.capacity", D(1000), D(30), D(30000)))
        after = side(Line("d", "basic.contract_demand", D(500), D(40), D(20000)))
        assert effects(before, after) == {"other": D("-10000.00")}

    def test_a_charge_that_begins_is_price(self) -> None:
        before = side(energy("peak", "100", "1.0"))
        after = side(energy("peak", "100", "1.0"), Line("f", "fund", D(100), D("0.02"), D(2)))
        assert effects(before, after) == {"price": D("2.00")}

    def test_a_worse_percentage_is_power_factor_and_the_old_one_follows_the_volume(self) -> None:
        def month(kwh: str, percent: str) -> Side:
            line = energy("peak", kwh, "1.0")
            adjustment = line.amount * D(percent) / 100
            factor = Line("pf", "power_factor", line.amount, D(percent), adjustment, (line.id,))
            return side(line, factor)

        assert effects(month("1000", "5"), month("1200", "8")) == {
            "volume": D("210.00"),  # 200 kWh and 5 % of their amount
            "power_factor": D("36.00"),  # 3 % of 1,200
        }

    def test_nothing_before_is_all_volume(self) -> None:
        assert effects(side(), side(energy("peak", "100", "1.0"))) == {"volume": D("100.00")}

    def test_a_bill_like_the_one_before_has_no_effects(self) -> None:
        same = side(energy("peak", "100", "1.0"))
        assert effects(same, same) == {}


quantities = st.decimals(0, 10**7, places=0)
prices = st.decimals("0", "2", places=6)


@st.composite
def sides(draw: st.DrawFn) -> Side:
    """Any bill: some periods, a basic charge or none, a fund, an adjustment over some of it."""
    lines = [
        Line(f"energy.{p}", f"energy.{p}", q, r, (q * r).quantize(D("0.01")))
        for p in draw(st.sets(st.sampled_from(["sharp", "peak", "flat", "valley"])))
        for q, r in [(draw(quantities), draw(prices))]
    ]
    for code in draw(st.sets(st.sampled_from(["basic.capacity", "basic.actual_demand", "fund"]))):
        q, r = draw(quantities), draw(prices)
        lines.append(Line(code, code, q, r, (q * r).quantize(D("0.01"))))
    if draw(st.booleans()):
        base = [line for line in lines if line.code != "fund"]
        total, percent = sum((x.amount for x in base), D(0)), draw(st.decimals(-1, 50, places=2))
        amount = (total * percent / 100).quantize(D("0.01"))
        ids = tuple(x.id for x in base)
        lines.append(Line("pf", "power_factor", total, percent, amount, ids))
    shares = [D(draw(st.integers(1, 100))) for _ in range(4)]
    names = ("sharp", "peak", "flat", "valley")
    return Side(lines, {n: s / sum(shares) for n, s in zip(names, shares, strict=True)})


@given(sides(), sides())
def test_the_effects_of_any_two_bills_add_up_to_the_fen(before: Side, after: Side) -> None:
    found = decompose(before, after)
    difference = sum((x.amount for x in after.lines), D(0)) - sum(
        (x.amount for x in before.lines), D(0)
    )
    assert sum(found.values()) == difference
    assert all(amount == amount.quantize(D("0.01")) for amount in found.values())
    assert set(found) == set(Effect)
