"""设计施工单位名录: standing, expiry, the neutral rule, choices."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import Role
from busbar.connections.models import Contractor, Qualification
from busbar.connections.queries.contractors import ORDER_RULE
from tests.connections.works import world as w
from tests.connections.works.world import World
from tests.console.connections.works_region import browser, count_queries, make_home

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(ground: None, settings: Any, tmp_path: Path) -> World:
    make_home(settings, tmp_path)
    return w.make_world()


class TestRegister:
    def test_states_the_rule_and_who_expires_soon(self, world: World) -> None:
        soon = dt.date.today() + dt.timedelta(days=20)  # noqa: DTZ011 - the page's own clock is now
        w.make_firm(1, "design", "丙级", until=soon)
        w.make_firm(2, "design", "丙级", until=dt.date(2090, 1, 1))

        response = browser(world.county, Role.PLANNER).get("/contractors/")

        assert ORDER_RULE in response.content.decode()
        assert [row.contractor.code for row in response.context["expiring"]] == ["D001"]

    def test_takes_as_many_queries_for_more_firms(self, world: World) -> None:
        client = browser(world.county, Role.PLANNER)
        w.make_firm(1, "design", "丙级")
        few = count_queries(client, "/contractors/")
        for serial in range(2, 8):
            w.make_firm(serial, "installation", "四级")

        assert count_queries(client, "/contractors/") == few

    def test_an_officer_enters_renews_and_strikes_off(self, world: World) -> None:
        officer = browser(world.county, Role.CONNECTION_OFFICER)
        officer.post(
            "/contractors/",
            {
                "act": "register",
                "code": "D9",
                "name": "九州设计院",
                "credit_code": w.credit_code(9),
            },
        )
        firm = Contractor.objects.get(code="D9")
        page = f"/contractors/{firm.pk}/"
        officer.post(
            page,
            {
                "act": "grant",
                "kind": "design",
                "grade": "丙级",
                "certificate_number": "证9",
                "valid_from": "2025-01-01",
                "valid_until": "2026-12-31",
            },
        )
        certificate = Qualification.objects.get()
        officer.post(page, {"act": "renew", "of": certificate.pk, "valid_until": "2029-12-31"})
        officer.post(page, {"act": "strike", "on": "2025-10-01", "reason": "注销"})

        firm.refresh_from_db()
        assert firm.struck_off_reason == "注销"
        assert Qualification.objects.filter(valid_until=dt.date(2030, 1, 1)).exists()

    def test_a_certificate_holds_through_the_last_day_that_it_names(self, world: World) -> None:
        officer = browser(world.county, Role.CONNECTION_OFFICER)
        firm = w.make_firm(1, "design", "丙级")
        page = f"/contractors/{firm.pk}/"
        certificate = Qualification.objects.get()

        officer.post(page, {"act": "renew", "of": certificate.pk, "valid_until": "2029-12-31"})

        certificate.refresh_from_db()
        assert certificate.valid_until == dt.date(2030, 1, 1)
        assert "2029-12-31" in officer.get(page).content.decode()

    def test_a_bad_code_is_refused_in_its_place(self, world: World) -> None:
        response = browser(world.county, Role.CONNECTION_OFFICER).post(
            "/contractors/", {"act": "register", "code": "D9", "name": "九州", "credit_code": "1"}
        )

        assert response.status_code == 422
        assert not Contractor.objects.exists()

    def test_who_may_not_keep_it_only_reads(self, world: World) -> None:
        planner = browser(world.county, Role.PLANNER)

        assert 'name="act"' not in planner.get("/contractors/").content.decode()
        assert planner.post("/contractors/", {"act": "register"}).status_code == 403
