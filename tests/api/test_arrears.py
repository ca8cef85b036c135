"""Dunning cases and stops for programs: every role of the branch reads them, nobody else does."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.arrears.models import CaseState
from busbar.customers.models import AccountTeamMember
from tests.api.affair import ROOT, client_of, get, post
from tests.arrears.world import Ladder, make_ladder
from tests.imports.world import make_viewer
from tests.worlds import keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def ladder(db: None) -> Ladder:
    """A case whose supply was stopped."""
    return keep(_stop)


def _stop() -> Ladder:
    ladder = make_ladder()
    ladder.open()
    ladder.to_stop()
    return ladder


def program_of(viewer: Viewer) -> Client:
    return client_of(Employee.objects.get(pk=viewer.employee_id).user)


def manager(ladder: Ladder) -> Client:
    """Somebody of the county who sees all its 户号."""
    return program_of(make_viewer(ladder.world.county, Role.MANAGER, number="E80"))


def addresses(ladder: Ladder) -> list[str]:
    case = ladder.case()
    assert case.outage is not None
    return [
        f"dunning-cases/{case.number}",
        f"outages/{case.outage.number}",
        f"outages/{case.outage.number}/affected",
    ]


class TestReading:
    def test_tells_a_case_with_what_was_done(self, ladder: Ladder) -> None:
        case = ladder.case()

        shown = get(manager(ladder), f"dunning-cases/{case.number}")

        assert (shown["account_number"], shown["state"]) == ("3101000001", CaseState.STOPPED)
        assert shown["steps"][0]["kind"] == "reminded"

    def test_lists_take_the_same_queries_for_few_and_for_many(self, ladder: Ladder) -> None:
        client = manager(ladder)
        counts = []
        for number in ("3101000018", "3101000019"):
            for path in ("dunning-cases", "outages"):
                with CaptureQueriesContext(connection) as seen:
                    assert len(get(client, path)["items"]) >= 1
                counts.append(len(seen))
            more = ladder.world.account(number)
            ladder.world.bill(more, "500.00")
            ladder.open()

        assert counts[:2] == counts[2:]

    @pytest.mark.parametrize("role", list(Role))
    def test_is_for_every_role_of_the_branch_and_for_no_other(
        self, ladder: Ladder, role: Role
    ) -> None:
        own = program_of(make_viewer(ladder.world.county, role, number="E81"))
        other = OrganizationUnit.objects.create(
            code="N", name="邻县公司", kind="county", parent=ladder.world.province, path="000009"
        )
        stranger = program_of(make_viewer(other, role, number="E82"))

        for path in addresses(ladder):
            assert own.get(f"{ROOT}/{path}").status_code == 200, path
            assert stranger.get(f"{ROOT}/{path}").status_code == 404, path
            assert Client().get(f"{ROOT}/{path}").status_code == 401, path
        assert get(stranger, "dunning-cases")["items"] == []
        assert get(stranger, "outages")["items"] == []


class TestPausing:
    def test_a_promise_is_noted_ended_and_refused_without_its_day(self, db: None) -> None:
        ladder = make_ladder()
        case = ladder.open()
        client = program_of(make_viewer(ladder.world.county, Role.CASHIER, number="E83"))
        path = f"dunning-cases/{case.number}"

        told = post(client, f"{path}/pause", {"kind": "promise", "reason": "分期"}, status=409)
        assert "到期日" in told["detail"]
        shown = post(
            client, f"{path}/pause", {"kind": "promise", "reason": "分期", "until": "2099-01-31"}
        )
        assert (shown["next_step"], shown["next_at"][:10]) == ("promise", "2099-01-31")
        shown = post(client, f"{path}/resume", {"reason": "未按期缴"})
        assert shown["next_step"] == "demand"

    def test_takes_the_right_to_collect(self, db: None) -> None:
        ladder = make_ladder()
        case = ladder.open()
        client = program_of(make_viewer(ladder.world.county, Role.DISPATCHER, number="E84"))
        asked = {"kind": "dispute", "reason": "异议"}
        post(client, f"dunning-cases/{case.number}/pause", asked, status=403)
        post(client, "dunning-cases/CF-X/pause", asked, status=404)
        assert not case.pauses.exists()

    def test_cases_are_listed_by_whoever_leads_the_customer_s_team(self, db: None) -> None:
        ladder = make_ladder()
        case = ladder.open()
        leader = Employee.objects.get(pk=ladder.collector.employee_id)
        AccountTeamMember.objects.create(
            customer=case.account.customer, employee=leader, role="lead"
        )
        client = manager(ladder)

        led = get(client, f"dunning-cases?manager={leader.number}")["items"]
        assert [row["number"] for row in led] == [case.number]
        assert get(client, "dunning-cases?manager=E404")["items"] == []
