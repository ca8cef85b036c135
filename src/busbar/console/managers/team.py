"""团队: how managers and the companies above them stand, each figure leading to its records."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest
from busbar.key_accounts.queries.team import SEEN_DAYS, Team, get_team


@require_safe
@by_group
def team(request: StaffRequest) -> HttpResponse:
    """The branch of whoever looks: county, city or province; of one group's customers, if asked."""
    found = get_team(request.viewer, at=timezone.now())
    context = {"team": found, "days": SEEN_DAYS, "chart": _chart(found)}
    return render(request, "console/managers/team.html", context)


def _chart(found: Team) -> dict[str, object]:
    """The kept rates of the companies with what they may be by chance, for the chart."""
    rates = [(one.unit.name, one.standing.kept) for one in found.units]
    bars = [
        (name, [rate.share, *rate.interval, rate.in_time, rate.due])
        for name, rate in rates
        if rate.share is not None and rate.interval is not None
    ]
    return {
        "names": [name for name, _bar in bars],
        "ranked": [True] * len(bars),
        "series": [
            {"name": _("承诺按时兑现"), "key": "solved", "bars": [bar for _name, bar in bars]}
        ],
        "words": {"of": _("个承诺"), "interval": _("95% 区间"), "small": ""},
    }


urlpatterns = [path("team/", team, name="team")]
