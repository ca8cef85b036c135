"""Reckoning open clocks again when the calendar or a rule changed (N2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Prefetch

from busbar.clocks import queries
from busbar.clocks.models import Clock, ClockPause, DueCause, DueChange
from busbar.clocks.operations import moving
from busbar.clocks.working_days import DayNotLoadedError, WorkingCalendar
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.kit.periods import local_date

_BACK, _AHEAD = dt.timedelta(days=60), dt.timedelta(days=3 * 366)
_BATCH = 500
"""Clocks that are fetched and written together; the queries of a batch are constant."""


@transaction.atomic
def recalculate_clocks(*, at: dt.datetime) -> int:
    """Reckon every open clock again by the calendar as it stands; how many due moments moved.

    The old due moment is kept, and the provisional mark falls when a year is announced.
    """
    return recalculate(cause=DueCause.CALENDAR, at=at)


def recalculate(*, cause: DueCause, at: dt.datetime) -> int:
    """The same for any cause, in the caller's transaction."""
    journal_operations.take_turn()
    rows = Clock.objects.open().order_by("started_at", "pk")
    first = rows.values_list("started_at", flat=True).first()
    if first is None:
        return 0
    latest = rows.order_by("-due_at").values_list("due_at", flat=True).first() or first
    calendar = queries.get_calendar(local_date(first) - _BACK, local_date(latest) + _AHEAD)
    numbers = list(rows.values_list("pk", flat=True))
    batches = (numbers[n : n + _BATCH] for n in range(0, len(numbers), _BATCH))
    return sum(_recalculate(batch, cause, at, calendar) for batch in batches)


def _recalculate(
    numbers: Sequence[int], cause: DueCause, at: dt.datetime, calendar: WorkingCalendar
) -> int:
    moved, happenings, changes = [], list[Happening](), []
    for clock in _locked(numbers):
        before = (clock.due_at, clock.is_provisional, clock.next_rung_at)
        change = _again(clock, cause, at, calendar)
        if change is not None:
            changes.append(change)
            told = {"cause": str(cause), "due_at": [before[0], clock.due_at]}
            happenings.append(moving.tell(clock, "recalculated", told))
        if (clock.due_at, clock.is_provisional, clock.next_rung_at) != before:
            moved.append(clock)
    Clock.objects.bulk_update(moved, ["due_at", "is_provisional", "next_rung_at"])
    DueChange.objects.bulk_create(changes)
    if happenings:
        journal_operations.record_many(happenings=happenings, actor=SYSTEM, at=at)
    return len(happenings)


def _locked(numbers: Sequence[int]) -> list[Clock]:
    """The clocks of a batch with all that reckoning needs, held until the transaction ends."""
    pauses = ClockPause.objects.select_related("reason").order_by("started_at", "pk")
    rows = Clock.objects.open().select_for_update(of=("self",)).filter(pk__in=numbers)
    rows = rows.select_related("limit__rule_set", "limit__unit", "unit").prefetch_related(
        Prefetch("pauses", queryset=pauses), "alerts", "limit__pause_reasons", "limit__rungs"
    )
    return list(rows.order_by("pk"))


def _again(
    clock: Clock, cause: DueCause, at: dt.datetime, calendar: WorkingCalendar
) -> DueChange | None:
    """Reckon on the unsaved clock; the row that keeps the old due moment, if it moved."""
    basis = queries.basis_of(clock)
    try:
        found = queries.reckon_basis(basis, calendar)
        rung = moving.next_rung_at(clock, basis, calendar)
    except DayNotLoadedError:
        found, rung = queries.reckon_basis(basis), moving.next_rung_at(clock, basis)
    old_due_at, was_provisional = clock.due_at, clock.is_provisional
    clock.due_at, clock.is_provisional = found.due_at, found.provisional
    clock.next_rung_at = rung
    if (old_due_at, was_provisional) == (found.due_at, found.provisional):
        return None
    return DueChange(
        clock=clock,
        cause=cause,
        old_due_at=old_due_at,
        new_due_at=found.due_at,
        was_provisional=was_provisional,
        is_provisional=found.provisional,
        at=at,
    )
