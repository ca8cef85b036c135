"""现场勘察: who came, what could supply the site, and the pictures taken there."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.urls import path
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from busbar.connections import queries as connections_queries
from busbar.connections.models import ConnectionApplication, PreliminaryReview
from busbar.console.connections.documents import harmless_file
from busbar.console.connections.page import Tab, register
from busbar.console.requests import StaffRequest


@require_safe
def survey_photo(request: StaffRequest, photo_id: int) -> FileResponse:
    """A picture taken on site, in the page."""
    photo = connections_queries.get_photo(request.viewer, photo_id)
    return harmless_file(
        connections_queries.photo_path(photo).open("rb"),
        name=photo.file_name,
        content_type=photo.content_type,
        inline=True,
    )


def _load(request: StaffRequest, found: ConnectionApplication) -> dict[str, Any]:
    reviews = PreliminaryReview.objects.visible_to(request.viewer).filter(application=found)
    return {
        "reviews": list(reviews.order_by("pk")),
        "surveys": connections_queries.list_surveys(request.viewer, found),
    }


register(Tab("survey", gettext_lazy("初审勘察"), "console/connections/surveys/tab.html", _load))

urlpatterns = [
    path("connections/photos/<int:photo_id>/", survey_photo, name="survey_photo"),
]
