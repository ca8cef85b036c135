"""Taking running processes over to another version, those that can."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal.operations import Actor
from busbar.kit.errors import Phrase, Refusal
from busbar.workflow import clocking, comparison, engine, people
from busbar.workflow.definition.elements import Definition
from busbar.workflow.library import get_definition
from busbar.workflow.models import (
    InstanceState,
    ProcessInstance,
    ProcessVersion,
    UserTask,
    VersionState,
)
from busbar.workflow.operations import advancing
from busbar.workflow.operations.advancing import Move

_BATCH = 2000


class UnableToMigrate(Refusal):
    """The version cannot take processes over."""


@dataclass(frozen=True)
class MigrationOutlook:
    """Whether one process can go over to a version, and if not, why not."""

    instance_id: int
    label: str
    from_number: int
    obstacles: tuple[Phrase, ...]

    @property
    def can_move(self) -> bool:
        """Whether nothing stands against it."""
        return not self.obstacles


@dataclass(frozen=True)
class Migration:
    """What a bulk migration did."""

    moved: tuple[int, ...]
    stayed: tuple[MigrationOutlook, ...]


def preview_migration(*, version_id: int, viewer: Viewer) -> list[MigrationOutlook]:
    """For every running process of other versions whether it can go over; nothing is written."""
    viewer.require(Permission.PUBLISH_PROCESSES)
    target = _target(version_id)
    new = get_definition(target.pk)
    rows = _running(target, viewer).select_related("version").order_by("pk")[:_BATCH]
    return [_outlook(row, new) for row in rows]


def migrate_instances(
    *, version_id: int, instance_ids: Sequence[int], viewer: Viewer, at: dt.datetime
) -> Migration:
    """Take the processes over that can go; each in a transaction of its own, each journalled.

    A process that moved on since the preview is looked at again under its lock.
    """
    viewer.require(Permission.PUBLISH_PROCESSES)
    target = _target(version_id)
    moved, stayed = [], []
    visible = _running(target, viewer).filter(pk__in=list(instance_ids))
    for instance_id in visible.order_by("pk").values_list("pk", flat=True):
        outlook = _migrate(instance_id, target, viewer.actor, at)
        if outlook.can_move:
            moved.append(instance_id)
        else:
            stayed.append(outlook)
    return Migration(tuple(moved), tuple(stayed))


@transaction.atomic
def _migrate(
    instance_id: int, target: ProcessVersion, actor: Actor, at: dt.datetime
) -> MigrationOutlook:
    move = advancing.lock([instance_id], actor=actor, at=at)
    new = get_definition(target.pk)
    outlook = _judge(move.instance, move.course, new)
    if not outlook.can_move or move.instance.state != InstanceState.RUNNING:
        return outlook
    move.tell("process.migrated", version=[outlook.from_number, target.number])
    move.course = comparison.go_over(move.course, new)
    move.definition = new
    move.instance.version = target
    _refit(move)
    advancing.settle(move)
    return outlook


def _refit(move: Move) -> None:
    """Open tasks take title, form, role and unit of the new version; the clocks run on.

    Where another post has the matter from now on, the time until now stays with the old one.
    """
    rows = list(UserTask.objects.open().filter(instance=move.instance))
    steps = [move.definition.steps[task.element] for task in rows]
    posts = people.resolve_posts(move.instance.unit, steps, move.course.facts)
    for task, step in zip(rows, steps, strict=True):
        post = posts[step.element]
        moved = (post.unit.pk, post.role) != (task.unit_id, task.role)
        passed_on = moved or step.party != task.party
        if passed_on:
            clocking.let_go(task, move.instance, at=move.at)
        if task.owner_id and moved:
            task.owner, task.state, task.claimed_at = None, "open", None
        task.title, task.stage, task.form, task.silent = (
            step.title,
            step.stage,
            step.form,
            step.silent,
        )
        task.role, task.party, task.unit = post.role, step.party, post.unit
        if passed_on:
            clocking.hold(task, move.instance, at=move.at)
    names = ["title", "stage", "form", "silent", "role", "party", "unit", "owner", "state"]
    UserTask.objects.bulk_update(rows, [*names, "claimed_at"])


def _outlook(row: ProcessInstance, new: Definition) -> MigrationOutlook:
    old = get_definition(row.version_id)
    course = engine.restore(old, row.state_blob, row.facts)
    return _judge(row, course, new)


def _judge(row: ProcessInstance, course: engine.Course, new: Definition) -> MigrationOutlook:
    said = comparison.obstacles(course, new)
    return MigrationOutlook(row.pk, row.subject_label, row.version.number, tuple(said))


def _target(version_id: int) -> ProcessVersion:
    rows = ProcessVersion.objects.select_related("definition").filter(pk=version_id)
    target = rows.first()
    if target is None or target.state != VersionState.PUBLISHED:
        raise UnableToMigrate("只能迁移到已发布的版本")
    return target


def _running(target: ProcessVersion, viewer: Viewer) -> QuerySet[ProcessInstance]:
    rows = ProcessInstance.objects.visible_to(viewer).filter(
        definition_id=target.definition_id, state=InstanceState.RUNNING
    )
    return rows.exclude(version_id=target.pk)
