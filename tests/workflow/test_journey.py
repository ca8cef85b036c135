"""A process from its start to its end, through everybody's hands."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.visibility import NotPermitted
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock, Holding
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM
from busbar.workflow import operations, queries, registry
from busbar.workflow.forms import UnableToAcceptForm
from busbar.workflow.models import (
    ProcessInstance,
    ProcessWait,
    SupervisionFinding,
    UserTask,
)
from busbar.workflow.operations import (
    FileUpload,
    UnableToCompleteTask,
    UnableToReceiveMessage,
    UnableToReturnTask,
    UnableToStartProcess,
)
from tests.workflow.conftest import AT, Company, complete, open_task, start

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SURVEYED = {"supply_kind": "single", "capacity_kva": "400"}
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"


def to_countersign(company: Company) -> ProcessInstance:
    """A process that two departments have to countersign."""
    instance = start(company, "supply")
    complete(instance, "survey", company.people["甲"], SURVEYED)
    complete(instance, "scheme", company.people["甲"], {"summary": "一回路"}, at=AT + HOUR)
    return instance


def to_fees(company: Company) -> ProcessInstance:
    """A process that waits for the fees."""
    instance = to_countersign(company)
    complete(instance, "marketing", company.people["营销"], {"outcome": "agreed"}, at=AT + HOUR)
    complete(instance, "dispatch", company.people["调度"], {"outcome": "agreed"}, at=AT + HOUR)
    complete(instance, "reply", company.people["甲"], {"valid_until": "2026-06-01"}, at=AT + DAY)
    return instance


def events(instance: ProcessInstance) -> list[str]:
    """The journal of the process, oldest first."""
    entries = Entry.objects.about("workflow.process", instance.pk).order_by("id")
    return [entry.event.removeprefix("workflow.") for entry in entries]


def state_of(instance: ProcessInstance) -> tuple[object, ...]:
    """Everything that a refused step must leave as it was."""
    row = ProcessInstance.objects.get(pk=instance.pk)
    tasks = list(UserTask.objects.order_by("pk").values())
    return bytes(row.state_blob), row.facts, row.revision, tasks, Entry.objects.count()


class TestStart:
    """start_process."""

    def test_it_opens_the_first_task_in_its_unit(self, loaded: Company) -> None:
        task = open_task(start(loaded, "supply"), "survey")
        assert (task.unit.code, task.role, task.stage) == ("A", "connection_officer", 2)
        assert task.created_at == AT

    def test_it_is_in_the_journal(self, loaded: Company) -> None:
        assert events(start(loaded, "supply")) == ["process.started", "task.opened"]

    def test_a_second_one_about_the_same_is_refused(self, loaded: Company) -> None:
        start(loaded, "supply")
        with pytest.raises(UnableToStartProcess, match="事项1已有一个办理中"):
            start(loaded, "supply")
        assert ProcessInstance.objects.count() == 1

    def test_an_unknown_process_is_refused(self, loaded: Company) -> None:
        with pytest.raises(UnableToStartProcess, match="没有生效的版本"):
            start(loaded, "nothing")


class TestComplete:
    """complete_task."""

    def test_the_answer_becomes_facts_and_the_process_moves(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        task = complete(instance, "survey", loaded.people["甲"], SURVEYED)
        instance.refresh_from_db()
        assert (instance.facts["capacity_kva"], instance.facts["survey_supply_kind"]) == (
            400,
            "single",
        )
        assert (task.state, task.completed_by, task.owner_id) == (
            "completed",
            "甲",
            loaded.people["甲"].employee_id,
        )
        assert open_task(instance, "scheme").stage == instance.stage == 4

    @pytest.mark.parametrize(
        ("kind", "capacity", "limit"),
        [
            ("dual", 400, "dual-limit"),
            ("single", 315, "single-limit"),
            ("single", 100, "low-limit"),
        ],
    )
    def test_the_decision_table_decides(
        self, loaded: Company, kind: str, capacity: int, limit: str
    ) -> None:
        instance = start(loaded, "supply")
        data = {"supply_kind": kind, "capacity_kva": capacity, "second_source": "备用"}
        complete(instance, "survey", loaded.people["甲"], data)
        instance.refresh_from_db()
        assert instance.facts["limit_code"] == limit

    def test_bad_fields_come_back_by_name_and_nothing_changed(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        before = state_of(instance)
        bad = {"supply_kind": "dual", "capacity_kva": "0.5", "surveyed_on": "yesterday", "more": 1}
        with pytest.raises(UnableToAcceptForm) as refusal:
            complete(instance, "survey", loaded.people["甲"], bad)
        assert set(refusal.value.errors) == {"capacity_kva", "surveyed_on", "second_source", "more"}
        assert str(refusal.value.errors["capacity_kva"]) == "“容量”不得小于 1 kVA"
        assert state_of(instance) == before

    def test_a_refusing_handler_refuses_the_whole_step(
        self, loaded: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(completion: registry.TaskCompletion) -> None:
            UserTask.objects.filter(pk=completion.task.pk).update(title="改过")
            raise UnableToStartProcess("容量超过开放容量")

        instance = start(loaded, "supply")
        before = state_of(instance)
        registry.register_task_handler("test.note_survey", refuse)
        with pytest.raises(UnableToStartProcess, match="开放容量"):
            complete(instance, "survey", loaded.people["甲"], SURVEYED)
        assert state_of(instance) == before

    def test_what_handler_and_service_return_becomes_fact(self, loaded: Company) -> None:
        registry.register_task_handler(
            "test.note_survey", lambda c: {"number": c.data["capacity_kva"] + 1}
        )
        instance = start(loaded, "supply")
        complete(instance, "survey", loaded.people["甲"], SURVEYED)
        instance.refresh_from_db()
        assert instance.facts["number"] == 401
        complete(instance, "scheme", loaded.people["甲"], {"summary": "x"})
        complete(instance, "marketing", loaded.people["营销"], {"outcome": "agreed"}, at=AT + HOUR)
        complete(instance, "dispatch", loaded.people["调度"], {"outcome": "agreed"}, at=AT + HOUR)
        instance.refresh_from_db()
        assert instance.facts["number"] == "F-1"

    def test_files_are_kept_by_content(self, loaded: Company, tmp_path, settings) -> None:  # type: ignore[no-untyped-def]
        settings.FILES_ROOT = tmp_path
        upload = FileUpload("photos", "现场.exe", [PDF])
        task = complete(
            start(loaded, "supply"), "survey", loaded.people["甲"], SURVEYED, files=[upload]
        )
        kept = task.attachments.get()
        assert (kept.file_name, kept.content_type, kept.size_bytes) == (
            "现场.pdf",
            "application/pdf",
            len(PDF),
        )
        assert (tmp_path / "documents" / kept.sha256[:2] / kept.sha256).read_bytes() == PDF

    def test_a_program_is_no_file_to_attach(self, loaded: Company, tmp_path, settings) -> None:  # type: ignore[no-untyped-def]
        settings.FILES_ROOT = tmp_path
        instance = start(loaded, "supply")
        before = state_of(instance)
        upload = FileUpload("photos", "照片.png", [b"\x7fELF\x02\x01\x01\x00"])
        with pytest.raises(operations.UnableToAttachFile, match="只接受"):
            complete(instance, "survey", loaded.people["甲"], SURVEYED, files=[upload])
        assert state_of(instance) == before

    def test_the_second_is_told_by_whom_and_when(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        task = complete(instance, "survey", loaded.people["甲"], SURVEYED, at=AT + HOUR)
        with pytest.raises(NotPermitted):
            operations.complete_task(
                task_id=task.pk, data=SURVEYED, viewer=loaded.people["乙"], at=AT
            )
        with pytest.raises(UnableToCompleteTask, match="已由甲于 2026-03-02 10:00 办理"):
            operations.complete_task(
                task_id=task.pk, data=SURVEYED, viewer=loaded.people["甲"], at=AT
            )

    def test_a_step_that_is_not_reached_cannot_be_done(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        assert not UserTask.objects.filter(instance=instance).exclude(element="survey").exists()

    def test_it_takes_few_queries(self, loaded: Company) -> None:
        instance = start(loaded, "errand")
        task = open_task(instance, "first")
        with CaptureQueriesContext(connection) as captured:
            operations.complete_task(task_id=task.pk, data={}, viewer=loaded.people["客服"], at=AT)
        # PostgreSQL says in a statement that it waits for its turn to write; SQLite just waits.
        statements = [one["sql"] for one in captured.captured_queries]
        assert sum("pg_advisory_xact_lock" not in sql for sql in statements) == 14


class TestBackDating:
    """`done_at` before the moment of recording."""

    def test_it_needs_a_reason(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        before = state_of(instance)
        with pytest.raises(UnableToCompleteTask, match="写明补录的原因"):
            complete(
                instance, "survey", loaded.people["甲"], SURVEYED, at=AT + DAY, done_at=AT + HOUR
            )
        assert state_of(instance) == before

    def test_it_is_always_found(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        task = complete(
            instance, "survey", loaded.people["甲"], SURVEYED,
            at=AT + DAY, done_at=AT + DAY - dt.timedelta(seconds=1), reason="现场没有网络",
        )  # fmt: skip
        finding = SupervisionFinding.objects.get()
        assert (finding.kind, finding.task_id, finding.person) == ("back_dated", task.pk, "甲")
        assert "现场没有网络" in finding.note
        assert task.done_at < task.completed_at == AT + DAY

    @pytest.mark.parametrize(
        ("done_at", "said"), [(AT - HOUR, "早于任务下达"), (AT + 2 * DAY, "在将来")]
    )
    def test_it_stays_within_the_task(
        self, loaded: Company, done_at: dt.datetime, said: str
    ) -> None:
        with pytest.raises(UnableToCompleteTask, match=said):
            complete(
                start(loaded, "supply"), "survey", loaded.people["甲"], SURVEYED,
                at=AT + DAY, done_at=done_at, reason="补",
            )  # fmt: skip


class TestReturn:
    """return_task."""

    def test_it_goes_back_by_the_definition(self, loaded: Company) -> None:
        instance = to_countersign(loaded)
        complete(instance, "marketing", loaded.people["营销"], {"outcome": "agreed"}, at=AT + HOUR)
        task = operations.return_task(
            task_id=open_task(instance, "dispatch").pk,
            reason="线路重载",
            viewer=loaded.people["调度"],
            at=AT + DAY,
        )
        assert (task.state, task.outcome, task.reason) == ("returned", "returned", "线路重载")
        assert open_task(instance, "scheme").created_at == AT + DAY
        assert SupervisionFinding.objects.get(kind="returned").note == "线路重载"
        instance.refresh_from_db()
        assert instance.facts["return_reason"] == "线路重载"

    def test_it_can_be_done_again_and_agreed(self, loaded: Company) -> None:
        instance = to_countersign(loaded)
        complete(instance, "marketing", loaded.people["营销"], {"outcome": "agreed"}, at=AT + HOUR)
        operations.return_task(
            task_id=open_task(instance, "dispatch").pk,
            reason="不",
            viewer=loaded.people["调度"],
            at=AT + HOUR,
        )
        complete(instance, "scheme", loaded.people["甲"], {"summary": "两回路"}, at=AT + HOUR)
        complete(instance, "marketing", loaded.people["营销"], {"outcome": "agreed"}, at=AT + HOUR)
        complete(instance, "dispatch", loaded.people["调度"], {"outcome": "agreed"}, at=AT + HOUR)
        assert open_task(instance, "reply")

    def test_a_step_without_a_way_back_is_refused(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        before = state_of(instance)
        with pytest.raises(UnableToReturnTask, match="没有退回的流向"):
            operations.return_task(
                task_id=open_task(instance, "survey").pk,
                reason="x",
                viewer=loaded.people["甲"],
                at=AT,
            )
        assert state_of(instance) == before


class TestCountersign:
    """会签: in parallel, with silence taken for consent after the limit."""

    def test_both_departments_have_it_at_once(self, loaded: Company) -> None:
        to_countersign(loaded)
        tasks = UserTask.objects.open().order_by("element")
        assert [(t.element, t.unit.code) for t in tasks] == [
            ("dispatch", "CD"),
            ("marketing", "AM"),
        ]

    def test_a_limit_gives_the_task_a_clock(self, loaded: Company) -> None:
        task = open_task(to_countersign(loaded), "dispatch")
        assert task.clock.code == "countersign"
        assert (task.clock.subject_type, task.clock.subject_id) == ("workflow.task", task.pk)
        assert task.due_at == task.sort_at == task.clock.due_at > AT

    def test_silence_is_consent_only_after_the_limit(self, loaded: Company) -> None:
        instance = to_countersign(loaded)
        task = open_task(instance, "dispatch")
        assert operations.take_silence_as_consent(at=task.due_at) == 0
        late = task.due_at + HOUR
        assert operations.take_silence_as_consent(at=late) == 1
        assert operations.take_silence_as_consent(at=late) == 0
        task.refresh_from_db()
        assert (task.state, task.outcome, task.completed_by) == ("silent", "agreed", "系统")
        assert SupervisionFinding.objects.get(task=task).kind == "silent"
        task.clock.refresh_from_db()
        assert task.clock.state == "stopped"

    def test_lateness_is_found_once(self, loaded: Company) -> None:
        task = open_task(to_countersign(loaded), "dispatch")
        late = task.due_at + HOUR
        assert operations.note_late_tasks(at=task.due_at) == 0
        assert operations.note_late_tasks(at=late) == 1
        assert operations.note_late_tasks(at=late + DAY) == 0
        complete(
            task.instance, "dispatch", loaded.people["调度"], {"outcome": "agreed"}, at=late + DAY
        )
        assert SupervisionFinding.objects.filter(task=task).count() == 1


class TestMessages:
    """receive_message, waits that come due, signals."""

    def test_the_fees_end_the_process(self, loaded: Company) -> None:
        instance = to_fees(loaded)
        assert queries.is_waiting_for(instance, "fees_received")
        operations.receive_message(
            instance_id=instance.pk,
            message="fees_received",
            payload={"receipt": "R1"},
            actor=SYSTEM,
            at=AT + 2 * DAY,
        )
        instance.refresh_from_db()
        assert (instance.state, instance.ended_at, instance.facts["receipt"]) == (
            "completed",
            AT + 2 * DAY,
            "R1",
        )
        assert not ProcessWait.objects.exists()
        assert events(instance)[-2:] == ["message.received", "process.completed"]

    def test_a_message_not_waited_for_is_refused(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        before = state_of(instance)
        with pytest.raises(UnableToReceiveMessage, match="不等待“fees_received”"):
            operations.receive_message(
                instance_id=instance.pk,
                message="fees_received",
                payload={"x": 1},
                actor=SYSTEM,
                at=AT,
            )
        assert state_of(instance) == before

    def test_a_date_that_comes_sends_its_message(self, loaded: Company) -> None:
        instance = to_fees(loaded)
        due = dt.datetime(2026, 5, 31, 16, 0, tzinfo=dt.UTC)
        assert operations.release_waits(at=due - HOUR) == 0
        assert operations.release_waits(at=due) == 1
        assert operations.release_waits(at=due) == 0
        instance.refresh_from_db()
        assert instance.state == "completed"
        assert "gone" in queries.get_diagram(instance, at=due).done

    def test_a_signal_interrupts_and_is_found(self, loaded: Company) -> None:
        instance = to_countersign(loaded)
        complete(instance, "marketing", loaded.people["营销"], {"outcome": "agreed"}, at=AT + HOUR)
        complete(instance, "dispatch", loaded.people["调度"], {"outcome": "agreed"}, at=AT + HOUR)
        operations.receive_message(
            instance_id=instance.pk,
            message="application_withdrawn",
            payload={},
            actor=SYSTEM,
            at=AT + DAY,
        )
        instance.refresh_from_db()
        task = UserTask.objects.get(instance=instance, element="reply")
        assert (instance.state, task.state) == ("completed", "withdrawn")
        assert SupervisionFinding.objects.get(task=task).kind == "skipped"


class TestCancel:
    """cancel_process."""

    def test_it_withdraws_what_is_open(self, loaded: Company) -> None:
        instance = to_countersign(loaded)
        clock = open_task(instance, "dispatch").clock
        operations.cancel_process(
            instance_id=instance.pk, reason="客户撤回", actor=SYSTEM, at=AT + DAY
        )
        instance.refresh_from_db()
        assert (instance.state, instance.end_reason) == ("cancelled", "客户撤回")
        assert not UserTask.objects.open().exists()
        assert Clock.objects.get(pk=clock.pk).state == "cancelled"
        assert not Holding.objects.filter(closed_at=None).exists()

    def test_it_ends_once(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        operations.cancel_process(instance_id=instance.pk, reason="x", actor=SYSTEM, at=AT)
        with pytest.raises(operations.UnableToCancelProcess, match="已终止"):
            operations.cancel_process(instance_id=instance.pk, reason="x", actor=SYSTEM, at=AT)


class TestAttribution:
    """Who had it in hand adds up."""

    def test_each_task_is_held_by_its_department(self, loaded: Company) -> None:
        instance = to_fees(loaded)
        held = Holding.objects.filter(subject_type="test.matter", subject_id=1).order_by(
            "opened_at", "pk"
        )
        assert {h.name for h in held} == {"A县公司", "AM市场营销部", "CD调度运行中心"}
        assert not held.filter(closed_at=None).exists()
        assert clocks_queries.list_holdings(loaded.people["县长"], "test.matter", 1)
        assert instance.pk
