"""What a bill run finds in the bills it issues: written with them, once, in any order of months."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import queries as billing_queries
from busbar.billing.findings import Marks, find_in_bills, load_marks
from busbar.billing.models import Bill, BillFinding, BillLine, FindingKind
from busbar.billing.operations import UnableToFindInBills, renew_findings, run_month
from busbar.billing.price_book import load_price_book
from busbar.cli import main as cli
from busbar.journal.models import Entry
from busbar.kit.money import to_fen
from busbar.kit.periods import Month
from busbar.supply.models import BasicChargeMode, UsagePoint
from tests.billing import world
from tests.billing.test_month_split import amend

pytestmark = pytest.mark.django_db
BEFORE = world.MONTH.previous


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own, with prices to bill by."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    return tmp_path / "lake"


def store(lake: Path, points: list[UsagePoint], month: Month, factor: int = 1) -> None:
    table = world.curves(points, month, load=world.FLAT_LOAD * factor)
    world.store(lake, table, key=f"{month}-{points[0].pk}")


def run(*months: Month) -> None:
    for month in months:
        run_month(month=month, by=SYSTEM_VIEWER, at=world.AT)


def found() -> list[dict[str, Any]]:
    """Findings without their keys."""
    rows = BillFinding.objects.order_by("account__number", "month", "kind")
    return list(
        rows.values(
            "account__number", "month", "kind", "worth_yuan", "stake_yuan", "weight", "facts"
        )
    )


class TestRunMonth:
    def test_finds_nothing_in_a_bill_like_the_one_before(self, ground: None, lake: Path) -> None:
        point = world.make_account(world.make_county(), "1001")
        store(lake, [point], BEFORE)
        store(lake, [point], world.MONTH)

        run(BEFORE, world.MONTH)

        assert found() == []

    def test_keeps_a_swing_with_what_moved(self, ground: None, lake: Path) -> None:
        point = world.make_account(world.make_county(), "1001")
        store(lake, [point], BEFORE)
        store(lake, [point], world.MONTH, factor=3)

        run(BEFORE, world.MONTH)

        (swing,) = found()
        before, bill = Bill.objects.order_by("month")
        assert (swing["month"], swing["kind"]) == (str(world.MONTH), FindingKind.SWING)
        assert swing["worth_yuan"] == swing["weight"] == bill.amount - before.amount
        assert swing["facts"]["before"] == str(before.amount)
        # 31 days of 200 kW more: 12 h flat at 0.60, 4 h peak at 1.00, 8 h valley at 0.30.
        changes = [Decimal(change) for _, change in swing["facts"]["shifts"]]
        assert changes == [44_640, 24_800, 14_880]

    def test_finds_the_same_when_the_later_month_is_billed_first(
        self, ground: None, lake: Path
    ) -> None:
        point = world.make_account(world.make_county(), "1001")
        store(lake, [point], BEFORE, factor=3)
        store(lake, [point], world.MONTH)
        run(BEFORE, world.MONTH)
        in_order = found()
        BillLine.objects.all().delete()
        Bill.objects.all().delete()

        run(world.MONTH, BEFORE)

        assert in_order
        assert found() == in_order

    def test_prices_demand_far_below_the_contract(self, ground: None, lake: Path) -> None:
        demand = BasicChargeMode.CONTRACT_DEMAND
        point = world.make_account(world.make_county(), "1001", mode=demand)
        store(lake, [point], world.MONTH)

        run(world.MONTH)

        (gap,) = found()
        assert (gap["kind"], gap["worth_yuan"]) == (FindingKind.DEMAND, (500 - 100) * 40)
        assert gap["stake_yuan"] == gap["worth_yuan"]
        assert Decimal(gap["facts"]["max_demand_kw"]) == 100
        assert gap["facts"]["contract_demand_kw"] == 500

    def test_prices_demand_above_what_is_free_by_the_rule_set(
        self, ground: None, lake: Path
    ) -> None:
        demand = BasicChargeMode.CONTRACT_DEMAND
        point = world.make_account(world.make_county(), "1001", mode=demand)
        store(lake, [point], world.MONTH, factor=6)

        run(world.MONTH)

        (gap,) = found()
        # 446,400 kWh with 1,000 kVA: above 260 kWh/kVA the demand price is taken at 90 %.
        assert gap["worth_yuan"] == (600 - 525) * 36
        assert gap["facts"]["free_percent"] == "105"

    def test_counts_the_gaps_in_the_curve(self, ground: None, lake: Path) -> None:
        point = world.make_account(world.make_county(), "1001")
        world.store(lake, world.curves([point], days=30))

        run(world.MONTH)

        (gap,) = found()
        assert (gap["kind"], gap["worth_yuan"], gap["weight"]) == (FindingKind.CURVE_GAPS, None, 96)
        assert gap["facts"] == {"missing": 96, "estimated": 0, "energy_kwh": "72000"}
        amount = Bill.objects.get().amount
        assert gap["stake_yuan"] == to_fen(amount / 31)  # a day of January was not measured

    def test_twice_finds_nothing_twice(self, ground: None, lake: Path) -> None:
        point = world.make_account(world.make_county(), "1001")
        world.store(lake, world.curves([point], days=30))
        run(world.MONTH)
        before = list(BillFinding.objects.values())

        run(world.MONTH)

        assert before
        assert list(BillFinding.objects.values()) == before

    def test_leaves_no_finding_of_a_batch_that_failed(
        self, ground: None, lake: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        point = world.make_account(world.make_county(), "1001")
        world.store(lake, world.curves([point], days=30))

        def stop(**_: object) -> None:
            assert BillFinding.objects.count() == 1
            raise KeyboardInterrupt

        monkeypatch.setattr("busbar.journal.operations.record_many", stop)
        with pytest.raises(KeyboardInterrupt):
            run(world.MONTH)

        assert (Bill.objects.count(), BillFinding.objects.count()) == (0, 0)


class TestFindInBills:
    def test_costs_two_queries_for_one_and_for_many(self, ground: None, lake: Path) -> None:
        county = world.make_county()
        points = [world.make_account(county, str(number)) for number in range(1001, 1007)]
        store(lake, points, BEFORE)
        store(lake, points, world.MONTH, factor=3)
        run(BEFORE, world.MONTH)
        bills = list(Bill.objects.filter(month=str(world.MONTH)).order_by("pk"))
        marks, counts = load_marks(load_price_book(world.MONTH)), []

        for some in (bills[:1], bills):
            lines = list(BillLine.objects.filter(bill__in=some))
            with CaptureQueriesContext(connection) as queries:
                swings = find_in_bills(some, lines, marks=marks)
            counts.append(len(queries))
            assert len(swings) == len(some)

        assert counts == [2, 2]

    def test_takes_each_agreement_by_its_own_days(self, ground: None, lake: Path) -> None:
        demand = BasicChargeMode.CONTRACT_DEMAND
        point = world.make_account(world.make_county(), "1001", mode=demand)
        amend(point, contract_demand_kw=120)
        store(lake, [point], world.MONTH)

        run(world.MONTH)

        (gap,) = found()
        # 500 kW were contracted on the first 15 days only; 120 kW are near the 100 that were used.
        assert gap["facts"]["contract_demand_kw"] == 500
        assert (gap["facts"]["from"], gap["facts"]["until"]) == ("2026-01-01", "2026-01-16")
        assert gap["worth_yuan"] == to_fen(Decimal((500 - 100) * 40 * 15) / 31)

    def test_finds_what_an_agreement_of_later_days_costs(self, ground: None, lake: Path) -> None:
        demand = BasicChargeMode.CONTRACT_DEMAND
        point = world.make_account(world.make_county(), "1001", mode=BasicChargeMode.CAPACITY)
        amend(point, basic_charge_mode=demand, contract_demand_kw=500)
        store(lake, [point], world.MONTH)

        run(world.MONTH)

        (gap,) = found()
        assert gap["facts"]["from"] == "2026-01-16"
        assert gap["worth_yuan"] == to_fen(Decimal((500 - 100) * 40 * 16) / 31)


class TestLoadMarks:
    def test_joins_the_rule_set_with_the_companys_own_marks(
        self, ground: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "BUSBAR_FINDING_SWING_PERCENT", "25")

        marks = load_marks(load_price_book(world.MONTH))

        assert marks == Marks(
            swing_share=Decimal("0.25"),
            demand_share=Decimal("0.7"),
            overrun_threshold=Decimal("1.05"),
            overrun_multiplier=Decimal(2),
            strictest_standard=Decimal("0.90"),
        )


class TestRenewFindings:
    """Bills issued before findings were kept get theirs."""

    def test_finds_again_what_the_run_found(self, ground: None, lake: Path) -> None:
        point = world.make_account(world.make_county(), "1001")
        for month, factor in ((BEFORE, 1), (world.MONTH, 3), (world.MONTH.next, 1)):
            store(lake, [point], month, factor)
        run(BEFORE, world.MONTH, world.MONTH.next)
        kept = found()
        assert [row["month"] for row in kept] == [str(world.MONTH), str(world.MONTH.next)]

        BillFinding.objects.filter(month=str(world.MONTH)).delete()
        assert billing_queries.list_unsearched_months() == [str(BEFORE), str(world.MONTH)]
        for _ in range(2):
            renewed = renew_findings(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
            assert renewed == 1

        assert found() == kept
        entry = Entry.objects.order_by("-id")[0]
        assert (entry.event, entry.changes) == (
            "billing.run.findings_renewed",
            {"bills": 1, "findings": 1},
        )

    def test_a_quiet_month_is_looked_at_once(self, ground: None, lake: Path) -> None:
        point = world.make_account(world.make_county(), "1001")
        store(lake, [point], world.MONTH)
        run(world.MONTH)
        assert billing_queries.list_unsearched_months() == [str(world.MONTH)]

        assert renew_findings(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT) == 0

        assert billing_queries.list_unsearched_months() == []

    def test_a_month_never_billed_is_refused(self, ground: None, lake: Path) -> None:
        with pytest.raises(UnableToFindInBills, match="2030-01 还没有核算过"):
            renew_findings(month=Month(2030, 1), by=SYSTEM_VIEWER, at=world.AT)

        assert not Entry.objects.filter(event="billing.run.findings_renewed").exists()

    def test_the_command_looks_at_what_was_not_looked_at(
        self, ground: None, lake: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        point = world.make_account(world.make_county(), "1001")
        store(lake, [point], BEFORE)
        store(lake, [point], world.MONTH, 3)
        run(BEFORE, world.MONTH)
        BillFinding.objects.all().delete()

        assert cli.main(["bill", "find"]) == 0

        assert capsys.readouterr().out.splitlines() == [
            f"{BEFORE}：找到 0 项异常",
            f"{world.MONTH}：找到 1 项异常",
        ]
