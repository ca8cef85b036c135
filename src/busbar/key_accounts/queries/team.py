"""How a team stands: each manager's customers seen to, promises kept, satisfaction, growth, value.

Sums by A角 over what the viewer sees; units add up the managers below them (R73, R90).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db.models import (
    Avg,
    BigIntegerField,
    Count,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Sum,
)

from busbar.access.models import LEVELS, Employee, OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, TeamRole
from busbar.key_accounts.models import CustomerValue, DueState, Recognition, ServiceDue
from busbar.key_accounts.queries.recognition import get_latest_run
from busbar.kit.periods import local_date
from busbar.service_desk.models import (
    Complaint,
    ComplaintState,
    Interaction,
    InteractionState,
    Promise,
    SatisfactionScore,
)
from busbar.service_desk.models.interactions import PLANNED_KINDS
from busbar.service_desk.queries.promises import KeptRate, count_kept

SEEN_DAYS = 183
"""A visit or meeting counts as coverage for half a year."""
_HUNDRED = Decimal(100)
Sums = Mapping[int, Sequence[Any]]


@dataclass(frozen=True)
class Standing:
    """Figures of one manager's customers, or of many managers' together; they add up."""

    customers: int = 0
    visited: int = 0
    services_late: int = 0
    complaints: int = 0
    promises_in_time: int = 0
    promises_late: int = 0
    promises_open: int = 0
    promises_withdrawn: int = 0
    scored: int = 0
    score_sum: Decimal = Decimal(0)
    revenue_yuan: Decimal = Decimal(0)
    growing_yuan: Decimal = Decimal(0)
    """Revenue of the customers whose growth is known."""
    growth_sum: Decimal = Decimal(0)
    """Their revenue × growth in percent."""
    margin_yuan: Decimal = Decimal(0)

    @property
    def coverage(self) -> Decimal | None:
        """Percent of the customers met in the half year; None without customers."""
        return _HUNDRED * self.visited / self.customers if self.customers else None

    @property
    def kept(self) -> KeptRate:
        """The promises to these customers."""
        return KeptRate(
            self.promises_in_time, self.promises_late, self.promises_open, self.promises_withdrawn
        )

    @property
    def satisfaction(self) -> Decimal | None:
        """Mean index of those that have one."""
        return self.score_sum / self.scored if self.scored else None

    @property
    def growth_percent(self) -> Decimal | None:
        """Growth weighted by revenue, of the customers whose growth is known."""
        return self.growth_sum / self.growing_yuan if self.growing_yuan else None


@dataclass(frozen=True)
class ManagerStanding:
    """A manager and what became of the customers."""

    employee: Employee
    standing: Standing


@dataclass(frozen=True)
class UnitStanding:
    """A company and all managers below it."""

    unit: OrganizationUnit
    managers: int
    standing: Standing


@dataclass(frozen=True)
class Team:
    """Managers by name of the unit, and the companies above them, the highest first."""

    managers: list[ManagerStanding]
    units: list[UnitStanding]
    whole: Standing
    month: str = field(default="")
    """The month of growth, revenue and margin; empty where nothing was evaluated."""


def get_team(viewer: Viewer, *, at: dt.datetime) -> Team:
    """All managers of the viewer's branch; nine queries, however many customers there are."""
    run = get_latest_run()
    standings = _standings(viewer, run.pk if run else 0, at)
    rows = Employee.objects.filter(pk__in=standings).select_related("unit")
    managers = [
        ManagerStanding(employee, standings[employee.pk])
        for employee in rows.order_by("unit__path", "number")
        if viewer.sees_all or employee.unit.path.startswith(viewer.unit_path or " ")
    ]
    return Team(
        managers=managers,
        units=_units(viewer, managers),
        whole=_together(managers),
        month=run.month if run else "",
    )


def _units(viewer: Viewer, managers: Sequence[ManagerStanding]) -> list[UnitStanding]:
    rows = OrganizationUnit.objects.filter(kind__in=LEVELS, is_active=True)
    if not viewer.sees_all:
        rows = rows.in_branch(viewer.unit_path) if viewer.unit_path else rows.none()
    found = []
    for unit in sorted(rows, key=lambda row: row.path):
        own = [one for one in managers if one.employee.unit.path.startswith(unit.path)]
        if own:
            found.append(UnitStanding(unit, len(own), _together(own)))
    return found


def _together(managers: Iterable[ManagerStanding]) -> Standing:
    return together([one.standing for one in managers])


_NAMES = tuple(one.name for one in fields(Standing))
_figures = attrgetter(*_NAMES)


def together(standings: Sequence[Standing]) -> Standing:
    """All of them as one; nobody's where there is none."""
    columns = zip(*map(_figures, standings), strict=True)
    return Standing(**{name: sum(column) for name, column in zip(_NAMES, columns, strict=False)})


def _standings(viewer: Viewer, run_id: int, at: dt.datetime) -> dict[int, Standing]:
    """By employee; whoever is A角 of a customer that the viewer sees."""
    customers: Any = Customer.objects.visible_to(viewer).filter(**_of_leads(viewer, "team"))
    leads = customers.order_by().annotate(lead=_lead("team")).values_list("lead")
    counted = dict(leads.annotate(n=Count("pk")))
    parts = {
        "visited": _visited(viewer, at),
        "services_late": _late_services(viewer, at),
        "complaints": _complaints(viewer),
        "promises": _by_lead(viewer, Promise.objects.visible_to(viewer), **count_kept(at)),
        "scores": _scores(viewer),
        "revenue": _revenue(viewer, run_id),
        "margin": _margin(viewer, run_id),
    }
    return {lead: _standing(lead, count, parts) for lead, count in counted.items()}


def _standing(lead: int, customers: int, parts: Mapping[str, Sums]) -> Standing:
    in_time, late, still_open, withdrawn = parts["promises"].get(lead, (0, 0, 0, 0))
    scored, mean = parts["scores"].get(lead, (0, None))
    revenue, growing, growth = parts["revenue"].get(lead, (0, 0, 0))
    return Standing(
        customers=customers,
        visited=parts["visited"].get(lead, (0,))[0],
        services_late=parts["services_late"].get(lead, (0,))[0],
        complaints=parts["complaints"].get(lead, (0,))[0],
        promises_in_time=in_time,
        promises_late=late,
        promises_open=still_open,
        promises_withdrawn=withdrawn,
        scored=scored,
        score_sum=Decimal(scored) * (mean or 0),
        revenue_yuan=revenue or Decimal(0),
        growing_yuan=growing or Decimal(0),
        growth_sum=growth or Decimal(0),
        margin_yuan=parts["margin"].get(lead, (0,))[0] or Decimal(0),
    )


def _of_leads(viewer: Viewer, team: str) -> dict[str, Any]:
    """Only A角 of the viewer's branch: of others no line is shown, and a county reads no city."""
    if viewer.sees_company:
        return {f"{team}__role": TeamRole.LEAD}
    return {f"{team}__role": TeamRole.LEAD, f"{team}__employee__unit__in": viewer.units}


def _by_lead(viewer: Viewer, rows: QuerySet[Any, Any], **figures: Any) -> Sums:
    """Aggregates of rows with a customer, by the customer's A角; one query."""
    of_leads = rows.filter(**_of_leads(viewer, "customer__team")).order_by()
    grouped = of_leads.annotate(lead=_lead("customer__team")).values_list("lead")
    return {lead: values for lead, *values in grouped.annotate(**figures)}


def _lead(team: str) -> ExpressionWrapper[Any]:
    """The A角 by number, as an expression: SQLite then walks the customers in their order.

    Grouped by the column itself, it goes from each manager to customers that lie far apart, and
    from each of these to the rows: twice to three times the work.
    """
    return ExpressionWrapper(F(f"{team}__employee_id") + 0, output_field=BigIntegerField())


def _visited(viewer: Viewer, at: dt.datetime) -> Sums:
    rows = Interaction.objects.visible_to(viewer).filter(
        kind__in=PLANNED_KINDS,
        state=InteractionState.DONE,
        happened_at__gt=at - dt.timedelta(days=SEEN_DAYS),
        happened_at__lte=at,
    )
    return _by_lead(viewer, rows, n=Count("customer", distinct=True))


def _late_services(viewer: Viewer, at: dt.datetime) -> Sums:
    rows = ServiceDue.objects.visible_to(viewer)
    late = rows.filter(state=DueState.OPEN, due_on__lt=local_date(at))
    return _by_lead(viewer, late, n=Count("pk"))


def _complaints(viewer: Viewer) -> Sums:
    still_open = [state for state in ComplaintState if state != ComplaintState.VERIFIED]
    rows = Complaint.objects.visible_to(viewer).filter(state__in=still_open)
    return _by_lead(viewer, rows, n=Count("pk"))


def _scores(viewer: Viewer) -> Sums:
    rows = SatisfactionScore.objects.visible_to(viewer).filter(is_current=True)
    return _by_lead(viewer, rows, n=Count("pk"), mean=Avg("score"))


def _revenue(viewer: Viewer, run_id: int) -> Sums:
    known = Q(growth_percent__isnull=False)
    rows = Recognition.objects.visible_to(viewer).filter(run=run_id)
    weighted = F("annual_revenue_yuan") * F("growth_percent")
    return _by_lead(
        viewer,
        rows,
        revenue=Sum("annual_revenue_yuan"),
        growing=Sum("annual_revenue_yuan", filter=known),
        growth=Sum(weighted, filter=known),
    )


def _margin(viewer: Viewer, run_id: int) -> Sums:
    rows = CustomerValue.objects.visible_to(viewer).filter(run=run_id)
    return _by_lead(viewer, rows, margin=Sum("margin_yuan"))
