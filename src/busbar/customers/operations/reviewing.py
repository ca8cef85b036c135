"""A person answers whether two customers are one (R80)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import CandidateState, CustomerMerge, MatchCandidate
from busbar.customers.operations.consolidating import order_by_standing
from busbar.customers.operations.merging import merge_customers
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal


class UnableToReviewCandidate(Refusal):
    """The pair is not waiting for an answer."""


@transaction.atomic
def confirm_candidate(
    *, candidate_id: int, reason: str = "", by: Viewer, at: dt.datetime
) -> CustomerMerge:
    """They are one: the better kept customer stands, the other goes in."""
    candidate = _waiting(candidate_id, by=by)
    survivor, absorbed = order_by_standing(candidate.left, candidate.right)
    return merge_customers(
        survivor=survivor, absorbed=absorbed, reason=reason, candidate=candidate, by=by, at=at
    )


@transaction.atomic
def reject_candidate(
    *, candidate_id: int, reason: str = "", by: Viewer, at: dt.datetime
) -> MatchCandidate:
    """They are two: no later run asks again or joins them."""
    candidate = _waiting(candidate_id, by=by)
    same = Q(left=candidate.left, right=candidate.right)
    same |= Q(left=candidate.right, right=candidate.left)
    MatchCandidate.objects.filter(same, state=CandidateState.OPEN).update(
        state=CandidateState.APART, decided_at=at, decided_by=by.name, reason=reason[:300]
    )
    happening = Happening(
        event="customers.candidate.rejected",
        subject_type="customers.candidate",
        subject_id=candidate.pk,
        subject_label=f"{candidate.left} / {candidate.right}",
        customer_id=candidate.left_id,
        unit_path=candidate.left.unit.path,
        changes={"other": str(candidate.right), "bits": str(round(candidate.bits, 1))},
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    candidate.refresh_from_db()
    return candidate


def _waiting(candidate_id: int, *, by: Viewer) -> MatchCandidate:
    by.require(Permission.CONSOLIDATE)
    journal_operations.take_turn()
    seen = MatchCandidate.objects.visible_to(by).select_related("left__unit", "right__unit")
    candidate: MatchCandidate | None = seen.filter(pk=candidate_id).first()
    if candidate is None:
        raise UnableToReviewCandidate("没有这对待复核的客户，或不全在您的管辖范围内")
    if candidate.state != CandidateState.OPEN or candidate.left_id == candidate.right_id:
        raise UnableToReviewCandidate("这一对已有结论")
    return candidate
