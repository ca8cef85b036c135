"""The customers list: filtered, sorted, paged by keyset, with constant query counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.customers.models import (
    AccountTeamMember,
    CompletenessRule,
    Customer,
    CustomerAccount,
    Importance,
    TeamRole,
)
from busbar.customers.queries.completeness import (
    Completeness,
    completeness_of,
    list_checked_rules,
    with_score,
)
from busbar.customers.queries.searching import matches_text

SORTS = ("name", "number", "kind", "importance", "unit", "completeness")
"""What a list may be sorted by; a leading `-` turns it round."""

_RANK = Case(
    *[When(importance=grade, then=Value(rank)) for rank, grade in enumerate(Importance.values)],
    default=Value(len(Importance.values)),
    output_field=IntegerField(),
)
_COLUMNS: dict[str, Any] = {
    "name": F("name"),
    "number": F("number"),
    "kind": F("kind"),
    "importance": _RANK,
    "unit": F("unit__path"),
    "completeness": F("completeness"),
}


@dataclass(frozen=True)
class CustomerFilter:
    """What the list is narrowed to; empty values do not narrow. `unit_id` means its branch."""

    text: str = ""
    kind: str = ""
    importance: str = ""
    unit_id: int | None = None
    mine: bool = False
    """Only customers whose account team the viewer is on."""
    below: int | None = None
    """Only customers whose file is less complete, in points of 100."""
    missing: str = ""
    """Only customers whose file lacks the item, by the code of its rule."""


@dataclass(frozen=True)
class CustomerRow:
    """One line of the list: `accounts` counts those that the viewer sees.

    `manager` is the A角 of the team, empty where there is none.
    """

    customer: Customer
    accounts: int
    manager: str
    completeness: Completeness | None = None
    """By the rules of the day asked for; None where no day was given."""


@dataclass(frozen=True)
class CustomerPage:
    """Some lines and the key after which the next page begins (None: there is none)."""

    rows: list[CustomerRow]
    next_after: tuple[str | int, int] | None


def list_customers(
    viewer: Viewer,
    *,
    filters: CustomerFilter | None = None,
    sort: str = "name",
    after: tuple[str | int, int] | None = None,
    limit: int = 50,
    on: dt.date | None = None,
) -> CustomerPage:
    """A page of the customers the viewer sees. Three queries (more for a unit filter).

    `on` is the day whose rules say how complete a file is (one query more); filters and sort by
    completeness need it. `after` is `next_after` of the page before. ValueError for a sort not in
    `SORTS`.
    """
    rules = list_checked_rules(on) if on else []
    found = _sorted(_filtered(viewer, filters or CustomerFilter(), rules), sort, after)
    customers = list(found[: limit + 1])
    more, customers = len(customers) > limit, customers[:limit]
    rows = _rows(viewer, customers, rules if on else None)
    if not more:
        return CustomerPage(rows, None)
    last: Any = customers[-1]
    return CustomerPage(rows, (last.sort_value, last.pk))


def count_customers(
    viewer: Viewer, *, filters: CustomerFilter | None = None, on: dt.date | None = None
) -> int:
    """How many customers the filter leaves."""
    rules = list_checked_rules(on) if on else []
    return _filtered(viewer, filters or CustomerFilter(), rules).count()


def iter_customers(
    viewer: Viewer,
    *,
    filters: CustomerFilter | None = None,
    sort: str = "name",
    on: dt.date | None = None,
) -> Iterator[CustomerRow]:
    """All lines of the list, in pages of 500, for exports."""
    after: tuple[str | int, int] | None = None
    while True:
        page = list_customers(viewer, filters=filters, sort=sort, after=after, limit=500, on=on)
        yield from page.rows
        if page.next_after is None:
            return
        after = page.next_after


def _filtered(
    viewer: Viewer, filters: CustomerFilter, rules: list[CompletenessRule]
) -> QuerySet[Customer, Any]:
    found = with_score(Customer.objects.visible_to(viewer), rules)
    if filters.below is not None:
        found = found.filter(completeness__lt=filters.below)
    if filters.missing and any(rule.code == filters.missing for rule in rules):
        found = found.filter(**{f"has_{filters.missing}": False})
    return _narrowed(found, viewer, filters)


def _narrowed(found: Any, viewer: Viewer, filters: CustomerFilter) -> QuerySet[Customer, Any]:
    if filters.text.strip():
        found = found.filter(matches_text(filters.text))
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.importance:
        found = found.filter(importance=filters.importance)
    if filters.unit_id:
        found = found.filter(_in_branch(filters.unit_id))
    if filters.mine:
        found = found.filter(team__employee_id=viewer.employee_id or 0)
    narrowed: QuerySet[Customer, Any] = found
    return narrowed


def _in_branch(unit_id: int) -> Q:
    unit = OrganizationUnit.objects.filter(pk=unit_id).first()
    if unit is None:
        return Q(pk__in=[])
    branch = OrganizationUnit.objects.in_branch(unit.path).values("pk")
    accounts = CustomerAccount.objects.filter(unit__in=branch).values("customer_id")
    return Q(unit__in=branch) | Q(pk__in=accounts)


def _sorted(
    found: QuerySet[Customer, Customer], sort: str, after: tuple[str | int, int] | None
) -> QuerySet[Customer, Any]:
    descending, name = sort.startswith("-"), sort.removeprefix("-")
    if name not in SORTS:
        raise ValueError(f"customers cannot be sorted by {sort!r}")
    ordered = found.annotate(sort_value=_COLUMNS[name]).select_related("unit", "group")
    beyond, to = ("lt", "lte") if descending else ("gt", "gte")
    if after is not None:
        value, last_id = after
        ordered = ordered.filter(**{f"sort_value__{to}": value}).filter(
            Q(**{f"sort_value__{beyond}": value}) | Q(**{f"id__{beyond}": last_id})
        )
    sign = "-" if descending else ""
    return ordered.order_by(f"{sign}sort_value", f"{sign}id")


def _rows(
    viewer: Viewer, customers: list[Customer], rules: list[CompletenessRule] | None
) -> list[CustomerRow]:
    ids = [customer.pk for customer in customers]
    seen = CustomerAccount.objects.visible_to(viewer).filter(customer__in=ids)
    counted = seen.order_by().values_list("customer_id")
    accounts = dict(counted.annotate(accounts=Count("pk")))
    leads = AccountTeamMember.objects.filter(customer__in=ids, role=TeamRole.LEAD)
    managers = dict(leads.values_list("customer_id", "employee__name"))
    return [
        CustomerRow(
            c,
            accounts.get(c.pk, 0),
            managers.get(c.pk, ""),
            None if rules is None else completeness_of(c, rules),
        )
        for c in customers
    ]
