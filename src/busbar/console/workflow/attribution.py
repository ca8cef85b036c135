"""Whose the elapsed time of a matter was: a bar and the table behind it, adding up exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from busbar.clocks import queries as clocks_queries
from busbar.clocks.attribution import (
    Attribution,
    PartyName,
    Stretch,
    attribute,
    largest_remainder,
)
from busbar.clocks.models import Clock, ClockPause, ClockState, Holding
from busbar.workflow.queries import ProcessPage

_MINUTE = dt.timedelta(minutes=1)
_HOUR, _DAY = 60, 24 * 60
KINDS: dict[str, str | Promise] = {
    "department": gettext_lazy("部门"),
    "post": gettext_lazy("岗位"),
    "customer": gettext_lazy("客户"),
    "outside": gettext_lazy("外部单位"),
    "unassigned": gettext_lazy("待分派"),
}


@dataclass(frozen=True)
class Share:
    """One party's part: minutes of the whole and of what was overdue, and percent with a tenth."""

    kind: str | Promise
    key: str
    name: str
    post: str
    minutes: int
    overdue_minutes: int
    tenths: int

    @property
    def words(self) -> str:
        """How long, as people say it."""
        return spoken(self.minutes)

    @property
    def overdue_words(self) -> str:
        """How much of it beyond the limits."""
        return spoken(self.overdue_minutes) if self.overdue_minutes else ""

    @property
    def percent(self) -> str:
        """Share of the whole."""
        return f"{self.tenths / 10:.1f}"


@dataclass(frozen=True)
class Shares:
    """All parts and their sums; `is_final` once the matter is finished."""

    parts: tuple[Share, ...]
    minutes: int
    overdue_minutes: int
    start: dt.datetime
    end: dt.datetime
    is_final: bool

    @property
    def words(self) -> str:
        """The whole, as people say it."""
        return spoken(self.minutes)

    @property
    def overdue_words(self) -> str:
        """The overdue part of the whole."""
        return spoken(self.overdue_minutes) if self.overdue_minutes else ""

    @property
    def chart(self) -> list[dict[str, object]]:
        """What the bar is drawn from: minutes by party."""
        return [
            {
                "name": f"{part.name} {part.post}".strip(),
                "kind": part.key,
                "minutes": part.minutes,
                "words": part.words,
                "percent": part.percent,
            }
            for part in self.parts
        ]


def shares_of(page: ProcessPage, *, at: dt.datetime) -> Shares | None:
    """The parts of a finished process as attributed, of a running one up to now; None of none."""
    instance = page.instance
    found: Attribution | None
    try:
        found = clocks_queries.attribute(instance.subject_type, instance.subject_id)
    except clocks_queries.NotFinished:
        found, final = _so_far(page, at), False
    except Clock.DoesNotExist:
        return None
    else:
        final = True
    return _rounded(found, is_final=final) if found is not None else None


def spoken(minutes: int) -> str:
    """Minutes as days, hours and minutes.

    >>> from django.utils import translation
    >>> with translation.override("zh-hans"):
    ...     spoken(1565), spoken(0)
    ('1 天 2 小时 5 分', '0 分')
    """
    days, rest = divmod(minutes, _DAY)
    hours, rest = divmod(rest, _HOUR)
    parts = [
        _("%(count)s 天") % {"count": days} if days else "",
        _("%(count)s 小时") % {"count": hours} if hours else "",
        _("%(count)s 分") % {"count": rest} if rest or minutes == 0 else "",
    ]
    return " ".join(part for part in parts if part)


def _so_far(page: ProcessPage, at: dt.datetime) -> Attribution | None:
    """As the clocks' own attribution, with everything still open taken to end now."""
    about = (page.instance.subject_type, page.instance.subject_id)
    clocks = [
        clock
        for clock in page.clocks
        if (clock.subject_type, clock.subject_id) == about
        and clock.limit.binds == "company"
        and clock.state != ClockState.CANCELLED
    ]
    starts = [c.started_at for c in clocks] + [h.opened_at for h in page.holdings]
    if not starts:
        return None
    pauses = ClockPause.objects.filter(clock__in=clocks).select_related("reason")
    return attribute(
        start=min(starts),
        end=at,
        stretches=[*(_held(row, at) for row in page.holdings), *(_stood(p, at) for p in pauses)],
        overdue=[(c.due_at, c.stopped_at or at) for c in clocks if c.is_late(at)],
    )


def _held(row: Holding, at: dt.datetime) -> Stretch:
    party = PartyName(
        kind=row.party_kind,
        name=row.name,
        unit_id=row.party_unit_id or 0,
        post=row.post,
        employee_id=row.employee_id or 0,
    )
    return Stretch(party, row.opened_at, row.closed_at or at)


def _stood(row: ClockPause, at: dt.datetime) -> Stretch:
    party = PartyName(row.reason.party, row.reason.party_name)
    return Stretch(party, row.started_at, row.ended_at or at, is_pause=True)


def _rounded(found: Attribution, *, is_final: bool) -> Shares:
    """Whole minutes and tenths of a percent that still add up, by largest remainder."""
    parts = [part for part in found.parts if part.elapsed]
    whole, late = found.elapsed // _MINUTE, found.overdue // _MINUTE
    minutes = _spread([(p.party, p.elapsed) for p in parts], found.elapsed, whole)
    overdue = _spread([(p.party, p.overdue) for p in parts], found.overdue, late)
    tenths = _spread([(p.party, p.elapsed) for p in parts], found.elapsed, 1000)
    shares = [_share(p.party, minutes, overdue, tenths) for p in parts]
    return Shares(
        parts=tuple(sorted(shares, key=lambda share: -share.minutes)),
        minutes=whole,
        overdue_minutes=late,
        start=found.start,
        end=found.end,
        is_final=is_final,
    )


def _share(
    party: PartyName,
    minutes: dict[PartyName, int],
    overdue: dict[PartyName, int],
    tenths: dict[PartyName, int],
) -> Share:
    return Share(
        kind=KINDS.get(party.kind, party.kind),
        key=party.kind,
        name=party.name,
        post=party.post,
        minutes=minutes[party],
        overdue_minutes=overdue.get(party, 0),
        tenths=tenths[party],
    )


def _spread(
    parts: Sequence[tuple[PartyName, dt.timedelta]], whole: dt.timedelta, units: int
) -> dict[PartyName, int]:
    if not whole:
        return {party: 0 for party, _part in parts}
    micro = dt.timedelta(microseconds=1)
    shares = {party: Fraction(part // micro * units, whole // micro) for party, part in parts}
    return largest_remainder(shares, units)
