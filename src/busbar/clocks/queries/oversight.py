"""What supervision asks of clocks: how they stand, what was escalated, whose the delay was."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.clocks.attribution import Attribution, PartyName, Stretch
from busbar.clocks.attribution import attribute as attribute_plain
from busbar.clocks.models import (
    OPEN_STATES,
    Binds,
    Clock,
    ClockAlert,
    ClockPause,
    ClockState,
    EscalationRung,
    Holding,
    TimeLimit,
    WorkingHours,
)
from busbar.clocks.reckoning import midnight
from busbar.clocks.rulebook import EXACT_UNITS
from busbar.kit.periods import local_date

SubjectKey = tuple[str, int]
"""A subject's type and id."""


@dataclass(frozen=True)
class OpenClocks:
    """How many open clocks there are: in time, due within the day, late, paused, provisional."""

    running: int
    due_today: int
    late: int
    paused: int
    provisional: int


def count_open_clocks(viewer: Viewer, *, at: dt.datetime) -> OpenClocks:
    """The open clocks of the viewer's branch by how they stand. One query."""
    at = at.replace(microsecond=0)
    close = midnight(local_date(at) + dt.timedelta(days=1))
    runs = Q(state=ClockState.RUNNING)
    counted = (
        Clock.objects.visible_to(viewer)
        .open()
        .aggregate(
            running=Count("pk", filter=runs & Q(due_at__gte=at)),
            due_today=Count("pk", filter=runs & Q(due_at__gte=at, due_at__lt=close)),
            late=Count("pk", filter=runs & Q(due_at__lt=at)),
            paused=Count("pk", filter=Q(state=ClockState.PAUSED)),
            provisional=Count("pk", filter=Q(is_provisional=True)),
        )
    )
    return OpenClocks(**counted)


def list_open_clocks(
    viewer: Viewer,
    *,
    at: dt.datetime,
    standing: str = "",
    after: tuple[dt.datetime, int] | None = None,
    limit: int = 50,
) -> list[Clock]:
    """Open clocks, soonest due first, by keyset. `standing`: late, running (in time) or paused."""
    at = at.replace(microsecond=0)
    wanted = {
        "late": Q(state=ClockState.RUNNING, due_at__lt=at),
        "running": Q(state=ClockState.RUNNING, due_at__gte=at),
        "paused": Q(state=ClockState.PAUSED),
    }
    rows = Clock.objects.visible_to(viewer).open().filter(wanted.get(standing, Q()))
    if after is not None:
        rows = rows.filter(beyond(("due_at", "id"), after))
    rows = rows.select_related("limit", "unit")
    return list(rows.order_by("due_at", "pk")[:limit])


def list_alerts(
    viewer: Viewer, *, overdue_only: bool = False, before_id: int | None = None, limit: int = 50
) -> list[ClockAlert]:
    """Warnings and escalations that were raised, newest first, by keyset."""
    rows = ClockAlert.objects.filter(clock__in=Clock.objects.visible_to(viewer))
    if overdue_only:
        rows = rows.filter(rung__moment="overdue")
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    rows = rows.select_related("rung", "clock__limit", "clock__unit")
    return list(rows.order_by("-pk")[:limit])


def list_working_hours(viewer: Viewer) -> list[WorkingHours]:
    """The hours that units of the branch, or customers of theirs, have set; newest last."""
    rows = WorkingHours.objects.select_related("unit").visible_to(viewer)
    return list(rows.order_by("unit__path", "customer_id", "valid_from"))


def list_versions(viewer: Viewer, code: str) -> list[TimeLimit]:
    """Every figure of a code, of all documents and all units that the viewer sees, oldest first."""
    return _limits(viewer, code=code)


def list_by_id(viewer: Viewer, limit_id: int) -> list[TimeLimit]:
    """The limit with its pauses and its ladder, in a list; empty where the viewer sees none."""
    return _limits(viewer, pk=limit_id)


def _limits(viewer: Viewer, **wanted: object) -> list[TimeLimit]:
    rungs = Prefetch("rungs", queryset=EscalationRung.objects.order_by("order"))
    rows = TimeLimit.objects.visible_to(viewer).filter(**wanted)
    rows = rows.select_related("rule_set", "unit").prefetch_related("pause_reasons", rungs)
    return list(rows.order_by("valid_from", "rule_set__code", "unit__path", "pk"))


def attribute_many(keys: Sequence[SubjectKey]) -> dict[SubjectKey, Attribution]:
    """Whose the time of many finished subjects was, as `attribute` says for one (N3, R46).

    Subjects with a clock or holding still open, or without any, are left out. Three queries
    for each type of subject, however many there are.
    """
    found: dict[SubjectKey, Attribution] = {}
    by_type: dict[str, list[int]] = defaultdict(list)
    for subject_type, subject_id in keys:
        by_type[subject_type].append(subject_id)
    for subject_type, ids in by_type.items():
        clocks = _clocks_of(subject_type, ids)
        holdings = _holdings_of(subject_type, ids)
        for subject_id in dict.fromkeys(ids):
            whole = _attribution(clocks[subject_id], holdings[subject_id])
            if whole is not None:
                found[(subject_type, subject_id)] = whole
    return found


def _clocks_of(subject_type: str, ids: Iterable[int]) -> dict[int, list[Clock]]:
    rows = (
        Clock.objects.filter(
            subject_type=subject_type, subject_id__in=ids, limit__binds=Binds.COMPANY
        )
        .exclude(state=ClockState.CANCELLED)
        .select_related("limit")
        .prefetch_related("pauses__reason")
    )
    found: dict[int, list[Clock]] = defaultdict(list)
    for clock in rows.order_by("started_at", "pk"):
        found[clock.subject_id].append(clock)
    return found


def _holdings_of(subject_type: str, ids: Iterable[int]) -> dict[int, list[Holding]]:
    rows = Holding.objects.filter(subject_type=subject_type, subject_id__in=ids)
    found: dict[int, list[Holding]] = defaultdict(list)
    for holding in rows.order_by("opened_at", "pk"):
        found[holding.subject_id].append(holding)
    return found


def _attribution(clocks: list[Clock], holdings: list[Holding]) -> Attribution | None:
    starts = [c.started_at for c in clocks] + [h.opened_at for h in holdings]
    is_open = any(c.state in OPEN_STATES for c in clocks) or any(
        h.closed_at is None for h in holdings
    )
    if is_open or not starts:
        return None
    ends = [c.stopped_at for c in clocks if c.stopped_at]
    ends += [h.closed_at for h in holdings if h.closed_at]
    pauses = [pause for clock in clocks for pause in clock.pauses.all()]
    return attribute_plain(
        start=min(starts),
        end=max(ends),
        stretches=[*map(_held, holdings), *map(_paused, pauses)],
        overdue=[(_closes_at(c), c.stopped_at) for c in clocks if c.stopped_at],
    )


def _closes_at(clock: Clock) -> dt.datetime:
    """The first moment too late. An ended clock keeps the due moment by which it was judged."""
    if clock.limit.amount_unit in EXACT_UNITS:
        return clock.due_at
    return midnight(local_date(clock.due_at) + dt.timedelta(days=1))


def _held(holding: Holding) -> Stretch:
    party = PartyName(
        kind=holding.party_kind,
        name=holding.name,
        unit_id=holding.party_unit_id or 0,
        post=holding.post,
        employee_id=holding.employee_id or 0,
    )
    return Stretch(party, holding.opened_at, holding.closed_at or holding.opened_at)


def _paused(row: ClockPause) -> Stretch:
    return Stretch(
        PartyName(row.reason.party, row.reason.party_name),
        row.started_at,
        row.ended_at or row.started_at,
        is_pause=True,
    )
