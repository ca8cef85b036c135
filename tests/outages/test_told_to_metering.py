"""A stop of supply is nought in the curve and no gap; a restored supply ends it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.jobs import outages as outages_jobs
from busbar.jobs import outbox
from busbar.journal.models import Entry
from busbar.kit.periods import CHINA
from busbar.metering import operations as metering_operations
from busbar.metering.models import PowerOffEvent
from busbar.network.models import Feeder, Substation
from busbar.outages import operations as outages_operations
from busbar.outages.models import Outage
from busbar.outages.queries import Scope
from busbar.supply.models import PowerSource, UsagePoint
from tests.billing import world
from tests.metering.vee_world import OUTAGE, SHAPE, day, deliver, hang_meter, stored, with_gap

pytestmark = pytest.mark.django_db

OFF = dt.datetime(2026, 1, 7, 2, 30, tzinfo=CHINA)


@pytest.fixture
def point(ground: None, tmp_path: Path, settings: Any) -> UsagePoint:
    """A metered point whose curve lacks 2:30 to 5:00 of 7 January."""
    settings.LAKE_ROOT = tmp_path / "lake"
    metering_operations.load_vee_rules(at=OFF)
    made = world.make_account(world.make_county(), "100001")
    hang_meter(made)
    values, quality = with_gap(10, 20)
    deliver(made, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
    return made


def begin(point: UsagePoint, kind: str = "fault") -> Outage:
    row = outages_operations.plan_outage(
        kind=kind, unit_id=point.account.unit_id, reason="断线", planned_from=OFF,
        scope=Scope(accounts=[point.account.number]), by=SYSTEM_VIEWER, at=OFF,
    )  # fmt: skip
    return outages_operations.begin_outage(number=row.number, by=SYSTEM_VIEWER, at=OFF)


def restore(row: Outage, hours: float = 2.5) -> None:
    at = OFF + dt.timedelta(hours=hours)
    outages_operations.restore_outage(number=row.number, by=SYSTEM_VIEWER, at=at)


def react() -> None:
    for reaction in outbox.REACTIONS:
        if reaction.name == "metering.outages":
            outbox.react_to_all(reaction)


class TestAStop:
    def test_is_open_until_supply_is_restored(self, point: UsagePoint) -> None:
        row = begin(point)
        react()
        assert [(e.usage_point_id, e.off_at, e.on_at) for e in PowerOffEvent.objects.all()] == [
            (point.pk, OFF, None)
        ]

        restore(row)
        react()

        event = PowerOffEvent.objects.get()
        assert (event.off_at, event.on_at) == (OFF, OFF + dt.timedelta(hours=2.5))
        assert event.source == f"停电 {row.number}"

    def test_acted_on_twice_says_the_same(self, point: UsagePoint) -> None:
        restore(begin(point))
        entries = Entry.objects.filter(event__startswith="outages.stop.").order_by("id")
        for entry in [*entries, *entries]:
            if entry.event in outages_jobs.PREFIXES:
                outages_jobs.tell_metering(entry)

        assert PowerOffEvent.objects.count() == 1
        assert Entry.objects.filter(event="metering.power_off.stored").count() == 1

    def test_makes_the_gap_a_fact(self, point: UsagePoint) -> None:
        restore(begin(point))
        react()

        metering_operations.validate_month(
            month=world.Month(2026, 1), prices=lambda _ids: {}, by=SYSTEM_VIEWER,
            at=dt.datetime(2026, 2, 1, tzinfo=CHINA),
        )  # fmt: skip

        now = stored(point, 7)
        assert now["quality"][9:21] == [0, *[OUTAGE] * 10, 0]
        assert now["active_wh"][10:20] == [0] * 10
        assert day(7) == OFF.date()

    def test_leaves_a_site_with_a_second_source_to_its_meter(self, point: UsagePoint) -> None:
        station = Substation.objects.create(
            code="S1", name="变", unit=point.account.unit, voltage_kv=110, capacity_kva=50_000
        )
        feeder = Feeder.objects.create(
            code="F1", name="线", substation=station, voltage_kv=10, capacity_kva=10_000
        )
        PowerSource.objects.create(
            site=point.site, feeder=feeder, role="backup", voltage_kv=10, capacity_kva=1000
        )

        begin(point)
        react()

        assert not PowerOffEvent.objects.exists()
