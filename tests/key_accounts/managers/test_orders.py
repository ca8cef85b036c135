"""An order of a manager to another department, from the mandate to the customer's word."""

from __future__ import annotations

from decimal import Decimal

import pytest

from busbar.access.models import OrganizationUnit, Role
from busbar.customers.models import Customer, Importance, TeamRole
from busbar.journal.models import Entry
from busbar.key_accounts.models import DepartmentOrder, OrderRating, OrderStage, OrderStep
from busbar.key_accounts.operations import rating, sending
from busbar.key_accounts.operations.ground import UnableToOrder
from busbar.key_accounts.operations.rating import UnableToRateOrder
from busbar.workflow.forms import UnableToAcceptForm
from busbar.workflow.models import InstanceState, ProcessInstance, UserTask
from tests.key_accounts.managers.world import MONDAY, SENT_AT, World, at

SOLVED = {"outcome": "solved", "remark": "电话核实，表已走字", "score": "5", "word": "当天就到"}


class TestSending:
    def test_puts_the_order_on_the_department_s_work_list(self, world: World) -> None:
        order = world.send()

        task = world.waiting(order)
        assert (task.element, task.unit.code, task.role) == (
            "reply_to_order", "CT", "metering_engineer",
        )  # fmt: skip
        assert task.clock is not None
        assert task.clock.code == "department-order-reply"
        assert task.due_at == at(MONDAY, 14, 30)  # four working hours, lunch between
        assert (order.number, order.department.code, order.state) == (
            "ZL-AK-260302-001", "CT", OrderStage.SENT,
        )  # fmt: skip

    def test_gives_the_next_order_of_the_day_the_next_number(self, world: World) -> None:
        world.send()

        assert world.send().number == "ZL-AK-260302-002"

    def test_journals_one_entry_with_department_and_state(self, world: World) -> None:
        order = world.send()

        entry = Entry.objects.get(event="key_accounts.order.sent")
        assert (entry.subject_id, entry.customer_id, entry.actor_name) == (
            order.pk, order.customer_id, "王经理",
        )  # fmt: skip
        assert entry.changes == {
            "state": "sent", "department": "市计量中心", "kind": "metering_fault",
        }  # fmt: skip


class TestRefusedByTheMandate:
    def refused(self, world: World, **asked: object) -> str:
        before = Entry.objects.count()
        with pytest.raises(UnableToOrder) as refusal:
            world.send(**asked)  # type: ignore[arg-type]
        assert not DepartmentOrder.objects.exists()
        assert not UserTask.objects.exists()
        assert Entry.objects.count() == before
        return str(refusal.value)

    def test_says_which_amount_and_who_could(self, world: World) -> None:
        assert self.refused(world, kind="bill_review", amount_yuan=Decimal(250_000)) == (
            "授权“经理下达电费复核”金额限 100000 元以内，本次 250000 元。可以下达的："
            "市公司的管理人员（市公司领导下达电费复核）、县公司的管理人员（县公司领导下达电费复核）"
        )

    def test_says_how_many_hours(self, world: World) -> None:
        said = self.refused(world, kind="outage_coordination", hours=Decimal(36))

        assert said.startswith("授权“经理下达停电协调”时长限 24 小时以内，本次 36 小时。")

    def test_says_which_grades(self, world: World) -> None:
        customer = world.customer("K2", importance=Importance.SPECIAL)
        world.team(customer, "王经理")

        said = self.refused(world, kind="outage_coordination", hours=Decimal(8), customer="K2")

        assert "客户，该客户为特级重要客户" in said

    def test_holds_for_a_customer_of_another_manager(self, world: World) -> None:
        world.team(Customer.objects.get(number="K1"), "李经理", TeamRole.MEMBER)

        assert self.refused(world, by="李经理").startswith(
            "授权“经理下达计量异常处理”只限本人任A角或B角的客户。"
        )

    def test_says_who_could_to_somebody_without_any_mandate(self, world: World) -> None:
        said = self.refused(world, by="县领导")

        assert said == (
            "您没有下达这种指令的授权。可以下达的：大客户部的大客户经理（经理下达计量异常处理）"
        )

    def test_says_when_nobody_could(self, world: World) -> None:
        said = self.refused(world, kind="bill_review", amount_yuan=Decimal(9_000_000))

        assert said.endswith("可以下达的：没有，须先调整授权")


class TestRefusedByWhatItSays:
    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"kind": "bill_review"}, "“电费复核”须写明涉及金额，应大于零"),
            ({"hours": Decimal(2)}, "“计量异常处理”不涉及时长，请留空"),
            ({"customer": "K404"}, "没有客户 K404，或不在您的可见范围内"),
        ],
    )
    def test_with_a_sentence(self, world: World, asked: dict[str, object], said: str) -> None:
        with pytest.raises(UnableToOrder, match=said):
            world.send(**asked)  # type: ignore[arg-type]

        assert not DepartmentOrder.objects.exists()

    def test_names_the_catalogue_for_an_unknown_kind(self, world: World) -> None:
        with pytest.raises(UnableToOrder, match="没有指令种类“x”；已有：bill_review（电费复核）"):
            world.send(kind="x")

    def test_and_a_customer_of_another_county_does_not_exist(self, world: World) -> None:
        with pytest.raises(UnableToOrder, match="不在您的可见范围内"):
            world.send(by="邻县经理")

    def test_and_by_a_ladder_that_nobody_holds(self, world: World) -> None:
        for name in ("省领导", "市领导"):
            employee = world.employee(name)
            employee.roles = [Role.CASHIER]
            employee.save()

        with pytest.raises(UnableToOrder, match="升级阶梯上没有在岗人员"):
            world.send()


class TestDeputy:
    def test_orders_as_the_lead_does(self, world: World) -> None:
        world.team(Customer.objects.get(number="K1"), "李经理", TeamRole.DEPUTY)

        assert world.send(by="李经理").ordered_by.name == "李经理"


class TestDone:
    def test_in_time_and_solved(self, world: World) -> None:
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 10), outcome="accepted")
        order = world.do(
            order, "carry_out_order", "计量员", at("2026-03-03", 15), result="更换通信模块"
        )
        assert (order.state, order.holder.code) == (OrderStage.REPORTED, "AK")
        assert world.waiting(order).owner == world.employee("王经理")

        order = world.do(order, "confirm_order", "王经理", at("2026-03-04", 9), **SOLVED)

        assert (order.state, order.closed_at) == (OrderStage.SOLVED, at("2026-03-04", 9))
        assert (order.reply_late, order.work_late, order.climbs, order.reopened) == (
            False, False, 0, 0,
        )  # fmt: skip
        kinds = OrderStep.objects.filter(order=order).order_by("id")
        assert list(kinds.values_list("kind", flat=True)) == [
            "sent", "accepted", "reported", "solved",
        ]  # fmt: skip
        given = OrderRating.objects.get(order=order)
        assert (given.side, given.score, given.word) == ("receiver", 5, "当天就到")
        instance = ProcessInstance.objects.get(pk=order.process_id)
        assert instance.state == InstanceState.COMPLETED

    def test_reopened_goes_back_with_a_clock_anew(self, world: World) -> None:
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 10), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at("2026-03-03", 9), result="已看")

        order = world.do(
            order, "confirm_order", "王经理", at("2026-03-04", 9),
            outcome="reopened", remark="客户说还是不走",
        )  # fmt: skip

        task = world.waiting(order)
        assert (order.state, order.reopened, order.holder.code) == (
            OrderStage.WORKING,
            1,
            "CT",
        )
        assert (task.element, task.unit.code) == ("carry_out_order", "CT")
        assert task.clock is not None
        assert task.clock.started_at == at("2026-03-04", 9)

    def test_needs_a_rating_with_a_word_to_close(self, world: World) -> None:
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 10), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at("2026-03-03", 9), result="已看")

        with pytest.raises(UnableToAcceptForm, match="评语"):
            world.do(
                order, "confirm_order", "王经理", at("2026-03-04", 9),
                outcome="solved", remark="好了", score="5",
            )  # fmt: skip

        assert world.fresh(order).state == OrderStage.REPORTED


class TestRefusedByTheDepartment:
    def refuse(self, world: World) -> DepartmentOrder:
        order = world.send()
        return world.do(
            order, "reply_to_order", "计量员", at(MONDAY, 10),
            outcome="refused", refusal="not_ours", remark="属供电所维护",
        )  # fmt: skip

    def test_comes_back_to_the_manager_with_the_reason(self, world: World) -> None:
        order = self.refuse(world)

        assert (order.state, order.refusal, order.holder.code) == (
            OrderStage.REFUSED, "不属于本部门职责", "AK",
        )  # fmt: skip
        assert world.waiting(order).owner == world.employee("王经理")

    def test_needs_a_reason_of_the_catalogue(self, world: World) -> None:
        order = world.send()

        with pytest.raises(UnableToAcceptForm, match="拒绝理由"):
            world.do(
                order, "reply_to_order", "计量员", at(MONDAY, 10),
                outcome="refused", refusal="no_mood", remark="不想去",
            )  # fmt: skip

        assert world.fresh(order).state == OrderStage.SENT

    def test_is_merely_passed_on_when_the_manager_lives_with_it(self, world: World) -> None:
        order = world.do(
            self.refuse(world), "answer_refusal", "王经理", at(MONDAY, 11),
            outcome="accepted", remark="已告知客户",
        )  # fmt: skip

        assert (order.state, order.closed_at) == (OrderStage.PASSED_ON, at(MONDAY, 11))

    def test_climbs_when_the_manager_appeals(self, world: World) -> None:
        order = world.do(
            self.refuse(world), "answer_refusal", "王经理", at(MONDAY, 11),
            outcome="appealed", remark="表计归计量管",
        )  # fmt: skip

        assert (order.state, order.holder.code, order.climbs) == (
            OrderStage.CLIMBED,
            "C",
            1,
        )
        order = world.do(
            order, "decide_order", "市领导", at(MONDAY, 15), outcome="instructed", remark="去办"
        )
        assert (order.state, order.holder.code) == (OrderStage.WORKING, "CT")
        assert world.waiting(order).element == "carry_out_order"


class TestClimbing:
    def test_nobody_asks_when_the_clock_of_the_reply_runs_out(self, world: World) -> None:
        order = world.send()

        assert world.let_pass(order, at(MONDAY, 14, 29)).state == OrderStage.SENT
        order = world.let_pass(order, at(MONDAY, 14, 35))

        task = world.waiting(order)
        assert (order.state, order.holder.code, order.reply_late) == (
            OrderStage.CLIMBED, "C", True,
        )  # fmt: skip
        assert (task.element, task.unit.code, task.role) == ("decide_order", "C", "manager")
        assert task.clock is not None
        assert task.clock.code == "superior-order-answer"
        step = OrderStep.objects.filter(order=order).latest("id")
        assert str(step.text) == "市计量中心逾期未接办，升级到市公司"

    def test_goes_on_to_the_next_superior_and_stays_with_the_highest(self, world: World) -> None:
        order = world.let_pass(world.send(), at(MONDAY, 15))

        order = world.let_pass(order, at("2026-03-04", 1))
        task = world.waiting(order)
        assert (order.holder.code, order.climbs) == ("P", 2)
        assert (task.element, task.unit.code) == ("decide_finally", "P")

        order = world.let_pass(order, at("2026-03-20", 9))
        assert (order.holder.code, order.climbs) == ("P", 2)

    def test_the_superior_answers_in_the_department_s_stead(self, world: World) -> None:
        order = world.let_pass(world.send(), at(MONDAY, 15))

        order = world.do(
            order, "decide_order", "市领导", at(MONDAY, 16),
            outcome="answered", remark="已派人换表",
        )  # fmt: skip
        assert (order.state, order.result) == (OrderStage.REPORTED, "已派人换表")
        order = world.do(order, "confirm_order", "王经理", at("2026-03-03", 9), **SOLVED)
        assert order.state == OrderStage.SOLVED

    def test_an_instructed_department_that_is_late_again_climbs_on(self, world: World) -> None:
        order = world.let_pass(world.send(), at(MONDAY, 15))
        world.do(
            order, "decide_order", "市领导", at(MONDAY, 16), outcome="instructed", remark="快办"
        )

        order = world.let_pass(order, at("2026-03-10", 9))

        assert (order.holder.code, order.work_late, order.climbs) == ("P", True, 2)

    def test_passes_a_rung_that_nobody_holds(self, world: World) -> None:
        order = world.send()
        leader = world.employee("市领导")
        leader.roles = [Role.CASHIER]
        leader.save()

        order = world.let_pass(order, at(MONDAY, 15))

        assert order.holder.code == "P"

    def test_work_of_the_jobs_twice_climbs_once(self, world: World) -> None:
        order = world.let_pass(world.send(), at(MONDAY, 15))

        assert world.let_pass(order, at(MONDAY, 15)).climbs == 1


class TestWithdrawing:
    def test_ends_the_process_and_counts_nowhere(self, world: World) -> None:
        order = world.send()

        sending.withdraw_order(
            number=order.number, reason="客户自行解决", by=world.people["王经理"], at=at(MONDAY, 10)
        )

        order = world.fresh(order)
        assert (order.state, order.closed_at) == (OrderStage.DROPPED, at(MONDAY, 10))
        assert not UserTask.objects.open().filter(instance=order.process_id).exists()

    def test_is_refused_to_a_colleague(self, world: World) -> None:
        order = world.send()

        with pytest.raises(UnableToOrder, match="只有下达人可以撤回指令"):
            sending.withdraw_order(
                number=order.number, reason="x", by=world.people["李经理"], at=at(MONDAY, 10)
            )

        assert world.fresh(order).state == OrderStage.SENT

    def test_needs_a_reason(self, world: World) -> None:
        order = world.send()

        with pytest.raises(UnableToOrder, match="请写明撤回的原因"):
            sending.withdraw_order(
                number=order.number, reason=" ", by=world.people["王经理"], at=at(MONDAY, 10)
            )


class TestRating:
    def closed(self, world: World) -> DepartmentOrder:
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 10), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at("2026-03-03", 15), result="换表")
        return world.do(order, "confirm_order", "王经理", at("2026-03-04", 9), **SOLVED)

    def test_the_department_rates_the_order_too(self, world: World) -> None:
        order = self.closed(world)

        given = rating.rate_order(
            number=order.number, score=4, word="地址写得清楚", by=world.people["计量员"],
            at=at("2026-03-05"),
        )  # fmt: skip

        assert (given.side, given.score) == ("provider", 4)
        assert Entry.objects.filter(event="key_accounts.order.rated").count() == 2

    def test_once_a_side(self, world: World) -> None:
        order = self.closed(world)

        with pytest.raises(UnableToRateOrder, match="各评一次"):
            rating.rate_order(
                number=order.number, score=1, word="x", by=world.people["王经理"],
                at=at("2026-03-05"),
            )  # fmt: skip

        assert OrderRating.objects.count() == 1

    @pytest.mark.parametrize(("score", "word", "said"), [(6, "x", "1 至 5"), (3, " ", "评语")])
    def test_needs_a_score_and_a_word(self, world: World, score: int, word: str, said: str) -> None:
        order = self.closed(world)

        with pytest.raises(UnableToRateOrder, match=said):
            rating.rate_order(
                number=order.number, score=score, word=word, by=world.people["计量员"],
                at=at("2026-03-05"),
            )  # fmt: skip

    def test_not_before_it_is_finished(self, world: World) -> None:
        order = world.send()

        with pytest.raises(UnableToRateOrder, match="只有办结的指令"):
            rating.rate_order(
                number=order.number, score=5, word="x", by=world.people["计量员"], at=SENT_AT
            )


class TestSeeing:
    def test_department_sees_the_order_although_not_the_customer(self, world: World) -> None:
        order = world.send()

        seen = DepartmentOrder.objects.visible_to(world.people["计量员"])
        assert list(seen) == [order]

    @pytest.mark.parametrize("name", ["邻县经理", "调度员", "核算员"])
    def test_others_do_not(self, world: World, name: str) -> None:
        world.send()

        assert not DepartmentOrder.objects.visible_to(world.people[name]).exists()
        assert OrganizationUnit.objects.exists()
