"""变更用电, 计量装接, 用电服务: lists, the judgement while it is typed, new ones, their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from busbar.connections.changes.eligibility import CONDITIONS
from busbar.connections.models import (
    ChangeKind,
    MeteringOrder,
    ServiceOrder,
    SupplyChange,
)
from busbar.connections.operations import orders as order_operations
from busbar.jobs import connections, outbox
from busbar.jobs.outbox import Reaction
from busbar.workflow.models import InstanceState, ProcessInstance, UserTask
from tests.console.connections.conftest import NOW, Office

HTMX = {"HX-Request": "true"}
REACTIONS = (
    Reaction("connections.processes", connections.PROCESS_PREFIXES, connections.move_processes),
)


def renaming(**changes: Any) -> dict[str, Any]:
    return {
        "account": "3301",
        "kind": "renaming",
        "starts_on": "2026-03-20",
        "new_name": "东海新厂",
        "confirmed": list(CONDITIONS),
    } | changes


def publish(office: Office, topic: str, answer: str) -> ServiceOrder:
    clerk = office.company.people["clerk"]
    order = order_operations.order_service(
        kind="consultation",
        customer=office.account("7701").customer,
        topic=topic,
        request="何时为谷段",
        by=clerk,
        at=NOW,
    )
    order_operations.do_service_order(order_id=order.pk, result=answer, by=clerk, at=NOW)
    return order_operations.publish_answer(order_id=order.pk, by=clerk, at=NOW)


class TestNewChange:
    def test_chooses_account_then_kind_then_asks_only_what_the_kind_needs(
        self, office: Office
    ) -> None:
        office.account()
        client = office.client("clerk")

        found = client.get("/changes/new/?q=3301", headers=HTMX).content.decode()
        kinds = client.get("/changes/new/?account=3301").content.decode()
        form = client.get("/changes/new/?account=3301&kind=renaming").context["form"]

        assert "account=3301" in found
        assert "kind=renaming" in kinds
        assert list(form.fields) == ["starts_on", "new_name", "reason"]

    @pytest.mark.parametrize("kind", ChangeKind.values)
    def test_every_kind_has_a_form_that_is_judged(self, office: Office, kind: str) -> None:
        office.account()
        client = office.client("clerk")

        assert client.get(f"/changes/new/?account=3301&kind={kind}").status_code == 200
        judged = client.post("/changes/judgement/", {"account": "3301", "kind": kind})
        assert judged.status_code == 200

    def test_judgement_names_rule_clause_and_certainty_and_writes_nothing(
        self, office: Office
    ) -> None:
        office.account()
        client = office.client("clerk")
        typed = {
            "account": "3301",
            "kind": "capacity_reduction",
            "starts_on": "2026-03-04",
            "ends_on": "2026-03-10",
        }

        page = client.post("/changes/judgement/", typed, headers=HTMX).content.decode()

        assert "不能受理" in page
        assert "依据" in page
        assert "供电营业规则" in page
        assert not SupplyChange.objects.exists()

    def test_is_taken_in_and_sent_for_approval(self, office: Office) -> None:
        office.account()

        answer = office.client("clerk").post("/changes/new/", renaming())

        change = SupplyChange.objects.get()
        assert answer["Location"] == f"/changes/{change.number}/"
        assert change.facts["new_name"] == "东海新厂"
        assert ProcessInstance.objects.get(pk=change.process_id).tasks.get().element == (
            "approve_change"
        )

    def test_what_the_rule_refuses_leaves_nothing(self, office: Office) -> None:
        office.account()

        answer = office.client("clerk").post("/changes/new/", renaming(confirmed=[]))

        assert answer.status_code == 422
        assert "应满足" in answer.content.decode()
        assert 'value="东海新厂"' in answer.content.decode()
        assert not SupplyChange.objects.exists()
        assert not ProcessInstance.objects.exists()

    @pytest.mark.parametrize("part", ["regulator", "manager", "dispatch"])
    def test_is_refused_to_who_does_not_handle_changes(self, office: Office, part: str) -> None:
        office.account()
        client = office.client(part)

        assert client.get("/changes/new/").status_code == 403
        assert client.post("/changes/new/", renaming()).status_code == 403
        assert client.post("/changes/judgement/", renaming()).status_code == 403
        assert not SupplyChange.objects.exists()

    def test_an_account_of_another_branch_is_not_there(self, office: Office) -> None:
        office.account()

        assert office.client("station").get("/changes/new/?account=3301").status_code == 404


class TestChange:
    def test_page_shows_what_waits_and_is_withdrawn_with_its_process(
        self, office: Office, queries: Callable[[Client, str], int]
    ) -> None:
        office.account()
        client = office.client("clerk")
        client.post("/changes/new/", renaming())
        change = SupplyChange.objects.get()
        address = f"/changes/{change.number}/"

        assert queries(client, address) <= 30
        assert "审批变更" not in office.client("station").get("/changes/").content.decode()
        assert client.post(f"{address}withdraw/", {"reason": ""}).status_code == 422
        client.post(f"{address}withdraw/", {"reason": "不改了"})
        outbox.work_off(REACTIONS)

        change.refresh_from_db()
        assert change.state == "withdrawn"
        process = ProcessInstance.objects.get(pk=change.process_id)
        assert process.state == InstanceState.CANCELLED

    def test_list_is_narrowed_and_survives_addresses_made_up(self, office: Office) -> None:
        office.account()
        client = office.client("clerk")
        client.post("/changes/new/", renaming())

        assert len(client.get("/changes/?kind=renaming").context["changes"]) == 1
        assert len(client.get("/changes/?kind=closure").context["changes"]) == 0
        assert len(client.get("/changes/?q=3301").context["changes"]) == 1
        assert client.get("/changes/?before=99999999999999999999&kind=x").status_code == 200

    def test_is_not_there_for_another_branch(self, office: Office) -> None:
        office.account()
        office.client("clerk").post("/changes/new/", renaming())
        number = SupplyChange.objects.get().number

        assert office.client("planning").get(f"/changes/{number}/").status_code == 404


class TestMeteringOrders:
    def order(self, client: Client, **changes: str) -> Any:
        values = {
            "account_number": "3301",
            "kind": "install",
            "usage_point": "UP3301",
            "reason": "新装",
        }
        return client.post("/orders/metering/new/", values | changes)

    def test_is_ordered_shown_and_called_off(
        self, office: Office, queries: Callable[[Client, str], int]
    ) -> None:
        office.account()
        client = office.client("clerk")

        self.order(client)
        order = MeteringOrder.objects.get()
        address = f"/orders/metering/{order.number}/"
        cost = queries(client, address)
        refused = client.post(f"{address}cancel/", {"reason": ""})
        client.post(f"{address}cancel/", {"reason": "改期"})
        outbox.work_off(REACTIONS)

        order.refresh_from_db()
        assert cost <= 28
        assert refused.status_code == 422
        assert order.state == "cancelled"
        process = ProcessInstance.objects.get(pk=order.process_id)
        assert process.state == InstanceState.CANCELLED
        assert len(client.get("/orders/metering/?state=cancelled").context["orders"]) == 1

    def test_a_refusal_is_said_and_nothing_is_kept(self, office: Office) -> None:
        office.account()

        answer = self.order(office.client("clerk"), kind="replace")

        assert answer.status_code == 422
        assert answer.context["form"].non_field_errors()
        assert not MeteringOrder.objects.exists()

    def test_is_not_ordered_by_others(self, office: Office) -> None:
        office.account()

        assert self.order(office.client("manager")).status_code == 403
        assert not MeteringOrder.objects.exists()


class TestServiceOrders:
    def test_is_taken_down_and_shown(
        self, office: Office, queries: Callable[[Client, str], int]
    ) -> None:
        account = office.account()
        client = office.client("clerk")

        chosen = client.get("/orders/service/new/?q=3301", headers=HTMX).content.decode()
        client.post(
            "/orders/service/new/",
            {
                "customer_number": account.customer.number,
                "kind": "consultation",
                "account": "3301",
                "topic": "峰谷",
                "request": "何时为谷段",
            },
        )

        order = ServiceOrder.objects.get()
        assert "customer=K3301" in chosen
        assert order.account == account
        assert queries(client, f"/orders/service/{order.number}/") <= 28
        assert office.client("planning").get(
            f"/orders/service/{order.number}/"
        ).status_code == 404  # fmt: skip

    def test_published_answers_are_found_by_every_word_without_a_name(self, office: Office) -> None:
        publish(office, "分时电价", "谷段为零点至八点")
        client = office.client("planning")

        found = client.get("/answers/?q=谷段 分时").content.decode()
        nothing = client.get("/answers/?q=谷段 力调", headers=HTMX).content.decode()

        assert "谷段为零点至八点" in found
        assert "东海7701厂" not in found
        assert "没有含这些词的答复" in nothing


class TestTaskOfAChange:
    def test_says_what_changes_where_and_when(self, office: Office) -> None:
        office.account()
        office.client("clerk").post("/changes/new/", renaming(reason="企业改制"))
        change = SupplyChange.objects.get()
        task = UserTask.objects.get(instance=change.process_id)

        page = office.client("manager").get(f"/work/tasks/{task.pk}/").content.decode()

        for words in (change.number, "更名", "3301 东海3301厂", "工业路 9 号", "自 2026-03-20 起"):
            assert words in page
        assert f"/changes/{change.number}/" in page
