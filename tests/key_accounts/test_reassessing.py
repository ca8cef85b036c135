"""Stage and warnings follow what happens between the months, and are still where nothing does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted
from busbar.billing.models import Bill
from busbar.connections.models import ChangeKind, ChangeState, SupplyChange
from busbar.customers.models import Customer, CustomerAccount
from busbar.jobs import key_accounts as jobs
from busbar.journal.models import Entry
from busbar.key_accounts import evidence, operations
from busbar.key_accounts.models import StageAssessment, ValueAddedProduct
from busbar.key_accounts.operations import reassessing
from busbar.key_accounts.queries import closeness, count_open_warnings, list_open_warnings
from busbar.kit.periods import CHINA
from tests.console.belongings import put
from tests.imports.world import make_viewer
from tests.key_accounts.world import AT, JANUARY, World
from tests.worlds import keep

END_OF_JANUARY = dt.datetime(2026, 2, 1, tzinfo=CHINA)


def night(day: int) -> dt.datetime:
    """When the job runs, in February."""
    return dt.datetime(2026, 2, day, 5, 45, tzinfo=CHINA)


def renew(day: int) -> int:
    return operations.renew_assessments(by=SYSTEM_VIEWER, at=night(day))


def assess(world: World) -> None:
    world.evaluate()
    operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)


def account_of(customer: Customer) -> CustomerAccount:
    found: CustomerAccount = CustomerAccount.objects.get(customer=customer)
    return found


def change(customer: Customer, kind: ChangeKind, state: ChangeState) -> SupplyChange:
    """What the customer asked for on 9 February."""
    made: SupplyChange = put(
        "connections.SupplyChange", kind=kind, state=state, customer=customer,
        account=account_of(customer), unit=customer.unit, ends_on=None,
        requested_at=dt.datetime(2026, 2, 9, 15, tzinfo=CHINA),
    )  # fmt: skip
    return made


def close(customer: Customer) -> SupplyChange:
    """The customer asks to close its account."""
    return change(customer, ChangeKind.CLOSURE, ChangeState.REQUESTED)


def owe(customer: Customer, month: str, due_on: dt.date) -> None:
    """100 yuan of the month's bill that nobody has paid."""
    put(
        "payments.Receivable", account=account_of(customer), month=month,
        bill=Bill.objects.get(account__customer=customer, month=month), amount_fen=10_000,
        open_fen=10_000, due_on=due_on, issued_on=due_on,
    )  # fmt: skip


def warned(row: StageAssessment) -> list[tuple[str, Decimal | None]]:
    return [(a.bound.code, a.value) for a in closeness.read_answers(row.warnings)]


def current(customer: Customer) -> StageAssessment:
    found: StageAssessment = StageAssessment.objects.current().get(customer=customer)
    return found


def everything() -> tuple[list[dict[str, Any]], int]:
    return list(StageAssessment.objects.order_by("pk").values()), Entry.objects.count()


@pytest.fixture
def customer(world: World) -> Customer:
    """A customer of years, assessed as of the end of January."""
    return keep(_assess_one, world)


def _assess_one(world: World) -> Customer:
    made = world.customer("A")
    world.year(made, 12_000)
    assess(world)
    return made


class TestRenewAssessments:
    def test_shows_a_closing_account_the_next_night(self, customer: Customer) -> None:
        before = current(customer)
        assert (before.stage, warned(before), before.as_of) == ("early", [], END_OF_JANUARY)
        assert (before.assessed_on, before.is_renewed) == (dt.date(2026, 1, 31), False)
        close(customer)

        assert renew(10) == 1

        row = current(customer)
        assert (row.stage, warned(row)) == ("uncoupling", [("leaving", Decimal(1))])
        assert row.as_of == night(10)
        assert (row.assessed_on, row.is_renewed) == (dt.date(2026, 2, 10), True)
        (found,) = closeness.read_answers(row.warnings)
        assert found.bound.advice == "了解去向，挽留或衔接新址"

    def test_is_what_every_list_shows(self, customer: Customer) -> None:
        close(customer)
        renew(10)

        row = current(customer)
        assert list(closeness.list_warned(SYSTEM_VIEWER, row.run)) == [row]
        assert list(closeness.list_warned(SYSTEM_VIEWER, row.run, warned=False)) == [row]
        assert closeness.find_stage(SYSTEM_VIEWER, customer.pk, row.run) == row
        counts = closeness.count_stages(SYSTEM_VIEWER, row.run)
        assert (counts["uncoupling"], counts["early"]) == ((1, 1), (0, 0))
        assert list_open_warnings(SYSTEM_VIEWER, limit=9) == [row]
        assert count_open_warnings(SYSTEM_VIEWER) == 1

    def test_keeps_the_assessment_before_it(self, customer: Customer) -> None:
        before = StageAssessment.objects.values().get()
        close(customer)

        renew(10)

        kept = StageAssessment.objects.values().get(pk=before["id"])
        assert kept == {**before, "is_current": False}

    def test_records_what_became_of_the_customer(self, customer: Customer) -> None:
        close(customer)

        renew(10)

        entry = Entry.objects.get(event="key_accounts.stage.renewed")
        assert (entry.customer_id, entry.subject_id) == (customer.pk, current(customer).pk)
        assert entry.unit_path == customer.unit.path
        assert entry.changes == {
            "stage": ["early", "uncoupling"],
            "warnings": [[], ["销户或迁址申请"]],
        }

    def test_writes_nothing_where_nothing_changed(self, customer: Customer) -> None:
        before = everything()

        assert [renew(day) for day in (3, 4, 28)] == [0, 0, 0]

        assert everything() == before

    def test_a_second_run_of_the_night_writes_nothing(self, customer: Customer) -> None:
        close(customer)
        renew(10)
        before = everything()

        assert (renew(10), renew(11)) == (0, 0)

        assert everything() == before

    def test_follows_a_closure_that_is_withdrawn(self, customer: Customer) -> None:
        asked = close(customer)
        renew(10)
        SupplyChange.objects.filter(pk=asked.pk).update(state=ChangeState.WITHDRAWN)

        assert renew(12) == 1

        assert (current(customer).stage, warned(current(customer))) == ("early", [])
        moments = [row.as_of for row in StageAssessment.objects.order_by("as_of")]
        assert moments == [END_OF_JANUARY, night(10), night(12)]

    def test_counts_a_second_one_anew(self, customer: Customer) -> None:
        close(customer)
        renew(10)
        close(customer)

        assert renew(11) == 1
        assert warned(current(customer)) == [("leaving", Decimal(2))]

    def test_renews_whom_something_happened_to_only(self, world: World) -> None:
        still, moved = world.customer("A"), world.customer("B")
        for each in (still, moved):
            world.year(each, 12_000)
        assess(world)
        close(moved)

        assert renew(10) == 1

        assert (current(still).is_renewed, current(moved).is_renewed) == (False, True)

    def test_the_month_s_assessment_done_again_begins_anew(self, customer: Customer) -> None:
        close(customer)
        before = StageAssessment.objects.values().get()
        renew(10)

        operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)

        assert StageAssessment.objects.values().get() == before
        assert (renew(11), warned(current(customer))) == (1, [("leaving", Decimal(1))])

    def test_is_refused_before_the_first_evaluation(self, world: World) -> None:
        before = everything()
        with pytest.raises(operations.UnableToEvaluate, match="还没有完成的评定"):
            renew(10)
        assert everything() == before

    def test_is_refused_to_who_may_not_evaluate(self, world: World, customer: Customer) -> None:
        close(customer)
        clerk = world.viewer(Role.BILLING_CLERK)
        before = everything()
        with pytest.raises(NotPermitted):
            operations.renew_assessments(by=clerk, at=night(10))
        assert everything() == before

    def test_is_refused_to_who_sees_a_part(self, world: World, customer: Customer) -> None:
        close(customer)
        manager = world.viewer(Role.MANAGER, unit=world.county)
        before = everything()
        with pytest.raises(operations.UnableToEvaluate, match="须由能看到全公司的人员发起"):
            operations.renew_assessments(by=manager, at=night(10))
        assert everything() == before

    def test_asks_as_many_queries_for_many_customers_as_for_one(self, world: World) -> None:
        made = [world.customer(f"C{n}") for n in range(7)]
        for each in made:
            world.year(each, 12_000)
        assess(world)
        close(made[0])
        with CaptureQueriesContext(connection) as one:
            assert renew(10) == 1
        for each in made[1:]:
            close(each)

        with CaptureQueriesContext(connection) as six:
            assert renew(11) == 6

        assert len(six) == len(one)

    def test_a_further_batch_costs_the_same_few_queries(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(6):
            world.year(world.customer(f"C{number}"), 12_000)
        assess(world)

        counts = []
        for size in (6, 3, 2):
            monkeypatch.setattr(reassessing, "_BATCH", size)
            with CaptureQueriesContext(connection) as asked:
                assert renew(10) == 0
            counts.append(len(asked))

        # One, two and three batches. Each: its transaction, the lock, the rows, the figures.
        assert (counts[1] - counts[0], counts[2] - counts[1]) == (5, 5)


def sign(customer: Customer, start: dt.date, end: dt.date | None) -> None:
    put(
        "supply.Agreement", account=account_of(customer), valid_from=start, valid_until=end,
        contract_demand_kw=100, power_factor_standard="0.90",
    )  # fmt: skip


def ended(customer: Customer) -> None:
    sign(customer, dt.date(2024, 2, 5), dt.date(2026, 2, 5))


def signed_anew(customer: Customer) -> None:
    ended(customer)
    sign(customer, dt.date(2026, 2, 5), None)


def ends_tomorrow(customer: Customer) -> None:
    sign(customer, dt.date(2024, 2, 5), dt.date(2026, 2, 11))


def reduced(customer: Customer) -> None:
    change(customer, ChangeKind.CAPACITY_REDUCTION, ChangeState.IN_FORCE)


def suspended(customer: Customer) -> None:
    change(customer, ChangeKind.SUSPENSION, ChangeState.APPROVED)


def asked_to_suspend(customer: Customer) -> None:
    change(customer, ChangeKind.SUSPENSION, ChangeState.REQUESTED)


def owner_in(unit: OrganizationUnit) -> Employee:
    viewer = make_viewer(unit, Role.ACCOUNT_MANAGER, number="OWNER")
    return Employee.objects.get(pk=viewer.employee_id)


def complained(customer: Customer, state: str = "accepted", **facts: object) -> None:
    put(
        "service_desk.Complaint", customer=customer, unit=customer.unit, state=state,
        owner=owner_in(customer.unit),
        received_at=dt.datetime(2026, 2, 9, 10, tzinfo=CHINA), **facts,
    )  # fmt: skip


def settled(customer: Customer) -> None:
    seen = dt.datetime(2026, 2, 9, 16, tzinfo=CHINA)
    complained(
        customer, "verified", answer="已更换表计", answered_at=seen, is_justified=True,
        verified_at=seen, is_satisfied=True,
    )  # fmt: skip


def declined(customer: Customer) -> None:
    operations.load_services_seed(at=AT)
    put(
        "key_accounts.Opportunity", customer=customer, unit=customer.unit, stage="lost",
        owner=owner_in(customer.unit), lost_because="价格",
        product=ValueAddedProduct.objects.order_by("pk").first(),
        decided_at=dt.datetime(2026, 2, 9, 10, tzinfo=CHINA),
    )  # fmt: skip


def one_overdue(customer: Customer) -> None:
    owe(customer, "2025-12", dt.date(2026, 2, 8))


def two_overdue(customer: Customer) -> None:
    one_overdue(customer)
    owe(customer, "2026-01", dt.date(2026, 2, 9))


def due_today(customer: Customer) -> None:
    owe(customer, "2025-12", dt.date(2026, 2, 10))


LATE = ("late-payment", Decimal(100))


class TestEvidenceOfADay:
    @pytest.mark.parametrize(
        ("happens", "found"),
        [
            (ended, [("agreement-ended", Decimal(1))]),
            (signed_anew, []),
            (ends_tomorrow, []),
            (reduced, [("capacity-cut", Decimal(1))]),
            (suspended, [("capacity-cut", Decimal(1))]),
            (asked_to_suspend, []),
            (complained, [("complaint", Decimal(1))]),
            (settled, []),
            (declined, [("lost-offer", Decimal(1))]),
            (one_overdue, [LATE]),
            (two_overdue, [LATE, ("overdue", Decimal(2))]),
            (due_today, []),
        ],
    )
    def test_warns_the_next_night(
        self,
        customer: Customer,
        happens: Callable[[Customer], None],
        found: list[tuple[str, Decimal]],
    ) -> None:
        happens(customer)

        assert renew(10) == (1 if found else 0)
        assert warned(current(customer)) == found

    def test_a_share_gets_worse_on_the_day_and_better_with_the_month(
        self, customer: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        share = {customer.pk: Decimal(31)}
        monkeypatch.setitem(evidence._sources, "late_share", lambda _on: share)
        assert (renew(10), warned(current(customer))) == (1, [("late-payment", Decimal(31))])
        before = everything()

        for day, percent in ((11, 29), (12, 31), (13, 33), (14, 28)):
            share[customer.pk] = Decimal(percent)
            assert renew(day) == 0
        assert everything() == before

        operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)
        assert warned(current(customer)) == []


class TestJob:
    def test_says_how_many_changed(self, customer: Customer) -> None:
        close(customer)

        told = [jobs.renew_assessments_at(night(10)) for _ in range(2)]

        assert told == ["关系阶段或预警有变 1 户", "关系阶段或预警有变 0 户"]

    def test_says_that_nothing_was_evaluated_yet(self, world: World) -> None:
        assert jobs.renew_assessments_at(night(10)) == "还没有完成的评定，先评定再分析关系与价值"
