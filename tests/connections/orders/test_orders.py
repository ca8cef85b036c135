"""Metering and service orders through their operations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from busbar.connections.models import MeteringOrder, OrderState, ServiceOrder
from busbar.connections.operations import orders as order_operations
from busbar.connections.operations.orders import (
    MeterFound,
    MeterLeft,
    UnableToDoMeteringOrder,
    UnableToDoServiceOrder,
    UnableToOrderMetering,
)
from busbar.connections.queries import orders as order_queries
from busbar.metering.models import MeterInstallation
from busbar.supply.models import UsagePoint
from tests.connections.changes.test_change_operations import World, at


@pytest.fixture
def world(ground: None, settings: Any, tmp_path: Any) -> World:
    settings.FILES_ROOT = tmp_path / "files"
    return World()


@pytest.fixture
def point(world: World) -> UsagePoint:
    return UsagePoint.objects.get(number="P1")


def left(serial: str) -> MeterLeft:
    return MeterLeft(
        serial=serial,
        ct_ratio=Decimal(20),
        pt_ratio=Decimal(100),
        registers={"active": Decimal("0.02")},
        seals=("F1", "F2"),
    )


def order(world: World, point: UsagePoint, kind: str, day: str) -> MeteringOrder:
    return order_operations.order_metering(
        kind=kind, usage_point=point, reason="新装", by=world.clerk, at=at(day)
    )


def do(world: World, placed: MeteringOrder, day: str, **more: Any) -> MeteringOrder:
    return order_operations.do_metering_order(
        order_id=placed.pk, done_at=at(day), by=world.clerk, at=at(day), **more
    )


class TestMeteringOrder:
    """装表, 换表, 拆表, 维修."""

    def test_installs_a_meter_with_its_start_register(
        self, world: World, point: UsagePoint
    ) -> None:
        placed = order(world, point, "install", "2026-03-02")

        done = do(world, placed, "2026-03-03", left=left("M1"))

        assert (done.state, done.seals) == (OrderState.DONE, "F1、F2")
        register = done.registers.get()
        assert (register.is_start, register.value) == (True, Decimal("0.0200"))
        assert MeterInstallation.objects.get().installed_on == dt.date(2026, 3, 3)

    def test_a_replacement_joins_the_meters_on_one_day(
        self, world: World, point: UsagePoint
    ) -> None:
        do(world, order(world, point, "install", "2026-03-02"), "2026-03-03", left=left("M1"))
        placed = order(world, point, "replace", "2026-05-01")

        found = MeterFound("M1", {"active": Decimal("1234.56")})
        done = do(world, placed, "2026-05-06", found=found, left=left("M2"))

        assert done.removed.removed_on == done.installed.installed_on == dt.date(2026, 5, 6)
        ends = {register.is_start: register.value for register in done.registers.all()}
        assert ends == {False: Decimal("1234.5600"), True: Decimal("0.0200")}

    def test_a_meter_that_does_not_hang_there_is_not_taken_down(
        self, world: World, point: UsagePoint
    ) -> None:
        do(world, order(world, point, "install", "2026-03-02"), "2026-03-03", left=left("M1"))
        placed = order(world, point, "remove", "2026-05-01")

        with pytest.raises(UnableToDoMeteringOrder, match="该计量点上是 M1，填的是 M7"):
            do(world, placed, "2026-05-06", found=MeterFound("M7", {"active": Decimal(1)}))

        placed.refresh_from_db()
        assert placed.state == OrderState.OPEN
        assert MeterInstallation.objects.get().removed_on is None

    def test_the_same_work_is_not_ordered_twice(self, world: World, point: UsagePoint) -> None:
        first = order(world, point, "install", "2026-03-02")

        with pytest.raises(UnableToOrderMetering, match=f"未完成的装表单 {first.number}"):
            order(world, point, "install", "2026-03-03")

        assert MeteringOrder.objects.count() == 1

    def test_nothing_is_replaced_where_nothing_hangs(self, world: World, point: UsagePoint) -> None:
        with pytest.raises(UnableToOrderMetering, match="没有装表，不能换表"):
            order(world, point, "replace", "2026-03-02")

    def test_a_register_below_nothing_is_refused(self, world: World, point: UsagePoint) -> None:
        placed = order(world, point, "install", "2026-03-02")
        wrong = MeterLeft("M1", Decimal(20), Decimal(100), {"active": Decimal(-1)})

        with pytest.raises(UnableToDoMeteringOrder, match="不小于 0"):
            do(world, placed, "2026-03-03", left=wrong)

        assert MeterInstallation.objects.count() == 0

    def test_a_repair_says_what_was_found(self, world: World, point: UsagePoint) -> None:
        do(world, order(world, point, "install", "2026-03-02"), "2026-03-03", left=left("M1"))
        placed = order(world, point, "repair", "2026-04-01")

        with pytest.raises(UnableToDoMeteringOrder, match="维修应写明故障与处理结果"):
            do(world, placed, "2026-04-02")
        done = do(world, placed, "2026-04-02", findings="更换采集模块")

        assert done.findings == "更换采集模块"


class TestServiceOrder:
    """咨询, 方案设计, 检测, 维护."""

    def place(self, world: World, kind: str) -> ServiceOrder:
        return order_operations.order_service(
            kind=kind,
            customer=world.steel,
            topic="力率考核",
            request="功率因数低于 0.90 怎么办",
            by=world.clerk,
            at=at("2026-03-02"),
        )

    def finish(self, world: World, placed: ServiceOrder, **more: Any) -> ServiceOrder:
        return order_operations.do_service_order(
            order_id=placed.pk,
            result="加装无功补偿",
            by=world.clerk,
            at=at("2026-03-03"),
            **more,
        )

    def test_an_answer_can_be_found_again_by_others(self, world: World) -> None:
        placed = self.finish(world, self.place(world, "consultation"))

        order_operations.publish_answer(order_id=placed.pk, by=world.chief, at=at("2026-03-04"))

        assert order_queries.search_answers("力率 补偿") == [
            ("力率考核", "功率因数低于 0.90 怎么办", "加装无功补偿")
        ]
        assert order_queries.search_answers("变压器") == []

    def test_a_test_lists_its_results(self, world: World) -> None:
        placed = self.place(world, "testing")

        with pytest.raises(UnableToDoServiceOrder, match="设备检测应逐项填写结果"):
            self.finish(world, placed)
        done = self.finish(world, placed, items=[{"item": "绝缘电阻", "verdict": "合格"}])

        assert done.items == [{"item": "绝缘电阻", "verdict": "合格"}]

    def test_maintenance_comes_round_again(self, world: World) -> None:
        done = self.finish(
            world,
            self.place(world, "maintenance"),
            items=[{"item": "油位", "verdict": "正常"}],
            next_due_on=dt.date(2026, 9, 1),
        )

        due = order_queries.list_due_maintenance(world.chief, until=dt.date(2026, 9, 1))
        assert list(due) == [done]
        early = order_queries.list_due_maintenance(world.chief, until=dt.date(2026, 8, 31))
        assert list(early) == []

    def test_another_county_sees_none(self, world: World) -> None:
        self.place(world, "consultation")

        assert list(order_queries.list_service_orders(world.stranger)) == []
