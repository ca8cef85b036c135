"""Complaints from receipt to the call-back; the clocks follow what is recorded (R5, R17)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.customers.models import Customer, CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.kit.words import words
from busbar.service_desk.models import (
    Complaint,
    ComplaintChannel,
    ComplaintKind,
    ComplaintState,
)
from busbar.service_desk.operations.ground import (
    COMPLAINT,
    next_number,
    responsible,
    seen_customer,
    tell,
)
from busbar.service_desk.queries.rules import get_parameter


class UnableToHandleComplaint(Refusal):
    """The complaint does not stand where this step begins, or the step says too little."""


@transaction.atomic
def accept_complaint(
    *,
    customer_number: str,
    kind: ComplaintKind | str,
    channel: ComplaintChannel | str,
    person: str,
    text: str,
    owner_id: int,
    by: Viewer,
    at: dt.datetime,
    phone: str = "",
    account_number: str = "",
    received_at: dt.datetime | None = None,
) -> Complaint:
    """Receive a complaint: from this moment it cannot be left out of the ledger (R18).

    Its clocks run from the receipt, which may lie before the entry. One of the same kind from
    the same customer within the days of `repeat_days` is a repetition and names the one before.
    """
    by.require(Permission.HANDLE_COMPLAINTS)
    customer = seen_customer(customer_number, by)
    owner = responsible(owner_id, customer, by)
    received = received_at or at
    if received > at:
        raise UnableToHandleComplaint("收到投诉的时间不能在以后")
    row = Complaint.objects.create(
        number=next_number(Complaint.objects.all(), "TS", owner.unit.code, at),
        customer=customer,
        account=_account(customer, account_number),
        unit=owner.unit,
        owner=owner,
        kind=ComplaintKind(kind),
        channel=ComplaintChannel(channel),
        person=words(person, UnableToHandleComplaint, "请写明投诉人", most=100),
        phone=phone.strip()[:30],
        text=words(text, UnableToHandleComplaint, "请写明投诉的内容"),
        received_at=received,
        entered_by_name=by.name,
        repeats=_earlier(customer, str(kind), received),
    )
    tell(
        "service_desk.complaint.accepted",
        subject_of(row),
        by=by,
        at=received,
        facts={"owner_id": owner.pk},
        kind=row.kind,
        channel=row.channel,
        owner_id=owner.pk,
        repeats=row.repeats.number if row.repeats else "",
    )
    return row


@transaction.atomic
def contact_complainant(*, number: str, note: str, by: Viewer, at: dt.datetime) -> Complaint:
    """The customer was spoken to: what it wants and what was found out."""
    by.require(Permission.HANDLE_COMPLAINTS)
    row = _lock(number, by, ComplaintState.ACCEPTED)
    row.contact_note = words(note, UnableToHandleComplaint, "请写明联系的情况", most=500)
    row.state, row.contacted_at = ComplaintState.CONTACTED, at
    row.save(update_fields=["contact_note", "state", "contacted_at"])
    tell(
        "service_desk.complaint.contacted",
        subject_of(row),
        by=by,
        at=at,
        reason=row.contact_note,
    )
    return row


@transaction.atomic
def answer_complaint(
    *,
    number: str,
    answer: str,
    is_justified: bool,
    cause: str,
    responsible_party: str,
    by: Viewer,
    at: dt.datetime,
) -> Complaint:
    """The written answer, whether the complaint is justified, why it came about, whose it is."""
    by.require(Permission.HANDLE_COMPLAINTS)
    row = _lock(number, by, ComplaintState.CONTACTED)
    row.answer = words(answer, UnableToHandleComplaint, "请写明答复的内容")
    row.cause = words(cause, UnableToHandleComplaint, "请写明原因", most=300)
    row.is_justified = is_justified
    row.responsible = responsible_party.strip()[:150]
    if is_justified and not row.responsible:
        raise UnableToHandleComplaint("属实的投诉须写明责任单位或岗位")
    row.state, row.answered_at = ComplaintState.ANSWERED, at
    row.save()
    tell(
        "service_desk.complaint.answered",
        subject_of(row),
        by=by,
        at=at,
        reason=row.cause,
        facts={"owner_id": row.owner_id},
        is_justified=is_justified,
        responsible=row.responsible,
    )
    return row


@transaction.atomic
def verify_complaint(
    *, number: str, is_satisfied: bool, note: str, by: Viewer, at: dt.datetime
) -> Complaint:
    """The call-back by another than who answers for it; dissatisfied, it opens anew (U20)."""
    by.require(Permission.HANDLE_COMPLAINTS)
    row = _lock(number, by, ComplaintState.ANSWERED)
    if by.is_employee(row.owner_id):
        raise UnableToHandleComplaint("回访须由承办人以外的人进行")
    row.verify_note = words(note, UnableToHandleComplaint, "请写明回访的情况", most=500)
    row.is_satisfied, row.verified_by_name, row.verified_at = is_satisfied, by.name, at
    row.state = ComplaintState.VERIFIED if is_satisfied else ComplaintState.CONTACTED
    row.rounds += not is_satisfied
    row.save()
    done, again = "service_desk.complaint.verified", "service_desk.complaint.reopened"
    tell(
        done if is_satisfied else again,
        subject_of(row),
        by=by,
        at=at,
        reason=row.verify_note,
        facts={"owner_id": row.owner_id},
        is_satisfied=is_satisfied,
        rounds=row.rounds,
    )
    return row


def subject_of(row: Complaint) -> Subject:
    """The complaint as clocks and journal name it."""
    return Subject(COMPLAINT, row.pk, row.number, row.customer_id, unit_id=row.unit_id)


def _lock(number: str, by: Viewer, *states: ComplaintState) -> Complaint:
    journal_operations.take_turn()
    rows = Complaint.objects.select_for_update(of=("self",)).visible_to(by)
    row: Complaint | None = rows.select_related("unit", "customer").filter(number=number).first()
    if row is None:
        raise UnableToHandleComplaint("没有投诉 %(number)s，或不在您的可见范围内", number=number)
    if row.state not in states:
        raise UnableToHandleComplaint(
            "%(number)s 现在%(state)s，不能办理这一步", number=number, state=row.get_state_display()
        )
    return row


def _account(customer: Customer, number: str) -> CustomerAccount | None:
    if not number.strip():
        return None
    rows = CustomerAccount.objects.filter(customer=customer, number=number.strip())
    found: CustomerAccount | None = rows.first()
    if found is None:
        raise UnableToHandleComplaint("该客户没有户号 %(number)s", number=number)
    return found


def _earlier(customer: Customer, kind: str, received: dt.datetime) -> Complaint | None:
    days = int(get_parameter("repeat_days", on=local_date(received)))
    since = received - dt.timedelta(days=days)
    rows = Complaint.objects.filter(customer=customer, kind=kind, received_at__gte=since)
    found: Complaint | None = (
        rows.filter(received_at__lte=received).order_by("-received_at").first()
    )
    return found
