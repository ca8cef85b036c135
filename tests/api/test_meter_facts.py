"""Registers and meter events sent by a program."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from busbar.metering.models import Meter, MeterInstallation, PowerOffEvent, RegisterReading
from busbar.supply.models import UsagePoint
from tests.api.conftest import Region
from tests.billing import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def meters(region: Region) -> None:
    """M1 in the clerk's county, M2 elsewhere."""
    for serial, number in (("M1", "U1001"), ("M2", "U2001")):
        MeterInstallation.objects.create(
            meter=Meter.objects.create(serial=serial),
            usage_point=UsagePoint.objects.get(number=number),
            installed_on=world.LONG_AGO,
            ct_ratio=1,
            pt_ratio=1,
        )


def send(api: Client, path: str, rows: list[dict[str, Any]]) -> Any:
    body = {"source": "采集主站", "rows": rows}
    return api.post(f"/api/v1/meter-facts/{path}", body, content_type="application/json")


def reading(serial: str, value: Any = "12.5", **told: Any) -> dict[str, Any]:
    return {"serial": serial, "read_at": "2026-01-02T00:00:00+08:00", "value": value} | told


class TestReadings:
    def test_are_kept_and_those_of_another_county_refused(self, api: Client, meters: None) -> None:
        answer = send(api, "readings", [reading("M1"), reading("M2")])

        body = answer.json()
        assert answer.status_code == 200
        assert (body["created"], body["updated"], body["unchanged"]) == (1, 0, 0)
        assert body["refused"] == [
            {"row": 1, "field": "serial", "value": "M2",
             "expectation": "没有这个表号，或不在您的管辖范围内"}
        ]  # fmt: skip
        row = RegisterReading.objects.get()
        assert (row.meter.serial, str(row.value), row.source) == ("M1", "12.5000", "采集主站")

    @pytest.mark.parametrize("value", [12.5, "-1", "NaN", "1.23456", "x"])
    def test_are_texts_of_numbers(self, api: Client, meters: None, value: Any) -> None:
        assert send(api, "readings", [reading("M1", value)]).status_code == 422
        assert not RegisterReading.objects.exists()


class TestEvents:
    def test_end_when_they_are_said_again(self, api: Client, meters: None) -> None:
        off = {"usage_point": "U1001", "event": "power_off",
               "begins_at": "2026-01-02T08:00:00+08:00"}  # fmt: skip

        first = send(api, "events", [off]).json()
        second = send(api, "events", [off | {"ends_at": "2026-01-02T09:00:00+08:00"}]).json()

        assert (first["created"], second["updated"]) == (1, 1)
        row = PowerOffEvent.objects.get()
        assert row.on_at is not None
        assert (row.on_at - row.off_at).total_seconds() == 3600
