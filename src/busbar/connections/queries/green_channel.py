"""The green channel on one page: grants, quota used, effect on the ordinary queue (N12, R30)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    GreenChannelGrant,
    GreenChannelRule,
    GreenChannelState,
    SurveyState,
)
from busbar.connections.queue_effect import QueueEffect, Turn, reckon_effect
from busbar.kit.periods import CHINA, Month, local_date


@dataclass(frozen=True)
class QuotaUse:
    """How much of a rule's quota a unit has used in a month."""

    rule: GreenChannelRule
    used: int

    @property
    def left(self) -> int:
        """What may still be granted."""
        return max(0, self.rule.monthly_quota - self.used)


@dataclass(frozen=True)
class GreenChannelPage:
    """A unit's month: every decision, the quota by rule, the effect on the ordinary queue."""

    unit: OrganizationUnit
    month: Month
    decisions: list[GreenChannelGrant]
    quotas: list[QuotaUse]
    effect: QueueEffect


def list_green_channel_rules(*, on: dt.date) -> QuerySet[GreenChannelRule, GreenChannelRule]:
    """The rules in force on the day, by code."""
    in_force = Q(valid_until=None) | Q(valid_until__gt=on)
    return GreenChannelRule.objects.filter(in_force, valid_from__lte=on).order_by("code")


def get_green_channel_page(
    viewer: Viewer, unit: OrganizationUnit, month: Month
) -> GreenChannelPage:
    """All of a unit's month that the viewer sees. Six queries, whatever the numbers.

    The quota counts every grant of the unit: it is public within the company (R30).
    """
    decisions = GreenChannelGrant.objects.visible_to(viewer).filter(unit=unit, month=month.first)
    return GreenChannelPage(
        unit=unit,
        month=month,
        decisions=list(
            decisions.select_related("rule", "application").order_by("decided_at", "pk")
        ),
        quotas=list_quota_use(unit, month),
        effect=get_queue_effect(viewer, unit, month),
    )


def list_quota_use(unit: OrganizationUnit, month: Month) -> list[QuotaUse]:
    """Each rule in force in the month with what the unit has used. Two queries."""
    granted = GreenChannelGrant.objects.filter(
        unit=unit, month=month.first, state=GreenChannelState.GRANTED
    )
    used = dict(granted.values_list("rule_id").annotate(n=Count("pk")))
    last = month.next.first - dt.timedelta(days=1)
    return [QuotaUse(rule, used.get(rule.pk, 0)) for rule in list_green_channel_rules(on=last)]


def get_queue_effect(viewer: Viewer, unit: OrganizationUnit, month: Month) -> QueueEffect:
    """What the grants did to the ordinary applications accepted in the month. Three queries.

    The formula stands in `queue_effect`.
    """
    turns = _turns(viewer, unit, month)
    ends = [t.surveyed_at for t in turns if t.surveyed_at]
    if not ends:
        return reckon_effect(turns, lambda start, end: 0)
    return reckon_effect(turns, _counter(month.first, local_date(max(ends))))


def count_ordinary_ahead(application: ConnectionApplication) -> int:
    """Ordinary applications of the unit accepted before this one and not surveyed yet.

    One that is not accepted itself stands behind everybody who is.
    """
    waiting = ConnectionApplication.objects.filter(
        unit_id=application.unit_id, state=ApplicationState.ACCEPTED
    ).exclude(pk=application.pk)
    if application.accepted_at is not None:
        waiting = waiting.filter(accepted_at__lt=application.accepted_at)
    surveyed = Q(surveys__state=SurveyState.CONCLUDED)
    green = Q(green_channel_grants__state=GreenChannelState.GRANTED)
    return waiting.exclude(surveyed).exclude(green).count()


def _turns(viewer: Viewer, unit: OrganizationUnit, month: Month) -> list[Turn]:
    start, end = (
        dt.datetime.combine(day, dt.time(), CHINA) for day in (month.first, month.next.first)
    )
    accepted = (
        ConnectionApplication.objects.visible_to(viewer)
        .filter(unit=unit, accepted_at__gte=start, accepted_at__lt=end)
        # Whoever withdrew before the survey stood in nobody's way.
        .exclude(~Q(surveys__state=SurveyState.CONCLUDED), state=ApplicationState.WITHDRAWN)
    )
    first = Min("surveys__surveyed_at", filter=Q(surveys__state=SurveyState.CONCLUDED))
    rows = accepted.annotate(first_survey=first).values_list("pk", "accepted_at", "first_survey")
    green = GreenChannelGrant.objects.filter(
        state=GreenChannelState.GRANTED, application__in=accepted.values("pk")
    )
    passing = set(green.values_list("application_id", flat=True))
    return [Turn(accepted_at, survey, pk in passing) for pk, accepted_at, survey in rows]


def _counter(start: dt.date, end: dt.date) -> Callable[[dt.datetime, dt.datetime], int]:
    """Counting over the days up to and with `end`, the calendar read once."""
    calendar = clocks_queries.get_calendar(start, end + dt.timedelta(days=1))

    def count(since: dt.datetime, until: dt.datetime) -> int:
        return calendar.count_working_days(local_date(since), local_date(until)).count

    return count
