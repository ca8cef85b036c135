"""A connection from the counter to the first bill, every step by the person who does it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import operations as billing_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock
from busbar.connections import operations as connections_operations
from busbar.connections.models import ApplicationState, DocumentPhase, FeeNotice, IssuedPaper
from busbar.connections.operations.receipts import BankRow
from busbar.kit.periods import Month
from busbar.supply.models import UsagePoint
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import InstanceState, SupervisionFinding, SupervisionKind
from tests.billing import world as billing_world
from tests.connections.processes import world as w
from tests.connections.processes.world import PDF, PHOTO, Connection, at
from tests.connections.works.world import good_values, make_firm

INSPECTORS = ["E003", "E006"]


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.BUSBAR_HOME = tmp_path
    return tmp_path


@pytest.fixture
def connection(ground: None) -> Connection:
    return w.make_connection()


def close_of(day: str) -> dt.datetime:
    """The last second of a day in China."""
    return at(day, 23).replace(minute=59, second=59)


def bring_to_scheme(c: Connection) -> None:
    """A first look, one correction, review, hand-over, survey."""
    c.do("check_documents", "station", "2025-03-03", outcome="incomplete", means="当面")
    c.hand_in_documents(DocumentPhase.APPLICATION, "station", "2025-03-05")
    c.do("correct_documents", "station", "2025-03-05", correction_note="已补齐")
    c.do("check_documents", "station", "2025-03-06", outcome="accepted")
    c.do("preliminary_review", "station", "2025-03-07", outcome="passed")
    c.do("hand_over", "station", "2025-03-10")
    c.do("plan_survey", "marketing", "2025-03-11", planned_for="2025-03-13T09:00")
    c.do(
        "survey",
        "marketing",
        "2025-03-13",
        files=[("photos", "现场.jpg", PHOTO)],
        outcome="feasible",
        verified_kva=800,
        connection_point="11线 12号杆",
        feeders=[{"feeder": "F11", "distance_m": 800}],
        attendance=[{"unit": "3101PL", "name": "计划员"}, {"unit": "3101DC", "name": "调度员"}],
    )


def sign_all(c: Connection, day: str) -> None:
    for part in ("marketing", "planning", "dispatch", "safety"):
        # The author of a scheme does not sign it for his department.
        person = "colleague" if part == "marketing" else part
        c.do(f"sign_{part}", person, day, outcome="agreed")


def reply(c: Connection, **data: Any) -> None:
    """One refusal by dispatch, a second round that all agree on, approval, reply."""
    c.study_scheme("2025-03-17")
    c.do("design_scheme", "marketing", "2025-03-17")
    c.do("sign_dispatch", "dispatch", "2025-03-18", outcome="refused", remark="11线重载")
    for part, person in (
        ("marketing", "colleague"),
        ("planning", "planning"),
        ("safety", "safety"),
    ):
        c.do(f"sign_{part}", person, "2025-03-18", outcome="agreed")
    c.study_scheme("2025-03-19")
    c.do("design_scheme", "marketing", "2025-03-19")
    sign_all(c, "2025-03-20")
    c.do("approve_scheme", "manager", "2025-03-21", outcome="approved")
    c.do("reply_customer", "marketing", "2025-03-24", **data)


def build(c: Connection) -> None:
    """Firms, design, works, an interim inspection with a finding put right."""
    designer, builder = make_firm(11, "design", "丙级"), make_firm(12, "installation", "四级")
    c.do(
        "choose_contractors",
        "marketing",
        "2025-09-25",
        files=[("declaration", "声明.pdf", PDF)],
        design_code=designer.code,
        construction_code=builder.code,
        chosen_by="王工",
        free_choice=True,
    )
    c.do(
        "submit_design",
        "marketing",
        "2025-09-26",
        files=[("drawings", "施工图.pdf", PDF)],
        title="10kV配电工程",
        submitted_by="设计院",
    )
    c.do("review_design", "marketing", "2025-09-28", outcome="passed", opinion="同意")
    c.do(
        "start_works",
        "marketing",
        "2025-10-09",
        started_on="2025-10-09",
        supervisor_name="李工",
        supervisor_phone="13900000000",
    )
    c.do("request_interim", "marketing", "2025-11-03", part="接地网", requested_by="李工")
    c.do(
        "interim_inspection",
        "marketing",
        "2025-11-04",
        hour=17,
        files=[("photos", "接地.jpg", PHOTO)],
        outcome="returned",
        held_at="2025-11-04T14:00",
        inspectors=INSPECTORS,
        opinion="接地扁钢搭接不足",
        findings=[
            {
                "severity": "severe",
                "description": "接地扁钢搭接长度不足",
                "clause": "GB 50169 第4.3条",
                "rectify_by": "2025-11-10",
            }
        ],
    )
    c.do(
        "rectify_interim",
        "marketing",
        "2025-11-06",
        files=[("evidence", "补焊.jpg", PHOTO)],
        measure="补焊",
        rectified_by="李工",
    )
    c.do("recheck_interim", "marketing", "2025-11-07", outcome="passed", inspectors=INSPECTORS)


def complete(c: Connection) -> None:
    """Report, inspection, agreement."""
    c.hand_in_documents(DocumentPhase.COMPLETION, "marketing", "2025-11-19")
    c.do(
        "report_completion",
        "marketing",
        "2025-11-20",
        files=[("report", "竣工报告.pdf", PDF)],
        finished_on="2025-11-18",
        requested_by="王工",
        transformers=[{"label": "1#", "capacity_kva": 800, "model": "S13-800/10"}],
    )
    c.do(
        "completion_inspection",
        "marketing",
        "2025-11-24",
        hour=17,
        outcome="passed",
        held_at="2025-11-24T14:00",
        inspectors=INSPECTORS,
        opinion="合格",
        measured=[{"code": code, "value": value} for code, value in good_values().items()],
    )
    c.do(
        "sign_agreement",
        "marketing",
        "2025-11-26",
        files=[("agreement", "合同.pdf", PDF)],
        tariff_code="TWO-PART",
        tariff_category="industry_two_part",
        basic_charge_mode="capacity",
        power_factor_standard="0.90",
        signed_on="2025-11-26",
        customer_signatory="王工",
        company_signatory="周主任",
    )


def energize(c: Connection) -> None:
    """Meter, switching, registration, training, archive."""
    c.do(
        "plan_metering",
        "metering",
        "2025-11-27",
        points=[
            {
                "name": "总表",
                "metering_side": "high",
                "voltage_kv": "10",
                "ct_ratio": "10",
                "pt_ratio": "100",
            }
        ],
    )
    c.do(
        "fit_meter",
        "metering",
        "2025-11-28",
        serial="M900",
        ct_ratio="10",
        pt_ratio="100",
        start_registers=[{"reading_type": "正向有功总", "value": "0.01"}],
        seals="F1、F2",
        fitted_on="2025-11-28",
    )
    c.do(
        "energize",
        "dispatch",
        "2025-12-01",
        hour=17,
        permit_number="DD-2025-1201",
        switched_at="2025-12-01T15:00",
        operator="赵",
        supervisor="钱",
    )
    c.do("register", "service", "2025-12-02", contact_name="王工", contact_phone="13800000000")
    c.do(
        "train",
        "service",
        "2025-12-10",
        files=[("sign_in_sheet", "签到.jpg", PHOTO)],
        topic="安全用电",
        held_on="2025-12-10",
        attendees=[{"name": "王工", "signed_in": True, "score": 90}],
    )
    c.do("close", "marketing", "2025-12-11")


class TestHighVoltageConnection:
    """The whole way."""

    def test_ends_in_a_bill(self, connection: Connection, home: Path) -> None:
        c = connection
        bring_to_scheme(c)
        reply(c, charges=[])
        build(c)
        complete(c)
        energize(c)

        application = c.fresh()
        c.process.refresh_from_db()
        assert (application.state, application.stage) == (ApplicationState.CLOSED, 7)
        assert c.process.state == InstanceState.COMPLETED
        assert application.account is not None
        january = Month(2026, 1)
        point = UsagePoint.objects.get(account=application.account)
        billing_world.store(home / "lake", billing_world.curves([point], january))
        run = billing_operations.run_month(month=january, by=SYSTEM_VIEWER, at=at("2026-02-02"))
        assert (run.billed, run.refused) == (1, 0)

    def test_leaves_no_clock_running(self, connection: Connection) -> None:
        c = connection
        bring_to_scheme(c)
        reply(c, charges=[])
        build(c)
        complete(c)
        energize(c)

        open_clocks = Clock.objects.open().values_list("code", "subject_type")
        assert list(open_clocks) == []

    def test_attributes_every_second_of_its_time(self, connection: Connection) -> None:
        c = connection
        bring_to_scheme(c)
        reply(c, charges=[])
        build(c)
        complete(c)
        energize(c)

        found = clocks_queries.attribute("connections.application", c.application.pk)
        parts = sum((part.elapsed for part in found.parts), dt.timedelta())
        assert parts == found.elapsed
        assert {part.party.kind for part in found.parts} >= {"department", "customer"}


class TestStatutoryClock:
    """The reply's twenty working days."""

    def test_starts_on_acceptance_and_stops_with_the_reply(self, connection: Connection) -> None:
        bring_to_scheme(connection)
        clock = Clock.objects.get(code="scheme-reply-single")
        # Twenty working days after Thursday 6 March end with the third of April.
        assert (clock.started_at, clock.due_at) == (at("2025-03-06"), close_of("2025-04-03"))

        reply(connection, charges=[])

        clock.refresh_from_db()
        assert clock.stopped_at == at("2025-03-24")

    def test_hand_over_is_counted_inside_it(self, connection: Connection) -> None:
        bring_to_scheme(connection)

        inner = Clock.objects.get(code="hand-over-to-marketing")
        assert inner.parent is not None
        assert inner.parent.code == "scheme-reply-single"
        assert (inner.due_at, inner.stopped_at) == (close_of("2025-03-13"), at("2025-03-10"))


class TestCountersigning:
    """会签 with a refusal, and with silence."""

    def test_a_refusal_brings_the_scheme_back(self, connection: Connection) -> None:
        bring_to_scheme(connection)
        connection.study_scheme("2025-03-17")
        connection.do("design_scheme", "marketing", "2025-03-17")
        connection.do(
            "sign_safety", "safety", "2025-03-18", outcome="refused", remark="无自备应急电源"
        )
        for part, person in (
            ("marketing", "colleague"),
            ("planning", "planning"),
            ("dispatch", "dispatch"),
        ):
            connection.do(f"sign_{part}", person, "2025-03-18", outcome="agreed")

        assert connection.open_elements() == {"design_scheme"}

    def test_silence_is_consent_after_its_limit(self, connection: Connection) -> None:
        bring_to_scheme(connection)
        connection.study_scheme("2025-03-17")
        connection.do("design_scheme", "marketing", "2025-03-17")
        for part, person in (
            ("marketing", "colleague"),
            ("planning", "planning"),
            ("dispatch", "dispatch"),
        ):
            connection.do(f"sign_{part}", person, "2025-03-18", outcome="agreed")
        due = connection.task("sign_safety").clock.due_at

        assert workflow_operations.take_silence_as_consent(at=due) == 0
        workflow_operations.take_silence_as_consent(at=at("2025-04-01"))

        assert connection.open_elements() == {"approve_scheme"}
        finding = SupervisionFinding.objects.get(kind=SupervisionKind.SILENT)
        assert finding.task.element == "sign_safety"


class TestFees:
    """Money holds the works up, and lets them go."""

    def test_unpaid_works_do_not_begin(self, connection: Connection) -> None:
        c = connection
        bring_to_scheme(c)
        charge = {"item": "commissioned_works", "quantity": "1", "price_yuan": "12000.00"}
        reply(c, charges=[{**charge, "basis": "预算 2025-01 号"}])
        notice = FeeNotice.objects.get()
        paper = IssuedPaper.objects.get(kind="scheme_reply")
        assert notice.total_yuan == Decimal("12000.00")
        assert paper.application == c.application

        connections_operations.import_bank_file(
            payee_number=w.PAYEE,
            name="流水.csv",
            rows=[
                BankRow(
                    number=1,
                    reference="B1",
                    booked_on=at("2025-03-28").date(),
                    amount_yuan=Decimal("12000.00"),
                    payer_name="东海轴承厂",
                    payer_account="95588001",
                    remark=notice.number,
                )
            ],
            by=c.company.people["cashier"],
            at=at("2025-03-28"),
        )

        notice.refresh_from_db()
        assert notice.state == "paid"
