"""What the use cases of plans, services and offers share: who may, the journal."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from django.db.models import Model

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer, VisibleQuerySet
from busbar.customers.models import AccountTeamMember, Customer, TeamRole
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal

Row = TypeVar("Row", bound=Model)


class UnableToFindCustomer(Refusal):
    """No such customer, or nobody to answer for it."""


def seen_customer(number: str, by: Viewer) -> Customer:
    """The customer as far as the viewer sees it."""
    by.require(Permission.KEEP_RELATIONS)
    rows = Customer.objects.visible_to(by).select_related("unit")
    found: Customer | None = rows.filter(number=number).first()
    if found is None:
        raise UnableToFindCustomer("没有客户 %(number)s，或不在您的可见范围内", number=number)
    return found


def owner_of(by: Viewer, customer: Customer | None) -> Employee:
    """Whoever acts answers for it; for the system the customer's A角."""
    if by.employee_id is not None:
        own: Employee = Employee.objects.select_related("unit").get(pk=by.employee_id)
        return own
    rows = AccountTeamMember.objects.filter(customer=customer, role=TeamRole.LEAD)
    lead = rows.select_related("employee__unit").first()
    if lead is None:
        raise UnableToFindCustomer("该客户没有 A 角，须先指派")
    employee: Employee = lead.employee
    return employee


def hold(
    rows: VisibleQuerySet, pk: int, by: Viewer, refusal: type[Refusal], told: str
) -> Any:  # the caller names the row's type
    """The row as it stands, held; refused where there is none that the viewer sees."""
    by.require(Permission.KEEP_RELATIONS)
    journal_operations.take_turn()
    found = rows.select_for_update(of=("self",)).visible_to(by).filter(pk=pk).first()
    if found is None:
        raise refusal(told)
    return found


def tell(
    event: str,
    row: Any,
    label: str,
    *,
    by: Viewer,
    at: dt.datetime,
    reason: str = "",
    **changes: Any,
) -> None:
    """One journal entry on the row, which has a unit and mostly a customer."""
    happening = Happening(
        event=event,
        subject_type=event.rpartition(".")[0],
        subject_id=row.pk,
        subject_label=label,
        customer_id=row.customer_id,
        unit_path=OrganizationUnit.objects.values_list("path", flat=True).get(pk=row.unit_id),
        changes=changes,
        reason=reason[:300],
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
