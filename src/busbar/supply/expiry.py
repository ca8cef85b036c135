"""Which agreements come to their end, narrowed to a team or a customer. Reading only (R37)."""

from __future__ import annotations

from busbar.access.visibility import Viewer, team_customer_ids
from busbar.kit.periods import Period
from busbar.supply.models import Agreement


def list_ending_agreements(
    viewer: Viewer,
    *,
    period: Period,
    mine: bool = False,
    customer_id: int | None = None,
    limit: int,
) -> list[Agreement]:
    """Agreements whose last day lies in the period and that no later one follows, soonest first.

    `valid_until` is the first day without agreement.
    """
    followed = Agreement.objects.filter(valid_from__gte=period.start).values("account")
    ending = (
        Agreement.objects.visible_to(viewer)
        .filter(valid_until__gte=period.start, valid_until__lt=period.end)
        .exclude(account__in=followed)
    )
    if mine:
        ending = ending.filter(account__customer__in=team_customer_ids(viewer.employee_id or 0))
    if customer_id is not None:
        ending = ending.filter(account__customer=customer_id)
    return list(ending.select_related("account__customer").order_by("valid_until", "pk")[:limit])
