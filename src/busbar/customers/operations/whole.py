"""What widens other people's sight of a customer is for those who see it whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from busbar.access.registers import Batch, fetch_by
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.customers.queries.groups import groups_below
from busbar.kit.errors import Phrase

_PARTLY = Phrase("该客户不全在您的管辖范围内，须由其管理单位或服务团队办理")
_FOREIGN = Phrase("集团里有您管辖范围以外的客户，改变上级集团须由上级单位办理")


def reject_partly_seen(
    batch: Batch, customers: Mapping[Any, Any], by: Viewer, field_name: str
) -> None:
    """Reject rows that set the field of a customer which the viewer sees only in part.

    `customers` are the standing ones by number; new ones are in a unit of the viewer's branch.
    """
    if by.sees_all or not customers:
        return
    seen = fetch_by(
        Customer.objects.whole_to(by), "pk", [customer.pk for customer in customers.values()]
    )
    for index, row in list(batch.live()):
        customer = customers.get(row["customer"])
        if customer is None or customer.pk in seen or field_name not in row:
            continue
        if field_name != "group" or _group_code(customer) != (row["group"] or ""):
            batch.reject(index, field_name, _PARTLY)


def reject_foreign_moves(batch: Batch, groups: Mapping[Any, Any], by: Viewer) -> None:
    """Reject rows that hang a standing group elsewhere while the viewer sees not all its members.

    The team of a head sees what hangs below: nobody may hang another branch's customers there.
    """
    moved = [
        (index, groups[row["code"]])
        for index, row in batch.live()
        if "parent" in row
        and row["code"] in groups
        and (row["parent"] or "") != _parent_code(groups[row["code"]])
    ]
    if by.sees_all or not moved:
        return
    for index, group in moved:
        if not sees_all_members(by, group.pk):
            batch.reject(index, "parent", _FOREIGN)


def sees_all_members(by: Viewer, group_id: int) -> bool:
    """Whether the viewer sees every customer of the group and of the groups below it whole."""
    if by.sees_all:
        return True
    members = Customer.objects.filter(group__in=groups_below(group_id))
    return members.count() == members.whole_to(by).count()


def _group_code(customer: Customer) -> str:
    return customer.group.code if customer.group else ""


def _parent_code(group: Any) -> str:
    return group.parent.code if group.parent else ""
