"""Claims as lists and one by one; for faces."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.billing import quote
from busbar.claims.computing import as_kept
from busbar.claims.models import Claim

Claims = QuerySet[Claim, Claim]


def list_claims(viewer: Viewer, *, state: str = "", kind: str = "", text: str = "") -> Claims:
    """Visible claims, the newest first, with account, customer and what is owed of them."""
    rows: Claims = Claim.objects.visible_to(viewer)
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(
            Q(number__startswith=text)
            | Q(account__number__startswith=text)
            | Q(account__customer__name__contains=text)
        )
    return rows.select_related("account__customer", "receivable").order_by("-id")


def find_claim(viewer: Viewer, number: str) -> Claim | None:
    """One visible claim by its number."""
    return list_claims(viewer).filter(number=number).first()


def comes_out_again(claim: Claim) -> bool:
    """Whether its document computes to what is kept of it: lines, rules and total."""
    try:
        again = quote.quote(claim.document)
    except quote.QuoteRefused:
        return False  # kept when other documents were taken than today's
    return bool(as_kept(again) == claim.answer)
