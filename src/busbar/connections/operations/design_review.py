"""Design review in rounds: handed in, judged with clauses, passed or returned (R58, R59)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ContractorRole,
    DesignFinding,
    DesignReview,
    Verdict,
)
from busbar.connections.queries.contractors import explain_ineligibility
from busbar.connections.recording import record_step
from busbar.connections.sent_files import SentFile, keep_files
from busbar.connections.subjects import advance
from busbar.connections.works_ground import current_choice, hold_visible
from busbar.kit.errors import Reasons, Refusal
from busbar.kit.periods import local_date

_STATES = (ApplicationState.REPLIED,)


class UnableToReviewDesign(Refusal):
    """The design cannot be handed in or judged so."""


@dataclass(frozen=True)
class DesignRemark:
    """What the design lacks, and the clause that asks for it."""

    clause: str
    description: str


@transaction.atomic
def submit_design(
    *,
    application_id: int,
    title: str,
    submitted_by: str,
    files: Sequence[SentFile],
    by: Viewer,
    at: dt.datetime,
) -> DesignReview:
    """Open the next round with the designer's papers; the review clock runs from here."""
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id, by=by, refusal=UnableToReviewDesign, states=_STATES, what="报送设计"
    )
    choice = current_choice(application, ContractorRole.DESIGN)
    if choice is None:
        raise UnableToReviewDesign("客户尚未选择设计单位")
    reasons = explain_ineligibility(
        choice.contractor,
        role=ContractorRole.DESIGN,
        voltage_kv=choice.voltage_kv,
        on=local_date(at),
    )
    if reasons:
        raise UnableToReviewDesign(
            "设计单位 %(contractor)s：%(reasons)s",
            contractor=choice.contractor.name,
            reasons=Reasons(reasons),
        )
    rounds = list(application.design_reviews.order_by("round"))
    _check_round(rounds, title, submitted_by, files)
    review = DesignReview.objects.create(
        application=application,
        round=len(rounds) + 1,
        designer=choice.contractor,
        title=title.strip(),
        files=keep_files(files, refusal=UnableToReviewDesign),
        submitted_by=submitted_by.strip(),
        submitted_at=at,
    )
    advance(application, application.state, 5)
    record_step(
        event="connections.design.submitted",
        application=application,
        actor=by.actor,
        at=at,
        changes={"round": review.round, "designer": choice.contractor.name},
    )
    return review


def _check_round(
    rounds: Sequence[DesignReview], title: str, submitted_by: str, files: Sequence[SentFile]
) -> None:
    if rounds and rounds[-1].verdict == "":
        raise UnableToReviewDesign(
            "第 %(round)s 轮设计正在审查，不能再次报送", round=rounds[-1].round
        )
    if rounds and rounds[-1].verdict == Verdict.PASSED:
        raise UnableToReviewDesign("设计已审查合格，变更设计应先撤回审查结论")
    if not title.strip() or not submitted_by.strip():
        raise UnableToReviewDesign("设计名称和报送人都应填写")
    if not files:
        raise UnableToReviewDesign("应附设计文件")


@transaction.atomic
def review_design(
    *,
    review_id: int,
    verdict: Verdict | str,
    opinion: str,
    findings: Sequence[DesignRemark] = (),
    by: Viewer,
    at: dt.datetime,
) -> DesignReview:
    """Judge the open round. A returned design names each finding with its clause, all at once."""
    by.require(Permission.INSPECT_WORKS)
    verdict = Verdict(verdict)
    review = _open_review(review_id, by)
    application = hold_visible(
        review.application_id, by=by, refusal=UnableToReviewDesign, states=_STATES, what="设计审查"
    )
    review.refresh_from_db()
    if review.verdict:
        raise UnableToReviewDesign(
            "第 %(round)s 轮设计已审查，结论：%(review)s", round=review.round, review=_label(review)
        )
    _check_findings(verdict, findings)
    review.verdict, review.opinion = verdict, opinion.strip()
    review.reviewer_id, review.reviewed_at = by.employee_id, at
    review.save(update_fields=["verdict", "opinion", "reviewer", "reviewed_at"])
    DesignFinding.objects.bulk_create(
        DesignFinding(
            review=review, number=number, clause=remark.clause, description=remark.description
        )
        for number, remark in enumerate(findings, start=1)
    )
    record_step(
        event="connections.design.reviewed",
        application=application,
        actor=by.actor,
        at=at,
        changes={"round": review.round, "verdict": verdict, "findings": len(findings)},
        facts={"verdict": str(verdict)},
    )
    return review


def _open_review(review_id: int, by: Viewer) -> DesignReview:
    seen = DesignReview.objects.visible_to(by)
    review: DesignReview | None = seen.filter(pk=review_id).first()
    if review is None:
        raise UnableToReviewDesign("该设计审查不存在，或不在您的管辖范围内")
    return review


def _check_findings(verdict: Verdict, findings: Sequence[DesignRemark]) -> None:
    if verdict == Verdict.RETURNED and not findings:
        raise UnableToReviewDesign("退回设计应一次列明全部审查意见及所依据的条款")
    for number, remark in enumerate(findings, start=1):
        if not remark.clause.strip() or not remark.description.strip():
            raise UnableToReviewDesign(
                "第 %(number)s 条审查意见应写明内容和依据条款", number=number
            )


def _label(review: DesignReview) -> str:
    return str(Verdict(review.verdict).label)
