"""Who may answer for a customer's matter, as a form offers them; whose acts a page offers."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from busbar.access.models import Employee
from busbar.access.visibility import Viewer
from busbar.console.acts import Act, Acts
from busbar.console.requests import StaffRequest
from busbar.customers.models import AccountTeamMember, Customer

_MOST = 200


def people_for(viewer: Viewer, customer: Customer | None) -> list[tuple[str, str]]:
    """The customer's team first, then the colleagues of one's own unit; two queries."""
    active = Employee.objects.filter(user__is_active=True).select_related("unit")
    team: list[Employee] = []
    if customer is not None:
        members = AccountTeamMember.objects.filter(customer=customer).values("employee_id")
        team = list(active.filter(pk__in=members).order_by("number"))
    colleagues = active.filter(unit__path=viewer.unit_path).order_by("number")[:_MOST]
    people = {person.pk: person for person in [*team, *colleagues]}
    return [(str(pk), f"{person.name} · {person.unit.name}") for pk, person in people.items()]


def offer_people(field: Any, viewer: Viewer, customer: Customer | None) -> None:
    """Fill a choice of people; one's own name is chosen first."""
    field.choices = people_for(viewer, customer)
    field.initial = str(viewer.employee_id or "")


class OwnersActs(Acts):
    """Acts that whoever answers for the row may do too, whatever the role."""

    def may(self, act: Act) -> bool:
        """By permission, or as the owner."""
        viewer = self.request.viewer
        if viewer.is_employee(getattr(self.subject, "owner_id", None)):
            return bool(viewer.permissions)
        return super().may(act)


def find_customer(viewer: Viewer, number: str) -> Customer | None:
    """The customer that a form begins with, as far as the viewer sees it."""
    found: Customer | None = Customer.objects.visible_to(viewer).filter(number=number).first()
    return found


def offer_customers(request: StaffRequest) -> list[Customer]:
    """Customers by name, number or pinyin, to choose from; one's own before anything is typed."""
    text = request.GET.get("q", "").strip()[:60]
    rows = Customer.objects.visible_to(request.viewer)
    if text:
        by = Q(name__contains=text) | Q(number__startswith=text)
        rows = rows.filter(by | Q(pinyin__startswith=text.lower()))
    else:
        rows = rows.filter(team__employee=request.viewer.employee_id)
    most = 10
    return list(rows.order_by("name", "pk")[:most])
