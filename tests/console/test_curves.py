"""The curve as JSON and as a file."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access.models import Role
from busbar.journal.models import Entry
from tests.console.region import Region, store_day

DAY = dt.date(2026, 10, 15)
FLAT = [250_000] * 96
"""1,000 kW all day."""


@pytest.fixture(autouse=True)
def _own_lake(lake: None) -> None:
    """Every test here reads and writes its own lake."""


class TestDay:
    def test_marks_the_peak_and_its_time(self, region: Region) -> None:
        customer = region.customer("1")
        curve = FLAT.copy()
        curve[74] = 300_000
        store_day(customer, DAY, curve)

        data = _get(region, "view=day&date=2026-10-15")

        summary = data["summary"]
        assert (summary["peak_kw"], summary["peak_index"]) == (1200.0, 74)
        assert summary["peak_at"] == "2026-10-15 18:30"
        assert summary["energy_kwh"] == 24_050.0
        assert summary["lowest_kw"] == 1000.0
        assert data["kw"][74] == 1200.0
        assert data["kvar"][0] == 250.0
        assert data["power_factor"][0] == 0.97

    def test_shows_gaps_as_gaps_and_an_outage_as_zero(self, region: Region) -> None:
        quality = [0] * 96
        quality[4:6] = [3, 3]
        quality[10] = 5
        curve = FLAT.copy()
        curve[4] = curve[5] = curve[10] = 0
        store_day(region.customer("1"), DAY, curve, quality=quality)

        data = _get(region, "view=day&date=2026-10-15")

        assert data["kw"][3:7] == [1000.0, None, None, 1000.0]
        assert data["kw"][10] == 0.0
        assert data["flags"] == [
            {"start": 4, "end": 6, "value": 3},
            {"start": 10, "end": 11, "value": 5},
        ]
        assert data["summary"]["missing"] == 2

    def test_compares_with_the_same_day_last_week(self, region: Region) -> None:
        customer = region.customer("1")
        store_day(customer, DAY, FLAT)
        store_day(customer, DAY - dt.timedelta(days=7), [125_000] * 96)

        compare = _get(region, "view=day&date=2026-10-15&compare=week")["compare"]

        assert compare["label"] == "2026-10-08"
        assert compare["kw"] == [500.0] * 96

    def test_reads_an_older_version_as_it_was(self, region: Region) -> None:
        customer = region.customer("1")
        store_day(customer, DAY, FLAT, key="first")
        first = _get(region, "view=day&date=2026-10-15")["version"]
        store_day(customer, DAY, [500_000] * 96, key="second")

        now = _get(region, "view=day&date=2026-10-15")
        then = _get(region, f"view=day&date=2026-10-15&version={first}")

        assert (now["kw"][0], then["kw"][0]) == (2000.0, 1000.0)
        assert (now["as_of"], then["as_of"]) == (None, first)

    def test_says_nothing_of_a_day_without_curve(self, region: Region) -> None:
        region.customer("1")

        data = _get(region, "view=day&date=2026-10-15")

        assert data["summary"]["peak_kw"] is None
        assert data["kw"] == [None] * 96


class TestMonth:
    def test_has_a_row_for_every_day(self, region: Region) -> None:
        store_day(region.customer("1"), DAY, FLAT)

        data = _get(region, "view=month&month=2026-10")

        assert len(data["kw"]) == 31 * 96
        assert len(data["table"]) == 31
        assert data["table"][14]["energy_kwh"] == 24_000.0
        assert data["table"][13]["peak_kw"] is None


class TestAddress:
    @pytest.mark.parametrize("query", ["", "view=day&date=31.10.2026", "view=month&month=2026"])
    def test_that_cannot_be_is_refused_with_a_sentence(self, region: Region, query: str) -> None:
        region.customer("1")

        assert region.client().get(f"/customers/1/curve.json?{query}").status_code == 409

    def test_of_another_countys_customer_is_not_there(self, region: Region) -> None:
        region.customer("1", unit=region.south)

        answer = region.client().get("/customers/1/curve.json?view=day&date=2026-10-15")

        assert answer.status_code == 404

    def test_of_a_point_of_another_customer_is_not_there(self, region: Region) -> None:
        region.customer("1")
        region.customer("2")

        answer = region.client().get(
            "/customers/1/curve.json?view=day&date=2026-10-15&part=point:UP2"
        )

        assert answer.status_code == 404


class TestExport:
    def test_writes_every_quarter_with_its_quality(self, region: Region) -> None:
        quality = [3] + [0] * 95
        store_day(region.customer("1"), DAY, [0, *FLAT[1:]], quality=quality)
        asked = {"view": "day", "date": "2026-10-15", "format": "csv"}

        answer = region.client().post("/customers/1/curve/export/", asked)

        lines = answer.content.decode("utf-8-sig").splitlines()
        assert len(lines) == 97
        assert lines[1] == "2026-10-15 00:00,,,,,缺失"
        assert lines[2] == "2026-10-15 00:15,1000.0,250.0,62.5,0.0,实测"
        assert Entry.objects.get(event="console.table.exported").changes["rows"] == 96

    def test_is_refused_without_the_permission(self, region: Region) -> None:
        region.customer("1")
        agent = region.hire("agent", region.north, Role.SERVICE_AGENT)
        asked = {"view": "day", "date": "2026-10-15"}

        answer = region.client(agent).post("/customers/1/curve/export/", asked)

        assert answer.status_code == 403
        assert not Entry.objects.filter(event="console.table.exported").exists()


def _get(region: Region, query: str) -> dict:
    answer = region.client().get(f"/customers/1/curve.json?{query}")
    assert answer.status_code == 200
    return answer.json()
