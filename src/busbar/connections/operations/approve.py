"""Approval of a countersigned scheme by somebody other than its author (R51)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import ApplicationState, SchemeState, SupplyScheme
from busbar.connections.operations.scheme_ground import (
    changes_of,
    lock_scheme,
    require_state,
    write,
)
from busbar.connections.recording import record_step
from busbar.kit.errors import Refusal


class UnableToApproveScheme(Refusal):
    """The scheme cannot be approved or returned by this person now."""


@transaction.atomic
def approve_scheme(*, scheme_id: int, remark: str, by: Viewer, at: dt.datetime) -> SupplyScheme:
    """Approve a round on which all four departments agree.

    Raises UnableToApproveScheme before that, and for the author himself.
    """
    scheme = _lock(scheme_id, by, what="审批")
    write(
        scheme,
        state=SchemeState.APPROVED,
        approver_id=by.employee_id,
        approved_at=at,
        approval_remark=remark.strip()[:500],
    )
    _record("connections.scheme.approved", scheme, by, at, remark.strip())
    return scheme


@transaction.atomic
def return_scheme(*, scheme_id: int, reason: str, by: Viewer, at: dt.datetime) -> SupplyScheme:
    """Send an agreed round back to its author with the reason; the next round starts anew."""
    scheme = _lock(scheme_id, by, what="退回")
    if not reason.strip():
        raise UnableToApproveScheme("退回须写明原因")
    write(scheme, state=SchemeState.RETURNED, returned_reason=f"审批：{reason.strip()}"[:1000])
    _record("connections.scheme.returned", scheme, by, at, reason.strip())
    return scheme


def _lock(scheme_id: int, by: Viewer, what: str) -> SupplyScheme:
    by.require(Permission.APPROVE_SCHEMES)
    scheme = lock_scheme(
        scheme_id,
        by=by,
        refusal=UnableToApproveScheme,
        states=(SchemeState.AGREED,),
        what=what,
    )
    require_state(
        scheme.application, (ApplicationState.SCHEME,), refusal=UnableToApproveScheme, what=what
    )
    is_author = scheme.author_id == by.employee_id and scheme.author_name == by.name
    if is_author:
        raise UnableToApproveScheme("方案的编制人不能审批自己的方案")
    return scheme


def _record(event: str, scheme: SupplyScheme, by: Viewer, at: dt.datetime, reason: str) -> None:
    record_step(
        event=event,
        application=scheme.application,
        actor=by.actor,
        at=at,
        reason=reason,
        changes=changes_of(scheme),
    )
