"""What a customer reads under its own address, and the addresses that were given out (N9)."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db.models import QuerySet

from busbar.access.visibility import Viewer
from busbar.service_desk.models import PromisePublication
from busbar.service_desk.queries.promises import KeptRate, PublicPromise, publish_promises


@dataclass(frozen=True)
class PublishedLedger:
    """The customer's page: its promises, the newest first, and how many were kept."""

    customer_name: str
    rate: KeptRate
    promises: list[PublicPromise]
    ends_at: dt.datetime


def digest_of(word: str) -> str:
    """SHA-256 of an address's secret word, in hexadecimal."""
    return hashlib.sha256(word.encode()).hexdigest()


def read_ledger(word: str, *, at: dt.datetime) -> PublishedLedger | None:
    """The ledger that the word opens; None for a wrong, ended or revoked one. Three queries."""
    rows = PromisePublication.objects.select_related("customer")
    found = rows.filter(word_sha256=digest_of(word)).first()
    if found is None or not found.is_open(at):
        return None
    rate, promises = publish_promises(found.customer_id, at=at)
    return PublishedLedger(found.customer.name, rate, promises, found.ends_at)


def list_publications(
    viewer: Viewer, customer_id: int, *, at: dt.datetime
) -> QuerySet[PromisePublication, PromisePublication]:
    """The customer's addresses that open something at the moment, the newest first."""
    rows = PromisePublication.objects.visible_to(viewer).filter(customer=customer_id)
    return rows.filter(revoked_at=None, ends_at__gt=at).order_by("-issued_at", "-id")
