"""Dunning cases and stops for programs: every role of the branch reads them, nobody else does."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.arrears.models import CaseState
from tests.api.affair import ROOT, client_of, get
from tests.arrears.world import Ladder, make_ladder
from tests.imports.world import make_viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def ladder(db: None) -> Ladder:
    """A case whose supply was stopped."""
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
    return [f"dunning-cases/{case.number}", f"outages/{case.outage.number}"]


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
                    assert len(get(client, path)) >= 1
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
        assert get(stranger, "dunning-cases") == []
        assert get(stranger, "outages") == []
