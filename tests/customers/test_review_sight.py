"""Who sees and answers which pair: the unit of both sides, or the lowest unit above them (R80)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from busbar.access import operations as access_operations
from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.permissions import Permission, permissions_of
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.models import (
    CandidateState,
    Customer,
    CustomerAccount,
    MatchCandidate,
)
from busbar.customers.operations import UnableToReviewCandidate
from busbar.journal.models import Entry
from tests.customers.consolidation_world import import_accounts
from tests.customers.test_consolidation_run import run, set_figure
from tests.imports.world import AT, make_viewer
from tests.worlds import keep

Units = dict[str, OrganizationUnit]
KEEPERS = (Role.ACCOUNT_MANAGER, Role.MANAGER, Role.BILLING_CLERK, Role.CONNECTION_OFFICER)
CHEMICALS, STEEL, FOOD = "华宁化工", "东海钢铁", "青禾食品"
ARCHIVE = {
    "S1": (
        ("3101000001", "华宁化工股份有限公司", "临江县滨江路20号", ""),
        ("3101000002", "华宁化工有限公司", "临江县滨江路20号", ""),
        ("3101000003", "东海钢铁有限公司", "临江市临江县工业大道8号", ""),
        ("3101000004", "青禾食品厂", "临江市文化路3号", ""),
    ),
    "S2": (("3101000005", "东海钢铁（有限公司）", "临江县工业大道８号", ""),),
    "310102": (("3102000001", "青禾食品厂", "临江市文化路3号", ""),),
}
"""Accounts by the unit that the file names: pairs in a station, across two, across counties."""


@pytest.fixture
def tree(units: Units) -> Units:
    """Two stations of the first county besides."""
    return keep(_add_stations, units)


def _add_stations(units: Units) -> Units:
    for code in ("S1", "S2"):
        units[code] = access_operations.create_unit(
            code=code, name=f"{code}供电所", kind="supply_station", parent=units["310101"],
            by=SYSTEM_VIEWER, at=AT,
        )  # fmt: skip
    return units


@pytest.fixture
def archive(tree: Units, home: Path) -> Units:
    """The old system's accounts, weighed; whatever is alike waits for an answer."""
    keep(_bring_in, tree, folder=home)
    return tree


def _bring_in(tree: Units) -> None:
    for code, rows in ARCHIVE.items():
        import_accounts(tree[code], rows)
    set_figure("join_bits", "90")
    run(SYSTEM_VIEWER)


def bodies(viewer: Viewer) -> set[str]:
    """The bodies whose pair the viewer finds in the queue."""
    waiting = MatchCandidate.objects.visible_to(viewer).filter(state=CandidateState.OPEN)
    return {pair.sides[0]["name"][:4] for pair in waiting}


def pair_of(body: str) -> MatchCandidate:
    return next(p for p in MatchCandidate.objects.all() if p.sides[0]["name"].startswith(body))


class TestSight:
    @pytest.mark.parametrize("role", KEEPERS)
    @pytest.mark.parametrize(
        ("unit", "seen"),
        [
            ("S1", {CHEMICALS}),
            ("S2", set()),
            ("310101", {CHEMICALS, STEEL}),
            ("310102", set()),
            ("3101", {CHEMICALS, STEEL, FOOD}),
            ("31", {CHEMICALS, STEEL, FOOD}),
        ],
    )
    def test_follows_the_unit_of_both_sides(
        self, archive: Units, role: Role, unit: str, seen: set[str]
    ) -> None:
        assert bodies(make_viewer(archive[unit], role)) == seen

    def test_ends_where_a_side_is_seen_by_one_account_only(self, archive: Units) -> None:
        """The pair shows the telephone and the code of a customer that is managed elsewhere."""
        pair = pair_of(CHEMICALS)
        Customer.objects.filter(pk=pair.right_id).update(unit=archive["310102"])
        clerk = make_viewer(archive["310101"], Role.BILLING_CLERK)

        assert Customer.objects.visible_to(clerk).filter(pk=pair.right_id).exists()
        assert CHEMICALS not in bodies(clerk)


class TestAnswering:
    @pytest.mark.parametrize("role", KEEPERS)
    @pytest.mark.parametrize(
        ("unit", "body"), [("S1", CHEMICALS), ("310101", STEEL), ("3101", FOOD), ("31", FOOD)]
    )
    def test_is_for_the_lowest_unit_above_and_all_above_it(
        self, archive: Units, role: Role, unit: str, body: str
    ) -> None:
        pair = pair_of(body)

        merge = customers_operations.confirm_candidate(
            candidate_id=pair.pk, reason="同一执照", by=make_viewer(archive[unit], role), at=AT
        )

        assert CustomerAccount.objects.filter(customer=merge.customer).count() == 2

    @pytest.mark.parametrize("role", KEEPERS)
    @pytest.mark.parametrize("body", [CHEMICALS, STEEL, FOOD])
    def test_changes_nothing_from_another_county(
        self, archive: Units, role: Role, body: str
    ) -> None:
        pair, told = pair_of(body), Entry.objects.count()
        foreign = make_viewer(archive["310102"], role)
        told += Entry.objects.count() - told

        for answer in (
            customers_operations.confirm_candidate,
            customers_operations.reject_candidate,
        ):
            with pytest.raises(UnableToReviewCandidate, match="管辖范围"):
                answer(candidate_id=pair.pk, reason="x", by=foreign, at=AT)

        pair.refresh_from_db()
        assert (pair.state, pair.reason) == (CandidateState.OPEN, "")
        assert Customer.objects.count() == 6
        assert Entry.objects.count() == told

    @pytest.mark.parametrize(
        "role", [r for r in Role if Permission.CONSOLIDATE not in permissions_of([r])]
    )
    def test_is_refused_to_other_roles(self, archive: Units, role: Role) -> None:
        by = make_viewer(archive["31"], role)

        with pytest.raises(NotPermitted, match="归并客户档案"):
            customers_operations.confirm_candidate(candidate_id=pair_of(FOOD).pk, by=by, at=AT)

        assert Customer.objects.count() == 6


class TestPage:
    @pytest.mark.parametrize("unit", ["3101", "31"])
    def test_lets_a_clerk_above_work_the_queue(self, archive: Units, unit: str) -> None:
        clerk = make_viewer(archive[unit], Role.BILLING_CLERK)
        desk = Client()
        desk.force_login(Employee.objects.get(pk=clerk.employee_id).user)
        pair = pair_of(FOOD)

        page = desk.get(f"/consolidation/?pair={pair.pk}").content.decode()
        desk.post(f"/consolidation/pairs/{pair.pk}/answer/", {"verdict": "no", "reason": "两家"})

        assert FOOD in page
        pair.refresh_from_db()
        assert (pair.state, pair.reason) == (CandidateState.APART, "两家")


class TestRun:
    def test_leaves_alone_a_pair_whose_other_side_it_did_not_weigh(self, archive: Units) -> None:
        clerk = make_viewer(archive["310101"], Role.BILLING_CLERK)
        kept, replaced = pair_of(FOOD), pair_of(CHEMICALS)

        again = run(clerk)

        kept.refresh_from_db()
        replaced.refresh_from_db()
        assert (kept.state, replaced.state) == (CandidateState.OPEN, CandidateState.STALE)
        assert {p.sides[0]["name"][:4] for p in again.candidates.all()} == {CHEMICALS, STEEL}
