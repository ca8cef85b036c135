"""A customer is given the address of its own promise ledger, and it is taken back (N9)."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.kit.words import words
from busbar.service_desk import queries
from busbar.service_desk.models import PromisePublication
from busbar.service_desk.operations.ground import seen_customer
from busbar.service_desk.queries.publications import digest_of

PUBLICATION = "service_desk.publication"
_WORD_BYTES = 24


class UnableToPublishPromises(Refusal):
    """The ledger cannot be published so."""


@dataclass(frozen=True)
class Published:
    """What was issued; `word` is told this once and nowhere kept."""

    publication: PromisePublication
    word: str


@transaction.atomic
def publish_ledger(
    *,
    customer_number: str,
    given_to: str,
    shows_bills: bool = False,
    by: Viewer,
    at: dt.datetime,
) -> Published:
    """Make an address under which the person at the customer's reads its promises.

    With `shows_bills` also the bills of the last 13 months that were released to it. It ends
    after the days that the parameter `publication_days` in force says.
    """
    by.require(Permission.KEEP_RELATIONS)
    customer = seen_customer(customer_number, by)
    if not Customer.objects.with_extent(by).get(pk=customer.pk).seen_whole:
        raise UnableToPublishPromises("只能公开由本单位管理或您所在团队负责的客户的承诺")
    days = queries.get_parameter("publication_days", on=local_date(at))
    word = secrets.token_urlsafe(_WORD_BYTES)
    row = PromisePublication.objects.create(
        customer=customer,
        word_sha256=digest_of(word),
        given_to=words(given_to, UnableToPublishPromises, "请写明交给客户的哪一位", most=100),
        shows_bills=shows_bills,
        issued_at=at,
        issued_by_name=by.name,
        ends_at=at + dt.timedelta(days=days),
    )
    _record("service_desk.publication.issued", row, by, at)
    return Published(row, word)


@transaction.atomic
def revoke_publication(*, publication_id: int, by: Viewer, at: dt.datetime) -> PromisePublication:
    """From now on its address opens nothing."""
    by.require(Permission.KEEP_RELATIONS)
    journal_operations.take_turn()
    rows = PromisePublication.objects.visible_to(by).select_related("customer__unit")
    row: PromisePublication | None = rows.filter(pk=publication_id).first()
    if row is None:
        raise UnableToPublishPromises("没有这条公开链接，或不在您的可见范围内")
    if not row.is_open(at):
        raise UnableToPublishPromises("这条链接已经失效")
    row.revoked_at, row.revoked_by_name = at, by.name
    row.save(update_fields=["revoked_at", "revoked_by_name"])
    _record("service_desk.publication.revoked", row, by, at)
    return row


def _record(event: str, row: PromisePublication, by: Viewer, at: dt.datetime) -> None:
    customer = row.customer
    happening = Happening(
        event=event,
        subject_type=PUBLICATION,
        subject_id=row.pk,
        subject_label=customer.name,
        customer_id=customer.pk,
        unit_path=customer.unit.path,
        changes={
            "given_to": row.given_to,
            "ends_at": row.ends_at,
            "shows_bills": row.shows_bills,
        },
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
