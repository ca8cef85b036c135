"""Starting a process about something that a room above knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from busbar.access.models import OrganizationUnit
from busbar.clocks.subjects import Subject
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.workflow import engine, forms, queries
from busbar.workflow.library import get_definition
from busbar.workflow.models import ProcessInstance, ProcessVersion
from busbar.workflow.operations import advancing
from busbar.workflow.operations.advancing import Move


class UnableToStartProcess(Refusal):
    """The process cannot be started; the sentence says why."""


@transaction.atomic
def start_process(
    *, key: str, subject: Subject, facts: Mapping[str, Any], actor: Actor, at: dt.datetime
) -> ProcessInstance:
    """Start the version in force at `at`, run on to the first tasks, open them.

    UnableToStartProcess where no version is in force or one runs about the subject already.
    """
    journal_operations.take_turn()
    version = queries.get_version_in_force(key, on=local_date(at))
    if version is None:
        raise UnableToStartProcess(
            "流程“%(key)s”在 %(at)s 没有生效的版本", key=key, at=local_date(at)
        )
    instance = _create(version, subject, dict(facts), actor, at)
    definition = get_definition(version.pk)
    move = Move(instance, definition, engine.Course(definition, None, instance.facts), actor, at)
    move.tell("process.started", process=key, version=version.number)
    move.course = engine.begin(definition, move.course.facts, move.serve)
    advancing.settle(move)
    return instance


def _create(
    version: ProcessVersion,
    subject: Subject,
    facts: dict[str, Any],
    actor: Actor,
    at: dt.datetime,
) -> ProcessInstance:
    instance = ProcessInstance(
        definition_id=version.definition_id,
        version=version,
        subject_type=subject.type,
        subject_id=subject.id,
        subject_label=subject.label[:200],
        customer_id=subject.customer_id,
        unit=OrganizationUnit.objects.get(pk=subject.unit_id),
        started_at=at,
        started_by=actor.name,
        state_blob=b"",
        facts=forms.comparable(facts),
    )
    try:
        with transaction.atomic():
            instance.save(force_insert=True)
    except IntegrityError as twice:
        label = subject.label or f"{subject.type}#{subject.id}"
        raise UnableToStartProcess(
            "%(label)s已有一个办理中的“%(definition)s”",
            label=label,
            definition=version.definition.name,
        ) from twice
    return instance
