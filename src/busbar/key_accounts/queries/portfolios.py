"""Who looks after whom, how much that is, and whom nobody looks after (R73, R81, U7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from busbar.access.keyset import beyond
from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer, units_in_branch
from busbar.customers.models import (
    AccountStatus,
    AccountTeamMember,
    Customer,
    CustomerAccount,
    Importance,
    TeamRole,
)
from busbar.key_accounts.balancing import Load, Move, suggest_moves
from busbar.key_accounts.models import DepartmentOrder, Handover, HandoverItem, ServiceStandard
from busbar.key_accounts.queries.standards import amount_of, get_standards

Standards = dict[str, ServiceStandard]
PAGE = 50


@dataclass(frozen=True)
class Portfolio:
    """One manager: customers as A角 and B角, accounts, open orders, weighted load.

    `warning` says in which direction the number of customers leaves the standard; of a part
    of them (`is_whole` false, a group's customers) the standard says nothing.
    """

    employee: Employee
    customers: int
    deputies: int
    important: int
    accounts: int
    orders: int
    load: Decimal
    least: int
    most: int
    is_whole: bool = True

    @property
    def warning(self) -> str:
        """`over`, `under` or nothing."""
        if not self.is_whole:
            return ""
        if self.customers > self.most:
            return "over"
        return "under" if self.customers < self.least else ""


@dataclass(frozen=True)
class CustomerLine:
    """A customer of a portfolio, as what, and how much it weighs."""

    customer: Customer
    role: str
    accounts: int
    orders: int


@dataclass(frozen=True)
class LinePage:
    """Some lines; `after` asks for the next ones, empty at the end."""

    lines: list[CustomerLine]
    after: str


@dataclass(frozen=True)
class Levelled:
    """What the suggestion does to one manager: customers and load before and after."""

    employee: Employee
    customers_before: int
    customers_after: int
    load_before: Decimal
    load_after: Decimal


@dataclass(frozen=True)
class Suggestion:
    """Moves that level the portfolios of a unit, and their effect; nothing has changed."""

    moves: list[tuple[Move, Customer, Employee, Employee]]
    effect: list[Levelled]


def list_portfolios(
    viewer: Viewer, *, on: dt.date, within: OrganizationUnit | None = None
) -> list[Portfolio]:
    """Every account manager of the viewer's branch, by unit and number. Five queries.

    `within` narrows to the branch of a unit below. Looking at a group, those only who have
    something to do with its customers.
    """
    people = list_managers(viewer)
    if within is not None:
        people = [person for person in people if person.unit.path.startswith(within.path)]
    found = _portfolios(viewer, people, on)
    if viewer.group_ids is None:
        return found
    return [row for row in found if row.customers or row.deputies or row.orders]


def find_own_portfolio(viewer: Viewer, *, on: dt.date) -> Portfolio | None:
    """The viewer's own, for an account manager. Five queries."""
    people = Employee.objects.filter(pk=viewer.employee_id or 0, user__is_active=True)
    own = [p for p in people.select_related("unit", "user") if Role.ACCOUNT_MANAGER in p.roles]
    return _portfolios(viewer, own, on)[0] if own else None


def _portfolios(viewer: Viewer, people: list[Employee], on: dt.date) -> list[Portfolio]:
    standards = get_standards(on=on, unit_path=viewer.unit_path)
    sums = _Sums([person.pk for person in people], standards, viewer.group_ids)
    least, most = (int(amount_of(standards, f"portfolio-{end}")) for end in ("least", "most"))
    return [sums.portfolio(person, least, most) for person in people]


def list_managers(viewer: Viewer) -> list[Employee]:
    """Account managers who work in the viewer's branch, by unit and number; one query."""
    people = Employee.objects.filter(user__is_active=True).select_related("unit", "user")
    if not viewer.sees_all:
        path = viewer.unit_path
        people = people.filter(unit__in=units_in_branch(path)) if path else people.none()
    # Chosen here: a member of a JSON list cannot be filtered for on SQLite.
    return [p for p in people.order_by("unit__path", "number") if Role.ACCOUNT_MANAGER in p.roles]


class _Sums:
    """Counts by manager, each in one query whatever the number of managers.

    Not `visible_to`: a manager's load is the whole of it, whoever looks. A group narrows it.
    """

    def __init__(
        self, ids: list[int], standards: Standards, group_ids: frozenset[int] | None
    ) -> None:
        led = AccountTeamMember.objects.filter(employee__in=ids).in_groups(group_ids)
        self.standards = standards
        self.is_whole = group_ids is None
        self.roles = _grouped(led, "role", "customer__importance")
        of_lead = led.filter(role=TeamRole.LEAD, customer__accounts__status=AccountStatus.ACTIVE)
        self.accounts = dict(
            of_lead.order_by().values_list("employee_id").annotate(n=Count("customer__accounts"))
        )
        open_orders = DepartmentOrder.objects.open().filter(ordered_by__in=ids)
        open_orders = open_orders.in_groups(group_ids)
        self.orders = dict(
            open_orders.order_by().values_list("ordered_by_id").annotate(n=Count("pk"))
        )

    def portfolio(self, person: Employee, least: int, most: int) -> Portfolio:
        """One manager's line."""
        mine = self.roles.get(person.pk, {})
        grades = {g: n for (role, g), n in mine.items() if role == TeamRole.LEAD}
        accounts, orders = self.accounts.get(person.pk, 0), self.orders.get(person.pk, 0)
        load = sum((weight_of(g, 0, 0, self.standards) * n for g, n in grades.items()), Decimal(0))
        load += accounts * amount_of(self.standards, "load-account")
        load += orders * amount_of(self.standards, "load-order")
        return Portfolio(
            employee=person,
            customers=sum(grades.values()),
            deputies=sum(n for (role, _), n in mine.items() if role == TeamRole.DEPUTY),
            important=sum(n for g, n in grades.items() if g != Importance.NONE),
            accounts=accounts,
            orders=orders,
            load=load,
            least=least,
            most=most,
            is_whole=self.is_whole,
        )


def _grouped(rows: object, *fields: str) -> dict[int, dict[tuple[str, str], int]]:
    found: dict[int, dict[tuple[str, str], int]] = {}
    counted = rows.order_by().values_list("employee_id", *fields).annotate(n=Count("pk"))  # type: ignore[attr-defined] # a QuerySet
    for employee_id, role, grade, n in counted:
        found.setdefault(employee_id, {})[role, grade] = n
    return found


def weight_of(grade: str, accounts: int, orders: int, standards: Standards) -> Decimal:
    """The weight of one customer: itself, its grade, its accounts, its open orders."""
    weight = amount_of(standards, "load-customer")
    if f"load-{grade}" in standards:
        weight += standards[f"load-{grade}"].amount
    weight += accounts * amount_of(standards, "load-account")
    return weight + orders * amount_of(standards, "load-order")


def list_portfolio(
    viewer: Viewer, employee_id: int, *, after: str = "", text: str = "", limit: int = PAGE
) -> LinePage:
    """The customers of one manager that the viewer sees, by name, by keyset. Three queries."""
    members = AccountTeamMember.objects.visible_to(viewer).filter(employee=employee_id)
    members = members.exclude(role=TeamRole.MEMBER).select_related("customer__unit")
    if text:
        named = Q(customer__name__contains=text) | Q(customer__number__startswith=text)
        members = members.filter(named)
    place = _place(after)
    if place is not None:
        members = members.filter(beyond(("customer__name", "customer_id"), place))
    rows = list(members.order_by("customer__name", "customer_id")[: limit + 1])
    lines = _lines([(row.customer, row.role) for row in rows[:limit]])
    return LinePage(lines, _next(rows[limit - 1].customer) if len(rows) > limit else "")


def list_unowned(viewer: Viewer, *, after: str = "", text: str = "", limit: int = PAGE) -> LinePage:
    """无主客户: customers without an A角, by name, by keyset. Three queries."""
    rows = _unowned(viewer).select_related("unit")
    if text:
        rows = rows.filter(Q(name__contains=text) | Q(number__startswith=text))
    place = _place(after)
    if place is not None:
        rows = rows.filter(beyond(("name", "id"), place))
    found = list(rows.order_by("name", "pk")[: limit + 1])
    lines = _lines([(customer, "") for customer in found[:limit]])
    return LinePage(lines, _next(found[limit - 1]) if len(found) > limit else "")


def count_unowned(viewer: Viewer) -> int:
    """How many customers nobody leads."""
    return int(_unowned(viewer).count())


def _unowned(viewer: Viewer) -> QuerySet[Customer]:
    lead = AccountTeamMember.objects.filter(customer=OuterRef("pk"), role=TeamRole.LEAD)
    found: QuerySet[Customer] = Customer.objects.visible_to(viewer).filter(~Exists(lead))
    return found


def _lines(rows: Iterable[tuple[Customer, str]]) -> list[CustomerLine]:
    pairs = list(rows)
    ids = [customer.pk for customer, _ in pairs]
    accounts, orders = count_accounts(ids), count_orders(ids)
    return [CustomerLine(c, role, accounts.get(c.pk, 0), orders.get(c.pk, 0)) for c, role in pairs]


def count_accounts(customer_ids: list[int]) -> dict[int, int]:
    """Accounts in use by customer."""
    rows = CustomerAccount.objects.filter(customer__in=customer_ids, status=AccountStatus.ACTIVE)
    return dict(rows.order_by().values_list("customer_id").annotate(n=Count("pk")))


def count_orders(customer_ids: list[int]) -> dict[int, int]:
    """Open orders by customer."""
    rows = DepartmentOrder.objects.open().filter(customer__in=customer_ids)
    return dict(rows.order_by().values_list("customer_id").annotate(n=Count("pk")))


def suggest_balance(viewer: Viewer, unit: OrganizationUnit, *, on: dt.date) -> Suggestion:
    """How the unit's portfolios could come level, and what each then has; changes nothing."""
    people = {p.pk: p for p in list_managers(viewer) if p.unit_id == unit.pk}
    led = AccountTeamMember.objects.filter(employee__in=list(people), role=TeamRole.LEAD)
    rows = list(led.values_list("customer_id", "employee_id", "customer__importance"))
    standards = get_standards(on=on, unit_path=unit.path)
    ids = [customer_id for customer_id, _lead, _grade in rows]
    accounts, orders = count_accounts(ids), count_orders(ids)
    loads: dict[int, list[Load]] = {pk: [] for pk in people}
    for pk, lead, grade in rows:
        weight = weight_of(grade, accounts.get(pk, 0), orders.get(pk, 0), standards)
        loads[lead].append(Load(pk, weight))
    moves = suggest_moves(
        loads,
        spread_percent=amount_of(standards, "load-spread"),
        most=int(amount_of(standards, "portfolio-most")),
    )
    customers = Customer.objects.in_bulk([move.customer_id for move in moves])
    told = [(m, customers[m.customer_id], people[m.from_id], people[m.to_id]) for m in moves]
    return Suggestion(told, _effect(people, loads, moves))


def _effect(
    people: Mapping[int, Employee], loads: Mapping[int, list[Load]], moves: list[Move]
) -> list[Levelled]:
    found = []
    for pk, person in people.items():
        came = [move for move in moves if move.to_id == pk]
        went = [move for move in moves if move.from_id == pk]
        before = sum((row.weight for row in loads[pk]), Decimal(0))
        change = sum((m.weight for m in came), Decimal(0)) - sum(
            (m.weight for m in went), Decimal(0)
        )
        count = len(loads[pk])
        found.append(
            Levelled(person, count, count + len(came) - len(went), before, before + change)
        )
    return found


def list_handovers(viewer: Viewer, *, limit: int = PAGE) -> list[Handover]:
    """The latest handovers of the viewer's branch with how many customers each took.

    Looking at a group, those that moved customers of it, and how many.
    """
    rows = Handover.objects.visible_to(viewer).select_related(
        "from_employee__unit", "to_employee__unit", "returns", "returned_by"
    )
    seen = HandoverItem.objects.in_groups(viewer.group_ids).values("pk")
    counted = Count("items", filter=Q(items__in=seen) if viewer.group_ids is not None else None)
    return list(rows.annotate(customers=counted).order_by("-at", "-pk")[:limit])


def _next(customer: Customer) -> str:
    return f"{customer.pk}_{customer.name}"


def _place(after: str) -> tuple[str, int] | None:
    key, _, name = after.partition("_")
    most = 18
    return (name, int(key)) if key.isdecimal() and len(key) <= most else None
