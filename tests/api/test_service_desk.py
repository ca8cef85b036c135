"""Talks, promises, complaints, plans for programs: of one's branch, and of nobody else's."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, Role
from busbar.access.visibility import Viewer
from busbar.customers.models import AccountTeamMember, TeamRole
from busbar.key_accounts import operations as key_operations
from busbar.service_desk import operations
from busbar.service_desk.models import Promise, PromisePublication
from tests.api.affair import ROOT, client_of, get, post
from tests.imports.world import make_viewer
from tests.payments.world import at
from tests.service_desk.world import MONDAY, SYSTEM, Desk, make_desk
from tests.worlds import keep

pytestmark = pytest.mark.django_db
LISTS = (
    "interactions", "promises", "complaints", "account-plans", "service-dues", "opportunities",
)  # fmt: skip


@pytest.fixture
def desk(db: None) -> Desk:
    """Something of everything."""
    return keep(_make_desk)


def _make_desk() -> Desk:
    desk = make_desk()
    key_operations.load_services_seed(at=at("2026-01-01"))
    desk.promise()
    desk.complain()
    key_operations.open_plan(customer_number="K1", year=2026, by=desk.manager, at=at(MONDAY))
    key_operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
    key_operations.find_opportunity(
        customer_number="K1", product_code="energy_audit", reason="x", expected_yuan=Decimal(1),
        by=desk.manager, at=at(MONDAY),
    )  # fmt: skip
    operations.score_customers(customer_ids=[desk.customer.pk], by=SYSTEM, at=at(MONDAY, 12))
    return desk


def another(desk: Desk) -> None:
    """A second customer with a plan, a service, a chance and an index."""
    AccountTeamMember.objects.create(
        customer=desk.other, employee_id=desk.manager.employee_id, role=TeamRole.LEAD
    )
    key_operations.open_plan(customer_number="K2", year=2026, by=desk.manager, at=at(MONDAY))
    key_operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
    key_operations.find_opportunity(
        customer_number="K2", product_code="energy_audit", reason="x", expected_yuan=Decimal(1),
        by=desk.manager, at=at(MONDAY),
    )  # fmt: skip
    operations.score_customers(customer_ids=[desk.other.pk], by=SYSTEM, at=at(MONDAY, 12))


def program_of(viewer: Viewer) -> Client:
    return client_of(Employee.objects.get(pk=viewer.employee_id).user)


class TestReading:
    def test_every_list_shows_the_branch_its_rows_and_the_neighbor_none(self, desk: Desk) -> None:
        own, stranger = program_of(desk.agent), program_of(desk.neighbor)

        for path in LISTS:
            found, foreign = get(own, path), get(stranger, path)
            assert len(found["items"]) >= 1, path
            assert foreign["items"] == [], path
        assert [row["customer_number"] for row in get(own, "satisfaction")["items"]] == ["K1"]
        assert get(stranger, "satisfaction")["items"] == []

    @pytest.mark.parametrize(
        "path", ["account-plans", "service-dues", "opportunities", "satisfaction"]
    )
    def test_lists_are_read_on_row_by_row_to_their_end(self, desk: Desk, path: str) -> None:
        client = program_of(desk.agent)
        another(desk)
        whole = get(client, f"{path}?limit=200")
        assert whole["next"] is None

        found, after = [], ""
        while after is not None:
            page = get(client, f"{path}?limit=1&after={quote(after)}")
            found += page["items"]
            after = page["next"]

        assert found == whole["items"]
        assert len(found) > 1
        assert client.get(f"{ROOT}/{path}?after=x").status_code == 409

    @pytest.mark.parametrize("role", list(Role))
    def test_one_row_is_for_every_role_of_the_branch_and_for_no_other(
        self, desk: Desk, role: Role
    ) -> None:
        own = program_of(make_viewer(desk.units["310101"], role, number="E81"))
        other = program_of(make_viewer(desk.units["310102"], role, number="E82"))
        promise = Promise.objects.get()

        for path in (
            f"promises/{promise.pk}",
            f"interactions/{promise.interaction_id}",
            "complaints/TS-310101-260309-001",
        ):
            assert own.get(f"{ROOT}/{path}").status_code == 200, path
            assert other.get(f"{ROOT}/{path}").status_code == 404, path
            assert Client().get(f"{ROOT}/{path}").status_code == 401, path

    def test_lists_take_the_same_queries_for_few_and_for_many(self, desk: Desk) -> None:
        client, counts = program_of(desk.agent), []
        for _ in range(2):
            for path in ("promises", "interactions", "complaints"):
                with CaptureQueriesContext(connection) as seen:
                    get(client, path)
                counts.append(len(seen))
            for _more in range(5):
                desk.promise()
                desk.complain()

        assert counts[:3] == counts[3:]


class TestWriting:
    def test_a_promise_is_made_and_kept(self, desk: Desk) -> None:
        client = program_of(desk.manager)
        talk = client.post(
            f"{ROOT}/interactions",
            {
                "customer_number": "K1", "kind": "call", "subject": "回电",
                "happened_at": "2026-03-09T09:00:00+08:00", "minutes": "谈妥",
            },
            content_type="application/json",
        ).json()  # fmt: skip
        made = client.post(
            f"{ROOT}/promises",
            {"interaction_id": talk["id"], "text": "送资料", "due_days": 2, "made_to": "王厂长"},
            content_type="application/json",
        ).json()
        kept = client.post(
            f"{ROOT}/promises/{made['id']}/keep",
            {"evidence": "已送达"},
            content_type="application/json",
        )

        assert kept.status_code == 200
        assert kept.json()["state"] == "kept"

    def test_the_regulator_and_the_neighbor_change_nothing(self, desk: Desk) -> None:
        promise = Promise.objects.get()
        before = Promise.objects.values().get()
        regulator = make_viewer(desk.units["310101"], Role.REGULATOR, number="E90")
        for viewer, status in ((regulator, 403), (desk.neighbor, 404)):
            answer = program_of(viewer).post(
                f"{ROOT}/promises/{promise.pk}/keep",
                {"evidence": "x"},
                content_type="application/json",
            )
            assert answer.status_code == status
        assert Promise.objects.values().get() == before


class TestPromiseLinks:
    def test_are_made_read_and_taken_back(self, desk: Desk) -> None:
        program = program_of(desk.manager)

        made = post(program, "promise-links", {"customer": "K1", "given_to": "王厂长"})

        address = urlsplit(made["address"]).path
        assert "更换计量箱" in Client().get(address).content.decode()
        assert [row["given_to"] for row in get(program, "promise-links", customer="K1")] == [
            "王厂长"
        ]
        post(program, f"promise-links/{made['id']}/revoke")
        assert Client().get(address).status_code == 404
        assert get(program, "promise-links", customer="K1") == []
        post(program, f"promise-links/{made['id']}/revoke", status=409)

    def test_show_bills_where_so_asked(self, desk: Desk) -> None:
        program, asked = program_of(desk.manager), {"customer": "K1", "given_to": "李会计"}

        plain = post(program, "promise-links", asked)
        made = post(program, "promise-links", asked | {"shows_bills": True})

        assert (plain["shows_bills"], made["shows_bills"]) == (False, True)
        rows = get(program, "promise-links", customer="K1")
        assert {row["id"]: row["shows_bills"] for row in rows} == {
            plain["id"]: False,
            made["id"]: True,
        }
        pages = [Client().get(urlsplit(row["address"]).path) for row in (plain, made)]
        assert ["还没有可看的账单" in page.content.decode() for page in pages] == [False, True]
        post(program, "promise-links", asked | {"shows_bills": "maybe"}, status=422)

    def test_are_of_the_branch_and_need_the_permission(self, desk: Desk) -> None:
        asked = {"customer": "K1", "given_to": "王厂长"}

        post(program_of(desk.colleague), "promise-links", asked, status=403)
        stranger = program_of(desk.neighbor)
        post(stranger, "promise-links", asked, status=409)
        assert stranger.get(f"{ROOT}/promise-links?customer=K1").status_code == 404
        assert not PromisePublication.objects.exists()
