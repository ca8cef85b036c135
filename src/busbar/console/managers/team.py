"""团队: how managers and the companies above them stand, each figure leading to its records."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from busbar.console.requests import StaffRequest
from busbar.key_accounts.queries.team import SEEN_DAYS, get_team


@require_safe
def team(request: StaffRequest) -> HttpResponse:
    """The branch of whoever looks: county, city or province."""
    found = get_team(request.viewer, at=timezone.now())
    context = {"team": found, "days": SEEN_DAYS}
    return render(request, "console/managers/team.html", context)


urlpatterns = [path("team/", team, name="team")]
