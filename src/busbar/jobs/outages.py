"""Stops of supply told to metering: what was off is nought and no gap."""

from __future__ import annotations

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.journal.models import Entry
from busbar.metering import operations as metering_operations
from busbar.outages import queries as outages_queries
from busbar.outages.models import Outage

PREFIXES = ("outages.stop.begun", "outages.stop.restored")


def tell_metering(entry: Entry) -> None:
    """Keep that the points of a stop are off, or since when they are on again.

    The row says both moments, so an entry acted on twice, or late, tells the same.
    """
    outage = Outage.objects.filter(pk=entry.subject_id, begun_at__isnull=False).first()
    if outage is None or outage.begun_at is None:
        return
    points = outages_queries.list_dark_points(outage)
    metering_operations.note_power_off(
        usage_point_ids=points,
        off_at=outage.begun_at,
        on_at=outage.restored_at,
        source=f"停电 {outage.number}",
        by=SYSTEM_VIEWER,
        at=entry.occurred_at,
    )
