"""Supply stops and comes back; important customers are guarded."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.kit.errors import Refusal
from busbar.outages import queries
from busbar.outages.models import Outage, OutageKind, OutageState
from busbar.outages.operations.recording import lock_outage, record
from busbar.outages.operations.telling import tell_affected

_UNASKED = frozenset({OutageKind.FAULT, OutageKind.SAFETY})
"""Kinds that need no notice: nobody chose the moment, or danger is imminent."""


class UnableToBeginOutage(Refusal):
    """Supply may not be stopped now."""


class UnableToRestoreOutage(Refusal):
    """There is nothing to restore."""


@transaction.atomic
def begin_outage(
    *, number: str, begun_at: dt.datetime | None = None, by: Viewer, at: dt.datetime
) -> Outage:
    """Stop supply (供电营业规则 中止供电). Refused before the notice, or where an important
    customer's stop was not reported to the authority; faults and danger wait for nobody.

    `begun_at` is when supply was lost, where that was noticed later.
    """
    by.require(Permission.MANAGE_OUTAGES)
    row = lock_outage(number, by, UnableToBeginOutage)
    if row.state not in {OutageState.PLANNED, OutageState.ANNOUNCED}:
        raise UnableToBeginOutage(
            "%(number)s 已是“%(state)s”", number=number, state=row.get_state_display()
        )
    when = begun_at or at
    if when > at:
        raise UnableToBeginOutage("停电时间晚于现在，请核对")
    if row.kind not in _UNASKED:
        _check_asked(row, when)
    row.state, row.begun_at = OutageState.BEGUN, when
    row.save(update_fields=["state", "begun_at"])
    record("outages.stop.begun", row, by, at, begun_at=when)
    if row.kind in _UNASKED:
        tell_affected(row, "begun", by=by, at=at)
    return row


def _check_asked(row: Outage, at: dt.datetime) -> None:
    if row.state != OutageState.ANNOUNCED:
        raise UnableToBeginOutage("%(number)s 尚未通知用户", number=row.number)
    if at < row.planned_from:
        raise UnableToBeginOutage("%(number)s 未到通知的停电时间", number=row.number)
    important = queries.list_important(row)
    if important and not row.authority_report:
        names = "、".join(account.customer.name for account in important[:3])
        raise UnableToBeginOutage(
            "涉及重要用户（%(names)s），须先抄报电力管理部门并登记文号", names=names
        )


@transaction.atomic
def remove_cause(*, number: str, by: Viewer, at: dt.datetime) -> Outage:
    """The reason for the stop is gone: from here on the limit of restoring runs."""
    by.require(Permission.MANAGE_OUTAGES)
    row = lock_outage(number, by, UnableToRestoreOutage)
    if row.state != OutageState.BEGUN or row.cause_removed_at:
        raise UnableToRestoreOutage("%(number)s 没有在停电，或原因已经消除", number=number)
    row.cause_removed_at = at
    row.save(update_fields=["cause_removed_at"])
    record("outages.stop.cause_removed", row, by, at)
    return row


@transaction.atomic
def restore_outage(
    *, number: str, restored_at: dt.datetime | None = None, by: Viewer, at: dt.datetime
) -> Outage:
    """Supply is back, or was at `restored_at`; the customers are told."""
    by.require(Permission.MANAGE_OUTAGES)
    row = lock_outage(number, by, UnableToRestoreOutage)
    if row.state != OutageState.BEGUN or row.begun_at is None:
        raise UnableToRestoreOutage("%(number)s 没有在停电", number=number)
    when = restored_at or at
    if not row.begun_at < when <= at:
        raise UnableToRestoreOutage("恢复时间须晚于停电时间，且不晚于现在")
    row.state, row.restored_at = OutageState.RESTORED, when
    row.save(update_fields=["state", "restored_at"])
    record("outages.stop.restored", row, by, at, restored_at=when)
    tell_affected(row, "restored", by=by, at=at)
    return row
