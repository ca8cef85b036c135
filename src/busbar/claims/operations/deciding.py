"""A claim is decided by somebody else, and taken back where it was wrong."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.claims.computing import split
from busbar.claims.models import Claim, ClaimState
from busbar.claims.operations.requesting import record
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.payments import operations as payments_operations

_LENGTH = 300


class UnableToDecideClaim(Refusal):
    """The claim cannot be decided by this person or at this time."""


class UnableToTakeBackClaim(Refusal):
    """The claim stands."""


@transaction.atomic
def approve_claim(*, number: str, remark: str, by: Viewer, at: dt.datetime) -> Claim:
    """Approve it: from now on it is owed, or stands in the account's credit; in the ledger."""
    claim = _decide(number, ClaimState.RAISED, remark, by, at)
    claim.receivable = payments_operations.owe_beside_bills(
        account=claim.account,
        parts=split(claim.document, claim.answer),
        text=f"{claim.get_kind_display()} {claim.number} {claim.account.number}",
        by=by,
        at=at,
    )
    _save(claim)
    record(claim, "claims.claim.approved", by, at, reason=claim.decision_remark)
    return claim


@transaction.atomic
def refuse_claim(*, number: str, remark: str, by: Viewer, at: dt.datetime) -> Claim:
    """Refuse it with a reason; nothing was owed and nothing will be."""
    if not remark.strip():
        raise UnableToDecideClaim("不予批准须写明理由")
    claim = _decide(number, ClaimState.REFUSED, remark, by, at)
    _save(claim)
    record(claim, "claims.claim.refused", by, at, reason=claim.decision_remark)
    return claim


@transaction.atomic
def take_back_claim(*, number: str, reason: str, by: Viewer, at: dt.datetime) -> Claim:
    """Take back one that was approved; what was paid of it becomes the account's credit."""
    by.require(Permission.APPROVE_CLAIMS)
    claim = _locked(number, by, UnableToTakeBackClaim)
    if claim.state != ClaimState.RAISED or claim.receivable is None:
        raise UnableToTakeBackClaim(
            "追补单 %(number)s%(state)s，只有已入账的才能冲回",
            number=claim.number,
            state=claim.get_state_display(),
        )
    if not reason.strip():
        raise UnableToTakeBackClaim("请写明冲回的原因")
    claim.state, claim.taken_back_at = ClaimState.TAKEN_BACK, at
    claim.taken_back_by_name, claim.taken_back_reason = by.name, reason.strip()[:_LENGTH]
    claim.save(update_fields=["state", "taken_back_at", "taken_back_by_name", "taken_back_reason"])
    payments_operations.take_back(
        owed=claim.receivable,
        parts=split(claim.document, claim.answer),
        reason=f"追补单 {claim.number} 冲回：{claim.taken_back_reason}",
        by=by,
        at=at,
    )
    record(claim, "claims.claim.taken_back", by, at, reason=claim.taken_back_reason)
    return claim


def _decide(number: str, state: ClaimState, remark: str, by: Viewer, at: dt.datetime) -> Claim:
    by.require(Permission.APPROVE_CLAIMS)
    claim = _locked(number, by, UnableToDecideClaim)
    if claim.state != ClaimState.REQUESTED:
        raise UnableToDecideClaim(
            "追补单 %(number)s%(state)s，不能再审批",
            number=claim.number,
            state=claim.get_state_display(),
        )
    if by.is_employee(claim.requested_by_id):
        raise UnableToDecideClaim("追补单不能由提出的人自己审批")
    claim.state, claim.decided_at = state, at
    claim.decided_by_id, claim.decided_by_name = by.employee_id, by.name
    claim.decision_remark = remark.strip()[:_LENGTH]
    return claim


def _save(claim: Claim) -> None:
    claim.save(
        update_fields=[
            "state", "decided_at", "decided_by", "decided_by_name", "decision_remark", "receivable",
        ]
    )  # fmt: skip


def _locked(number: str, by: Viewer, refusal: type[Refusal]) -> Claim:
    journal_operations.take_turn()
    rows = Claim.objects.visible_to(by).select_related(
        "account__customer", "account__unit", "receivable"
    )
    found: Claim | None = rows.filter(number=number).first()
    if found is None:
        raise refusal("没有追补单 %(number)s，或不在您的范围之内", number=number)
    return found
