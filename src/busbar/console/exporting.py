"""Exports: allowed, journaled, harmless in a spreadsheet."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from django.http import HttpResponse

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit import exports

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def answer_export(
    *,
    viewer: Viewer,
    name: str,
    kind: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    at: dt.datetime,
    customer_id: int | None = None,
) -> HttpResponse:
    """The table as a file to keep; one journal entry says who took what, and how many rows."""
    viewer.require(Permission.EXPORT)
    kept, file = [list(row) for row in rows], io.BytesIO()
    if kind == "xlsx":
        exports.write_xlsx(file, [(name, header, kept)])
    else:
        exports.write_csv(file, header, kept)
    record_export(
        viewer=viewer, name=name, kind=kind, rows=len(kept), at=at, customer_id=customer_id
    )
    return as_attachment(file.getvalue(), f"{name}.{kind}", _TYPES[kind])


def record_export(
    *, viewer: Viewer, name: str, kind: str, rows: int, at: dt.datetime, customer_id: int | None
) -> None:
    """Write down who took what, and how many rows."""
    happening = Happening(
        event="console.table.exported",
        subject_type="console.export",
        subject_id=viewer.user_id or 0,
        subject_label=name,
        customer_id=customer_id,
        unit_path=viewer.unit_path,
        changes={"rows": rows, "format": kind},
    )
    journal_operations.record(happening=happening, actor=viewer.actor, at=at)


def as_attachment(content: bytes, file_name: str, content_type: str) -> HttpResponse:
    """A response that is kept as a file, never shown in the page's own origin."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
