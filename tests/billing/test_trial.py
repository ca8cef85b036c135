"""Test bills: what issued bills would have come to at a draft's prices, line by line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing.decomposition import Effect
from busbar.billing.models import Bill
from busbar.billing.operations import run_month
from busbar.billing.trial import list_trial_months, try_draft
from busbar.journal.models import Entry
from busbar.pricing import operations as pricing_operations
from busbar.pricing.models import Tariff, TariffDraft, TimeOfUseInterval, TimeOfUseScheme
from busbar.supply.models import UsagePoint
from tests.billing import world

pytestmark = pytest.mark.django_db
MARCH = dt.date(2026, 3, 1)
PRICES = {"peak": "1.1", "flat": "0.6", "valley": "0.25"}


@pytest.fixture
def point(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UsagePoint:
    """An account of 100 kW all January: 24,800 valley, 12,400 peak, 37,200 flat kWh."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    world.make_surcharge()
    made = world.make_account(world.make_county(), "1001")
    world.store(tmp_path / "lake", world.curves([made]))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    return made


def make_draft(**changes: object) -> TariffDraft:
    facts = {
        "code": "TWO-PART",
        "base_from": world.LONG_AGO,
        "valid_from": MARCH,
        "scheme": TimeOfUseScheme.objects.get(code="TOU-TWO-PART"),
        "capacity_price": Decimal(31),
        "demand_price": Decimal(40),
        "prices": PRICES,
        "source": "草案",
        "certainty": "A",
        "drafted_at": world.AT,
    }
    return TariffDraft.objects.create(**(facts | changes))


class TestTryDraft:
    def test_shows_each_line_at_both_prices_and_writes_nothing(self, point: UsagePoint) -> None:
        draft = make_draft(surcharges={"fund": "0.03"})
        before = list(Bill.objects.values()), Entry.objects.count()

        (tried,) = try_draft(SYSTEM_VIEWER, draft, month="2026-01").bills

        differences = {line.name: line.difference for line in tried.lines if line.difference}
        assert tried.before.total_yuan == Bill.objects.get().amount
        assert sum(line.difference for line in tried.lines) == tried.difference
        by_code = {line.after.code: line.difference for line in tried.lines if line.after}
        assert by_code["energy.peak"] == Decimal("1240.00")
        assert by_code["energy.valley"] == Decimal("-1240.00")
        assert by_code["energy.flat"] == 0
        assert by_code["basic.capacity"] == Decimal("1000.00")
        assert differences["基金"] == Decimal("744.00")
        assert sum(tried.effects.values()) == tried.difference
        assert tried.effects[Effect.VOLUME] == tried.effects[Effect.HOURS] == 0
        assert (list(Bill.objects.values()), Entry.objects.count()) == before

    def test_is_the_bill_itself_where_nothing_changes(self, point: UsagePoint) -> None:
        draft = make_draft(
            capacity_price=Decimal(30), prices={"peak": "1", "flat": "0.6", "valley": "0.3"}
        )

        trial = try_draft(SYSTEM_VIEWER, draft, month="2026-01")

        assert trial.difference == 0
        assert trial.before == trial.after == Bill.objects.get().amount

    def test_adds_the_curves_up_by_another_scheme(self, point: UsagePoint) -> None:
        scheme = TimeOfUseScheme.objects.create(
            code="NIGHT", name="夜", valid_from=world.LONG_AGO, certainty="local"
        )
        TimeOfUseInterval.objects.create(
            scheme=scheme, start_minute=0, end_minute=720, period="valley"
        )
        draft = make_draft(scheme=scheme, prices={"flat": "0.6", "valley": "0.3"})

        (tried,) = try_draft(SYSTEM_VIEWER, draft, month="2026-01").bills

        energy = {
            line.code: line.quantity for line in tried.after.lines if line.code.startswith("energy")
        }
        assert energy == {"energy.flat": Decimal(37200), "energy.valley": Decimal(37200)}
        assert tried.after.energy_kwh == tried.before.energy_kwh

    def test_takes_one_price_all_day_too(self, point: UsagePoint) -> None:
        draft = make_draft(scheme=None, prices={"flat": "0.6"})

        (tried,) = try_draft(SYSTEM_VIEWER, draft, month="2026-01").bills

        energy = [x.amount_yuan for x in tried.after.lines if x.code.startswith("energy")]
        assert energy == [Decimal("44640.00")]

    def test_says_why_a_bill_cannot_be_tried(self, point: UsagePoint) -> None:
        trial = try_draft(SYSTEM_VIEWER, make_draft(capacity_price=None), month="2026-01")

        assert trial.bills == ()
        assert str(trial.refused[0][1]) == "拟订的电价没有合同计收方式的基本电价"

    def test_narrows_to_accounts_and_to_what_is_seen(self, point: UsagePoint) -> None:
        draft, nobody = make_draft(), Viewer(1, 1, "外人", "009")

        chosen = try_draft(SYSTEM_VIEWER, draft, month="2026-01", account_numbers=["1001"])
        others = try_draft(SYSTEM_VIEWER, draft, month="2026-01", account_numbers=["9"])

        assert (len(chosen.bills), len(others.bills), others.standing) == (1, 0, 1)
        assert try_draft(nobody, draft, month="2026-01").standing == 0
        assert list_trial_months(nobody, "TWO-PART") == []
        assert list_trial_months(SYSTEM_VIEWER, "TWO-PART") == ["2026-01"]


class TestUsedVersions:
    def row(self, **changes: object) -> dict[str, object]:
        tariff = Tariff.objects.get(code="TWO-PART")
        facts = ("code", "name", "region", "category", "voltage_class", "valid_from", "certainty")
        prices = {"peak": Decimal(1), "flat": Decimal("0.6"), "valley": Decimal("0.3")}
        return (
            {name: getattr(tariff, name) for name in facts}
            | {"scheme": "TOU-TWO-PART", "source": "测试价格表", "valid_until": None}
            | {"capacity_price": Decimal(30), "demand_price": Decimal(40)}
            | prices
            | changes
        )

    @pytest.mark.parametrize(
        "change", [{"peak": Decimal(2)}, {"capacity_price": Decimal(1)}, {"valley": None}]
    )
    def test_keep_their_prices(self, point: UsagePoint, change: dict[str, object]) -> None:
        before = list(Tariff.objects.values())

        outcome = pricing_operations.store_tariffs(
            rows=[self.row(**change)], by=SYSTEM_VIEWER, at=world.AT
        )

        assert [str(r.expectation) for r in outcome.rejections] == [
            "已按此版本出具 2026-01 的账单，价格不能改，请另立新版本"
        ]
        assert list(Tariff.objects.values()) == before

    def test_may_say_better_where_they_come_from(self, point: UsagePoint) -> None:
        outcome = pricing_operations.store_tariffs(
            rows=[self.row(source="公告原文", certainty="A")], by=SYSTEM_VIEWER, at=world.AT
        )

        assert (outcome.rejections, outcome.updated) == ([], 1)
        assert Tariff.objects.get(code="TWO-PART").certainty == "A"

    def test_are_free_before_any_bill(self, point: UsagePoint) -> None:
        Bill.objects.all().delete()

        outcome = pricing_operations.store_tariffs(
            rows=[self.row(peak=Decimal(2))], by=SYSTEM_VIEWER, at=world.AT
        )

        assert outcome.updated == 1
