"""What every operation of the room shares: who may, the journal, the clocks, files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks.subjects import Subject
from busbar.customers.models import AccountTeamMember, Customer, TeamRole
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA

INTERACTION = "service_desk.interaction"
PROMISE = "service_desk.promise"
COMPLAINT = "service_desk.complaint"
SURVEY = "service_desk.survey"
IMPROVEMENT = "service_desk.improvement"


class UnableToServe(Refusal):
    """What every use case of the room may meet: no such customer, no such person."""


def seen_customer(number: str, by: Viewer) -> Customer:
    """The customer as far as the viewer sees it."""
    rows = Customer.objects.visible_to(by).select_related("unit")
    found: Customer | None = rows.filter(number=number).first()
    if found is None:
        raise UnableToServe("没有客户 %(number)s，或不在您的可见范围内", number=number)
    return found


def responsible(employee_id: int, customer: Customer, by: Viewer) -> Employee:
    """Whoever is to answer for it: oneself, somebody of one's branch, or of the customer's team."""
    rows = Employee.objects.select_related("unit", "user").filter(user__is_active=True)
    found = rows.filter(pk=employee_id).first()
    if found is None:
        raise UnableToServe("没有这位在岗员工")
    if found.pk == by.employee_id or by.covers(found.unit.path):
        return found
    if AccountTeamMember.objects.filter(customer=customer, employee=found).exists():
        return found
    raise UnableToServe(
        "%(found)s不在您的单位，也不在该客户的团队里，不能由其负责", found=found.name
    )


def lead_of(customer_id: int) -> Employee | None:
    """The customer's A角, who answers where nobody else is named."""
    rows = AccountTeamMember.objects.filter(customer=customer_id, role=TeamRole.LEAD)
    found = rows.select_related("employee__unit", "employee__user").first()
    return found.employee if found and found.employee.user.is_active else None


def tell(
    event: str,
    subject: Subject,
    *,
    by: Viewer,
    at: dt.datetime,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """One journal entry on the subject, then the same event to its clocks."""
    path = OrganizationUnit.objects.values_list("path", flat=True).get(pk=subject.unit_id)
    happening = Happening(
        event=event,
        subject_type=subject.type,
        subject_id=subject.id,
        subject_label=subject.label,
        customer_id=subject.customer_id,
        unit_path=path,
        changes=changes,
        reason=reason[:300],
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    clocks_operations.apply_event(
        event=event, subject=subject, facts=facts or {}, actor=by.actor, at=at
    )


def next_number(rows: QuerySet[Any, Any], word: str, unit_code: str, at: dt.datetime) -> str:
    """Word, unit, day, a serial of the unit's day; in the journal's turn, so that none doubles."""
    journal_operations.take_turn()
    prefix = f"{word}-{unit_code}-{at.astimezone(CHINA):%y%m%d}-"
    taken: Sequence[str] = list(
        rows.filter(number__startswith=prefix)
        .order_by("-number")
        .values_list("number", flat=True)[:1]
    )
    serial = int(taken[0].rsplit("-", 1)[-1]) + 1 if taken else 1
    return f"{prefix}{serial:03d}"
