"""Reading clocks: of a person's branch, of one subject, and whose the elapsed time was."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks.attribution import Attribution, PartyName, Stretch
from busbar.clocks.attribution import attribute as attribute_plain
from busbar.clocks.models import (
    OPEN_STATES,
    Binds,
    Clock,
    ClockPause,
    ClockState,
    DueChange,
    EscalationRung,
    Holding,
)
from busbar.clocks.models.running import ClockQuerySet
from busbar.clocks.queries.reckoning import explain_clock
from busbar.clocks.rulebook import EXACT_UNITS
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date


class NotFinished(Refusal):
    """The subject still has clocks running, so that its time cannot be divided yet."""


@dataclass(frozen=True)
class ClockFilter:
    """What a list of clocks is narrowed to; empty fields do not narrow. `[since, until)` of due."""

    states: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    subject_type: str = ""
    owner_id: int | None = None
    customer_id: int | None = None
    unit_id: int | None = None
    due_since: dt.datetime | None = None
    due_until: dt.datetime | None = None


@dataclass(frozen=True)
class NestedShare:
    """A nested clock and how much of its parent's amount its own amount is, 0 to 1."""

    clock: Clock
    parent: Clock
    share: Decimal
    elapsed_share: Decimal


def list_clocks(
    viewer: Viewer, *, narrowed: ClockFilter = ClockFilter(), limit: int | None = None
) -> list[Clock]:
    """Clocks by the moment they are due, earliest first."""
    rows = _clocks().visible_to(viewer)
    wanted = {
        "code__in": narrowed.codes,
        "state__in": narrowed.states,
        "subject_type": narrowed.subject_type,
        "owner_id": narrowed.owner_id,
        "customer_id": narrowed.customer_id,
        "unit_id": narrowed.unit_id,
        "due_at__gte": narrowed.due_since,
        "due_at__lt": narrowed.due_until,
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return list(rows.order_by("due_at", "pk")[:limit])


def list_late_clocks(viewer: Viewer, *, at: dt.datetime, limit: int | None = None) -> list[Clock]:
    """Running clocks whose limit has passed, longest first."""
    rows = _clocks().visible_to(viewer).filter(state=ClockState.RUNNING)
    return list(rows.filter(due_at__lt=at.replace(microsecond=0)).order_by("due_at", "pk")[:limit])


def list_subject_clocks(viewer: Viewer, subject_type: str, subject_id: int) -> list[Clock]:
    """The clocks of one subject in the order in which they started."""
    rows = _clocks().visible_to(viewer).about(subject_type, subject_id)
    return list(rows.order_by("started_at", "pk"))


def get_clock(viewer: Viewer, clock_id: int) -> Clock:
    """One clock; Clock.DoesNotExist when the viewer may not see it."""
    clock: Clock = _clocks().visible_to(viewer).get(pk=clock_id)
    return clock


def get_open_clock(subject_type: str, subject_id: int, code: str) -> Clock | None:
    """The clock of this code that runs or is paused, if there is one."""
    rows = _clocks().about(subject_type, subject_id).open()
    clock: Clock | None = rows.filter(code=code).first()
    return clock


def list_due_changes(clock: Clock) -> list[DueChange]:
    """How the due moment moved, oldest first."""
    return list(clock.due_changes.order_by("at", "pk"))


def list_nested(clock: Clock) -> list[NestedShare]:
    """The clocks inside this one, each with its share of the parent's amount (R54).

    Shares are comparable only where both count in the same unit; others are left out.
    """
    found = []
    for child in _clocks().filter(parent=clock).order_by("started_at", "pk"):
        if child.limit.amount_unit != clock.limit.amount_unit:
            continue
        amount = clock.limit.amount
        used = Decimal(elapsed_amount(child))
        share = (child.limit.amount / amount).quantize(Decimal("0.0001"))
        found.append(NestedShare(child, clock, share, (used / amount).quantize(Decimal("0.0001"))))
    return found


def elapsed_amount(clock: Clock, *, at: dt.datetime | None = None) -> int:
    """Counted days that an ended clock took (or a running one by `at`); at most shown to due."""
    until = clock.stopped_at or at
    days = explain_clock(clock, at=at).days
    if until is None or clock.limit.amount_unit in EXACT_UNITS:
        return 0
    last = local_date(until)
    return sum(day.counted and day.date <= last for day in days)


def attribute(subject_type: str, subject_id: int) -> Attribution:
    """The finished subject's elapsed time, split over who had it in hand (N3, R46).

    From its first clock or holding to the last; NotFinished while one is open, and
    Clock.DoesNotExist for a subject without any. The overdue part is the time in which a limit
    that binds the company had passed. Clocks that bind the customer neither lengthen the whole
    nor count as overdue.
    """
    clocks = [
        clock
        for clock in list_subject_clocks(SYSTEM_VIEWER, subject_type, subject_id)
        if clock.limit.binds == Binds.COMPANY and clock.state != ClockState.CANCELLED
    ]
    holdings = list_holdings(SYSTEM_VIEWER, subject_type, subject_id)
    _check_finished(clocks, holdings)
    starts = [c.started_at for c in clocks] + [h.opened_at for h in holdings]
    if not starts:
        raise Clock.DoesNotExist(f"{subject_type}#{subject_id}")
    ends = [c.stopped_at for c in clocks if c.stopped_at]
    ends += [h.closed_at for h in holdings if h.closed_at]
    return attribute_plain(
        start=min(starts),
        end=max(ends),
        stretches=[*map(_held, holdings), *(s for c in clocks for s in _paused(c))],
        overdue=[(explain_clock(c).closes_at, c.stopped_at) for c in clocks if c.stopped_at],
    )


def list_holdings(viewer: Viewer, subject_type: str, subject_id: int) -> list[Holding]:
    """Who had the subject in hand, in order."""
    rows = Holding.objects.filter(subject_type=subject_type, subject_id=subject_id)
    return list(rows.visible_to(viewer).order_by("opened_at", "pk"))


def _clocks() -> ClockQuerySet:
    rungs = Prefetch("limit__rungs", queryset=EscalationRung.objects.order_by("order"))
    pauses = ClockPause.objects.select_related("reason").order_by("started_at", "pk")
    rows = Clock.objects.select_related("limit__rule_set", "limit__unit", "unit")
    found: ClockQuerySet = rows.prefetch_related(
        rungs, "limit__pause_reasons", Prefetch("pauses", queryset=pauses)
    )
    return found


def _check_finished(clocks: list[Clock], holdings: list[Holding]) -> None:
    if any(clock.state in OPEN_STATES for clock in clocks):
        raise NotFinished("尚有计时未办结，办结后才能归因")
    if any(holding.closed_at is None for holding in holdings):
        raise NotFinished("事项仍在办理人手中，办结后才能归因")


def _held(holding: Holding) -> Stretch:
    party = PartyName(
        kind=holding.party_kind,
        name=holding.name,
        unit_id=holding.party_unit_id or 0,
        post=holding.post,
        employee_id=holding.employee_id or 0,
    )
    return Stretch(party, holding.opened_at, holding.closed_at or holding.opened_at)


def _paused(clock: Clock) -> list[Stretch]:
    return [
        Stretch(
            PartyName(row.reason.party, row.reason.party_name),
            row.started_at,
            row.ended_at or row.started_at,
            is_pause=True,
        )
        for row in clock.pauses.all()
    ]
