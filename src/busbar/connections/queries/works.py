"""Reading the works: reviews, inspections, findings, and what stands in the way of the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.connections.models import (
    CompletionReport,
    ConnectionApplication,
    DesignFinding,
    DesignReview,
    FindingRecheck,
    FindingState,
    Inspection,
    InspectionFinding,
    InspectionItem,
    InspectionKind,
    InspectionMeasurement,
    NoticeState,
    Severity,
    WorkStart,
)


@dataclass(frozen=True)
class WorksFile:
    """All that is known of the works of one application, oldest first."""

    design_reviews: list[DesignReview]
    start: WorkStart | None
    inspections: list[Inspection]
    reports: list[CompletionReport]


def get_works(viewer: Viewer, application: ConnectionApplication) -> WorksFile:
    """Reviews with findings, the start, inspections with findings and values, reports."""
    inspections = Inspection.objects.visible_to(viewer).filter(application=application)
    return WorksFile(
        design_reviews=list(_reviews(viewer, application)),
        start=WorkStart.objects.visible_to(viewer)
        .filter(application=application)
        .select_related("builder")
        .first(),
        inspections=list(_whole(inspections).order_by("requested_at", "id")),
        reports=list(
            CompletionReport.objects.visible_to(viewer)
            .filter(application=application)
            .order_by("round")
        ),
    )


def get_inspection(viewer: Viewer, inspection_id: int) -> Inspection:
    """One inspection, whole; `Inspection.DoesNotExist` when unknown or not visible."""
    found: Inspection = _whole(Inspection.objects.visible_to(viewer)).get(pk=inspection_id)
    return found


def list_open_inspections(
    viewer: Viewer, *, kind: InspectionKind | str | None = None
) -> QuerySet[Inspection, Inspection]:
    """Requested and not yet held, the oldest request first."""
    rows: QuerySet[Inspection, Inspection] = Inspection.objects.visible_to(viewer).filter(
        verdict=""
    )
    if kind is not None:
        rows = rows.filter(kind=kind)
    return rows.select_related("application").order_by("requested_at", "id")


def list_open_findings(
    viewer: Viewer, *, overdue_on: dt.date | None = None
) -> QuerySet[InspectionFinding, InspectionFinding]:
    """Findings not closed, the earliest due first; with `overdue_on` only those past their day."""
    rows: QuerySet[InspectionFinding, InspectionFinding] = InspectionFinding.objects.visible_to(
        viewer
    ).exclude(state=FindingState.CLOSED)
    if overdue_on is not None:
        rows = rows.filter(state=FindingState.OPEN, rectify_by__lt=overdue_on)
    return rows.select_related("inspection__application").order_by("rectify_by", "id")


def list_blocking_findings(
    application: ConnectionApplication, *, severities: Sequence[Severity] = tuple(Severity)
) -> list[InspectionFinding]:
    """Findings not closed: a severe one bars the completion report, any the acceptance (R59)."""
    rows = InspectionFinding.objects.filter(
        inspection__application=application, severity__in=severities
    ).exclude(state=FindingState.CLOSED)
    return list(rows.select_related("inspection").order_by("inspection_id", "number"))


def list_inspection_items(
    *, kind: InspectionKind | str, supply_kind: str, on: dt.date
) -> list[InspectionItem]:
    """What is to be looked at and tested for a kind of supply on a day, by code."""
    rows = InspectionItem.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=on), inspection_kind=kind, valid_from__lte=on
    ).order_by("code")
    return [item for item in rows if not item.supply_kinds or supply_kind in item.supply_kinds]


def list_unpaid_notices(application: ConnectionApplication) -> list[str]:
    """Numbers of the fee notices that were issued and are not paid in full."""
    owed = application.fee_notices.filter(state__in=[NoticeState.ISSUED, NoticeState.PARTLY_PAID])
    return list(owed.order_by("id").values_list("number", flat=True))


def _reviews(viewer: Viewer, application: ConnectionApplication) -> QuerySet[Any, Any]:
    rows = DesignReview.objects.visible_to(viewer).filter(application=application)
    findings = Prefetch("findings", queryset=DesignFinding.objects.order_by("number"))
    return rows.select_related("designer", "reviewer").prefetch_related(findings).order_by("round")


def _whole(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    rechecks = Prefetch("rechecks", queryset=FindingRecheck.objects.order_by("rechecked_at", "id"))
    findings = InspectionFinding.objects.order_by("number").prefetch_related(rechecks)
    return rows.select_related("application").prefetch_related(
        Prefetch("findings", queryset=findings),
        Prefetch("measurements", queryset=InspectionMeasurement.objects.order_by("item_code")),
        "inspectors",
    )
