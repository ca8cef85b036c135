"""Telling those whom a stop touches, and writing down that they had it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import Contact, Customer
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA
from busbar.notifications import operations as notifications_operations
from busbar.notifications.models import Message, Receipt, ReceiptKind
from busbar.notifications.operations import About, Recipient, UnableToSendMessage
from busbar.outages.models import AffectedPoint, Outage, OutageKind
from busbar.outages.operations.recording import lock_outage
from busbar.outages.queries import OUTAGE


class UnableToServeOutageNotice(Refusal):
    """There is nobody to whom the notice could have been given."""


@dataclass
class _Affected:
    """A customer with the 户号 that the stop touches."""

    customer: Customer
    accounts: set[str] = field(default_factory=set)
    contact_id: int | None = None


def tell_affected(row: Outage, kind: str, *, by: Viewer, at: dt.datetime) -> int:
    """A message to the first contact of each affected customer; how many could be reached.

    A customer without contact, or a kind without words, is left to paper. Said once a kind and
    planned moment, however often it is asked for.
    """
    if row.kind == OutageKind.ARREARS:
        return 0
    return sum(_tell(row, kind, each, by, at) for each in _by_customer(row))


def _by_customer(row: Outage) -> list[_Affected]:
    points = AffectedPoint.objects.filter(outage=row).select_related("account__customer")
    found: dict[int, _Affected] = {}
    for point in points.order_by("account__customer__number", "account__number"):
        each = found.setdefault(point.account.customer_id, _Affected(point.account.customer))
        each.accounts.add(point.account.number)
    contacts = Contact.objects.filter(customer__in=found, is_primary=True)
    reachable = {contact.customer_id: contact.pk for contact in contacts}
    for key, each in found.items():
        each.contact_id = reachable.get(key)
    return list(found.values())


def _tell(row: Outage, kind: str, to: _Affected, by: Viewer, at: dt.datetime) -> bool:
    if to.contact_id is None:
        return False
    try:
        notifications_operations.send_message(
            kind=f"outages.stop.{kind}",
            to=Recipient(contact_id=to.contact_id),
            about=_about(row, to.customer.pk),
            facts=_facts(row, to),
            actor=by.actor,
            at=at,
            key=f"outage:{row.pk}:{kind}:{to.customer.pk}:{row.planned_from:%Y%m%d%H%M}",
        )
    except UnableToSendMessage:
        return False
    return True


def _about(row: Outage, customer_id: int) -> About:
    return About(OUTAGE, row.pk, row.unit_id, row.number, customer_id)


def _facts(row: Outage, to: _Affected) -> dict[str, str]:
    return {
        "customer": to.customer.name,
        "accounts": "、".join(sorted(to.accounts)),
        "kind": row.get_kind_display(),
        "reason": row.reason,
        "from": _spoken(row.planned_from),
        "until": _spoken(row.planned_until),
        "begun": _spoken(row.begun_at),
        "restored": _spoken(row.restored_at),
    }


def _spoken(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" if moment else "另行通知"


@transaction.atomic
def serve_notice(
    *,
    number: str,
    customer_number: str,
    person: str,
    means: str,
    received_at: dt.datetime | None = None,
    by: Viewer,
    at: dt.datetime,
) -> Receipt:
    """Write down that an affected customer was given the notice: who took it, by what means.

    Ties the receipt to the message where one was sent. Refused before the stop is announced.
    """
    by.require(Permission.MANAGE_OUTAGES)
    row = lock_outage(number, by, UnableToServeOutageNotice)
    touched = AffectedPoint.objects.filter(outage=row, account__customer__number=customer_number)
    customer_id = touched.values_list("account__customer_id", flat=True).first()
    if customer_id is None:
        raise UnableToServeOutageNotice(
            "%(number)s 不影响客户 %(customer_number)s",
            number=number,
            customer_number=customer_number,
        )
    if row.announced_at is None and row.begun_at is None:
        raise UnableToServeOutageNotice("%(number)s 尚未通知，没有可送达的通知", number=number)
    said = Message.objects.filter(subject_type=OUTAGE, subject_id=row.pk, customer=customer_id)
    return notifications_operations.record_receipt(
        kind=ReceiptKind.SERVED,
        about=_about(row, customer_id),
        person=person,
        means=means,
        received_at=received_at or at,
        viewer=by,
        at=at,
        message_id=said.order_by("-id").values_list("pk", flat=True).first(),
    )
