"""What the operator scripts and the timetable runs; both safe to repeat."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from busbar.cli.main import main
from busbar.jobs import key_accounts as jobs
from busbar.key_accounts.models import RecognitionRun, Segmentation, StageAssessment
from tests.key_accounts.world import World


@pytest.fixture
def billed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """One economic customer, billed; a lake without curves."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.year(world.customer("BIG"), 6_000_000, yuan=3_600_000)
    return world


class TestCommands:
    def test_evaluate_list_and_simulate(
        self, billed: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["key-accounts", "evaluate"]) == 0
        assert "2026-01：评定 1 户，列入 1 项，退出 0 项" in capsys.readouterr().out

        assert main(["key-accounts", "list", "--category", "economic"]) == 0
        assert "经济大客户：65/60 分，年用电量、年电费" in capsys.readouterr().out

        assert main(["key-accounts", "simulate", "economic-energy=8000000"]) == 0
        told = capsys.readouterr().out
        assert "经济大客户：1 → 0 户" in told
        assert "会退出  经济大客户  BIG" in told

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (["list"], 1),
            (["simulate", "economic-energy=1"], 1),
            (["review", "2026"], 1),
            (["evaluate", "--month", "x"], 1),
            (["evaluate", "--month", "2030-01"], 1),
        ],
    )
    def test_say_what_is_missing(self, billed: World, words: list[str], code: int) -> None:
        assert main(["key-accounts", *words]) == code
        assert not RecognitionRun.objects.exists()


class TestTimetable:
    def test_a_newly_billed_month_is_taken_once(self, billed: World) -> None:
        first, second = jobs.run_day(), jobs.run_day()

        assert first == "到期的人工认定 0 项；2026-01：评定 1 户，列入 1 项，退出 0 项"
        assert second == "到期的人工认定 0 项"
        assert StageAssessment.objects.count() == 1
        assert Segmentation.objects.get().unmeasured == 0
