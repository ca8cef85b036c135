"""Handing in documents and judging them: each file is told from its content (R36)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections import queries as connections_queries
from busbar.connections import sent_files
from busbar.connections.models import (
    ApplicationDocument,
    ApplicationState,
    ConnectionApplication,
    DocumentPhase,
    DocumentRequirement,
    DocumentVerdict,
)
from busbar.connections.operations.submit import acting
from busbar.connections.recording import record_step
from busbar.connections.sent_files import SentFile
from busbar.connections.works_ground import hold, hold_visible
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

_BEFORE_ACCEPTANCE = (ApplicationState.SUBMITTED, ApplicationState.CORRECTING)
_ON_THE_WAY = (
    ApplicationState.ACCEPTED,
    ApplicationState.SCHEME,
    ApplicationState.REPLIED,
    ApplicationState.WORKS,
    ApplicationState.COMPLETED,
    ApplicationState.PASSED,
)
STATES = {
    DocumentPhase.APPLICATION: _BEFORE_ACCEPTANCE,
    DocumentPhase.DESIGN: _ON_THE_WAY,
    DocumentPhase.COMPLETION: _ON_THE_WAY,
}
"""When documents of a phase may come and be judged."""


class UnableToAddDocument(Refusal):
    """The file is refused."""


class UnableToJudgeDocument(Refusal):
    """The document cannot be judged so."""


@transaction.atomic
def add_document(
    *,
    application_id: int,
    file: SentFile,
    requirement_code: str = "",
    phase: DocumentPhase | str = DocumentPhase.APPLICATION,
    title: str = "",
    by: Viewer | None,
    at: dt.datetime,
) -> ApplicationDocument:
    """Keep a file for one requirement of a phase, or as an extra; the latest file counts.

    `by` is None for the applicant. Content is checked before anything is written; PDF, pictures,
    Word, Excel and text are taken. Event `connections.document.added`.
    """
    phase = DocumentPhase(phase)
    application = _hold(application_id, phase, by, UnableToAddDocument, what="提交资料")
    requirement = _requirement(application, phase, requirement_code)
    if requirement is None and not title.strip():
        raise UnableToAddDocument("请写明资料名称，或选择对应的资料要求")
    kept = sent_files.keep_files([file], refusal=UnableToAddDocument)[0]
    same = application.documents.filter(requirement=requirement, sha256=kept["sha256"])
    if same.exists():
        raise UnableToAddDocument("文件 %(file)s 已提交过，内容相同", file=file.name)
    document = ApplicationDocument.objects.create(
        application=application,
        requirement=requirement,
        phase=phase,
        title=(title.strip() or requirement.name if requirement else title.strip())[:200],
        file_name=kept["name"],
        content_type=kept["content_type"],
        sha256=kept["sha256"],
        size_bytes=kept["size_bytes"],
        uploaded_at=at,
        uploaded_by=acting(by, application).name,
    )
    record_step(
        event="connections.document.added",
        application=application,
        actor=acting(by, application),
        at=at,
        changes={"document": document.title, "phase": phase, "sha256": document.sha256},
    )
    return document


@transaction.atomic
def judge_document(
    *,
    document_id: int,
    verdict: DocumentVerdict | str,
    reason: str = "",
    by: Viewer,
    at: dt.datetime,
) -> ApplicationDocument:
    """Accept a document or reject it with a reason; it may be judged again until acceptance.

    Event `connections.document.judged`.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    seen = ApplicationDocument.objects.visible_to(by)
    document: ApplicationDocument | None = seen.filter(pk=document_id).first()
    if document is None:
        raise UnableToJudgeDocument("该资料不存在，或不在您的管辖范围内")
    phase = DocumentPhase(document.phase)
    application = _hold(document.application_id, phase, by, UnableToJudgeDocument, what="审核资料")
    document.refresh_from_db()
    verdict = DocumentVerdict(verdict)
    if verdict == DocumentVerdict.PENDING:
        raise UnableToJudgeDocument("审核结论应为合格或不合格")
    if verdict == DocumentVerdict.REJECTED and not reason.strip():
        raise UnableToJudgeDocument("“%(title)s”判为不合格，应写明原因", title=document.title)
    if _is_superseded(document):
        raise UnableToJudgeDocument(
            "“%(title)s”已有更新的文件，请审核最新的一份", title=document.title
        )
    document.verdict = verdict
    document.verdict_reason = reason.strip()
    document.judged_at, document.judged_by = at, by.name
    document.save(update_fields=["verdict", "verdict_reason", "judged_at", "judged_by"])
    record_step(
        event="connections.document.judged",
        application=application,
        actor=by.actor,
        at=at,
        changes={"document": document.title, "verdict": verdict},
        reason=document.verdict_reason,
    )
    return document


def _hold(
    application_id: int,
    phase: DocumentPhase,
    by: Viewer | None,
    refusal: type[Refusal],
    what: str,
) -> ConnectionApplication:
    states = STATES[phase]
    if by is None:
        return hold(application_id, refusal=refusal, states=states, what=what)
    return hold_visible(application_id, by=by, refusal=refusal, states=states, what=what)


def _requirement(
    application: ConnectionApplication, phase: DocumentPhase, code: str
) -> DocumentRequirement | None:
    if not code:
        return None
    asked = connections_queries.list_requirements(
        application, phase, on=local_date(application.submitted_at)
    )
    found = next((r for r in asked if r.code == code), None)
    if found is None:
        names = "、".join(r.code for r in asked)
        raise UnableToAddDocument(
            "%(label)s阶段没有资料要求“%(code)s”，应为：%(names)s",
            label=phase.label,
            code=code,
            names=names,
        )
    return found


def _is_superseded(document: ApplicationDocument) -> bool:
    if document.requirement_id is None:
        return False
    later = ApplicationDocument.objects.filter(
        application_id=document.application_id, requirement_id=document.requirement_id
    ).order_by("uploaded_at", "pk")
    last = later.last()
    return last is not None and last.pk != document.pk
