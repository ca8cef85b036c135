"""The life of a clock: start, pause, resume, extend, stop, cancel (N2, R13, R53–R56)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.clocks import queries
from busbar.clocks.models import Clock, ClockState, DueCause
from busbar.clocks.operations import moving
from busbar.clocks.operations.moving import UnableToExtendClock, UnableToStartClock
from busbar.clocks.reckoning import days_to_count, reckon
from busbar.clocks.rulebook import EXACT_UNITS
from busbar.clocks.subjects import Subject
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor
from busbar.kit.periods import local_date


@transaction.atomic
def start_clock(
    *,
    code: str,
    subject: Subject,
    actor: Actor,
    at: dt.datetime,
    parent: Clock | None = None,
    owner_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
    own_amount: Decimal | None = None,
) -> Clock:
    """Start the clock of the limit in force at the subject's unit on the day of `at`.

    `own_amount` is what was agreed for this one matter, in the limit's unit and no longer than
    it: a promise within three working days is due then, though the rule gives ten.
    One clock of a code runs for a subject at a time; NoSuchLimit names the codes there are.
    """
    journal_operations.take_turn()  # two at once would else both find that none runs
    path = OrganizationUnit.objects.values_list("path", flat=True).get(pk=subject.unit_id)
    row = queries.find_limit(code, on=local_date(at), unit_path=path)
    running = Clock.objects.about(subject.type, subject.id).open().filter(code=code)
    since = running.values_list("started_at", flat=True).first()
    if since is not None:
        raise UnableToStartClock(
            "“%(row)s”自 %(since)s 起已在计时，不能重复开始", row=row.name, since=moving.say(since)
        )
    clock, happening = moving.begin(
        row,
        subject,
        parent=parent,
        owner_id=owner_id,
        facts=facts or {},
        at=at,
        own_amount=own_amount,
    )
    journal_operations.record(happening=happening, actor=actor, at=at)
    return clock


@transaction.atomic
def pause_clock(
    *, clock_id: int, reason: str, evidence: str, actor: Actor, at: dt.datetime
) -> Clock:
    """Let the clock stand still: `reason` is a code lawful for its limit, `evidence` proves it."""
    clock = moving.lock_clock(clock_id)
    happening = moving.pause(clock, reason, evidence, actor=actor, at=at)
    journal_operations.record(happening=happening, actor=actor, at=at)
    return clock


@transaction.atomic
def resume_clock(*, clock_id: int, actor: Actor, at: dt.datetime) -> Clock:
    """Let the clock run on; its old due moment is kept."""
    clock = moving.lock_clock(clock_id)
    happening = moving.resume(clock, at=at)
    journal_operations.record(happening=happening, actor=actor, at=at)
    return clock


@transaction.atomic
def stop_clock(*, clock_id: int, actor: Actor, at: dt.datetime) -> Clock:
    """The promise is kept, or broken: from now on the clock says which."""
    clock = moving.lock_clock(clock_id)
    happening = moving.end(clock, ClockState.STOPPED, at=at)
    journal_operations.record(happening=happening, actor=actor, at=at)
    return clock


@transaction.atomic
def cancel_clock(*, clock_id: int, reason: str, actor: Actor, at: dt.datetime) -> Clock:
    """The matter fell away; the clock counts neither as kept nor as broken."""
    clock = moving.lock_clock(clock_id)
    if not reason.strip():
        raise moving.UnableToStopClock("取消计时须写明原因")
    happening = moving.end(clock, ClockState.CANCELLED, at=at, reason=reason.strip())
    journal_operations.record(happening=happening, actor=actor, at=at)
    return clock


@transaction.atomic
def reassign_clock(
    *, clock_id: int, owner_id: int, unit_id: int, actor: Actor, at: dt.datetime
) -> Clock:
    """Another person, perhaps of another unit, answers for it; the time runs on as it was."""
    clock = moving.lock_clock(clock_id)
    moving.check_moment(clock, at, moving.UnableToMoveClock)
    before = clock.owner_id
    clock.owner_id, clock.unit_id, clock.latest_at = owner_id, unit_id, at
    clock.save(update_fields=["owner_id", "unit", "latest_at"])
    clock.refresh_from_db(fields=["unit"])
    happening = moving.tell(clock, "reassigned", {"owner_id": [before, owner_id]})
    journal_operations.record(happening=happening, actor=actor, at=at)
    return clock


@transaction.atomic
def extend_clock(*, clock_id: int, until: dt.date, actor: Actor, at: dt.datetime) -> Clock:
    """Put the end of a limit off to the close of `until`, by one length of it at most (R56)."""
    clock = moving.lock_clock(clock_id)
    happening = put_off(clock, until, at=at)
    journal_operations.record(happening=happening, actor=actor, at=at)
    return clock


def put_off(clock: Clock, until: dt.date, *, at: dt.datetime) -> journal_operations.Happening:
    """Extend a locked clock; what the journal is to keep of it."""
    moving.check_moment(clock, at, UnableToExtendClock)
    _check_extension(clock, until)
    before, clock.extended_until, clock.latest_at = clock.due_at, until, at
    moving.recompute(clock, DueCause.EXTENSION, at=at)
    clock.save(
        update_fields=["extended_until", "latest_at", "due_at", "is_provisional", "next_rung_at"]
    )
    return moving.tell(clock, "extended", {"due_at": [before, clock.due_at]})


def _check_extension(clock: Clock, until: dt.date) -> None:
    basis = queries.basis_of(clock)
    if basis.limit.amount_unit in EXACT_UNITS:
        raise UnableToExtendClock("“%(limit)s”按小时计，不能延期", limit=clock.limit.name)
    own = queries.reckon_basis(replace(basis, extended_until=None))
    if until <= local_date(clock.due_at):
        raise UnableToExtendClock("延期应晚于原到期日 %(due_at)s", due_at=local_date(clock.due_at))
    calendar = queries.get_calendar(
        own.due_on, own.due_on + dt.timedelta(days=2 * days_to_count(basis.limit, own.due_on) + 60)
    )
    latest = reckon(basis.limit, start=own.due_at, calendar=calendar, hours=basis.hours).due_on
    if until > latest:
        raise UnableToExtendClock(
            "延长不得超过一个期限，最迟到 %(latest)s。%(clause)s",
            latest=latest,
            clause=basis.limit.clause,
        )
