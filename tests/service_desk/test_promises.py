"""A promise becomes a clocked task; nobody loses it, and the rate is seen by the customer (N9)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.access.visibility import NotPermitted
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock
from busbar.jobs import outbox
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.notifications.models import Message
from busbar.service_desk import operations, queries
from busbar.service_desk.models import Promise, PromiseState
from busbar.service_desk.operations import UnableToKeepLedger, UnableToServe
from tests.imports.world import make_viewer
from tests.payments.world import at
from tests.service_desk.world import MONDAY, SYSTEM, Desk, day_of


def refused(kind: type[Refusal], text: str, act: object) -> None:
    """The act is refused with the text; ledger and journal stay as they were."""
    before, entries = list(Promise.objects.order_by("id").values()), Entry.objects.count()
    with pytest.raises(kind, match=text), transaction.atomic():
        act()  # type: ignore[operator]
    assert list(Promise.objects.order_by("id").values()) == before
    assert Entry.objects.count() == entries


class TestMaking:
    def test_its_clock_runs_from_the_talk_in_its_own_working_days(self, desk: Desk) -> None:
        row = desk.promise(days=3)

        assert row.clock is not None
        assert row.clock.started_at == at(MONDAY, 9)
        assert day_of(row.clock.due_at) == "2026-03-12"
        assert clocks_queries.explain_clock(row.clock).limit.words == "不超过 3 个工作日"

    def test_entered_late_it_gains_no_day(self, desk: Desk) -> None:
        held = desk.hold(MONDAY)

        row = desk.promise(days=1, interaction_id=held.pk, at=at("2026-03-12", 9))

        assert row.clock is not None
        assert day_of(row.clock.due_at) == "2026-03-10"
        assert row.is_late(at("2026-03-12", 9))

    def test_weekends_do_not_count(self, desk: Desk) -> None:
        row = desk.promise(days=2, day="2026-03-12")

        assert row.clock is not None
        assert day_of(row.clock.due_at) == "2026-03-16"

    def test_longer_than_the_rule_it_is_refused_with_the_clause(self, desk: Desk) -> None:
        held = desk.hold()
        refused(
            UnableToKeepLedger,
            "约定的期限须大于 0 且不长于规定：.*兑现承诺不超过 60 个工作日",
            lambda: desk.promise(days=61, interaction_id=held.pk),
        )
        assert not Clock.objects.exists()

    def test_without_a_day_it_is_refused(self, desk: Desk) -> None:
        held = desk.hold()
        refused(
            UnableToKeepLedger,
            "至少 1 个工作日",
            lambda: desk.promise(days=0, interaction_id=held.pk),
        )

    @pytest.mark.parametrize(
        ("facts", "told"),
        [({"text": " "}, "承诺了什么"), ({"made_to": ""}, "向客户的哪一位")],
    )
    def test_it_says_what_and_to_whom(
        self, desk: Desk, facts: dict[str, object], told: str
    ) -> None:
        held = desk.hold()
        refused(UnableToKeepLedger, told, lambda: desk.promise(interaction_id=held.pk, **facts))

    def test_it_belongs_to_a_talk_that_took_place(self, desk: Desk) -> None:
        planned = operations.plan_interaction(
            customer_number="K1",
            subject="下周走访",
            planned_at=at("2026-03-16"),
            owner_id=desk.manager.employee_id or 0,
            by=desk.manager,
            at=at(MONDAY),
        )
        refused(UnableToKeepLedger, "先登记纪要", lambda: desk.promise(interaction_id=planned.pk))
        refused(UnableToKeepLedger, "哪次往来或哪件投诉", lambda: desk.promise(interaction_id=None))

    def test_nobody_promises_for_a_stranger(self, desk: Desk) -> None:
        held = desk.hold()
        refused(
            UnableToServe,
            "不在您的单位",
            lambda: desk.promise(interaction_id=held.pk, owner_id=desk.neighbor.employee_id),
        )

    def test_the_neighbor_sees_neither_talk_nor_promise(self, desk: Desk) -> None:
        row = desk.promise()
        refused(
            UnableToKeepLedger,
            "没有这次往来",
            lambda: desk.promise(interaction_id=row.interaction_id, by=desk.neighbor),
        )
        with pytest.raises(Promise.DoesNotExist):
            queries.get_promise(desk.neighbor, row.pk)


class TestKeeping:
    def test_kept_in_time_it_stops_the_clock(self, desk: Desk) -> None:
        row = desk.promise(days=3)

        operations.keep_promise(
            promise_id=row.pk, evidence="照片与客户签字", by=desk.manager, at=at("2026-03-11")
        )

        kept = queries.get_promise(desk.manager, row.pk)
        assert (kept.state, kept.is_late(at("2026-04-01"))) == (PromiseState.KEPT, False)
        assert kept.clock is not None
        assert kept.clock.stopped_at == at("2026-03-11")

    def test_kept_late_it_stays_late(self, desk: Desk) -> None:
        row = desk.promise(days=1)

        operations.keep_promise(
            promise_id=row.pk, evidence="已换", by=desk.manager, at=at("2026-03-11")
        )

        assert queries.get_promise(desk.manager, row.pk).is_late(at("2026-03-11"))
        assert queries.kept_rate(desk.manager, at=at("2026-03-11")).share == 0.0

    def test_it_says_what_shows_it(self, desk: Desk) -> None:
        row = desk.promise()
        refused(
            UnableToKeepLedger,
            "凭什么认定",
            lambda: operations.keep_promise(
                promise_id=row.pk, evidence="", by=desk.manager, at=at(MONDAY, 12)
            ),
        )

    def test_twice_it_is_refused(self, desk: Desk) -> None:
        row = desk.promise()
        operations.keep_promise(
            promise_id=row.pk, evidence="已换", by=desk.manager, at=at(MONDAY, 12)
        )
        refused(
            UnableToKeepLedger,
            "已兑现，不能再改",
            lambda: operations.keep_promise(
                promise_id=row.pk, evidence="又换", by=desk.manager, at=at(MONDAY, 13)
            ),
        )

    def test_whoever_answers_for_it_may_keep_it_and_no_bystander(self, desk: Desk) -> None:
        row = desk.promise(owner_id=desk.colleague.employee_id)
        bystander = make_viewer(desk.units["310101"], Role.CASHIER, number="E9")
        refused(
            NotPermitted,
            "负责人",
            lambda: operations.keep_promise(
                promise_id=row.pk, evidence="x", by=bystander, at=at(MONDAY, 12)
            ),
        )
        operations.keep_promise(
            promise_id=row.pk, evidence="已换", by=desk.colleague, at=at(MONDAY, 12)
        )
        assert Promise.objects.get().state == PromiseState.KEPT


class TestWithdrawing:
    def withdraw(self, desk: Desk, row: Promise, **facts: object) -> Promise:
        usual: dict[str, object] = {
            "promise_id": row.pk,
            "reason": "客户改由自己更换",
            "consent_by": "王厂长",
            "by": desk.manager,
            "at": at("2026-03-10"),
        }
        return operations.withdraw_promise(**{**usual, **facts})  # type: ignore[arg-type]

    def test_takes_the_customer_s_consent_and_a_reason(self, desk: Desk) -> None:
        row = desk.promise()
        refused(UnableToKeepLedger, "经客户同意", lambda: self.withdraw(desk, row, consent_by=""))
        refused(UnableToKeepLedger, "撤回的原因", lambda: self.withdraw(desk, row, reason=" "))

        done = self.withdraw(desk, row)

        assert (done.state, done.consent_by) == (PromiseState.WITHDRAWN, "王厂长")
        assert Clock.objects.get(code="promise").state == "cancelled"
        rate = queries.kept_rate(desk.manager, at=at("2026-04-01"))
        assert (rate.due, rate.withdrawn, rate.share) == (0, 1, None)

    def test_a_broken_promise_is_not_withdrawn(self, desk: Desk) -> None:
        row = desk.promise(days=1)
        refused(
            UnableToKeepLedger,
            "已超期，不能再撤回",
            lambda: self.withdraw(desk, row, at=at("2026-03-11")),
        )


class TestHandingOver:
    def test_the_clock_goes_with_it_and_runs_on(self, desk: Desk) -> None:
        row = desk.promise(days=3)

        operations.hand_over_promise(
            promise_id=row.pk,
            owner_id=desk.agent.employee_id or 0,
            reason="休假",
            by=desk.manager,
            at=at("2026-03-10"),
        )

        clock = Clock.objects.get(code="promise")
        assert (clock.owner_id, day_of(clock.due_at)) == (desk.agent.employee_id, "2026-03-12")
        assert Promise.objects.get().owner_id == desk.agent.employee_id

    def test_to_whoever_has_it_is_refused(self, desk: Desk) -> None:
        row = desk.promise()
        refused(
            UnableToKeepLedger,
            "现在就由",
            lambda: operations.hand_over_promise(
                promise_id=row.pk,
                owner_id=desk.manager.employee_id or 0,
                reason="x",
                by=desk.manager,
                at=at(MONDAY, 12),
            ),
        )


class TestClimbing:
    def test_a_late_promise_climbs_from_its_owner_to_the_managers(self, desk: Desk) -> None:
        chief = make_viewer(desk.units["310101"], Role.MANAGER, number="E8")
        desk.promise(days=1)

        clocks_operations.climb_ladders(at=at("2026-03-10", 12))
        clocks_operations.climb_ladders(at=at("2026-03-11", 12))
        outbox.react_to_all(next(r for r in outbox.REACTIONS if r.name == "notifications.people"))

        told = Message.objects.filter(kind__startswith="clocks.clock.")
        assert list(told.order_by("pk").values_list("kind", "employee_id")) == [
            ("clocks.clock.warned", desk.manager.employee_id),
            ("clocks.clock.escalated", chief.employee_id),
        ]


class TestKeptRate:
    @pytest.fixture
    def told(self, desk: Desk) -> Desk:
        """Two in time, one late, one open beyond its day, one not due yet, one withdrawn."""
        first, second, third = (desk.promise(days=3) for _ in range(3))
        for row, day in ((first, "2026-03-10"), (second, "2026-03-12"), (third, "2026-03-13")):
            operations.keep_promise(
                promise_id=row.pk, evidence="已办", by=desk.manager, at=at(day, 9)
            )
        desk.promise(days=4)
        desk.promise(days=30)
        TestWithdrawing().withdraw(desk, desk.promise(days=10))
        return desk

    def test_counts_what_had_to_be_kept_by_now(self, told: Desk) -> None:
        rate = queries.kept_rate(told.manager, at=at("2026-03-16"))

        assert (rate.in_time, rate.late, rate.open, rate.withdrawn) == (2, 2, 1, 1)
        assert rate.share == 0.5
        assert rate.interval == pytest.approx((0.1500, 0.8500), abs=0.0001)

    @pytest.mark.parametrize("by", ["customer", "manager", "unit"])
    def test_is_had_by_customer_manager_and_unit(self, told: Desk, by: str) -> None:
        names = {"customer": "K1", "manager": "E1", "unit": "310101"}

        found = queries.kept_rates(told.manager, by=by, at=at("2026-03-16"))

        assert [(code, rate.due, rate.share) for code, _, rate in found] == [(names[by], 4, 0.5)]
        assert queries.kept_rates(told.neighbor, by=by, at=at("2026-03-16")) == []

    def test_the_customer_reads_it_without_names_of_ours(self, told: Desk) -> None:
        with CaptureQueriesContext(connection) as seen:
            rate, shown = queries.publish_promises(told.customer.pk, at=at("2026-03-16"))

        assert len(seen) == 2
        assert (rate.share, len(shown)) == (0.5, 6)
        assert set(vars(shown[0])) == {
            "text", "made_to", "made_at", "due_at", "state", "kept_at", "is_late",
        }  # fmt: skip

    def test_nothing_deletes_a_promise(self, told: Desk) -> None:
        held = Promise.objects.order_by("id")[0].interaction
        assert held is not None
        with pytest.raises(Exception, match="protected"), transaction.atomic():
            held.delete()
        names = [name for name in operations.__all__ if "delete" in name or "remove" in name]
        assert names == []
        assert queries.list_promises(SYSTEM).count() == 6
