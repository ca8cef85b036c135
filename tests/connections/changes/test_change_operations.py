"""Changes of supply through their operations, on the registers they change."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from busbar.access.models import Role
from busbar.access.visibility import Viewer
from busbar.connections.changes.charges import CONSEQUENCES
from busbar.connections.models import ChangeKind, ChangeRule, ChangeState, SupplyChange
from busbar.connections.operations import changes as change_operations
from busbar.connections.operations.changes import (
    UnableToCarryOut,
    UnableToDecideChange,
    UnableToRequestChange,
)
from busbar.connections.operations.changes.effects import UnableToUpdateArchive
from busbar.connections.operations.changes.requirements import UnableToStateChange
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries.changes import Wish
from busbar.customers import operations as customer_operations
from busbar.customers.models import AccountStatus, Customer, CustomerAccount
from busbar.journal.models import Entry
from busbar.metering import operations as metering_operations
from busbar.supply import operations as supply_operations
from busbar.supply.models import Agreement, Site, Transformer, TransformerState, UsagePoint
from tests.imports.world import make_units, make_viewer
from tests.worlds import keep

AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
PRICE = Decimal("22.6")
"""Yuan a kVA and month of the tariff GD-2P-10 (pricing seed)."""


def at(day: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T10:00:00+08:00")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


class World:
    """Two officers, a steel works with an account of two transformers on a capacity tariff."""

    def __init__(self) -> None:
        units = make_units()
        county = units["310101"]
        self.clerk = make_viewer(county, Role.CONNECTION_OFFICER, number="E1")
        self.chief = make_viewer(county, Role.CONNECTION_OFFICER, number="E2")
        self.stranger = make_viewer(units["310102"], Role.CONNECTION_OFFICER, number="E3")
        self.steel = self.customer("C1", "东海钢铁有限公司", county)
        self.other = self.customer("C2", "海滨铸造有限公司", county)
        self.account = self.open("3101000001", "东海钢铁一厂", county)
        supply_operations.open_site(
            code="S1", name="一厂", customer=self.steel, address="钢铁路1号", by=self.clerk, at=AT
        )
        self.site = Site.objects.get(code="S1")
        self.add_point("P1", self.account)
        self.small = self.add_transformer("T1", 630)
        self.large = self.add_transformer("T2", 1000)
        self.sign("A1")

    def customer(self, number: str, name: str, unit: Any) -> Customer:
        return customer_operations.register_customer(
            number=number, name=name, kind="industry", unit=unit, by=self.clerk, at=AT
        )

    def open(self, number: str, name: str, unit: Any) -> CustomerAccount:
        return customer_operations.open_account(
            number=number,
            name=name,
            customer=self.steel,
            unit=unit,
            address="钢铁路1号",
            opened_on=day("2014-01-01"),
            by=self.clerk,
            at=AT,
        )

    def add_point(self, number: str, account: CustomerAccount) -> None:
        row = {
            "number": number,
            "name": number,
            "account": account.number,
            "site": "S1",
            "voltage_kv": Decimal(10),
            "metering_side": "high",
        }
        supply_operations.store_usage_points(rows=[row], by=self.clerk, at=AT)

    def add_transformer(self, number: str, kva: int) -> Transformer:
        row = {
            "number": number,
            "account": self.account.number,
            "site": "S1",
            "capacity_kva": kva,
            "installed_on": day("2014-01-01"),
        }
        supply_operations.store_transformers(rows=[row], by=self.clerk, at=AT)
        return Transformer.objects.get(number=number)

    def sign(self, number: str) -> None:
        supply_operations.sign_agreement(
            account=self.account,
            number=number,
            signed_on=day("2023-12-01"),
            valid_from=day("2024-01-01"),
            valid_until=None,
            tariff_code="GD-2P-10",
            tariff_category="industry_two_part",
            basic_charge_mode="capacity",
            contract_capacity_kva=1630,
            power_factor_standard="0.90",
            by=self.clerk,
            at=AT,
        )

    def request(self, wish: Wish, asked: str, **facts: Any) -> SupplyChange:
        return change_operations.request_change(
            account=self.account, wish=wish, facts=facts, by=self.clerk, at=at(asked)
        )

    def carry_out(self, change: SupplyChange, done: str, **more: Any) -> SupplyChange:
        change_operations.approve_change(change_id=change.pk, by=self.chief, at=at(done))
        return change_operations.carry_out_change(
            change_id=change.pk, done_on=day(done), by=self.clerk, at=at(done), **more
        )

    def states(self, transformer: Transformer) -> list[tuple[str, str]]:
        rows = TransformerState.objects.filter(transformer=transformer).order_by("valid_from")
        return [(row.state, row.valid_from.isoformat()) for row in rows]


@pytest.fixture
def world(ground: None, settings: Any, tmp_path: Any) -> World:
    settings.FILES_ROOT = tmp_path / "files"
    return keep(_make_world)


def _make_world() -> World:
    change_operations.load_change_rules(at=AT)
    return World()


def reduction(world: World, start: str, end: str | None) -> Wish:
    return Wish(
        kind=ChangeKind.CAPACITY_REDUCTION,
        starts_on=day(start),
        ends_on=day(end) if end else None,
        transformer_ids=(world.small.pk,),
    )


def nothing_happened(before: tuple[int, int]) -> bool:
    return counted() == before


def counted() -> tuple[int, int]:
    return SupplyChange.objects.count(), Entry.objects.count()


class TestLoadChangeRules:
    """The shipped rules."""

    def test_writes_each_rule_once(self, world: World) -> None:
        assert ChangeRule.objects.count() == 32
        assert change_operations.load_change_rules(at=AT) == 0

    @pytest.mark.parametrize(
        ("kind", "on", "rule_set"),
        [
            ("suspension", "2016-06-29", "R1996"),
            ("suspension", "2016-06-30", "R2016"),
            ("suspension", "2024-06-01", "R2024"),
            ("closure", "2026-01-01", "R1996"),
        ],
    )
    def test_the_newest_set_that_speaks_of_a_kind_rules(
        self, world: World, kind: str, on: str, rule_set: str
    ) -> None:
        rule = change_queries.find_rule(kind, on=day(on))

        assert rule is not None
        assert rule.rule_set.code == rule_set


class TestRequestChange:
    """What may be asked for."""

    def test_states_what_a_reduction_saves(self, world: World) -> None:
        change = world.request(reduction(world, "2026-03-10", "2026-04-10"), "2026-03-02")

        assert change.charge_effect["saved_yuan"] == "14375.79"
        assert change.rule.rule_set.code == "R2024"
        assert change.number == "BG310101-260302-0001"
        entry = Entry.objects.latest("id")
        assert (entry.event, entry.subject_id) == ("connections.change.requested", change.pk)

    def test_counts_notice_in_working_days(self, world: World) -> None:
        before = counted()

        # From Friday 27 February the make-up Saturday 28 February counts too.
        with pytest.raises(UnableToRequestChange, match="应提前 5 个工作日提出申请"):
            world.request(reduction(world, "2026-03-04", "2026-04-10"), "2026-02-27")

        assert nothing_happened(before)
        world.request(reduction(world, "2026-03-05", "2026-04-10"), "2026-02-27")

    def test_has_no_suspension_under_the_rules_of_2024(self, world: World) -> None:
        wish = Wish(
            kind=ChangeKind.SUSPENSION,
            starts_on=day("2026-04-01"),
            ends_on=day("2026-05-01"),
            transformer_ids=(world.small.pk,),
        )

        with pytest.raises(UnableToRequestChange, match="现行规则没有“暂停”，请办理减容"):
            world.request(wish, "2026-03-02")

    def test_refuses_a_transformer_of_somebody_else(self, world: World) -> None:
        wish = Wish(
            kind=ChangeKind.CAPACITY_REDUCTION,
            starts_on=day("2026-04-01"),
            transformer_ids=(999_999,),
        )
        before = counted()

        with pytest.raises(UnableToStateChange, match="所选变压器不属于该户"):
            world.request(wish, "2026-03-02")

        assert nothing_happened(before)

    def test_does_not_exist_for_another_county(self, world: World) -> None:
        with pytest.raises(UnableToRequestChange, match="不在您的管辖范围内"):
            change_operations.request_change(
                account=world.account,
                wish=reduction(world, "2026-04-01", None),
                by=world.stranger,
                at=at("2026-03-02"),
            )

    def test_asks_a_transfer_to_settle_the_debts_first(self, world: World) -> None:
        kept = frozenset({"same_address", "same_category"})
        wish = Wish(kind=ChangeKind.TRANSFER, starts_on=day("2026-04-01"), confirmed=kept)

        with pytest.raises(UnableToRequestChange, match="应满足：电费债务已结清"):
            world.request(wish, "2026-03-02", new_customer="C2")


class TestDecideChange:
    """Four eyes."""

    def test_is_not_approved_by_the_one_who_entered_it(self, world: World) -> None:
        change = world.request(reduction(world, "2026-03-10", "2026-04-10"), "2026-03-02")

        with pytest.raises(UnableToDecideChange, match="不能批准自己受理的变更"):
            change_operations.approve_change(
                change_id=change.pk, by=world.clerk, at=at("2026-03-03")
            )

        change.refresh_from_db()
        assert change.state == ChangeState.REQUESTED

    def test_is_refused_with_a_reason(self, world: World) -> None:
        change = world.request(reduction(world, "2026-03-10", "2026-04-10"), "2026-03-02")

        with pytest.raises(UnableToDecideChange, match="请写明不予办理的理由"):
            change_operations.refuse_change(
                change_id=change.pk, reason=" ", by=world.chief, at=at("2026-03-03")
            )
        refused = change_operations.refuse_change(
            change_id=change.pk, reason="保安负荷不足", by=world.chief, at=at("2026-03-03")
        )

        assert (refused.state, refused.objections) == ("refused", ["保安负荷不足"])

    def test_can_be_withdrawn(self, world: World) -> None:
        change = world.request(reduction(world, "2026-03-10", "2026-04-10"), "2026-03-02")

        withdrawn = change_operations.withdraw_change(
            change_id=change.pk, reason="客户撤回", by=world.clerk, at=at("2026-03-03")
        )

        assert withdrawn.state == ChangeState.WITHDRAWN


class TestReduction:
    """减容 and 减容恢复."""

    def test_seals_and_unseals_the_transformer(self, world: World) -> None:
        change = world.request(reduction(world, "2026-03-10", "2026-04-10"), "2026-03-02")
        seals = {world.small.pk: "F-001"}
        world.carry_out(change, "2026-03-10", seals=seals)
        back = Wish(kind=ChangeKind.CAPACITY_RESTORATION, starts_on=day("2026-04-10"))
        restoration = world.request(back, "2026-04-01")

        world.carry_out(restoration, "2026-04-10")

        assert world.states(world.small) == [
            ("running", "2014-01-01"),
            ("sealed", "2026-03-10"),
            ("running", "2026-04-10"),
        ]
        assert change.transformers.get().seal_number == "F-001"
        change.refresh_from_db()
        assert (change.state, change.ended_on) == (ChangeState.ENDED, day("2026-04-10"))

    def test_of_fewer_days_than_the_least_is_charged_all_the_same(self, world: World) -> None:
        change = world.request(reduction(world, "2026-03-10", "2026-04-10"), "2026-03-02")
        world.carry_out(change, "2026-03-10")
        back = Wish(kind=ChangeKind.CAPACITY_RESTORATION, starts_on=day("2026-03-24"))

        restoration = world.carry_out(world.request(back, "2026-03-16"), "2026-03-24")

        assert restoration.charge_effect["saved_yuan"] == "0.00"
        assert "不足 15 天" in restoration.charge_effect["because"]

    def test_cannot_be_restored_when_nothing_was_reduced(self, world: World) -> None:
        back = Wish(kind=ChangeKind.CAPACITY_RESTORATION, starts_on=day("2026-04-10"))

        with pytest.raises(UnableToRequestChange, match="有在执行的减容"):
            world.request(back, "2026-03-02")

    def test_nobody_can_say_by_hand_that_something_was_reduced(self, world: World) -> None:
        back = Wish(
            kind=ChangeKind.CAPACITY_RESTORATION,
            starts_on=day("2026-04-10"),
            confirmed=frozenset({"reduced_before"}),
        )
        before = counted()

        with pytest.raises(UnableToRequestChange, match="有在执行的减容"):
            world.request(back, "2026-03-02")

        assert nothing_happened(before)

    def test_by_a_smaller_transformer_lasts_until_it_is_restored(self, world: World) -> None:
        wish = reduction(world, "2026-03-10", "2026-06-10")
        smaller = {"number": "T3", "model": "S20-250/10", "capacity_kva": "250"}

        change = world.request(wish, "2026-03-02", **smaller)
        assert change.charge_effect["months"][0]["formula"].startswith(
            f"{(630 - 250) * PRICE:.2f} 元"
        )
        world.carry_out(change, "2026-03-10")
        assert world.states(world.small)[-1] == ("sealed", "2026-03-10")
        lent = Transformer.objects.get(number="T3")
        assert (lent.capacity_kva, lent.account) == (250, world.account)
        back = Wish(kind=ChangeKind.CAPACITY_RESTORATION, starts_on=day("2026-06-01"))
        world.carry_out(world.request(back, "2026-05-20"), "2026-06-01")

        assert world.states(world.small)[-1] == ("running", "2026-06-01")
        assert world.states(lent)[-1] == ("removed", "2026-06-01")

    def test_is_not_made_by_a_transformer_as_large(self, world: World) -> None:
        before = counted()

        with pytest.raises(UnableToRequestChange, match="630 kVA 应小于换下的 630 kVA"):
            world.request(
                reduction(world, "2026-03-10", "2026-06-10"),
                "2026-03-02",
                number="T3",
                capacity_kva="630",
            )

        assert nothing_happened(before)

    def test_within_two_years_of_new_supply_is_refused_under_the_rules_of_1996(
        self, world: World
    ) -> None:
        before = counted()

        with pytest.raises(UnableToRequestChange, match=r"最早为 2016-01-01.*第23条"):
            world.request(reduction(world, "2015-03-10", "2015-12-10"), "2015-03-02")

        assert nothing_happened(before)

    def test_waits_for_its_day(self, world: World) -> None:
        change = world.request(reduction(world, "2026-03-10", "2026-04-10"), "2026-03-02")

        with pytest.raises(UnableToCarryOut, match="不得早于批准的生效日期 2026-03-10"):
            world.carry_out(change, "2026-03-09")

        assert world.states(world.small) == [("running", "2014-01-01")]


class TestSuspension:
    """暂停 under the rules of its time."""

    def test_that_runs_out_is_charged_as_standby(self, world: World) -> None:
        wish = Wish(
            kind=ChangeKind.SUSPENSION,
            starts_on=day("2015-03-10"),
            ends_on=day("2015-04-10"),
            transformer_ids=(world.small.pk,),
        )
        world.carry_out(world.request(wish, "2015-03-02"), "2015-03-10")

        expired = change_operations.expire_changes(at=at("2015-04-10"))

        assert expired == 1
        assert world.states(world.small)[-1] == ("hot_standby", "2015-04-10")
        assert change_operations.expire_changes(at=at("2015-04-11")) == 0

    def suspension(self, world: World, start: str, end: str) -> Wish:
        return Wish(
            kind=ChangeKind.SUSPENSION,
            starts_on=day(start),
            ends_on=day(end),
            transformer_ids=(world.small.pk,),
        )

    def test_that_ran_out_is_still_ended_and_leaves_the_transformer_running(
        self, world: World
    ) -> None:
        wish = self.suspension(world, "2015-03-10", "2015-04-10")
        first = world.carry_out(world.request(wish, "2015-03-02"), "2015-03-10")
        change_operations.expire_changes(at=at("2015-04-10"))
        back = Wish(kind=ChangeKind.SUSPENSION_END, starts_on=day("2015-05-01"))

        world.carry_out(world.request(back, "2015-04-20"), "2015-05-01")

        assert world.states(world.small)[-1] == ("running", "2015-05-01")
        first.refresh_from_db()
        assert (first.state, first.ended_on) == (ChangeState.ENDED, day("2015-04-10"))
        with pytest.raises(UnableToRequestChange, match="有在执行的暂停"):
            world.request(back, "2015-04-20")

    def test_asked_for_in_advance_counts_towards_the_two_of_a_year(self, world: World) -> None:
        world.request(self.suspension(world, "2015-03-10", "2015-04-10"), "2015-03-02")
        world.request(self.suspension(world, "2015-06-10", "2015-07-10"), "2015-03-02")
        before = counted()

        with pytest.raises(UnableToRequestChange, match="2015 年内最多 2 次，本次为第 3 次"):
            world.request(self.suspension(world, "2015-09-10", "2015-10-10"), "2015-03-02")

        assert nothing_happened(before)


class TestEffectOnCharges:
    """What a change does to the bill is said for every kind, by the rule set of its day."""

    @pytest.mark.parametrize("kind", ChangeKind.values)
    def test_is_stated_for_every_kind_with_its_clause(self, world: World, kind: str) -> None:
        wish = Wish(kind=ChangeKind(kind), starts_on=day("2016-06-01"))

        judged = change_queries.judge(world.account, wish, asked_on=day("2016-05-02"))

        assert judged.effect.saved_yuan is None
        assert judged.effect.because.startswith(CONSEQUENCES[kind])
        assert change_queries.as_rule(judged.rule).citation in judged.effect.because

    @pytest.mark.parametrize(
        ("on", "words"),
        [("2024-03-01", "每日按全月的 1/30"), ("2026-04-01", "每日按当月容量电费除以日历天数")],
    )
    def test_divides_the_last_month_as_the_rule_set_does(
        self, world: World, on: str, words: str
    ) -> None:
        wish = Wish(kind=ChangeKind.CLOSURE, starts_on=day(on))

        judged = change_queries.judge(world.account, wish, asked_on=day(on))

        assert words in judged.effect.because


class TestOtherKinds:
    """Each does its own thing to the archive."""

    KEPT = frozenset(
        {
            "same_address", "same_capacity", "same_category", "same_legal_body", "debts_settled",
            "device_inspected", "separable", "same_supply_point", "meter_checked",
            "adjacent_sites", "capacity_stopped",
        }
    )  # fmt: skip

    def do(self, world: World, kind: ChangeKind, **facts: Any) -> SupplyChange:
        wish = Wish(
            kind=kind,
            starts_on=day("2026-04-01"),
            transformer_ids=facts.pop("transformers", ()),
            ends_on=facts.pop("ends_on", None),
            confirmed=self.KEPT,
        )
        return world.carry_out(world.request(wish, "2026-03-02", **facts), "2026-04-01")

    def test_renaming_renames_customer_and_account(self, world: World) -> None:
        self.do(world, ChangeKind.RENAMING, new_name="东海特钢有限公司")

        world.account.refresh_from_db()
        assert world.account.name == "东海特钢有限公司"
        assert world.account.customer.name == "东海特钢有限公司"

    def test_a_transfer_takes_the_place_along(self, world: World) -> None:
        self.do(world, ChangeKind.TRANSFER, new_customer="C2")

        world.account.refresh_from_db()
        world.site.refresh_from_db()
        assert world.account.customer == world.other
        assert world.site.customer == world.other

    def test_a_split_opens_an_account_with_its_own_points(self, world: World) -> None:
        world.add_point("P2", world.account)

        change = self.do(
            world,
            ChangeKind.SPLIT,
            new_name="东海钢铁轧钢厂",
            usage_points=["P2"],
            transformers=(world.small.pk,),
        )

        new = CustomerAccount.objects.get(number=change.facts["new_account"])
        assert (new.name, new.customer) == ("东海钢铁轧钢厂", world.steel)
        assert UsagePoint.objects.get(number="P2").account == new
        assert Transformer.objects.get(number="T1").account == new
        assert Transformer.objects.get(number="T2").account == world.account

    def test_a_split_leaves_the_old_account_a_point(self, world: World) -> None:
        before = counted()

        with pytest.raises(UnableToStateChange, match="原户至少应保留一个计量点"):
            self.do(world, ChangeKind.SPLIT, new_name="轧钢厂", usage_points=["P1"])

        assert nothing_happened(before)

    def test_a_merger_closes_the_account_that_goes(self, world: World) -> None:
        into = world.open("3101000002", "东海钢铁二厂", world.account.unit)

        self.do(world, ChangeKind.MERGER, into_account="3101000002")

        world.account.refresh_from_db()
        assert (world.account.status, world.account.closed_on) == ("closed", day("2026-04-01"))
        assert UsagePoint.objects.get(number="P1").account == into
        assert set(Transformer.objects.filter(account=into)) == {world.small, world.large}

    def test_a_closure_removes_everything_and_ends_the_agreement(self, world: World) -> None:
        self.do(world, ChangeKind.CLOSURE)

        world.account.refresh_from_db()
        assert world.account.status == AccountStatus.CLOSED
        assert world.states(world.large)[-1] == ("removed", "2026-04-01")
        assert Agreement.objects.get(number="A1").valid_until == day("2026-04-01")

    def test_a_closure_waits_until_the_meter_is_taken_down(self, world: World) -> None:
        hung = metering_operations.install_meter(
            serial="M1",
            usage_point=UsagePoint.objects.get(number="P1"),
            installed_on=day("2015-01-01"),
            ct_ratio=Decimal(10),
            pt_ratio=Decimal(100),
            by=world.clerk,
            at=AT,
        )

        with pytest.raises(UnableToUpdateArchive, match="P1 的表 M1"):
            self.do(world, ChangeKind.CLOSURE)
        world.account.refresh_from_db()
        assert world.account.status == AccountStatus.ACTIVE
        assert world.states(world.large) == [("running", "2014-01-01")]

        metering_operations.remove_meter(
            installation=hung, removed_on=day("2026-03-31"), by=world.clerk, at=AT
        )
        change = SupplyChange.objects.get(kind=ChangeKind.CLOSURE)
        change_operations.carry_out_change(
            change_id=change.pk, done_on=day("2026-04-01"), by=world.clerk, at=at("2026-04-01")
        )
        world.account.refresh_from_db()
        assert world.account.status == AccountStatus.CLOSED

    def test_nothing_more_is_changed_on_a_closed_account(self, world: World) -> None:
        self.do(world, ChangeKind.CLOSURE)
        world.account.refresh_from_db()

        with pytest.raises(UnableToStateChange, match="已销户"):
            self.do(world, ChangeKind.RENAMING, new_name="东海特钢有限公司")

    def test_a_new_voltage_reaches_the_points(self, world: World) -> None:
        self.do(world, ChangeKind.VOLTAGE_CHANGE, voltage_kv="35")

        assert UsagePoint.objects.get(number="P1").voltage_kv == 35

    def test_a_new_category_is_a_new_agreement(self, world: World) -> None:
        self.do(
            world,
            ChangeKind.CATEGORY_CHANGE,
            tariff_code="GD-2P-35",
            tariff_category="industry_two_part",
            agreement_number="A2",
        )

        assert Agreement.objects.get(number="A1").valid_until == day("2026-04-01")
        assert Agreement.objects.get(number="A2").tariff_code == "GD-2P-35"

    def test_a_loan_runs_until_it_is_ended(self, world: World) -> None:
        self.do(
            world,
            ChangeKind.TEMPORARY_REPLACEMENT,
            transformers=(world.small.pk,),
            ends_on=day("2026-06-01"),
            number="T9",
            capacity_kva="800",
        )
        back = Wish(kind=ChangeKind.REPLACEMENT_END, starts_on=day("2026-05-20"))

        world.carry_out(world.request(back, "2026-05-10"), "2026-05-20")

        assert world.states(Transformer.objects.get(number="T9")) == [
            ("running", "2026-04-01"),
            ("removed", "2026-05-20"),
        ]
        assert world.states(world.small)[-1] == ("running", "2026-05-20")

    def test_a_removal_for_a_time_suspends_the_account(self, world: World) -> None:
        self.do(world, ChangeKind.TEMPORARY_REMOVAL, ends_on=day("2026-09-01"))
        world.account.refresh_from_db()
        assert world.account.status == AccountStatus.SUSPENDED
        back = Wish(
            kind=ChangeKind.REINSTALLATION, starts_on=day("2026-08-01"), confirmed=self.KEPT
        )

        world.carry_out(world.request(back, "2026-07-20"), "2026-08-01")

        world.account.refresh_from_db()
        assert world.account.status == AccountStatus.ACTIVE

    def test_a_move_renames_the_place(self, world: World) -> None:
        self.do(world, ChangeKind.RELOCATION, new_address="钢铁路9号")

        world.site.refresh_from_db()
        assert world.site.address == "钢铁路9号"


class TestVisibility:
    """Rows of another county."""

    def test_a_stranger_lists_nothing(self, world: World) -> None:
        change = world.request(reduction(world, "2026-03-10", None), "2026-03-02")
        viewer: Viewer = world.stranger

        assert list(change_queries.list_changes(viewer)) == []
        assert list(change_queries.list_changes(world.chief)) == [change]
