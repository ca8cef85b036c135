"""Taking running processes over to a version: first who can and who cannot and why, then it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from busbar.access.permissions import Permission
from busbar.console.definitions.catalog import get_version
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal
from busbar.workflow import operations as workflow_operations
from busbar.workflow.operations import Migration

MOST = 2000


@require_http_methods(["GET", "POST"])
def definition_migration(request: StaffRequest, pk: int) -> HttpResponse:
    """The preview; upon a post those chosen go over that still can, and the result is shown."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    version = get_version(pk)
    done: Migration | None = None
    refused, labels = "", {}
    try:
        before = workflow_operations.preview_migration(version_id=pk, viewer=request.viewer)
        labels = {outlook.instance_id: outlook for outlook in before}
        if request.method == "POST":
            done = _migrate(request, pk)
            before = workflow_operations.preview_migration(version_id=pk, viewer=request.viewer)
    except Refusal as refusal:
        before, refused = [], said(refusal)
    context = {
        "version": version,
        "refused": refused,
        "movable": [outlook for outlook in before if outlook.can_move],
        "blocked": [outlook for outlook in before if not outlook.can_move],
        "done": done,
        "moved": [labels[i] for i in done.moved if i in labels] if done else [],
    }
    status = 409 if refused else 200
    return render(request, "console/definitions/migration.html", context, status=status)


def _migrate(request: StaffRequest, pk: int) -> Migration:
    chosen = [int(text) for text in request.POST.getlist("instance") if text.isdecimal()]
    return workflow_operations.migrate_instances(
        version_id=pk, instance_ids=chosen[:MOST], viewer=request.viewer, at=timezone.now()
    )


urlpatterns: list[URLPattern] = [
    path(
        "definitions/versions/<int:pk>/migration/",
        definition_migration,
        name="definition_migration",
    )
]
