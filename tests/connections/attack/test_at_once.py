"""Two people, or a person and a job, at the same moment: one wins, the other gets a sentence."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import CalendarDay, Clock, ClockAlert, DayKind
from busbar.clocks.subjects import Subject
from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    BankReceipt,
    ConnectionApplication,
    FeeMatch,
    FeeRefund,
    FeeRefundState,
    IssuedPaper,
    PaperKind,
)
from busbar.connections.recording import record_step
from busbar.customers import operations as customers_operations
from busbar.journal import queries as journal_queries
from busbar.payments.bank_file import BankRow
from busbar.pricing import operations as pricing_operations
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import ProcessInstance, TaskState, UserTask
from tests.connections.attack.racing import (
    Work,
    assert_clocks_are_sound,
    assert_process_is_sound,
    at_once,
    refusals,
)
from tests.connections.processes import test_connection_journey as journey
from tests.connections.processes import world as w
from tests.connections.processes.world import Connection, at
from tests.connections.scheme import world as money_world
from tests.connections.works.world import credit_code
from tests.shelf import GROUND_AT

ROUNDS = 4


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.BUSBAR_HOME = tmp_path
    return tmp_path


@pytest.fixture
def committed(transactional_db: None) -> Connection:
    """An application at the counter, really in the database."""
    clocks_operations.load_announced_years(at=GROUND_AT)
    pricing_operations.load_seed(at=GROUND_AT)
    return w.make_connection()


@pytest.fixture
def money(transactional_db: None) -> money_world.World:
    """An application before its fees, really in the database."""
    clocks_operations.load_announced_years(at=GROUND_AT)
    return money_world.make_world()


def tell(c: Connection, event: str, when: dt.datetime) -> None:
    """An event of the application, to journal and clocks, as an operation tells it."""
    with transaction.atomic():
        record_step(
            event=event,
            application=c.fresh(),
            actor=SYSTEM_VIEWER.actor,
            at=when,
            facts={"evidence": "现场未开放"},
        )


class TestOneTask:
    """The same task, twice."""

    def test_two_clerks_accept_one_application(self, committed: Connection) -> None:
        committed.hand_in_documents("application", "station", "2025-03-04")
        task = committed.task("check_documents")

        def accept() -> object:
            return workflow_operations.complete_task(
                task_id=task.pk,
                data={"outcome": "accepted"},
                viewer=committed.company.people["station"],
                at=at("2025-03-06"),
            )

        answers = at_once(accept, accept, accept)
        assert refusals(answers) == ["任务“核对资料”已由station员于 2025-03-06 10:00 办理"] * 2
        assert Clock.objects.filter(code="scheme-reply-single").count() == 1
        papers = IssuedPaper.objects.filter(application=committed.application)
        kinds = sorted(papers.values_list("kind", flat=True))
        assert kinds == [PaperKind.ACCEPTANCE, PaperKind.APPLICATION_FORM]
        assert_process_is_sound(committed.process)
        assert_clocks_are_sound()

    def test_silence_and_the_person_at_the_same_moment(self, committed: Connection) -> None:
        journey.bring_to_scheme(committed)
        committed.study_scheme("2025-03-17")
        committed.do("design_scheme", "marketing", "2025-03-17")
        task = committed.task("sign_safety")

        def sign() -> object:
            return workflow_operations.complete_task(
                task_id=task.pk,
                data={"outcome": "agreed"},
                viewer=committed.company.people["safety"],
                at=at("2025-04-01"),
            )

        def silence() -> object:
            return workflow_operations.take_silence_as_consent(at=at("2025-04-01"))

        at_once(sign, silence, silence)
        states = dict(committed.process.tasks.values_list("element", "state"))
        assert states["sign_safety"] in {TaskState.COMPLETED, TaskState.SILENT}
        assert committed.open_elements() == {"approve_scheme"}
        assert_process_is_sound(committed.process)

    def test_four_departments_sign_at_once(self, committed: Connection) -> None:
        journey.bring_to_scheme(committed)
        committed.study_scheme("2025-03-17")
        committed.do("design_scheme", "marketing", "2025-03-17")
        signers = {
            "marketing": "colleague",
            "planning": "planning",
            "dispatch": "dispatch",
            "safety": "safety",
        }

        def sign(part: str) -> Work:
            task, person = committed.task(f"sign_{part}"), signers[part]
            return lambda: workflow_operations.complete_task(
                task_id=task.pk,
                data={"outcome": "agreed"},
                viewer=committed.company.people[person],
                at=at("2025-03-18"),
            )

        answers = at_once(*(sign(part) for part in signers))
        assert all(isinstance(answer, UserTask) for answer in answers), refusals(answers)
        assert committed.open_elements() == {"approve_scheme"}
        assert_process_is_sound(committed.process)


class TestManyMatters:
    """Different matters that share numbers, journal and calendar."""

    def test_six_clerks_submit_in_one_unit(self, committed: Connection) -> None:
        unit, clerk = committed.application.unit, committed.company.people["station"]

        def submit(number: int) -> Work:
            form = w.form(site_name=f"{number}号厂", credit_code=credit_code(20 + number))
            return lambda: connections_operations.submit_and_start(
                form=form, unit=unit, channel="counter", by=clerk, at=at("2025-03-03", 11)
            )

        answers = at_once(*(submit(number) for number in range(6)))
        assert refusals(answers) == []
        numbers = sorted(ConnectionApplication.objects.values_list("number", flat=True))
        assert numbers == [f"{unit.code}-250303-{n:04d}" for n in range(1, 8)]
        for instance in ProcessInstance.objects.all():
            assert_process_is_sound(instance)

    def test_one_applicant_twice_at_two_counters(self, committed: Connection) -> None:
        unit, clerk = committed.application.unit, committed.company.people["station"]
        form = w.form(site_name="新厂", credit_code=credit_code(30))

        def submit() -> object:
            return connections_operations.submit_and_start(
                form=form, unit=unit, channel="counter", by=clerk, at=at("2025-03-03", 11)
            )

        answers = at_once(submit, submit)
        assert len(refusals(answers)) == 1
        assert "已有在办申请" in refusals(answers)[0]

    def test_papers_numbers_and_accounts_do_not_wait_for_each_other(
        self, committed: Connection
    ) -> None:
        """Acceptance issues a paper after its entry; another paper takes its number first."""
        committed.hand_in_documents("application", "station", "2025-03-04")
        task, clerk = committed.task("check_documents"), committed.company.people["station"]
        unit = committed.application.unit
        other = connections_operations.submit_application(
            form=w.form(site_name="二厂", credit_code=credit_code(41)),
            unit=unit,
            channel="counter",
            by=clerk,
            at=at("2025-03-04"),
        )

        def accept() -> object:
            return workflow_operations.complete_task(
                task_id=task.pk, data={"outcome": "accepted"}, viewer=clerk, at=at("2025-03-06")
            )

        def paper() -> object:
            return connections_operations.issue_application_paper(
                application_id=other.pk, by=clerk, at=at("2025-03-06")
            )

        def customer() -> object:
            return customers_operations.take_account_number(unit=unit)

        answers = at_once(accept, paper, paper, customer)
        assert refusals(answers) == []
        numbers = list(IssuedPaper.objects.values_list("number", flat=True))
        assert len(numbers) == len(set(numbers)) == 4  # the accepted one has a notice too
        assert journal_queries.verify_chain().broken is None

    def test_one_subject_gets_one_process(self, committed: Connection) -> None:
        other = connections_operations.submit_application(
            form=w.form(site_name="二厂", credit_code=credit_code(41)),
            unit=committed.application.unit,
            channel="counter",
            by=committed.company.people["station"],
            at=at("2025-03-04"),
        )

        def start() -> object:
            return connections_operations.start_connection_process(
                application_id=other.pk, actor=SYSTEM_VIEWER.actor, at=at("2025-03-04")
            )

        answers = at_once(start, start, start)
        assert len(refusals(answers)) == 2
        assert ProcessInstance.objects.filter(subject_id=other.pk).count() == 1


class TestClocks:
    """Clocks are moved by people, by events and by jobs."""

    @pytest.fixture
    def accepted(self, committed: Connection) -> Connection:
        committed.hand_in_documents("application", "station", "2025-03-04")
        committed.do("check_documents", "station", "2025-03-06", outcome="accepted")
        return committed

    def test_the_ladder_climbs_while_the_clock_is_paused(self, accepted: Connection) -> None:
        clock = Clock.objects.get(code="scheme-reply-single")
        late = at("2025-05-20")

        def pause() -> object:
            return clocks_operations.pause_clock(
                clock_id=clock.pk,
                reason="customer-site",
                evidence="现场未开放",
                actor=SYSTEM_VIEWER.actor,
                at=late,
            )

        def climb() -> object:
            return clocks_operations.climb_ladders(at=late)

        answers = at_once(pause, climb, climb)
        assert refusals(answers) == []
        rungs = list(ClockAlert.objects.filter(clock=clock).values_list("rung_id", flat=True))
        assert len(rungs) == len(set(rungs))
        assert_clocks_are_sound()

    def test_events_ladders_and_the_calendar_at_once(self, accepted: Connection) -> None:
        """An event records and then holds the clock; jobs hold the clock and then record."""
        for day in ("2025-03-07", "2025-03-10", "2025-03-11", "2025-03-12"):
            clock = Clock.objects.get(code="scheme-reply-single")
            verb = "postponed" if clock.state == "running" else "resumed"
            works = (
                lambda v=verb, d=day: tell(accepted, f"connections.survey.{v}", at(d, 11)),
                lambda d=day: clocks_operations.recalculate_clocks(at=at(d, 11)),
                lambda d=day: clocks_operations.climb_ladders(at=at(d, 11)),
                lambda d=day: clocks_operations.recalculate_clocks(at=at(d, 11)),
            )
            assert refusals(at_once(*works)) == []
        assert Clock.objects.get(code="scheme-reply-single").pauses.count() == 2
        assert_clocks_are_sound()
        assert journal_queries.verify_chain().broken is None

    def test_the_calendar_changes_while_clocks_start(self, accepted: Connection) -> None:
        unit, clerk = accepted.application.unit, accepted.company.people["station"]
        day = dt.date(2025, 3, 20)

        def change() -> object:
            clocks_operations.edit_day(
                date=day,
                kind=DayKind.HOLIDAY,
                name="抢险停工",
                by=SYSTEM_VIEWER,
                at=at("2025-03-07", 11),
                reason="省公司通知",
            )
            return clocks_operations.recalculate_clocks(at=at("2025-03-07", 11))

        def begin(number: int) -> Work:
            subject = Subject(type="test.matter", id=number, unit_id=unit.pk)
            return lambda: clocks_operations.start_clock(
                code="scheme-reply-single",
                subject=subject,
                actor=clerk.actor,
                at=at("2025-03-07", 11),
            )

        answers = at_once(change, *(begin(n) for n in range(4)), begin(0))
        assert len(refusals(answers)) == 1
        assert CalendarDay.objects.get(pk=day).kind == DayKind.HOLIDAY
        # Whoever began before the change was committed is reckoned again by its outbox entry.
        clocks_operations.recalculate_clocks(at=at("2025-03-07", 12))
        begun = Clock.objects.filter(subject_type="test.matter")
        # Without the 20th, and with 4 April a holiday, the twentieth working day is 8 April.
        assert begun.count() == 4
        assert set(begun.values_list("due_at", flat=True)) == {
            at("2025-04-09", 0) - dt.timedelta(seconds=1)
        }


class TestMoney:
    """Bank files, matches, refunds."""

    def test_one_file_imported_twice(self, money: money_world.World) -> None:
        notice = money.notice("100.00")
        rows = [money_world.row(n, "60.00", notice.number) for n in range(1, 4)]

        def bank() -> object:
            return connections_operations.import_bank_file(
                payee_number=money_world.PAYEE,
                name="流水.csv",
                rows=rows,
                by=money.cashier,
                at=at("2025-04-01"),
            )

        files = at_once(bank, bank, bank)
        assert refusals(files) == []
        assert sorted(file.kept for file in files) == [0, 0, 3]  # type: ignore[attr-defined]
        assert BankReceipt.objects.count() == 3
        assert sum(FeeMatch.objects.values_list("amount_yuan", flat=True)) == Decimal("100.00")

    def test_two_matches_of_one_receipt(self, money: money_world.World) -> None:
        first, second = money.notice("100.00"), money.notice("100.00")
        money.bank(money_world.row(1, "100.00"))
        receipt = BankReceipt.objects.get()

        def match(notice_id: int) -> Work:
            return lambda: connections_operations.match_receipt(
                receipt_id=receipt.pk,
                notice_id=notice_id,
                amount_yuan=Decimal("60.00"),
                reason="核对",
                by=money.cashier,
                at=at("2025-04-02"),
            )

        answers = at_once(match(first.pk), match(second.pk))
        assert len(refusals(answers)) == 1
        assert "只余 40.00 元待核销" in refusals(answers)[0]
        assert FeeMatch.objects.count() == 1

    def test_two_decisions_on_one_refund(self, money: money_world.World) -> None:
        money.bank(money_world.row(1, "100.00"))
        for _ in range(ROUNDS):
            refund = connections_operations.request_refund(
                receipt_id=BankReceipt.objects.get().pk,
                amount_yuan=Decimal("10.00"),
                ground="多付",
                by=money.cashier,
                at=at("2025-04-02"),
            )
            facts: dict[str, Any] = {
                "refund_id": refund.pk,
                "remark": "见单",
                "by": money.manager,
                "at": at("2025-04-03"),
            }
            answers = at_once(
                lambda f=facts: connections_operations.approve_refund(**f),
                lambda f=facts: connections_operations.refuse_refund(**f),
                lambda f=facts: connections_operations.approve_refund(**f),
            )
            assert len(refusals(answers)) == 2
            refund.refresh_from_db()
            assert refund.state in {FeeRefundState.APPROVED, FeeRefundState.REFUSED}
        assert FeeRefund.objects.count() == ROUNDS

    def test_two_refunds_of_the_same_rest(self, money: money_world.World) -> None:
        money.bank(money_world.row(1, "100.00"))
        receipt = BankReceipt.objects.get()

        def ask() -> object:
            return connections_operations.request_refund(
                receipt_id=receipt.pk,
                amount_yuan=Decimal("60.00"),
                ground="多付",
                by=money.cashier,
                at=at("2025-04-02"),
            )

        answers = at_once(ask, ask)
        assert len(refusals(answers)) == 1
        assert FeeRefund.objects.count() == 1

    def test_matching_and_refunding_at_once(self, money: money_world.World) -> None:
        for number in range(1, ROUNDS + 1):
            notice = money.notice("100.00")
            money.bank(money_world.row(number, "100.00"))
            receipt = BankReceipt.objects.order_by("-pk").first()
            assert receipt is not None
            answers = at_once(
                lambda n=notice, r=receipt: connections_operations.match_receipt(
                    receipt_id=r.pk,
                    notice_id=n.pk,
                    reason="核对",
                    by=money.cashier,
                    at=at("2025-04-02"),
                ),
                lambda r=receipt: connections_operations.request_refund(
                    receipt_id=r.pk,
                    amount_yuan=Decimal("100.00"),
                    ground="多付",
                    by=money.cashier,
                    at=at("2025-04-02"),
                ),
                lambda k=number: connections_operations.import_bank_file(
                    payee_number=money_world.PAYEE,
                    name="乙.csv",
                    rows=[
                        BankRow(
                            number=1,
                            reference=f"X{k}",
                            booked_on=dt.date(2025, 3, 20),
                            amount_yuan=Decimal("1.00"),
                            payer_name="东海轴承厂",
                            payer_account="95588001",
                            remark="",
                        )
                    ],
                    by=money.cashier,
                    at=at("2025-04-02"),
                ),
            )
            assert len(refusals(answers)) == 1
