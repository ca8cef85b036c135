"""Saying something to somebody: the message and its deliveries, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from busbar.access.models import Employee
from busbar.access.visibility import NotPermitted, Viewer
from busbar.customers.models import Contact
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.kit.errors import Refusal
from busbar.notifications import wording
from busbar.notifications.models import (
    Channel,
    Delivery,
    DeliveryState,
    Message,
    MessageTemplate,
)

MESSAGE = "notifications.message"


class UnableToSendMessage(Refusal):
    """Nobody to say it to, no way to reach them, or no words for it."""


@dataclass(frozen=True)
class Recipient:
    """To whom: exactly one of an employee, a customer's contact, a plain address."""

    employee_id: int | None = None
    contact_id: int | None = None
    address: str = ""
    name: str = ""


@dataclass(frozen=True)
class About:
    """What of, in plain values; `unit_id` is in whose name it is said."""

    subject_type: str
    subject_id: int
    unit_id: int
    label: str = ""
    customer_id: int | None = None


@dataclass(frozen=True)
class _Reached:
    """A recipient found: the name and an address for each channel that leads there."""

    name: str
    addresses: Mapping[str, str]
    unit_path: str


@transaction.atomic
def send_message(
    *,
    kind: str,
    to: Recipient,
    about: About,
    facts: Mapping[str, str],
    actor: Actor,
    at: dt.datetime,
    channels: Sequence[str] | None = None,
    key: str = "",
) -> Message:
    """Say it in the words of its kind's template, by the template's channels or those named.

    What is said to an employee always stands in the inbox too. A `key` given before answers
    with the message of that time and says nothing again. Outside channels are queued for
    `deliver_due`. Raises UnableToSendMessage.
    """
    said: Message | None = Message.objects.filter(key=key).first() if key else None
    if said is not None:
        return said
    template = MessageTemplate.objects.filter(kind=kind).first()
    if template is None:
        raise UnableToSendMessage("没有“%(kind)s”的消息模板，请先在系统管理中添加", kind=kind)
    subject, body = _words(template, facts)
    reached = _reach(to)
    message: Message = Message.objects.create(
        employee_id=to.employee_id,
        contact_id=to.contact_id,
        address=to.address,
        recipient_name=reached.name,
        kind=kind,
        urgency=template.urgency,
        subject=subject[:200],
        body=body,
        subject_type=about.subject_type,
        subject_id=about.subject_id,
        subject_label=about.label[:200],
        customer_id=about.customer_id,
        unit_id=about.unit_id,
        created_at=at,
        key=key,
    )
    _queue(message, reached, template.channels if channels is None else channels)
    _journal(message, "sent", actor, at, {"to": reached.name, "kind": kind})
    return message


@transaction.atomic
def mark_read(*, message_id: int, viewer: Viewer, at: dt.datetime) -> Message:
    """Note that the person it is for has read it; a second time changes nothing."""
    own = Message.objects.inbox_of(viewer.employee_id or 0).select_for_update()
    message: Message | None = own.filter(pk=message_id).first()
    if message is None:
        raise NotPermitted("没有这条消息，或它不是发给您的")
    if message.read_at is None:
        message.read_at = at
        message.save(update_fields=["read_at"])
        _journal(message, "read", viewer.actor, at, {})
    return message


@transaction.atomic
def mark_all_read(*, viewer: Viewer, at: dt.datetime) -> int:
    """Note that the person has read everything so far; how many messages that were."""
    own = Message.objects.inbox_of(viewer.employee_id or 0).filter(read_at=None)
    unread = list(own.select_for_update().select_related("unit"))
    own.filter(pk__in=[message.pk for message in unread]).update(read_at=at)
    happenings = [_happening(message, "read", {}) for message in unread]
    journal_operations.record_many(happenings=happenings, actor=viewer.actor, at=at)
    return len(unread)


def _words(template: MessageTemplate, facts: Mapping[str, str]) -> tuple[str, str]:
    try:
        return wording.fill(template.subject, facts), wording.fill(template.body, facts)
    except KeyError as missing:
        raise UnableToSendMessage(
            "消息模板“%(kind)s”需要的内容 %(args)s 没有给出",
            kind=template.kind,
            args=missing.args[0],
        ) from missing


def _reach(to: Recipient) -> _Reached:
    if sum((to.employee_id is not None, to.contact_id is not None, bool(to.address))) != 1:
        raise UnableToSendMessage("收件人应为职员、客户联系人或地址三者之一")
    if to.employee_id is not None:
        return _reach_employee(to.employee_id)
    if to.contact_id is not None:
        return _reach_contact(to.contact_id)
    channel = Channel.EMAIL if "@" in to.address else Channel.SMS
    return _Reached(to.name or to.address, {channel: to.address}, "")


def _reach_employee(employee_id: int) -> _Reached:
    person = Employee.objects.select_related("user", "unit").filter(pk=employee_id).first()
    if person is None or not person.user.is_active:
        raise UnableToSendMessage("收件职员不存在或已离职")
    ways = {Channel.IN_APP: "-", Channel.SMS: person.phone, Channel.EMAIL: person.user.email}
    return _Reached(person.name, {c: a for c, a in ways.items() if a}, person.unit.path)


def _reach_contact(contact_id: int) -> _Reached:
    contact = Contact.objects.filter(pk=contact_id).first()
    if contact is None:
        raise UnableToSendMessage("没有这位客户联系人")
    ways = {Channel.SMS: contact.phone, Channel.EMAIL: contact.email}
    return _Reached(contact.name, {c: a for c, a in ways.items() if a}, "")


def _queue(message: Message, reached: _Reached, channels: Sequence[str]) -> None:
    """One delivery a channel; the inbox needs no carrying. `next_try_at` may meet quiet hours."""
    wanted = [*channels, Channel.IN_APP] if message.employee_id else channels
    open_ways = [c for c in dict.fromkeys(wanted) if c in reached.addresses]
    if not open_ways:
        raise UnableToSendMessage(
            "%(reached)s没有可用的联系方式（短信需电话，邮件需邮箱）", reached=reached.name
        )
    Delivery.objects.bulk_create(
        Delivery(
            message=message,
            channel=channel,
            address="" if channel == Channel.IN_APP else reached.addresses[channel],
            key=uuid.uuid4(),
            state=DeliveryState.SENT if channel == Channel.IN_APP else DeliveryState.QUEUED,
            sent_at=message.created_at if channel == Channel.IN_APP else None,
            next_try_at=None if channel == Channel.IN_APP else message.created_at,
        )
        for channel in open_ways
    )


def _journal(
    message: Message, verb: str, actor: Actor, at: dt.datetime, changes: dict[str, str]
) -> None:
    happening = _happening(message, verb, changes)
    journal_operations.record(happening=happening, actor=actor, at=at)


def _happening(message: Message, verb: str, changes: dict[str, str]) -> Happening:
    return Happening(
        event=f"{MESSAGE}.{verb}",
        subject_type=MESSAGE,
        subject_id=message.pk,
        subject_label=message.subject,
        customer_id=message.customer_id,
        unit_path=message.unit.path,
        changes={"about": f"{message.subject_type}#{message.subject_id}", **changes},
    )
