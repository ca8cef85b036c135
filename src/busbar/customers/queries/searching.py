"""Finding a customer by what somebody has at hand: 户号, name, credit code, pinyin initials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db.models import Q

from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, CustomerAccount, FormerNumber


@dataclass(frozen=True)
class SearchHit:
    """One thing found; both kinds lead to the customer's page."""

    kind: Literal["customer", "account"]
    number: str
    name: str
    customer_number: str
    customer_name: str
    unit_name: str


def matches_text(text: str) -> Q:
    """Condition on `Customer`: number, credit code or 户号 begin so; name or initials hold it.

    What a customer was called before it went into this one counts as well.
    """
    text = text.strip()
    condition = Q(name__icontains=text)
    former = Q(name__icontains=text)
    if text.isascii():
        accounts = CustomerAccount.objects.filter(number__startswith=text)
        condition |= Q(number__istartswith=text) | Q(credit_code__startswith=text.upper())
        condition |= Q(pk__in=accounts.values("customer_id"))
        former |= Q(number__istartswith=text) | Q(credit_code__startswith=text.upper())
        if text.isalnum():
            condition |= Q(pinyin__contains=text.lower())
    else:
        accounts = CustomerAccount.objects.filter(name__contains=text)
        condition |= Q(pk__in=accounts.values("customer_id"))
    return condition | Q(pk__in=FormerNumber.objects.filter(former).values("customer_id"))


def search(viewer: Viewer, text: str, *, limit: int = 20) -> list[SearchHit]:
    """Customers, then accounts, that fit the text and that the viewer may see. Two queries."""
    text = text.strip()
    if not text:
        return []
    hits = _customers(viewer, text, limit)
    return [*hits, *_accounts(viewer, text, limit - len(hits))]


def _customers(viewer: Viewer, text: str, limit: int) -> list[SearchHit]:
    found = Customer.objects.visible_to(viewer).filter(matches_text(text)).select_related("unit")
    return [
        SearchHit("customer", c.number, c.name, c.number, c.name, c.unit.name)
        for c in found.order_by("name", "id")[:limit]
    ]


def _accounts(viewer: Viewer, text: str, limit: int) -> list[SearchHit]:
    if limit <= 0:
        return []
    condition = Q(number__startswith=text) if text.isascii() else Q(name__contains=text)
    found = CustomerAccount.objects.visible_to(viewer).filter(condition)
    return [
        SearchHit("account", a.number, a.name, a.customer.number, a.customer.name, a.unit.name)
        for a in found.select_related("customer", "unit").order_by("number")[:limit]
    ]
