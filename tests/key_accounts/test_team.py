"""A team's page adds up what its managers' customers got, kept, say, and are worth."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.console.templatetags.managers import standing_cells
from busbar.key_accounts.queries.team import Standing, get_team, together
from busbar.service_desk import operations as desk_operations
from busbar.service_desk.models import SatisfactionScore
from tests.console.english import words_of
from tests.key_accounts.managers.conftest import world
from tests.key_accounts.managers.world import MONDAY, World, at

__all__ = ["world"]
pytestmark = pytest.mark.django_db
LATER = dt.timedelta(days=20)


def meet(world: World, customer: str, name: str) -> None:
    """A visit held by the manager, with a promise due within the week that nobody keeps."""
    owner = world.employee(name)
    held = desk_operations.record_interaction(
        customer_number=customer, kind="visit", subject="走访", happened_at=at(MONDAY, 8),
        minutes="谈检修", their_people="厂长", owner_id=owner.pk, by=world.people[name],
        at=at(MONDAY, 9),
    )  # fmt: skip
    desk_operations.make_promise(
        text="答复", due_days=3, owner_id=owner.pk, made_to="厂长", by=world.people[name],
        at=at(MONDAY, 9), interaction_id=held.pk,
    )  # fmt: skip


class TestATeam:
    def test_counts_customers_visits_and_promises_of_each_manager(self, world: World) -> None:
        for number, name in (("K2", "王经理"), ("K3", "李经理")):
            world.team(world.customer(number), name)
        meet(world, "K1", "王经理")

        team = get_team(SYSTEM_VIEWER, at=at(MONDAY, 10) + LATER)

        found = {one.employee.name: one.standing for one in team.managers}
        assert (found["王经理"].customers, found["王经理"].visited) == (2, 1)
        assert found["王经理"].coverage == 50
        assert (found["王经理"].kept.late, found["王经理"].kept.share) == (1, 0)
        assert found["李经理"].coverage == 0
        assert found["李经理"].kept.share is None

    def test_adds_managers_up_to_county_city_and_province(self, world: World) -> None:
        world.team(world.customer("K9", "B"), "邻县经理")
        customer = world.customer("K2")
        world.team(customer, "王经理")
        for score in ("60", "80"):
            SatisfactionScore.objects.create(
                customer=customer, at=at(MONDAY), checked_at=at(MONDAY), score=Decimal(score),
                low=50, high=90, prior=70, evidence_weight=1, evidence_sum=70,
                is_current=score == "80",
            )  # fmt: skip

        team = get_team(SYSTEM_VIEWER, at=at(MONDAY, 10))

        assert [(u.unit.code, u.managers, u.standing.customers) for u in team.units] == [
            ("P", 2, 3), ("C", 2, 3), ("A", 1, 2), ("B", 1, 1),
        ]  # fmt: skip
        assert team.whole.satisfaction == 80
        assert team.whole.customers == 3

    def test_shows_a_county_only_its_own(self, world: World) -> None:
        world.team(world.customer("K9", "B"), "邻县经理")

        team = get_team(world.people["县领导"], at=at(MONDAY, 10))

        assert [one.employee.name for one in team.managers] == ["王经理"]
        assert [one.unit.code for one in team.units] == ["A"]

    def test_costs_as_many_queries_with_more_customers(self, world: World) -> None:
        with CaptureQueriesContext(connection) as before:
            get_team(SYSTEM_VIEWER, at=at(MONDAY, 10))
        for index in range(5):
            world.team(world.customer(f"M{index}"), "李经理")

        with CaptureQueriesContext(connection) as after:
            get_team(SYSTEM_VIEWER, at=at(MONDAY, 10))

        assert len(after) == len(before)

    def test_nobody_s_standing_has_no_rates(self) -> None:
        nothing = together([Standing(), Standing()])

        assert (nothing.coverage, nothing.satisfaction, nothing.growth_percent) == (None,) * 3


class TestTheCells:
    FIGURES = Standing(
        customers=1200, visited=1100, services_late=2, promises_in_time=3, promises_late=1,
        scored=4, score_sum=Decimal(330), revenue_yuan=Decimal(1_234_000),
        growing_yuan=Decimal(100), growth_sum=Decimal(250), margin_yuan=Decimal(50_000),
    )  # fmt: skip

    def test_say_each_figure_under_its_head(self) -> None:
        told = words_of(standing_cells(self.FIGURES))

        assert told == "1,200 92% 1100/1200 75% 3/4 · 30%–95% 2 0 82.5 n=4 123.4 2.5% 5.0"

    def test_group_figures_as_the_language_does(self) -> None:
        with translation.override("en"):
            told = words_of(standing_cells(self.FIGURES))

        assert told == "1,200 92% 1,100/1,200 75% 3/4 · 30%–95% 2 0 82.5 n=4 1,234.0 2.5% 50.0"

    def test_say_nothing_of_nobody(self) -> None:
        assert words_of(standing_cells(Standing())) == "0 — 0/0 — 0/0 0 0 — n=0 0.0 — 0.0"


class TestThePage:
    def test_leads_from_the_manager_to_the_portfolio(self, world: World, client: Client) -> None:
        client.force_login(world.employee("市领导").user)

        page = client.get("/team/").content.decode()

        assert "王经理" in page
        assert f"/portfolios/of/{world.employee('王经理').number}/" in page

    def test_leads_from_a_company_to_the_managers_of_its_branch(
        self, world: World, client: Client
    ) -> None:
        world.team(world.customer("K9", "B"), "邻县经理")
        client.force_login(world.employee("市领导").user)

        team = client.get("/team/").content.decode()
        narrowed = client.get("/portfolios/?unit=A")

        assert '<a href="/portfolios/?unit=A">' in team
        whole = {row.employee.name for row in client.get("/portfolios/").context["rows"]}
        assert {"王经理", "邻县经理"} < whole
        assert {row.employee.name for row in narrowed.context["rows"]} == {"王经理", "李经理"}
        page = narrowed.content.decode()
        assert 'href="?"' in page
        assert "无主客户</div>" not in page

    def test_leads_to_no_unit_of_another_branch(self, world: World, client: Client) -> None:
        client.force_login(world.employee("县领导").user)

        assert client.get("/portfolios/?unit=A").status_code == 200
        assert client.get("/portfolios/?unit=B").status_code == 404
        assert client.get("/portfolios/?unit=nothing").status_code == 404

    def test_shows_no_empty_table_of_companies(self, world: World, client: Client) -> None:
        client.force_login(world.employee("王经理").user)

        page = client.get("/team/")

        assert page.context["team"].units == []
        assert [one.employee.name for one in page.context["team"].managers] == ["王经理"]
        assert "省、市、县" not in page.content.decode()
