"""One index with reasons and interval; a fall opens one task the same day (R70, N11)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from busbar.customers.models import Customer
from busbar.service_desk import operations, queries
from busbar.service_desk.intervals import share_interval
from busbar.service_desk.models import ImprovementTask, SatisfactionScore
from busbar.service_desk.operations import UnableToImprove, UnableToSetRule
from busbar.service_desk.satisfaction import Piece, Weighing, reckon_index
from tests.payments.world import at
from tests.service_desk.world import MONDAY, SYSTEM, Desk, day_of

KINDS = {
    "survey": Weighing(1.0, 365.0),
    "complaint": Weighing(1.5, 180.0, 10.0),
    "bill_right": Weighing(0.05, 180.0, 85.0),
}
PIECES = st.lists(
    st.builds(
        Piece,
        st.sampled_from([*KINDS, "unknown"]),
        st.floats(0, 700),
        st.floats(0, 100),
    ),
    max_size=12,
)


def naive(pieces: list[Piece], prior: float, strength: float) -> float:
    """Straight from the formula, piece by piece."""
    above, below = strength * prior, strength
    for piece in pieces:
        if piece.kind in KINDS:
            rule = KINDS[piece.kind]
            weight = rule.weight * 0.5 ** (piece.age_days / rule.half_life_days)
            score = rule.score if piece.score is None else piece.score
            assert score is not None
            above, below = above + weight * score, below + weight
    return above / below


class TestTheIndex:
    @given(PIECES, st.floats(0, 100), st.floats(0.5, 20))
    def test_is_the_formula_whatever_the_evidence(
        self, pieces: list[Piece], prior: float, strength: float
    ) -> None:
        found = reckon_index(pieces, KINDS, prior=prior, strength=strength, z=1.96)

        assert found.score == pytest.approx(naive(pieces, prior, strength), abs=1e-6)
        assert prior + sum(part.pull for part in found.parts) == pytest.approx(found.score)
        assert 0 <= found.low <= found.score <= found.high <= 100

    def test_without_evidence_it_is_the_segment_s_mean_and_says_how_unsure(self) -> None:
        found = reckon_index([], KINDS, prior=70.0, strength=5.0, z=1.96)

        assert (found.score, found.parts) == (70.0, ())
        assert (round(found.low, 1), round(found.high, 1)) == (29.9, 92.7)

    @given(st.floats(0, 1), st.floats(0.1, 500))
    def test_more_evidence_never_widens_the_interval(self, share: float, count: float) -> None:
        few, many = share_interval(share, count), share_interval(share, 2 * count)

        assert few[0] <= share <= few[1]
        assert many[1] - many[0] <= few[1] - few[0] + 1e-9


class TestScoring:
    def test_a_complaint_pulls_and_its_pieces_lead_to_their_source(self, desk: Desk) -> None:
        row = desk.complain()

        found = queries.explain_customer(desk.customer.pk, "industry", at=at(MONDAY, 12))

        assert [(p.evidence.kind, p.evidence.subject_key) for p in found.pieces] == [
            ("complaint", row.number)
        ]
        assert found.index.score == pytest.approx((5 * 70 + 1.5 * 10) / 6.5, abs=0.02)

    def test_is_stored_where_it_moved_and_only_looked_at_where_not(self, desk: Desk) -> None:
        ids = [desk.customer.pk]
        first = operations.score_customers(customer_ids=ids, by=SYSTEM, at=at(MONDAY, 6))
        again = operations.score_customers(customer_ids=ids, by=SYSTEM, at=at("2026-03-10", 6))

        assert (first.moved, again.moved) == (1, 0)
        row = SatisfactionScore.objects.get()
        assert (day_of(row.at), day_of(row.checked_at)) == (MONDAY, "2026-03-10")

    def test_the_past_is_not_told_anew(self, desk: Desk) -> None:
        ids = [desk.customer.pk]
        operations.score_customers(customer_ids=ids, by=SYSTEM, at=at("2026-03-10", 6))

        assert operations.score_customers(customer_ids=ids, by=SYSTEM, at=at(MONDAY)).reckoned == 0

    def test_a_fall_opens_one_task_for_the_manager_the_same_day(self, desk: Desk) -> None:
        ids = [desk.customer.pk]
        operations.score_customers(customer_ids=ids, by=SYSTEM, at=at(MONDAY, 6))
        desk.complain(hour=9)

        found = operations.score_customers(customer_ids=ids, by=SYSTEM, at=at(MONDAY, 10))
        desk.complain(hour=11, kind="outage")
        more = operations.score_customers(customer_ids=ids, by=SYSTEM, at=at(MONDAY, 12))

        task = ImprovementTask.objects.get()
        assert (found.opened, more.opened) == (1, 0)
        assert (task.owner_id, task.score_before) == (desk.manager.employee_id, Decimal("70.00"))
        assert task.reasons == [["投诉", "-13.8", 1]]
        assert task.clock is not None
        assert day_of(task.clock.due_at) in {MONDAY, "2026-03-10"}

    def test_a_small_fall_opens_none(self, desk: Desk) -> None:
        ids = [desk.customer.pk]
        operations.score_customers(customer_ids=ids, by=SYSTEM, at=at(MONDAY, 6))
        operations.set_parameter(
            code="fall_points", value=Decimal(30), valid_from=at("2026-03-10").date(),
            source="测试", by=SYSTEM, at=at(MONDAY),
        )  # fmt: skip
        desk.complain("2026-03-10")

        done = operations.score_customers(customer_ids=ids, by=SYSTEM, at=at("2026-03-10", 12))

        assert (done.moved, done.opened) == (1, 0)

    def test_batches_take_the_same_queries_for_few_and_for_many(self, desk: Desk) -> None:
        counts = [self.queries_of_a_round(at("2026-03-10", 6))]
        for extra in range(20):
            Customer.objects.create(
                number=f"X{extra}", name=f"甲{extra}", kind="industry", unit=desk.customer.unit
            )
        SatisfactionScore.objects.all().delete()
        counts.append(self.queries_of_a_round(at("2026-03-10", 7)))

        assert counts[0] == counts[1]

    def queries_of_a_round(self, moment: dt.datetime) -> int:
        ids = list(Customer.objects.values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as seen:
            operations.score_customers(customer_ids=ids, by=SYSTEM, at=moment)
        return len(seen)


class TestMending:
    def open_task(self, desk: Desk) -> ImprovementTask:
        ids = [desk.customer.pk]
        operations.score_customers(customer_ids=ids, by=SYSTEM, at=at(MONDAY, 6))
        desk.complain(hour=9)
        operations.score_customers(customer_ids=ids, by=SYSTEM, at=at(MONDAY, 10))
        return ImprovementTask.objects.get()

    def test_says_what_was_done_and_stops_the_clock(self, desk: Desk) -> None:
        task = self.open_task(desk)

        operations.close_improvement(
            improvement_id=task.pk, measure="上门说明", by=desk.manager, at=at(MONDAY, 15)
        )

        done = queries.get_improvement(desk.manager, task.pk)
        assert done.clock is not None
        assert (done.measure, done.clock.state) == ("上门说明", "stopped")

    def test_without_a_measure_or_twice_is_refused(self, desk: Desk) -> None:
        task = self.open_task(desk)
        for measure, told in ((" ", "什么措施"), ("x", "已办结")):
            if measure == "x":
                operations.close_improvement(
                    improvement_id=task.pk, measure="上门", by=desk.manager, at=at(MONDAY, 14)
                )
            before = ImprovementTask.objects.values().get()
            with pytest.raises(UnableToImprove, match=told), transaction.atomic():
                operations.close_improvement(
                    improvement_id=task.pk, measure=measure, by=desk.manager, at=at(MONDAY, 15)
                )
            assert ImprovementTask.objects.values().get() == before


class TestRules:
    def test_from_a_day_to_come_and_with_a_source(self, desk: Desk) -> None:
        facts = {
            "kind": "complaint",
            "score": Decimal(5),
            "weight": Decimal(3),
            "half_life_days": 90,
        }
        for day, source, told in (
            ("2026-03-09", "本局文件", "明天起"),
            ("2026-03-10", " ", "依据"),
        ):
            with pytest.raises(UnableToSetRule, match=told):
                operations.set_evidence_rule(
                    **facts, valid_from=at(day).date(), source=source, by=SYSTEM, at=at(MONDAY)
                )

        operations.set_evidence_rule(
            **facts, valid_from=at("2026-03-10").date(), source="本局文件", by=SYSTEM, at=at(MONDAY)
        )

        assert queries.get_rules(on=at(MONDAY).date()).weighings["complaint"].weight == 1.5
        assert queries.get_rules(on=at("2026-03-10").date()).weighings["complaint"].weight == 3.0
