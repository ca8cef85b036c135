"""The ledger of complaints: what came, where it stands, what it was about (R18)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.service_desk.models import Complaint, ComplaintKind, ComplaintState

Complaints = QuerySet[Complaint, Complaint]


def list_complaints(
    viewer: Viewer,
    *,
    state: str = "",
    kind: str = "",
    text: str = "",
    customer_id: int | None = None,
) -> Complaints:
    """Visible complaints, the newest first; `state` may also be `open`."""
    rows: Complaints = Complaint.objects.visible_to(viewer)
    if state == "open":
        rows = rows.exclude(state=ComplaintState.VERIFIED)
    elif state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(Q(number__startswith=text) | Q(customer__name__contains=text))
    if customer_id is not None:
        rows = rows.filter(customer=customer_id)
    return rows.select_related("customer", "owner", "unit", "account").order_by(
        "-received_at", "-id"
    )


def get_complaint(viewer: Viewer, number: str) -> Complaint:
    """Complaint.DoesNotExist where there is none that the viewer sees."""
    rows: Complaints = Complaint.objects.visible_to(viewer)
    return rows.select_related("customer", "owner", "unit", "account", "repeats").get(number=number)


def count_by_kind(
    viewer: Viewer, *, since: dt.datetime, until: dt.datetime
) -> list[tuple[str, dict[str, int]]]:
    """By kind how many came in `[since, until)`, how many were justified, repeated; one query."""
    rows = Complaint.objects.visible_to(viewer).filter(
        received_at__gte=since, received_at__lt=until
    )
    counted = (
        rows.order_by()
        .values("kind")
        .annotate(
            all=Count("id"),
            justified=Count("id", filter=Q(is_justified=True)),
            repeated=Count("id", filter=Q(repeats__isnull=False)),
            open=Count("id", filter=~Q(state=ComplaintState.VERIFIED)),
        )
    )
    names = ("all", "justified", "repeated", "open")
    found = [
        (str(ComplaintKind(row["kind"]).label), {name: row[name] for name in names})
        for row in counted
    ]
    return sorted(found, key=lambda line: (-line[1]["all"], line[0]))
