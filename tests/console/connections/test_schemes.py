"""供电方案: comparison, figures, choice, exception, extension, opinions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import Role
from busbar.connections.models import SchemeException, SchemeExtension, SupplyScheme
from tests.connections.scheme.world import World, make_world
from tests.console.connections.works_region import browser, count_queries, make_home

pytestmark = pytest.mark.django_db
FAILED = {
    "code": "line-loading",
    "name": "正常方式线路不过载",
    "verdict": "fail",
    "is_mandatory": True,
    "found": "F11 92%",
    "asked": "不大于 80%",
    "clause": "配电网运行惯例",
    "source": "负载率上限表",
    "certainty": "unverified",
}
COST = {
    "mode": "capacity",
    "mode_name": "按变压器容量",
    "tariff": "两部制",
    "total_yuan": "1200000.00",
    "energy_kwh": "1000000",
    "average_price": "1.2",
    "parts": [{"code": "energy", "name": "电度电费", "amount_yuan": "1200000.00"}],
    "months_yuan": ["100000.00"] * 12,
    "steps": [],
}


@pytest.fixture
def world(ground: None, settings: Any, tmp_path: Path) -> World:
    make_home(settings, tmp_path)
    return make_world()


def page_of(world: World) -> str:
    return f"/connections/schemes/{world.application.pk}/"


class TestPage:
    def test_compares_the_alternatives_and_marks_the_cheapest(self, world: World) -> None:
        world.draft()

        response = browser(world.county, Role.CONNECTION_OFFICER).get(page_of(world))

        line = next(row for row in response.context["lines"] if str(row.label) == "投资 元")
        assert [cell.text for cell in line.cells] == ["500,000.00", "1,000,000.00", "1,500,000.00"]
        assert [cell.tone for cell in line.cells] == ["best", "", ""]
        assert response.context["chart"]["investment"] == [50.0, 100.0, 150.0]

    def test_each_figure_leads_to_its_formula(self, world: World) -> None:
        scheme = world.draft(yearly_costs=[COST], checks=[FAILED])
        row = scheme.alternatives.get(ordinal=1)
        client = browser(world.county, Role.CONNECTION_OFFICER)

        cost = client.get(f"/connections/alternatives/{row.pk}/cost-capacity/").content.decode()
        check = client.get(f"/connections/alternatives/{row.pk}/check-line-loading/")
        unknown = client.get(f"/connections/alternatives/{row.pk}/cost-no/")

        assert "1,200,000" in cost
        assert "不大于 80%" in check.content.decode()
        assert unknown.status_code == 404

    def test_the_number_leads_to_the_same_page(self, world: World) -> None:
        client = browser(world.county, Role.CONNECTION_OFFICER)

        response = client.get(f"/connections/{world.application.number}/scheme/")

        assert response["Location"] == page_of(world)

    def test_flags_silence_among_the_opinions(self, world: World) -> None:
        scheme = world.submitted()
        world.sign(scheme, "dispatch", agrees=False, remark="重载")

        text = browser(world.county, Role.MANAGER).get(page_of(world)).content.decode()

        assert "重载" in text
        assert "未签" in text

    def test_takes_as_many_queries_for_more_rounds(self, world: World) -> None:
        world.draft()
        client = browser(world.county, Role.PLANNER)
        few = count_queries(client, page_of(world))
        SupplyScheme.objects.update(state="returned", returned_reason="重做")
        world.draft()

        assert count_queries(client, page_of(world)) <= few


class TestChoosing:
    def test_keeps_the_choice_with_its_reason(self, world: World) -> None:
        scheme = world.draft()
        row = scheme.alternatives.get(ordinal=2)

        browser(world.county, Role.CONNECTION_OFFICER).post(
            page_of(world), {"act": "choose", "alternative": row.pk, "reason": "工期短"}
        )

        scheme.refresh_from_db()
        assert (scheme.chosen_id, scheme.choice_reason) == (row.pk, "工期短")

    def test_a_failed_check_bars_it_until_an_exception_is_granted(self, world: World) -> None:
        scheme = world.draft(checks=[FAILED])
        row = scheme.alternatives.get(ordinal=1)
        officer = browser(world.county, Role.CONNECTION_OFFICER)
        choice = {"act": "choose", "alternative": row.pk, "reason": "近"}

        refused = officer.post(page_of(world), choice)
        scheme.refresh_from_db()
        assert refused.status_code == 422
        assert "配电网运行惯例" in refused.content.decode()
        assert scheme.chosen is None

        browser(world.county, Role.MANAGER).post(
            page_of(world),
            {"act": "except", "check": f"{row.pk}|line-loading", "reason": "年内改造"},
        )
        assert SchemeException.objects.get().reason == "年内改造"
        assert officer.post(page_of(world), choice).status_code == 302

    def test_an_officer_may_not_grant_an_exception(self, world: World) -> None:
        world.draft(checks=[FAILED])

        response = browser(world.county, Role.CONNECTION_OFFICER).post(
            page_of(world), {"act": "except"}
        )

        assert response.status_code == 403
        assert not SchemeException.objects.exists()

    def test_a_study_that_lacks_its_facts_is_refused_in_its_place(self, world: World) -> None:
        response = browser(world.county, Role.CONNECTION_OFFICER).post(
            page_of(world),
            {
                "act": "study",
                "horizon_years": 5,
                "simultaneity": "0.9",
                "target_power_factor": "0.95",
                "rows-TOTAL_FORMS": 0,
                "rows-INITIAL_FORMS": 0,
            },
        )

        assert response.status_code == 422
        assert response.context["acts"].refused.form.non_field_errors()
        assert not SupplyScheme.objects.exists()


class TestValidity:
    def test_a_request_out_of_time_is_answered_with_its_clause(self, world: World) -> None:
        """Replied in March 2025 for a year; the page's own clock is now."""
        scheme = world.replied()
        officer = browser(world.county, Role.CONNECTION_OFFICER)

        response = officer.post(
            page_of(world), {"act": "extend", "reason": "厂房未完工"}, follow=True
        )

        extension = SchemeExtension.objects.get(scheme=scheme)
        late = dt.datetime.now(tz=dt.UTC).date() > extension.last_request_on
        assert extension.state == ("refused" if late else "requested")
        assert extension.reason in response.content.decode()

    def test_draws_the_validity_with_its_bounds(self, world: World) -> None:
        world.replied()

        context = browser(world.county, Role.MANAGER).get(page_of(world)).context

        assert context["validity"].from_on == dt.date(2025, 3, 10)
        assert context["validity"].first_x == 600.0
        assert context["validity"].bounds is not None
