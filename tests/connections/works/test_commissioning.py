"""Agreement, meter, energising and what follows: all or nothing, in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    AgreementDraft,
    Energization,
    MeterFitting,
    TemporarySupply,
    TrainingSession,
)
from busbar.connections.operations import (
    Trainee,
    UnableToAgree,
    UnableToCloseApplication,
    UnableToEndTemporarySupply,
    UnableToEnergize,
    UnableToFitMeter,
    UnableToHoldTraining,
)
from busbar.console.refusals import said
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.metering.models import MeterInstallation
from busbar.supply.models import Agreement, PowerSource, Site, Transformer, UsagePoint
from tests.billing import world as billing_world
from tests.connections.works import world as w
from tests.connections.works.world import World

ARCHIVE = (
    CustomerAccount,
    Site,
    UsagePoint,
    PowerSource,
    Transformer,
    Agreement,
    MeterInstallation,
    Energization,
    MeterFitting,
)


def snapshot() -> list[Any]:
    """The archive and the journal as they stand."""
    return [Entry.objects.count(), *(list(m.objects.order_by("pk").values()) for m in ARCHIVE)]


def refused(refusal: type[Exception], why: str, act: Callable[[], object]) -> None:
    """The act is refused with the words and nothing changes."""
    before = snapshot()
    with pytest.raises(refusal, match=why):
        act()
    assert snapshot() == before


class TestAgreement:
    def draft(self, world: World, **facts: Any) -> AgreementDraft:
        return connections_operations.draft_agreement(
            application_id=world.application.pk,
            terms=replace(w.TERMS, **facts),
            by=SYSTEM_VIEWER,
            at=w.at("2025-11-26"),
        )

    def test_takes_the_capacity_from_the_scheme(self, world: World) -> None:
        first = self.draft(world)
        second = self.draft(world, basic_charge_mode="contract_demand", contract_demand_kw=320)

        first.refresh_from_db()
        assert first.state == "void"
        assert (second.contract_capacity_kva, second.contract_demand_kw) == (800, 320)

    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"tariff_code": "NONE"}, "没有在用的电价 NONE"),
            ({"tariff_category": "industry_single"}, "与所填类别不符"),
            ({"basic_charge_mode": "none"}, "两部制电价应约定"),
            (
                {"basic_charge_mode": "contract_demand", "contract_demand_kw": 319},
                "不得低于容量 800 千伏安的 40%，即 320 千瓦",
            ),
        ],
    )
    def test_refuses_terms_that_cannot_be(
        self, world: World, facts: dict[str, Any], why: str
    ) -> None:
        refused(UnableToAgree, why, lambda: self.draft(world, **facts))
        assert not AgreementDraft.objects.exists()

    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"company_signatory": ""}, "双方的签字人"),
            ({"files": []}, "双方签署的合同文本"),
            ({"signed_on": dt.date(2025, 11, 27)}, "应在起草日与今天之间"),
        ],
    )
    def test_is_signed_by_both_or_not_at_all(
        self, world: World, facts: dict[str, Any], why: str
    ) -> None:
        self.draft(world)
        usual = {
            "application_id": world.application.pk,
            "signed_on": dt.date(2025, 11, 26),
            "customer_signatory": "王总",
            "company_signatory": "赵经理",
            "files": [w.PDF],
            "by": SYSTEM_VIEWER,
            "at": w.at("2025-11-26"),
        }

        refused(
            UnableToAgree,
            why,
            lambda: connections_operations.sign_supply_agreement(**{**usual, **facts}),
        )
        assert AgreementDraft.objects.get().state == "draft"


class TestFitMeter:
    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"ct_ratio": Decimal(20)}, "现场变比 CT 20、PT 100 与计量方案 CT 10、PT 100 不符"),
            ({"seals": [" "]}, "封印编号"),
            ({"start_registers": {}}, "起始示数"),
            ({"fitted_on": dt.date(2025, 11, 29)}, "不能在今天之后"),
            ({"serial": ""}, "表号和装表人"),
        ],
    )
    def test_refuses_what_would_bill_wrongly(
        self, world: World, facts: dict[str, Any], why: str
    ) -> None:
        w.reach_passed(world)
        plan = w.plan(world)

        refused(UnableToFitMeter, why, lambda: w.fit(plan.pk, w.meter(**facts)))

    def test_refuses_before_acceptance(self, world: World) -> None:
        plan = w.plan(world)

        refused(UnableToFitMeter, "装表应在“检验合格”时进行", lambda: w.fit(plan.pk))


class TestEnergize:
    def test_names_all_that_is_missing_at_once(self, world: World) -> None:
        refused(
            UnableToEnergize,
            "不能送电：竣工检验未合格；没有竣工变压器记录；供用电合同未签订；没有计量方案$",
            lambda: w.energize(world),
        )

        w.reach_passed(world)
        w.plan(world)
        refused(
            UnableToEnergize,
            "不能送电：供用电合同未签订；未装表：总表$",
            lambda: w.energize(world),
        )

    def test_names_it_in_the_language_of_the_screen(self, world: World) -> None:
        w.reach_passed(world)
        w.plan(world)
        with pytest.raises(UnableToEnergize) as refused_with:
            w.energize(world)

        with translation.override("en"):
            told = said(refused_with.value)

        assert told.endswith("the supply agreement is not signed; no meter installed: 总表")
        assert str(refused_with.value) == "不能送电：供用电合同未签订；未装表：总表"

    def test_undoes_everything_when_a_register_refuses(self, world: World) -> None:
        w.reach_passed(world)
        w.sign(world)
        w.fit(w.plan(world).pk)
        number = f"9{world.county.pk:05d}0000001"
        Transformer.objects.create(
            number=f"{number}-1#",
            account=billing_world.make_account(world.county, "1001").account,
            site=Site.objects.get(code="S1001"),
            capacity_kva=10,
            installed_on=dt.date(2020, 1, 1),
        )

        refused(Exception, f"变压器编号 {number}-1# 已登记", lambda: w.energize(world))
        assert world.fresh().state == "passed"
        assert world.fresh().account is None

    def test_happens_once(self, world: World) -> None:
        w.reach_energized(world)

        refused(UnableToEnergize, "现为“已送电”", lambda: w.energize(world, "SD-2"))

    def test_that_was_broken_off_changes_nothing_but_is_on_record(self, world: World) -> None:
        w.reach_passed(world)

        connections_operations.abort_energization(
            application_id=world.application.pk,
            switching=w.switching(note="相序不符"),
            by=SYSTEM_VIEWER,
            at=w.at("2025-12-01", 12),
        )

        assert world.fresh().state == "passed"
        assert Entry.objects.latest("id").reason == "相序不符"
        refused(UnableToEnergize, "送电许可 SD-1 已用过", lambda: w.energize(world))

    def test_gives_accounts_of_a_unit_running_numbers(self, world: World) -> None:
        first = w.reach_energized(world).account.number
        other = w.make_application(world.county, world.customer, query_code="ABCDEFGH23")
        world.scheme, world.application = w.make_scheme(other), other
        # The firms of the first way stand on the register already.
        for choice in ("design", "construction"):
            stored = w.Contractor.objects.get(code="D001" if choice == "design" else "D002")
            w.choose(world, choice, stored)
        review = connections_operations.submit_design(
            application_id=other.pk,
            title="施工图",
            submitted_by="设计院",
            files=[w.PDF],
            by=SYSTEM_VIEWER,
            at=w.at("2025-10-08"),
        )
        connections_operations.review_design(
            review_id=review.pk,
            verdict="passed",
            opinion="同意",
            by=SYSTEM_VIEWER,
            at=w.at("2025-10-12"),
        )
        connections_operations.report_work_start(
            application_id=other.pk,
            started_on=dt.date(2025, 10, 15),
            supervisor_name="李工",
            supervisor_phone="139",
            by=SYSTEM_VIEWER,
            at=w.at("2025-10-15"),
        )
        w.complete(world)
        w.pass_completion(world)
        w.sign(world)
        w.fit(w.plan(world).pk, w.meter("M901"))

        second = w.energize(world, "SD-2").account.number

        assert int(second) == int(first) + 1


class TestIncrease:
    @pytest.fixture
    def grown(self, world: World) -> World:
        """The account of the bills, 1,000 kVA, asks for 800 more."""
        point = billing_world.make_account(world.county, "1001")
        MeterInstallation.objects.create(
            meter=w_meter("M1"),
            usage_point=point,
            installed_on=dt.date(2020, 1, 1),
            ct_ratio=5,
            pt_ratio=100,
        )
        Agreement.objects.filter(account=point.account).update(valid_until=dt.date(2027, 1, 1))
        Agreement.objects.filter(account=point.account).update(valid_until=None)
        world.customer = point.account.customer
        world.application = w.make_application(
            world.county,
            point.account.customer,
            kind="increase",
            account=point.account,
            existing_kva=1000,
        )
        world.scheme = w.make_scheme(world.application)
        w.reach_passed(world)
        return world

    def test_gives_the_account_its_new_transformer_agreement_and_meter(self, grown: World) -> None:
        w.sign(grown)
        fitted = w.meter(end_registers={"正向有功总": Decimal("812.35")})
        w.fit(w.plan(grown, "U1001").pk, fitted)

        made = w.energize(grown)

        account = CustomerAccount.objects.get(number="1001")
        assert made.account == account
        assert sorted(
            Transformer.objects.filter(account=account).values_list("capacity_kva", flat=True)
        ) == [800, 1000]
        agreements = Agreement.objects.filter(account=account).order_by("valid_from")
        assert [(a.valid_until, a.contract_capacity_kva) for a in agreements] == [
            (dt.date(2025, 12, 1), 1000),
            (None, 1800),
        ]
        hung = MeterInstallation.objects.filter(usage_point__account=account)
        assert [(i.meter.serial, i.removed_on) for i in hung.order_by("id")] == [
            ("M1", dt.date(2025, 11, 28)),
            ("M900", None),
        ]
        assert made.site.code == "S1001"

    def test_may_keep_the_meter_that_hangs(self, grown: World) -> None:
        w.sign(grown)

        w.energize(grown)

        assert MeterInstallation.objects.get().meter.serial == "M1"

    def test_ends_an_agreement_that_had_a_term(self, grown: World) -> None:
        Agreement.objects.filter(account__number="1001").update(valid_until=dt.date(2027, 1, 1))
        w.sign(grown, replace(w.TERMS, contract_capacity_kva=1800))

        w.energize(grown)

        old = Agreement.objects.get(number="A1001")
        assert old.valid_until == dt.date(2025, 12, 1)

    def test_asks_for_the_registers_of_the_meter_it_takes_down(self, grown: World) -> None:
        plan = w.plan(grown, "U1001")

        refused(UnableToFitMeter, "应填写其止度", lambda: w.fit(plan.pk))


def w_meter(serial: str) -> Any:
    from busbar.metering.models import Meter

    return Meter.objects.create(serial=serial)


class TestClosing:
    def train(self, world: World, *people: Trainee, day: str = "2025-12-10") -> TrainingSession:
        return connections_operations.record_training(
            application_id=world.application.pk,
            topic="安全用电",
            held_on=dt.date.fromisoformat(day),
            attendees=people,
            sign_in_sheet=[w.PHOTO],
            by=SYSTEM_VIEWER,
            at=w.at("2025-12-10"),
        )

    def close(self, world: World) -> None:
        connections_operations.close_application(
            application_id=world.application.pk, by=SYSTEM_VIEWER, at=w.at("2025-12-11")
        )

    def test_names_what_is_left(self, world: World) -> None:
        w.reach_energized(world)

        refused(
            UnableToCloseApplication,
            "尚未办理接入注册；尚未完成用电培训",
            lambda: self.close(world),
        )
        self.train(world, Trainee("王工", signed_in=True, score=59))
        refused(UnableToCloseApplication, "尚未完成用电培训", lambda: self.close(world))

    def test_refuses_training_that_was_not_held(self, world: World) -> None:
        w.reach_energized(world)

        for people, day, why in (
            ([Trainee("王工", signed_in=False, score=90)], "2025-12-10", "未签到"),
            ([Trainee("王工", signed_in=True, score=101)], "2025-12-10", "应在 0 到 100"),
            ([Trainee("王工", signed_in=True)], "2025-11-30", "应在送电日与今天之间"),
            ([], "2025-12-10", "逐人登记"),
        ):
            refused(UnableToHoldTraining, why, lambda p=people, d=day: self.train(world, *p, day=d))
        assert not TrainingSession.objects.exists()


class TestTemporarySupply:
    @pytest.fixture
    def temporary(self, world: World) -> World:
        world.application.supply_kind = "temporary"
        world.application.temporary_until = dt.date(2026, 3, 1)
        world.application.save()
        w.start_works(world)
        w.complete(world)
        asked = w.request(world, "completion", "2025-11-25")
        values = {"test.grounding_resistance": Decimal(3)}
        w.hold(asked, w.outcome(world, "2025-11-25", measured=values), "2025-11-25")
        w.sign(world)
        w.fit(w.plan(world).pk)
        w.energize(world)
        return world

    def test_is_reminded_of_once_before_its_day(self, temporary: World) -> None:
        remind = connections_operations.remind_of_temporary_ends

        assert remind(at=w.at("2026-02-18")) == []
        assert [s.ends_on for s in remind(at=w.at("2026-02-19"))] == [dt.date(2026, 3, 1)]
        assert remind(at=w.at("2026-02-20")) == []
        event = "connections.temporary_supply.ending"
        assert Entry.objects.filter(event=event).count() == 1

    def test_is_taken_down_whole(self, temporary: World) -> None:
        supply = TemporarySupply.objects.get()
        agreement = Agreement.objects.get(account=supply.account)
        assert agreement.valid_until == dt.date(2026, 3, 1)

        refused(
            UnableToEndTemporarySupply,
            "止度",
            lambda: self.terminate(supply, {}),
        )
        self.terminate(supply, {"正向有功总": Decimal("77.10")})

        account = CustomerAccount.objects.get(pk=supply.account_id)
        assert (account.status, account.closed_on) == ("closed", dt.date(2026, 2, 20))
        assert MeterInstallation.objects.get().removed_on == dt.date(2026, 2, 20)
        assert Transformer.objects.get().states.get(valid_until=None).state == "removed"
        agreement.refresh_from_db()
        assert agreement.valid_until == dt.date(2026, 2, 20)
        rows = connections_queries.list_ending_temporary_supplies(
            SYSTEM_VIEWER, before=dt.date(2027, 1, 1)
        )
        assert list(rows) == []

    def terminate(self, supply: TemporarySupply, registers: dict[str, Decimal]) -> TemporarySupply:
        return connections_operations.terminate_temporary_supply(
            supply_id=supply.pk,
            ended_on=dt.date(2026, 2, 20),
            end_registers=registers,
            by=SYSTEM_VIEWER,
            at=w.at("2026-02-21"),
        )
