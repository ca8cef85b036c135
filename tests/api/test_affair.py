"""What programs get of time limits, processes and connections, as each of the people."""

from __future__ import annotations

import datetime as dt
import json

import jsonschema
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from busbar.access.models import Role, User
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import Clock
from busbar.connections.models import (
    BankReceipt,
    ConnectionApplication,
    DocumentPhase,
    FeeMatch,
    FeeNotice,
    SupplyChange,
)
from busbar.connections.subjects import application_subject
from busbar.journal.models import Entry
from busbar.notifications.models import Message
from busbar.workflow.models import UserTask
from tests.api.affair import ROOT, Affair, get, post
from tests.connections.processes.world import PDF, PHOTO, Connection

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("test_affair")]


def task_of(application: ConnectionApplication) -> UserTask:
    """The one open task of an application's process."""
    return UserTask.objects.open().get(instance=application.process_id)


class TestTimeLimits:
    def test_reckon_a_due_date_and_say_why(self, affair: Affair) -> None:
        client = affair.client("station")
        first = get(client, "limit-rule-sets")[0]["code"]
        body = {"start": "2025-09-26T10:00:00+08:00", "rule_set": first}

        found = post(client, "time-limits/scheme-reply-single/reckon", body)

        assert (found["due_on"], found["counted"]) == ("2025-10-30", 20)
        reasons = {day["date"]: (day["counted"], day["kind"]) for day in found["days"]}
        assert reasons["2025-09-28"] == (True, "make_up")
        assert reasons["2025-10-01"] == (False, "holiday")

    def test_a_pause_puts_the_day_off(self, affair: Affair) -> None:
        pause = {
            "start": "2025-03-10T00:00:00+08:00",
            "end": "2025-03-12T00:00:00+08:00",
            "reason": "补正",
        }
        body = {"start": "2025-03-06T09:00:00+08:00", "pauses": [pause]}

        found = post(affair.client("station"), "time-limits/scheme-reply-single/reckon", body)

        assert found["due_on"] == "2025-04-08"

    def test_an_unknown_code_is_refused_with_those_known(self, affair: Affair) -> None:
        body = {"start": "2025-03-06T09:00:00+08:00"}

        answer = post(affair.client("station"), "time-limits/nonsense/reckon", body, status=409)

        assert "scheme-reply-single" in answer["detail"]

    def test_in_force_are_told_with_source_and_certainty(self, affair: Affair) -> None:
        rows = get(affair.client("station"), "time-limits/in-force", code="scheme-reply-single")

        assert [row["amount"] for row in rows] == ["20.00"]
        assert rows[0]["source"].startswith("《")
        assert rows[0]["certainty"]


class TestClocks:
    def test_one_explains_every_day(self, affair: Affair) -> None:
        clock = Clock.objects.get(code="scheme-reply-single")

        found = get(affair.client("manager"), f"clocks/{clock.pk}")

        assert found["reckoning"]["due_on"] == "2025-04-03"
        assert found["is_late"] is False
        assert [nested["name"] for nested in found["nested"]]

    def test_pages_follow_by_due_moment(self, affair: Affair) -> None:
        client, seen, after = affair.client("manager"), [], ""
        while True:
            page = get(client, "clocks", after=after, limit=2)
            seen += [(clock["due_at"], clock["id"]) for clock in page["items"]]
            after = page["next"]
            if after is None:
                break

        assert len(seen) == Clock.objects.count() > 4
        assert seen == sorted(seen)

    def test_only_supervision_pauses_and_resumes(self, affair: Affair) -> None:
        client = affair.client("manager")
        clock = clocks_operations.start_clock(
            code="scheme-reply-single",
            subject=application_subject(affair.fresh),
            actor=SYSTEM_VIEWER.actor,
            at=dt.datetime.now(dt.UTC),
        )
        reason = clock.limit.pause_reasons.order_by("code")[0]
        body = {"reason": reason.code, "evidence": "函 2025-1 号"}

        post(affair.client("cashier"), f"clocks/{clock.pk}/pause", body, status=403)
        paused = post(client, f"clocks/{clock.pk}/pause", body)
        resumed = post(client, f"clocks/{clock.pk}/resume")

        assert (paused["state"], resumed["state"]) == ("paused", "running")


class TestTasks:
    def test_list_what_is_mine(self, affair: Affair) -> None:
        page = get(affair.client("station"), "tasks")

        assert {task["element"] for task in page["items"]} >= {"check_documents"}

    def test_carry_their_form_as_a_schema_that_says_what_the_server_says(
        self, affair: Affair
    ) -> None:
        client, task = affair.client("station"), task_of(affair.fresh)
        schema = get(client, f"tasks/{task.pk}")["form"]["data_schema"]
        check = jsonschema.Draft202012Validator(schema)
        check.check_schema(schema)

        assert check.is_valid({"outcome": "accepted"})
        assert not check.is_valid({"outcome": "perhaps"})
        wrong = post(client, f"tasks/{task.pk}/complete", {"data": {"outcome": "x"}}, status=422)
        assert wrong["detail"][0]["loc"] == ["body", "data", "outcome"]

    def test_say_what_is_wrong_in_one_language_whatever_the_person_reads(
        self, affair: Affair
    ) -> None:
        client, task = affair.client("station"), task_of(affair.fresh)
        User.objects.update(language="en")

        wrong = post(client, f"tasks/{task.pk}/complete", {"data": {"other": "x"}}, status=422)

        assert [(one["loc"][-1], one["msg"]) for one in wrong["detail"]] == [
            ("other", "表单“核对申请资料”没有字段“other”"),
            ("outcome", "“核对结果”必须填写"),
        ]
        task.refresh_from_db()
        assert task.is_open

    def test_keep_the_words_of_what_was_chosen(self, affair: Affair) -> None:
        survey = UserTask.objects.get(instance=affair.connection.process, element="survey")

        told = get(affair.client("marketing"), f"tasks/{survey.pk}")

        feeders = told["form"]["data_schema"]["properties"]["feeders"]
        assert feeders["items"]["properties"]["feeder"]["x-choice-from"] == "connections.feeders"
        assert told["labels"]["feeders.feeder"] == {"F11": "11线（1号变，10 千伏）"}

    def test_offer_an_open_list_as_values_with_titles(self, affair: Affair) -> None:
        lead = Connection(affair.company, affair.fresh, task_of(affair.fresh).instance)
        lead.hand_in_documents(DocumentPhase.APPLICATION, "station", "2025-03-05")
        lead.do("check_documents", "station", "2025-03-06", outcome="accepted")
        lead.do("preliminary_review", "station", "2025-03-07", outcome="passed")
        lead.do("hand_over", "station", "2025-03-10")
        task = lead.task("plan_survey")

        schema = get(affair.client("marketing"), f"tasks/{task.pk}")["form"]["data_schema"]

        offered = schema["properties"]["participants"]["items"]["oneOf"]
        number = affair.company.number("safety")
        assert {"const": number, "title": "safety员（临江安全监察部）"} in offered

    def test_go_from_hand_to_hand(self, affair: Affair) -> None:
        station, task = affair.client("station"), task_of(affair.fresh)

        claimed = post(station, f"tasks/{task.pk}/claim")
        again = post(station, f"tasks/{task.pk}/claim", status=409)
        released = post(station, f"tasks/{task.pk}/release", {"reason": "出差"})

        assert claimed["owner"]["name"] == "station员"
        assert "已在您名下" in again["detail"]
        assert (released["owner"], released["state"]) == (None, "open")

    def test_are_handed_over_only_within_unit_and_role(self, affair: Affair) -> None:
        task = task_of(affair.fresh)
        body = {"to": affair.company.number("cashier"), "reason": "代办"}

        answer = post(affair.client("station"), f"tasks/{task.pk}/hand-over", body, status=409)

        assert "不能接办" in answer["detail"]

    def test_ask_a_colleague_and_are_answered(self, affair: Affair) -> None:
        task = task_of(affair.fresh)
        body = {"asked": affair.company.number("safety"), "question": "可否？"}
        asked = post(affair.client("station"), f"tasks/{task.pk}/consult", body)
        safety = affair.client("safety")

        assert [row["id"] for row in get(safety, "consultations")] == [asked["id"]]
        answered = post(safety, f"consultations/{asked['id']}/answer", {"answer": "可以"})

        assert answered["answer"] == "可以"

    def test_are_completed_and_move_the_process_on(self, affair: Affair) -> None:
        body = {"data": {"outcome": "incomplete", "means": "当面"}}
        task = task_of(affair.fresh)

        done = post(affair.client("station"), f"tasks/{task.pk}/complete", body)

        assert (done["state"], done["outcome"]) == ("completed", "incomplete")
        assert task_of(affair.fresh).element == "correct_documents"

    def test_of_others_are_refused_and_nothing_changes(self, affair: Affair) -> None:
        task, other = task_of(affair.fresh), affair.hire(Role.CONNECTION_OFFICER, "310101")
        entries = Entry.objects.count()

        body = {"data": {"outcome": "accepted"}}
        post(other, f"tasks/{task.pk}/complete", body, status=403)

        assert Entry.objects.count() == entries
        assert task_of(affair.fresh).state == "open"

    def test_a_nul_is_refused(self, affair: Affair) -> None:
        body = {"data": {"outcome": "a\x00"}}

        answer = post(
            affair.client("station"), f"tasks/{task_of(affair.fresh).pk}/complete", body, status=409
        )

        assert "NUL" in answer["detail"]

    def test_files_come_with_the_fields_they_answer(self, affair: Affair) -> None:
        task = task_of(affair.fresh)
        sent = {
            "answer": json.dumps({"data": {"outcome": "incomplete", "means": "当面"}}),
            "fields": ["nonsense"],
            "files": [SimpleUploadedFile("a.pdf", PDF)],
        }
        client = affair.client("station")

        answer = client.post(f"{ROOT}/tasks/{task.pk}/complete-with-files", sent)

        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", "data", "nonsense"]


class TestProcesses:
    def test_show_steps_and_where_they_stand_on_the_diagram(self, affair: Affair) -> None:
        process = affair.connection.process

        found = get(affair.client("manager"), f"processes/{process.pk}")
        drawn = get(affair.client("manager"), f"processes/{process.pk}/diagram")

        assert "report_completion" in found["diagram"]["current"]
        assert "survey" in drawn["done"]
        assert "<bpmn:definitions" in drawn["xml"] or "definitions" in drawn["xml"][:400]
        assert {step["element"] for step in found["steps"]} >= {"survey", "sign_dispatch"}

    def test_are_talked_about_but_not_by_the_regulator(self, affair: Affair) -> None:
        path = f"processes/{affair.connection.process.pk}/comments"

        said = post(affair.client("manager"), path, {"text": "请抓紧"})
        post(affair.hire(Role.REGULATOR, "31"), path, {"text": "看看"}, status=403)

        assert said["text"] == "请抓紧"

    def test_time_of_unfinished_ones_is_not_divided(self, affair: Affair) -> None:
        path = f"{ROOT}/processes/{affair.connection.process.pk}/attribution"

        answer = affair.client("manager").get(path)

        assert answer.status_code == 409

    def test_definitions_are_for_those_who_publish(self, affair: Affair) -> None:
        admin = affair.hire(Role.ADMINISTRATOR, "31")
        assert affair.client("station").get(f"{ROOT}/process-definitions").status_code == 403

        listed = get(admin, "process-definitions")
        whole = get(admin, "process-definitions/connection_high_voltage/versions/1")

        assert "connection_high_voltage" in {row["key"] for row in listed}
        assert whole["files"] == ["forms.toml", "process.bpmn"] or "process.bpmn" in whole["files"]


class TestSupervision:
    def test_findings_and_rates(self, affair: Affair) -> None:
        client = affair.hire(Role.ADMINISTRATOR, "31")

        body = {"data": {"outcome": "incomplete", "means": "当面"}}
        post(client, f"tasks/{task_of(affair.fresh).pk}/complete", body)

        findings = get(client, "supervision/findings", kind="proxy")
        rates = get(
            client, "supervision/rates", group_by="step", since="2025-01-01", until="2026-01-01"
        )

        assert len(findings["items"]) == 1
        assert findings["items"][0]["person"].startswith("新员工")
        assert sum(rate["due"] for rate in rates) > 0

    def test_a_damaged_cursor_is_refused(self, affair: Affair) -> None:
        for path in ("supervision/findings", "tasks", "processes", "applications", "messages"):
            answer = affair.client("manager").get(f"{ROOT}/{path}?after=nonsense_1")
            assert answer.status_code == 409, path


class TestApplications:
    def test_are_submitted_and_followed(self, affair: Affair) -> None:
        body = {
            "unit_code": "310101S1",
            "kind": "new",
            "supply_kind": "low_voltage",
            "applicant_name": "小店",
            "customer_kind": "industry",
            "site_name": "小店",
            "address": "一路1号",
            "contact_name": "李",
            "contact_phone": "13800000001",
            "requested_kva": 50,
        }
        client = affair.client("station")

        made = post(client, "applications", body)
        found = get(client, f"applications/{made['number']}")

        assert (found["state"], len(found["stages"])) == ("submitted", 7)
        assert len(made["query_code"]) == 10
        assert "query_code" not in found

    def test_everything_wrong_is_said_at_once(self, affair: Affair) -> None:
        body = {
            "unit_code": "310101S1",
            "kind": "new",
            "supply_kind": "hv_single",
            "applicant_name": "",
            "customer_kind": "industry",
            "site_name": "甲",
            "address": "乙",
            "contact_name": "丙",
            "contact_phone": "1",
            "requested_kva": 0,
        }
        before = ConnectionApplication.objects.count()

        answer = post(affair.client("station"), "applications", body, status=409)

        for word in ("申请人名称", "联系电话", "申请容量", "用电设备清单"):
            assert word in answer["detail"]
        assert ConnectionApplication.objects.count() == before

    def test_documents_are_handed_in_and_judged(self, affair: Affair) -> None:
        client, path = affair.client("station"), f"applications/{affair.fresh.number}/documents"
        code = get(client, path)["lines"][0]["code"]

        sent = {"file": SimpleUploadedFile("证.exe", PDF), "requirement": code}
        added = client.post(f"{ROOT}/{path}", sent).json()
        judged = post(
            client, f"application-documents/{added['id']}/verdict", {"verdict": "accepted"}
        )
        download = client.get(f"{ROOT}/application-documents/{added['id']}/file")

        assert (added["content_type"], added["file_name"]) == ("application/pdf", "证.pdf")
        assert judged["verdict"] == "accepted"
        assert get(client, path)["lines"][0]["state"] == "accepted"
        assert b"".join(download.streaming_content) == PDF  # type: ignore[attr-defined] # a file

    @pytest.mark.parametrize(
        ("content", "told"), [(b"MZ\x00\x01\x02", "应为 PDF"), (b"", "文件是空的")]
    )
    def test_a_wrong_file_is_refused(self, affair: Affair, content: bytes, told: str) -> None:
        path = f"{ROOT}/applications/{affair.fresh.number}/documents"
        sent = {"file": SimpleUploadedFile("a.pdf", content), "title": "其他"}

        answer = affair.client("station").post(path, sent)

        assert answer.status_code == 409
        assert told in answer.json()["detail"]
        assert not affair.fresh.documents.exists()

    def test_a_file_too_large_is_refused_unread(
        self, affair: Affair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.api.connections.documents.MAX_PHOTO_BYTES", 10)
        survey = affair.connection.application.surveys.get()
        sent = {"file": SimpleUploadedFile("a.jpg", PHOTO + b"0" * 20)}

        answer = affair.client("marketing").post(f"{ROOT}/surveys/{survey.pk}/photos", sent)

        assert (answer.status_code, "上限" in answer.json()["detail"]) == (409, True)

    def test_papers_are_downloaded(self, affair: Affair) -> None:
        client = affair.client("marketing")
        rows = get(client, f"applications/{affair.number}/papers")
        reply = next(row for row in rows if row["kind"] == "scheme_reply")

        answer = client.get(f"{ROOT}/papers/{reply['number']}/file")

        assert b"".join(answer.streaming_content)[:5] == b"%PDF-"  # type: ignore[attr-defined] # a file
        assert answer["Content-Disposition"].startswith("attachment")

    def test_surveys_show_who_came(self, affair: Affair) -> None:
        rows = get(affair.client("marketing"), f"applications/{affair.number}/surveys")

        assert rows[0]["conclusion"] == "feasible"
        assert len(rows[0]["photos"]) == 1


class TestSchemesAndWorks:
    def test_a_scheme_compares_its_alternatives(self, affair: Affair) -> None:
        client = affair.client("marketing")
        page = get(client, "schemes", application=affair.number)

        found = get(client, f"schemes/{page['items'][0]['id']}")

        assert [row["state"] for row in page["items"]] == ["started", "returned"]
        assert len(found["alternatives"]) >= 3
        assert sum(row["is_chosen"] for row in found["alternatives"]) == 1
        assert {row["agrees"] for row in found["opinions"]} == {True}

    def test_contractors_are_offered_in_a_neutral_order(self, affair: Affair) -> None:
        client = affair.client("marketing")

        offer = get(
            client, f"applications/{affair.number}/contractor-offer", role="design", on="2025-09-25"
        )

        assert len(offer["entries"]) == 1
        assert get(client, "contractors", on="2025-09-25")["items"]

    def test_an_inspection_shows_findings_put_right(self, affair: Affair) -> None:
        client = affair.client("marketing")
        page = get(client, "inspections", application=affair.number)

        found = get(client, f"inspections/{page['items'][0]['id']}")

        assert [row["state"] for row in found["findings"]] == ["closed"]
        assert len(found["inspectors"]) == 2


class TestFees:
    def test_a_notice_shows_what_it_rests_on_and_what_paid_it(self, affair: Affair) -> None:
        notice = FeeNotice.objects.get()

        found = get(affair.client("cashier"), f"fee-notices/{notice.pk}")

        assert (found["state"], found["outstanding_yuan"]) == ("paid", "0.00")
        assert found["lines"][0]["formula"]
        assert [row["reference"] for row in found["matches"]] == ["B1"]

    def test_a_match_is_undone_and_made_again(self, affair: Affair) -> None:
        client, match = affair.client("cashier"), FeeMatch.objects.get()

        undone = post(client, f"fee-matches/{match.pk}/undo", {"reason": "核错"})
        again = post(
            client,
            f"bank-receipts/{match.receipt_id}/match",
            {"notice_id": match.notice_id, "reason": "核实", "amount_yuan": "12000.00"},
        )

        assert undone["undone_at"]
        assert again["amount_yuan"] == "12000.00"

    def test_no_more_is_refunded_than_was_paid(self, affair: Affair) -> None:
        receipt = BankReceipt.objects.get(reference="B2")
        body = {"receipt_id": receipt.pk, "amount_yuan": "300.01", "ground": "多付"}
        client = affair.client("cashier")

        answer = post(client, "refunds", body, status=409)
        made = post(client, "refunds", {**body, "amount_yuan": "200.00"})

        assert "可退 200.00 元" in answer["detail"]
        assert (made["state"], made["to_account"]) == ("requested", "95588001")
        assert get(client, "bank-receipts/reconciliation")["waiting"] == "0.00"


class TestChangesAndOrders:
    def test_a_wish_is_judged_without_a_trace(self, affair: Affair) -> None:
        wish = {"account_number": "1001", "kind": "renaming", "starts_on": "2027-01-01"}
        before = SupplyChange.objects.count()

        found = post(affair.client("manager"), "supply-changes/judge", wish)

        assert found["is_allowed"] is False
        assert found["objections"][0]["clause"]
        assert SupplyChange.objects.count() == before

    def test_a_wish_is_refused_with_every_clause(self, affair: Affair) -> None:
        body = {
            "account_number": "1001",
            "kind": "renaming",
            "starts_on": "2027-01-01",
            "facts": {"new_name": "新名"},
        }
        officer = affair.hire(Role.CONNECTION_OFFICER, "310101")

        refused = post(officer, "supply-changes", body, status=409)
        held = ["same_address", "same_category", "same_legal_body"]
        made = post(officer, "supply-changes", {**body, "confirmed": held})

        assert "依据" in refused["detail"]
        assert (made["state"], made["facts"]["new_name"]) == ("requested", "新名")

    def test_another_basic_charge_is_judged_and_asked_for(
        self, affair: Affair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monday = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
        monkeypatch.setattr("busbar.api.connections.changes.now", lambda: monday)
        facts = {"basic_charge_mode": "contract_demand", "agreement_number": "B1"}
        body = {"account_number": "1001", "kind": "charge_mode_change", "starts_on": "2026-04-01"}
        officer = affair.hire(Role.CONNECTION_OFFICER, "310101")
        before = SupplyChange.objects.count()

        low = {**body, "facts": {**facts, "contract_demand_kw": 399}}
        judged = post(officer, "supply-changes/judge", low)
        refused = post(officer, "supply-changes", low, status=409)
        late = {**low, "starts_on": "2026-03-01"}
        too_late = post(officer, "supply-changes", late, status=409)
        none_kept = SupplyChange.objects.count() == before
        right = {**body, "facts": {**facts, "contract_demand_kw": 400}}
        made = post(officer, "supply-changes", right)

        assert [one["code"] for one in judged["objections"]] == ["floor"]
        assert "至少 400 kW" in refused["detail"]
        assert "最早可自 2026-04-01 起变更" in too_late["detail"]
        assert none_kept
        assert (made["state"], made["rule_set"]) == ("requested", "R2016")
        assert made["facts"]["contract_demand_kw"] == 400

    def test_orders_are_placed_and_read(self, affair: Affair) -> None:
        officer = affair.hire(Role.CONNECTION_OFFICER, "310101")

        body = {"kind": "install", "usage_point_number": "U1001", "reason": "再装"}
        twice = post(officer, "metering-orders", body, status=409)
        asked = {"kind": "testing", "customer_number": "K1001", "topic": "试验", "request": "油样"}
        made = post(officer, "service-orders", asked)

        assert "已有未完成" in twice["detail"]
        assert get(officer, f"service-orders/{made['number']}")["topic"] == "试验"
        assert len(get(officer, "service-orders")["items"]) == 2


class TestMessages:
    def test_are_read_by_whom_they_are_for(self, affair: Affair) -> None:
        client, message = affair.client("manager"), Message.objects.get(kind="test")

        unread = get(client, "messages/unread")["count"]
        read = post(client, f"messages/{message.pk}/read")

        assert read["read_at"] is not None
        assert get(client, "messages/unread")["count"] == unread - 1
        other = affair.client("station").post(f"{ROOT}/messages/{message.pk}/read")
        assert other.status_code == 404
