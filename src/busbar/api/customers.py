"""Customers and their accounts."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Router, Schema

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by
from busbar.api.sign_in import viewer_of
from busbar.api.values import Sent
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import (
    Contact,
    Customer,
    CustomerAccount,
    CustomerGroup,
    CustomerKind,
    Importance,
)
from busbar.customers.queries import Completeness
from busbar.customers.queries import groups as groups_queries
from busbar.kit.periods import local_date

router = Router()
accounts = Router()
groups = Router()


class GroupOut(Schema):
    """集团."""

    code: str
    name: str
    parent_code: str | None

    @staticmethod
    def resolve_parent_code(group: CustomerGroup) -> str | None:
        """Code of the group above."""
        return group.parent.code if group.parent else None


class GroupHeadOut(Schema):
    """牵头单位."""

    code: str
    head_number: str | None


class GroupHeadIn(Sent):
    """The member that leads, by number; empty: nobody."""

    head_number: Text = ""
    reason: Text


class ContactOut(Schema):
    """联系人."""

    name: str
    role: str
    phone: str
    email: str
    is_primary: bool


class CustomerOut(Schema):
    """客户."""

    number: str
    name: str
    credit_code: str
    kind: CustomerKind
    industry_code: str
    importance: Importance
    group_code: str | None
    unit_code: str
    address: str
    seen_whole: bool
    """False where only some of its accounts are visible: sums over accounts are of these."""

    @staticmethod
    def resolve_group_code(customer: Customer) -> str | None:
        """Code of its group."""
        return customer.group.code if customer.group else None

    @staticmethod
    def resolve_unit_code(customer: Customer) -> str:
        """Code of the managing unit."""
        return customer.unit.code


class AccountOut(Schema):
    """户号."""

    number: str
    name: str
    customer_number: str
    unit_code: str
    address: str
    status: str
    opened_on: dt.date | None
    closed_on: dt.date | None

    @staticmethod
    def resolve_customer_number(account: CustomerAccount) -> str:
        """Number of its customer."""
        return account.customer.number

    @staticmethod
    def resolve_unit_code(account: CustomerAccount) -> str:
        """Code of its unit."""
        return account.unit.code


@router.get("", response=answers(Page[CustomerOut]), operation_id="list_customers")
def list_customers(
    request: HttpRequest,
    kind: CustomerKind | None = None,
    importance: Importance | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的客户，按客户编号。"""
    viewer = viewer_of(request, group)
    found = Customer.objects.visible_to(viewer).with_extent(viewer)
    found = found.select_related("group", "unit")
    if kind:
        found = found.filter(kind=kind)
    if importance:
        found = found.filter(importance=importance)
    return page_by(found, "number", after=after, limit=limit)


@router.get("/{number}", response=answers(CustomerOut, 404), operation_id="get_customer")
def get_customer(request: HttpRequest, number: Text) -> Customer:
    """一个客户。"""
    return customers_queries.get_customer(viewer_of(request), number)


@router.get(
    "/{number}/contacts", response=answers(list[ContactOut], 404), operation_id="list_contacts"
)
def list_contacts(request: HttpRequest, number: Text) -> list[Contact]:
    """一个客户的联系人，主要联系人在前。"""
    viewer = viewer_of(request)
    customer = customers_queries.get_customer(viewer, number)
    contacts = Contact.objects.visible_to(viewer).filter(customer=customer)
    return list(contacts.order_by("-is_primary", "name", "role"))


class MissingItemOut(Schema):
    """An item that the file lacks, with the rule's weight and source."""

    code: str
    name: str
    weight: int
    source: str


class CompletenessOut(Schema):
    """资料完整度."""

    score: int
    missing: list[MissingItemOut]


@router.get(
    "/{number}/completeness",
    response=answers(CompletenessOut, 404),
    operation_id="get_completeness",
)
def get_completeness(request: HttpRequest, number: Text) -> Completeness:
    """档案完整度与所缺资料，按今日的规则。"""
    customer = customers_queries.get_customer(viewer_of(request), number)
    return customers_queries.get_completeness(customer.pk, on=local_date(timezone.now()))


@groups.get("", response=answers(Page[GroupOut]), operation_id="list_groups")
def list_groups(request: HttpRequest, after: After = "", limit: Limit = 50) -> dict[str, Any]:
    """集团：可见客户所属的那些。"""
    seen = Customer.objects.visible_to(viewer_of(request)).exclude(group=None)
    found = CustomerGroup.objects.filter(pk__in=seen.values("group_id")).select_related("parent")
    return page_by(found, "code", after=after, limit=limit)


@groups.get("/{code}/head", response=answers(GroupHeadOut, 404), operation_id="get_group_head")
def get_head(request: HttpRequest, code: Text) -> dict[str, Any]:
    """集团的牵头单位；不在可见范围内时为空。"""
    viewer = viewer_of(request)
    return _head(viewer, groups_queries.get_group(viewer, code))


@groups.post(
    "/{code}/head",
    response=answers(GroupHeadOut, 400, 403, 404, 409),
    operation_id="name_group_head",
)
def name_head(
    request: HttpRequest, code: Text, given: Annotated[GroupHeadIn, Body()]
) -> dict[str, Any]:
    """指定牵头单位（空着则撤销）：其服务团队可以看到集团的全部成员。"""
    viewer = viewer_of(request)
    viewer.require(Permission.ASSIGN_CUSTOMERS)
    group = groups_queries.get_group(viewer, code)
    number = given.head_number
    group = customers_operations.name_group_head(
        group=group,
        customer=customers_queries.get_customer(viewer, number) if number else None,
        reason=given.reason,
        by=viewer,
        at=timezone.now(),
    )
    return _head(viewer, group)


def _head(viewer: Viewer, group: CustomerGroup) -> dict[str, Any]:
    seen = Customer.objects.visible_to(viewer).filter(pk=group.head_id or 0).first()
    return {"code": group.code, "head_number": seen.number if seen else None}


@accounts.get("", response=answers(Page[AccountOut]), operation_id="list_accounts")
def list_accounts(
    request: HttpRequest,
    customer: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的户号；`customer` 为客户编号。"""
    found = customers_queries.list_accounts(viewer_of(request, group))
    if customer:
        found = found.filter(customer__number=customer)
    return page_by(found, "number", after=after, limit=limit)


@accounts.get("/{number}", response=answers(AccountOut, 404), operation_id="get_account")
def get_account(request: HttpRequest, number: Text) -> CustomerAccount:
    """一个户号。"""
    return customers_queries.get_account(viewer_of(request), number)
