"""What somebody may order for a customer, from which department, and to whom it climbs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from busbar.access import queries as access_queries
from busbar.access.mandating import OrderAsked, objections
from busbar.access.models import LEVELS, Mandate, OrganizationUnit, Role, UnitKind
from busbar.access.paths import ancestors
from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.clocks.rulebook import LimitFacts, loosens
from busbar.customers.models import AccountTeamMember, Customer, Importance, TeamRole
from busbar.key_accounts.models import ServiceAgreement
from busbar.key_accounts.models.dated import valid_on
from busbar.workflow import people

GRADE_NAMES = {str(value): label for value, label in Importance.choices}


@dataclass(frozen=True)
class Superior:
    """A rung of a ladder that somebody holds: where, in which role, by which limit."""

    rung: int
    unit: OrganizationUnit
    role: str
    time_limit: str
    is_highest: bool = False


@dataclass(frozen=True)
class OrderTerms:
    """Within which clocks an order is answered, and by which agreement, if by one."""

    reply: LimitFacts
    work: LimitFacts
    agreement: ServiceAgreement | None


def is_own_customer(viewer: Viewer, customer: Customer) -> bool:
    """Whether the viewer is the customer's A角 or B角."""
    team = AccountTeamMember.objects.filter(customer=customer, employee=viewer.employee_id or 0)
    return bool(team.filter(role__in=(TeamRole.LEAD, TeamRole.DEPUTY)).exists())


def list_orderable(viewer: Viewer, customer: Customer, *, on: dt.date) -> list[Mandate]:
    """The mandates by which the viewer may order something for the customer."""
    asked = OrderAsked(None, None, customer.importance, is_own_customer(viewer, customer))
    return [
        mandate
        for mandate in access_queries.list_held_mandates(viewer, on=on)
        if not objections(access_queries.limits_of(mandate), asked, grade_names=GRADE_NAMES)
    ]


def find_department(mandate: Mandate, customer: Customer) -> OrganizationUnit:
    """The department that answers: the nearest of its kind to the customer's managing unit."""
    kind = mandate.department_kind
    return people.resolve_units(customer.unit, {kind})[kind]


def list_superiors(mandate: Mandate, department: OrganizationUnit) -> list[Superior]:
    """The rungs of the mandate's ladder that somebody holds now, the nearest first."""
    paths = [*ancestors(department.path), department.path]
    companies = OrganizationUnit.objects.filter(path__in=paths, kind__in=LEVELS, is_active=True)
    by_kind = {unit.kind: unit for unit in companies}
    found = []
    for rung in mandate.rungs.order_by("order"):
        unit = by_kind.get(rung.level)
        if unit is not None and access_queries.list_holders(unit.pk, rung.role):
            found.append(Superior(rung.order, unit, rung.role, rung.time_limit))
    return found


def list_who_could(kind: str, asked: OrderAsked, unit_path: str, *, on: dt.date) -> list[str]:
    """Whose mandates cover what was asked, in words: `市公司的管理人员（授权名）`."""
    wide = OrderAsked(asked.amount_yuan, asked.hours, asked.grade, is_own=True)
    return [
        f"{_post(mandate)}（{mandate.name}）"
        for mandate in access_queries.list_mandates(on=on, unit_path=unit_path)
        if mandate.order_kind == kind
        and not objections(access_queries.limits_of(mandate), wide, grade_names=GRADE_NAMES)
    ]


def get_terms(
    mandate: Mandate, *, receiver: OrganizationUnit, department: OrganizationUnit, on: dt.date
) -> OrderTerms:
    """The mandate's clocks, or those of the pair's agreement where they are tighter (R63)."""
    reply, work = (_limit(c, department, on) for c in (mandate.reply_limit, mandate.work_limit))
    agreed = ServiceAgreement.objects.filter(
        valid_on(on), provider=department, receiver=receiver, order_kind=mandate.order_kind
    )
    agreement: ServiceAgreement | None = agreed.order_by("-valid_from").first()
    if agreement is None:
        return OrderTerms(reply, work, None)
    sooner = _tighter(_limit(agreement.reply_limit, department, on), reply)
    quicker = _tighter(_limit(agreement.work_limit, department, on), work)
    is_used = (sooner, quicker) != (reply, work)
    return OrderTerms(sooner, quicker, agreement if is_used else None)


def _limit(code: str, unit: OrganizationUnit, on: dt.date) -> LimitFacts:
    return clocks_queries.get_limit(code, on=on, unit_path=unit.path)


def _tighter(agreed: LimitFacts, mandated: LimitFacts) -> LimitFacts:
    return mandated if loosens(agreed, mandated) else agreed


def _post(mandate: Mandate) -> str:
    level = str(UnitKind(mandate.holder_level).label) if mandate.holder_level else ""
    kind = str(UnitKind(mandate.holder_kind).label)
    return f"{level}{kind}的{Role(mandate.holder_role).label}"
