"""Import runs that left rows behind. Reading only."""

from __future__ import annotations

import datetime as dt

from django.db.models import Sum

from busbar.access.visibility import Viewer
from busbar.imports.models import ImportRun


def list_runs_with_refusals(
    viewer: Viewer, *, since: dt.datetime, limit: int
) -> list[tuple[ImportRun, int]]:
    """Visible runs created at or after `since` with refused rows, newest first, and how many."""
    runs = (
        ImportRun.objects.visible_to(viewer)
        .filter(created_at__gte=since)
        .annotate(refused=Sum("files__refused"))
        .filter(refused__gt=0)
        .order_by("-id")[:limit]
    )
    return [(run, run.refused) for run in runs]
