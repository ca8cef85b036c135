"""`busbar bill advise`, `forecast` and `shadow` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from busbar.cli.main import main
from busbar.supply.models import UsagePoint
from tests.billing import world
from tests.billing.advice import year as years
from tests.worlds import keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def point(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UsagePoint:
    """An account at 100 kW, billed from May 2025 to January 2026."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    return keep(_bill, tmp_path / "lake", folder=tmp_path / "lake")


def _bill(lake: Path) -> UsagePoint:
    world.make_tariff()
    made = world.make_account(world.make_county(), "3101000001")
    months = years.months_until(world.MONTH, 9)
    years.bill_months(lake, [made], {m: {"kw": 100} for m in months})
    return made


class TestAdvise:
    def test_prints_the_best_way_and_its_saving(
        self, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["bill", "advise", "3101000001", "--on", "2026-02-02"])

        told = json.loads(capsys.readouterr().out)
        assert code == 0
        assert told["basic"]["best"] == {"mode": "actual_demand", "contract_kw": None}
        assert told["basic"]["saving_yuan_a_year"] == "309660.00"
        assert told["switch"]["on"] == "2026-04-01"

    def test_says_that_there_is_no_such_account(
        self, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["bill", "advise", "9999"])
        assert (code, capsys.readouterr().err) == (1, "busbar: 没有户号 9999\n")


class TestForecast:
    def test_prints_so_far_and_the_end(
        self, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["bill", "forecast", "3101000001", "--on", "2026-01-21"])

        told = json.loads(capsys.readouterr().out)
        assert (code, told["through"], told["so_far_kwh"]) == (0, "2026-01-20", "48000")
        assert told["low_yuan"] == told["forecast_yuan"] == told["high_yuan"] == "71618.80"

    def test_says_what_is_missing(
        self, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["bill", "forecast", "3101000001", "--on", "2026-03-10"])
        assert (code, capsys.readouterr().err) == (
            1,
            "busbar: 数据不足，不能预测：2026-03 在 2026-03-10 之前没有完整一天的负荷曲线。\n",
        )


class TestShadow:
    def test_imports_and_ranks(
        self, point: UsagePoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "theirs.csv"
        file.write_text("户号,月份,费用项目,金额\n3101000001,2026-01,合计,70000\n", "utf-8")

        code = main(["bill", "shadow", str(file)])

        shown = capsys.readouterr().out
        assert code == 0
        assert "  合计 → total" in shown
        assert "3101000001 2026-01：对方 70000.00，本系统 71618.80，差 -1618.80" in shown
