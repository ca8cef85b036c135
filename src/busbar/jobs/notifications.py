"""Who hears of what happens to clocks and tasks, and the carrying of what waits.

A task goes to its owner, else to the people of its unit who have its role; a return to who did
the step to which it leads. A rung of a ladder
goes to whom it names: the owner, or the managers of the audience's unit and, where it has none,
of the nearest unit above that has some (R47, U21).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.paths import ancestors
from busbar.clocks.models import Audience, Clock
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM
from busbar.kit.chinese_figures import chinese_moment
from busbar.notifications import operations as notifications_operations
from busbar.notifications.operations import About, Recipient
from busbar.workflow.models import TaskState, UserTask

PREFIXES = (
    "clocks.clock.warned",
    "clocks.clock.escalated",
    "workflow.task.opened",
    "workflow.task.returned",
    "workflow.task.handed_over",
    "workflow.task.consented_by_silence",
)


def tell_people(entry: Entry) -> None:
    """Turn one journal entry into messages; called once an entry, in the cursor's transaction."""
    if entry.event.startswith("clocks."):
        _tell_of_clock(entry)
    else:
        _tell_of_task(entry)


def deliver() -> str:
    """Carry what is due now; the sentence is the task's result."""
    done = notifications_operations.deliver_due(at=dt.datetime.now(dt.UTC))
    return (
        f"已发送 {done.sent}，失败待重试 {done.failed}，"
        f"放弃 {done.given_up}，免打扰顺延 {done.postponed}"
    )


def _tell_of_task(entry: Entry) -> None:
    tasks = UserTask.objects.select_related("instance", "owner__user")
    task = tasks.filter(pk=entry.changes.get("task_id")).first()
    # Who acts at the customer's or outside has no place in the tree and no inbox.
    if task is None or task.party != "department":
        return
    if entry.event == "workflow.task.opened" and not task.is_open:
        return  # done before anybody could be told
    if entry.event == "workflow.task.returned":
        for again in _begun_with(entry, task):
            _tell_about(entry, again, _who_did(again) or _people_of(again))
    else:
        _tell_about(entry, task, _people_of(task))


def _tell_about(entry: Entry, task: UserTask, people: Iterable[Employee]) -> None:
    about = About(
        subject_type="workflow.task",
        subject_id=task.pk,
        unit_id=task.unit_id,
        label=entry.subject_label,
        customer_id=entry.customer_id,
    )
    facts = {
        "title": task.title,
        "label": entry.subject_label,
        "due": _until(task.due_at),
        "actor": entry.actor_name,
        "reason": entry.reason or "未填写理由",
    }
    _tell(entry, people, about, facts)


def _tell_of_clock(entry: Entry) -> None:
    clock = Clock.objects.select_related("limit", "unit").filter(pk=entry.subject_id).first()
    if clock is None or (entry.event == "clocks.clock.warned" and not clock.is_open):
        return
    changes = entry.changes
    about = About(
        subject_type=clock.subject_type,
        subject_id=clock.subject_id,
        unit_id=clock.unit_id,
        label=clock.subject_label,
        customer_id=entry.customer_id,
    )
    facts = {
        "limit": clock.limit.name,
        "label": clock.subject_label,
        "words": str(changes.get("words") or clock.limit.name),
        "due": _until(parse_datetime(str(changes.get("due_at"))) or clock.due_at),
    }
    _tell(entry, _audience_of(clock, changes), about, facts)


def _tell(entry: Entry, people: Iterable[Employee], about: About, facts: dict[str, str]) -> None:
    for person in people:
        notifications_operations.send_message(
            kind=entry.event,
            to=Recipient(employee_id=person.pk),
            about=about,
            facts=facts,
            actor=SYSTEM,
            at=entry.occurred_at,
            key=f"journal:{entry.pk}:{person.pk}",
        )


def _people_of(task: UserTask) -> list[Employee]:
    """The owner where there is one who still works here, else those whose task it may be."""
    if task.owner is not None and task.owner.user.is_active:
        return [task.owner]
    return _with_role(_active().filter(unit=task.unit_id), task.role)


def _begun_with(entry: Entry, task: UserTask) -> list[UserTask]:
    """The tasks to which a return led: they began in the same moment."""
    begun = UserTask.objects.filter(
        instance=task.instance_id, created_at=entry.occurred_at, party="department"
    )
    return list(begun.exclude(pk=task.pk).select_related("instance", "owner__user"))


def _who_did(task: UserTask) -> list[Employee]:
    """Who did the same step of this process before, if anybody did and still works here."""
    before = UserTask.objects.filter(
        instance=task.instance_id, element=task.element, state=TaskState.COMPLETED
    ).exclude(pk=task.pk)
    last = before.order_by("-completed_at").first()
    user_id = last.completed_by_id if last else None
    return list(_active().filter(user_id=user_id)) if user_id else []


def _audience_of(clock: Clock, changes: dict[str, object]) -> list[Employee]:
    owner = _active().filter(pk=int(str(changes.get("owner_id") or 0))).first()
    path = str(changes.get("audience_unit") or clock.unit.path)
    if changes.get("audience") == Audience.OWNER and owner is not None:
        return [owner]
    return _managers_at_or_above(path)


def _managers_at_or_above(path: str) -> list[Employee]:
    """The managers of the unit; where it has none, of the nearest unit above that has some."""
    paths = [*ancestors(path), path]
    units = OrganizationUnit.objects.filter(path__in=paths)
    managers = _with_role(_active().filter(unit__in=units).select_related("unit"), Role.MANAGER)
    nearest = max((m.unit.path for m in managers), key=len, default="")
    return [m for m in managers if m.unit.path == nearest]


def _active() -> QuerySet[Employee, Employee]:
    return Employee.objects.filter(user__is_active=True)


def _with_role(people: Iterable[Employee], role: str) -> list[Employee]:
    # Chosen here: a member of a JSON list cannot be filtered for on SQLite.
    return [person for person in people if role in person.roles]


def _until(due_at: dt.datetime | None) -> str:
    return f"截止 {chinese_moment(due_at)}" if due_at else "未设时限"
