"""Surveys with who came, what could supply the site, and the pictures."""

from __future__ import annotations

from pathlib import Path

from busbar.access.visibility import Viewer
from busbar.connections.models import ConnectionApplication, SiteSurvey, SurveyPhoto, SurveyState
from busbar.connections.sent_files import kept_path

_PARTS = ("participants__unit", "participants__employee", "feeder_candidates__feeder", "photos")


def list_surveys(viewer: Viewer, application: ConnectionApplication) -> list[SiteSurvey]:
    """The surveys of an application with all their parts, oldest first. Seven queries."""
    surveys = SiteSurvey.objects.visible_to(viewer).filter(application=application)
    return list(surveys.prefetch_related(*_PARTS).order_by("serial"))


def get_survey(viewer: Viewer, survey_id: int) -> SiteSurvey:
    """One survey with its application and parts; DoesNotExist when the viewer sees none."""
    surveys = SiteSurvey.objects.visible_to(viewer).select_related("application__unit")
    found: SiteSurvey = surveys.prefetch_related(*_PARTS).get(pk=survey_id)
    return found


def list_planned_surveys(viewer: Viewer, *, limit: int = 50) -> list[SiteSurvey]:
    """Visits still to be made, the next first, for the list on the phone. Two queries."""
    planned = SiteSurvey.objects.visible_to(viewer).filter(state=SurveyState.PLANNED)
    found = planned.select_related("application__unit").prefetch_related("participants__unit")
    return list(found.order_by("planned_for", "pk")[:limit])


def get_last_survey(application: ConnectionApplication) -> SiteSurvey | None:
    """The latest concluded survey, on which a scheme rests."""
    concluded = application.surveys.filter(state=SurveyState.CONCLUDED)
    return concluded.prefetch_related("feeder_candidates__feeder").order_by("-serial").first()


def get_photo(viewer: Viewer, photo_id: int) -> SurveyPhoto:
    """One picture; DoesNotExist when the viewer sees none."""
    found: SurveyPhoto = SurveyPhoto.objects.visible_to(viewer).get(pk=photo_id)
    return found


def photo_path(photo: SurveyPhoto) -> Path:
    """Where the bytes of a picture lie whose visibility was checked."""
    return kept_path({"sha256": photo.sha256})
