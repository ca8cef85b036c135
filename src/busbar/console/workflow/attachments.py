"""Files that came with tasks, as files to keep; never shown in the console's own origin."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404
from django.urls import path
from django.views.decorators.http import require_safe

from busbar.console.requests import StaffRequest
from busbar.workflow.models import TaskAttachment

_SHOWN = frozenset({"image/png", "image/jpeg"})
"""Content (found by the bytes, not the name) that a browser may show as a picture."""


@require_safe
def attachment(request: StaffRequest, attachment_id: int) -> FileResponse:
    """The bytes; photographs may stand in the page, everything else is a download."""
    rows = TaskAttachment.objects.visible_to(request.viewer)
    found: TaskAttachment | None = rows.filter(pk=attachment_id).first()
    if found is None:
        raise Http404
    response = FileResponse(
        _path(found).open("rb"),
        as_attachment=found.content_type not in _SHOWN,
        filename=found.file_name,
        content_type=found.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def _path(found: TaskAttachment) -> Path:
    root = Path(settings.FILES_ROOT) / "documents"
    return root / found.sha256[:2] / found.sha256


urlpatterns = [path("work/files/<int:attachment_id>/", attachment, name="work_attachment")]
