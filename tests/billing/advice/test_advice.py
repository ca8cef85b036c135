"""Advice says what the past year would have cost, by the engine that made its bills."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing import quote, rating
from busbar.billing.advice import Advice, UnableToAdvise, advise
from busbar.billing.advice.compensation import kvar_for
from busbar.billing.advice.figures import figures_on
from busbar.billing.advice.sufficiency import Coverage, require_enough
from busbar.billing.advice.switching import earliest_demand_change
from busbar.billing.advice.what_if import with_compensation, with_mode
from busbar.billing.advice.year import load_months, load_year
from busbar.billing.models import Bill
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.pricing.models import Tariff
from busbar.supply.models import Agreement, BasicChargeMode, UsagePoint
from tests.billing import world
from tests.billing.advice import year as years

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 2, 2)
DEMANDS = (520, 640, 455, 700, 480, 610, 590, 450, 500)


@pytest.fixture
def lake(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own, with prices to bill by."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    return tmp_path / "lake"


def billed(
    lake: Path, *, mode: BasicChargeMode = BasicChargeMode.CAPACITY, count: int = 9, kvar: int = 60
) -> UsagePoint:
    """An account of 1,000 kVA at 100 kW, with another peak in each of its months."""
    point = world.make_account(world.make_county(), "1001", mode=mode)
    months = years.months_until(world.MONTH, count)
    loads = {
        month: {"kw": 100, "peak_kw": DEMANDS[index % len(DEMANDS)], "kvar": kvar}
        for index, month in enumerate(months)
    }
    years.bill_months(lake, [point], loads)
    return point


def study() -> Advice:
    return advise(SYSTEM_VIEWER, "1001", on=TODAY)


class TestBasicCharge:
    def test_starts_from_what_was_billed(self, lake: Path) -> None:
        billed(lake)

        advice = study().basic

        assert advice is not None
        issued = {bill.month: bill.amount for bill in Bill.objects.all()}
        assert {m.month: m.total_yuan for m in advice.present.months} == issued
        assert (advice.present.mode, advice.present.basic_yuan) == ("capacity", Decimal(270_000))

    def test_finds_the_cheapest_contract_of_every_whole_kilowatt(self, lake: Path) -> None:
        point = billed(lake, mode=BasicChargeMode.CONTRACT_DEMAND)

        advice = study().basic

        assert advice is not None
        chosen = next(o for o in advice.options if o.mode == "contract_demand")
        months = load_months(load_year(SYSTEM_VIEWER, point.account, months=12))
        every = {
            kw: sum(rating.rate(with_mode(m, "contract_demand", kw)).total_yuan for m in months)
            for kw in range(400, 701)
        }
        assert chosen.total_yuan == min(every.values())
        assert every[chosen.contract_kw or 0] == min(every.values())

    def test_charges_the_overrun_and_the_floor_in_the_search(self, lake: Path) -> None:
        billed(lake)

        advice = study().basic

        assert advice is not None
        assert advice.curve[0][0] == 400  # 40 % of 1,000 kVA
        assert advice.curve[-1][0] == 1000
        actual = next(o for o in advice.options if o.mode == "actual_demand")
        assert actual.basic_yuan == sum(DEMANDS) * 40
        assert actual is advice.best

    def test_counts_the_saving_as_a_year_s(self, lake: Path) -> None:
        billed(lake)

        advice = study().basic

        assert advice is not None
        nine = advice.present.total_yuan - advice.best.total_yuan
        assert advice.saving_yuan == (nine * 12 / 9).quantize(Decimal("0.01"))

    def test_leaves_the_mode_alone_where_none_is_cheaper(self, lake: Path) -> None:
        billed(lake, mode=BasicChargeMode.ACTUAL_DEMAND)

        advice = study()

        assert advice.basic is not None
        assert advice.basic.best is advice.basic.present
        assert (advice.basic.saving_yuan, advice.switch) == (0, None)

    def test_bars_a_mode_that_the_registers_lack(self, lake: Path) -> None:
        billed(lake, mode=BasicChargeMode.ACTUAL_DEMAND)
        Tariff.objects.update(capacity_price=None)

        advice = study().basic

        assert advice is not None
        (barred,) = advice.barred
        assert (barred.mode, str(barred.reason)) == (
            "capacity",
            "2025-05 没有容量电价或受电变压器台账",
        )


class TestSwitch:
    def test_names_the_first_quarter_after_the_notice(self, lake: Path) -> None:
        billed(lake)

        switch = advise(SYSTEM_VIEWER, "1001", on=dt.date(2026, 3, 10)).switch
        day_after = advise(SYSTEM_VIEWER, "1001", on=dt.date(2026, 3, 11)).switch

        # 15 working days after 10 March 2026 are full on Tuesday the 31st.
        assert switch is not None
        assert (switch.on, switch.apply_by) == (dt.date(2026, 4, 1), dt.date(2026, 3, 10))
        assert day_after is not None
        assert day_after.on == dt.date(2026, 7, 1)
        assert [rule.code for rule in switch.rules] == [
            "basic_charge.mode_change_notice_working_days",
            "basic_charge.mode_change_starts",
        ]

    def test_another_mode_never_begins_within_a_quarter(self, lake: Path) -> None:
        billed(lake)

        switch = study().switch

        assert switch is not None
        assert (switch.on, switch.apply_by) == (dt.date(2026, 4, 1), dt.date(2026, 3, 10))

    def test_another_contract_demand_begins_with_any_month(self, lake: Path) -> None:
        billed(lake)
        rule_set = quote.rule_set("R2024")

        switch = earliest_demand_change(rule_set, [], dt.date(2026, 2, 2))

        assert switch is not None
        assert (switch.on, switch.apply_by) == (dt.date(2026, 3, 1), dt.date(2026, 2, 23))

    def test_waits_for_the_least_interval_since_the_last_change(self, lake: Path) -> None:
        point = billed(lake)
        Agreement.objects.update(valid_from=dt.date(2026, 1, 1))
        Agreement.objects.create(
            number="A0", account=point.account, signed_on=world.LONG_AGO,
            valid_from=world.LONG_AGO, valid_until=dt.date(2026, 1, 1), tariff_code="TWO-PART",
            tariff_category="industry_two_part", contract_capacity_kva=1000,
            basic_charge_mode=BasicChargeMode.ACTUAL_DEMAND,
        )  # fmt: skip

        switch = study().switch

        assert switch is not None
        assert (switch.on, switch.changed_on) == (dt.date(2026, 4, 1), dt.date(2026, 1, 1))
        assert len(switch.rules) == 3


class TestFigures:
    def test_a_year_before_the_first_figures_is_studied_by_them(self) -> None:
        before, since = figures_on(dt.date(2018, 11, 20)), figures_on(dt.date(2025, 1, 1))

        assert before.figures == since.figures
        assert before.integer("advice.months") == 12


class TestCompensation:
    def test_needs_the_least_kvar_that_reaches_the_step(self, lake: Path) -> None:
        point = billed(lake)

        advice = study().compensation

        assert advice is not None
        months = load_months(load_year(SYSTEM_VIEWER, point.account, months=12))
        for step in advice.steps:
            assert step.kvar is not None
            factors = [
                [
                    rating.rate(with_compensation(m.bill_input, kvar)).power_factors[0].power_factor
                    for m in months
                ]
                for kvar in (step.kvar - 1, step.kvar)
            ]
            assert min(f for f in factors[1] if f) >= step.target
            assert min(f for f in factors[0] if f) < step.target

    def test_saves_what_the_bills_would_have_been_less(self, lake: Path) -> None:
        billed(lake)

        advice = study().compensation

        assert advice is not None
        assert {factor for _, factor in advice.factors} == {Decimal("0.86")}
        first = advice.steps[0]
        # At 0.86 the standard 0.90 adds 2 % to the base; at 0.90 nothing is added.
        added = sum(
            line.amount
            for bill in Bill.objects.all()
            for line in bill.lines.filter(code="power_factor")
        )
        assert (first.target, first.percent) == (Decimal("0.90"), 0)
        assert first.saving_yuan == (added * 12 / 9).quantize(Decimal("0.01"))
        assert first.cost_yuan == (first.kvar or 0) * 150
        assert advice.unit_cost.certainty == "unverified"

    def test_needs_nothing_where_the_step_is_reached(self, lake: Path) -> None:
        billed(lake, kvar=0)

        advice = study().compensation

        assert advice is not None
        assert {(s.kvar, s.saving_yuan) for s in advice.steps} == {(0, Decimal("0.00"))}
        assert advice.best is None

    def test_says_so_where_reverse_energy_keeps_it_below(self, lake: Path) -> None:
        point = billed(lake)
        (facts, *_) = load_months(load_year(SYSTEM_VIEWER, point.account, months=12))
        reverse = rating.Energy("over", "reactive_reverse", Decimal(60_000))
        segment = facts.bill_input.segments[0]
        segments = (replace(segment, energies=(*segment.energies, reverse)),)

        assert kvar_for(replace(facts.bill_input, segments=segments), Decimal("0.90")) is None


class TestShifting:
    def test_saves_the_difference_of_the_prices(self, lake: Path) -> None:
        billed(lake)

        one, five, ten = study().shifts

        # A month has 4 h × 100 kW × days at peak; 1 % of it moves from 1.00 to 0.30 yuan,
        # and the power-factor adjustment adds 2 % to what was saved.
        days = sum(m.days for m in years.months_until(world.MONTH, 9))
        assert abs(one.moved_kwh - Decimal(days * 4 * 12) / 9) < 12
        assert abs(one.saving_yuan - one.moved_kwh * Decimal("0.714")) < 1
        assert (one.percent, five.percent, ten.percent) == (1, 5, 10)
        assert one.saving_yuan < five.saving_yuan < ten.saving_yuan


class TestSufficiency:
    def test_refuses_with_everything_that_is_missing(self, lake: Path) -> None:
        billed(lake, count=8)
        before = Bill.objects.count(), Entry.objects.count()

        with pytest.raises(UnableToAdvise) as refused:
            study()

        assert str(refused.value) == (
            "数据不足，不能给出建议：账单只有 8 张，至少要 9 张，没有账单的月份："
            "2025-02、2025-03、2025-04、2025-05；负荷曲线只有 245 天，至少要 270 天，还差 25 天。"
        )
        assert (Bill.objects.count(), Entry.objects.count()) == before

    @pytest.mark.parametrize(
        ("coverage", "sentence"),
        [
            (Coverage(9, (), 270, 75, 100), ""),
            (Coverage(9, (), 269, 75, 100), "负荷曲线只有 269 天，至少要 270 天，还差 1 天"),
            (Coverage(9, (), 270, 74, 100), "读数完整率 74.0%，至少要 75%，缺 26 个时段"),
        ],
    )
    def test_takes_nine_bills_270_days_and_three_quarters(
        self, coverage: Coverage, sentence: str
    ) -> None:
        figures = figures_on(TODAY)
        if not sentence:
            require_enough(coverage, figures)
            return
        with pytest.raises(UnableToAdvise, match=sentence):
            require_enough(coverage, figures)

    def test_refuses_an_account_that_was_never_billed(self, lake: Path) -> None:
        world.make_account(world.make_county(), "1001")
        with pytest.raises(UnableToAdvise, match="账单只有 0 张"):
            study()

    def test_hides_the_account_of_another_branch(self, lake: Path) -> None:
        billed(lake)
        other = Viewer(user_id=1, employee_id=1, name="邻县", unit_path="000001")
        with pytest.raises(CustomerAccount.DoesNotExist):
            advise(other, "1001", on=TODAY)
