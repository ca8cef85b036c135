"""Reading the organisation and who somebody is in it."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet

from busbar.access.mandating import FIXED, MandateLimits, loosened
from busbar.access.models import (
    LEVELS,
    ApiToken,
    Employee,
    Mandate,
    OrderKind,
    OrganizationUnit,
    Role,
    UnitKind,
    User,
)
from busbar.access.paths import ancestors
from busbar.access.permissions import permissions_of
from busbar.access.visibility import Viewer, units_in_branch

NOBODY = Viewer(None, None, "", "")
"""Somebody who is not signed in: sees nothing, may nothing."""
KIND_ABOVE = {UnitKind.CITY: UnitKind.PROVINCE, UnitKind.COUNTY: UnitKind.CITY}
"""Kinds that stand below one kind only; departments stand below every level."""
_USUAL_BELOW = {
    UnitKind.PROVINCE: UnitKind.CITY,
    UnitKind.CITY: UnitKind.COUNTY,
    UnitKind.COUNTY: UnitKind.SUPPLY_STATION,
}


def get_viewer(user: User | AnonymousUser) -> Viewer:
    """What row visibility knows of a signed-in person; one query."""
    if user.is_anonymous or not user.is_active:
        return NOBODY
    employee = Employee.objects.select_related("unit").filter(user_id=user.pk).first()
    if employee is None or not employee.unit.is_active:
        return Viewer(user.pk, None, user.get_username(), "")
    return Viewer(
        user_id=user.pk,
        employee_id=employee.pk,
        name=employee.name,
        unit_path=employee.unit.path,
        permissions=permissions_of(employee.roles),
    )


def list_branch(viewer: Viewer) -> list[OrganizationUnit]:
    """The units the viewer sees, in tree order."""
    units = OrganizationUnit.objects.select_related("parent").order_by("path")
    if not viewer.sees_all:
        units = units.in_branch(viewer.unit_path) if viewer.unit_path else units.none()
    return list(units)


def get_unit(code: str) -> OrganizationUnit:
    """The unit with this code; DoesNotExist when there is none."""
    return OrganizationUnit.objects.get(code=code)


def company_of(unit: OrganizationUnit) -> OrganizationUnit:
    """The company of whose stations and departments the unit is one: who writes its papers."""
    while unit.kind not in LEVELS and unit.parent is not None:
        unit = unit.parent
    return unit


def list_kinds_below(kind: UnitKind | str) -> list[UnitKind]:
    """Kinds of unit that may stand below one of this kind, the usual one first.

    >>> [str(k) for k in list_kinds_below("city")][:2]
    ['county', 'key_accounts']
    >>> list_kinds_below("metering")
    []
    """
    above = UnitKind(kind)
    if above not in LEVELS:
        return []
    fitting = [k for k in UnitKind if k != UnitKind.PROVINCE and KIND_ABOVE.get(k, above) == above]
    return sorted(fitting, key=lambda k: k != _USUAL_BELOW[above])


def digest_of(plain: str) -> str:
    """What is kept of an API key: SHA-256 in hexadecimal; the key has 256 bits of its own."""
    return hashlib.sha256(plain.encode()).hexdigest()


def get_viewer_for_token(plain: str, *, at: dt.datetime) -> Viewer | None:
    """Who acts by this API key; None for one unknown, expired or revoked. Two queries."""
    token = get_token(plain, at=at)
    viewer = get_viewer(token.user) if token else NOBODY
    return viewer if viewer.user_id is not None else None


def get_token(plain: str, *, at: dt.datetime) -> ApiToken | None:
    """The key if it is in force at this moment, with its user."""
    tokens = ApiToken.objects.select_related("user").filter(digest=digest_of(plain))
    return tokens.filter(revoked_at=None, expires_at__gt=at).first()


def list_tokens(user: User) -> list[ApiToken]:
    """The person's keys, newest first."""
    return list(ApiToken.objects.filter(user=user).order_by("-created_at"))


def list_employees(
    viewer: Viewer, *, unit: OrganizationUnit | None = None
) -> QuerySet[Employee, Employee]:
    """Employees of the viewer's branch (of the unit's branch within it), by unit and number."""
    employees = _employees_of(viewer).select_related("unit", "user")
    if unit is not None:
        employees = employees.filter(unit__in=OrganizationUnit.objects.in_branch(unit.path))
    return employees.order_by("unit__path", "number")


def count_employees_by_unit(viewer: Viewer) -> dict[int, int]:
    """Active employees of each unit the viewer sees, by the unit's id."""
    active = _employees_of(viewer).filter(user__is_active=True)
    counted = active.values("unit_id").annotate(employees=Count("pk"))
    return dict(counted.values_list("unit_id", "employees"))


def count_active_employees(unit: OrganizationUnit) -> int:
    """Employees placed in the unit itself whose sign-in is open."""
    return Employee.objects.filter(unit=unit, user__is_active=True).count()


def count_active_administrators() -> int:
    """How many people can administer now."""
    # Read and counted here: a member of a JSON list cannot be filtered for on SQLite.
    listed = Employee.objects.filter(user__is_active=True).values_list("roles", flat=True)
    return sum(Role.ADMINISTRATOR in roles for roles in listed)


def has_administrator() -> bool:
    """Whether anybody can administer."""
    return count_active_administrators() > 0


def list_order_kinds(*, on: dt.date) -> list[OrderKind]:
    """The catalogue of orders in force on the day, by code."""
    return list(OrderKind.objects.filter(_valid(on)).order_by("code"))


def list_mandates(*, on: dt.date, unit_path: str) -> list[Mandate]:
    """The mandates in force for a unit on the day, by code; two queries.

    The top company replaces what ships by figures of its own; below it a unit's version counts
    only as far as it tightens (R7), whichever was entered first.
    """
    path = [*ancestors(unit_path), unit_path] if unit_path else []
    rows = Mandate.objects.filter(_valid(on), Q(unit=None) | Q(unit__path__in=path))
    rows = rows.select_related("unit").prefetch_related("rungs")
    found: dict[str, Mandate] = {}
    for row in sorted(rows, key=lambda row: row.unit.path if row.unit else ""):
        above = found.get(row.code)
        if above is None or is_tighter(row, above):
            found[row.code] = row
    return [found[code] for code in sorted(found)]


def list_versions_of_mandates() -> list[Mandate]:
    """Every version of every mandate: by code, the company's first, then as they follow."""
    rows = Mandate.objects.select_related("unit").prefetch_related("rungs")
    return sorted(rows, key=lambda r: (r.code, r.unit.path if r.unit else "", r.valid_from))


def get_local_mandate(*, unit: OrganizationUnit, code: str, valid_from: dt.date) -> Mandate:
    """A unit's own version that began on the day; Mandate.DoesNotExist where there is none."""
    return Mandate.objects.get(unit=unit, code=code, valid_from=valid_from)


def is_tighter(row: Mandate, above: Mandate) -> bool:
    """Whether a version keeps within the one above it; what ships binds no top company."""
    same = all(getattr(row, name) == getattr(above, name) for name in FIXED)
    is_top = above.unit is None and row.unit is not None and not ancestors(row.unit.path)
    return same and (is_top or not loosened(limits_of(row), limits_of(above)))


def limits_of(mandate: Mandate) -> MandateLimits:
    """How far it reaches, as plain values."""
    return MandateLimits(
        mandate.most_amount_yuan,
        mandate.most_hours,
        tuple(mandate.grades),
        mandate.own_customers_only,
    )


def level_of(unit_path: str) -> str:
    """The kind of the nearest company at or above the unit: county, city or province."""
    paths = [*ancestors(unit_path), unit_path]
    companies = OrganizationUnit.objects.filter(path__in=paths, kind__in=LEVELS)
    return companies.order_by("-path").values_list("kind", flat=True).first() or ""


def list_held_mandates(viewer: Viewer, *, on: dt.date) -> list[Mandate]:
    """The mandates that the viewer holds by unit and role; three queries more at most."""
    person = get_employee_of(viewer)
    if person is None:
        return []
    level = level_of(person.unit.path)
    return [
        mandate
        for mandate in list_mandates(on=on, unit_path=person.unit.path)
        if mandate.holder_role in person.roles
        and mandate.holder_kind == person.unit.kind
        and mandate.holder_level in ("", level)
    ]


def get_employee_of(viewer: Viewer) -> Employee | None:
    """The viewer's own row; None for the system and for somebody without a place."""
    rows = Employee.objects.select_related("unit", "user")
    return rows.filter(pk=viewer.employee_id or 0, user__is_active=True).first()


def list_holders(unit_id: int, role: str) -> list[Employee]:
    """Who of the unit has the role and still works here, by number."""
    people = Employee.objects.filter(unit=unit_id, user__is_active=True)
    people = people.select_related("user").order_by("number")
    # Chosen here: a member of a JSON list cannot be filtered for on SQLite.
    return [person for person in people if role in person.roles]


def _valid(on: dt.date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))


def _employees_of(viewer: Viewer) -> QuerySet[Employee, Employee]:
    if viewer.sees_all:
        return Employee.objects.all()
    if not viewer.unit_path:
        return Employee.objects.none()
    return Employee.objects.filter(unit__in=units_in_branch(viewer.unit_path))
