"""Who may look, and what the query string asks for: a period, a unit, a process."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import QueryDict
from django.utils import timezone

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.console.requests import given_day
from busbar.kit.periods import Period, local_date
from busbar.workflow.models import ProcessDefinition

_YEAR = 365


@dataclass(frozen=True)
class Asked:
    """The period (last day included on the screen, half-open here) and what narrows it."""

    period: Period
    unit: OrganizationUnit | None
    process: str

    @property
    def last(self) -> dt.date:
        """The last day of the period, as the form shows it."""
        return self.period.end - dt.timedelta(days=1)


def require_reader(viewer: Viewer) -> None:
    """Whoever supervises, and the regulator, who reads what happened and changes nothing."""
    if not viewer.may(Permission.READ_JOURNAL):
        viewer.require(Permission.SUPERVISE)


def may_export(viewer: Viewer) -> bool:
    """Whether the viewer may take figures away."""
    return viewer.may(Permission.SUPERVISE) and viewer.may(Permission.EXPORT)


def require_exporter(viewer: Viewer) -> None:
    """Refuse an export to whoever may only read."""
    viewer.require(Permission.SUPERVISE)
    viewer.require(Permission.EXPORT)


def read_asked(viewer: Viewer, query: QueryDict) -> tuple[Asked, list[OrganizationUnit]]:
    """What is asked, the last year unless said otherwise; and the units to choose from."""
    today = local_date(timezone.now())
    since = given_day(query.get("since", "")) or today - dt.timedelta(days=_YEAR)
    until = given_day(query.get("until", "")) or today
    until = max(until, since)
    units = access_queries.list_branch(viewer)
    unit = next((row for row in units if row.code == query.get("unit", "")), None)
    period = Period(since, until + dt.timedelta(days=1))
    return Asked(period, unit, query.get("process", "")), units


def list_processes() -> list[ProcessDefinition]:
    """Processes to choose from, by key."""
    return list(ProcessDefinition.objects.order_by("key"))
