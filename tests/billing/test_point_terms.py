"""Losses that the meter does not see and fixed quantities, in a month's run (第74条, 定量定比)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import explanation, quote, rating
from busbar.billing import queries as billing_queries
from busbar.billing.models import Bill, BillRefusal
from busbar.billing.operations import run_month
from busbar.billing.point_terms import NOTHING, load_point_terms, losses_of
from busbar.billing.price_book import load_price_book
from busbar.billing.stretches import Stretch
from busbar.kit.periods import Period
from busbar.pricing import operations as pricing_operations
from busbar.pricing.models import RuleParameter, Tariff, TariffPrice
from busbar.supply.models import (
    FixedEnergy,
    LossMethod,
    MeteringSide,
    PointLoss,
    Transformer,
    TransformerState,
    UsagePoint,
)
from tests.billing import world
from tests.billing.naive_bill import half_up
from tests.shelf import lay

pytestmark = pytest.mark.django_db

D = Decimal
THE_16TH = dt.date(2026, 1, 16)
WHOLE_KWH = int(world.FLAT_LOAD.sum()) * world.MONTH.days // 1000
"""A usage point's energy in the month."""


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def point(ground: None) -> UsagePoint:
    """Metered on the low side of a transformer of 1,000 kVA with its plate."""
    world.make_tariff()
    point = world.make_account(world.make_county(), "1001")
    UsagePoint.objects.filter(pk=point.pk).update(metering_side=MeteringSide.LOW)
    Transformer.objects.update(
        no_load_kw=D("1.15"),
        load_kw=D("10.3"),
        no_load_current_percent=D("0.6"),
        impedance_percent=D("4.5"),
    )
    return UsagePoint.objects.get()


def make_loss(point: UsagePoint, **facts: object) -> PointLoss:
    given_facts = {
        "number": "1",
        "name": "变损",
        "method": LossMethod.NAMEPLATE,
        "transformer": Transformer.objects.get(account=point.account),
        "valid_from": world.LONG_AGO,
        "source": "供用电合同",
    }
    return PointLoss.objects.create(usage_point=point, **(given_facts | facts))


def enter_table(rows: dict[int | None, str], *, capacity_kva: int = 1000) -> None:
    """Losses in kWh by a month's energy up to which they hold; 70 kvarh each."""
    told = [
        {
            "table": "T1",
            "capacity_kva": capacity_kva,
            "up_to_kwh": limit,
            "active_kwh": D(lost),
            "reactive_kvarh": D(70),
            "valid_from": world.LONG_AGO,
            "source": "省公司变损表",
            "certainty": "local",
        }
        for limit, lost in rows.items()
    ]
    outcome = pricing_operations.store_loss_table_rows(rows=told, by=SYSTEM_VIEWER, at=world.AT)
    assert not outcome.rejections


def make_lighting(point: UsagePoint, **facts: object) -> FixedEnergy:
    """Lighting at 0.80 yuan a kWh, all day."""
    tariff = Tariff.objects.create(
        code="LIGHT",
        name="照明",
        region="测试省",
        category="industry_single",
        voltage_class="10kV",
        valid_from=world.LONG_AGO,
        source="测试价格表",
        certainty="local",
    )
    TariffPrice.objects.create(tariff=tariff, period="flat", price=D("0.80"))
    given_facts = {
        "number": "1",
        "name": "照明",
        "use": "lighting",
        "tariff_code": "LIGHT",
        "valid_from": world.LONG_AGO,
        "source": "供用电合同",
    }
    return FixedEnergy.objects.create(usage_point=point, **(given_facts | facts))


def run(lake: Path, *points: UsagePoint) -> None:
    world.store(lake, world.curves(list(points)))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)


def bill_of(lake: Path, point: UsagePoint) -> Bill:
    run(lake, point)
    assert not BillRefusal.objects.exists(), str(BillRefusal.objects.get().reason)
    return Bill.objects.get()


def quantities(bill: Bill) -> dict[str, Decimal]:
    return {q["id"]: D(q["value"]) for q in bill.quantities}


def amounts(bill: Bill) -> dict[str, Decimal]:
    return {x.line_id: x.amount for x in billing_queries.list_lines(bill)}


class TestLossesOfATransformer:
    def test_join_the_flat_period_the_total_and_the_power_factor(
        self, point: UsagePoint, lake: Path
    ) -> None:
        make_loss(point)

        bill = bill_of(lake, point)

        # β² = (74,400 ÷ (1000 × 744))² = 0.01; 1.15×744 + 10.3×0.01×744 = 932.2 kWh;
        # (0.6 + 4.5×0.01) × 1000 × 744 ÷ 100 = 4,798.8 kvarh.
        found = quantities(bill)
        assert (found["U1001.loss.1"], found["U1001.loss.1.reactive"]) == (932, 4799)
        assert bill.energy_kwh == 75_332
        assert amounts(bill)["month.energy.flat"] == D("22879.20")
        assert bill.power_factor == D("1.00")
        assert explanation.check_again(bill).is_equal

    def test_end_on_the_day_it_is_sealed(self, point: UsagePoint, lake: Path) -> None:
        make_loss(point)
        TransformerState.objects.update(valid_until=THE_16TH)
        unit = Transformer.objects.get()
        TransformerState.objects.create(transformer=unit, state="sealed", valid_from=THE_16TH)

        bill = bill_of(lake, point)

        # 15 days of 24 hours: 1.15×360 + 10.3×0.01×360 = 451.08 kWh; none from the 16th on.
        found = quantities(bill)
        assert found["U1001.loss.1@1"] == 451
        assert "U1001.loss.1@2" not in found
        assert explanation.check_again(bill).is_equal

    def test_take_k_by_shifts_and_cite_it(self, point: UsagePoint, lake: Path) -> None:
        lay(pricing_operations.load_seed)
        make_loss(point, shifts=2)

        bill = bill_of(lake, point)

        # K = 2: 855.6 + 2 × 76.632 = 1,008.864 kWh.
        assert quantities(bill)["U1001.loss.1"] == 1009
        whys = {why.line.line_id: why for why in explanation.explain(bill)}
        cited = {r["code"]: r for r in whys["month.energy.flat"].rules}
        assert cited["loss.correction"]["value"] == "2"
        assert cited["loss.correction"]["certainty"] == "unverified"
        assert "U1001.loss.1" in [q["id"] for q in whys["month.energy.flat"].inputs]

    def test_are_of_the_energy_of_their_own_usage_point(
        self, point: UsagePoint, lake: Path
    ) -> None:
        make_loss(point, method=LossMethod.SHARE, transformer=None, agreed_share=D("0.01"))
        beside = UsagePoint.objects.create(
            number="U1001B",
            name="分表",
            account=point.account,
            site=point.site,
            voltage_kv=10,
            metering_side=MeteringSide.HIGH,
        )

        run(lake, point, beside)

        assert quantities(Bill.objects.get())["U1001.loss.1"] == 744

    def test_that_nobody_stated_are_told_on_the_bill(self, point: UsagePoint, lake: Path) -> None:
        world.store(lake, world.curves([point]))

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert Bill.objects.get().notes == [
            "计量点 U1001 在低压侧计量，未登记损耗计算方式，本账单未计变损、线损。"
        ]

    def test_without_a_plate_refuse_the_bill(self, point: UsagePoint, lake: Path) -> None:
        make_loss(point)
        Transformer.objects.update(no_load_kw=None)

        run(lake, point)

        assert not Bill.objects.exists()
        assert str(BillRefusal.objects.get().reason) == (
            "变压器 T1001 的铭牌损耗参数未登记，不能计算变损"
        )

    def test_of_a_line_follow_its_resistance(self, point: UsagePoint, lake: Path) -> None:
        make_loss(
            point,
            method=LossMethod.LINE,
            transformer=None,
            voltage_kv=D(10),
            resistance_ohm=D("0.5"),
        )

        # R × Wp² ÷ (1000 × U² × T) = 0.5 × 74,400² ÷ (1000 × 100 × 744) = 37.2.
        assert quantities(bill_of(lake, point))["U1001.loss.1"] == 37

    @given(
        no_load=st.integers(0, 9_000),
        load=st.integers(0, 90_000),
        wh=st.integers(0, 200_000),
        day=st.integers(2, 31),
    )
    @hypothesis_settings(max_examples=60, deadline=None)
    def test_agree_with_fractions_day_by_day(
        self, no_load: int, load: int, wh: int, day: int
    ) -> None:
        unit = Transformer(
            pk=1, number="T", capacity_kva=630, installed_on=world.LONG_AGO,
            no_load_kw=D(no_load) / 1000, load_kw=D(load) / 1000,
            no_load_current_percent=D(0), impedance_percent=D(0),
        )  # fmt: skip
        days = day - 1
        kwh = round(Fraction(wh * 96 * days, 1000))
        hours = 24 * days

        found = naive_and_rated(unit, kwh, days)

        exact = Fraction(no_load, 1000) * hours + Fraction(load, 1000) * Fraction(
            kwh * kwh, 630 * 630 * hours
        )
        assert found == int(exact + Fraction(1, 2))


def naive_and_rated(unit: Transformer, kwh: int, days: int) -> int:
    """What the loss comes to under R2024, whose parts of a month are calendar days."""
    plate = rating.Nameplate(D(unit.capacity_kva), unit.no_load_kw, unit.load_kw)
    loss = rating.ComputedLoss("l", "变损", "nameplate", plate, days=days)
    found = rating.computed_loss(loss, D(kwh), D(0), quote.rule_set("R2024"), 31)
    return int(found.active_kwh)


class TestLossesByTable:
    @pytest.mark.parametrize("cut", [False, True])
    def test_are_read_by_capacity_and_the_months_energy(
        self, lake: Path, point: UsagePoint, *, cut: bool
    ) -> None:
        enter_table({None: "900", WHOLE_KWH: "310", WHOLE_KWH - 1: "155"})
        enter_table({WHOLE_KWH: "999"}, capacity_kva=500)
        make_loss(point, method=LossMethod.TABLE, loss_table="T1")
        if cut:
            make_loss(
                point, number="2", method=LossMethod.SHARE, transformer=None,
                agreed_share=D("0.01"), valid_from=THE_16TH,
            )  # fmt: skip

        bill = bill_of(lake, point)

        found = {k: v for k, v in quantities(bill).items() if ".loss.1" in k}
        whole = {"U1001.loss.1": D(310), "U1001.loss.1.reactive": D(70)}
        parts = {
            "U1001.loss.1@1": D(150), "U1001.loss.1@2": D(160),
            "U1001.loss.1@1.reactive": D(34), "U1001.loss.1@2.reactive": D(36),
        }  # fmt: skip
        assert found == (parts if cut else whole)
        sources = [r["source"] for w in explanation.explain(bill) for r in w.rules
                   if r["code"] == "loss.table"]  # fmt: skip
        assert set(sources) == {"省公司变损表"}

    def test_without_the_capacity_refuse_the_bill(self, lake: Path, point: UsagePoint) -> None:
        enter_table({None: "900"}, capacity_kva=500)
        make_loss(point, method=LossMethod.TABLE, loss_table="T1")

        run(lake, point)

        assert "变损表 T1 没有容量 1000 kVA 的行" in str(BillRefusal.objects.get().reason)
        assert not Bill.objects.exists()


class TestHoursOfLosses:
    def test_of_all_segments_are_those_of_the_month(self) -> None:
        by_thirty = quote.rule_set("R2018")

        parts = [rating.month_hours(days, by_thirty, 31, 31) for days in (15, 16)]

        assert sum(parts) == 720
        assert rating.month_hours(20, by_thirty, 31) == 480


class TestFixedQuantities:
    def test_leave_the_flat_period_at_their_own_price(self, point: UsagePoint, lake: Path) -> None:
        make_lighting(point, energy_kwh=3000)

        bill = bill_of(lake, point)

        found = amounts(bill)
        assert found["month.deducted.U1001.fixed.1"] == D("2400.00")
        assert found["month.energy.flat"] == D("20520.00")
        assert bill.energy_kwh == 74_400
        assert explanation.check_again(bill).is_equal

    def test_are_priced_by_the_version_of_each_day(self, point: UsagePoint, lake: Path) -> None:
        make_lighting(point, energy_kwh=3100)
        old = Tariff.objects.get(code="LIGHT")
        Tariff.objects.filter(pk=old.pk).update(valid_until=THE_16TH)
        old.pk, old.valid_from = None, THE_16TH
        old.save()
        TariffPrice.objects.create(tariff=old, period="flat", price=D("0.90"))

        bill = bill_of(lake, point)

        assert amounts(bill)["2026-01-01.deducted.U1001.fixed.1@1"] == D("1200.00")
        assert amounts(bill)["2026-01-16.deducted.U1001.fixed.1@2"] == D("1440.00")
        assert explanation.check_again(bill).is_equal

    def test_of_a_part_of_the_month_are_prorated(self, point: UsagePoint, lake: Path) -> None:
        make_lighting(point, energy_kwh=3100, valid_from=THE_16TH)

        bill = bill_of(lake, point)

        assert quantities(bill)["U1001.fixed.1@2"] == 1600
        assert "2026-01-01.deducted.U1001.fixed.1@1" not in amounts(bill)

    @pytest.mark.parametrize("cuts", [[16], [11, 21], [2, 3, 17, 30]])
    def test_are_one_month_however_it_is_cut_by_a_rule_of_thirty_days(
        self, point: UsagePoint, lake: Path, cuts: list[int]
    ) -> None:
        RuleParameter.objects.filter(key="deduction.proration").update(value="30")
        make_lighting(point, energy_kwh=1000)
        for number, day in enumerate(cuts):
            FixedEnergy.objects.create(
                usage_point=point,
                number=f"9{number}",
                name="另计",
                use="lighting",
                tariff_code="LIGHT",
                valid_from=dt.date(2026, 1, day),
                source="供用电合同",
                share=D("0.01"),
            )

        bill = bill_of(lake, point)

        lighting = [kwh for name, kwh in quantities(bill).items() if ".fixed.1@" in name]
        assert len(lighting) == len(cuts) + 1
        assert sum(lighting) == 1000
        assert explanation.check_again(bill).is_equal

    @given(
        days=st.lists(st.integers(1, 28), min_size=1, max_size=4).filter(lambda d: sum(d) <= 31),
        kwh=st.integers(0, 100_000),
    )
    def test_of_parts_add_up_to_the_quantity_of_their_days(self, days: list[int], kwh: int) -> None:
        """By 30 days: 31 of 31 are a month, fewer so many thirtieths, to the kWh."""
        held, before, parts = sum(days), 0, []
        for length in days:
            segment = {
                "period": {"start": "2020-01-01", "end": "2020-02-01"},
                "energies": [{"measures": "flat", "quantity": 200_000}],
                "deductions": [
                    {
                        "name": "照明",
                        "price": 1,
                        "energy_kwh": kwh,
                        "days": length,
                        "days_before": before,
                        "held_days": held,
                    }
                ],
            }
            document = {
                "kind": "bill",
                "rule_set": "R2018",
                "period": segment["period"],
                "tariff": {"name": "x", "prices": {"flat": 1}},
                "segments": [segment],
            }
            shown = quote.quote(document)["quantities"]
            parts.append(next(D(q["value"]) for q in shown if "deducted" in q["id"]))
            before += length

        assert sum(parts) == half_up(Fraction(kwh * held, 31 if held == 31 else 30), 0)

    def test_amended_within_the_month_are_a_month_together(
        self, point: UsagePoint, lake: Path
    ) -> None:
        RuleParameter.objects.filter(key="deduction.proration").update(value="30")
        first = make_lighting(point, energy_kwh=3100, valid_until=THE_16TH)
        FixedEnergy.objects.create(
            usage_point=point,
            number=first.number,
            name=first.name,
            use=first.use,
            tariff_code=first.tariff_code,
            valid_from=THE_16TH,
            source="补充协议",
            energy_kwh=6200,
        )

        found = quantities(bill_of(lake, point))

        assert (found["U1001.fixed.1@1"], found["U1001.fixed.1@2"]) == (1500, 3200)

    def test_beside_the_meter_are_added(self, point: UsagePoint, lake: Path) -> None:
        make_lighting(point, energy_kwh=3000, connection="beside")

        assert bill_of(lake, point).energy_kwh == 77_400

    def test_as_a_share_follow_the_energy_and_cite_the_price(
        self, point: UsagePoint, lake: Path
    ) -> None:
        make_lighting(point, share=D("0.05"))

        bill = bill_of(lake, point)

        assert amounts(bill)["month.deducted.U1001.fixed.1"] == D("2976.00")
        whys = {why.line.line_id: why for why in explanation.explain(bill)}
        cited = whys["month.deducted.U1001.fixed.1"].rules
        assert (cited[0]["code"], cited[0]["source"]) == ("tariff.LIGHT", "测试价格表")

    def test_at_a_tariff_that_is_not_there_refuse_the_bill(
        self, point: UsagePoint, lake: Path
    ) -> None:
        make_lighting(point, energy_kwh=3000, tariff_code="NONE")

        run(lake, point)

        assert str(BillRefusal.objects.get().reason) == "2026-01-01 没有照明的电价 NONE"


class TestLoading:
    def test_costs_as_many_queries_for_many_accounts(self, point: UsagePoint) -> None:
        unit = point.account.unit
        points = [point, *(world.make_account(unit, n, tariff="TWO-PART") for n in ("2", "3"))]
        make_loss(point)
        with CaptureQueriesContext(connection) as for_one:
            load_point_terms([point.account_id], world.MONTH)
        for other in points[1:]:
            make_loss(other)

        with CaptureQueriesContext(connection) as for_three:
            found = load_point_terms([p.account_id for p in points], world.MONTH)

        assert len(found) == len(points)
        assert len(for_three) == len(for_one)

    def test_of_an_account_without_any_gives_nothing(self, point: UsagePoint) -> None:
        assert load_point_terms([point.account_id], world.MONTH) == {}
        assert NOTHING.cuts(load_price_book(world.MONTH)) == frozenset()
        book = load_price_book(world.MONTH)
        whole = Period(world.MONTH.first, world.MONTH.period.end)
        priced = book.versions["TWO-PART"][0]
        agreement = point.account
        stretch = Stretch(whole, agreement, priced)
        assert not list(losses_of(NOTHING, stretch, (), book, "", days=(), month_kwh={}))


class TestLossesOfAPointWithoutCurves:
    def test_are_refused_and_not_computed_on_another_point(
        self, point: UsagePoint, lake: Path
    ) -> None:
        other = world.make_second_point(point, "U1001-2")
        make_loss(other)

        world.store(lake, world.curves([point]))
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert not Bill.objects.exists()
        assert str(BillRefusal.objects.get().reason) == (
            "计量点 U1001-2 2026-01-01 至 2026-01-31 没有负荷曲线，不能计算变损"
        )

    def test_are_refused_where_several_others_have_curves(
        self, point: UsagePoint, lake: Path
    ) -> None:
        others = [world.make_second_point(point, f"U1001-{n}") for n in (2, 3)]
        make_loss(others[1])

        world.store(lake, world.curves([point, others[0]]))
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert not Bill.objects.exists()
        assert str(BillRefusal.objects.get().reason).startswith("计量点 U1001-3 ")

    def test_are_computed_where_the_point_has_its_curves(
        self, point: UsagePoint, lake: Path
    ) -> None:
        other = world.make_second_point(point, "U1001-2")
        make_loss(other, method=LossMethod.SHARE, transformer=None, agreed_share=D("0.02"))

        run(lake, point, other)

        bill = Bill.objects.get()
        assert bill.energy_kwh == 2 * WHOLE_KWH + 1488  # 2 % of one point's 74,400
