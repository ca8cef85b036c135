"""Limits as data: a domain event starts, stops, pauses, resumes, extends and cancels (U37)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.clocks import queries
from busbar.clocks.models import Clock, ClockState, TimeLimit
from busbar.clocks.operations import moving
from busbar.clocks.operations.clocks import put_off
from busbar.clocks.rulebook import matches
from busbar.clocks.subjects import Subject
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.kit.periods import local_date


@transaction.atomic
def apply_event(
    *, event: str, subject: Subject, facts: Mapping[str, Any], actor: Actor, at: dt.datetime
) -> list[Clock]:
    """Do to the subject's clocks what their limits say of the event; the clocks that moved.

    Called by a domain room once after its journal entry of the same name. First the open clocks
    stop, cancel, pause, resume or are extended; then every limit in force for the subject's
    unit whose `starts_on` holds the event and whose `applies_when` meets the facts starts, if
    no clock of its code runs. A pause takes its evidence from `facts["evidence"]`, else the
    event itself is the evidence; an extension its last day from `facts["extended_until"]`.
    """
    journal_operations.take_turn()
    happenings: list[Happening] = []
    moved = _move_open_clocks(event, subject, facts, actor, at, happenings)
    moved += _start_clocks(event, subject, facts, at, happenings)
    if happenings:
        journal_operations.record_many(happenings=happenings, actor=actor, at=at)
    return moved


def _move_open_clocks(
    event: str,
    subject: Subject,
    facts: Mapping[str, Any],
    actor: Actor,
    at: dt.datetime,
    happenings: list[Happening],
) -> list[Clock]:
    rows = Clock.objects.about(subject.type, subject.id).open().order_by("pk")
    moved = []
    for number in list(rows.values_list("pk", flat=True)):
        clock = moving.lock_clock(number)
        happening = _move(clock, event, facts, actor, at) if clock.is_open else None
        if happening is not None:
            moved.append(clock)
            happenings.append(happening)
    return moved


def _move(
    clock: Clock, event: str, facts: Mapping[str, Any], actor: Actor, at: dt.datetime
) -> Happening | None:
    row = clock.limit
    if event in row.stops_on:
        return moving.end(clock, ClockState.STOPPED, at=at)
    if event in row.cancels_on:
        return moving.end(clock, ClockState.CANCELLED, at=at, reason=str(facts.get("reason", "")))
    if event in row.pauses_on and clock.state == ClockState.RUNNING:
        evidence = str(facts.get("evidence") or f"{event} #{clock.subject_id}")
        return moving.pause(clock, row.pauses_on[event], evidence, actor=actor, at=at)
    if event in row.resumes_on and clock.state == ClockState.PAUSED:
        return moving.resume(clock, at=at)
    if event in row.extends_on and facts.get("extended_until"):
        return put_off(clock, _day(facts["extended_until"]), at=at)
    return None


def _start_clocks(
    event: str,
    subject: Subject,
    facts: Mapping[str, Any],
    at: dt.datetime,
    happenings: list[Happening],
) -> list[Clock]:
    codes = queries.codes_started_by(event)
    if not codes:
        return []
    path = OrganizationUnit.objects.values_list("path", flat=True).get(pk=subject.unit_id)
    in_force = queries.limits_in_force(on=local_date(at), unit_path=path, codes=codes)
    due = [row for row in in_force.values() if _starts(row, event, facts)]
    if not due:
        return []
    running = {clock.code: clock for clock in Clock.objects.about(subject.type, subject.id).open()}
    started = []
    for row in sorted(due, key=lambda row: (bool(row.parent_codes), row.code)):
        if row.code in running:
            continue
        parent = next((running[code] for code in row.parent_codes if code in running), None)
        clock, happening = moving.begin(
            row, subject, parent=parent, owner_id=facts.get("owner_id"), facts=_plain(facts), at=at
        )
        running[row.code] = clock
        started.append(clock)
        happenings.append(happening)
    return started


def _starts(row: TimeLimit, event: str, facts: Mapping[str, Any]) -> bool:
    return event in row.starts_on and matches(row.applies_when, dict(facts))


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What of the facts JSON can hold as it is; the rest as text."""
    kept = (str, int, float, bool, type(None), list, dict)
    return {k: v if isinstance(v, kept) else str(v) for k, v in facts.items()}


def _day(value: object) -> dt.date:
    if isinstance(value, dt.datetime):
        return local_date(value)
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
