"""Rows of customers that say who leads a group (U1): what `leading.py` does for one, for many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from busbar.access.permissions import Permission
from busbar.access.registers import (
    Batch,
    Draft,
    Outcome,
    Row,
    Told,
    fetch_by,
    record_changes,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, CustomerGroup
from busbar.customers.operations.whole import sees_all_members
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Phrase

_FIELD = "leads"
_NO_GROUP = Phrase("该客户不属于任何集团，不能牵头")
_NOT_PERMITTED = Phrase("指定或改变牵头单位须有“分配与移交客户”的权限")
_FOREIGN = Phrase("集团里有您管辖范围以外的客户，牵头单位须由上级单位指定")
_REASON = "导入客户档案"


def reject_unfit_heads(batch: Batch, customers: Mapping[Any, Any], by: Viewer) -> None:
    """Reject rows that name a head, or end one, against the rules of `name_group_head`.

    `customers` are the standing ones by number. A group has one head: to change it, the row of
    the present one says so too.
    """
    stated = [(index, row) for index, row in batch.live() if row.get(_FIELD) is not None]
    if not stated:
        return
    codes = {_code_of(row, customers) for _, row in stated} - {""}
    groups = fetch_by(CustomerGroup.objects.select_related("head"), "code", codes)
    ending = [(index, row) for index, row in stated if not row[_FIELD]]
    for index, row in ending:
        if _leads(row["customer"], groups.get(_code_of(row, customers))):
            _reject_unentitled(batch, index, groups[_code_of(row, customers)], by)
    leaving = {row["customer"] for _, row in batch.live() if _leaves(row, customers)}
    heads = {code: _head_of(group, leaving) for code, group in groups.items()}
    for index, row in stated:
        if row[_FIELD]:
            _reject_unfit(batch, index, groups.get(_code_of(row, customers)), heads, by)


def store_heads(batch: Batch, *, by: Viewer, at: dt.datetime) -> set[str]:
    """Write what the live rows say, after their customers; the numbers of those that changed."""
    stated = {
        row["customer"]: row[_FIELD] for _, row in batch.live() if row.get(_FIELD) is not None
    }
    if not stated:
        return set()
    journal_operations.take_turn()
    customers = fetch_by(Customer.objects.select_related("group__head"), "number", stated)
    wanted: dict[int, Customer | None] = {}
    groups: dict[int, CustomerGroup] = {}
    # Those that end first: who follows in the same group has the last word.
    for number, customer in sorted(customers.items(), key=lambda item: stated[item[0]]):
        group = customer.group
        if group is None or stated[number] == (group.head_id == customer.pk):
            continue
        groups[group.pk] = group
        wanted[group.pk] = customer if stated[number] else None
    drafts = [Draft({"head": head}, groups[pk]) for pk, head in wanted.items()]
    before = {pk: group.head for pk, group in groups.items()}
    changes = save_drafts(CustomerGroup, drafts, Outcome())
    told = Told("customers.group", unit_path_of=lambda _: by.unit_path, amended_verb="head_named")
    record_changes(changes, told, by=by, at=at, reason=_REASON)
    touched = {one.number for one in (*before.values(), *wanted.values()) if one is not None}
    return touched & set(stated)


def _reject_unfit(
    batch: Batch, index: int, group: CustomerGroup | None, heads: dict[str, str], by: Viewer
) -> None:
    number = batch.rows[index]["customer"]
    if group is None:
        batch.reject(index, _FIELD, _NO_GROUP)
    elif heads[group.code] not in {"", number}:
        told = Phrase(
            "集团 %(group)s 已由客户 %(number)s 牵头；换人须在其行写“否”",
            group=group.code,
            number=heads[group.code],
        )
        batch.reject(index, _FIELD, told)
    elif _leads(number, group) or _reject_unentitled(batch, index, group, by):
        heads[group.code] = number


def _reject_unentitled(batch: Batch, index: int, group: CustomerGroup, by: Viewer) -> bool:
    """Whether the viewer may name the group's head; the row is rejected where not."""
    if not by.may(Permission.ASSIGN_CUSTOMERS):
        batch.reject(index, _FIELD, _NOT_PERMITTED)
        return False
    if not sees_all_members(by, group.pk):
        batch.reject(index, _FIELD, _FOREIGN)
        return False
    return True


def _code_of(row: Row, customers: Mapping[Any, Any]) -> str:
    """The code of the group in which the row leaves its customer."""
    if "group" in row:
        return row["group"] or ""
    standing = customers.get(row["customer"])
    return standing.group.code if standing is not None and standing.group else ""


def _leaves(row: Row, customers: Mapping[Any, Any]) -> bool:
    """Whether the row ends its customer's leading: it says so, or leaves the group."""
    standing = customers.get(row["customer"])
    if standing is None or standing.group is None:
        return False
    return row.get(_FIELD) is False or _code_of(row, customers) != standing.group.code


def _leads(number: str, group: CustomerGroup | None) -> bool:
    return group is not None and _head_of(group, set()) == number


def _head_of(group: CustomerGroup, leaving: set[str]) -> str:
    """The number of the member that leads once those have left; empty where nobody does."""
    head = group.head
    if head is None or head.group_id != group.pk or head.number in leaving:
        return ""
    return str(head.number)
