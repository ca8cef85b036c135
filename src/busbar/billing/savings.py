"""What accounts could save a year, by the newest studies: ranked over many, or one customer's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Count, QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.billing.models import Saving, SavingStudy
from busbar.kit.money import round_half_up

Key = tuple[Decimal, int]
"""What a page is read on from: the last saving's yuan and id."""


@dataclass(frozen=True)
class SavingPage:
    """A page of savings, and where the next begins."""

    savings: list[Saving]
    next_after: Key | None


@dataclass(frozen=True)
class SavingFilter:
    """What a list of savings is narrowed to; empty fields do not narrow."""

    kind: str = ""
    mine: bool = False
    customer_id: int | None = None


EVERYTHING = SavingFilter()


def list_savings(
    viewer: Viewer,
    narrowed: SavingFilter = EVERYTHING,
    *,
    after: Key | None = None,
    limit: int,
) -> SavingPage:
    """Visible savings, the largest first, with account and customer; one query."""
    rows = _narrowed(viewer, narrowed)
    if after is not None:
        yuan, pk = round_half_up(after[0], 2), after[1]
        rows = rows.filter(beyond(("-yearly_yuan", "id"), (yuan, pk)))
    chosen = rows.select_related("account__customer", "study").order_by("-yearly_yuan", "pk")
    found = list(chosen[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return SavingPage(found[:limit], (last.yearly_yuan, last.pk) if last else None)


def count_savings(viewer: Viewer, narrowed: SavingFilter = EVERYTHING) -> dict[str, int]:
    """How many there are of each kind; one query."""
    rows = _narrowed(viewer, replace(narrowed, kind="")).order_by()
    return dict(rows.values_list("kind").annotate(n=Count("pk")))


def list_customer_savings(viewer: Viewer, customer_id: int) -> list[Saving]:
    """One customer's savings, the largest first."""
    rows: QuerySet[Saving, Saving] = Saving.objects.visible_to(viewer)
    rows = rows.filter(account__customer=customer_id).select_related("account", "study")
    return list(rows.order_by("-yearly_yuan", "pk"))


def list_customer_studies(viewer: Viewer, customer_id: int) -> list[SavingStudy]:
    """One customer's studies by 户号: what they reach to, and why there is none."""
    rows: QuerySet[SavingStudy, SavingStudy] = SavingStudy.objects.visible_to(viewer)
    rows = rows.filter(account__customer=customer_id).select_related("account")
    return list(rows.order_by("account__number"))


def _narrowed(viewer: Viewer, narrowed: SavingFilter) -> QuerySet[Saving, Saving]:
    rows = Saving.objects.visible_to(viewer).looked_after(
        viewer, mine=narrowed.mine, customer_id=narrowed.customer_id
    )
    if narrowed.kind:
        rows = rows.filter(kind=narrowed.kind)
    return rows
