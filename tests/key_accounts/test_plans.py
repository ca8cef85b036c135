"""A plan is drafted, met about, signed by both sides, measured, revised, reviewed (U8, R43)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from busbar.access.models import Employee
from busbar.customers.models import Document
from busbar.journal.models import Entry
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import AccountPlan, PlanMeasure
from busbar.key_accounts.operations import UnableToFindCustomer, UnableToPlan
from busbar.kit.errors import Refusal
from tests.payments.world import at
from tests.service_desk.world import MONDAY, Desk


def refused(kind: type[Refusal], text: str, act: object) -> None:
    """The act is refused with the text; plans, measures and journal stay as they were."""
    before = list(AccountPlan.objects.values()), list(PlanMeasure.objects.values())
    entries = Entry.objects.count()
    with pytest.raises(kind, match=text), transaction.atomic():
        act()  # type: ignore[operator]
    assert (list(AccountPlan.objects.values()), list(PlanMeasure.objects.values())) == before
    assert Entry.objects.count() == entries


def paper(desk: Desk) -> Document:
    """A signed paper among the customer's documents."""
    return Document.objects.create(
        customer=desk.customer, title="共签计划", kind="other", file_name="a.pdf",
        content_type="application/pdf", sha256="0" * 64, size_bytes=1,
        uploaded_at=at(MONDAY), uploaded_by="x",
    )  # fmt: skip


def draft(desk: Desk) -> AccountPlan:
    """A plan with profile, goals and one measure due on 1 April."""
    plan = operations.open_plan(customer_number="K1", year=2026, by=desk.manager, at=at(MONDAY))
    operations.write_plan(
        plan_id=plan.pk, sections={"profile": "轴承", "goals": "降本 3%"},
        budget_yuan=Decimal(50000), by=desk.manager, at=at(MONDAY),
    )  # fmt: skip
    operations.add_measure(
        plan_id=plan.pk, text="能效诊断", owner_id=desk.manager.employee_id or 0,
        due_on=at("2026-04-01").date(), by=desk.manager, at=at(MONDAY),
    )  # fmt: skip
    return plan


def sector_draft(desk: Desk) -> AccountPlan:
    """A plan of the industry with one measure."""
    plan = operations.open_sector_plan(
        sector="industry", unit_code="310101", year=2026, by=desk.manager, at=at(MONDAY)
    )
    operations.write_plan(
        plan_id=plan.pk, sections={"profile": "x", "goals": "y"}, budget_yuan=Decimal(0),
        by=desk.manager, at=at(MONDAY),
    )  # fmt: skip
    operations.add_measure(
        plan_id=plan.pk, text="座谈", owner_id=desk.manager.employee_id or 0,
        due_on=at("2026-04-01").date(), by=desk.manager, at=at(MONDAY),
    )  # fmt: skip
    return plan


def sign(desk: Desk, plan: AccountPlan, **facts: object) -> None:
    usual: dict[str, object] = {
        "plan_id": plan.pk, "our_signatory": "李经理", "their_signatory": "王厂长",
        "signed_on": at(MONDAY).date(), "by": desk.manager, "at": at("2026-03-10"),
    }  # fmt: skip
    operations.sign_plan(**{**usual, **facts})  # type: ignore[arg-type]


def agreed(desk: Desk) -> AccountPlan:
    plan = draft(desk)
    meeting = desk.hold(kind="meeting", subject="联合计划会")
    operations.hold_planning_meeting(
        plan_id=plan.pk, interaction_id=meeting.pk, by=desk.manager, at=at(MONDAY, 12)
    )
    sign(desk, plan, document_id=paper(desk).pk)
    return queries.get_plan(desk.manager, plan.pk)


class TestDrafting:
    def test_there_is_one_a_year_and_customer(self, desk: Desk) -> None:
        draft(desk)
        refused(
            UnableToPlan,
            "已有 2026 年的计划",
            lambda: operations.open_plan(
                customer_number="K1", year=2026, by=desk.manager, at=at(MONDAY)
            ),
        )
        refused(
            UnableToPlan,
            "2025 至 2027",
            lambda: operations.open_plan(
                customer_number="K1", year=2030, by=desk.manager, at=at(MONDAY)
            ),
        )
        refused(
            UnableToFindCustomer,
            "没有客户 K1",
            lambda: operations.open_plan(
                customer_number="K1", year=2026, by=desk.neighbor, at=at(MONDAY)
            ),
        )

    def test_an_unknown_section_or_a_past_measure_is_refused(self, desk: Desk) -> None:
        plan = draft(desk)
        refused(
            UnableToPlan,
            "没有“weather”",
            lambda: operations.write_plan(
                plan_id=plan.pk, sections={"weather": "x"}, budget_yuan=Decimal(0),
                by=desk.manager, at=at(MONDAY),
            ),
        )  # fmt: skip
        refused(
            UnableToPlan,
            "今天以前",
            lambda: operations.add_measure(
                plan_id=plan.pk, text="x", owner_id=desk.manager.employee_id or 0,
                due_on=at("2026-03-01").date(), by=desk.manager, at=at(MONDAY),
            ),
        )  # fmt: skip


class TestSigning:
    def test_keeps_the_version_as_both_signed_it(self, desk: Desk) -> None:
        plan = agreed(desk)

        signing = plan.signings.get()
        assert (plan.state, signing.version, signing.their_signatory) == ("agreed", 1, "王厂长")
        assert signing.content["goals"] == "降本 3%"
        assert signing.content["measures"] == [["能效诊断", "员工E1", "2026-04-01"]]

    def test_takes_the_meeting_the_paper_and_the_customer_s_name(self, desk: Desk) -> None:
        plan = draft(desk)
        refused(UnableToPlan, "联合计划会", lambda: sign(desk, plan))
        meeting = desk.hold(kind="meeting")
        operations.hold_planning_meeting(
            plan_id=plan.pk, interaction_id=meeting.pk, by=desk.manager, at=at(MONDAY, 12)
        )
        refused(UnableToPlan, "双方签字的文件", lambda: sign(desk, plan))
        refused(
            UnableToPlan,
            "客户方签署人",
            lambda: sign(desk, plan, their_signatory="", document_id=paper(desk).pk),
        )

    def test_without_goals_or_measures_nobody_signs(self, desk: Desk) -> None:
        plan = operations.open_plan(customer_number="K1", year=2026, by=desk.manager, at=at(MONDAY))
        refused(UnableToPlan, "至少一项措施", lambda: sign(desk, plan))

    def test_a_visit_is_no_planning_meeting(self, desk: Desk) -> None:
        plan = draft(desk)
        visit = desk.hold()
        refused(
            UnableToPlan,
            "有纪要的会议",
            lambda: operations.hold_planning_meeting(
                plan_id=plan.pk, interaction_id=visit.pk, by=desk.manager, at=at(MONDAY, 12)
            ),
        )

    def test_a_revision_is_the_next_version_and_leaves_the_signed_one(self, desk: Desk) -> None:
        plan = agreed(desk)

        operations.revise_plan(
            plan_id=plan.pk, reason="新上产线", by=desk.manager, at=at("2026-05-04")
        )

        found = queries.get_plan(desk.manager, plan.pk)
        assert (found.state, found.version) == ("draft", 2)
        assert found.signings.get().content["goals"] == "降本 3%"


class TestClosing:
    def test_takes_the_end_of_every_measure_and_a_review(self, desk: Desk) -> None:
        plan = agreed(desk)
        measure = plan.measures.get()
        refused(
            UnableToPlan,
            "1 项措施没有结果",
            lambda: operations.close_plan(
                plan_id=plan.pk, review="达成", by=desk.manager, at=at("2026-12-01")
            ),
        )
        operations.report_measure(
            measure_id=measure.pk, progress_percent=100, note="报告已交",
            by=desk.manager, at=at("2026-03-30"),
        )  # fmt: skip
        refused(
            UnableToPlan,
            "复盘结论",
            lambda: operations.close_plan(
                plan_id=plan.pk, review=" ", by=desk.manager, at=at("2026-12-01")
            ),
        )
        done = operations.close_plan(
            plan_id=plan.pk, review="降本 3.2%", by=desk.manager, at=at("2026-12-01")
        )
        assert (done.state, done.review) == ("closed", "降本 3.2%")

    def test_a_sector_s_plan_is_approved_by_us_alone(self, desk: Desk) -> None:
        plan = sector_draft(desk)

        sign(desk, plan, their_signatory="")

        row = AccountPlan.objects.get()
        assert row.state == "agreed"
        assert row.get_state_display() == "已批准"
        with translation.override("en"):
            assert row.get_state_display() == "Approved"

    def test_only_a_customer_s_plan_is_signed_by_both(self, desk: Desk) -> None:
        row = agreed(desk)

        assert row.get_state_display() == "已共签"
        with translation.override("en"):
            assert row.get_state_display() == "Signed by both"

    def test_the_screen_approves_a_sector_s_plan(self, desk: Desk, client: Client) -> None:
        plan = sector_draft(desk)
        client.force_login(Employee.objects.get(pk=desk.manager.employee_id).user)
        before = client.get(f"/plans/{plan.pk}/").content.decode()

        client.post(
            f"/plans/{plan.pk}/",
            {"act": "sign", "our_signatory": "李主任", "signed_on": "2020-01-06"},
        )

        page, rows = (
            client.get(where).content.decode() for where in (f"/plans/{plan.pk}/", "/plans/")
        )
        assert "批准计划" in before
        assert "双方签署" not in before
        assert "客户方签署人" not in before
        assert AccountPlan.objects.get().signings.get().our_signatory == "李主任"
        assert ">已批准</span>" in page
        assert ">已批准</span>" in rows
        assert "已共签</span>" not in page + rows
        assert ">已共签或批准</a>" in rows

    def test_the_screen_has_a_customer_s_plan_signed_by_both(
        self, desk: Desk, client: Client
    ) -> None:
        plan = draft(desk)
        client.force_login(Employee.objects.get(pk=desk.manager.employee_id).user)

        page = client.get(f"/plans/{plan.pk}/").content.decode()

        assert "双方签署" in page
        assert "批准计划" not in page


class TestDue:
    def test_lists_what_is_late_or_soon_for_its_owner_and_no_neighbor(self, desk: Desk) -> None:
        draft(desk)
        on = at("2026-03-30").date()

        found = queries.list_due_measures(desk.manager, on=on, mine=True)

        assert [row.text for row in found] == ["能效诊断"]
        assert list(queries.list_due_measures(desk.manager, on=at(MONDAY).date())) == []
        assert list(queries.list_due_measures(desk.neighbor, on=on)) == []

    def test_a_plan_without_measures_has_none_and_no_progress(self, desk: Desk) -> None:
        operations.open_plan(customer_number="K1", year=2027, by=desk.manager, at=at(MONDAY))

        plan = queries.list_plans(desk.manager, year=2027).get()

        assert (plan.measures_all, plan.measures_done, plan.progress) == (0, 0, None)

    def test_a_list_of_plans_takes_one_query(self, desk: Desk) -> None:
        draft(desk)
        with CaptureQueriesContext(connection) as seen:
            assert [row.measures_all for row in queries.list_plans(desk.manager)] == [1]
        assert len(seen) == 1
