"""A run weighs, joins what is sure, asks about the rest, and can be run twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import NotPermitted, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.consolidation.model import parameters_from, shipped_parameters
from busbar.customers.models import (
    CandidateState,
    ConsolidationFigure,
    ConsolidationRun,
    Customer,
    CustomerMerge,
    MatchCandidate,
    RunState,
)
from busbar.customers.operations import UnableToConsolidate, UnableToReviewCandidate
from busbar.journal.models import Entry
from tests.customers.consolidation_world import customers_by_account, import_accounts
from tests.imports.world import AT, STEEL_CODE, make_viewer

Units = dict[str, OrganizationUnit]
OTHER_CODE = "91110000100000169H"


@pytest.fixture
def clerk(units: Units) -> Viewer:
    return make_viewer(units["310101"], Role.ACCOUNT_MANAGER)


@pytest.fixture
def owners(units: Units) -> dict[str, Customer]:
    return import_accounts(units["310101"])


def run(by: Viewer, **more: Any) -> ConsolidationRun:
    queued = customers_operations.start_run(by=by, at=AT)
    return customers_operations.run_consolidation(run_id=queued.pk, by=by, at=AT, **more)


def set_figure(code: str, value: str) -> None:
    ConsolidationFigure.objects.create(
        code=code,
        name=code,
        value=Decimal(value),
        valid_from=dt.date(2026, 1, 1),
        certainty="local",
    )


class TestRun:
    def test_joins_the_writings_of_one_body_and_leaves_others(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        done = run(clerk)

        now = customers_by_account()
        steel = now["3101000001"]
        assert (done.state, done.customers) == (RunState.FINISHED, 7)
        assert steel.credit_code == STEEL_CODE
        assert now["3101000002"] == now["3101000003"] == steel
        assert now["3101000005"] == now["3101000006"]
        assert now["3101000007"] == owners["3101000007"]
        assert steel != now["3101000005"]
        assert done.joined == CustomerMerge.objects.count() == 7 - len(set(now.values()))

    def test_explains_each_pair_by_weights_that_add_up(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        run(clerk)

        for candidate in MatchCandidate.objects.all():
            total = candidate.prior_bits + sum(bits for _c, _l, bits in candidate.weights)
            assert total == pytest.approx(candidate.bits, abs=0.02)

    def test_keeps_the_model_it_weighed_by(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        done = run(clerk)

        assert parameters_from(done.parameters) == shipped_parameters()
        assert done.thresholds["join_bits"] == "7"

    def test_a_second_delivery_does_nothing(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        done = run(clerk)
        entries = Entry.objects.count()

        customers_operations.run_consolidation(run_id=done.pk, by=clerk, at=AT)

        assert Entry.objects.count() == entries

    def test_goes_on_where_it_was_stopped(self, owners: dict[str, Customer], clerk: Viewer) -> None:
        queued = customers_operations.start_run(by=clerk, at=AT)

        def stop(seen: ConsolidationRun) -> None:
            if seen.joined == 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            customers_operations.run_consolidation(run_id=queued.pk, by=clerk, at=AT, progress=stop)
        stopped = ConsolidationRun.objects.get(pk=queued.pk)
        assert (stopped.state, stopped.joined) == (RunState.JOINING, 1)

        done = customers_operations.run_consolidation(run_id=queued.pk, by=clerk, at=AT)

        assert done.state == RunState.FINISHED
        assert done.joined == CustomerMerge.objects.count() > 1
        assert not MatchCandidate.objects.filter(state=CandidateState.PENDING).exists()

    def test_two_credit_codes_stay_two_whatever_the_weight(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        customers_operations.amend_customer(
            customer=owners["3101000002"], changes={"credit_code": OTHER_CODE}, by=clerk, at=AT
        )

        run(clerk)

        now = customers_by_account()
        assert now["3101000001"] != now["3101000002"]
        codes = Customer.objects.exclude(credit_code="").values_list("credit_code", flat=True)
        assert sorted(codes) == sorted([STEEL_CODE, OTHER_CODE])

    def test_thresholds_are_dated_figures(self, owners: dict[str, Customer], clerk: Viewer) -> None:
        set_figure("join_bits", "90")

        done = run(clerk)

        assert (done.joined, done.to_join) == (0, 0)
        assert done.asked == MatchCandidate.objects.filter(state=CandidateState.OPEN).count() > 2

    def test_one_at_a_time_and_only_who_may(
        self, units: Units, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        customers_operations.start_run(by=clerk, at=AT)

        with pytest.raises(UnableToConsolidate, match="在进行"):
            customers_operations.start_run(by=clerk, at=AT)
        with pytest.raises(NotPermitted):
            customers_operations.start_run(
                by=make_viewer(units["310101"], Role.REGULATOR, number="E9"), at=AT
            )

        assert ConsolidationRun.objects.count() == 1

    def test_an_empty_register_has_no_pairs(self, clerk: Viewer) -> None:
        assert (run(clerk).pairs, run_count()) == (0, 1)


def run_count() -> int:
    return ConsolidationRun.objects.count()


class TestReview:
    @pytest.fixture
    def asked(self, owners: dict[str, Customer], clerk: Viewer) -> MatchCandidate:
        set_figure("join_bits", "90")
        run(clerk)
        found = MatchCandidate.objects.order_by("-bits").first()
        assert found is not None
        return found

    def test_yes_joins_and_the_better_kept_number_stands(
        self, asked: MatchCandidate, clerk: Viewer
    ) -> None:
        record = customers_operations.confirm_candidate(candidate_id=asked.pk, by=clerk, at=AT)

        asked.refresh_from_db()
        assert asked.state == CandidateState.JOINED
        assert record.candidate == asked
        assert asked.left == asked.right == record.customer

    def test_no_is_remembered_by_the_next_run(self, asked: MatchCandidate, clerk: Viewer) -> None:
        pair = {asked.left_id, asked.right_id}
        customers_operations.reject_candidate(
            candidate_id=asked.pk, reason="两家公司", by=clerk, at=AT
        )

        again = run(clerk)

        pairs = [{c.left_id, c.right_id} for c in again.candidates.all()]
        assert pairs
        assert pair not in pairs
        with pytest.raises(UnableToReviewCandidate, match="已有结论"):
            customers_operations.confirm_candidate(candidate_id=asked.pk, by=clerk, at=AT)

    def test_what_was_undone_is_not_joined_again(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        run(clerk)
        record = CustomerMerge.objects.order_by("-pk").first()
        assert record is not None
        customers_operations.undo_merge(merge=record, reason="不是", by=clerk, at=AT)

        run(clerk)

        assert Customer.objects.filter(pk=record.other_id).exists()

    def test_whoever_sees_one_side_only_sees_no_pair(
        self, units: Units, asked: MatchCandidate
    ) -> None:
        neighbour = make_viewer(units["310102"], Role.ACCOUNT_MANAGER, number="E8")

        assert not MatchCandidate.objects.visible_to(neighbour).exists()
        with pytest.raises(UnableToReviewCandidate, match="管辖范围"):
            customers_operations.confirm_candidate(candidate_id=asked.pk, by=neighbour, at=AT)
        asked.refresh_from_db()
        assert asked.state == CandidateState.OPEN
