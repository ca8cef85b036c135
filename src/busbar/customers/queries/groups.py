"""Groups as a tree with what their subtrees hold (U1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Count

from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, CustomerAccount, CustomerGroup

Amount = TypeVar("Amount")


@dataclass(frozen=True)
class GroupLine:
    """A group at its depth, with the visible customers and accounts of its whole subtree."""

    group: CustomerGroup
    depth: int
    customers: int
    accounts: int


def list_group_lines(viewer: Viewer, *, top: str = "") -> list[GroupLine]:
    """The groups below (and with) the one whose code is `top`, or all, in tree order.

    Only those in whose subtree the viewer sees a customer. Three queries, however many there are.
    """
    groups = {
        group.pk: group
        for group in CustomerGroup.objects.select_related("parent", "head").order_by("name", "id")
    }
    seen = Customer.objects.visible_to(viewer).exclude(group=None).order_by()
    customers = dict(seen.values_list("group_id").annotate(n=Count("pk")))
    held = CustomerAccount.objects.visible_to(viewer).exclude(customer__group=None).order_by()
    accounts = dict(held.values_list("customer__group_id").annotate(n=Count("pk")))
    parents = {pk: group.parent_id for pk, group in groups.items()}
    all_customers = roll_up(parents, customers, 0)
    all_accounts = roll_up(parents, accounts, 0)
    return [
        GroupLine(groups[pk], depth, all_customers[pk], all_accounts[pk])
        for pk, depth in _in_tree_order(parents, groups, top)
        if all_customers[pk]
    ]


@dataclass(frozen=True)
class GroupBranch:
    """A group with all groups below it; no ids where the viewer sees nobody of it."""

    code: str
    name: str
    ids: frozenset[int]


def get_branch(viewer: Viewer, code: str) -> GroupBranch:
    """What `?group=CODE` means; three queries."""
    lines = list_group_lines(viewer, top=code)
    name = lines[0].group.name if lines else code
    return GroupBranch(code, name, frozenset(line.group.pk for line in lines))


def get_group(viewer: Viewer, code: str) -> CustomerGroup:
    """The group; DoesNotExist where the viewer sees no customer of its subtree."""
    lines = list_group_lines(viewer, top=code)
    if not lines:
        raise CustomerGroup.DoesNotExist
    return lines[0].group


def list_members(viewer: Viewer, group_id: int, *, limit: int = 500) -> list[Customer]:
    """The group's own customers that the viewer sees, by name."""
    seen = Customer.objects.visible_to(viewer).filter(group=group_id)
    return list(seen.order_by("name", "id")[:limit])


def map_parents() -> dict[int, int | None]:
    """Each group's parent by id; one query."""
    return dict(CustomerGroup.objects.values_list("pk", "parent_id"))


def groups_below(group_id: int) -> set[int]:
    """The group and all groups under it."""
    below: dict[int | None, list[int]] = {}
    for child, parent in map_parents().items():
        below.setdefault(parent, []).append(child)
    found, waiting = {group_id}, [group_id]
    while waiting:
        fresh = [child for child in below.get(waiting.pop(), []) if child not in found]
        found.update(fresh)
        waiting += fresh
    return found


def roll_up(
    parents: Mapping[int, int | None], own: Mapping[int, Amount], nothing: Amount
) -> dict[int, Amount]:
    """Of each group the sum of its own amount and of all groups below it.

    >>> roll_up({1: None, 2: 1, 3: 2}, {1: 5, 3: 7}, 0)
    {1: 12, 2: 7, 3: 7}
    """
    sums = dict.fromkeys(parents, nothing)
    for pk, amount in own.items():
        at: int | None = pk
        passed: set[int] = set()
        while at is not None and at not in passed:
            passed.add(at)
            sums[at] = sums[at] + amount  # type: ignore[operator] # numbers of one kind
            at = parents.get(at)
    return sums


def _in_tree_order(
    parents: Mapping[int, int | None], groups: Mapping[int, CustomerGroup], top: str
) -> list[tuple[int, int]]:
    below: dict[int | None, list[int]] = {}
    for pk in groups:
        below.setdefault(parents[pk], []).append(pk)
    first = (
        [pk for pk, group in groups.items() if group.code == top] if top else below.get(None, [])
    )
    order: list[tuple[int, int]] = []
    waiting = [(pk, 0) for pk in reversed(first)]
    while waiting:
        pk, depth = waiting.pop()
        order.append((pk, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(pk, []))]
    return order
