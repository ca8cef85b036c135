"""What the operations on clocks share: lawful or not, reckoning again, what is recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from busbar.access.models import OrganizationUnit
from busbar.clocks import queries
from busbar.clocks.ladder import Rung
from busbar.clocks.models import (
    Clock,
    ClockPause,
    ClockState,
    Direction,
    DueCause,
    DueChange,
    PauseReason,
    Sense,
    TimeLimit,
)
from busbar.clocks.rulebook import LimitFacts
from busbar.clocks.subjects import Subject
from busbar.clocks.working_days import WorkingCalendar
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA


class UnableToMoveClock(Refusal):
    """The clock cannot be changed so; every refusal about one clock is of this family."""


class UnableToStartClock(UnableToMoveClock):
    """The clock cannot start."""


class UnableToPauseClock(UnableToMoveClock):
    """The pause is not lawful, or not proven."""


class UnableToResumeClock(UnableToMoveClock):
    """The clock does not stand still."""


class UnableToStopClock(UnableToMoveClock):
    """The clock has ended before."""


class UnableToExtendClock(UnableToMoveClock):
    """The extension goes beyond what the rule allows."""


def lock_clock(clock_id: int) -> Clock:
    """The clock with its row locked until the transaction ends.

    Rooms above come here after their own entry, jobs before theirs: the turn is taken first.
    """
    journal_operations.take_turn()
    rows = Clock.objects.select_for_update(of=("self",))
    rows = rows.select_related("limit__rule_set", "limit__unit", "unit")
    pauses = ClockPause.objects.select_related("reason").order_by("started_at", "pk")
    clock: Clock = rows.prefetch_related(Prefetch("pauses", queryset=pauses)).get(pk=clock_id)
    return clock


def begin(
    row: TimeLimit,
    subject: Subject,
    *,
    parent: Clock | None,
    owner_id: int | None,
    facts: Mapping[str, Any],
    at: dt.datetime,
    own_amount: Decimal | None = None,
) -> tuple[Clock, Happening]:
    """Write a clock that runs from `at`."""
    if row.direction == Direction.BEFORE:
        raise UnableToStartClock("“%(row)s”向前倒算，只能推算，不能计时", row=row.name)
    _check_own_amount(row, own_amount)
    if parent is not None and at < parent.started_at:
        raise UnableToStartClock(
            "子时限“%(row)s”不能早于总时限开始（%(started_at)s）",
            row=row.name,
            started_at=say(parent.started_at),
        )
    clock = Clock(
        limit=row,
        code=row.code,
        unit=OrganizationUnit.objects.get(pk=subject.unit_id),
        subject_type=subject.type,
        subject_id=subject.id,
        subject_label=subject.label[:200],
        customer_id=subject.customer_id,
        parent=parent,
        owner_id=owner_id,
        own_amount=own_amount,
        facts=dict(facts),
        started_at=at,
        latest_at=at,
        due_at=at,
    )
    basis = queries.Basis(
        limit=queries.limit_of(clock),
        start=at,
        pauses=(),
        hours=queries.get_hours(
            unit_path=clock.unit.path,
            customer_id=subject.customer_id,
            on=at.astimezone(CHINA).date(),
        ),
    )
    reckoned = queries.reckon_basis(basis)
    clock.due_at, clock.is_provisional = reckoned.due_at, reckoned.provisional
    dues = queries.list_rungs_due(basis, rungs_of(row))
    clock.next_rung_at = dues[0].at if dues else None
    clock.save(force_insert=True)
    changes = {"due_at": clock.due_at, "provisional": clock.is_provisional, **figure(basis.limit)}
    return clock, tell(clock, "started", changes)


def _check_own_amount(row: TimeLimit, own_amount: Decimal | None) -> None:
    """What is agreed for one matter may only be shorter than the rule, as every overlay (R7)."""
    if own_amount is None or (0 < own_amount <= row.amount and row.sense == Sense.AT_MOST):
        return
    clause = queries.facts_of(row).clause
    raise UnableToStartClock("约定的期限须大于 0 且不长于规定：%(clause)s", clause=clause)


def pause(
    clock: Clock, reason_code: str, evidence: str, *, actor: Actor, at: dt.datetime
) -> Happening:
    """Let the clock stand still for a lawful, proven reason."""
    check_moment(clock, at, UnableToPauseClock)
    if clock.state == ClockState.PAUSED:
        raise UnableToPauseClock("“%(limit)s”已经暂停，恢复后才能再暂停", limit=clock.limit.name)
    reason = _lawful_reason(clock, reason_code)
    if reason.needs_evidence and not evidence.strip():
        raise UnableToPauseClock(
            "以“%(reason)s”暂停须有凭证：%(evidence)s（%(source)s）",
            reason=reason.name,
            evidence=reason.evidence,
            source=reason.source,
        )
    ClockPause.objects.create(
        clock=clock,
        reason=reason,
        evidence=evidence.strip()[:300],
        started_at=at,
        paused_by=actor.name,
    )
    _read_pauses(clock)
    _note_due(clock, DueCause.PAUSE, None, provisional=clock.is_provisional, at=at)
    clock.state, clock.latest_at, clock.next_rung_at = ClockState.PAUSED, at, None
    clock.save(update_fields=["state", "latest_at", "next_rung_at"])
    return tell(clock, "paused", {"pause_reason": reason.code, "evidence": evidence.strip()})


def resume(clock: Clock, *, at: dt.datetime) -> Happening:
    """Let the clock run on; the due moment moves by what the pause took out."""
    check_moment(clock, at, UnableToResumeClock)
    if clock.state != ClockState.PAUSED:
        raise UnableToResumeClock("“%(limit)s”没有暂停，不必恢复", limit=clock.limit.name)
    _close_pause(clock, at)
    clock.state, clock.latest_at = ClockState.RUNNING, at
    before = clock.due_at
    recompute(clock, DueCause.RESUME, at=at)
    clock.save(update_fields=["state", "latest_at", "due_at", "is_provisional", "next_rung_at"])
    return tell(clock, "resumed", {"due_at": [before, clock.due_at]})


def end(clock: Clock, state: ClockState, *, at: dt.datetime, reason: str = "") -> Happening:
    """Stop or cancel the clock; a pause that lasts ends with it."""
    check_moment(clock, at, UnableToStopClock)
    if clock.state == ClockState.PAUSED:
        _close_pause(clock, at)
        recompute(clock, DueCause.RESUME, at=at)
    clock.state, clock.stopped_at, clock.latest_at, clock.next_rung_at = state, at, at, None
    clock.save(
        update_fields=[
            "state",
            "stopped_at",
            "latest_at",
            "next_rung_at",
            "due_at",
            "is_provisional",
        ]
    )
    changes = {"due_at": clock.due_at, "late": clock.is_late(at)}
    return tell(clock, "stopped" if state == ClockState.STOPPED else "cancelled", changes, reason)


def recompute(
    clock: Clock, cause: DueCause, *, at: dt.datetime, calendar: WorkingCalendar | None = None
) -> bool:
    """Reckon again on the unsaved clock and keep the old due moment; whether anything moved."""
    basis = queries.basis_of(clock)
    reckoned = queries.reckon_basis(basis, calendar)
    moved = (clock.due_at, clock.is_provisional) != (reckoned.due_at, reckoned.provisional)
    if moved:
        _note_due(clock, cause, reckoned.due_at, provisional=reckoned.provisional, at=at)
    clock.due_at, clock.is_provisional = reckoned.due_at, reckoned.provisional
    clock.next_rung_at = next_rung_at(clock, basis, calendar)
    return moved


def next_rung_at(
    clock: Clock, basis: queries.Basis, calendar: WorkingCalendar | None = None
) -> dt.datetime | None:
    """When the ladder is to be climbed next; None unless the clock runs."""
    if clock.state != ClockState.RUNNING:
        return None
    climbed = {alert.rung_id for alert in clock.alerts.all()}
    waiting = [rung for rung in rungs_of(clock.limit) if rung.id not in climbed]
    dues = queries.list_rungs_due(basis, waiting, calendar)
    return dues[0].at if dues else None


def rungs_of(row: TimeLimit) -> list[Rung]:
    """The limit's ladder as plain values."""
    return [
        Rung(rung.order, rung.moment, rung.amount, rung.pk)
        for rung in sorted(row.rungs.all(), key=lambda rung: rung.order)
    ]


def check_moment(clock: Clock, at: dt.datetime, refusal: type[UnableToMoveClock]) -> None:
    """Refuse what lies before the clock's latest event, and any change of an ended clock."""
    if not clock.is_open:
        raise refusal(
            "“%(limit)s”已于 %(latest_at)s 结束，不能再变动",
            limit=clock.limit.name,
            latest_at=say(clock.latest_at),
        )
    if at < clock.latest_at:
        latest = say(clock.latest_at)
        raise refusal(
            "不能倒填：“%(limit)s”最近一次变动在 %(latest)s，晚于 %(at)s",
            limit=clock.limit.name,
            latest=latest,
            at=say(at),
        )


def tell(clock: Clock, verb: str, changes: Mapping[str, Any], reason: str = "") -> Happening:
    """What the journal keeps of a change of the clock."""
    about = {"subject_type": clock.subject_type, "subject_id": clock.subject_id}
    return Happening(
        event=f"clocks.clock.{verb}",
        subject_type="clocks.clock",
        subject_id=clock.pk,
        subject_label=f"{clock.limit.name} {clock.subject_label}".strip(),
        customer_id=clock.customer_id,
        unit_path=clock.unit.path,
        changes={"code": clock.code, **about, **changes},
        reason=reason,
    )


def figure(limit: LimitFacts) -> dict[str, str]:
    """The rule by which a clock runs, for the journal."""
    return {"rule_set": limit.rule_set, "limit": limit.words, "source": limit.source}


def say(moment: dt.datetime) -> str:
    """The moment as people in China read it.

    >>> say(dt.datetime(2025, 10, 9, 1, 30, tzinfo=dt.UTC))
    '2025-10-09 09:30:00'
    """
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


def _lawful_reason(clock: Clock, code: str) -> PauseReason:
    lawful = {reason.code: reason for reason in clock.limit.pause_reasons.all()}
    if code in lawful:
        return lawful[code]
    named = PauseReason.objects.filter(code=code).values_list("name", flat=True).first() or code
    clause = queries.facts_of(clock.limit).clause
    names = "、".join(f"{reason.name}（{reason.code}）" for reason in lawful.values())
    if not names:
        raise UnableToPauseClock(
            "不能以“%(named)s”暂停。%(clause)s。该时限不得暂停", named=named, clause=clause
        )
    raise UnableToPauseClock(
        "不能以“%(named)s”暂停。%(clause)s。可暂停的原因：%(names)s",
        named=named,
        clause=clause,
        names=names,
    )


def _close_pause(clock: Clock, at: dt.datetime) -> None:
    clock.pauses.filter(ended_at=None).update(ended_at=at)
    _read_pauses(clock)


def _read_pauses(clock: Clock) -> None:
    """Bring what was fetched with the clock up to date."""
    pauses = ClockPause.objects.select_related("reason").order_by("started_at", "pk")
    cached: dict[str, Any] = clock.__dict__.setdefault("_prefetched_objects_cache", {})
    cached["pauses"] = pauses.filter(clock=clock)


def _note_due(
    clock: Clock,
    cause: DueCause,
    due_at: dt.datetime | None,
    *,
    provisional: bool,
    at: dt.datetime,
) -> None:
    DueChange.objects.create(
        clock=clock,
        cause=cause,
        old_due_at=clock.due_at,
        new_due_at=due_at,
        was_provisional=clock.is_provisional,
        is_provisional=provisional,
        at=at,
    )
