"""The completion report with its whole list of papers (R60)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    BuiltTransformer,
    CompletionReport,
    ConnectionApplication,
    DocumentPhase,
    InspectionKind,
    Severity,
    SupplyKind,
)
from busbar.connections.queries.documents import DocumentList, get_document_list
from busbar.connections.queries.works import list_blocking_findings
from busbar.connections.recording import record_step
from busbar.connections.sent_files import SentFile, keep_files
from busbar.connections.subjects import advance
from busbar.connections.works_ground import hold_visible
from busbar.kit.errors import Listing, Reasons, Refusal
from busbar.kit.periods import local_date


class UnableToReportCompletion(Refusal):
    """The works cannot be reported complete; everything missing is named."""


@dataclass(frozen=True)
class AsBuilt:
    """One transformer as it stands: label on the drawing, kVA, interlock group."""

    label: str
    capacity_kva: int
    model: str = ""
    interlock_group: str = ""
    is_running: bool = True


@transaction.atomic
def report_completion(
    *,
    application_id: int,
    finished_on: dt.date,
    reported_by: str,
    report: Sequence[SentFile],
    transformers: Sequence[AsBuilt] = (),
    summary: str = "",
    by: Viewer,
    at: dt.datetime,
) -> CompletionReport:
    """Accept the written report, with every paper of the list and no severe finding open.

    `transformers` are entered into the archive on energising. Refused with all that is missing
    in one sentence: each document by name, each open finding by notice and number.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToReportCompletion,
        states=(ApplicationState.WORKS,),
        what="竣工报验",
    )
    documents = get_document_list(application, DocumentPhase.COMPLETION)
    missing = [
        *_against_report(application, finished_on, reported_by, report, local_date(at)),
        *_against_documents(documents),
        *_against_inspections(application),
        *_against_transformers(application, transformers),
    ]
    if missing:
        raise UnableToReportCompletion("不能报验：%(missing)s", missing=Reasons(missing))
    made = CompletionReport.objects.create(
        application=application,
        round=application.completion_reports.count() + 1,
        finished_on=finished_on,
        summary=summary.strip(),
        files=keep_files(report, refusal=UnableToReportCompletion),
        documents=_listed(documents),
        reported_by=reported_by.strip(),
        reported_at=at,
    )
    _build(application, transformers)
    advance(application, ApplicationState.COMPLETED, 6)
    record_step(
        event="connections.completion.reported",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "round": made.round,
            "finished_on": finished_on,
            "documents": len(made.documents),
            "built_kva": sum(t.capacity_kva for t in transformers),
        },
        facts={"inspection_kind": str(InspectionKind.COMPLETION)},
    )
    return made


def _against_report(
    application: ConnectionApplication,
    finished_on: dt.date,
    reported_by: str,
    report: Sequence[SentFile],
    today: dt.date,
) -> list[Refusal]:
    missing = []
    if not report:
        missing.append(Refusal("缺竣工书面报告"))
    if not reported_by.strip():
        missing.append(Refusal("未填写报验人"))
    started_on = application.works_started_on
    if finished_on > today or (started_on is not None and finished_on < started_on):
        missing.append(
            Refusal(
                "竣工日期 %(finished_on)s 应在开工日 %(started_on)s 与今天 %(today)s 之间",
                finished_on=finished_on,
                started_on=started_on,
                today=today,
            )
        )
    return missing


def _against_documents(documents: DocumentList) -> list[Refusal]:
    absent = [line.requirement.name for line in documents.missing]
    pending = [line.requirement.name for line in documents.pending if line.is_open]
    reasons = []
    if absent:
        reasons.append(Refusal("缺件或不合格：%(absent)s", absent=Listing(absent)))
    if pending:
        reasons.append(Refusal("尚未审核：%(pending)s", pending=Listing(pending)))
    return reasons


def _against_inspections(application: ConnectionApplication) -> list[Refusal]:
    reasons = [
        Refusal(
            "严重问题未复查合格：%(notice_number)s第%(number)s项",
            notice_number=finding.notice_number,
            number=finding.number,
        )
        for finding in list_blocking_findings(application, severities=(Severity.SEVERE,))
    ]
    if application.inspections.filter(kind=InspectionKind.INTERIM, verdict="").exists():
        reasons.append(Refusal("申请的中间检查尚未进行"))
    return reasons


def _against_transformers(
    application: ConnectionApplication, transformers: Sequence[AsBuilt]
) -> list[Refusal]:
    labels = [built.label.strip() for built in transformers]
    reasons = []
    if application.supply_kind in (SupplyKind.HV_SINGLE, SupplyKind.HV_DUAL) and not labels:
        reasons.append(Refusal("高压用户未填写竣工的受电变压器"))
    if "" in labels or len(set(labels)) < len(labels):
        reasons.append(Refusal("竣工变压器应各有不同的编号"))
    if any(built.capacity_kva <= 0 for built in transformers):
        reasons.append(Refusal("变压器容量应大于 0 千伏安"))
    return reasons


def _listed(documents: DocumentList) -> list[dict[str, Any]]:
    return [
        {
            "code": line.requirement.code,
            "name": line.requirement.name,
            "sha256": line.document.sha256,
        }
        for line in documents.lines
        if line.document is not None
    ]


def _build(application: ConnectionApplication, transformers: Sequence[AsBuilt]) -> None:
    BuiltTransformer.objects.bulk_create(
        BuiltTransformer(
            application=application,
            label=built.label.strip(),
            model=built.model,
            capacity_kva=built.capacity_kva,
            interlock_group=built.interlock_group,
            is_running=built.is_running,
        )
        for built in transformers
    )
