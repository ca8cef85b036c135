"""What happens to clocks and tasks reaches the right people, each entry once."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from tests.imports.world import AT, make_units, make_viewer

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import Clock
from busbar.clocks.subjects import Subject
from busbar.jobs import notifications, outbox
from busbar.jobs.outbox import Reaction
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Actor, Happening
from busbar.notifications import operations as notifications_operations
from busbar.notifications import queries as notifications_queries
from busbar.notifications.models import Message
from busbar.workflow.models import ProcessDefinition, ProcessInstance, ProcessVersion, UserTask

Units = dict[str, OrganizationUnit]
REACTIONS = (Reaction("notifications.people", notifications.PREFIXES, notifications.tell_people),)


@pytest.fixture
def units(db: None) -> Units:
    notifications_operations.load_shipped_words(at=AT)
    return make_units()


@pytest.fixture
def task(units: Units) -> UserTask:
    """An open task of the county's connection officers."""
    definition = ProcessDefinition.objects.create(key="hv", name="高压新装", room="connections")
    version = ProcessVersion.objects.create(
        definition=definition,
        number=1,
        files={},
        sha256="0" * 64,
        uploaded_at=AT,
        uploaded_by="系统",
    )
    county = units["310101"]
    instance = ProcessInstance.objects.create(
        definition=definition,
        version=version,
        subject_type="connections.application",
        subject_id=7,
        subject_label="YK-7 东海铸造",
        unit=county,
        started_at=AT,
        started_by="系统",
        state_blob=b"",
    )
    return UserTask.objects.create(
        instance=instance,
        spiff_id=uuid.uuid4(),
        element="survey",
        title="现场勘察",
        role=Role.CONNECTION_OFFICER,
        unit=county,
        form="survey",
        created_at=AT,
        due_at=AT,
        sort_at=AT,
    )


def happen(event: str, task: UserTask, **more: Any) -> None:
    """What the workflow writes of a task."""
    happening = Happening(
        event=f"workflow.task.{event}",
        subject_type="workflow.process",
        subject_id=task.instance_id,
        subject_label=task.instance.subject_label,
        changes={"task_id": task.pk, "title": task.title},
        **more,
    )
    journal_operations.record(happening=happening, actor=Actor(1, "周敏"), at=AT)


def inbox(viewer: Viewer) -> list[str]:
    """Subjects, newest first."""
    page = notifications_queries.list_inbox(viewer)
    return [message.subject for message in page.messages]


class TestTasks:
    def test_a_new_task_is_told_to_those_whose_it_may_be(
        self, units: Units, task: UserTask
    ) -> None:
        mine = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E1")
        other_role = make_viewer(units["310101"], Role.DISPATCHER, number="E2")
        other_unit = make_viewer(units["310102"], Role.CONNECTION_OFFICER, number="E3")
        happen("opened", task)

        outbox.work_off(REACTIONS)

        assert inbox(mine) == ["新任务：现场勘察"]
        assert inbox(other_role) == inbox(other_unit) == []
        message = Message.objects.get()
        assert (message.subject_type, message.subject_id) == ("workflow.task", task.pk)
        assert "截止 2026年3月2日 09:00" in message.body

    def test_each_entry_is_told_once(self, units: Units, task: UserTask) -> None:
        mine = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E1")
        happen("opened", task)
        outbox.work_off(REACTIONS)
        outbox.work_off(REACTIONS)
        assert len(inbox(mine)) == 1

    def test_an_owner_is_told_alone_with_the_reason(self, units: Units, task: UserTask) -> None:
        mine = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E1")
        colleague = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E2")
        UserTask.objects.update(owner=mine.employee_id, state="claimed", claimed_at=AT)
        happen("handed_over", task, reason="我出差")

        outbox.work_off(REACTIONS)

        assert inbox(mine) == ["任务转交给您：现场勘察"]
        assert inbox(colleague) == []
        assert "周敏将任务“现场勘察”转交给您。我出差" in Message.objects.get().body

    def test_who_has_left_is_not_told(self, units: Units, task: UserTask) -> None:
        gone = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E1")
        here = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E2")
        Employee.objects.get(pk=gone.employee_id).user.__class__.objects.filter(
            pk=gone.user_id
        ).update(is_active=False)
        UserTask.objects.update(owner=gone.employee_id, state="claimed", claimed_at=AT)
        happen("consented_by_silence", task)

        outbox.work_off(REACTIONS)

        assert inbox(here) == ["逾期视同同意：现场勘察"]
        assert Message.objects.count() == 1

    def test_a_return_is_told_to_who_did_the_step_before(
        self, units: Units, task: UserTask
    ) -> None:
        did = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E1")
        colleague = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E2")
        earlier = AT - dt.timedelta(days=2)
        UserTask.objects.update(
            state="completed", created_at=earlier, completed_at=earlier, completed_by_id=did.user_id
        )
        returned = self.another(task, "approve", "方案审批", created_at=earlier)
        self.another(task, "survey", "现场勘察", created_at=AT)
        happen("returned", returned, reason="负荷与申请不符")

        outbox.work_off(REACTIONS)

        assert inbox(did) == ["任务退回：现场勘察"]
        assert inbox(colleague) == []
        assert "理由：负荷与申请不符" in Message.objects.get().body

    def another(self, task: UserTask, element: str, title: str, created_at: Any) -> UserTask:
        return UserTask.objects.create(
            instance=task.instance,
            spiff_id=uuid.uuid4(),
            element=element,
            title=title,
            role=task.role,
            unit=task.unit,
            form="x",
            created_at=created_at,
            sort_at=AT,
        )

    def test_a_task_already_done_is_not_announced(self, units: Units, task: UserTask) -> None:
        make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E1")
        UserTask.objects.update(state="completed", completed_at=AT)
        happen("opened", task)
        outbox.work_off(REACTIONS)
        assert not Message.objects.exists()


@pytest.mark.usefixtures("ground")
class TestClocks:
    @pytest.fixture
    def clock(self, units: Units) -> Clock:
        clocks_operations.load_time_limits(at=AT)
        subject = Subject("connections.application", 7, "YK-7 东海铸造", unit_id=units["310101"].pk)
        return clocks_operations.start_clock(
            code="scheme-reply-single", subject=subject, actor=SYSTEM, at=AT
        )

    def reach(self, clock: Clock, verb: str, audience: str, path: str, owner: int | None) -> None:
        """What a rung writes."""
        changes = {
            "audience": audience,
            "audience_unit": path,
            "owner_id": owner,
            "words": "还剩 3 个工作日",
            "due_at": clock.due_at,
        }
        happening = Happening(
            event=f"clocks.clock.{verb}",
            subject_type="clocks.clock",
            subject_id=clock.pk,
            unit_path=clock.unit.path,
            changes=changes,
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=AT)

    def test_a_warning_goes_to_the_owner(self, units: Units, clock: Clock) -> None:
        mine = make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E1")
        head = make_viewer(units["310101"], Role.MANAGER, number="E2")
        self.reach(clock, "warned", "owner", units["310101"].path, mine.employee_id)

        outbox.work_off(REACTIONS)

        assert len(inbox(mine)) == 1
        assert inbox(head) == []
        message = Message.objects.get()
        assert message.body.startswith("YK-7 东海铸造：还剩 3 个工作日，截止 2026年")
        assert message.subject_type == "connections.application"

    def test_an_escalation_goes_to_the_heads_of_its_audience(
        self, units: Units, clock: Clock
    ) -> None:
        county = make_viewer(units["310101"], Role.MANAGER, number="E1")
        city = make_viewer(units["3101"], Role.MANAGER, number="E2")
        self.reach(clock, "escalated", "company_above", units["3101"].path, None)

        outbox.work_off(REACTIONS)

        assert len(inbox(city)) == 1
        assert inbox(county) == []

    def test_where_a_unit_has_no_head_the_one_above_hears(self, units: Units, clock: Clock) -> None:
        city = make_viewer(units["3101"], Role.MANAGER, number="E2")
        province = make_viewer(units["31"], Role.MANAGER, number="E3")
        self.reach(clock, "warned", "owner", units["310101"].path, None)

        outbox.work_off(REACTIONS)

        assert len(inbox(city)) == 1
        assert inbox(province) == []

    def test_the_ladder_s_own_entries_are_understood(self, units: Units, clock: Clock) -> None:
        make_viewer(units["31"], Role.MANAGER, number="E3")
        told = clocks_operations.climb_ladders(at=AT + dt.timedelta(days=60))
        outbox.work_off(REACTIONS)
        assert told > 0
        assert Message.objects.count() > 0
