"""Registers' readings and meter events from files, refused by row and column; moments of meters."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.clocks.reckoning import midnight
from busbar.imports.cells import CellRefused, parse_cell
from busbar.imports.tables import Field
from busbar.kit.periods import CHINA
from busbar.metering.models import (
    ClockCheck,
    Meter,
    MeterInstallation,
    PowerOffEvent,
    RegisterReading,
)
from busbar.supply.models import UsagePoint
from tests.billing import world as billing_world
from tests.imports.world import counts, csv_bytes, errors, run_files

pytestmark = pytest.mark.django_db

READINGS = ("电能表编号", "冻结时间", "表码", "数据项", "时钟偏差秒")
EVENTS = ("表号", "计量点编号", "事件", "发生时间", "结束时间", "偏差秒数")


@pytest.fixture
def point() -> UsagePoint:
    """U100001 with meter M1 until 10 February 2026 10:07, M2 from then on; six digits."""
    made = billing_world.make_account(billing_world.make_county(), "100001")
    exchange = dt.datetime(2026, 2, 10, 10, 7, tzinfo=CHINA)
    for serial, times in (
        ("M1", {"installed_on": billing_world.LONG_AGO, "removed_on": exchange.date(),
                "removed_at": exchange}),
        ("M2", {"installed_on": exchange.date(), "installed_at": exchange}),
    ):  # fmt: skip
        MeterInstallation.objects.create(
            meter=Meter.objects.create(serial=serial), usage_point=made,
            ct_ratio=10, pt_ratio=10, **times,
        )  # fmt: skip
    return made


class TestMoments:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-01-02 07:30", dt.datetime(2026, 1, 2, 7, 30, tzinfo=CHINA)),
            ("2026/1/2 7:30:05", dt.datetime(2026, 1, 2, 7, 30, 5, tzinfo=CHINA)),
            ("2026年1月2日 24:00", dt.datetime(2026, 1, 3, tzinfo=CHINA)),
            ("20260102", dt.datetime(2026, 1, 2, tzinfo=CHINA)),
            ("2026-01-02T07:30:00+09:00", dt.datetime(2026, 1, 2, 6, 30, tzinfo=CHINA)),
            ("2026-01-01T23:30Z", dt.datetime(2026, 1, 2, 7, 30, tzinfo=CHINA)),
        ],
    )
    def test_are_read_as_people_write_them(self, text: str, moment: dt.datetime) -> None:
        assert parse_cell(Field("at", "时间", cell="moment"), text) == moment

    @pytest.mark.parametrize(
        "text", ["7:30", "2026-01-02 25:00", "2026-02-30 1:00", "2026-01-02 24:15", "昨天", "2026"]
    )
    def test_that_are_none_are_refused(self, text: str) -> None:
        with pytest.raises(CellRefused, match="应为日期和时刻"):
            parse_cell(Field("at", "时间", cell="moment"), text)


class TestRegisterReadings:
    def test_come_in_once(self, point: UsagePoint) -> None:
        rows = [
            ["M1", "2026-02-01", "1234.56", "", ""],
            ["M1", "2026-02-01 24:00", "1240.5", "正向有功总", "-7"],
            ["M1", "2026-02-02", "88", "正向无功", ""],
        ]
        file = {"日冻结示数.csv": csv_bytes(READINGS, rows)}

        run, again = run_files("metering", file), run_files("metering", file)

        assert counts(run) == {"register_readings": (3, 0, 0, 0)}
        assert counts(again) == {"register_readings": (0, 0, 3, 0)}
        row = RegisterReading.objects.get(lake_channel="active_wh", clock_offset_s=-7)
        assert (row.value, row.read_at) == (Decimal("1240.5"), midnight(dt.date(2026, 2, 2)))

    def test_that_cannot_be_are_refused_by_row_and_the_others_kept(self, point: UsagePoint) -> None:
        rows = [
            ["M1", "2026-02-01", "5", "", ""],
            ["M9", "2026-02-01", "5", "", ""],
            ["M1", "2026-02-02", "-1", "", ""],
            ["M1", "2026-02-03", "1000000", "", ""],
            ["M1", "2099-01-01", "6", "", ""],
            ["M1", "2026-02-01", "7", "", ""],
            ["M1", "二月", "7", "", ""],
        ]

        run = run_files("metering", {"示数.csv": csv_bytes(READINGS, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (3, "电能表编号", "没有这个表号，或不在您的管辖范围内"),
            (4, "表码", "示数应不小于 0"),
            (5, "表码", "该表示数为 6 位整数，应小于 1000000"),
            (6, "冻结时间", "抄表时间不应晚于现在"),
            (7, "冻结时间", "同一表号、数据项和时间只应出现一次，前面已有内容不同的一行"),
            (8, "冻结时间", "应为日期和时刻，如 2025-01-31 07:30，一日之末写 24:00"),
        ]
        assert RegisterReading.objects.get().value == 5


class TestMeterEvents:
    def test_come_in_by_meter_or_point_and_end_when_they_are_said_again(
        self, point: UsagePoint
    ) -> None:
        rows = [
            ["M2", "", "停电", "2026-02-10 10:07", "", ""],
            ["", "U100001", "停电事件", "2026-02-01 08:00", "2026-02-01 09:00", ""],
            ["M2", "", "时钟超差", "2026-02-20 08:00", "", "412"],
        ]

        run = run_files("metering", {"计量事件.csv": csv_bytes(EVENTS, rows)})
        ended = [["", "U100001", "停电", "2026-02-10 10:07", "2026-02-10 12:00", ""]]
        later = run_files("metering", {"计量事件.csv": csv_bytes(EVENTS, ended)})

        assert counts(run) == {"meter_events": (3, 0, 0, 0)}
        assert counts(later) == {"meter_events": (0, 1, 0, 0)}
        stops = PowerOffEvent.objects.filter(usage_point=point).order_by("off_at")
        hours = [(row.on_at - row.off_at).total_seconds() / 3600 for row in stops if row.on_at]
        assert [round(h, 2) for h in hours] == [1.0, 1.88]
        check = ClockCheck.objects.get()
        assert (check.meter.serial, check.offset_s) == ("M2", 412)

    def test_that_cannot_be_are_refused_by_row(self, point: UsagePoint) -> None:
        rows = [
            ["", "", "停电", "2026-02-01 08:00", "", ""],
            ["M1", "", "停电", "2026-02-10 10:07", "", ""],
            ["M9", "", "停电", "2026-02-01 08:00", "", ""],
            ["", "U9", "停电", "2026-02-01 08:00", "", ""],
            ["M1", "", "停电", "2026-02-01 08:00", "2026-02-01 08:00", ""],
            ["M1", "", "时钟偏差", "2026-02-01 08:00", "", ""],
            ["M1", "", "雷击", "2026-02-01 08:00", "", ""],
        ]

        run = run_files("metering", {"计量事件.csv": csv_bytes(EVENTS, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (2, "表号", "表号和计量点编号至少填一项"),
            (3, "表号", "该时刻没有这块表在装"),
            (4, "表号", "没有这个表号，或不在您的管辖范围内"),
            (5, "计量点编号", "没有这个计量点编号，或不在您的管辖范围内"),
            (6, "结束时间", "复电时间应晚于停电时间"),
            (7, "偏差秒数", "时钟偏差须写明秒数，表快为正"),
            (8, "事件", "应为以下之一：停电、时钟偏差"),
        ]
        assert not PowerOffEvent.objects.exists()
        assert not ClockCheck.objects.exists()


class TestInstallations:
    def test_come_in_with_the_moment_of_an_exchange(self, point: UsagePoint) -> None:
        MeterInstallation.objects.all().delete()
        header = ("表号", "计量点编号", "装表日期", "拆表日期", "装表时刻", "拆表时刻", "CT变比",
                  "PT变比")  # fmt: skip
        rows = [
            ["M1", "U100001", "2025-01-01", "2026-02-10", "", "2026-02-10 10:07", "10", "10"],
            ["M2", "U100001", "2026-02-10", "", "2026-02-10 10:07", "", "20", "10"],
            ["M3", "U100001", "2024-01-01", "2024-02-01", "2024-01-02 08:00", "", "20", "10"],
        ]

        run = run_files("archive", {"电能表安装.csv": csv_bytes(header, rows)})

        assert counts(run) == {"meters": (2, 0, 0, 1)}
        assert errors(run)[0][3] == "时刻应在同一行的装表、拆表日期之内"
        exchange = dt.datetime(2026, 2, 10, 10, 7, tzinfo=CHINA)
        spans = [(row.begins_at, row.ends_at) for row in MeterInstallation.objects.order_by("id")]
        assert [spans[0][1], spans[1][0]] == [exchange, exchange]
