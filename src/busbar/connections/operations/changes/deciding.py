"""Approving, refusing and withdrawing a requested change."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models.changes import ChangeKind, ChangeState, SupplyChange
from busbar.connections.operations.changes.recording import lock_change, record_change
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries.changes import Wish
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date


class UnableToDecideChange(Refusal):
    """The change cannot be decided so."""


@transaction.atomic
def approve_change(*, change_id: int, by: Viewer, at: dt.datetime) -> SupplyChange:
    """Approve: another person than the one who entered it, and judged once more (R46)."""
    by.require(Permission.HANDLE_CHANGES)
    change = _requested(change_id, by)
    if by.is_employee(change.officer_id):
        raise UnableToDecideChange("经办人不能批准自己受理的变更")
    asked_on = local_date(change.requested_at)
    judged = change_queries.judge(
        change.account, wish_of(change), asked_on=asked_on, leave_out=change.pk
    )
    if judged.objections:
        raise UnableToDecideChange("；".join(str(each) for each in judged.objections))
    change.state, change.approved_at, change.approved_by = ChangeState.APPROVED, at, by.name
    change.save(update_fields=["state", "approved_at", "approved_by"])
    record_change("approved", change, by, at)
    return change


@transaction.atomic
def refuse_change(*, change_id: int, reason: str, by: Viewer, at: dt.datetime) -> SupplyChange:
    """Refuse with the reason the customer is told."""
    by.require(Permission.HANDLE_CHANGES)
    change = _requested(change_id, by)
    if not reason.strip():
        raise UnableToDecideChange("请写明不予办理的理由和依据")
    change.state, change.objections = ChangeState.REFUSED, [reason.strip()]
    change.save(update_fields=["state", "objections"])
    record_change("refused", change, by, at, reason=reason.strip())
    return change


@transaction.atomic
def withdraw_change(*, change_id: int, reason: str, by: Viewer, at: dt.datetime) -> SupplyChange:
    """The customer takes the request back before it is carried out."""
    by.require(Permission.HANDLE_CHANGES)
    change = lock_change(change_id, by)
    if change is None or change.state not in {ChangeState.REQUESTED, ChangeState.APPROVED}:
        raise UnableToDecideChange("没有可撤回的变更")
    if not reason.strip():
        raise UnableToDecideChange("请写明撤回原因")
    change.state = ChangeState.WITHDRAWN
    change.save(update_fields=["state"])
    record_change("withdrawn", change, by, at, reason=reason.strip())
    return change


def wish_of(change: SupplyChange) -> Wish:
    """The stored change as the wish it was judged by."""
    wish = Wish(
        kind=ChangeKind(change.kind),
        starts_on=change.starts_on,
        ends_on=change.ends_on,
        transformer_ids=tuple(change.transformers.values_list("transformer_id", flat=True)),
        confirmed=frozenset(change.facts.get("confirmed", [])),
    )
    return change_queries.with_facts(wish, change.facts)


def _requested(change_id: int, by: Viewer) -> SupplyChange:
    change = lock_change(change_id, by)
    if change is None:
        raise UnableToDecideChange("没有这个变更，或不在您的管辖范围内")
    if change.state != ChangeState.REQUESTED:
        raise UnableToDecideChange(
            "变更 %(number)s 已是“%(state)s”",
            number=change.number,
            state=change.get_state_display(),
        )
    return change
