"""制发文书: number, date, digest and receipt of every paper that leaves the house (N13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted, Viewer
from busbar.clocks.subjects import Subject
from busbar.connections import sent_files
from busbar.connections.models import (
    ConnectionApplication,
    IssuedPaper,
    PaperKind,
    ReceiptMeans,
)
from busbar.connections.numbering import paper_number
from busbar.connections.recording import record_about
from busbar.connections.sent_files import SentFile
from busbar.connections.subjects import application_facts, application_subject
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor
from busbar.kit import contents
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

WORDS = {
    PaperKind.APPLICATION_FORM: "用电申请",
    PaperKind.ACCEPTANCE: "用电受理",
    PaperKind.CORRECTION: "用电补正",
    PaperKind.REFUSAL: "用电不予受理",
    PaperKind.REGISTRATION: "业扩登记",
    PaperKind.SURVEY: "现场勘察",
    PaperKind.SCHEME_REPLY: "供电方案答复",
    PaperKind.FEE_NOTICE: "用电缴费",
    PaperKind.DESIGN_REVIEW: "设计审查",
    PaperKind.INTERIM_INSPECTION: "中间检查",
    PaperKind.COMPLETION_INSPECTION: "竣工检验",
    PaperKind.ENERGIZATION: "送电通知",
    PaperKind.CHANGE_NOTICE: "变更用电",
    PaperKind.REFUND_NOTICE: "用电退费",
    PaperKind.AGREEMENT: "供用电合同",
}
"""The word with which the numbers of a kind begin, whatever language the screen speaks."""

KEEPERS = (
    Permission.ACCEPT_APPLICATIONS,
    Permission.HANDLE_CHANGES,
    Permission.RECEIVE_FEES,
    Permission.INSPECT_WORKS,
    Permission.ENERGIZE,
)


class UnableToIssuePaper(Refusal):
    """The paper cannot be issued so."""


class UnableToRecordReceipt(Refusal):
    """The receipt cannot be recorded so."""


class UnableToRevokePaper(Refusal):
    """The paper cannot be revoked."""


@dataclass(frozen=True)
class PaperHead:
    """What the paper prints of itself."""

    number: str
    date: dt.date
    unit_name: str


Render = Callable[[PaperHead], bytes]
"""Makes the PDF once the number is known."""


@transaction.atomic
def issue_paper(
    *,
    kind: PaperKind | str,
    pdf: bytes | Render,
    facts: Mapping[str, Any],
    application: ConnectionApplication | None = None,
    about: Subject | None = None,
    actor: Actor,
    at: dt.datetime,
) -> IssuedPaper:
    """Give a paper its number and date, keep its bytes by digest, and tell the journal.

    `pdf` is the file, or a function that makes it from number and date. It is about an
    `application`, or about any other matter in plain values. Numbers run by kind, unit and year
    without gaps: a paper that could not be made takes none. The caller has checked who may.
    Raises UnableToIssuePaper. Event `connections.paper.issued`.
    """
    subject = application_subject(application) if application is not None else about
    if subject is None or (application is not None and about is not None):
        raise UnableToIssuePaper("文书应属于一份申请或一件其他事项")
    kind = PaperKind(kind)
    unit = OrganizationUnit.objects.get(pk=subject.unit_id)
    head = PaperHead(paper_number(WORDS[kind], unit.code, at), local_date(at), unit.name)
    content = pdf if isinstance(pdf, bytes) else pdf(head)
    sent = SentFile(f"{head.number}.pdf", content)
    kept = sent_files.keep_files([sent], refusal=UnableToIssuePaper)[0]
    if kept["content_type"] != contents.PDF:
        raise UnableToIssuePaper("文书 %(number)s 应为 PDF 文件", number=head.number)
    paper = IssuedPaper.objects.create(
        kind=kind,
        number=head.number,
        subject_type=subject.type,
        subject_id=subject.id,
        unit=unit,
        customer_id=subject.customer_id,
        application=application,
        issued_at=at,
        issued_by=actor.name,
        facts=dict(facts),
        sha256=kept["sha256"],
        size_bytes=kept["size_bytes"],
    )
    _record("connections.paper.issued", paper, subject, actor, at)
    return paper


@transaction.atomic
def record_paper_receipt(
    *,
    paper_id: int,
    received_by: str,
    means: ReceiptMeans | str,
    evidence: str = "",
    received_at: dt.datetime | None = None,
    by: Viewer | None,
    at: dt.datetime,
) -> IssuedPaper:
    """Who took the paper, when, by which means, with what evidence; once only.

    `by` is None for an addressee who confirms electronically. A paper left or sent by post needs
    evidence. Raises UnableToRecordReceipt. Event `connections.paper.received`.
    """
    paper = _hold(paper_id, by, UnableToRecordReceipt)
    means = ReceiptMeans(means)
    received_at = received_at or at
    if paper.received_at is not None:
        raise UnableToRecordReceipt(
            "文书 %(number)s 已由%(received_by)s签收",
            number=paper.number,
            received_by=paper.received_by,
        )
    if not received_by.strip():
        raise UnableToRecordReceipt("请写明签收人")
    if not paper.issued_at <= received_at <= at:
        raise UnableToRecordReceipt("签收时间应在制发之后，且不晚于登记时间")
    if means in (ReceiptMeans.LEFT, ReceiptMeans.POST) and not evidence.strip():
        raise UnableToRecordReceipt("%(label)s应写明凭证（见证人或邮件单号）", label=means.label)
    paper.received_at, paper.receipt_means = received_at, means
    paper.received_by = received_by.strip()[:100]
    paper.receipt_evidence = evidence.strip()[:300]
    paper.save(update_fields=["received_at", "receipt_means", "received_by", "receipt_evidence"])
    actor = by.actor if by is not None else Actor(None, paper.received_by)
    _record("connections.paper.received", paper, _subject(paper), actor, at)
    return paper


@transaction.atomic
def revoke_paper(*, paper_id: int, reason: str, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """Declare a paper void, with the reason; its bytes and number stay.

    Raises UnableToRevokePaper. Event `connections.paper.revoked`.
    """
    paper = _hold(paper_id, by, UnableToRevokePaper)
    if not reason.strip():
        raise UnableToRevokePaper("作废文书应写明原因")
    paper.revoked_at, paper.revoked_reason = at, reason.strip()[:300]
    paper.save(update_fields=["revoked_at", "revoked_reason"])
    _record("connections.paper.revoked", paper, _subject(paper), by.actor, at)
    return paper


def _hold(paper_id: int, by: Viewer | None, refusal: type[Refusal]) -> IssuedPaper:
    rows = IssuedPaper.objects.all() if by is None else IssuedPaper.objects.visible_to(by)
    if by is not None and not any(by.may(permission) for permission in KEEPERS):
        raise NotPermitted("没有登记文书的权限")
    if not rows.filter(pk=paper_id).exists():
        raise refusal("该文书不存在，或不在您的管辖范围内")
    journal_operations.take_turn()
    held = IssuedPaper.objects.select_for_update(of=("self",))
    paper: IssuedPaper = held.select_related("unit", "application").get(pk=paper_id)
    if paper.revoked_at is not None:
        raise refusal(
            "文书 %(number)s 已作废：%(revoked_reason)s",
            number=paper.number,
            revoked_reason=paper.revoked_reason,
        )
    return paper


def _subject(paper: IssuedPaper) -> Subject:
    if paper.application is not None:
        return application_subject(paper.application)
    return Subject(
        type=paper.subject_type,
        id=paper.subject_id,
        label=paper.number,
        customer_id=paper.customer_id,
        unit_id=paper.unit_id,
    )


def _record(
    event: str, paper: IssuedPaper, subject: Subject, actor: Actor, at: dt.datetime
) -> None:
    known = application_facts(paper.application) if paper.application is not None else {}
    changes = {"paper": paper.number, "kind": paper.kind, "sha256": paper.sha256}
    if paper.received_by:
        changes |= {"received_by": paper.received_by, "means": paper.receipt_means}
    record_about(
        event=event,
        subject=subject,
        unit_path=paper.unit.path,
        facts={**known, "paper": paper.kind},
        actor=actor,
        at=at,
        changes=changes,
        reason=paper.revoked_reason,
    )
