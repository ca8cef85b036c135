"""The use cases of a clerk at one customer: each a batch of one, refused with a sentence."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.registers import Change, Told, record_changes
from busbar.access.visibility import Viewer
from busbar.customers.models import (
    AccountTeamMember,
    Contact,
    Customer,
    CustomerAccount,
    CustomerGroup,
    CustomerKind,
    Importance,
)
from busbar.customers.operations.people import store_contacts
from busbar.customers.operations.registering import store_accounts, store_customers
from busbar.kit.errors import Listing, Refusal
from busbar.kit.identifiers import is_credit_code


class UnableToRegisterCustomer(Refusal):
    """The customer cannot be registered as given."""


class UnableToAmendCustomer(Refusal):
    """The customer's facts cannot change so."""


class UnableToOpenAccount(Refusal):
    """The account cannot be opened as given."""


class UnableToAddContact(Refusal):
    """The contact cannot be added as given."""


class UnableToRemoveTeamMember(Refusal):
    """The employee is not on the team."""


@transaction.atomic
def register_customer(
    *,
    number: str,
    name: str,
    kind: CustomerKind | str,
    unit: OrganizationUnit,
    credit_code: str = "",
    industry_code: str = "",
    importance: Importance | str = Importance.NONE,
    group: CustomerGroup | None = None,
    address: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Customer:
    """Register a new customer in a unit of the viewer's branch (R39)."""
    by.require(Permission.EDIT_CUSTOMERS)
    if not number.strip() or not name.strip():
        raise UnableToRegisterCustomer("客户编号和客户名称都应填写")
    if Customer.objects.filter(number=number).exists():
        raise UnableToRegisterCustomer("客户编号 %(number)s 已登记", number=number)
    row = {
        "customer": number.strip(),
        "name": name.strip(),
        "kind": CustomerKind(kind),
        "unit": unit.code,
        "credit_code": credit_code,
        "industry_code": industry_code,
        "importance": Importance(importance),
        "group": group.code if group else "",
        "address": address,
    }
    store_customers(rows=[row], by=by, at=at).require(UnableToRegisterCustomer)
    return _customer(row["customer"])


@transaction.atomic
def amend_customer(
    *,
    customer: Customer,
    changes: dict[str, Any],
    by: Viewer,
    at: dt.datetime,
) -> Customer:
    """Change some of: name, kind, credit_code, industry_code, importance, group, unit, address.

    `group` and `unit` are given by code, as in an import.
    """
    by.require(Permission.EDIT_CUSTOMERS)
    known = {
        "name", "kind", "credit_code", "industry_code", "importance", "group", "unit", "address",
    }  # fmt: skip
    if unknown := set(changes) - known:
        raise UnableToAmendCustomer("没有这些资料项：%(value)s", value=Listing(sorted(unknown)))
    if not str(changes.get("name", customer.name)).strip():
        raise UnableToAmendCustomer("客户名称不能为空")
    if "unit" in changes and not changes["unit"]:
        raise UnableToAmendCustomer("管理单位不能为空")
    code = changes.get("credit_code") or ""
    if code and not is_credit_code(code):
        raise UnableToAmendCustomer("%(code)s：应为 18 位统一社会信用代码，校验码须正确", code=code)
    outcome = store_customers(rows=[{**changes, "customer": customer.number}], by=by, at=at)
    outcome.require(UnableToAmendCustomer)
    return _customer(customer.number)


@transaction.atomic
def open_account(
    *,
    number: str,
    name: str,
    customer: Customer,
    unit: OrganizationUnit,
    address: str = "",
    opened_on: dt.date | None = None,
    origin: str = "",
    by: Viewer,
    at: dt.datetime,
) -> CustomerAccount:
    """Open an account 户号 for a customer."""
    by.require(Permission.EDIT_CUSTOMERS)
    if CustomerAccount.objects.filter(number=number).exists():
        raise UnableToOpenAccount("户号 %(number)s 已存在", number=number)
    row = {
        "account": number,
        "name": name,
        "customer": customer.number,
        "unit": unit.code,
        "address": address,
        "opened_on": opened_on,
        "origin": origin,
    }
    store_accounts(rows=[row], by=by, at=at).require(UnableToOpenAccount)
    account: CustomerAccount = CustomerAccount.objects.select_related("unit", "customer").get(
        number=number
    )
    return account


@transaction.atomic
def add_contact(
    *,
    customer: Customer,
    name: str,
    role: str,
    phone: str = "",
    email: str = "",
    is_primary: bool = False,
    by: Viewer,
    at: dt.datetime,
) -> Contact:
    """Add a person at the customer's; a new primary contact takes the place of the old."""
    by.require(Permission.EDIT_CUSTOMERS)
    if not name.strip() or not role.strip():
        raise UnableToAddContact("联系人的姓名和职务都应填写")
    if Contact.objects.filter(customer=customer, name=name, role=role).exists():
        raise UnableToAddContact(
            "%(name)s 已有联系人 %(name2)s(%(role)s)", name=customer.name, name2=name, role=role
        )
    row = {
        "customer": customer.number,
        "name": name.strip(),
        "role": role.strip(),
        "phone": phone,
        "email": email,
        "is_primary": is_primary,
    }
    store_contacts(rows=[row], by=by, at=at).require(UnableToAddContact)
    return Contact.objects.get(customer=customer, name=row["name"], role=row["role"])


@transaction.atomic
def remove_team_member(
    *, customer: Customer, employee: Employee, by: Viewer, at: dt.datetime
) -> None:
    """Take an employee off the team, who then no longer sees the customer by it."""
    by.require(Permission.EDIT_CUSTOMERS)
    seen = AccountTeamMember.objects.visible_to(by).select_related("customer", "customer__unit")
    member = seen.filter(customer=customer, employee=employee).first()
    if member is None:
        raise UnableToRemoveTeamMember("%(name)s 不在该客户的团队里", name=employee.name)
    told = Told("customers.team_member", "removed", customer_of=lambda m: m.customer)
    record_changes([Change(member, is_new=True)], told, by=by, at=at)
    member.delete()


def _customer(number: str) -> Customer:
    customer: Customer = Customer.objects.select_related("unit", "group").get(number=number)
    return customer
