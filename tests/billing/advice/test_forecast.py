"""The running month's bill: what is owed so far, the peak that is locked in, the month's end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.advice import Forecast, UnableToAdvise, forecast_bill
from busbar.billing.advice.similar_days import Curves, continue_curves
from busbar.billing.advice.what_if import basic_yuan
from busbar.billing.models import Bill
from busbar.billing.operations import run_month
from busbar.journal.models import Entry
from busbar.kit.periods import CHINA, Month
from busbar.pricing.models import PriceSeries, SeriesPrice
from busbar.supply.models import BasicChargeMode, UsagePoint
from tests.billing import world
from tests.billing.advice import year as years
from tests.worlds import keep

pytestmark = pytest.mark.django_db
FEBRUARY = Month(2026, 2)
TODAY = dt.date(2026, 2, 15)


@pytest.fixture
def point(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UsagePoint:
    """An account that pays for its actual demand; 100 kW through December and January."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    return keep(_bill, tmp_path / "lake", folder=tmp_path / "lake")


def _bill(lake: Path) -> UsagePoint:
    world.make_tariff()
    made = world.make_account(world.make_county(), "1001", mode=BasicChargeMode.ACTUAL_DEMAND)
    months = years.months_until(world.MONTH, 2)
    years.bill_months(lake, [made], {m: {"kw": 100} for m in months})
    return made


def deliver(point: UsagePoint, days: int, *, peak_kw: int = 0) -> None:
    """February's first days at 100 kW, the very first quarter at the peak."""
    table = years.month_curves([point], FEBRUARY, kw=100, peak_kw=peak_kw).slice(0, days)
    world.store(Path(settings.LAKE_ROOT), table, key=f"february-{days}")


def ask(on: dt.date = TODAY) -> Forecast:
    return forecast_bill(SYSTEM_VIEWER, "1001", on=on)


class TestSoFar:
    def test_bills_the_days_that_are_known(self, point: UsagePoint) -> None:
        deliver(point, 14)

        outlook = ask().outlook

        assert (str(outlook.month), outlook.through) == ("2026-02", dt.date(2026, 2, 14))
        assert outlook.so_far.energy_kwh == 14 * 2400
        # A day: 4 h at 1.00, 12 h at 0.60, 8 h at 0.30 yuan and 100 kW; demand 100 kW at 40.
        assert outlook.so_far.total_yuan == (14 * 1360 + 4000) * Decimal("0.9925")

    def test_charges_the_peak_that_is_locked_in_with_its_moment(self, point: UsagePoint) -> None:
        deliver(point, 14, peak_kw=300)

        outlook = ask().outlook

        assert outlook.facts.demand.kw == 300
        assert outlook.facts.demand.at == dt.datetime(2026, 2, 1, tzinfo=CHINA)
        assert basic_yuan(outlook.so_far) == 300 * 40

    def test_stops_at_the_last_full_day(self, point: UsagePoint) -> None:
        deliver(point, 10)

        outlook = ask().outlook

        assert outlook.through == dt.date(2026, 2, 10)
        assert outlook.so_far.energy_kwh == 10 * 2400


class TestMonthEnd:
    def test_meets_the_bill_of_a_customer_who_never_changes(self, point: UsagePoint) -> None:
        deliver(point, 14)
        foreseen = ask().outlook.end
        deliver(point, 28)
        run_month(month=FEBRUARY, by=SYSTEM_VIEWER, at=world.AT)

        bill = Bill.objects.get(month="2026-02")

        assert (foreseen.energy_kwh, foreseen.total_yuan) == (bill.energy_kwh, bill.amount)

    def test_keeps_the_locked_peak(self, point: UsagePoint) -> None:
        deliver(point, 14, peak_kw=300)
        assert basic_yuan(ask().outlook.end) == 300 * 40

    def test_says_for_each_day_whether_it_is_known(self, point: UsagePoint) -> None:
        deliver(point, 14)

        daily = ask().outlook.daily_kwh

        assert len(daily) == 28
        assert [is_known for _, _, is_known in daily] == [True] * 14 + [False] * 14
        assert {kwh for _, kwh, _ in daily} == {Decimal(2400)}


def make_series(days: int) -> PriceSeries:
    """February's first days: 0.20 yuan before noon, 0.50 after."""
    series = PriceSeries.objects.create(
        code="SPOT",
        name="现货",
        tariff_code="TWO-PART",
        valid_from=FEBRUARY.first,
        source="交易中心",
        certainty="A",
    )
    SeriesPrice.objects.bulk_create(
        SeriesPrice(
            series=series,
            day=FEBRUARY.first + dt.timedelta(days=day),
            start_minute=minute,
            end_minute=minute + 720,
            price=Decimal(price),
        )
        for day in range(days)
        for minute, price in ((0, "0.20"), (720, "0.50"))
    )
    return series


class TestPriceSeries:
    def test_bills_the_known_days_at_their_prices(self, point: UsagePoint) -> None:
        make_series(28)
        deliver(point, 14)

        so_far = ask().outlook.so_far

        # A day: 1,200 kWh at 0.20 and 1,200 at 0.50 yuan; demand 100 kW at 40.
        assert so_far.energy_kwh == 14 * 2400
        assert so_far.total_yuan == (14 * 840 + 4000) * Decimal("0.9925")
        (energy,) = [line for line in so_far.lines if line.code.startswith("energy")]
        assert (energy.amount_yuan, "1344 个时段" in energy.formula) == (14 * 840, True)

    def test_meets_the_bill_of_a_customer_who_never_changes(self, point: UsagePoint) -> None:
        make_series(28)
        deliver(point, 14)
        foreseen = ask().outlook.end
        deliver(point, 28)
        run_month(month=FEBRUARY, by=SYSTEM_VIEWER, at=world.AT)

        bill = Bill.objects.get(month="2026-02")

        assert foreseen.total_yuan == (28 * 840 + 4000) * Decimal("0.9925")
        assert (foreseen.energy_kwh, foreseen.total_yuan) == (bill.energy_kwh, bill.amount)

    def test_is_refused_with_the_days_without_prices(self, point: UsagePoint) -> None:
        make_series(20)
        deliver(point, 14)
        before = Bill.objects.count(), Entry.objects.count()

        with pytest.raises(UnableToAdvise) as refused:
            ask()

        assert str(refused.value) == (
            "不能预测：价格序列 现货 缺 2026-02-21、2026-02-22、2026-02-23等 共 8 天的电价"
        )
        assert (Bill.objects.count(), Entry.objects.count()) == before


class TestRange:
    def test_is_refused_where_too_few_months_can_be_tried(self, point: UsagePoint) -> None:
        deliver(point, 14)

        forecast = ask()

        assert (forecast.low_yuan, forecast.high_yuan) == (None, None)
        told = str(forecast.range_refused)
        assert told == "只有 2 个月可以检验，至少要 3 个月，不给出区间。"
        assert [trial.month for trial in forecast.trials] == ["2025-12", "2026-01"]

    def test_is_how_far_the_method_lay_off_before(self, point: UsagePoint) -> None:
        root = Path(settings.LAKE_ROOT)
        for month in (Month(2025, 9), Month(2025, 10), Month(2025, 11)):
            kw = 200 if month.number == 11 else 100
            years.bill_months(root, [point], {month: {"kw": kw}})
        deliver(point, 14)

        forecast = ask()

        total = forecast.outlook.end.total_yuan
        worst = max(forecast.trials, key=lambda trial: abs(trial.off_percent))
        assert worst.month in {"2025-11", "2025-12"}
        assert forecast.low_yuan is not None
        assert forecast.high_yuan is not None
        assert forecast.low_yuan < total <= forecast.high_yuan


class TestRefusal:
    def test_says_that_the_month_has_no_curve_yet(self, point: UsagePoint) -> None:
        before = Bill.objects.count(), Entry.objects.count()
        with pytest.raises(UnableToAdvise) as refused:
            ask()
        assert str(refused.value) == (
            "数据不足，不能预测：2026-02 在 2026-02-15 之前没有完整一天的负荷曲线。"
        )
        assert (Bill.objects.count(), Entry.objects.count()) == before

    def test_says_how_many_recent_days_are_missing(
        self, ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
        world.make_tariff()
        deliver(world.make_account(world.make_county(), "1001"), 13)
        with pytest.raises(UnableToAdvise) as refused:
            ask(dt.date(2026, 2, 14))
        assert str(refused.value) == (
            "数据不足，不能预测：2026-02-14 前 28 天中只有 13 天曲线完整，至少要 14 天。"
        )


class TestSimilarDays:
    START = dt.date(2026, 1, 5)  # a Monday

    def curves(self, days: list[int]) -> Curves:
        active = np.repeat(np.array(days, dtype=np.int64)[:, None], 96, axis=1)
        channels = np.array([active, active // 2])
        return Curves(self.START, channels, np.ones_like(active, dtype=bool))

    def ahead(self, days: list[int], count: int = 7) -> list[int]:
        coming = continue_curves(
            self.curves(days),
            self.START + dt.timedelta(days=len(days)),
            count,
            level_days=7,
            is_working=lambda day: day.weekday() < 5,
        )
        return [int(value) for value in coming.channels[0, :, 0]]

    def test_gives_each_day_the_mean_of_its_kind(self) -> None:
        assert self.ahead([100] * 5 + [40] * 2) == [100] * 5 + [40] * 2

    def test_scales_to_the_level_of_the_last_week(self) -> None:
        # Means 150 and 60 over two weeks; the last one lay a third above them.
        assert self.ahead([100] * 5 + [40] * 2 + [200] * 5 + [80] * 2) == [200] * 5 + [80] * 2

    def test_lets_a_peak_of_the_kind_come_again(self) -> None:
        recent = self.curves([100] * 5 + [40] * 2)
        recent.channels[0, 2, 50] = 900
        coming = continue_curves(
            recent, dt.date(2026, 1, 12), 1, level_days=7, is_working=lambda d: d.weekday() < 5
        )
        assert coming.highest_wh == 900
