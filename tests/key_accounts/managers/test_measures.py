"""Solved, merely passed on, first time, on time; agreements and the quarter's sheet."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from busbar.key_accounts.models import DepartmentOrder, ServiceAgreement
from busbar.key_accounts.operations import agreeing
from busbar.key_accounts.operations.agreeing import Promise, UnableToAgree
from busbar.key_accounts.queries import agreements, measures
from busbar.key_accounts.queries.measures import Measure
from busbar.key_accounts.scoring import share_of
from tests.key_accounts.managers.world import MONDAY, World, at

MARCH = {"since": at("2026-03-01", 0), "until": at("2026-04-01", 0)}


def solve(world: World, order: DepartmentOrder, day: str = "2026-03-03", score: int = 5) -> None:
    """Taken on an hour later, done, confirmed."""
    world.do(order, "reply_to_order", "计量员", at(MONDAY, 10), outcome="accepted")
    world.do(order, "carry_out_order", "计量员", at(MONDAY, 15), result="换表")
    world.do(
        order, "confirm_order", "王经理", at(day), outcome="solved", remark="好了",
        score=str(score), word="快",
    )  # fmt: skip


def refuse(world: World, order: DepartmentOrder) -> None:
    """Refused, and the manager lives with it."""
    world.do(
        order, "reply_to_order", "计量员", at(MONDAY, 12),
        outcome="refused", refusal="not_ours", remark="不归我们",
    )  # fmt: skip
    world.do(order, "answer_refusal", "王经理", at(MONDAY, 13), outcome="accepted", remark="转告")


def one(world: World, by: str, name: str = "市领导") -> Measure:
    """The only line of March."""
    (line,) = measures.measure(world.people[name], by=by, **MARCH)
    return line


class TestMeasure:
    def test_counts_solved_and_merely_passed_on(self, world: World) -> None:
        world.team(world.customer("K2"), "王经理")
        solve(world, world.send())
        refuse(world, world.send(customer="K2"))

        line = one(world, "manager")

        assert (line.name, line.unit_name, line.closed) == ("王经理", "甲县大客户部", 2)
        assert (line.solved.part, line.passed_on.part, line.first_time.part) == (1, 1, 1)
        assert line.waiting_hours == 2.0  # one hour and three
        assert not line.is_ranked

    def test_of_a_department_a_refusal_is_passed_on(self, world: World) -> None:
        refuse(world, world.send())

        line = one(world, "department")

        assert (line.name, line.passed_on.part, line.on_time.part) == ("市计量中心", 1, 1)

    def test_is_not_the_first_time_when_the_same_is_ordered_again(self, world: World) -> None:
        solve(world, world.send())
        world.send(moment=at("2026-03-20"))

        assert one(world, "manager").first_time.part == 0

    def test_is_the_first_time_after_the_standard_s_days(self, world: World) -> None:
        solve(world, world.send())
        world.send(moment=at("2026-04-03"))

        assert one(world, "manager").first_time.part == 1

    def test_is_not_the_first_time_when_sent_back(self, world: World) -> None:
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 10), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at(MONDAY, 15), result="看过")
        world.do(order, "confirm_order", "王经理", at(MONDAY, 16), outcome="reopened", remark="否")
        world.do(order, "carry_out_order", "计量员", at("2026-03-03"), result="换表")
        world.do(
            order, "confirm_order", "王经理", at("2026-03-04"),
            outcome="solved", remark="好", score="3", word="慢",
        )  # fmt: skip

        line = one(world, "manager")

        assert (line.solved.part, line.first_time.part) == (1, 0)

    def test_a_late_department_is_not_on_time_and_has_climbed(self, world: World) -> None:
        order = world.let_pass(world.send(), at(MONDAY, 15))
        world.do(order, "decide_order", "市领导", at(MONDAY, 16), outcome="answered", remark="办了")
        world.do(
            order, "confirm_order", "王经理", at("2026-03-03"),
            outcome="solved", remark="好", score="1", word="不理",
        )  # fmt: skip

        line = one(world, "department")

        assert (line.on_time.part, line.climbed.part, line.passed_on.part) == (0, 1, 1)

    def test_counts_nothing_withdrawn_nothing_open_nothing_outside(self, world: World) -> None:
        world.send()
        solve(world, world.send(), day="2026-04-01")

        assert measures.measure(world.people["市领导"], by="manager", **MARCH) == []

    def test_sees_only_what_the_reader_sees(self, world: World) -> None:
        solve(world, world.send())

        assert measures.measure(world.people["邻县经理"], by="manager", **MARCH) == []

    def test_takes_the_same_queries_for_one_and_for_many(self, world: World) -> None:
        counts = []
        for wanted in (1, 4):
            while DepartmentOrder.objects.count() < wanted:
                solve(world, world.send())
            viewer = replace(world.people["市领导"])  # as of another request
            with CaptureQueriesContext(connection) as queries:
                measures.measure(viewer, by="manager", **MARCH)
                agreements.get_sheet(viewer, **MARCH)
            counts.append(len(queries))

        assert counts[0] == counts[1]


class TestShare:
    @given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_the_interval_holds_the_bounds_of_the_score_test(self, pair: tuple[int, int]) -> None:
        part, whole = pair
        found = share_of(part, whole)

        assert 0 <= found.low <= part / whole <= found.high <= 1
        for bound in (found.low, found.high):
            if 0 < bound < 1:  # Wilson's bounds are where the score test is just significant
                spread = (bound * (1 - bound) / whole) ** 0.5
                assert abs(abs(part / whole - bound) / spread - 1.959964) < 1e-4

    def test_three_of_three_say_little(self) -> None:
        assert round(share_of(3, 3).low, 4) == 0.4385


PROMISE = Promise(
    provider="CT", receiver="AK", order_kind="metering_fault", words="一个工作日到现场",
    reply_limit="department-order-reply-urgent", work_limit="department-order-express",
    valid_from=dt.date(2026, 3, 1), source="市计〔2026〕3号",
)  # fmt: skip


def sign(world: World, name: str = "市领导", **more: object) -> ServiceAgreement:
    """An agreement of the city's departments."""
    promise = Promise(**{**PROMISE.__dict__, **more})  # type: ignore[arg-type]
    return agreeing.sign_agreement(promise=promise, by=world.people[name], at=at("2026-03-01"))


class TestAgreement:
    def test_an_order_of_the_pair_takes_the_tighter_clocks(self, world: World) -> None:
        agreement = sign(world)

        order = world.send()

        assert order.agreement == agreement
        task = world.waiting(order)
        assert task.clock is not None
        assert task.clock.code == "department-order-reply-urgent"
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 9, 30), outcome="accepted")
        assert world.waiting(order).clock.code == "department-order-express"  # type: ignore[union-attr]

    def test_is_refused_where_looser_than_the_mandate(self, world: World) -> None:
        with pytest.raises(UnableToAgree, match="承诺不能宽于授权“经理下达计量异常处理”"):
            sign(
                world, order_kind="metering_fault", work_limit="department-order-metering",
                reply_limit="department-order-data",
            )  # fmt: skip

        assert not ServiceAgreement.objects.exists()

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"receiver": "CT"}, "须有两个部门"),
            ({"words": " "}, "承诺的内容"),
            ({"order_kind": "x"}, "没有指令种类“x”"),
            ({"work_limit": "scheme-reply-single"}, "没有这样的时限"),
            ({"provider": "X"}, "没有单位 X"),
        ],
    )
    def test_is_refused_with_a_sentence(
        self, world: World, wrong: dict[str, object], said: str
    ) -> None:
        with pytest.raises(UnableToAgree, match=said):
            sign(world, **wrong)

        assert not ServiceAgreement.objects.exists()

    def test_is_not_made_for_departments_outside_the_branch(self, world: World) -> None:
        with pytest.raises(UnableToAgree, match="没有单位 CT"):
            sign(world, "县领导")

    def test_ends_on_a_day_and_the_mandate_s_clocks_hold_again(self, world: World) -> None:
        agreement = sign(world)
        agreeing.end_agreement(
            number=agreement.number, until=dt.date(2026, 3, 2), reason="不再需要",
            by=world.people["市领导"], at=at("2026-03-01", 12),
        )  # fmt: skip

        assert world.send().agreement is None


class TestSheet:
    def test_says_what_both_gave_each_other(self, world: World) -> None:
        agreement = sign(world)
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 9, 30), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at(MONDAY, 15), result="换表")
        world.do(
            order, "confirm_order", "王经理", at("2026-03-03"),
            outcome="solved", remark="好", score="4", word="快",
        )  # fmt: skip

        (line,) = agreements.get_sheet(world.people["市领导"], **MARCH)

        assert (line.receiver.code, line.provider.code, line.kind_name) == (
            "AK",
            "CT",
            "计量异常处理",
        )
        assert line.agreement == agreement
        assert (line.on_time.part, line.on_time.whole, line.of_provider, line.of_receiver) == (
            1, 1, 4.0, None,
        )  # fmt: skip
