"""Which member leads a group: whoever looks after it sees the other members too (U1)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, CustomerGroup
from busbar.customers.operations.whole import sees_all_members
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal


class UnableToNameGroupHead(Refusal):
    """The customer cannot lead the group."""


@transaction.atomic
def name_group_head(
    *, group: CustomerGroup, customer: Customer | None, reason: str, by: Viewer, at: dt.datetime
) -> CustomerGroup:
    """Let a member lead the group, or nobody (None).

    Its account team sees from now on every customer of the group and of the groups below.
    Therefore only who sees all of them whole may name a head.
    """
    by.require(Permission.ASSIGN_CUSTOMERS)
    journal_operations.take_turn()
    group = CustomerGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)
    if not reason.strip():
        raise UnableToNameGroupHead("请写明依据")
    if customer is not None and customer.group_id != group.pk:
        raise UnableToNameGroupHead("%(name)s 不是该集团的成员", name=customer.name)
    if not sees_all_members(by, group.pk):
        raise UnableToNameGroupHead("集团里有您管辖范围以外的客户，牵头单位须由上级单位指定")
    old = group.head
    if old == customer:
        raise UnableToNameGroupHead("没有任何改动")
    group.head = customer
    group.save(update_fields=["head"])
    happening = Happening(
        event="customers.group.head_named",
        subject_type="customers.group",
        subject_id=group.pk,
        subject_label=str(group),
        unit_path=by.unit_path,
        changes={"head": [str(old) if old else "", str(customer) if customer else ""]},
        reason=reason.strip(),
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return group
