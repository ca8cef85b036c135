"""The applicant's own page: number and code, what is expected, corrections, choice, extension."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    ApplicationDocument,
    ConnectionApplication,
    ContractorChoice,
    IssuedPaper,
    SchemeExtension,
    SupplyScheme,
)
from busbar.connections.queries import get_document_list
from busbar.journal.models import Entry
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask
from tests.connections.works.world import make_firm
from tests.console.connections.conftest import NOW, PDF, Office


def enter(found: ConnectionApplication, code: str | None = None) -> tuple[Client, Any]:
    client = Client()
    answer = client.post(
        "/progress/", {"number": found.number, "query_code": code or found.query_code}
    )
    return client, answer


def ask_for_corrections(office: Office, found: ConnectionApplication) -> None:
    """Every paper but the identity is there."""
    station = office.company.people["station"]
    for line in get_document_list(found).lines:
        code = line.requirement.code
        if line.requirement.is_required and code != "identity":
            document = connections_operations.add_document(
                application_id=found.pk,
                requirement_code=code,
                file=connections_operations.documents.SentFile(f"{code}.pdf", PDF + code.encode()),
                by=station,
                at=NOW,
            )
            connections_operations.judge_document(
                document_id=document.pk, verdict="accepted", by=station, at=NOW
            )
    task = UserTask.objects.get(instance=found.process_id, element="check_documents")
    workflow_operations.complete_task(
        task_id=task.pk, data={"outcome": "incomplete", "means": "电话"}, viewer=station, at=NOW
    )


def reply(found: ConnectionApplication, until: dt.date = dt.date(2027, 3, 2)) -> SupplyScheme:
    ConnectionApplication.objects.filter(pk=found.pk).update(
        state="replied", stage=4, accepted_at=NOW
    )
    return SupplyScheme.objects.create(
        application=found,
        number="FA-1",
        round=1,
        state="replied",
        author_name="方案员",
        created_at=NOW,
        replied_at=NOW,
        valid_from=dt.date(2026, 3, 2),
        first_valid_until=until,
        valid_until=until,
        validity_code="scheme-validity-hv",
    )


class TestEntering:
    def test_shows_the_seven_stages_and_no_employee(self, office: Office) -> None:
        found = office.submit()

        client, answer = enter(found, found.query_code.lower())
        page = client.get("/progress/").content.decode()

        assert answer["Location"] == "/progress/"
        for name in ("申请受理", "初审勘察", "供电方案", "答复缴费", "装表送电"):
            assert name in page
        for person in office.company.people.values():
            assert person.name not in page

    def test_a_wrong_code_tells_nothing(self, office: Office) -> None:
        client, answer = enter(office.submit(), "WRONGCODE2")

        assert answer.status_code == 422
        assert "不符" in answer.content.decode()
        assert "临江特钢" not in client.get("/progress/").content.decode()

    def test_guessing_is_slowed_and_then_the_right_code_too(self, office: Office) -> None:
        found = office.submit()
        for _guess in range(5):
            assert enter(found, "WRONGCODE2")[1].status_code == 422

        client, answer = enter(found)

        assert answer.status_code == 429
        assert "过于频繁" in answer.content.decode()
        assert "临江特钢" not in client.get("/progress/").content.decode()

    def test_ends_after_half_an_hour_and_by_leaving(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = office.submit()
        left, _answer = enter(found)
        left.post("/progress/leave/")
        late, _answer = enter(found)

        monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + dt.timedelta(minutes=31))

        for client in (left, late):
            assert "临江特钢" not in client.get("/progress/").content.decode()

    @pytest.mark.parametrize(
        "address", ["documents/", "corrected/", "extension/", "papers/x/received/"]
    )
    def test_a_stranger_is_sent_to_the_question_and_changes_nothing(
        self, office: Office, address: str
    ) -> None:
        office.submit()
        before = Entry.objects.count()

        answer = Client().post(f"/progress/{address}", {"reason": "x"})

        assert answer["Location"] == "/progress/"
        assert Entry.objects.count() == before


class TestCorrections:
    def test_are_expected_uploaded_and_sent_in_by_the_applicant(self, office: Office) -> None:
        found = office.submit()
        ask_for_corrections(office, found)
        client, _answer = enter(found)

        page = client.get("/progress/").content.decode()
        early = client.post("/progress/corrected/", {"note": ""})
        client.post(
            "/progress/documents/",
            {
                "phase": "application",
                "requirement": "identity",
                "file": SimpleUploadedFile("执照.pdf", PDF),
            },
        )
        client.post("/progress/corrected/", {"note": "已补"})

        found.refresh_from_db()
        assert "请您办理" in page
        assert early.status_code == 422
        assert found.state == "submitted"
        document = ApplicationDocument.objects.get(requirement__code="identity")
        assert document.uploaded_by == f"申请人 {found.applicant_name}"
        opened = UserTask.objects.open().get(instance=found.process_id)
        assert opened.element == "check_documents"

    def test_a_file_of_another_kind_is_refused_with_a_sentence(self, office: Office) -> None:
        found = office.submit()
        client, _answer = enter(found)

        answer = client.post(
            "/progress/documents/",
            {
                "phase": "application",
                "requirement": "identity",
                "file": SimpleUploadedFile("执照.pdf", b"MZ\x90\x00"),
            },
        )

        assert answer.status_code == 422
        assert not ApplicationDocument.objects.exists()


class TestContractors:
    def test_the_whole_list_is_shown_and_the_choice_is_his_own(self, office: Office) -> None:
        found = office.submit()
        reply(found)
        firms = [make_firm(n, "installation", "四级") for n in (1, 2, 3)]
        client, _answer = enter(found)

        page = client.get("/progress/contractors/construction/").content.decode()
        client.post(
            "/progress/contractors/construction/",
            {"contractor": firms[1].pk, "chosen_by": "王经理", "free_choice": "on"},
        )

        choice = ContractorChoice.objects.get()
        for firm in firms:
            assert firm.name in page
        assert "有效至" in page
        assert choice.contractor == firms[1]
        assert choice.by_customer
        assert len(choice.shown) == 3

    def test_without_the_confirmation_nothing_is_chosen(self, office: Office) -> None:
        found = office.submit()
        reply(found)
        firm = make_firm(1, "installation", "四级")
        client, _answer = enter(found)

        answer = client.post(
            "/progress/contractors/construction/",
            {"contractor": firm.pk, "chosen_by": "王经理"},
        )

        assert answer.status_code == 422
        assert not ContractorChoice.objects.exists()

    def test_is_not_there_before_the_reply(self, office: Office) -> None:
        client, _answer = enter(office.submit())

        assert client.get("/progress/contractors/construction/").status_code == 404


class TestExtension:
    def test_is_asked_for_in_time(self, office: Office) -> None:
        found = office.submit()
        reply(found)
        client, _answer = enter(found)

        client.post("/progress/extension/", {"reason": "资金未到位"})

        assert SchemeExtension.objects.get().state == "requested"

    def test_out_of_time_is_answered_with_the_clause(self, office: Office) -> None:
        found = office.submit()
        reply(found, until=dt.date(2026, 3, 8))
        client, _answer = enter(found)

        answer = client.post("/progress/extension/", {"reason": "资金未到位"}, follow=True)

        extension = SchemeExtension.objects.get()
        assert extension.state == "refused"
        assert extension.clause in answer.content.decode()

    def test_wants_a_reason(self, office: Office) -> None:
        found = office.submit()
        reply(found)
        client, _answer = enter(found)

        assert client.post("/progress/extension/", {"reason": ""}).status_code == 422
        assert not SchemeExtension.objects.exists()


class TestValidity:
    @pytest.mark.parametrize(
        ("scheme", "application", "is_shown"),
        [("replied", "replied", True), ("started", "works", False), ("started", "closed", False)],
    )
    def test_is_told_only_while_the_scheme_can_lapse(
        self, office: Office, scheme: str, application: str, *, is_shown: bool
    ) -> None:
        found = office.submit()
        reply(found)
        SupplyScheme.objects.update(state=scheme)
        ConnectionApplication.objects.update(state=application)

        client, _answer = enter(found)
        page = client.get("/progress/").content.decode()

        assert ("供电方案有效期" in page) is is_shown


class TestPapers:
    def paper(self, found: ConnectionApplication) -> IssuedPaper:
        return connections_operations.issue_paper(
            kind="acceptance",
            pdf=PDF,
            facts={},
            application=found,
            actor=connections_operations.submit.acting(None, found),
            at=NOW,
        )

    def test_are_read_and_their_receipt_is_confirmed(self, office: Office) -> None:
        found = office.submit()
        paper = self.paper(found)
        client, _answer = enter(found)

        file = client.get(f"/progress/papers/{paper.number}/")
        client.post(f"/progress/papers/{paper.number}/received/")

        paper.refresh_from_db()
        assert b"".join(file) == PDF
        assert (paper.received_by, paper.receipt_means) == ("王经理", "electronic")

    def test_of_another_application_are_not_there(self, office: Office) -> None:
        paper = self.paper(office.submit(1))
        client, _answer = enter(office.submit(2))

        assert client.get(f"/progress/papers/{paper.number}/").status_code == 404

    def test_staff_record_a_receipt_once(self, office: Office) -> None:
        paper = self.paper(office.submit())
        client = office.client("station")

        shown = client.get(f"/papers/{paper.number}/")
        file = client.get(f"/papers/{paper.number}/file/?inline")
        wrong = client.post(
            f"/papers/{paper.number}/", {"received_by": "王工", "means": "post", "evidence": ""}
        )
        client.post(f"/papers/{paper.number}/", {"received_by": "王工", "means": "signed"})
        other = office.client("planning").get(f"/papers/{paper.number}/")

        paper.refresh_from_db()
        assert shown.status_code == 200
        assert file["X-Frame-Options"] == "SAMEORIGIN"
        assert wrong.status_code == 422
        assert paper.received_by == "王工"
        assert other.status_code == 404
