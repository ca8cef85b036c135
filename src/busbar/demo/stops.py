"""The region's works and faults: announced, over, restored, one still without supply."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress

from django.db.models import Count

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date
from busbar.network.models import Feeder
from busbar.outages import operations as outages_operations
from busbar.outages import queries as outages_queries
from busbar.outages.models import Outage, OutageKind
from busbar.outages.queries import Scope
from busbar.supply.models import PowerSource, SourceRole

_FEEDERS = 4


def tell_stops(*, at: dt.datetime) -> str:
    """Works that are over and works to come, a fault that was mended and one that is not."""
    feeders = _busiest()
    plays = (_past_works, _coming_works, _mended_fault, _open_fault)
    told = [play(feeder, at) for play, feeder in zip(plays, feeders, strict=False)]
    return f"停电 {len(told)} 件"


def _busiest() -> Sequence[Feeder]:
    """Feeders that feed customers, the most first."""
    rows = PowerSource.objects.filter(role=SourceRole.MAIN).values("feeder")
    counted = rows.annotate(n=Count("id")).order_by("-n", "feeder")[:_FEEDERS]
    ids = [row["feeder"] for row in counted]
    known = Feeder.objects.select_related("substation__unit").in_bulk(ids)
    return [known[pk] for pk in ids]


def _plan(
    feeder: Feeder,
    kind: OutageKind,
    reason: str,
    start: dt.datetime,
    until: dt.datetime | None,
    at: dt.datetime,
) -> Outage:
    unit: OrganizationUnit = feeder.substation.unit
    return outages_operations.plan_outage(
        kind=kind,
        unit_id=unit.pk,
        reason=reason,
        planned_from=start,
        planned_until=until,
        scope=Scope(feeders=[feeder.code]),
        by=SYSTEM_VIEWER,
        at=at,
    )


def _report(row: Outage, at: dt.datetime) -> None:
    """Where important customers are on the feeder, the authority was told."""
    if outages_queries.list_important(row):
        outages_operations.report_to_authority(
            number=row.number, report=f"供电停函〔{at:%Y}〕{at:%j}号", by=SYSTEM_VIEWER, at=at
        )


def _past_works(feeder: Feeder, at: dt.datetime) -> str:
    start, told = _hour(at, -8, 8), _hour(at, -20, 9)
    row = _plan(feeder, OutageKind.PLANNED, "线路综合检修", start, _hour(at, -8, 16), told)
    _report(row, told)
    outages_operations.announce_outage(number=row.number, by=SYSTEM_VIEWER, at=told)
    outages_operations.begin_outage(number=row.number, by=SYSTEM_VIEWER, at=start)
    done = _hour(at, -8, 15)
    outages_operations.remove_cause(number=row.number, by=SYSTEM_VIEWER, at=done)
    outages_operations.restore_outage(
        number=row.number, by=SYSTEM_VIEWER, at=done + dt.timedelta(minutes=40)
    )
    return row.number


def _coming_works(feeder: Feeder, at: dt.datetime) -> str:
    start = _hour(at, 12, 8)
    row = _plan(feeder, OutageKind.PLANNED, "更换柱上开关", start, _hour(at, 12, 12), at)
    with suppress(Refusal):  # where a longer notice is in force the works stay to be announced
        outages_operations.announce_outage(number=row.number, by=SYSTEM_VIEWER, at=at)
    return row.number


def _mended_fault(feeder: Feeder, at: dt.datetime) -> str:
    begun = _hour(at, -3, 14)
    row = _plan(feeder, OutageKind.FAULT, "大风断线", begun, None, begun)
    later = begun + dt.timedelta(minutes=5)
    outages_operations.begin_outage(number=row.number, begun_at=begun, by=SYSTEM_VIEWER, at=later)
    done = begun + dt.timedelta(hours=2)
    outages_operations.remove_cause(number=row.number, by=SYSTEM_VIEWER, at=done)
    outages_operations.restore_outage(
        number=row.number, by=SYSTEM_VIEWER, at=done + dt.timedelta(minutes=20)
    )
    return row.number


def _open_fault(feeder: Feeder, at: dt.datetime) -> str:
    begun = at - dt.timedelta(minutes=50)
    row = _plan(feeder, OutageKind.FAULT, "电缆接头击穿", begun, None, begun)
    outages_operations.begin_outage(number=row.number, by=SYSTEM_VIEWER, at=begun)
    return row.number


def _hour(at: dt.datetime, days: int, hour: int) -> dt.datetime:
    day = local_date(at) + dt.timedelta(days=days)
    return dt.datetime.combine(day, dt.time(hour), tzinfo=CHINA)
