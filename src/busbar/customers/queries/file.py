"""One customer's file: group, accounts, contacts, documents, team (R39, R80)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.customers.models import (
    AccountTeamMember,
    Contact,
    Customer,
    CustomerAccount,
    CustomerGroup,
    Document,
    FormerNumber,
)


@dataclass(frozen=True)
class GroupNode:
    """A group with its visible customers and the groups below it."""

    group: CustomerGroup
    customers: list[Customer] = field(default_factory=list)
    children: list[GroupNode] = field(default_factory=list)


@dataclass(frozen=True)
class CustomerFile:
    """What the customer room knows of one customer; supply, bills and curves stand above it."""

    customer: Customer
    group_tree: GroupNode | None
    accounts: list[CustomerAccount]
    contacts: list[Contact]
    documents: list[Document]
    team: list[AccountTeamMember]
    former_numbers: list[FormerNumber] = field(default_factory=list)
    is_whole: bool = True
    """False for a viewer who sees the customer only through some of its accounts."""


def get_customer(viewer: Viewer, number: str) -> Customer:
    """The customer if the viewer may see it; `Customer.DoesNotExist` otherwise.

    It comes with `seen_whole` (see `CustomerQuerySet.with_extent`). The number of a customer that
    went into another leads to the one that stands.
    """
    visible = Customer.objects.visible_to(viewer).with_extent(viewer)
    visible = visible.select_related("unit", "group")
    customer: Customer | None = visible.filter(number=number).first()
    if customer is None:
        customer = visible.get(former_numbers__number=number)
    return customer


def get_customer_by_id(viewer: Viewer, customer_id: int) -> Customer:
    """As `get_customer`, by the row's id."""
    visible = Customer.objects.visible_to(viewer).select_related("unit", "group")
    customer: Customer = visible.get(pk=customer_id)
    return customer


def get_account(viewer: Viewer, number: str) -> CustomerAccount:
    """The account with its customer and unit; `CustomerAccount.DoesNotExist` otherwise."""
    visible = CustomerAccount.objects.visible_to(viewer).select_related("customer", "unit")
    account: CustomerAccount = visible.get(number=number)
    return account


def list_accounts(
    viewer: Viewer, *, customer_id: int | None = None
) -> QuerySet[CustomerAccount, CustomerAccount]:
    """Visible accounts (of one customer) by number, with customer and unit."""
    found: QuerySet[CustomerAccount, CustomerAccount] = CustomerAccount.objects.visible_to(viewer)
    if customer_id is not None:
        found = found.filter(customer_id=customer_id)
    return found.select_related("customer", "unit").order_by("number")


def get_customer_file(viewer: Viewer, number: str) -> CustomerFile:
    """Everything of one customer that the viewer may see; at most nine queries."""
    customer: Any = get_customer(viewer, number)
    team = AccountTeamMember.objects.visible_to(viewer).filter(customer=customer)
    return CustomerFile(
        customer=customer,
        group_tree=get_group_tree(viewer, customer),
        accounts=list(list_accounts(viewer, customer_id=customer.pk)),
        contacts=list(
            Contact.objects.visible_to(viewer)
            .filter(customer=customer)
            .order_by("-is_primary", "name")
        ),
        documents=list(
            Document.objects.visible_to(viewer).filter(customer=customer).order_by("-uploaded_at")
        ),
        team=list(team.select_related("employee", "employee__unit").order_by("role", "id")),
        former_numbers=list(
            FormerNumber.objects.filter(customer=customer).order_by("-pk").select_related("merge")
        ),
        is_whole=customer.seen_whole,
    )


def find_billing_contact(customer_id: int) -> Contact | None:
    """Who hears of the customer's bills: the finance contact with an e-mail, else the primary.

    For jobs, which act for nobody and see all.
    """
    contacts = Contact.objects.filter(customer=customer_id).exclude(email="")
    is_finance = Q(role__contains="财务") | Q(role__contains="电费") | Q(role__contains="账务")
    return (
        contacts.filter(is_finance).order_by("id").first()
        or contacts.order_by("-is_primary", "id").first()
    )


def get_group_tree(viewer: Viewer, customer: Customer) -> GroupNode | None:
    """The whole tree of the customer's group, from its top, with the customers the viewer sees.

    Two queries: groups are few and are read whole.
    """
    if customer.group_id is None:
        return None
    groups = {group.pk: group for group in CustomerGroup.objects.order_by("name", "id")}
    top, seen = customer.group_id, {customer.group_id}
    while (parent := groups[top].parent_id) is not None and parent not in seen:
        top = parent
        seen.add(parent)
    nodes = {pk: GroupNode(group) for pk, group in groups.items()}
    for pk, group in groups.items():
        if group.parent_id is not None:
            nodes[group.parent_id].children.append(nodes[pk])
    _hang_customers(viewer, nodes, _below(nodes[top]))
    return nodes[top]


def _below(node: GroupNode) -> list[int]:
    found = [node.group.pk]
    for child in node.children:
        found += _below(child)
    return found


def _hang_customers(viewer: Viewer, nodes: dict[int, GroupNode], group_ids: list[int]) -> None:
    members = Customer.objects.visible_to(viewer).filter(group__in=group_ids)
    for member in members.order_by("name", "id"):
        nodes[member.group_id].customers.append(member)
