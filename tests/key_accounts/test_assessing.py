"""Stages, warnings, value and segments of a run, from what the rooms below hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import BillLine
from busbar.customers.models import Contact, CustomerAccount
from busbar.key_accounts import evidence, operations
from busbar.key_accounts.models import CustomerSegment, CustomerValue, StageAssessment
from busbar.key_accounts.queries import closeness, segments
from busbar.kit.periods import Month
from busbar.supply.models import Site, UsagePoint
from tests.billing import world as billing_world
from tests.key_accounts.world import AT, JANUARY, World


def assess(world: World) -> None:
    world.evaluate()
    operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)


class TestStages:
    def test_follow_from_history_and_contacts(self, world: World) -> None:
        customer = world.customer("A")
        world.year(customer, 12_000)
        for name in ("甲", "乙"):
            Contact.objects.create(customer=customer, name=name, role="用电负责人")

        assess(world)

        row = StageAssessment.objects.get()
        assert row.stage == "early"
        missing = [a.bound.advice for a in closeness.list_actions(row)]
        assert missing == ["配齐 A、B 角", "安排定期走访"]

    def test_warn_of_shrinking_with_the_reason(self, world: World) -> None:
        customer = world.customer("A")
        world.year(customer, 1_200_000, last=Month(2025, 1))
        world.year(customer, 960_000)

        assess(world)

        row = StageAssessment.objects.get()
        warned = closeness.read_answers(row.warnings)
        assert [(a.bound.code, a.value) for a in warned] == [("shrinking", Decimal("-20.0"))]
        assert list(closeness.list_warned(SYSTEM_VIEWER, row.run)) == [row]

    def test_take_evidence_that_a_later_room_adds(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        customer = world.customer("A")
        world.year(customer, 12_000)
        monkeypatch.setitem(evidence._sources, "visits", lambda _on: {customer.pk: Decimal(4)})

        assess(world)

        found = closeness.read_answers(StageAssessment.objects.get().answers)
        assert {a.bound.code: a.is_met for a in found}["mid-visits"] is True

    def test_again_they_come_to_the_same_rows(self, world: World) -> None:
        world.year(world.customer("A"), 12_000)
        assess(world)
        before = list(StageAssessment.objects.values()), list(CustomerValue.objects.values())

        operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)

        assert before == (
            list(StageAssessment.objects.values()),
            list(CustomerValue.objects.values()),
        )

    def test_need_an_evaluation_first(self, world: World) -> None:
        with pytest.raises(operations.UnableToEvaluate, match="先评定"):
            operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)


class TestValue:
    def test_is_revenue_less_configured_cost(self, world: World) -> None:
        world.year(world.customer("A"), 1_200_000, yuan=900_000)

        assess(world)

        row = CustomerValue.objects.get()
        assert (row.revenue_yuan, row.energy_cost_yuan, row.margin_yuan) == (
            900_000, Decimal("624000.00"), Decimal("276000.00"),
        )  # fmt: skip
        assert row.costs[0]["certainty"] == "unverified"

    def test_growth_tells_the_basic_charge_apart(self, world: World) -> None:
        customer = world.customer("A")
        world.year(customer, 1_200_000, yuan=1_200_000)
        bill = CustomerAccount.objects.get()
        newest = bill and world_bill(bill, "2026-01")
        BillLine.objects.create(
            bill=newest, position=1, line_id="b", code="basic.capacity", name="基本电费",
            quantity=1, price=1, amount=Decimal("500.00"), formula="",
        )  # fmt: skip

        assess(world)

        growth = CustomerValue.objects.get().growth
        assert (growth["capacity"], growth["total"]) == ("500.00", "0.00")
        assert growth["before"] == ["2025-02", "2025-07"]
        parts = ("volume", "price", "capacity", "new_sites", "lost_sites")
        assert sum(Decimal(growth[name]) for name in parts) == Decimal(growth["total"])


def world_bill(account: CustomerAccount, month: str) -> object:
    from busbar.billing.models import Bill

    return Bill.objects.get(account=account, month=month)


class TestSegments:
    def test_put_customers_by_the_shape_of_their_days(
        self, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
        flat, night = np.full(96, 25_000, dtype=np.int32), np.zeros(96, dtype=np.int32)
        night[:28] = 90_000
        for key, load in (("FLAT", flat), ("NIGHT", night)):
            points = []
            for number in range(8):
                customer = world.customer(f"{key}{number}", industry_code="3120")
                world.year(customer, 12_000_000, yuan=12_000_000)
                points.append(point_of(world, f"{key}{number}"))
            table = billing_world.curves(points, JANUARY, load=load)
            billing_world.store(tmp_path / "lake", table, key=key)
        world.evaluate()

        made = operations.segment_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)

        kinds = {shape.kind: shape.customers for shape in segments.list_shapes(made)}
        assert kinds == {"continuous": 8, "night": 8}
        one = CustomerSegment.objects.select_related("shape").get(customer__number="NIGHT3")
        assert (one.section, one.shape.kind, one.band, one.idle_percent) == (
            "C", "night", "large", 100,
        )  # fmt: skip
        bound = [p.code for p in segments.list_packages(JANUARY.first) if segments.fits(p, one)]
        assert bound == ["valley-user", "large-spender"]


def point_of(world: World, number: str) -> UsagePoint:
    account = CustomerAccount.objects.get(number=f"A{number}")
    site = Site.objects.create(code=f"S{number}", name="厂区", customer=account.customer)
    return UsagePoint.objects.create(
        number=f"U{number}", name="总表", account=account, site=site, voltage_kv=Decimal(10),
        metering_side="high",
    )  # fmt: skip


class TestNeeds:
    def test_are_recorded_and_met_once(self, world: World) -> None:
        manager, customer = world.viewer(Role.ACCOUNT_MANAGER), world.customer("A")
        need = operations.record_need(
            customer=customer, kind="process", text="检修计划提前一月告知", by=manager, at=AT
        )
        assert segments.count_needs(SYSTEM_VIEWER) == {
            "product": 0, "process": 1, "facilitation": 0,
        }  # fmt: skip

        operations.meet_need(need_id=need.pk, how="已列入月度通知", by=manager, at=AT)

        with pytest.raises(operations.UnableToRecordNeed, match="已经办结"):
            operations.meet_need(need_id=need.pk, how="x", by=manager, at=AT + dt.timedelta(days=1))
        assert segments.count_needs(SYSTEM_VIEWER)["process"] == 0
        need.refresh_from_db()
        assert need.met_how == "已列入月度通知"
