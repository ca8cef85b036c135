"""The opinions on design and works, round by round (R59, R60)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    DesignReview,
    Inspection,
    InspectionKind,
    IssuedPaper,
    PaperKind,
    Severity,
    Verdict,
)
from busbar.connections.operations.issuing.ground import (
    Facts,
    UnableToCompilePaper,
    applicant_facts,
    firm_facts,
    hold_for,
    issue_about,
    require_any,
)
from busbar.connections.papers import making
from busbar.connections.papers import work_facts as papers
from busbar.connections.works_ground import names_of
from busbar.kit.money import plain
from busbar.kit.periods import local_date

_PAPERS = {
    InspectionKind.INTERIM: (PaperKind.INTERIM_INSPECTION, making.render_mid_inspection),
    InspectionKind.COMPLETION: (
        PaperKind.COMPLETION_INSPECTION,
        making.render_completion_inspection,
    ),
}
_NEXT = {
    (InspectionKind.INTERIM, Verdict.PASSED): "请继续施工；竣工后请备齐竣工资料申请竣工检验。",
    (InspectionKind.INTERIM, Verdict.RETURNED): "请按期整改，整改完毕后申请复查；"
    "未经复查合格的隐蔽部分不得覆盖。",
    (InspectionKind.COMPLETION, Verdict.PASSED): "请办理供用电合同和装表，具备条件后送电。",
    (InspectionKind.COMPLETION, Verdict.RETURNED): "请按期整改，复查合格后重新检验；"
    "检验合格前不得送电。",
}


@transaction.atomic
def issue_design_review_paper(*, review_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """设计审查意见 of one round, all remarks with their clauses (R59).

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.INSPECT_WORKS, Permission.DESIGN_SCHEMES)
    review = DesignReview.objects.visible_to(by).filter(pk=review_id).first()
    if review is None or review.reviewed_at is None:
        raise UnableToCompilePaper("没有已审查的设计文件")
    application = hold_for(review.application_id, by, what="生成设计审查意见")
    facts = {**applicant_facts(application), **firm_facts(application), **_review_facts(review)}
    return issue_about(
        application,
        PaperKind.DESIGN_REVIEW,
        facts,
        lambda head, known: making.render_design_review(papers.Inspection(head=head, **known)),
        by=by,
        at=at,
    )


@transaction.atomic
def issue_inspection_paper(*, inspection_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """中间检查意见 or 竣工检验意见 of one round, with findings and measured values (R59, R60).

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.INSPECT_WORKS)
    inspection = Inspection.objects.visible_to(by).filter(pk=inspection_id).first()
    if inspection is None or inspection.held_at is None:
        raise UnableToCompilePaper("没有已进行的检查")
    kind, render = _PAPERS[InspectionKind(inspection.kind)]
    application = hold_for(inspection.application_id, by, f"生成{kind.label}")
    firms = firm_facts(application)
    facts = {**applicant_facts(application), **firms, **_inspection_facts(inspection)}
    return issue_about(
        application,
        kind,
        facts,
        lambda head, known: render(papers.Inspection(head=head, **known)),
        by=by,
        at=at,
    )


def _review_facts(review: DesignReview) -> Facts:
    passed = review.verdict == Verdict.PASSED
    return {
        "inspected_on": local_date(review.reviewed_at or review.submitted_at),
        "scope": f"{review.title}（第{review.round}轮）",
        "conclusion": str(Verdict(review.verdict).label),
        "conclusion_detail": review.opinion,
        "next_step": "请按审定的设计施工，开工前报开工报告。"
        if passed
        else "请按上述意见一并修改后重新送审；未经审查同意不得施工。",
        "inspectors": review.reviewer.name if review.reviewer else "",
        "findings": tuple(
            papers.Finding(review.title, each.description, "按依据修改", clause=each.clause)
            for each in review.findings.order_by("number")
        ),
    }


def _inspection_facts(inspection: Inspection) -> Facts:
    kind, verdict = InspectionKind(inspection.kind), Verdict(inspection.verdict)
    part = inspection.part or "全部受电工程"
    return {
        "inspected_on": local_date(inspection.held_at or inspection.requested_at),
        "scope": f"{part}（第{inspection.round}次）",
        "conclusion": str(verdict.label),
        "conclusion_detail": _detail(inspection),
        "next_step": _NEXT[kind, verdict],
        "inspectors": names_of(inspection.inspectors.order_by("number")),
        "findings": tuple(
            papers.Finding(
                place=part,
                problem=each.description,
                requirement=f"{Severity(each.severity).label}问题，整改后复查"
                f"（{each.notice_number}）",
                due_on=each.rectify_by,
                clause=each.clause,
            )
            for each in inspection.findings.order_by("number")
        ),
    }


def _detail(inspection: Inspection) -> str:
    """The opinion, then every measured value against its limits."""
    parts = [inspection.opinion] if inspection.opinion else []
    for value in inspection.measurements.order_by("item_code"):
        mark = "合格" if value.is_passed else "不合格"
        parts.append(f"{value.title} {plain(value.measured)}{value.unit}（{mark}）")
    return "；".join(parts)
