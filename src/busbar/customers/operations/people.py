"""Contacts and the account team, many rows at once (R81, R88)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import models, transaction

from busbar.access.models import Employee
from busbar.access.registers import (
    Batch,
    Change,
    Draft,
    Outcome,
    Row,
    Told,
    pick,
    record_changes,
    resolve,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.customers.models import AccountTeamMember, Contact, Customer, TeamRole
from busbar.customers.operations.former import follow_former
from busbar.customers.operations.registering import UNKNOWN_CUSTOMER
from busbar.customers.operations.whole import reject_partly_seen
from busbar.kit.errors import Phrase

_TOLD_CONTACT = Told("customers.contact", "added", customer_of=lambda contact: contact.customer)
_TOLD_MEMBER = Told("customers.team_member", "assigned", customer_of=lambda m: m.customer)


@transaction.atomic
def store_contacts(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Contacts by customer, name and role; a new primary contact takes the place of the old."""
    batch, outcome = Batch(follow_former(rows)), Outcome()
    key = _key("customer", "name", "role")
    outcome.unchanged += len(batch.reject_repeats(key, "name", Phrase("客户的联系人和职务")))
    customers = _customers(batch, by)
    _reject_second(
        batch, "is_primary", chosen=True, expectation=Phrase("每个客户只有一个首要联系人")
    )
    stored = _stored(Contact.objects.select_related("customer", "customer__unit"), customers)
    existing = {(c.customer.number, c.name, c.role): c for c in stored}
    drafts = [
        Draft(_contact_values(row, customers), existing.get(key(row)), index)
        for index, row in batch.live()
    ]
    displaced = _displace(drafts, stored, "is_primary", chosen=True, instead=False)
    changes = displaced + save_drafts(Contact, drafts, outcome)
    record_changes(changes, _TOLD_CONTACT, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


@transaction.atomic
def store_team(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Team members by customer and employee; a new A角 makes the old one a member."""
    batch, outcome = Batch(follow_former(rows)), Outcome()
    key = _key("customer", "employee")
    outcome.unchanged += len(batch.reject_repeats(key, "employee", Phrase("客户的团队成员")))
    customers = _customers(batch, by)
    reject_partly_seen(batch, customers, by, "employee")
    employees = resolve(
        batch, "employee", Employee.objects.all(), "number", Phrase("没有这个工号的员工")
    )
    _reject_second(batch, "role", chosen=TeamRole.LEAD, expectation=Phrase("每个客户只有一个A角"))
    related = AccountTeamMember.objects.select_related("customer", "customer__unit", "employee")
    stored = _stored(related, customers)
    existing = {(m.customer.number, m.employee.number): m for m in stored}
    drafts = [
        Draft(
            {
                "customer": customers[row["customer"]],
                "employee": employees[row["employee"]],
                "role": row["role"],
            },
            existing.get(key(row)),
            index,
        )
        for index, row in batch.live()
    ]
    displaced = _displace(drafts, stored, "role", chosen=TeamRole.LEAD, instead=TeamRole.MEMBER)
    changes = displaced + save_drafts(AccountTeamMember, drafts, outcome)
    record_changes(changes, _TOLD_MEMBER, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _key(*names: str) -> Any:
    return lambda row: tuple(row[name] for name in names)


def _customers(batch: Batch, by: Viewer) -> dict[Any, Any]:
    seen = Customer.objects.select_related("unit").visible_to(by)
    return resolve(batch, "customer", seen, "number", UNKNOWN_CUSTOMER)


def _stored(rows: models.QuerySet[Any, Any], customers: dict[Any, Any]) -> list[Any]:
    ids = sorted(customer.pk for customer in customers.values())
    found: list[Any] = []
    for start in range(0, len(ids), 5000):
        found += rows.filter(customer__in=ids[start : start + 5000])
    return found


def _contact_values(row: Row, customers: dict[Any, Any]) -> dict[str, Any]:
    values = pick(row, name="name", role="role", phone="phone", email="email")
    for optional in ("phone", "email"):
        if optional in values:
            values[optional] = values[optional] or ""
    if "is_primary" in row:
        values["is_primary"] = bool(row["is_primary"])
    return {**values, "customer": customers[row["customer"]]}


def _reject_second(batch: Batch, field_name: str, *, chosen: Any, expectation: Phrase) -> None:
    """In one batch only one row a customer may hold the single place."""
    taken: set[Any] = set()
    for index, row in list(batch.live()):
        if row.get(field_name) != chosen:
            continue
        if row["customer"] in taken:
            batch.reject(index, field_name, expectation)
        taken.add(row["customer"])


def _displace(
    drafts: list[Draft], stored: list[Any], field_name: str, *, chosen: Any, instead: Any
) -> list[Change]:
    """Free the single place before somebody else takes it; changes of rows not in the batch."""
    winners = {
        draft.values["customer"].pk: draft.existing
        for draft in drafts
        if draft.values.get(field_name) == chosen
    }
    losers = [
        row
        for row in stored
        if row.customer_id in winners
        and getattr(row, field_name) == chosen
        and row is not winners[row.customer_id]
    ]
    if not losers:
        return []
    rows = type(losers[0]).objects.filter(pk__in=[row.pk for row in losers])
    rows.update(**{field_name: instead})
    drafted = {id(draft.existing) for draft in drafts}
    changes = []
    for row in losers:
        if id(row) in drafted:
            continue
        setattr(row, field_name, instead)
        changes.append(Change(row, is_new=False, before_after={field_name: [chosen, instead]}))
    return changes
