"""The job that runs an import which somebody confirmed on the screen."""

from __future__ import annotations

import datetime as dt

from busbar.access import queries as access_queries
from busbar.access.models import User
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.imports import operations as imports_operations
from busbar.imports.models import ImportRun, ImportState


def run_import(run_id: int) -> dict[str, object]:
    """Run it as the person who confirmed it; once finished, a second delivery does nothing."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state == ImportState.FINISHED:
        return {"run": run_id, "state": run.state}
    run = imports_operations.run_import(
        run_id=run_id, by=_viewer_of(run), at=dt.datetime.now(dt.UTC)
    )
    return {"run": run_id, "state": run.state}


def _viewer_of(run: ImportRun) -> Viewer:
    if run.created_by_id is None:
        return SYSTEM_VIEWER
    return access_queries.get_viewer(User.objects.get(pk=run.created_by_id))
