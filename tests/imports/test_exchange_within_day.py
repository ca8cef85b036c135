"""A meter exchanged at 10:07: its day is the old one's up to then, the new one's from then on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.kit.periods import CHINA
from busbar.metering import queries as metering_queries
from busbar.metering.lake import Quality
from busbar.metering.models import MeterInstallation
from busbar.supply.models import UsagePoint
from tests.imports.world import (
    archive_files,
    csv_bytes,
    errors,
    network_files,
    run_files,
)
from tests.worlds import keep

Units = dict[str, OrganizationUnit]
POINTS = [f"P{i}" for i in range(1, 97)]
SECONDARY = {"side": "secondary"}
DAY = "2025-02-01"
AT_10_07 = dt.datetime(2025, 2, 1, 10, 7, tzinfo=CHINA)
SPLIT = 40
"""10:00 to 10:15."""


def exchange(moment: dt.datetime) -> None:
    """M1 (x 100) came down and M2 (x 400) went up at one moment."""
    of = MeterInstallation.objects.filter
    of(meter__serial="M1").update(removed_at=moment, ct_ratio=Decimal(100), pt_ratio=Decimal(1))
    of(meter__serial="M2").update(installed_at=moment, ct_ratio=Decimal(400), pt_ratio=Decimal(1))


@pytest.fixture
def archive(units: Units, home: Path) -> None:
    """P1 with M1 until the first of February 2025, then M2."""
    keep(_bring_in, folder=home)


def _bring_in() -> None:
    run_files("network", network_files())
    run_files("archive", archive_files())
    exchange(AT_10_07)


def wide(*rows: tuple[str, list[str]], header: str = "表号") -> bytes:
    return csv_bytes([header, "日期", *POINTS], [[name, DAY, *values] for name, values in rows])


def stored() -> tuple[list[int], list[int]]:
    """(Wh, quality) of the day of the exchange."""
    day = dt.date.fromisoformat(DAY)
    row = metering_queries.get_curves(
        SYSTEM_VIEWER,
        usage_point_ids=[UsagePoint.objects.get(number="P1").pk],
        start=day,
        end=day + dt.timedelta(days=1),
    ).to_pylist()[0]
    return row["active_wh"], row["quality"]


OLD = ["0.010"] * SPLIT + ["0.004"] + [""] * 55
"""M1: 10 Wh a quarter, 4 Wh of the last one."""
NEW = [""] * SPLIT + ["0.006"] + ["0.010"] * 55
"""M2: 6 Wh of the first quarter, 10 Wh of the others."""
JOINED = [1_000] * SPLIT + [400 + 2_400] + [4_000] * 55


@pytest.mark.usefixtures("archive")
class TestByMeter:
    def test_joins_both_parts_each_with_its_ratio_without_loss(self) -> None:
        run = run_files("readings", {"a.csv": wide(("M1", OLD), ("M2", NEW))}, options=SECONDARY)

        assert errors(run) == []
        assert stored() == (JOINED, [0] * 96)

    def test_takes_nothing_from_a_meter_where_it_did_not_hang(self) -> None:
        old, new = [*OLD[:50], *["7"] * 46], [*["9"] * 30, *NEW[30:]]

        run_files("readings", {"a.csv": wide(("M1", old), ("M2", new))}, options=SECONDARY)

        assert stored() == (JOINED, [0] * 96)

    def test_in_two_files_leaves_the_shared_quarter_to_validation(self) -> None:
        run_files("readings", {"a.csv": wide(("M1", OLD))}, options=SECONDARY)
        run_files("readings", {"b.csv": wide(("M2", NEW))}, options=SECONDARY)

        values, quality = stored()
        assert values == [1_000] * SPLIT + [0] + [4_000] * 55
        assert quality == [0] * SPLIT + [Quality.MISSING] + [0] * 55

    def test_at_a_quarter_needs_no_shared_one(self) -> None:
        exchange(AT_10_07.replace(minute=0))
        old, new = [*OLD[:SPLIT], *[""] * 56], [*[""] * SPLIT, *["0.010"] * 56]

        run_files("readings", {"a.csv": wide(("M1", old))}, options=SECONDARY)
        run_files("readings", {"b.csv": wide(("M2", new))}, options=SECONDARY)

        assert stored() == ([1_000] * SPLIT + [4_000] * 56, [0] * 96)

    def test_reads_rows_of_intervals_alike(self) -> None:
        start = AT_10_07.replace(hour=0, minute=0)
        rows = [
            [serial, f"{start + dt.timedelta(minutes=15 * i):%Y-%m-%d %H:%M}", value]
            for serial, values in (("M1", OLD), ("M2", NEW))
            for i, value in enumerate(values)
            if value
        ]
        content = csv_bytes(["表号", "时间", "有功电量"], rows)

        run = run_files("readings", {"a.csv": content}, options={**SECONDARY, "stamp": "start"})

        assert errors(run) == []
        assert stored() == (JOINED, [0] * 96)


@pytest.mark.usefixtures("archive")
class TestByUsagePoint:
    def test_changes_the_ratio_with_the_first_quarter_of_the_new_meter(self) -> None:
        content = wide(("P1", ["0.010"] * 96), header="计量点编号")

        run_files("readings", {"a.csv": content}, options=SECONDARY)

        assert stored() == ([1_000] * (SPLIT + 1) + [4_000] * 55, [0] * 96)

    def test_beside_a_meter_of_its_own_is_refused_and_nothing_stored(self) -> None:
        content = wide(("P1", ["1"] * 96), ("M1", OLD), header="计量点编号")

        run = run_files("readings", {"a.csv": content}, options=SECONDARY)

        assert run.state == "refused"
        assert metering_queries.list_lake_commits() == []
