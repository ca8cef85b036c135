"""Orders and mandates for programs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from busbar.access.models import Mandate
from busbar.access.operations.passwords import choose_language
from busbar.key_accounts.models import DepartmentOrder
from tests.api.affair import ROOT, client_of
from tests.key_accounts.managers.conftest import world
from tests.key_accounts.managers.world import MONDAY, World, at

__all__ = ["world"]
Program = Callable[[str], Client]
ORDER = {"customer": "K1", "kind": "metering_fault", "title": "不走字", "details": "请到现场"}


@pytest.fixture
def program(world: World) -> Program:
    """A program of somebody by name."""
    return lambda name: client_of(world.employee(name).user)


def post(client: Client, path: str, body: object) -> tuple[int, dict[str, object]]:
    answer = client.post(f"{ROOT}/{path}", body, content_type="application/json")
    return answer.status_code, answer.json()


class TestSending:
    def test_answers_with_the_task_and_its_due_moment(self, world: World, program: Program) -> None:
        status, told = post(program("王经理"), "department-orders", ORDER)

        assert status == 200
        assert (told["department"], told["state"]) == ("市计量中心", "sent")
        assert told["task_id"] is not None
        assert told["due_at"] is not None

    def test_says_which_limit_refuses_it(self, world: World, program: Program) -> None:
        asked = {**ORDER, "kind": "bill_review", "amount_yuan": "250000.00"}

        status, told = post(program("王经理"), "department-orders", asked)

        assert status == 409
        assert "金额限 100000 元以内" in str(told["detail"])
        assert not DepartmentOrder.objects.exists()

    def test_says_so_in_one_language_whatever_the_person_reads(self, world: World) -> None:
        user = world.employee("王经理").user
        choose_language(user=user, language="en")
        browser = Client()
        browser.force_login(user)
        asked = {**ORDER, "kind": "bill_review", "amount_yuan": "250000.00"}

        told = browser.post(
            "/api/v1/department-orders", asked, content_type="application/json"
        ).json()["detail"]

        assert "金额限 100000 元以内" in told
        assert not re.search("[A-Za-z]{4}", told)

    @pytest.mark.parametrize(
        "wrong", [{"amount_yuan": "-1"}, {"title": ""}, {"hours": "x"}, {"surprise": 1}]
    )
    def test_refuses_a_body_that_cannot_be(
        self, world: World, program: Program, wrong: dict[str, object]
    ) -> None:
        status, _ = post(program("王经理"), "department-orders", {**ORDER, **wrong})

        assert status == 422
        assert not DepartmentOrder.objects.exists()

    def test_is_for_those_who_may_order(self, world: World, program: Program) -> None:
        assert post(program("计量员"), "department-orders", ORDER)[0] == 403


class TestReading:
    def test_shows_an_order_with_its_course(self, world: World, program: Program) -> None:
        order = world.send()

        told = program("计量员").get(f"{ROOT}/department-orders/{order.number}").json()

        assert [step["kind"] for step in told["steps"]] == ["sent"]
        assert told["mandate"] == "metering"

    def test_lists_by_whose_they_are(self, world: World, program: Program) -> None:
        world.send()
        address = f"{ROOT}/department-orders?whose=mine"

        assert len(program("王经理").get(address).json()["items"]) == 1
        assert program("李经理").get(address).json()["items"] == []

    @pytest.mark.parametrize("name", ["邻县经理", "调度员"])
    def test_does_not_know_another_s_order(self, world: World, program: Program, name: str) -> None:
        order, client = world.send(), program(name)

        assert client.get(f"{ROOT}/department-orders/{order.number}").status_code == 404
        for verb in ("rating", "withdrawal"):
            body = {"score": 5, "word": "x"} if verb == "rating" else {"reason": "x"}
            assert post(client, f"department-orders/{order.number}/{verb}", body)[0] == 404
        assert world.fresh(order).state == "sent"


class TestEnding:
    def test_withdraws(self, world: World, program: Program) -> None:
        order = world.send()

        status, told = post(
            program("王经理"), f"department-orders/{order.number}/withdrawal", {"reason": "好了"}
        )

        assert (status, told["state"], told["task_id"]) == (200, "dropped", None)

    def test_rates_as_the_department(self, world: World, program: Program) -> None:
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 10), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at(MONDAY, 15), result="换表")
        world.do(
            order, "confirm_order", "王经理", at("2026-03-03"),
            outcome="solved", remark="好了", score="5", word="快",
        )  # fmt: skip

        status, told = post(
            program("计量员"), f"department-orders/{order.number}/rating",
            {"score": 3, "word": "要求不清"},
        )  # fmt: skip

        assert status == 200
        assert len(told["ratings"]) == 2  # type: ignore[arg-type]


class TestMandates:
    def test_lists_those_one_holds(self, world: World, program: Program) -> None:
        told = program("王经理").get(f"{ROOT}/mandates?held=true").json()

        assert {row["code"] for row in told} == {
            "bill", "data", "fault", "metering", "outage", "safety", "survey",
        }  # fmt: skip
        assert [rung["level"] for rung in told[0]["rungs"]] == ["county", "city", "province"]

    def test_enters_a_stricter_version_and_refuses_a_looser(
        self, world: World, program: Program
    ) -> None:
        version = {
            "unit": "A", "most_amount_yuan": "50000.00", "valid_from": "2026-12-01",
            "reason": "从严", "source": "甲县1号",
        }  # fmt: skip

        status, told = post(program("县领导"), "mandates/bill/versions", version)
        assert (status, told["unit"], told["most_amount_yuan"]) == (200, "A", "50000.00")
        looser = {**version, "most_amount_yuan": "100000.01", "valid_from": "2026-12-02"}
        status, told = post(program("县领导"), "mandates/bill/versions", looser)

        assert status == 409
        assert Mandate.objects.exclude(unit=None).count() == 1

    def test_knows_no_unit_outside_the_branch(self, world: World, program: Program) -> None:
        version = {"unit": "B", "valid_from": "2026-12-01", "reason": "x", "source": "y"}

        assert post(program("县领导"), "mandates/bill/versions", version)[0] == 404
