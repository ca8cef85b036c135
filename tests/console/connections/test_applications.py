"""业扩报装: the list, taking an application in, the page with its tabs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from busbar.access.models import User
from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    ApplicationDocument,
    ConnectionApplication,
    DocumentVerdict,
    GreenChannelGrant,
)
from busbar.connections.sent_files import SentFile
from busbar.journal.models import Entry
from tests.connections.intake.conftest import credit_code
from tests.console.connections.conftest import NOW, PDF, Office
from tests.console.english import chinese_in

HTMX = {"HX-Request": "true"}
GOOD = {
    "kind": "new",
    "supply_kind": "hv_single",
    "applicant_name": "临江特钢有限公司",
    "credit_code": credit_code(1),
    "customer_kind": "industry",
    "importance": "none",
    "site_name": "特钢一厂",
    "address": "工业路 1 号",
    "contact_name": "王经理",
    "contact_phone": "021-12345678",
    "requested_kva": "2000",
    "wished_voltage_kv": "10",
    "shifts": "3",
    "growth_percent": "5",
    "channel": "counter",
    "unit": "310101S1",
    "load_key": ["a", "b"],
    "load_name": ["电弧炉", ""],
    "load_count": ["2", ""],
    "load_rated_kw": ["600", ""],
    "load_demand_factor": ["0.8", ""],
    "load_power_factor": ["", ""],
    "load_is_critical": ["a"],
}


def told_by(answer: Any) -> list[str]:
    """All that a form says is wrong, in the order of the page."""
    form = answer.context["form"]
    beside = [sentence for errors in form.errors.values() for sentence in errors]
    rows = [sentence for row in answer.context["rows"] for sentence in row.errors]
    return [*map(str, beside), *form.load_errors, *rows]


class TestList:
    def test_shows_the_seven_steps_with_their_counts(self, office: Office) -> None:
        office.submit(1)
        office.submit(2)

        page = office.client("station").get("/connections/")

        assert page.context["stages"][0] == (1, "申请受理", 2)
        assert len(page.context["stages"]) == 7
        assert "临江特钢有限公司" in page.content.decode()

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("kind=increase", 0),
            ("supply_kind=hv_dual", 1),
            ("stage=2", 0),
            ("state=submitted", 2),
            ("late=1", 0),
            ("q=310101S1-260302-0001", 1),
            ("of=all&unit=99999999999999999999", 2),
            ("after=x&after_value=y", 2),
            ("after=3&after_value=2026-13-45", 2),
            ("stage=9", 2),
        ],
    )
    def test_is_narrowed_and_survives_addresses_made_up(
        self, office: Office, query: str, found: int
    ) -> None:
        office.submit(1)
        office.submit(2, supply_kind="hv_dual")

        assert len(office.client("station").get(f"/connections/?{query}").context["rows"]) == found

    def test_reads_on_by_keyset(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("busbar.console.connections.applications.PAGE", 2)
        for serial in range(3):
            office.submit(serial + 1)
        client = office.client("station")

        first = client.get("/connections/")
        moment, pk = first.context["next_after"]
        more = client.get(
            "/connections/",
            {"after": pk, "after_value": moment.isoformat()},
            headers=HTMX,
        )

        assert len(first.context["rows"]) == 2
        assert len(more.context["rows"]) == 1
        assert more.content.decode().count("<tr") == 1

    def test_shows_nothing_of_another_branch(self, office: Office) -> None:
        office.submit()

        assert office.client("planning").get("/connections/").context["rows"] == []

    def test_costs_the_same_for_one_and_for_five(
        self, office: Office, queries: Callable[[Client, str], int]
    ) -> None:
        client = office.client("station")
        office.submit(1)
        few = queries(client, "/connections/")
        for serial in range(2, 6):
            office.submit(serial)

        assert queries(client, "/connections/") == few

    def test_is_exported_with_its_filter_and_an_entry(self, office: Office) -> None:
        office.submit()

        answer = office.client("station").post("/connections/export/", {"format": "csv"})

        assert "临江特钢有限公司" in answer.content.decode("utf-8-sig")
        assert Entry.objects.filter(event="console.table.exported").exists()

    def test_a_number_in_the_search_box_leads_to_the_page(self, office: Office) -> None:
        found = office.submit()

        answer = office.client("station").get("/search/", {"q": found.number.lower()})

        assert answer["Location"] == f"/connections/{found.number}/"


class TestNew:
    def test_takes_it_in_and_starts_its_process(self, office: Office) -> None:
        answer = office.client("station").post("/connections/new/", GOOD)

        found = ConnectionApplication.objects.get()
        assert answer["Location"] == f"/connections/{found.number}/tab/documents/?submitted=1"
        assert found.process_id is not None
        assert found.recorded_for_customer
        load = found.loads.get()
        assert (load.name, load.count, load.is_critical) == ("电弧炉", 2, True)
        page = office.client("station").get(answer["Location"]).content.decode()
        assert found.query_code in page

    def test_says_everything_wrong_beside_its_field_and_loses_nothing(self, office: Office) -> None:
        bad = GOOD | {
            "applicant_name": "",
            "credit_code": "12345",
            "requested_kva": "两千",
            "contact_phone": "1",
            "temporary_until": "2027-01-01",
            "load_count": ["两", ""],
        }

        answer = office.client("station").post("/connections/new/", bad)

        form, page = answer.context["form"], answer.content.decode()
        assert answer.status_code == 422
        assert set(form.errors) == {
            "applicant_name",
            "credit_code",
            "requested_kva",
            "contact_phone",
            "temporary_until",
        }
        assert answer.context["rows"][0].errors == ["台数“两”应为数字"]
        assert 'value="两千"' in page
        assert 'value="两"' in page
        assert ConnectionApplication.objects.count() == 0

    def test_says_what_is_wrong_in_english_to_who_reads_english(self, office: Office) -> None:
        bad = GOOD | {
            "credit_code": "12345",
            "contact_phone": "1",
            "shifts": "9",
            "growth_percent": "101",
            "requested_kva": "0",
            "temporary_until": "2027-01-01",
            "wished_on": "2020-01-01",
            "load_name": ["", "炉", "炉"],
            "load_count": ["1", "1", "0"],
            "load_rated_kw": ["1", "1", "1"],
            "load_demand_factor": ["", "2", ""],
        }
        client = office.client("station")
        chinese = client.post("/connections/new/", bad)
        User.objects.update(language="en")

        english = client.post("/connections/new/", bad)

        said, before = told_by(english), told_by(chinese)
        assert chinese_in(" ".join(said), beside=("炉",)) == []
        assert len(said) == len(before)
        assert (
            "The credit code “12345” should have 18 characters and a right check character" in said
        )
        assert "number and rating should both be more than 0" in said
        assert "统一社会信用代码“12345”应为 18 位，校验码须正确" in before
        assert "的台数和单台容量都应大于 0" in before
        assert ConnectionApplication.objects.count() == 0

    def test_a_high_voltage_form_without_equipment_says_so(self, office: Office) -> None:
        answer = office.client("station").post(
            "/connections/new/", GOOD | {"load_name": [], "load_count": [], "load_rated_kw": []}
        )

        assert "高压用电应填写用电设备清单" in answer.content.decode()
        assert ConnectionApplication.objects.count() == 0

    def test_a_row_more_keeps_what_is_typed(self, office: Office) -> None:
        answer = office.client("station").post(
            "/connections/new/", GOOD | {"add_row": "1", "applicant_name": "半个名"}
        )

        assert "半个名" in answer.content.decode()
        assert len(answer.context["rows"]) == 2
        assert ConnectionApplication.objects.count() == 0

    def test_an_account_fills_the_form_for_an_increase(self, office: Office) -> None:
        office.account("3301")
        client = office.client("clerk")

        hits = client.get("/connections/new/applicants/?who=3301", headers=HTMX)
        part = client.get("/connections/new/applicant/?account=3301", headers=HTMX)

        assert "account=3301" in hits.content.decode()
        text = part.content.decode()
        assert 'value="increase" checked' in text
        assert 'value="3301"' in text
        assert "王主任" in text

    def test_an_increase_is_taken_in_on_the_account(self, office: Office) -> None:
        office.account("3301")

        office.client("clerk").post(
            "/connections/new/",
            GOOD | {"kind": "increase", "account_number": "3301", "unit": "310101"},
        )

        found = ConnectionApplication.objects.get()
        assert found.account is not None
        assert found.existing_kva == 1000

    def test_an_unknown_account_is_said_beside_its_field(self, office: Office) -> None:
        answer = office.client("clerk").post(
            "/connections/new/",
            GOOD | {"kind": "increase", "account_number": "9999", "unit": "310101"},
        )

        assert "不存在" in answer.context["form"].errors["account_number"][0]
        assert ConnectionApplication.objects.count() == 0

    @pytest.mark.parametrize("part", ["regulator", "planning", "manager"])
    def test_is_refused_to_who_does_not_take_in(self, office: Office, part: str) -> None:
        client = office.client(part)

        assert client.get("/connections/new/").status_code == 403
        assert client.post("/connections/new/", GOOD).status_code == 403
        assert ConnectionApplication.objects.count() == 0


class TestPage:
    @pytest.mark.parametrize(
        "tab", ["overview", "documents", "survey", "papers", "green", "timeline"]
    )
    def test_opens_every_tab_in_few_queries(
        self, office: Office, tab: str, queries: Callable[[Client, str], int]
    ) -> None:
        found = office.submit()

        assert queries(office.client("station"), f"/connections/{found.number}/tab/{tab}/") <= 32

    def test_shows_what_waits_for_whom(self, office: Office) -> None:
        found = office.submit()

        page = office.client("station").get(f"/connections/{found.number}/").content.decode()

        assert "核对资料" in page
        assert "城关供电所" in page
        assert found.query_code in page

    def test_the_regulator_reads_without_code_and_number_of_the_contact(
        self, office: Office
    ) -> None:
        found = office.submit()

        page = office.client("regulator").get(f"/connections/{found.number}/").content.decode()

        assert found.query_code not in page
        assert "021-12345678" not in page

    def test_is_not_there_for_another_branch(self, office: Office) -> None:
        found = office.submit()
        client = office.client("planning")

        assert client.get(f"/connections/{found.number}/").status_code == 404
        assert client.get("/connections/nothing/tab/overview/").status_code == 404

    def test_has_no_tab_of_another_name(self, office: Office) -> None:
        found = office.submit()

        assert office.client("station").get(
            f"/connections/{found.number}/tab/secret/"
        ).status_code == 404  # fmt: skip

    def test_withdrawal_wants_a_reason(self, office: Office) -> None:
        found, client = office.submit(), office.client("station")
        address = f"/connections/{found.number}/withdraw/"

        refused = client.post(address, {"reason": ""})
        state = ConnectionApplication.objects.get().state
        client.post(address, {"reason": "不建了"})

        assert (refused.status_code, state) == (422, "submitted")
        assert ConnectionApplication.objects.get().state == "withdrawn"


class TestDocuments:
    def upload(self, client: Client, found: ConnectionApplication, content: bytes = PDF) -> Any:
        return client.post(
            f"/connections/{found.number}/documents/",
            {
                "phase": "application",
                "requirement": "identity",
                "file": SimpleUploadedFile("执照.pdf", content),
            },
        )

    def test_are_handed_in_and_read(self, office: Office) -> None:
        found, client = office.submit(), office.client("station")

        self.upload(client, found)

        document = ApplicationDocument.objects.get()
        answer = client.get(f"/connections/documents/{document.pk}/?inline")
        assert b"".join(answer) == PDF
        assert "inline" in answer["Content-Disposition"]
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_a_program_in_disguise_is_refused_with_a_sentence(self, office: Office) -> None:
        found = office.submit()

        answer = self.upload(office.client("station"), found, b"MZ\x90\x00 program")

        assert answer.status_code == 422
        assert "执照.pdf" in answer.context["refusal"]
        assert not ApplicationDocument.objects.exists()

    def test_are_judged_and_rejected_only_for_a_reason(self, office: Office) -> None:
        found, client = office.submit(), office.client("station")
        self.upload(client, found)
        address = f"/connections/documents/{ApplicationDocument.objects.get().pk}/judge/"

        refused = client.post(address, {"verdict": "rejected", "reason": ""})
        before = ApplicationDocument.objects.get().verdict
        client.post(address, {"verdict": "rejected", "reason": "已过期"})

        assert (refused.status_code, before) == (422, DocumentVerdict.PENDING)
        document = ApplicationDocument.objects.get()
        assert (document.verdict, document.verdict_reason) == ("rejected", "已过期")

    @pytest.mark.parametrize("part", ["regulator", "planning"])
    def test_are_changed_by_nobody_else(self, office: Office, part: str) -> None:
        found = office.submit()
        document = connections_operations.add_document(
            application_id=found.pk,
            requirement_code="identity",
            file=SentFile("a.pdf", PDF),
            by=office.company.people["station"],
            at=NOW,
        )
        client = office.client(part)

        judged = client.post(
            f"/connections/documents/{document.pk}/judge/", {"verdict": "accepted"}
        )

        assert judged.status_code in {403, 404}
        assert self.upload(client, found).status_code in {403, 404}
        assert ApplicationDocument.objects.get().verdict == "pending"


class TestGreenChannel:
    def test_page_shows_rules_quota_effect_and_formula(self, office: Office) -> None:
        office.submit()

        page = office.client("station").get("/green-channel/").content.decode()

        assert "重要电力用户" in page
        assert "越过位次" in page
        assert "等待＝受理日" in page

    def test_a_grant_is_recorded_shown_and_taken_back(self, office: Office) -> None:
        found, client = office.submit(importance="second"), office.client("manager")

        client.post(
            f"/connections/{found.number}/green-channel/",
            {
                "decision": "grant",
                "rule": "important-customer",
                "reason": "二级重要用户",
                "evidence": "批复 12 号",
            },
        )
        grant = GreenChannelGrant.objects.get()
        page = client.get(f"/green-channel/?unit={found.unit_id}").content.decode()
        client.post(f"/green-channel/{grant.pk}/revoke/", {"reason": "批复作废"})

        assert "批复 12 号" in page
        assert "1 / 3" in page
        grant.refresh_from_db()
        assert grant.state == "revoked"

    def test_a_condition_that_fails_is_said_and_nothing_is_kept(self, office: Office) -> None:
        found = office.submit()

        answer = office.client("manager").post(
            f"/connections/{found.number}/green-channel/",
            {
                "decision": "grant",
                "rule": "important-customer",
                "reason": "请予照顾",
                "evidence": "无",
            },
        )

        assert answer.status_code == 422
        assert "不符合" in answer.content.decode()
        assert "请予照顾" in answer.content.decode()
        assert not GreenChannelGrant.objects.exists()

    def test_is_decided_by_managers_only(self, office: Office) -> None:
        found = office.submit()

        answer = office.client("station").post(
            f"/connections/{found.number}/green-channel/", {"decision": "grant"}
        )

        assert answer.status_code == 403
        assert not GreenChannelGrant.objects.exists()
