"""Telling the journal and the clocks of a step with one word, so that limits stay data (U37)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from busbar.clocks import operations as clocks_operations
from busbar.clocks.subjects import Subject
from busbar.connections.models import ConnectionApplication
from busbar.connections.subjects import application_facts, application_subject
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening


def record_step(
    *,
    event: str,
    application: ConnectionApplication,
    actor: Actor,
    at: dt.datetime,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """One journal entry on the application, then the same event to its clocks.

    `event` reads `connections.<noun>.<past_verb>`; `changes` says what happened to which part;
    `facts` are added to the application's own for the limits' conditions. Called once by an
    operation, in its transaction, after its writes.
    """
    known = {**application_facts(application), **(facts or {})}
    record_about(
        event=event,
        subject=application_subject(application),
        unit_path=application.unit.path,
        facts=known,
        actor=actor,
        at=at,
        changes=changes,
        reason=reason,
    )


def record_about(
    *,
    event: str,
    subject: Subject,
    unit_path: str,
    facts: Mapping[str, Any],
    actor: Actor,
    at: dt.datetime,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """The same for any other matter of the room: a change of supply, a refund, an order."""
    happening = Happening(
        event=event,
        subject_type=subject.type,
        subject_id=subject.id,
        subject_label=subject.label,
        customer_id=subject.customer_id,
        unit_path=unit_path,
        changes=dict(changes or {}),
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=actor, at=at)
    clocks_operations.apply_event(
        event=event, subject=subject, facts=dict(facts), actor=actor, at=at
    )


def tell_ready(application: ConnectionApplication, *, actor: Actor, at: dt.datetime) -> None:
    """Accepted and signed, whichever came last: from here on the limit of energising runs."""
    record_step(event="connections.energizing.ready", application=application, actor=actor, at=at)
