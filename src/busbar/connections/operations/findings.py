"""Findings put right by the customer and looked at again by the company (R59)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    FindingRecheck,
    FindingState,
    InspectionFinding,
)
from busbar.connections.operations.inspections import LEAST_INSPECTORS
from busbar.connections.recording import record_step
from busbar.connections.sent_files import PHOTOS, SentFile, keep_files
from busbar.connections.works_ground import find_employees, hold_visible, names_of
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

_STATES = (ApplicationState.WORKS, ApplicationState.COMPLETED)


class UnableToRectify(Refusal):
    """The finding cannot be put right or looked at again so."""


@dataclass(frozen=True)
class RecheckAnswer:
    """What was seen of one finding; one that fails needs the next day to be right by."""

    is_passed: bool
    note: str = ""
    rectify_by: dt.date | None = None
    photos: Sequence[SentFile] = ()


@transaction.atomic
def rectify_finding(
    *,
    finding_id: int,
    measure: str,
    rectified_by: str,
    evidence: Sequence[SentFile],
    by: Viewer,
    at: dt.datetime,
) -> InspectionFinding:
    """Enter what was done about a finding, with photos or papers that show it."""
    by.require(Permission.ACCEPT_APPLICATIONS)
    finding, application = _hold(finding_id, by, what="整改")
    if finding.state != FindingState.OPEN:
        raise UnableToRectify(
            "该问题现为“%(label)s”，不能登记整改", label=FindingState(finding.state).label
        )
    if not measure.strip() or not rectified_by.strip():
        raise UnableToRectify("整改措施和整改人都应填写")
    if not evidence:
        raise UnableToRectify("应附整改后的照片或资料")
    finding.state, finding.rectified_at = FindingState.RECTIFIED, at
    finding.rectified_by, finding.measure = rectified_by.strip(), measure.strip()
    finding.evidence = keep_files(evidence, refusal=UnableToRectify)
    finding.save(update_fields=["state", "rectified_at", "rectified_by", "measure", "evidence"])
    late_days = (local_date(at) - finding.rectify_by).days
    record_step(
        event="connections.finding.rectified",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "notice": finding.notice_number,
            "finding": finding.number,
            "late_days": max(0, late_days),
        },
    )
    return finding


@transaction.atomic
def recheck_finding(
    *,
    finding_id: int,
    answer: RecheckAnswer,
    inspector_ids: Sequence[int],
    by: Viewer,
    at: dt.datetime,
) -> FindingRecheck:
    """Look again: a finding that is right is closed, one that is not is open again."""
    by.require(Permission.INSPECT_WORKS)
    finding, application = _hold(finding_id, by, what="复查")
    if finding.state != FindingState.RECTIFIED:
        raise UnableToRectify(
            "该问题现为“%(label)s”，不能复查", label=FindingState(finding.state).label
        )
    people = find_employees(inspector_ids, least=LEAST_INSPECTORS, refusal=UnableToRectify)
    if not answer.is_passed:
        _reopen(finding, answer, local_date(at))
    finding.state = FindingState.CLOSED if answer.is_passed else FindingState.OPEN
    finding.save(update_fields=["state", "rectify_by"])
    recheck = FindingRecheck.objects.create(
        finding=finding,
        rechecked_at=at,
        is_passed=answer.is_passed,
        note=answer.note.strip(),
        photos=keep_files(answer.photos, refusal=UnableToRectify, allowed=PHOTOS),
    )
    recheck.inspectors.set(people)
    record_step(
        event="connections.finding.rechecked",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "notice": finding.notice_number,
            "finding": finding.number,
            "is_passed": answer.is_passed,
            "inspectors": names_of(people),
        },
    )
    return recheck


def _reopen(finding: InspectionFinding, answer: RecheckAnswer, today: dt.date) -> None:
    if not answer.note.strip():
        raise UnableToRectify("复查不合格应写明原因")
    if answer.rectify_by is None or answer.rectify_by < today:
        raise UnableToRectify("复查不合格应另定整改期限，不早于 %(today)s", today=today)
    finding.rectify_by = answer.rectify_by


def _hold(
    finding_id: int, by: Viewer, what: str
) -> tuple[InspectionFinding, ConnectionApplication]:
    seen = InspectionFinding.objects.visible_to(by).select_related("inspection")
    finding: InspectionFinding | None = seen.filter(pk=finding_id).first()
    if finding is None:
        raise UnableToRectify("该检查问题不存在，或不在您的管辖范围内")
    application = hold_visible(
        finding.inspection.application_id,
        by=by,
        refusal=UnableToRectify,
        states=_STATES,
        what=what,
    )
    finding.refresh_from_db(fields=["state", "rectify_by"])
    return finding, application
