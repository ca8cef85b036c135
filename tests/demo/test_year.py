"""A year of matters: what a small region has, that it is the same again, that nothing hangs."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import Clock, LimitAdoption, TimeLimit
from busbar.connections.models import (
    ApplicationState,
    BankReceipt,
    ConnectionApplication,
    Contractor,
    FeeNotice,
    PayeeAccount,
    SupplyChange,
)
from busbar.demo import importing
from busbar.demo.parameters import Parameters
from busbar.demo.region import build_region
from busbar.demo.registers import write_registers
from busbar.demo.sign_ins import open_sign_ins
from busbar.demo.year import moments, plans, running
from busbar.demo.year.matters import count_matters
from busbar.jobs.demonstration import tend_day, tend_matter
from busbar.journal import queries as journal_queries
from busbar.pricing import operations as pricing_operations
from busbar.workflow.models import InstanceState, ProcessInstance, SupervisionFinding, UserTask
from tests.demo.conftest import load_what_migrate_loads
from tests.shelf import lay

# On the other database the browser tests build their region, this year in it.
pytestmark = pytest.mark.one_database

NOW = dt.datetime(2026, 11, 24, 1, 0, tzinfo=dt.UTC)
REGION = Parameters(customers=12, months=2)
_ENDED = {
    ApplicationState.CLOSED,
    ApplicationState.WITHDRAWN,
    ApplicationState.REFUSED,
    ApplicationState.LAPSED,
}


@pytest.fixture(scope="class")
def region(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[Parameters]:
    """The archive of a small region, without curves; a class shares it and leaves no row."""
    home = tmp_path_factory.mktemp("region")
    places = {"BUSBAR_HOME": home, "LAKE_ROOT": home / "lake", "FILES_ROOT": home / "files"}
    with django_db_blocker.unblock(), override_settings(**places), transaction.atomic():
        _bring_in(home)
        yield REGION
        transaction.set_rollback(True)


def _bring_in(home: Path) -> None:
    """What `busbar migrate` and the first steps of the demonstration load."""
    lay(clocks_operations.load_announced_years, pricing_operations.load_seed)
    load_what_migrate_loads(NOW)
    made = build_region(REGION)
    files = write_registers(REGION, made, home)
    for kind in ("organization", "network", "tariffs", "archive"):
        importing.import_registers(kind, getattr(files, kind), at=NOW)
    open_sign_ins(staff=made.staff, at=NOW)


@pytest.fixture(scope="class")
def told(region: Parameters) -> running.Told:
    """All eight matters of the small region on one line of time."""
    return tell_core(region)


def tell_core(parameters: Parameters, most: int = running.CORE) -> running.Told:
    return running.tell_core(parameters=parameters, tend=tend_day, at=NOW, most=most)


@pytest.mark.django_db
class TestTheCore:
    def test_has_matters_in_many_states_and_no_act_was_refused(self, told: running.Told) -> None:
        assert (told.matters, told.refused) == (count_matters(REGION), ())
        found = Counter(ConnectionApplication.objects.values_list("state", flat=True))
        assert found[ApplicationState.CLOSED] >= 1
        assert found[ApplicationState.SUBMITTED] == 1
        assert len(found) >= 3
        kinds = SupplyChange.objects.values_list("kind", "state")
        assert set(kinds) == {("capacity_reduction", "ended"), ("capacity_restoration", "done")}
        assert journal_queries.verify_chain().broken is None

    def test_opens_an_account_with_a_meter_for_what_was_energized(self, told: running.Told) -> None:
        closed = ConnectionApplication.objects.filter(state=ApplicationState.CLOSED)
        assert all(a.account is not None and a.energized_at is not None for a in closed)
        assert FeeNotice.objects.filter(state="paid").exists()
        assert BankReceipt.objects.filter(is_settled=True).exists()

    def test_leaves_no_matter_in_an_impossible_state(self, told: running.Told) -> None:
        for application in ConnectionApplication.objects.all():
            process = ProcessInstance.objects.get(pk=application.process_id)
            is_over = application.state in _ENDED
            assert (process.state != InstanceState.RUNNING) == is_over
            open_tasks = UserTask.objects.open().filter(instance=process).count()
            assert (open_tasks == 0) == is_over
        subjects = Clock.objects.open().filter(subject_type="connections.application")
        ended = ConnectionApplication.objects.filter(state__in=_ENDED).values("pk")
        assert not subjects.filter(subject_id__in=ended).exists()

    def test_writes_nothing_outside_the_year(self, told: running.Told) -> None:
        moments_of = UserTask.objects.values_list("created_at", flat=True)
        assert min(moments_of) >= dt.datetime(2025, 11, 1, tzinfo=dt.UTC)
        assert max(moments_of) < plans.TOLD

    def test_shows_supervision_something(self, told: running.Told) -> None:
        assert SupervisionFinding.objects.exists()

    def test_lays_the_ground_first(self, told: running.Told) -> None:
        assert PayeeAccount.objects.count() == 3
        assert Contractor.objects.exclude(struck_off_on=None).count() == 1
        assert TimeLimit.objects.exclude(unit=None).get().amount == 18
        adopted = LimitAdoption.objects.get()
        assert (adopted.rule_set.code, adopted.unit.code) == ("R2024", "LC30")

    def test_told_again_changes_nothing(self, told: running.Told) -> None:
        before = journal_queries.get_head_id()

        assert tell_core(REGION) == running.Told(0, 0, ())
        assert journal_queries.get_head_id() == before


@pytest.mark.django_db
class TestMattersAfterwards:
    def test_are_told_one_by_one_until_none_is_left(self, region: Parameters) -> None:
        tell_core(region, most=3)
        untold = running.list_untold(region)
        assert untold == list(range(3, count_matters(region)))

        told = [
            running.tell_matter(parameters=region, number=number, tend=tend_matter, at=NOW)
            for number in untold
        ]

        assert [one.refused for one in told] == [()] * len(untold)
        assert running.list_untold(region) == []
        assert journal_queries.verify_chain().broken is None

    def test_are_not_told_twice(self, region: Parameters) -> None:
        tell_core(region, most=1)

        again = running.tell_matter(parameters=region, number=0, tend=tend_matter, at=NOW)

        assert again == running.Told(0, 0, ())


class TestPlans:
    def test_are_the_same_for_the_same_seed(self) -> None:
        one = [plans.plan_connection(REGION, serial) for serial in range(60)]
        other = [plans.plan_connection(REGION, serial) for serial in range(60)]
        assert one == other

    def test_differ_by_seed(self) -> None:
        another = Parameters(customers=12, months=2, seed=7)
        assert plans.plan_connection(REGION, 40) != plans.plan_connection(another, 40)

    def test_begin_within_the_year_on_a_working_day(self) -> None:
        begins = [plans.plan_connection(Parameters(), serial).begins for serial in range(110)]
        assert min(begins).date() >= plans.FIRST
        assert max(begins) < plans.TOLD
        assert all(moments.is_workday(at.date()) for at in begins)

    def test_number_two_hundred_for_three_hundred_customers(self) -> None:
        assert count_matters(Parameters()) == 200
        assert count_matters(REGION) == 8


class TestDepartments:
    def test_every_city_has_those_who_countersign(self, default_region: Any) -> None:
        kinds = {(unit.parent, unit.kind) for unit in default_region.units}
        wanted = {"marketing", "planning", "dispatch", "safety", "metering", "service_center"}
        for city in ("LC10", "LC20", "LC30"):
            assert {kind for parent, kind in kinds if parent == city} >= wanted
