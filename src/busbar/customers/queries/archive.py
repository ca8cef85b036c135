"""The archive as entries that can be compared: each customer's own and its accounts' writings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.customers.consolidation.addresses import split_address
from busbar.customers.consolidation.features import ArchiveEntry
from busbar.customers.consolidation.words import places_of
from busbar.customers.models import (
    CandidateState,
    Contact,
    Customer,
    CustomerAccount,
    CustomerMerge,
    MatchCandidate,
)

_OFFICES = ("省电力公司", "市供电公司", "县供电公司", "区供电公司", "供电公司", "供电所")


@dataclass(frozen=True)
class Archive:
    """Everything a run compares. Keys of customers are their ids as text."""

    entries: list[ArchiveEntry]
    codes: dict[str, str]
    places: frozenset[str]
    apart: frozenset[tuple[str, str]]
    accounts: dict[str, int]


def get_archive(viewer: Viewer) -> Archive:
    """The customers that the viewer sees whole, in six queries."""
    customers = list(Customer.objects.whole_to(viewer).order_by("pk"))
    kept = {customer.pk for customer in customers}
    accounts = list(
        CustomerAccount.objects.visible_to(viewer)
        .order_by("pk")
        .only("customer", "name", "address")
    )
    phones: dict[int, list[str]] = defaultdict(list)
    for owner, phone in Contact.objects.visible_to(viewer).values_list("customer_id", "phone"):
        if phone:
            phones[owner].append(phone)
    writings: dict[int, dict[tuple[str, str], None]] = {
        c.pk: {(c.name, c.address): None} for c in customers
    }
    counted: dict[str, int] = defaultdict(int)
    for account in accounts:
        if account.customer_id in kept:
            writings[account.customer_id][account.name, account.address] = None
            counted[str(account.customer_id)] += 1
    entries = [
        ArchiveEntry(f"{c.pk}:{i}", str(c.pk), name, address, c.credit_code, phones[c.pk])
        for c in customers
        for i, (name, address) in enumerate(_worth(writings[c.pk]))
    ]
    codes = {str(c.pk): c.credit_code for c in customers if c.credit_code}
    return Archive(entries, codes, _places(entries), _apart(), dict(counted))


def _worth(writings: dict[tuple[str, str], None]) -> list[tuple[str, str]]:
    """The customer's own writing and those of its accounts that say something else."""
    own, *others = writings
    return [own, *[one for one in others if one != own]]


def _places(entries: list[ArchiveEntry]) -> frozenset[str]:
    """Names of the region, from its addresses and from the names of the offices."""
    found = {place for e in entries for place in split_address(e.address).places}
    for name in OrganizationUnit.objects.values_list("name", flat=True):
        office = next((o for o in _OFFICES if name.endswith(o)), "")
        if office:
            found.add(name.removesuffix(office))
    return places_of(found)


def _apart() -> frozenset[tuple[str, str]]:
    """Pairs that a person took or kept apart: no run brings them together again."""
    said = MatchCandidate.objects.filter(state=CandidateState.APART).values_list("left", "right")
    undone = CustomerMerge.objects.exclude(undone_at=None).filter(kind="merge")
    parted = CustomerMerge.objects.filter(undone_at=None, kind="split")
    pairs = [
        *said,
        *undone.values_list("customer", "other_id"),
        *parted.values_list("customer", "other_id"),
    ]
    ordered = (sorted((str(left), str(right))) for left, right in pairs)
    return frozenset((left, right) for left, right in ordered)
