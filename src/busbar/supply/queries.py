"""Reading how customers are supplied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, Sum

from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, CustomerAccount
from busbar.kit.periods import Period
from busbar.supply.models import (
    Agreement,
    PowerSource,
    RunningState,
    Site,
    Transformer,
    TransformerState,
    UsagePoint,
)


@dataclass(frozen=True)
class TransformerNow:
    """A transformer with its state on the day asked for (None: none recorded) and its history."""

    transformer: Transformer
    state: TransformerState | None
    history: list[TransformerState]


@dataclass(frozen=True)
class Standing:
    """A transformer and the days [since, until) on which it was there; None: still."""

    capacity_kva: int
    spans: tuple[tuple[dt.date, dt.date | None], ...]


@dataclass(frozen=True)
class SiteSupply:
    """One site: its sources (main first), transformers and usage points."""

    site: Site
    sources: list[PowerSource]
    transformers: list[TransformerNow]
    usage_points: list[UsagePoint]

    @property
    def is_dual(self) -> bool:
        """Whether the site has two feeds or more."""
        return len(self.sources) > 1


@dataclass(frozen=True)
class CustomerSupply:
    """How one customer is supplied on a day."""

    sites: list[SiteSupply]
    agreements: list[Agreement]


def get_customer_supply(viewer: Viewer, customer: Customer, *, on: dt.date) -> CustomerSupply:
    """Sites with sources, transformers and usage points; agreements newest first. Six queries."""
    sites = list(Site.objects.visible_to(viewer).filter(customer=customer).order_by("code"))
    sources = list(
        PowerSource.objects.visible_to(viewer)
        .filter(site__in=sites)
        .select_related("feeder", "feeder__substation")
        .order_by("-role", "id")
    )
    transformers = [
        _at_day(t, on)
        for t in Transformer.objects.visible_to(viewer)
        .filter(site__in=sites)
        .select_related("account")
        .prefetch_related(_states())
        .order_by("number")
    ]
    points = list(
        UsagePoint.objects.visible_to(viewer)
        .filter(site__in=sites)
        .select_related("account")
        .order_by("number")
    )
    agreements = Agreement.objects.visible_to(viewer).filter(account__customer=customer)
    return CustomerSupply(
        sites=[
            SiteSupply(
                site,
                [s for s in sources if s.site_id == site.pk],
                [t for t in transformers if t.transformer.site_id == site.pk],
                [p for p in points if p.site_id == site.pk],
            )
            for site in sites
        ],
        agreements=list(agreements.select_related("account").order_by("-valid_from", "number")),
    )


def list_usage_points(
    viewer: Viewer, *, customer_id: int | None = None, account_ids: Iterable[int] | None = None
) -> QuerySet[UsagePoint, UsagePoint]:
    """Visible usage points by number, with account, customer and site."""
    found: QuerySet[UsagePoint, UsagePoint] = UsagePoint.objects.visible_to(viewer)
    if customer_id is not None:
        found = found.filter(account__customer_id=customer_id)
    if account_ids is not None:
        found = found.filter(account_id__in=list(account_ids))
    return found.select_related("account", "account__customer", "site").order_by("number")


def get_usage_point(viewer: Viewer, number: str) -> UsagePoint:
    """The usage point by number; `UsagePoint.DoesNotExist` when unknown or not visible."""
    visible = UsagePoint.objects.visible_to(viewer).select_related("account", "site")
    point: UsagePoint = visible.get(number=number)
    return point


def get_agreement(account: CustomerAccount, *, on: dt.date) -> Agreement | None:
    """The agreement in force on the day. The caller has checked visibility."""
    return Agreement.objects.filter(_in_force(on), account=account).first()


def map_agreements(
    period: Period, *, account_ids: Iterable[int] | None = None
) -> dict[int, list[Agreement]]:
    """Agreements that hold on some day of the period, oldest first, by account id. One query."""
    found = Agreement.objects.filter(valid_from__lt=period.end).filter(
        Q(valid_until=None) | Q(valid_until__gt=period.start)
    )
    if account_ids is not None:
        found = found.filter(account_id__in=list(account_ids))
    by_account: dict[int, list[Agreement]] = {}
    for agreement in found.order_by("account_id", "valid_from"):
        by_account.setdefault(agreement.account_id, []).append(agreement)
    return by_account


def map_transformers(*, account_ids: Iterable[int] | None = None) -> dict[int, list[Transformer]]:
    """Transformers by account id with `states.all()` prefetched oldest first. Two queries."""
    found = Transformer.objects.prefetch_related(_states()).order_by("account_id", "number")
    if account_ids is not None:
        found = found.filter(account_id__in=list(account_ids))
    by_account: dict[int, list[Transformer]] = {}
    for transformer in found:
        by_account.setdefault(transformer.account_id, []).append(transformer)
    return by_account


def map_standing(account_ids: Iterable[int]) -> dict[int, list[Standing]]:
    """When each transformer of the accounts was there, whatever its state. One query."""
    rows = (
        TransformerState.objects.filter(transformer__account_id__in=list(account_ids))
        .exclude(state=RunningState.REMOVED)
        .order_by("transformer_id")
        .values_list(
            "transformer__account_id",
            "transformer_id",
            "transformer__capacity_kva",
            "valid_from",
            "valid_until",
        )
    )
    found: dict[int, list[Standing]] = {}
    for (account, _unit, capacity), group in groupby(rows, key=lambda row: row[:3]):
        spans = tuple((since, until) for *_head, since, until in group)
        found.setdefault(account, []).append(Standing(capacity, spans))
    return found


def map_usage_points(*, account_ids: Iterable[int] | None = None) -> dict[int, list[UsagePoint]]:
    """Usage points by account id, by number. One query."""
    found = UsagePoint.objects.order_by("account_id", "number")
    if account_ids is not None:
        found = found.filter(account_id__in=list(account_ids))
    by_account: dict[int, list[UsagePoint]] = {}
    for point in found:
        by_account.setdefault(point.account_id, []).append(point)
    return by_account


def map_capacity_kva(viewer: Viewer, customer_ids: Iterable[int]) -> dict[int, int]:
    """Installed capacity of the visible transformers by customer id, removed ones left out.

    One query. A viewer who sees some of a customer's accounts gets the sum over these.
    """
    rows = (
        Transformer.objects.visible_to(viewer)
        .filter(account__customer_id__in=list(customer_ids))
        .exclude(states__state=RunningState.REMOVED, states__valid_until=None)
        .values_list("account__customer_id")
        .annotate(total=Sum("capacity_kva"))
    )
    return dict(rows)


def map_group_capacity_kva(viewer: Viewer) -> dict[int, int]:
    """Installed capacity of the visible transformers by the group of their customer. One query."""
    rows = (
        Transformer.objects.visible_to(viewer)
        .exclude(account__customer__group=None)
        .exclude(states__state=RunningState.REMOVED, states__valid_until=None)
        .order_by()
        .values_list("account__customer__group_id")
        .annotate(total=Sum("capacity_kva"))
    )
    return dict(rows)


def list_expiring_agreements(viewer: Viewer, *, period: Period, limit: int = 50) -> list[Agreement]:
    """Agreements that end on a day of the period, soonest first, with account and customer."""
    ending = Agreement.objects.visible_to(viewer).filter(
        valid_until__gte=period.start, valid_until__lt=period.end
    )
    return list(
        ending.select_related("account", "account__customer").order_by("valid_until", "id")[:limit]
    )


def _states() -> Prefetch[Any]:
    return Prefetch("states", queryset=TransformerState.objects.order_by("valid_from"))


def _at_day(transformer: Transformer, on: dt.date) -> TransformerNow:
    history = list(transformer.states.all())
    now = [
        state
        for state in history
        if state.valid_from <= on and (state.valid_until is None or on < state.valid_until)
    ]
    return TransformerNow(transformer, now[-1] if now else None, history)


def _in_force(on: dt.date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))
