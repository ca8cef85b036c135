"""Who has learnt what, and for which customers that is enough (R74)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from busbar.access.keyset import beyond
from busbar.access.models import Employee
from busbar.access.visibility import Viewer
from busbar.customers.models import AccountTeamMember, Importance, TeamRole
from busbar.key_accounts.models import (
    ManagerQualification,
    QualificationKind,
    QualificationRule,
    TrainingRecord,
)
from busbar.key_accounts.models.dated import valid_on
from busbar.key_accounts.queries.standards import amount_of, get_standards
from busbar.kit.periods import Period


@dataclass(frozen=True)
class Requirements:
    """Which rank each grade needs, and what each certificate is called, on a day."""

    rank_of_kind: dict[str, int]
    names: dict[str, str]
    kind_of_grade: dict[str, str]

    def rank_for(self, grade: str) -> int:
        """The rank that the A角 of a customer of this grade needs; 0 where none is asked."""
        return self.rank_of_kind.get(self.kind_of_grade.get(grade, ""), 0)

    def name_for(self, grade: str) -> str:
        """The certificate that it needs, in words."""
        kind = self.kind_of_grade.get(grade, "")
        return self.names.get(kind, kind)


@dataclass(frozen=True)
class Lacking:
    """Somebody who is A角 of customers of a grade without the certificate for it."""

    employee: Employee
    grade: str
    needs: str
    customers: int


def get_requirements(*, on: dt.date) -> Requirements:
    """The rules in force on the day; two queries."""
    kinds = list(QualificationKind.objects.filter(valid_on(on)))
    rules = QualificationRule.objects.filter(valid_on(on)).order_by("valid_from")
    return Requirements(
        {kind.code: kind.rank for kind in kinds},
        {kind.code: kind.name for kind in kinds},
        dict(rules.values_list("grade", "kind")),
    )


def map_ranks(
    employee_ids: Iterable[int], requirements: Requirements, *, on: dt.date
) -> dict[int, int]:
    """The highest rank that each holds on the day; one query."""
    rows = ManagerQualification.objects.filter(
        employee__in=list(employee_ids), issued_on__lte=on, valid_until__gt=on
    )
    found: dict[int, int] = {}
    for employee_id, kind in rows.values_list("employee_id", "kind"):
        rank = requirements.rank_of_kind.get(kind, 0)
        found[employee_id] = max(found.get(employee_id, 0), rank)
    return found


def list_qualifications(viewer: Viewer) -> QuerySet[ManagerQualification]:
    """Certificates of the viewer's branch, those that end first at the head."""
    rows = ManagerQualification.objects.visible_to(viewer).select_related("employee__unit")
    return rows.order_by("valid_until", "pk")


def list_expiring(viewer: Viewer, *, on: dt.date) -> list[ManagerQualification]:
    """Certificates that end within the standard's days, and those that just ended."""
    standards = get_standards(on=on, unit_path=viewer.unit_path)
    within = dt.timedelta(days=int(amount_of(standards, "qualification-warning")))
    rows = list_qualifications(viewer).filter(
        valid_until__gt=on - within, valid_until__lte=on + within
    )
    return list(rows)


def list_ending_certificates(
    viewer: Viewer,
    *,
    period: Period,
    mine: bool = False,
    after: tuple[dt.date, int] | None = None,
    limit: int,
) -> list[tuple[ManagerQualification, str]]:
    """Certificates that end in the period and were not renewed, with what each is called.

    The first to end first; two queries. `after` is the last row's (valid_until, id).
    """
    rows = _ending_certificates(viewer, period=period, mine=mine)
    if after is not None:
        rows = rows.filter(beyond(("valid_until", "id"), after))
    found = list(rows.select_related("employee").order_by("valid_until", "pk")[:limit])
    kinds = QualificationKind.objects.order_by("valid_from").values_list("code", "name")
    names = dict(kinds) if found else {}
    return [(row, names.get(row.kind, row.kind)) for row in found]


def count_ending_certificates(viewer: Viewer, *, period: Period, mine: bool = False) -> int:
    """How many certificates `list_ending_certificates` would name; one query."""
    return _ending_certificates(viewer, period=period, mine=mine).count()


def _ending_certificates(viewer: Viewer, *, period: Period, mine: bool) -> QuerySet[Any, Any]:
    renewed = ManagerQualification.objects.filter(
        employee=OuterRef("employee"), kind=OuterRef("kind"), valid_until__gte=period.end
    )
    rows: QuerySet[Any, Any] = ManagerQualification.objects.visible_to(viewer)
    rows = rows.filter(
        ~Exists(renewed),
        valid_until__gte=period.start,
        valid_until__lt=period.end,
        employee__user__is_active=True,
    )
    return rows.filter(employee=viewer.employee_id or 0) if mine else rows


def list_training(viewer: Viewer, *, limit: int = 50) -> list[TrainingRecord]:
    """The latest courses of the viewer's branch."""
    rows = TrainingRecord.objects.visible_to(viewer).select_related("employee__unit")
    return list(rows.order_by("-completed_on", "-pk")[:limit])


def list_lacking(viewer: Viewer, *, on: dt.date) -> list[Lacking]:
    """A角 without the certificate that their customers' grades ask for; five queries."""
    led = (
        AccountTeamMember.objects.visible_to(viewer)
        .filter(role=TeamRole.LEAD)
        .order_by()
        .values_list("employee_id", "customer__importance")
        .annotate(n=Count("pk"))
    )
    counted = list(led)
    requirements = get_requirements(on=on)
    people = Employee.objects.select_related("unit").in_bulk({row[0] for row in counted})
    ranks = map_ranks(people, requirements, on=on)
    found = [
        Lacking(people[employee_id], grade, requirements.name_for(grade), n)
        for employee_id, grade, n in counted
        if ranks.get(employee_id, 0) < requirements.rank_for(grade)
    ]
    order = Importance.values
    return sorted(found, key=lambda row: (row.employee.number, order.index(row.grade)))
