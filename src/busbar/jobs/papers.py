"""Telling customers that a paper has been issued: once a paper, and only of what they may see."""

from __future__ import annotations

import logging

from busbar.connections import queries as connections_queries
from busbar.connections.models import IssuedPaper
from busbar.customers.models import Contact
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM
from busbar.notifications import operations as notifications_operations
from busbar.notifications.operations import About, Recipient, UnableToSendMessage

PREFIXES = ("connections.paper.issued",)
_PAPER = "connections.paper"
_log = logging.getLogger(__name__)


def tell_of_paper(entry: Entry) -> None:
    """Write to the application's contact, or to the customer's first contact for other matters.

    Our own records and papers revoked meanwhile are not told of. Who cannot be reached is no
    reason to hold up what comes after.
    """
    papers = IssuedPaper.objects.select_related("application", "customer")
    paper = papers.filter(number=entry.changes.get("paper")).first()
    if paper is None or not connections_queries.is_for_customer(paper):
        return
    to = _recipient(paper)
    if to is None:
        return
    about = About(_PAPER, paper.pk, paper.unit_id, paper.number, paper.customer_id)
    kind = str(paper.get_kind_display())
    try:
        notifications_operations.send_message(
            kind=entry.event,
            to=to,
            about=about,
            facts={"paper": kind, "number": paper.number, "name": to.name},
            actor=SYSTEM,
            at=entry.occurred_at,
            key=f"paper:{paper.pk}",
        )
    except UnableToSendMessage as refusal:
        _log.warning("paper %s not told: %s", paper.number, refusal)


def _recipient(paper: IssuedPaper) -> Recipient | None:
    application = paper.application
    if application is not None:
        # The application's own contact need not be among the customer's; a call is the surest way.
        address = application.contact_phone.strip() or application.contact_email
        return Recipient(address=address, name=application.contact_name) if address else None
    first = Contact.objects.filter(customer=paper.customer_id, is_primary=True).first()
    return Recipient(contact_id=first.pk, name=first.name) if first else None
