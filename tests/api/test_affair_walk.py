"""Every new address as every role, and how many queries it takes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.api.main import api as ninja_api
from busbar.clocks.models import Clock
from busbar.connections.models import (
    ApplicationDocument,
    BankReceipt,
    Contractor,
    FeeMatch,
    FeeNotice,
    FeeRefund,
    Inspection,
    IssuedPaper,
    MeteringOrder,
    ServiceOrder,
    SiteSurvey,
    SupplyChange,
    SupplyScheme,
    SurveyPhoto,
)
from busbar.journal.models import Entry
from busbar.notifications.models import Message
from busbar.workflow.models import Consultation, ProcessInstance, TaskAttachment
from tests.api.affair import ROOT, Affair, get, submit_second

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("test_affair_walk")]


def samples(affair: Affair) -> dict[str, Any]:
    """A value for every place of an address, by its path up to the place."""
    application = affair.connection.application
    return {
        "time-limits/{code}": "scheme-reply-single",
        "clocks/{clock_id}": Clock.objects.get(code="scheme-reply-single").pk,
        "processes/{process_id}": affair.connection.process.pk,
        "process-definitions/{key}": "connection_high_voltage",
        "versions/{number}": 1,
        "tasks/{task_id}": affair.connection.task("report_completion").pk,
        "consultations/{consultation_id}": _consultation(affair).pk,
        "attachments/{attachment_id}": TaskAttachment.objects.order_by("pk")[0].pk,
        "applications/{number}": affair.number,
        "application-documents/{document_id}": ApplicationDocument.objects.filter(
            application=application
        )[0].pk,
        "surveys/{survey_id}": SiteSurvey.objects.get().pk,
        "survey-photos/{photo_id}": SurveyPhoto.objects.get().pk,
        "papers/{number}": IssuedPaper.objects.filter(application=application)[0].number,
        "schemes/{scheme_id}": SupplyScheme.objects.order_by("pk")[0].pk,
        "contractors/{code}": "",
        "inspections/{inspection_id}": Inspection.objects.get().pk,
        "fee-notices/{notice_id}": FeeNotice.objects.get().pk,
        "bank-receipts/{receipt_id}": BankReceipt.objects.get(reference="B1").pk,
        "fee-matches/{match_id}": FeeMatch.objects.get().pk,
        "supply-changes/{number}": SupplyChange.objects.get().number,
        "metering-orders/{number}": MeteringOrder.objects.get().number,
        "service-orders/{number}": ServiceOrder.objects.get().number,
        "messages/{message_id}": Message.objects.get(kind="test").pk,
    }


def _consultation(affair: Affair) -> Consultation:
    task = affair.connection.task("report_completion")
    return Consultation.objects.get_or_create(
        task=task,
        defaults={
            "asked_id": affair.company.people["safety"].employee_id,
            "unit": affair.company.units["3101SF"],
            "question": "？",
            "asked_at": task.created_at,
            "asked_by": "x",
        },
    )[0]


QUERIES = {"/contractor-offer": {"role": "design", "on": "2025-09-25"}, "/answers": {"words": "电"}}
ELSEWHERE = (
    "account-plans", "accounts", "advice", "agreements", "archive-rules", "bill-findings",
    "bill-runs", "bills", "claims", "complaints", "consolidation-runs", "curves", "customer-needs",
    "customers", "department-orders", "dunning-cases", "feeders", "group-bills", "group-loads",
    "groups", "handovers", "importance-assessments", "improvements", "interactions", "key-accounts",
    "ledger", "load-shapes", "manager-qualifications", "manager-training", "mandates",
    "match-pairs", "merges", "meter-facts", "meters", "opportunities", "order-measures", "outages",
    "payment-matches", "payment-refunds", "payments", "portfolios", "promise-links", "promises",
    "receivables", "recognition-overrides", "recognition-rules", "rule-sets", "satisfaction",
    "satisfaction-surveys", "savings", "service-agreements", "service-catalogue", "service-dues",
    "service-standards", "shadow-bills", "sites", "solutions", "substations", "surcharges",
    "tariff-drafts", "tariffs", "team", "transformers", "units", "usage-points", "vee-findings",
    "yearly-reviews",
)  # fmt: skip
"""Routers whose addresses others walk: tests/test_walk_every_address.py and their own tests."""


def addresses(method: str, values: dict[str, Any]) -> list[str]:
    """Every new address of a method with its places filled."""
    found = []
    for path, item in ninja_api.get_openapi_schema()["paths"].items():
        short = path.removeprefix(f"{ROOT}/")
        if method in item and short.split("/")[0] not in ELSEWHERE:
            for place, value in values.items():
                short = short.replace(place, f"{place.split('{')[0]}{value}")
            assert "{" not in short, short
            found.append(short)
    return found


def query_of(path: str) -> dict[str, str]:
    """What an address cannot do without."""
    return next((query for end, query in QUERIES.items() if path.endswith(end)), {})


def filled(affair: Affair) -> dict[str, Any]:
    """The samples, with a firm of the register."""
    return {**samples(affair), "contractors/{code}": Contractor.objects.order_by("pk")[0].code}


SHARED = ("time-limits", "limit-rule-sets", "contractors", "process-definitions")
"""What is public in the company: rules, the register of firms; definitions by permission."""


class TestEveryRole:
    def test_reads_every_address_of_its_branch(self, affair: Affair) -> None:
        paths = addresses("get", filled(affair))
        assert len(paths) > 40

        for role in Role:
            client = affair.hire(role, "31")
            for path in paths:
                answer = client.get(f"{ROOT}/{path}", query_of(path))
                allowed = {200, 409} if path.endswith("/attribution") else {200}
                if path.startswith("process-definitions") and role != Role.ADMINISTRATOR:
                    allowed = {403}
                assert answer.status_code in allowed, (role, path, answer.status_code)

    def test_sees_nothing_of_another_branch(self, affair: Affair) -> None:
        own = filled(affair)
        paths = addresses("get", own)

        for role in Role:
            client = affair.hire(role, "3102")
            for path in paths:
                if path.startswith(SHARED):
                    continue
                answer = client.get(f"{ROOT}/{path}", query_of(path))
                if any(str(value) in path.split("/") for value in own.values()):
                    assert answer.status_code == 404, (role, path, answer.status_code)
                    continue
                assert "轴承厂" not in answer.content.decode(), (role, path)
                assert "1001" not in answer.content.decode(), (role, path)

    def test_nobody_of_another_branch_changes_anything(self, affair: Affair) -> None:
        paths = addresses("post", filled(affair))
        entries = Entry.objects.count()
        client = affair.hire(Role.ADMINISTRATOR, "3102")
        entries = Entry.objects.count()

        for path in paths:
            answer = client.post(f"{ROOT}/{path}", bodies(path), content_type="application/json")
            told = (path, answer.status_code, answer.content.decode()[:200])
            allowed = {200} if path.endswith(("/reckon", "read-all")) else {403, 404, 409, 422}
            assert answer.status_code in allowed, told
        assert Entry.objects.count() == entries

    def test_the_regulator_changes_nothing(self, affair: Affair) -> None:
        paths = addresses("post", filled(affair))
        client = affair.hire(Role.REGULATOR, "31")
        entries = Entry.objects.count()

        for path in paths:
            client.post(f"{ROOT}/{path}", bodies(path), content_type="application/json")
        assert Entry.objects.count() == entries

    def test_anonymous_is_let_in_nowhere(self, affair: Affair) -> None:
        values = filled(affair)

        for path in addresses("get", values):
            assert Client().get(f"{ROOT}/{path}").status_code == 401, path
        for path in addresses("post", values):
            assert Client().post(f"{ROOT}/{path}").status_code == 401, path


def bodies(path: str) -> dict[str, Any]:
    """A body that would do something, by the end of the address."""
    known: dict[str, dict[str, Any]] = {
        "/reckon": {"start": "2025-03-06T09:00:00+08:00"},
        "/pause": {"reason": "document_correction", "evidence": "x"},
        "/release": {"reason": "x"},
        "/return": {"reason": "x"},
        "/hand-over": {"to": "E001", "reason": "x"},
        "/consult": {"asked": "E006", "question": "x"},
        "/answer": {"answer": "x"},
        "/complete": {"data": {}},
        "/comments": {"text": "x"},
        "/verdict": {"verdict": "accepted"},
        "/match": {"notice_id": 1, "reason": "x"},
        "/undo": {"reason": "x"},
        "/judge": {"account_number": "1001", "kind": "closure", "starts_on": "2027-01-01"},
        "refunds": {"receipt_id": 1, "amount_yuan": "1.00", "ground": "x"},
        "supply-changes": {"account_number": "1001", "kind": "closure", "starts_on": "2027-01-01"},
        "metering-orders": {"kind": "install", "usage_point_number": "U1001", "reason": "x"},
        "service-orders": {
            "kind": "design", "customer_number": "K1001", "topic": "x", "request": "x",
        },
        "applications": {
            "unit_code": "310101S1", "kind": "new", "supply_kind": "low_voltage",
            "applicant_name": "甲", "customer_kind": "industry", "site_name": "甲",
            "address": "甲", "contact_name": "甲", "contact_phone": "13800000001",
            "requested_kva": 50,
        },
    }  # fmt: skip
    return next((body for end, body in known.items() if path.endswith(end)), {})


class TestQueries:
    def count(self, client: Client, path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            get(client, path)
        return len(queries)

    def test_lists_take_as_many_whatever_their_length(self, affair: Affair) -> None:
        client = affair.hire(Role.ADMINISTRATOR, "31")
        lists = (
            "applications", "tasks?whose=department", "processes", "clocks", "schemes",
            "fee-notices", "bank-receipts", "refunds", "inspections", "supply-changes",
            "metering-orders", "service-orders", "messages", "supervision/findings",
            "time-limits/in-force", "contractors",
        )  # fmt: skip
        before = {path: self.count(client, path) for path in lists}

        for serial in (3, 4, 5):
            submit_second(affair.company, serial=serial)

        assert {path: self.count(client, path) for path in lists} == before
        assert max(before.values()) <= 10, before

    def test_details_take_few(self, affair: Affair) -> None:
        client, values = affair.hire(Role.ADMINISTRATOR, "31"), filled(affair)
        paths = [p for p in addresses("get", values) if not query_of(p)]
        for path in paths:
            client.get(f"{ROOT}/{path}")
        taken = {}
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                client.get(f"{ROOT}/{path}")
            taken[path] = len(queries)

        assert {path: n for path, n in taken.items() if n > 25} == {}


def test_the_affair_stands(affair: Affair) -> None:
    assert FeeRefund.objects.count() == 1
    assert ProcessInstance.objects.count() == 6
