"""Portfolios, handovers, measures for programs: by everybody, and nothing of another branch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from busbar.access.models import Role
from busbar.customers.models import AccountTeamMember, Customer, CustomerGroup
from tests.api.affair import ROOT, client_of
from tests.key_accounts.managers.conftest import world
from tests.key_accounts.managers.test_measures import sign, solve
from tests.key_accounts.managers.test_portfolios import certify
from tests.key_accounts.managers.world import World
from tests.worlds import keep

__all__ = ["world"]
DAYS = "since=2026-03-01&until=2026-04-01"
PATHS = (
    "department-orders", "mandates", "portfolios", "portfolios/unowned",
    "portfolios/balance/AK", "portfolios/of/E004", "handovers",
    f"order-measures?by=manager&{DAYS}", "manager-qualifications",
    f"service-agreements/sheet?{DAYS}", "service-standards", "team",
)  # fmt: skip
HAND = {"from_employee": "E004", "to_employee": "E005", "reason": "调走"}


@pytest.fixture
def told(world: World) -> World:
    """An order solved, an agreement, two qualified managers, a customer without a lead."""
    return keep(_tell, world)


def _tell(world: World) -> World:
    sign(world)
    solve(world, world.send())
    certify(world, "王经理")
    certify(world, "李经理")
    world.customer("K2")
    return world


@pytest.fixture
def program(told: World) -> Callable[[str], Client]:
    return lambda name: client_of(told.employee(name).user)


@pytest.mark.parametrize("role", list(Role))
class TestEveryRole:
    def test_reads_its_branch(self, told: World, role: Role) -> None:
        told.hire("某人", "A", role)
        client = client_of(told.employee("某人").user)

        for path in PATHS:
            assert client.get(f"{ROOT}/{path}").status_code == 200, path

    def test_sees_nothing_of_another_county(self, told: World, role: Role) -> None:
        told.hire("邻居", "B", role)
        client = client_of(told.employee("邻居").user)

        for path in PATHS:
            answer = client.get(f"{ROOT}/{path}").content.decode()
            assert "客户K" not in answer, path
            assert "王经理" not in answer, path
            assert "E004" not in answer, path


class TestHandover:
    def test_hands_over_and_returns(self, told: World, program: Callable[[str], Client]) -> None:
        client = program("县领导")
        made = client.post(f"{ROOT}/handovers", HAND, content_type="application/json")
        assert (made.status_code, made.json()["state"]) == (200, "stands")

        back = client.post(
            f"{ROOT}/handovers/{made.json()['number']}/return",
            {"reason": "误操作"},
            content_type="application/json",
        )
        assert back.status_code == 200
        assert AccountTeamMember.objects.get(role="lead").employee.name == "王经理"

    def test_is_refused_to_a_manager_of_customers(
        self, told: World, program: Callable[[str], Client]
    ) -> None:
        answer = program("王经理").post(f"{ROOT}/handovers", HAND, content_type="application/json")

        assert answer.status_code == 403
        assert AccountTeamMember.objects.get(role="lead").employee.name == "王经理"

    def test_assigns_a_lead(self, told: World, program: Callable[[str], Client]) -> None:
        answer = program("县领导").post(
            f"{ROOT}/portfolios/assignments",
            {"customer": "K2", "employee": "E005"},
            content_type="application/json",
        )

        assert answer.json()["items"][0]["role"] == "lead"


class TestMeasures:
    def test_tells_shares_with_their_intervals(
        self, told: World, program: Callable[[str], Client]
    ) -> None:
        (line,) = program("市领导").get(f"{ROOT}/order-measures?by=manager&{DAYS}").json()

        assert (line["closed"], line["solved"]["part"], line["is_ranked"]) == (1, 1, False)
        assert round(line["solved"]["low"], 4) == 0.2065


class TestTeam:
    def test_tells_how_managers_and_companies_stand(
        self, told: World, program: Callable[[str], Client]
    ) -> None:
        team = program("市领导").get(f"{ROOT}/team").json()

        assert [(row["unit"], row["managers"]) for row in team["units"]] == [("C", 1), ("A", 1)]
        (manager,) = team["managers"]
        assert (manager["name"], manager["unit"]) == ("王经理", "AK")
        assert manager["standing"]["customers"] == team["whole"]["customers"] == 1
        assert (team["month"], team["whole"]["growth_percent"]) == ("", None)

    @pytest.mark.parametrize("path", ["portfolios", f"order-measures?by=manager&{DAYS}"])
    def test_counts_a_groups_customers_only(
        self, told: World, program: Callable[[str], Client], path: str
    ) -> None:
        Customer.objects.filter(number="K2").update(
            group=CustomerGroup.objects.create(code="G1", name="东海集团")
        )
        client, glue = program("市领导"), "&" if "?" in path else "?"

        assert client.get(f"{ROOT}/{path}").json()
        assert client.get(f"{ROOT}/{path}{glue}group=G1").json() == []
        assert client.get(f"{ROOT}/team?group=G1").json()["managers"] == []
