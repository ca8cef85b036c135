"""What a customer reads under its own address, and the addresses that were given out (N9)."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db.models import QuerySet

from busbar.access.visibility import Viewer
from busbar.service_desk.models import PromisePublication
from busbar.service_desk.queries.promises import KeptRate, PublicPromise, publish_promises
from busbar.service_desk.queries.published_bills import (
    After,
    PublishedBill,
    PublishedBills,
    find_published_bill,
    list_published_bills,
)


@dataclass(frozen=True)
class PublishedLedger:
    """The customer's page: its promises, the newest first, and how many were kept.

    `bills` is None where the address was not given for bills.
    """

    customer_name: str
    rate: KeptRate
    promises: list[PublicPromise]
    ends_at: dt.datetime
    bills: PublishedBills | None


def digest_of(word: str) -> str:
    """SHA-256 of an address's secret word, in hexadecimal."""
    return hashlib.sha256(word.encode()).hexdigest()


def read_ledger(
    word: str, *, at: dt.datetime, after: After | None = None
) -> PublishedLedger | None:
    """What the word opens; None for a wrong, ended or revoked one. Three queries, five with bills.

    `after` is where the page of bills before this one ended.
    """
    found = _find_open(word, at)
    if found is None:
        return None
    rate, promises = publish_promises(found.customer_id, at=at)
    bills = (
        list_published_bills(found.customer_id, at=at, after=after) if found.shows_bills else None
    )
    return PublishedLedger(found.customer.name, rate, promises, found.ends_at, bills)


def read_bill(
    word: str, account_number: str, month: str, *, at: dt.datetime
) -> PublishedBill | None:
    """A bill of the word's customer; None unless the word opens bills and lists this one."""
    found = _find_open(word, at)
    if found is None or not found.shows_bills:
        return None
    return find_published_bill(found.customer_id, account_number, month, at=at)


def _find_open(word: str, at: dt.datetime) -> PromisePublication | None:
    rows = PromisePublication.objects.select_related("customer")
    found: PromisePublication | None = rows.filter(word_sha256=digest_of(word)).first()
    return found if found is not None and found.is_open(at) else None


def list_publications(
    viewer: Viewer, customer_id: int, *, at: dt.datetime
) -> QuerySet[PromisePublication, PromisePublication]:
    """The customer's addresses that open something at the moment, the newest first."""
    rows = PromisePublication.objects.visible_to(viewer).filter(customer=customer_id)
    return rows.filter(revoked_at=None, ends_at__gt=at).order_by("-issued_at", "-id")
