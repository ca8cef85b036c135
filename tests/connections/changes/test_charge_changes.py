"""The basic charge reckoned otherwise: judged by the billing rules, agreed, billed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import queries as billing_queries
from busbar.billing.models import Bill
from busbar.billing.operations import run_month
from busbar.connections.changes import eligibility
from busbar.connections.models import ChangeKind, ChangeState, IssuedPaper, SupplyChange
from busbar.connections.operations import changes as change_operations
from busbar.connections.operations import issue_change_paper
from busbar.connections.operations.changes import UnableToCarryOut, UnableToRequestChange
from busbar.connections.operations.changes.requirements import UnableToStateChange
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries import charge_changes
from busbar.connections.queries.changes import Wish
from busbar.journal.models import Entry
from busbar.kit.periods import Month
from busbar.supply.models import Agreement
from tests.billing import world as billed
from tests.connections.changes.test_change_operations import AT, World, at, counted, day
from tests.imports.world import make_viewer
from tests.worlds import keep

MODE, DEMAND = ChangeKind.CHARGE_MODE_CHANGE, ChangeKind.CONTRACT_DEMAND_CHANGE


@pytest.fixture
def world(ground: None, settings: Any, tmp_path: Path) -> World:
    """The steel works on 1,630 kVA charged by capacity since 2024, two officers."""
    settings.FILES_ROOT = tmp_path / "files"
    return keep(_make_world)


def _make_world() -> World:
    change_operations.load_change_rules(at=AT)
    return World()


def wish(kind: ChangeKind, starts_on: str) -> Wish:
    return Wish(kind=kind, starts_on=day(starts_on))


def by_mode(world: World, mode: str, starts: str, asked: str, **facts: Any) -> SupplyChange:
    stated = {"basic_charge_mode": mode, "agreement_number": f"B-{starts}", **facts}
    return world.request(wish(MODE, starts), asked, **stated)


def by_demand(world: World, kw: int, starts: str, asked: str) -> SupplyChange:
    stated = {"contract_demand_kw": kw, "agreement_number": f"B-{starts}"}
    return world.request(wish(DEMAND, starts), asked, **stated)


def agree(world: World, kw: int = 1000, since: str = "2026-01-01") -> None:
    """Charged by a contracted demand since the day."""
    change = by_mode(world, "contract_demand", since, "2025-11-03", contract_demand_kw=kw)
    world.carry_out(change, "2025-12-01")


def agreements() -> list[tuple[str, str, int | None, str, str | None]]:
    return [
        (
            each.number,
            str(each.basic_charge_mode),
            each.contract_demand_kw,
            each.valid_from.isoformat(),
            each.valid_until and each.valid_until.isoformat(),
        )
        for each in Agreement.objects.order_by("valid_from")
    ]


class TestModeChange:
    """基本电费计收方式变更, by the quarter with fifteen working days."""

    def test_is_signed_before_and_holds_from_the_quarter_on(self, world: World) -> None:
        change = by_mode(world, "actual_demand", "2026-07-01", "2026-06-08")

        done = world.carry_out(change, "2026-06-12")

        assert (done.state, done.starts_on) == (ChangeState.DONE, day("2026-07-01"))
        assert agreements() == [
            ("A1", "capacity", None, "2024-01-01", "2026-07-01"),
            ("B-2026-07-01", "actual_demand", None, "2026-07-01", None),
        ]
        new = Agreement.objects.get(number="B-2026-07-01")
        assert (new.signed_on, new.tariff_code, new.contract_capacity_kva) == (
            day("2026-06-12"), "GD-2P-10", 1630,
        )  # fmt: skip
        events = Entry.objects.filter(subject_type="connections.change").values_list("event")
        assert [event for (event,) in events.order_by("id")] == [
            "connections.change.requested",
            "connections.change.approved",
            "connections.change.carried_out",
        ]

    def test_signed_late_it_holds_from_the_approved_day_all_the_same(self, world: World) -> None:
        change = by_mode(world, "actual_demand", "2026-07-01", "2026-06-08")

        world.carry_out(change, "2026-07-03")

        assert agreements()[1][3] == "2026-07-01"

    def test_an_agreement_with_an_end_keeps_it(self, world: World) -> None:
        Agreement.objects.update(valid_until=day("2026-12-31"))
        change = by_mode(world, "actual_demand", "2026-07-01", "2026-06-08")

        world.carry_out(change, "2026-06-12")

        assert [row[3:] for row in agreements()] == [
            ("2024-01-01", "2026-07-01"),
            ("2026-07-01", "2026-12-31"),
        ]

    def test_is_not_carried_out_on_a_day_to_come(self, world: World) -> None:
        change = by_mode(world, "actual_demand", "2026-07-01", "2026-06-08")
        change_operations.approve_change(change_id=change.pk, by=world.chief, at=at("2026-06-09"))
        before = agreements()

        with pytest.raises(UnableToCarryOut, match="还没有到"):
            change_operations.carry_out_change(
                change_id=change.pk, done_on=day("2026-06-10"), by=world.clerk, at=at("2026-06-09")
            )

        assert agreements() == before

    @pytest.mark.parametrize(
        ("starts", "asked", "words"),
        [
            (
                "2026-07-01",
                "2026-06-09",
                r"应提前 15 个工作日申请，现提前 14 个工作日；现在申请，最早可自 2026-10-01 起变更"
                r"（依据：发改办价格〔2016〕1583 号，nbxinxi.com/.*（R2024））",
            ),
            ("2026-08-01", "2026-06-08", "应自季度首日起执行，现为 2026-08-01；.*2026-07-01 起"),
        ],
    )
    def test_too_late_or_within_a_quarter_is_refused_with_the_earliest_month(
        self, world: World, starts: str, asked: str, words: str
    ) -> None:
        before = counted()

        with pytest.raises(UnableToRequestChange, match=words):
            by_mode(world, "actual_demand", starts, asked)

        assert counted() == before

    def test_again_within_the_quarter_is_refused_with_the_earliest_month(
        self, world: World
    ) -> None:
        agree(world, since="2026-01-01")
        before = counted()

        with pytest.raises(
            UnableToRequestChange,
            match=r"自 2026-01-01 起执行，3 个月内不得再变更，最早 2026-04-01；.*2026-04-01 起变更",
        ):
            by_mode(world, "capacity", "2026-03-01", "2026-01-05")

        assert counted() == before

    def test_the_mode_of_today_is_refused(self, world: World) -> None:
        before = counted()

        with pytest.raises(
            UnableToRequestChange, match="现在就按变压器容量计收基本电费（依据：供用电合同 A1）"
        ):
            by_mode(world, "capacity", "2026-07-01", "2026-06-08")

        assert counted() == before

    def test_without_a_basic_charge_there_is_nothing_to_change(self, world: World) -> None:
        Agreement.objects.update(basic_charge_mode="none")
        before = counted()

        with pytest.raises(UnableToRequestChange, match="执行单一制电价，没有基本电费"):
            by_mode(world, "capacity", "2026-07-01", "2026-06-08")

        assert counted() == before

    def test_actual_demand_did_not_exist_before_2018(self, world: World) -> None:
        Agreement.objects.update(valid_from=day("2014-01-01"))

        judged = change_queries.judge(
            world.account,
            Wish(kind=MODE, starts_on=day("2017-07-01"), basic_charge_mode="actual_demand"),
            asked_on=day("2017-05-02"),
        )

        (only,) = judged.objections
        assert only.sentence == "规则集 R2016 没有按实际最大需量计收的方式"

    @pytest.mark.parametrize(
        ("kw", "words"),
        [
            (651, r"651 kW 低于合同容量 1630 kVA 的 40%，至少 652 kW（依据：.*（R2024，未核实））"),
            (1631, "1631 kW 高于合同容量 1630 kVA（依据：供用电合同 A1）"),
        ],
    )
    def test_a_contracted_demand_stays_between_floor_and_capacity(
        self, world: World, kw: int, words: str
    ) -> None:
        before = counted()

        with pytest.raises(UnableToRequestChange, match=words):
            by_mode(world, "contract_demand", "2026-07-01", "2026-06-08", contract_demand_kw=kw)

        assert counted() == before

    @pytest.mark.parametrize("kw", [652, 1630])
    def test_floor_and_capacity_themselves_are_allowed(self, world: World, kw: int) -> None:
        change = by_mode(
            world, "contract_demand", "2026-07-01", "2026-06-08", contract_demand_kw=kw
        )

        assert change.facts["contract_demand_kw"] == kw

    @pytest.mark.parametrize(
        ("facts", "words"),
        [
            ({"basic_charge_mode": "none"}, "没有基本电费计收方式 none"),
            ({"basic_charge_mode": ""}, "请填写基本电费计收方式"),
            ({"basic_charge_mode": "contract_demand"}, "请填写合同最大需量"),
            ({"agreement_number": "A1"}, "合同编号 A1 已登记"),
        ],
    )
    def test_what_is_missing_or_taken_is_named(
        self, world: World, facts: dict[str, Any], words: str
    ) -> None:
        before = counted()

        with pytest.raises(UnableToStateChange, match=words):
            by_mode(world, "actual_demand", "2026-07-01", "2026-06-08", **facts)

        assert counted() == before

    def test_a_second_one_waits_for_the_first(self, world: World) -> None:
        first = by_mode(world, "actual_demand", "2026-07-01", "2026-06-08")
        before = counted()

        with pytest.raises(UnableToRequestChange, match=f"尚未办结（依据：变更 {first.number}）"):
            by_mode(world, "actual_demand", "2026-10-01", "2026-06-08")

        assert counted() == before

    def test_the_notice_says_from_what_to_what(self, world: World) -> None:
        change = by_mode(world, "actual_demand", "2026-07-01", "2026-06-08")
        world.carry_out(change, "2026-06-12")

        issue_change_paper(change_id=change.pk, by=world.clerk, at=at("2026-06-12"))

        facts = IssuedPaper.objects.get().facts
        assert facts["items"][0] == {
            "name": "基本电费计收方式",
            "before": "按变压器容量",
            "after": "按实际最大需量",
        }
        assert facts["effective_from"] == "2026-07-01"


class TestContractDemandChange:
    """合同最大需量变更, by the month with five working days."""

    def test_is_a_new_agreement_from_the_month_on(self, world: World) -> None:
        agree(world)
        change = by_demand(world, 800, "2026-07-01", "2026-06-23")

        world.carry_out(change, "2026-06-26")

        assert agreements()[1:] == [
            ("B-2026-01-01", "contract_demand", 1000, "2026-01-01", "2026-07-01"),
            ("B-2026-07-01", "contract_demand", 800, "2026-07-01", None),
        ]

    @pytest.mark.parametrize(
        ("kw", "starts", "asked", "words"),
        [
            (800, "2026-07-01", "2026-06-24", "提前 5 个工作日申请，现提前 4 .*2026-08-01 起变更"),
            (800, "2026-07-15", "2026-06-01", "应自抄表结算周期首日（每月 1 日）起执行"),
            (1000, "2026-07-01", "2026-06-01", "现在的合同最大需量就是 1000 kW"),
            (651, "2026-07-01", "2026-06-01", "低于合同容量 1630 kVA 的 40%"),
            (1631, "2026-07-01", "2026-06-01", "高于合同容量 1630 kVA"),
        ],
    )
    def test_what_the_rules_forbid_is_refused_and_nothing_kept(
        self, world: World, kw: int, starts: str, asked: str, words: str
    ) -> None:
        agree(world)
        before = counted()

        with pytest.raises(UnableToRequestChange, match=words):
            by_demand(world, kw, starts, asked)

        assert counted() == before

    def test_twice_within_a_month_is_refused(self, world: World) -> None:
        agree(world)
        world.carry_out(by_demand(world, 800, "2026-07-01", "2026-06-23"), "2026-06-26")
        before = counted()

        with pytest.raises(UnableToRequestChange, match="1 个月内不得再变更，最早 2026-08-01"):
            world.request(
                wish(DEMAND, "2026-07-01"), "2026-06-23",
                contract_demand_kw=900, agreement_number="B9",
            )  # fmt: skip

        assert counted() == before

    def test_needs_a_contracted_demand(self, world: World) -> None:
        before = counted()

        with pytest.raises(UnableToRequestChange, match="按变压器容量计收，没有合同最大需量可变更"):
            by_demand(world, 800, "2026-07-01", "2026-06-01")

        assert counted() == before


class TestEarliestStart:
    """What the form offers is what the rules allow, and nothing earlier is."""

    @pytest.mark.parametrize(("kind", "months"), [(MODE, 3), (DEMAND, 1)])
    def test_is_allowed_and_the_month_or_quarter_before_is_not(
        self, world: World, kind: ChangeKind, months: int
    ) -> None:
        def is_barred(starts_on: dt.date, asked_on: dt.date) -> bool:
            judged = change_queries.judge(world.account, Wish(kind, starts_on), asked_on=asked_on)
            return "charge_rule" in {each.code for each in judged.objections}

        for asked in (day("2026-01-05") + dt.timedelta(days=days) for days in range(0, 120, 7)):
            switch = charge_changes.earliest_start(world.account, kind, asked_on=asked)
            assert switch is not None
            before = eligibility.add_months(switch.on, -months)

            assert not is_barred(switch.on, asked)
            assert is_barred(before, asked)

    def test_is_unknown_where_no_rule_says(self, world: World) -> None:
        on = day("2026-01-05")

        renaming = charge_changes.earliest_start(world.account, ChangeKind.RENAMING, asked_on=on)

        assert renaming is None


class TestNextBill:
    """The bill run takes the agreement of the month."""

    def test_is_by_the_new_mode_and_the_one_before_by_the_old(
        self, ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
        change_operations.load_change_rules(at=AT)
        billed.make_tariff()
        county = billed.make_county()
        clerk = make_viewer(county, Role.CONNECTION_OFFICER, number="E1")
        chief = make_viewer(county, Role.CONNECTION_OFFICER, number="E2")
        point = billed.make_account(county, "1001", standard="")
        change = change_operations.request_change(
            account=point.account,
            wish=wish(MODE, "2026-01-01"),
            facts={"basic_charge_mode": "actual_demand", "agreement_number": "B1"},
            by=clerk,
            at=at("2025-12-01"),
        )
        change_operations.approve_change(change_id=change.pk, by=chief, at=at("2025-12-02"))
        change_operations.carry_out_change(
            change_id=change.pk, done_on=day("2025-12-03"), by=clerk, at=at("2025-12-03")
        )
        for month in (Month(2025, 12), Month(2026, 1)):
            billed.store(tmp_path / "lake", billed.curves([point], month), key=str(month))
            run_month(month=month, by=SYSTEM_VIEWER, at=billed.AT)

        # 1,000 kVA at 30 yuan; then 100 kW at 40 yuan.
        assert basic_charge("2025-12") == {"basic.capacity": Decimal("30000.00")}
        assert basic_charge("2026-01") == {"basic.actual_demand": Decimal("4000.00")}


def basic_charge(month: str) -> dict[str, Decimal]:
    lines = billing_queries.list_lines(Bill.objects.get(run__month=month))
    return {line.code: line.amount for line in lines if "basic" in line.code}
