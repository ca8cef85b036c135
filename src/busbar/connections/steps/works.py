"""Stages 5 and 6: firms, design, works, inspections, completion (R58–R60)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from busbar.connections import operations
from busbar.connections.models import (
    ConnectionApplication,
    Contractor,
    ContractorRole,
    DesignReview,
    FindingState,
    Inspection,
    InspectionFinding,
    InspectionKind,
    Verdict,
)
from busbar.connections.operations.completion import AsBuilt
from busbar.connections.operations.design_review import DesignRemark
from busbar.connections.operations.findings import RecheckAnswer
from busbar.connections.operations.inspections import InspectionOutcome, SeenFinding
from busbar.connections.steps.answers import (
    Facts,
    UnableToAnswer,
    application_of,
    employee_ids,
    files,
    keyed,
    rows,
    text,
)
from busbar.connections.works_ground import current_choice
from busbar.workflow.registry import TaskCompletion


def confirm_contractors(completion: TaskCompletion) -> Facts:
    """Record the customer's own choice by signed declaration, or go on with one made online."""
    application = application_of(completion)
    for role in (ContractorRole.DESIGN, ContractorRole.CONSTRUCTION):
        code = text(completion, f"{role}_code")
        if code:
            _choose(completion, application, role, code)
        elif current_choice(application, role) is None and _needs(application, role):
            raise UnableToAnswer("客户还没有选定%(label)s", label=role.label)
    return {}


def submit_design(completion: TaskCompletion) -> Facts:
    """The designer's papers."""
    operations.submit_design(
        application_id=completion.instance.subject_id,
        title=text(completion, "title"),
        submitted_by=text(completion, "submitted_by"),
        files=files(completion, "drawings"),
        by=completion.viewer,
        at=completion.at,
    )
    return {}


def review_design(completion: TaskCompletion) -> Facts:
    """The verdict on the open round, all remarks at once."""
    reviews = DesignReview.objects.filter(application=completion.instance.subject_id, verdict="")
    review = reviews.first()
    if review is None:
        raise UnableToAnswer("没有待审的设计文件")
    operations.review_design(
        review_id=review.pk,
        verdict=Verdict(completion.outcome),
        opinion=text(completion, "opinion"),
        findings=[
            DesignRemark(str(row["clause"]), str(row["description"]))
            for row in rows(completion, "remarks")
        ],
        by=completion.viewer,
        at=completion.at,
    )
    operations.issue_design_review_paper(
        review_id=review.pk, by=completion.viewer, at=completion.at
    )
    return {}


def report_work_start(completion: TaskCompletion) -> Facts:
    """开工报告: the scheme's validity has done its work."""
    operations.report_work_start(
        application_id=completion.instance.subject_id,
        started_on=completion.data["started_on"],
        supervisor_name=text(completion, "supervisor_name"),
        supervisor_phone=text(completion, "supervisor_phone"),
        planned_until=completion.data.get("planned_until"),
        files=files(completion, "papers"),
        by=completion.viewer,
        at=completion.at,
    )
    return {}


def request_interim(completion: TaskCompletion) -> Facts:
    """The customer asks for the look at what will be covered."""
    _request(completion, InspectionKind.INTERIM, text(completion, "part"))
    return {}


def hold_interim(completion: TaskCompletion) -> Facts:
    """中间检查."""
    return _hold(completion, InspectionKind.INTERIM)


def hold_completion(completion: TaskCompletion) -> Facts:
    """竣工检验."""
    return _hold(completion, InspectionKind.COMPLETION)


def report_completion(completion: TaskCompletion) -> Facts:
    """The written report with every paper of the list; the inspection is asked for with it."""
    operations.report_completion(
        application_id=completion.instance.subject_id,
        finished_on=completion.data["finished_on"],
        reported_by=text(completion, "requested_by"),
        report=files(completion, "report"),
        transformers=[_built(row) for row in rows(completion, "transformers")],
        summary=text(completion, "summary"),
        by=completion.viewer,
        at=completion.at,
    )
    _request(completion, InspectionKind.COMPLETION, "")
    return {}


def rectify_findings(completion: TaskCompletion) -> Facts:
    """What was done about every open finding, with the evidence."""
    for finding in _findings(completion, FindingState.OPEN):
        operations.rectify_finding(
            finding_id=finding.pk,
            measure=text(completion, "measure"),
            rectified_by=text(completion, "rectified_by"),
            evidence=files(completion, "evidence"),
            by=completion.viewer,
            at=completion.at,
        )
    return {}


def recheck_findings(completion: TaskCompletion) -> Facts:
    """Look again at everything that is said to be right."""
    passed = completion.outcome == "passed"
    answer = RecheckAnswer(
        passed,
        text(completion, "note"),
        completion.data.get("rectify_by"),
        files(completion, "photos"),
    )
    for finding in _findings(completion, FindingState.RECTIFIED):
        operations.recheck_finding(
            finding_id=finding.pk,
            answer=answer,
            inspector_ids=employee_ids(completion.data.get("inspectors") or ()),
            by=completion.viewer,
            at=completion.at,
        )
    return {"findings_open": bool(_findings(completion, FindingState.OPEN))}


def recheck_completion(completion: TaskCompletion) -> Facts:
    """The same after a completion inspection, which is then asked for anew."""
    facts = recheck_findings(completion)
    if not facts["findings_open"]:
        application = application_of(completion)
        _request(completion, InspectionKind.COMPLETION, "", by=application.contact_name)
    return facts


def _choose(
    completion: TaskCompletion, application: ConnectionApplication, role: ContractorRole, code: str
) -> None:
    firm = Contractor.objects.filter(code=code).first()
    if firm is None:
        raise UnableToAnswer("名录中没有编码为 %(code)s 的单位", code=code)
    operations.choose_contractor(
        application_id=application.pk,
        role=role,
        contractor_id=firm.pk,
        chosen_by=text(completion, "chosen_by"),
        free_choice_confirmed=bool(completion.data.get("free_choice")),
        declaration=files(completion, "declaration"),
        by=completion.viewer,
        at=completion.at,
    )


def _needs(application: ConnectionApplication, role: ContractorRole) -> bool:
    return role == ContractorRole.CONSTRUCTION or application.supply_kind in {
        "hv_single",
        "hv_dual",
    }


def _request(completion: TaskCompletion, kind: InspectionKind, part: str, *, by: str = "") -> None:
    operations.request_inspection(
        application_id=completion.instance.subject_id,
        kind=kind,
        requested_by=by or text(completion, "requested_by"),
        part=part,
        by=completion.viewer,
        at=completion.at,
    )


def _hold(completion: TaskCompletion, kind: InspectionKind) -> Facts:
    waiting = Inspection.objects.filter(
        application=completion.instance.subject_id, kind=kind, verdict=""
    )
    inspection = waiting.first()
    if inspection is None:
        raise UnableToAnswer("没有待进行的%(label)s", label=kind.label)
    photos = files(completion, "photos")
    held = operations.hold_inspection(
        inspection_id=inspection.pk,
        outcome=InspectionOutcome(
            inspector_ids=employee_ids(completion.data.get("inspectors") or ()),
            held_at=completion.data["held_at"],
            opinion=text(completion, "opinion"),
            witness=text(completion, "witness"),
            findings=[_seen(row, photos) for row in rows(completion, "findings")],
            measured=keyed(rows(completion, "measured"), "code", "value"),
            files=photos,
        ),
        by=completion.viewer,
        at=completion.at,
    )
    if (held.verdict == Verdict.RETURNED) != (completion.outcome == "returned"):
        label = Verdict(held.verdict).label
        raise UnableToAnswer("按所填的问题和试验数据，结论应为“%(label)s”", label=label)
    operations.issue_inspection_paper(
        inspection_id=inspection.pk, by=completion.viewer, at=completion.at
    )
    return {"findings_open": bool(_findings(completion, FindingState.OPEN))}


def _seen(row: Mapping[str, Any], photos: list[Any]) -> SeenFinding:
    return SeenFinding(
        severity=str(row["severity"]),
        clause=str(row["clause"]),
        description=str(row["description"]),
        rectify_by=row["rectify_by"],
        photos=photos if row["severity"] == "severe" else (),
    )


def _built(row: Mapping[str, Any]) -> AsBuilt:
    return AsBuilt(
        label=str(row["label"]),
        capacity_kva=int(row["capacity_kva"]),
        model=str(row.get("model") or ""),
        interlock_group=str(row.get("interlock_group") or ""),
    )


def _findings(completion: TaskCompletion, state: FindingState) -> list[InspectionFinding]:
    rows_of = InspectionFinding.objects.filter(
        inspection__application=completion.instance.subject_id, state=state
    )
    return list(rows_of.order_by("id"))
