"""A person looks into what a bill shows, and says what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.models import BillFinding
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal

_LONGEST_NOTE = 300


class UnableToReviewFindings(Refusal):
    """Nothing to review, reviewed before, or no word on what came of it."""


@transaction.atomic
def review_findings(
    *, finding_ids: Collection[int], note: str, by: Viewer, at: dt.datetime
) -> list[BillFinding]:
    """Note for each finding who looked into it and what came of it; all of them or none.

    A finding that holds its bill back no longer does. Raises UnableToReviewFindings.
    """
    by.require(Permission.RELEASE_BILLS)
    said = _checked(note)
    findings = _locked(finding_ids, by)
    if not findings or len(findings) != len(set(finding_ids)):
        raise UnableToReviewFindings("没有这项账单提示，账单可能已被更正，请刷新后再看")
    for finding in findings:
        if finding.reviewed_at is not None:
            raise UnableToReviewFindings(
                "户号 %(number)s 的“%(kind)s”已由 %(reviewed_by)s 复核",
                number=finding.account.number,
                kind=finding.get_kind_display(),
                reviewed_by=finding.reviewed_by,
            )
        finding.reviewed_at, finding.reviewed_by, finding.review_note = at, by.name, said
    fields = ["reviewed_at", "reviewed_by", "review_note"]
    BillFinding.objects.bulk_update(findings, fields, batch_size=200)
    _record(findings, by, at)
    return findings


def _checked(note: str) -> str:
    said = note.strip()
    if not said:
        raise UnableToReviewFindings("复核须写明意见")
    if len(said) > _LONGEST_NOTE:
        raise UnableToReviewFindings("复核意见最多 %(longest_note)s 字", longest_note=_LONGEST_NOTE)
    return said


def _locked(finding_ids: Collection[int], by: Viewer) -> list[BillFinding]:
    seen = BillFinding.objects.visible_to(by).filter(pk__in=list(finding_ids)).values("pk")
    locked = BillFinding.objects.select_for_update(of=("self",)).filter(pk__in=seen)
    return list(locked.select_related("account__unit").order_by("pk"))


def _record(findings: Sequence[BillFinding], by: Viewer, at: dt.datetime) -> None:
    happenings = [
        Happening(
            event="billing.finding.reviewed",
            subject_type="billing.bill",
            subject_id=finding.bill_id,
            subject_label=f"{finding.account.number} {finding.month}",
            customer_id=finding.account.customer_id,
            unit_path=finding.account.unit.path,
            changes={"finding": finding.kind},
            reason=finding.review_note,
        )
        for finding in findings
    ]
    journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)
