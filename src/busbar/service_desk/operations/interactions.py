"""Visits planned, prepared and held; calls, messages and e-mails as they happened (U4, U5, R82)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.customers import operations as customers_operations
from busbar.customers.models import Contact, Customer, Document
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.words import words
from busbar.service_desk.models import (
    Direction,
    Interaction,
    InteractionFile,
    InteractionKind,
    InteractionState,
)
from busbar.service_desk.models.interactions import PLANNED_KINDS
from busbar.service_desk.operations.ground import INTERACTION, responsible, seen_customer, tell
from busbar.service_desk.queries.briefing import brief


class UnableToRecordInteraction(Refusal):
    """The visit, call or message cannot be kept as asked."""


@transaction.atomic
def plan_interaction(
    *,
    customer_number: str,
    subject: str,
    planned_at: dt.datetime,
    owner_id: int,
    by: Viewer,
    at: dt.datetime,
    kind: InteractionKind | str = InteractionKind.VISIT,
    place: str = "",
    contact_name: str = "",
    our_people: str = "",
    topics: str = "",
) -> Interaction:
    """Plan a visit or a meeting; it stands in 今日 until it is held or cancelled."""
    by.require(Permission.KEEP_RELATIONS)
    customer = seen_customer(customer_number, by)
    owner = responsible(owner_id, customer, by)
    if kind not in PLANNED_KINDS:
        raise UnableToRecordInteraction("只有走访和会议可以预先安排，电话和消息发生后登记")
    if planned_at < at:
        raise UnableToRecordInteraction("计划时间已过，请直接登记已发生的走访")
    row = Interaction.objects.create(
        customer=customer,
        unit=owner.unit,
        owner=owner,
        kind=InteractionKind(kind),
        state=InteractionState.PLANNED,
        subject=words(subject, UnableToRecordInteraction, "请写明走访的目的", most=200),
        planned_at=planned_at,
        place=place.strip()[:200],
        contact=_contact(customer, contact_name),
        contact_name=contact_name.strip()[:100],
        our_people=our_people.strip()[:300],
        topics=topics.strip(),
        entered_at=at,
        entered_by_name=by.name,
    )
    tell(
        "service_desk.interaction.planned",
        subject_of(row),
        by=by,
        at=at,
        kind=row.kind,
        planned_at=planned_at,
        owner_id=owner.pk,
    )
    return row


@transaction.atomic
def prepare_interaction(
    *, interaction_id: int, topics: str, by: Viewer, at: dt.datetime
) -> Interaction:
    """Keep what the visitor should know as it stands now, and what is to be talked about."""
    by.require(Permission.KEEP_RELATIONS)
    row = lock_interaction(interaction_id, by)
    _check_open(row)
    row.topics = words(topics, UnableToRecordInteraction, "请写明要谈的事项")
    row.preparation = [line.plain() for line in brief(by, row.customer, at=at)]
    row.state = InteractionState.PREPARED
    row.save(update_fields=["topics", "preparation", "state"])
    tell("service_desk.interaction.prepared", subject_of(row), by=by, at=at)
    return row


@transaction.atomic
def record_minutes(
    *,
    interaction_id: int,
    happened_at: dt.datetime,
    minutes: str,
    by: Viewer,
    at: dt.datetime,
    findings: str = "",
    our_people: str = "",
    their_people: str = "",
    topics: str = "",
) -> Interaction:
    """A planned visit was held: who took part, what was said and found."""
    by.require(Permission.KEEP_RELATIONS)
    row = lock_interaction(interaction_id, by)
    _check_open(row)
    _check_happened(happened_at, at)
    row.state, row.happened_at = InteractionState.DONE, happened_at
    row.minutes = words(minutes, UnableToRecordInteraction, "请填写纪要")
    row.findings = findings.strip()
    row.our_people = our_people.strip()[:300] or row.our_people
    row.their_people = words(
        their_people, UnableToRecordInteraction, "请写明客户方参加的人", most=300
    )
    row.topics = topics.strip() or row.topics
    row.save()
    _tell_held(row, by, at)
    return row


@transaction.atomic
def record_interaction(
    *,
    customer_number: str,
    kind: InteractionKind | str,
    subject: str,
    happened_at: dt.datetime,
    minutes: str,
    owner_id: int,
    by: Viewer,
    at: dt.datetime,
    direction: Direction | str = Direction.OUT,
    contact_name: str = "",
    our_people: str = "",
    their_people: str = "",
    topics: str = "",
    findings: str = "",
    place: str = "",
    is_for_customer: bool = False,
) -> Interaction:
    """What happened without a plan: a call, a message, an e-mail, a visit by the way.

    With `is_for_customer` the words are the customer's, entered for it (U24): who said them must
    be named.
    """
    by.require(Permission.KEEP_RELATIONS)
    customer = seen_customer(customer_number, by)
    owner = responsible(owner_id, customer, by)
    _check_happened(happened_at, at)
    if is_for_customer and not contact_name.strip():
        raise UnableToRecordInteraction("代客录入须写明是客户的哪一位说的")
    row = Interaction.objects.create(
        customer=customer,
        unit=owner.unit,
        owner=owner,
        kind=InteractionKind(kind),
        direction=Direction.IN if is_for_customer else Direction(direction),
        state=InteractionState.DONE,
        subject=words(subject, UnableToRecordInteraction, "请写明事由", most=200),
        happened_at=happened_at,
        place=place.strip()[:200],
        contact=_contact(customer, contact_name),
        contact_name=contact_name.strip()[:100],
        our_people=our_people.strip()[:300],
        their_people=their_people.strip()[:300],
        topics=topics.strip(),
        minutes=words(minutes, UnableToRecordInteraction, "请填写内容"),
        findings=findings.strip(),
        is_for_customer=is_for_customer,
        entered_at=at,
        entered_by_name=by.name,
    )
    _tell_held(row, by, at)
    return row


@transaction.atomic
def cancel_interaction(
    *, interaction_id: int, reason: str, by: Viewer, at: dt.datetime
) -> Interaction:
    """A planned visit does not take place; it stays in the timeline with the reason."""
    by.require(Permission.KEEP_RELATIONS)
    row = lock_interaction(interaction_id, by)
    _check_open(row)
    row.cancelled_because = words(reason, UnableToRecordInteraction, "请写明取消的原因", most=300)
    row.state = InteractionState.CANCELLED
    row.save(update_fields=["state", "cancelled_because"])
    tell(
        "service_desk.interaction.cancelled",
        subject_of(row),
        by=by,
        at=at,
        reason=row.cancelled_because,
    )
    return row


@transaction.atomic
def attach_to_interaction(
    *,
    interaction_id: int,
    title: str,
    file_name: str,
    chunks: Iterable[bytes],
    by: Viewer,
    at: dt.datetime,
) -> Document:
    """A photo, a signed sheet, a report: kept with the customer's documents and named here."""
    by.require(Permission.KEEP_RELATIONS)
    row = lock_interaction(interaction_id, by)
    document = customers_operations.attach_document(
        customer=row.customer,
        title=title,
        kind="interaction",
        file_name=file_name,
        chunks=chunks,
        by=by,
        at=at,
    )
    InteractionFile.objects.create(interaction=row, document=document)
    tell(
        "service_desk.interaction.file_added",
        subject_of(row),
        by=by,
        at=at,
        document_id=document.pk,
    )
    return document


def subject_of(row: Interaction) -> Subject:
    """The interaction as the journal names it."""
    return Subject(INTERACTION, row.pk, row.subject, row.customer_id, unit_id=row.unit_id)


def lock_interaction(interaction_id: int, by: Viewer) -> Interaction:
    """The row as it stands, held."""
    journal_operations.take_turn()
    rows = Interaction.objects.select_for_update(of=("self",)).visible_to(by)
    found: Interaction | None = (
        rows.select_related("customer__unit", "unit", "owner").filter(pk=interaction_id).first()
    )
    if found is None:
        raise UnableToRecordInteraction("没有这次走访，或不在您的可见范围内")
    return found


def _check_open(row: Interaction) -> None:
    if not row.is_open:
        raise UnableToRecordInteraction(
            "这次往来%(state)s，不能再改", state=row.get_state_display()
        )


def _check_happened(happened_at: dt.datetime, at: dt.datetime) -> None:
    if happened_at > at:
        raise UnableToRecordInteraction("发生时间不能在以后")


def _contact(customer: Customer, name: str) -> Contact | None:
    return Contact.objects.filter(customer=customer, name=name.strip()).order_by("id").first()


def _tell_held(row: Interaction, by: Viewer, at: dt.datetime) -> None:
    tell(
        "service_desk.interaction.held",
        subject_of(row),
        by=by,
        at=at,
        kind=row.kind,
        happened_at=row.happened_at,
        is_for_customer=row.is_for_customer,
        contact_name=row.contact_name,
    )
