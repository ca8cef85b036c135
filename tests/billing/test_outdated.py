"""Bills whose archive changed after they were issued are found, named, and corrected (U16)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.billing.models import Bill, BillRun, OutdatedBill
from busbar.billing.operations import (
    UnableToCompareBills,
    compare_month,
    correct_bills,
    run_month,
)
from busbar.billing.outdated import list_outdated
from busbar.cli.main import main
from busbar.jobs import billing as billing_jobs
from busbar.journal.models import Entry
from busbar.kit.periods import Month
from busbar.pricing.models import (
    PowerFactorStep,
    Surcharge,
    TariffPrice,
    TimeOfUseInterval,
)
from busbar.supply.models import (
    Agreement,
    BasicChargeMode,
    PointLoss,
    RunningState,
    Transformer,
    TransformerState,
    UsagePoint,
)
from tests.billing import world
from tests.worlds import keep

pytestmark = pytest.mark.django_db
LATER = world.AT + dt.timedelta(days=3)
THE_16TH = dt.date(2026, 1, 16)
D = Decimal


@pytest.fixture
def lake(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own, with prices to bill by."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    world.make_surcharge()
    return tmp_path / "lake"


@pytest.fixture
def point(lake: Path) -> UsagePoint:
    """An account whose January was billed at 100 kW, 1,000 kVA by capacity."""
    return keep(_bill, lake, folder=lake)


def _bill(lake: Path) -> UsagePoint:
    made = world.make_account(world.make_county(), "1001")
    world.store(lake, world.curves([made]))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    return made


def compare() -> Any:
    return compare_month(month=world.MONTH, by=SYSTEM_VIEWER, at=LATER)


def parts() -> list[str]:
    """What the one outdated bill is said to differ in, after a comparison."""
    compare()
    (each,) = list_outdated(SYSTEM_VIEWER, world.MONTH)
    assert each.change is not None
    return each.change.part_labels


def sign_backdated(point: UsagePoint, **facts: Any) -> Agreement:
    """An agreement that holds from the middle of the billed month, entered in February."""
    Agreement.objects.filter(account=point.account).update(valid_until=THE_16TH)
    agreed = {
        "number": "A-NEW",
        "signed_on": THE_16TH,
        "valid_from": THE_16TH,
        "tariff_code": "TWO-PART",
        "tariff_category": "industry_two_part",
        "basic_charge_mode": BasicChargeMode.CAPACITY,
        "contract_capacity_kva": 1000,
        "power_factor_standard": "0.90",
    }
    return Agreement.objects.create(account=point.account, **(agreed | facts))


def everything() -> tuple[Any, ...]:
    runs = list(BillRun.objects.values())
    bills, rows = list(Bill.objects.order_by("pk").values()), list(OutdatedBill.objects.values())
    return runs, bills, rows, Entry.objects.count()


class TestCompareMonth:
    def test_names_nothing_where_nothing_changed(self, point: UsagePoint) -> None:
        done = compare()

        assert (done.bills, done.outdated, done.changed) == (1, 0, 0)
        assert list_outdated(SYSTEM_VIEWER, world.MONTH) == []
        assert BillRun.objects.get().compared_at == LATER
        assert not Entry.objects.filter(event="billing.run.compared").exists()

    def test_names_the_agreement_and_the_correction_settles_it_to_the_fen(
        self, point: UsagePoint
    ) -> None:
        sign_backdated(point, power_factor_standard="0.85")
        before = Bill.objects.get()

        assert parts() == ["合同"]

        row = OutdatedBill.objects.get()
        done = main(["bill", "correct", "--month", "2026-01", "--reason", "合同补录"])
        bill = Bill.objects.current().get()
        assert done == 0
        # 31 days at 1,360 yuan and 30,000 yuan by capacity are 72,160 in the base of the power
        # factor: 0.75 % less at a standard of 0.90. The fund of 1,488 is outside.
        assert before.amount == D("72160.00") * D("0.9925") + D("1488.00")
        # From the 16th on the standard is 0.85. 15 days: (20,400 + 14,516.13) × 0.75 % = 261.87;
        # 16 days: (21,760 + 15,483.87) × 1.10 % = 409.68 less.
        assert row.amount_now == D("72160.00") - D("261.87") - D("409.68") + D("1488.00")
        assert bill.amount == row.amount_now
        assert OutdatedBill.objects.count() == 0
        assert list_outdated(SYSTEM_VIEWER, world.MONTH) == []
        assert compare().outdated == 0

    def test_names_another_mode_of_charging_as_the_agreement(self, point: UsagePoint) -> None:
        Agreement.objects.update(
            basic_charge_mode=BasicChargeMode.ACTUAL_DEMAND, valid_from=world.LONG_AGO
        )

        assert parts() == ["合同"]

        # 100 kW at 40 yuan in the place of 1,000 kVA at 30; 0.75 % less on what is in the base.
        row = OutdatedBill.objects.get()
        assert row.amount_now == Bill.objects.get().amount - D(26000) * D("0.9925")

    def test_names_the_tariff(self, point: UsagePoint) -> None:
        TariffPrice.objects.filter(period="peak").update(price=D("1.10"))
        assert parts() == ["电价"]

    def test_names_a_surcharge_as_the_tariff(self, point: UsagePoint) -> None:
        Surcharge.objects.update(price=D("0.03"))
        assert parts() == ["电价"]

    def test_names_the_periods_of_the_day(self, point: UsagePoint) -> None:
        own = TimeOfUseInterval.objects.filter(scheme__code="TOU-TWO-PART", period="peak")
        own.update(end_minute=780)
        assert parts() == ["分时时段"]

    def test_names_a_transformer_sealed_within_the_month(self, point: UsagePoint) -> None:
        TransformerState.objects.update(valid_until=THE_16TH)
        TransformerState.objects.create(
            transformer=Transformer.objects.get(), state=RunningState.SEALED, valid_from=THE_16TH
        )
        assert parts() == ["变压器"]

    def test_what_came_of_a_transformer_later_is_no_change(self, point: UsagePoint) -> None:
        TransformerState.objects.update(valid_until=dt.date(2026, 2, 10))
        TransformerState.objects.create(
            transformer=Transformer.objects.get(),
            state=RunningState.SEALED,
            valid_from=dt.date(2026, 2, 10),
        )
        Surcharge.objects.update(price=D("0.03"))
        assert parts() == ["电价"]

    def test_names_the_meters_where_a_point_came_to_the_account(
        self, lake: Path, point: UsagePoint
    ) -> None:
        other = world.make_account(point.account.unit, "1002")
        world.store(lake, world.curves([other]), key="other")
        UsagePoint.objects.filter(pk=other.pk).update(account=point.account)
        assert parts() == ["计量装置"]

    def test_names_the_readings_beside_the_days_that_changed(
        self, lake: Path, point: UsagePoint
    ) -> None:
        world.store(lake, world.curves([point], load=world.FLAT_LOAD * 2, days=1), key="late")

        assert parts() == ["读数"]

        (each,) = list_outdated(SYSTEM_VIEWER, world.MONTH)
        assert each.days == (world.MONTH.first,)

    def test_names_losses(self, point: UsagePoint) -> None:
        PointLoss.objects.create(
            usage_point=point,
            number="1",
            name="线损",
            method="share",
            agreed_share=D("0.02"),
            valid_from=world.LONG_AGO,
            source="供用电合同",
        )
        assert parts() == ["损耗"]

    def test_names_figures_of_the_rules(self, point: UsagePoint) -> None:
        PowerFactorStep.objects.filter(standard="0.90", power_factor=D("1.00")).update(
            adjustment_percent=D("-0.50")
        )
        assert parts() == ["规则参数"]

    def test_names_every_part_that_differs(self, point: UsagePoint) -> None:
        sign_backdated(point, power_factor_standard="0.85")
        TariffPrice.objects.filter(period="peak").update(price=D("1.10"))
        assert parts() == ["合同", "电价"]

    def test_says_why_a_bill_can_no_longer_be_rated(self, point: UsagePoint) -> None:
        Agreement.objects.update(tariff_code="GONE")

        compare()

        (each,) = list_outdated(SYSTEM_VIEWER, world.MONTH)
        assert each.change is not None
        assert (str(each.change.refusal), each.change.amount_now) == ("2026-01 没有电价 GONE", None)

    def test_is_silent_where_no_line_moves(self, point: UsagePoint) -> None:
        Surcharge.objects.update(source="另一份文件")
        Agreement.objects.update(number="A-RENAMED")
        assert compare().outdated == 0

    def test_twice_changes_nothing(self, point: UsagePoint) -> None:
        sign_backdated(point, power_factor_standard="0.85")
        compare()
        before = everything()

        done = compare()

        assert (done.outdated, done.changed) == (1, 0)
        assert everything() == before

    def test_forgets_what_the_archive_took_back(self, point: UsagePoint) -> None:
        TariffPrice.objects.filter(period="peak").update(price=D("1.10"))
        compare()
        TariffPrice.objects.filter(period="peak").update(price=D("1.00"))

        assert (compare().changed, OutdatedBill.objects.count()) == (1, 0)

    def test_a_check_that_finds_the_bill_unchanged_forgets_it(self, point: UsagePoint) -> None:
        TariffPrice.objects.filter(period="peak").update(price=D("1.10"))
        compare()
        TariffPrice.objects.filter(period="peak").update(price=D("1.00"))

        correct_bills(
            month=world.MONTH,
            account_ids=[point.account_id],
            reason="核对",
            by=SYSTEM_VIEWER,
            at=LATER,
        )

        assert list_outdated(SYSTEM_VIEWER, world.MONTH) == []

    def test_asks_as_many_queries_for_many_bills_as_for_few(
        self, lake: Path, point: UsagePoint
    ) -> None:
        TariffPrice.objects.filter(period="peak").update(price=D("1.10"))
        with CaptureQueriesContext(connection) as one:
            compare()
        TariffPrice.objects.filter(period="peak").update(price=D("1.00"))
        points = [world.make_account(point.account.unit, f"20{n:02d}") for n in range(8)]
        world.store(lake, world.curves(points), key="more")
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        OutdatedBill.objects.all().delete()
        TariffPrice.objects.filter(period="peak").update(price=D("1.10"))

        with CaptureQueriesContext(connection) as nine:
            assert compare().outdated == 9

        assert len(nine) == len(one)

    def test_is_refused_where_nothing_was_billed(self, point: UsagePoint) -> None:
        before = everything()
        with pytest.raises(UnableToCompareBills, match="2026-02 还没有核算过"):
            compare_month(month=Month(2026, 2), by=SYSTEM_VIEWER, at=LATER)
        assert everything() == before

    def test_is_refused_to_who_may_not_bill(self, point: UsagePoint) -> None:
        reader = Viewer(
            user_id=1, employee_id=1, name="读者", unit_path="000",
            permissions=frozenset({Permission.EXPORT}), sees_all=False,
        )  # fmt: skip
        before = everything()
        with pytest.raises(NotPermitted):
            compare_month(month=world.MONTH, by=reader, at=LATER)
        assert everything() == before

    def test_is_narrowed_to_what_is_seen(self, point: UsagePoint) -> None:
        TariffPrice.objects.filter(period="peak").update(price=D("1.10"))
        compare()
        stranger = Viewer(
            user_id=1, employee_id=1, name="外人", unit_path="000001",
            permissions=frozenset(), sees_all=False,
        )  # fmt: skip
        assert list_outdated(stranger, world.MONTH) == []


class TestCommandAndJob:
    def test_the_command_prints_each_bill_with_what_changed(
        self, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Surcharge.objects.update(price=D("0.03"))

        assert main(["bill", "outdated", "2026-01"]) == 0

        # A fen more on each of 74,400 kWh, outside the base of the power factor.
        assert capsys.readouterr().out == (
            "1001 档案有变：电价；73106.80 元应为 73850.80 元\n"
            "2026-01：核对 1 张账单，依据已变 1 张\n"
        )

    def test_the_command_refuses_a_month_that_was_never_billed(
        self, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["bill", "outdated", "2026-02"]) == 1
        assert capsys.readouterr().err == "busbar: 2026-02 还没有核算过\n"

    def test_the_job_queues_the_latest_months_only(
        self, point: UsagePoint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queued: list[str] = []
        monkeypatch.setattr(
            billing_jobs, "async_task", lambda _name, month, **_options: queued.append(month)
        )
        for month in ("2025-10", "2025-11", "2025-12"):
            BillRun.objects.create(month=month, state="finished", started_at=world.AT)

        assert billing_jobs.queue_comparisons() == "已排入 2 个月"

        assert queued == ["2026-01", "2025-12"]

    def test_the_job_twice_changes_nothing(self, point: UsagePoint) -> None:
        Surcharge.objects.update(price=D("0.03"))
        said = billing_jobs.compare_bills_at("2026-01", at=LATER)
        before = everything()

        assert billing_jobs.compare_bills_at("2026-01", at=LATER) == said
        assert said == "2026-01：核对 1 张账单，依据已变 1 张"
        assert everything() == before
