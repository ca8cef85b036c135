"""Warnings and escalations that climb by time without anybody asking, once each (U21, R13)."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from busbar.access.models import LEVELS, OrganizationUnit
from busbar.access.paths import ancestors
from busbar.clocks import queries
from busbar.clocks.models import (
    Audience,
    Clock,
    ClockAlert,
    ClockState,
    EscalationRung,
    RungMoment,
)
from busbar.clocks.operations import moving
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening


def climb_ladders(*, at: dt.datetime) -> int:
    """Mark every rung due by `at`, each once and in order; how many.

    Safe to run twice and by two workers: each clock is its own transaction under its row's
    lock, and a rung of a clock can be climbed once only. Costs one index look-up when nothing
    is due. After a standstill all missed rungs are climbed. Writes `clocks.clock.warned`
    before a limit's end and `clocks.clock.escalated` beyond it, with who is to be told.
    """
    climbed = 0
    waiting = Clock.objects.filter(next_rung_at__lte=at).order_by("next_rung_at", "pk")
    for number in list(waiting.values_list("pk", flat=True)):
        climbed += _climb(number, at)
    return climbed


@transaction.atomic
def _climb(clock_id: int, at: dt.datetime) -> int:
    journal_operations.take_turn()
    free = Clock.objects.select_for_update(
        skip_locked=connection.features.has_select_for_update_skip_locked
    )
    mine = free.filter(pk=clock_id, next_rung_at__lte=at, state=ClockState.RUNNING)
    if not list(mine.values_list("pk", flat=True)):
        return 0  # another worker has it or has climbed it, or it stopped meanwhile
    clock = moving.lock_clock(clock_id)
    rungs = {rung.pk: rung for rung in clock.limit.rungs.all()}
    climbed = set(clock.alerts.values_list("rung_id", flat=True))
    waiting = [rung for rung in moving.rungs_of(clock.limit) if rung.id not in climbed]
    dues = queries.list_rungs_due(queries.basis_of(clock), waiting)
    reached = [due for due in dues if due.at <= at]
    ahead = [due for due in dues if due.at > at]
    ClockAlert.objects.bulk_create(
        [ClockAlert(clock=clock, rung_id=d.rung.id, due_at=d.at, raised_at=at) for d in reached]
    )
    clock.next_rung_at = ahead[0].at if ahead else None
    clock.save(update_fields=["next_rung_at"])
    if reached:
        told = [_happening(clock, rungs[due.rung.id], due.at) for due in reached]
        journal_operations.record_many(happenings=told, actor=SYSTEM, at=at)
    return len(reached)


def _happening(clock: Clock, rung: EscalationRung, due_at: dt.datetime) -> Happening:
    unit = audience_unit(clock, rung.audience)
    verb = "escalated" if rung.moment == RungMoment.OVERDUE else "warned"
    changes = {
        "rung": rung.order,
        "audience": rung.audience,
        "audience_unit": unit.path,
        "owner_id": clock.owner_id,
        "words": rung.words,
        "due_at": clock.due_at,
        "rung_at": due_at,
        "subject_label": clock.subject_label,
    }
    return moving.tell(clock, verb, changes)


def audience_unit(clock: Clock, audience: str) -> OrganizationUnit:
    """The unit whose people are told: the clock's own, or a company above it in the tree."""
    if audience in {Audience.OWNER, Audience.UNIT}:
        return clock.unit
    path = [*ancestors(clock.unit.path), clock.unit.path]
    companies = list(
        OrganizationUnit.objects.filter(path__in=path, kind__in=LEVELS).order_by("-path")
    )
    if not companies:
        return clock.unit
    above = {Audience.COMPANY: 0, Audience.COMPANY_ABOVE: 1, Audience.TOP: len(companies) - 1}
    return companies[min(above[Audience(audience)], len(companies) - 1)]
