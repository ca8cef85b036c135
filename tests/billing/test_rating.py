"""Energy and power factor, each rule by itself, with the numbers worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from busbar.billing import rating
from tests.billing.rating_facts import STATED, bill, segment, time_of_use

D = Decimal


class TestRegisterEnergy:
    def test_a_rolled_register_gets_its_full_scale(self) -> None:
        register = rating.Register("r", "total", D("99990"), D("15.5"), digits=5)

        assert rating.register_energy(register, D(20)).quantity == D("510")

    def test_a_register_that_ran_backwards_without_digits_is_refused(self) -> None:
        register = rating.Register("r", "total", D("200"), D("100"))

        with pytest.raises(rating.UnableToRate, match="示数 r 本次 100 小于上次 200"):
            rating.register_energy(register, D(1))

    def test_a_reading_beyond_the_full_scale_is_refused(self) -> None:
        register = rating.Register("r", "total", D("123456"), D("5"), digits=5)

        with pytest.raises(rating.UnableToRate, match="超出 5 位表的满码"):
            rating.register_energy(register, D(1))


class TestEnergy:
    def test_is_rounded_to_whole_kwh_half_up_before_the_price(self) -> None:
        rated = bill(segments=(segment(rating.Energy("e", "total", D("100.5"))),))

        assert (rated.energy_kwh, rated.total_yuan) == (D(101), D("50.50"))

    def test_all_five_periods_have_their_price(self) -> None:
        tariff = time_of_use(sharp="1", peak="0.8", flat="0.5", valley="0.2", deep_valley="0.1")
        periods = ("sharp", "peak", "flat", "valley", "deep_valley")
        energies = tuple(rating.Energy(p, p, D(100)) for p in periods)  # type: ignore[arg-type]

        rated = bill(segments=(segment(*energies, tariff=tariff),))

        assert [line.amount_yuan for line in rated.lines] == [
            D("100.00"), D("80.00"), D("50.00"), D("20.00"), D("10.00"),
        ]  # fmt: skip

    def test_flat_follows_the_total_and_a_differing_flat_register_is_noted(self) -> None:
        energies = (
            rating.Energy("t", "total", D(1000)),
            rating.Energy("p", "peak", D(300)),
            rating.Energy("f", "flat", D(690)),
        )

        rated = bill(segments=(segment(*energies, tariff=time_of_use(peak="1", flat="0.5")),))

        assert rated.total_yuan == D("650.00")
        assert "平段按总减其余 700 kWh 计（平段示数 690 kWh）" in rated.notes[0]

    def test_periods_that_exceed_the_total_are_refused(self) -> None:
        energies = (rating.Energy("t", "total", D(100)), rating.Energy("p", "peak", D(300)))

        with pytest.raises(rating.UnableToRate, match="平段电量为 -200 kWh"):
            bill(segments=(segment(*energies, tariff=time_of_use(peak="1", flat="0.5")),))

    def test_energy_in_a_period_without_price_is_refused(self) -> None:
        energies = (rating.Energy("p", "sharp", D(300)),)

        with pytest.raises(rating.UnableToRate, match="没有尖峰价"):
            bill(segments=(segment(*energies, tariff=time_of_use(peak="1", flat="0.5")),))

    def test_a_deduction_in_proportion_leaves_every_period_its_share(self) -> None:
        energies = tuple(
            rating.Energy(p, p, D(q)) for p, q in (("peak", 600), ("flat", 301), ("valley", 100))
        )
        lighting = rating.Deduction("l", "照明", D(1), STATED, D(100), taken_from="total")
        tariff = time_of_use(peak="1", flat="1", valley="1")

        rated = bill(segments=(segment(*energies, tariff=tariff, deductions=(lighting,)),))

        assert [line.quantity for line in rated.lines] == [D(540), D(271), D(90), D(100)]

    def test_a_share_is_of_the_total_with_losses(self) -> None:
        residents = rating.Deduction("r", "居民", D("0.6"), STATED, share=D("0.1"))
        loss = rating.Loss("v", "变损", D(100))

        rated = bill(
            segments=(
                segment(
                    rating.Energy("t", "total", D(900)), losses=(loss,), deductions=(residents,)
                ),
            )
        )

        assert [line.quantity for line in rated.lines] == [D(900), D(100)]

    def test_the_same_quantity_twice_is_refused(self) -> None:
        twice = rating.Energy("e", "total", D(1))

        with pytest.raises(rating.UnableToRate, match="电量编号 e 重复"):
            bill(segments=(segment(twice, twice),))


class TestPowerFactor:
    @pytest.mark.parametrize(("given", "looked_up"), [("0.855", "0.86"), ("0.754", "0.75")])
    def test_is_rounded_half_up_before_the_table(self, given: str, looked_up: str) -> None:
        assessment = rating.PowerFactorAssessment("main", D("0.90"), power_factor=D(given))

        rated = bill(power_factors=(assessment,))

        assert rated.power_factors[0].power_factor == D(looked_up)

    def test_the_rounding_is_decided_exactly_next_to_a_tie(self) -> None:
        reactive = D(10**14)

        below = rating.power_factor(D(164858049274055), reactive, 2)
        above = rating.power_factor(D(164858049274056), reactive, 2)

        assert (below, above) == (D("0.85"), D("0.86"))

    def test_nothing_flowing_has_no_power_factor(self) -> None:
        assert rating.power_factor(D(0), D(0), 2) is None

    def test_reverse_kvarh_and_losses_lower_it(self) -> None:
        energies = (
            rating.Energy("t", "total", D(30000)),
            rating.Energy("r", "reactive_reverse", D(20000)),
        )
        loss = rating.Loss("v", "变损", D(10000), D(10000))
        assessment = rating.PowerFactorAssessment("main", D("0.90"))

        rated = bill(segments=(segment(*energies, losses=(loss,)),), power_factors=(assessment,))

        assert rated.power_factors[0].power_factor == D("0.80")
        assert rated.lines[-1].amount_yuan == D("1000.00")

    def test_residents_outside_the_energy_lower_it_too(self) -> None:
        energies = (
            rating.Energy("t", "total", D(50000)),
            rating.Energy("r", "reactive_forward", D(30000)),
        )
        residents = rating.Deduction(
            "h", "居民", D("0.5"), STATED, D(10000), in_power_factor_energy=False
        )
        assessment = rating.PowerFactorAssessment("main", D("0.90"))

        rated = bill(
            segments=(segment(*energies, deductions=(residents,)),), power_factors=(assessment,)
        )

        assert rated.power_factors[0].power_factor == D("0.80")
        assert rated.power_factors[0].base_yuan == D("20000.00")

    def test_charges_are_in_the_base_only_where_marked(self) -> None:
        charges = (
            rating.UnitCharge("fund", "基金", D("0.1"), in_power_factor_base=False, rule=STATED),
            rating.UnitCharge("loss", "线损", D("0.1"), in_power_factor_base=True, rule=STATED),
        )
        tariff = rating.Tariff("t", "单一制", {"total": D("0.5")}, STATED, charges)
        assessment = rating.PowerFactorAssessment("main", D("0.90"), power_factor=D("0.80"))

        rated = bill(
            segments=(segment(rating.Energy("t", "total", D(1000)), tariff=tariff),),
            power_factors=(assessment,),
        )

        assert rated.power_factors[0].base_yuan == D("600.00")

    def test_a_segment_assessed_twice_is_refused(self) -> None:
        twice = tuple(rating.PowerFactorAssessment(i, D("0.90")) for i in ("a", "b"))

        with pytest.raises(rating.UnableToRate, match="只能参加一次"):
            bill(segments=(segment(rating.Energy("t", "total", D(1))),), power_factors=twice)

    def test_a_customer_without_a_standard_is_not_adjusted(self) -> None:
        rated = bill(
            segments=(segment(rating.Energy("t", "total", D(1000))),),
            power_factors=(rating.PowerFactorAssessment("main", None),),
        )

        assert rated.total_yuan == D("500.00")
        assert rated.notes == ("力调 main：不属于执行功率因数调整的用户。",)
