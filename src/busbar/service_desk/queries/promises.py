"""The promise ledger and its kept rate by customer, manager and unit (N9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.service_desk.intervals import share_interval
from busbar.service_desk.models import Promise, PromiseState

Promises = QuerySet[Promise, Promise]
GROUPS = {
    "customer": ("customer__number", "customer__name"),
    "manager": ("owner__number", "owner__name"),
    "unit": ("unit__code", "unit__name"),
}
"""By what kept rates are grouped, and the fields that name a group."""


@dataclass(frozen=True)
class KeptRate:
    """Of the promises that had to be kept by now, those that were in time.

    What is not due yet does not count, what was withdrawn by consent is named beside it. The
    interval is Wilson's at 95 %: two of two kept is no certainty.
    """

    in_time: int
    late: int
    open: int
    withdrawn: int

    @property
    def due(self) -> int:
        """How many had to be kept by now."""
        return self.in_time + self.late

    @property
    def share(self) -> float | None:
        """The kept rate; None where nothing was due yet."""
        return self.in_time / self.due if self.due else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between what the rate may lie."""
        return share_interval(self.share, self.due) if self.share is not None else None


@dataclass(frozen=True)
class PublicPromise:
    """A promise as its customer may read it: no employee, no note, no evidence of ours."""

    text: str
    made_to: str
    made_at: dt.datetime
    due_at: dt.datetime | None
    state: str
    kept_at: dt.datetime | None
    is_late: bool


def list_promises(
    viewer: Viewer,
    *,
    state: str = "",
    at: dt.datetime | None = None,
    mine: bool = False,
    customer_id: int | None = None,
) -> Promises:
    """Visible promises, the newest first; `state` may also be `late` (as of `at`)."""
    rows = Promise.objects.visible_to(viewer)
    if state == "late" and at is not None:
        rows = rows.late(at)
    elif state:
        rows = rows.filter(state=state)
    if mine:
        rows = rows.filter(owner=viewer.employee_id)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return rows.select_related(
        "customer", "owner", "unit", "clock", "interaction", "complaint"
    ).order_by("-made_at", "-id")


def get_promise(viewer: Viewer, promise_id: int) -> Promise:
    """Promise.DoesNotExist where there is none that the viewer sees."""
    found: Promise = list_promises(viewer).get(pk=promise_id)
    return found


def kept_rate(
    viewer: Viewer, *, at: dt.datetime, customer_id: int | None = None, mine: bool = False
) -> KeptRate:
    """Of what the viewer sees (of one customer, of one's own); one query."""
    rows = Promise.objects.visible_to(viewer)
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    if mine:
        rows = rows.filter(owner=viewer.employee_id)
    return KeptRate(**rows.aggregate(**count_kept(at)))


def kept_rates(
    viewer: Viewer, *, by: str, at: dt.datetime, limit: int = 100
) -> list[tuple[str, str, KeptRate]]:
    """(code, name, rate) of each customer, manager or unit, most late ones first; one query."""
    names = GROUPS[by]
    rows = Promise.objects.visible_to(viewer).order_by().values(*names)
    counted = rows.annotate(**count_kept(at)).order_by("-late", names[0])[:limit]
    fields = ("in_time", "late", "open", "withdrawn")
    return [
        (row[names[0]], row[names[1]], KeptRate(**{name: row[name] for name in fields}))
        for row in counted
    ]


def publish_promises(
    customer_id: int, *, at: dt.datetime, limit: int = 50
) -> tuple[KeptRate, list[PublicPromise]]:
    """What a customer may know of the promises made to it: the rate and each promise (N9).

    Whoever asks has proven to be the customer. Two queries.
    """
    rows = Promise.objects.filter(customer=customer_id)
    rate = KeptRate(**rows.aggregate(**count_kept(at)))
    shown = rows.select_related("clock").order_by("-made_at", "-id")[:limit]
    return rate, [
        PublicPromise(
            text=row.text,
            made_to=row.made_to,
            made_at=row.made_at,
            due_at=row.clock.due_at if row.clock else None,
            state=str(row.get_state_display()),
            kept_at=row.kept_at,
            is_late=row.is_late(at),
        )
        for row in shown
    ]


def count_kept(at: dt.datetime) -> dict[str, Count]:
    """What a kept rate is made of, to annotate promises with."""
    kept = Q(state=PromiseState.KEPT)
    is_open = Q(state=PromiseState.OPEN)
    overdue = Q(clock__due_at__lt=at)
    return {
        "in_time": Count("id", filter=kept & Q(kept_at__lte=F("clock__due_at"))),
        "late": Count("id", filter=kept & Q(kept_at__gt=F("clock__due_at")) | is_open & overdue),
        "open": Count("id", filter=is_open & ~overdue),
        "withdrawn": Count("id", filter=Q(state=PromiseState.WITHDRAWN)),
    }
