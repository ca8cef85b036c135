"""The promise ledger: made, kept, handed on, withdrawn by consent; never deleted (N9)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks.operations import UnableToMoveClock
from busbar.clocks.subjects import Subject
from busbar.customers.models import Customer, Document
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.words import words
from busbar.service_desk.models import (
    Complaint,
    Interaction,
    InteractionState,
    Promise,
    PromiseState,
)
from busbar.service_desk.operations.ground import PROMISE, responsible, tell

LIMIT = "promise"


class UnableToKeepLedger(Refusal):
    """The promise cannot be entered or changed so."""


@transaction.atomic
def make_promise(
    *,
    text: str,
    due_days: int,
    owner_id: int,
    made_to: str,
    by: Viewer,
    at: dt.datetime,
    interaction_id: int | None = None,
    complaint_number: str = "",
) -> Promise:
    """Enter what was promised; its clock runs from the moment of the talk, not of the entry.

    `due_days` are working days, no more than the limit `promise` in force allows.
    """
    by.require(Permission.KEEP_RELATIONS)
    interaction, complaint = _origin(interaction_id, complaint_number, by)
    source = interaction or complaint
    if source is None:
        raise UnableToKeepLedger("承诺须写明是在哪次往来或哪件投诉中作出的")
    customer: Customer = source.customer
    owner = responsible(owner_id, customer, by)
    made_at = (interaction.happened_at if interaction else None) or at
    row = Promise.objects.create(
        customer=customer,
        unit=owner.unit,
        owner=owner,
        interaction=interaction,
        complaint=complaint,
        text=words(text, UnableToKeepLedger, "请写明承诺了什么", most=500),
        made_to=words(made_to, UnableToKeepLedger, "请写明向客户的哪一位承诺", most=100),
        made_at=made_at,
        made_by_name=by.name,
        due_days=_days(due_days),
    )
    tell(
        "service_desk.promise.made",
        subject_of(row),
        by=by,
        at=at,
        text=row.text,
        due_days=due_days,
        owner_id=owner.pk,
        made_to=row.made_to,
    )
    _start_clock(row, by)
    return row


@transaction.atomic
def keep_promise(
    *,
    promise_id: int,
    evidence: str,
    by: Viewer,
    at: dt.datetime,
    document_id: int | None = None,
) -> Promise:
    """It is done, and this shows it; in time or late its clock says."""
    row = lock_promise(promise_id, by)
    row.evidence = words(evidence, UnableToKeepLedger, "请写明怎样兑现的、凭什么认定", most=500)
    row.evidence_document = _document(document_id, row, by)
    row.state, row.kept_at = PromiseState.KEPT, at
    row.save(update_fields=["evidence", "evidence_document", "state", "kept_at"])
    tell(
        "service_desk.promise.kept",
        subject_of(row),
        by=by,
        at=at,
        reason=row.evidence,
        late=row.is_late(at),
    )
    return row


@transaction.atomic
def withdraw_promise(
    *,
    promise_id: int,
    reason: str,
    consent_by: str,
    by: Viewer,
    at: dt.datetime,
    document_id: int | None = None,
) -> Promise:
    """The customer agrees that it falls away: who agreed and why stay in the ledger.

    What is late already stays late: nobody withdraws a promise that was broken.
    """
    row = lock_promise(promise_id, by)
    if row.is_late(at):
        raise UnableToKeepLedger("承诺已超期，不能再撤回，只能兑现")
    row.withdrawn_because = words(reason, UnableToKeepLedger, "请写明撤回的原因", most=500)
    row.consent_by = words(
        consent_by, UnableToKeepLedger, "撤回须经客户同意，请写明是谁同意的", most=100
    )
    row.consent_document = _document(document_id, row, by)
    row.state, row.withdrawn_at = PromiseState.WITHDRAWN, at
    row.save(
        update_fields=[
            "withdrawn_because",
            "consent_by",
            "consent_document",
            "state",
            "withdrawn_at",
        ]
    )
    tell(
        "service_desk.promise.withdrawn",
        subject_of(row),
        by=by,
        at=at,
        reason=row.withdrawn_because,
        facts={"reason": row.withdrawn_because},
        consent_by=row.consent_by,
    )
    return row


@transaction.atomic
def hand_over_promise(
    *, promise_id: int, owner_id: int, reason: str, by: Viewer, at: dt.datetime
) -> Promise:
    """Another answers for it from now on; its clock runs on as it was."""
    by.require(Permission.KEEP_RELATIONS)
    row = lock_promise(promise_id, by)
    owner, before = responsible(owner_id, row.customer, by), row.owner
    if owner.pk == before.pk:
        raise UnableToKeepLedger("现在就由%(owner)s负责", owner=owner.name)
    why = words(reason, UnableToKeepLedger, "请写明移交的原因", most=300)
    row.owner, row.unit = owner, owner.unit
    row.save(update_fields=["owner", "unit"])
    if row.clock is not None:
        clocks_operations.reassign_clock(
            clock_id=row.clock.pk,
            owner_id=owner.pk,
            unit_id=owner.unit_id,
            actor=by.actor,
            at=at,
        )
    tell(
        "service_desk.promise.handed_over",
        subject_of(row),
        by=by,
        at=at,
        reason=why,
        owner=[before.name, owner.name],
        owner_id=owner.pk,
    )
    return row


def subject_of(row: Promise) -> Subject:
    """The promise as clocks and journal name it."""
    return Subject(PROMISE, row.pk, row.text[:60], row.customer_id, unit_id=row.unit_id)


def lock_promise(promise_id: int, by: Viewer) -> Promise:
    """An open promise, held; for whoever answers for it, or keeps its branch's relations."""
    journal_operations.take_turn()
    rows = Promise.objects.select_for_update(of=("self",)).visible_to(by)
    row: Promise | None = (
        rows.select_related("customer", "clock", "owner", "unit").filter(pk=promise_id).first()
    )
    if row is None:
        raise UnableToKeepLedger("没有这个承诺，或不在您的可见范围内")
    if not by.is_employee(row.owner_id) and not by.may(Permission.KEEP_RELATIONS):
        raise NotPermitted("只有负责人或维护客户关系的人可以办理承诺")
    if row.state != PromiseState.OPEN:
        raise UnableToKeepLedger("承诺%(state)s，不能再改", state=row.get_state_display())
    return row


def _origin(
    interaction_id: int | None, complaint_number: str, by: Viewer
) -> tuple[Interaction | None, Complaint | None]:
    """Where it was promised: an interaction that took place, or a complaint."""
    if interaction_id is not None:
        rows = Interaction.objects.visible_to(by).select_related("customer")
        held = rows.filter(pk=interaction_id).first()
        if held is None:
            raise UnableToKeepLedger("没有这次往来，或不在您的可见范围内")
        if held.state != InteractionState.DONE:
            raise UnableToKeepLedger("先登记纪要，再登记其中的承诺")
        return held, None
    seen = Complaint.objects.visible_to(by).select_related("customer")
    return None, seen.filter(number=complaint_number).first()


def _start_clock(row: Promise, by: Viewer) -> None:
    try:
        row.clock = clocks_operations.start_clock(
            code=LIMIT,
            subject=subject_of(row),
            actor=by.actor,
            at=row.made_at,
            owner_id=row.owner_id,
            own_amount=Decimal(row.due_days),
        )
    except UnableToMoveClock as refusal:
        raise UnableToKeepLedger.saying(refusal) from refusal
    row.save(update_fields=["clock"])


def _days(due_days: int) -> int:
    most = 32_767
    if not 0 < due_days <= most:
        raise UnableToKeepLedger("期限须为至少 1 个工作日")
    return due_days


def _document(document_id: int | None, row: Promise, by: Viewer) -> Document | None:
    if document_id is None:
        return None
    rows = Document.objects.visible_to(by).filter(customer=row.customer_id)
    found: Document | None = rows.filter(pk=document_id).first()
    if found is None:
        raise UnableToKeepLedger("凭证须是该客户的一份文档")
    return found
