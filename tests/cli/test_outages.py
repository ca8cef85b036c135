"""`busbar outages`: a fault from the command line, and what is refused."""

from __future__ import annotations

import pytest
from tests.outages.conftest import Grid, grid

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.cli.main import main
from busbar.outages.models import Outage, OutageState

__all__ = ["grid"]
PLAN = ("--kind", "fault", "--unit", "C", "--reason", "断线", "--from", "2026-03-02T09:00")


class TestOutages:
    def test_a_fault_is_planned_begun_and_restored(
        self, grid: Grid, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["outages", "plan", *PLAN, "--feeders", "F1", "F2"]) == 0
        number = Outage.objects.get().number
        assert f"{number}  影响用电点 3 个" in capsys.readouterr().out

        for word in (("begin", "--at", "2026-03-02T09:05"), ("cause-removed",), ("restore",)):
            assert main(["outages", word[0], number, *word[1:]]) == 0

        assert Outage.objects.get().state == OutageState.RESTORED
        capsys.readouterr()
        assert main(["outages", "show", number]) == 0
        assert "KA  客户A  PA  消息 2 送达 0" in capsys.readouterr().out
        assert main(["outages", "list", "--kind", "fault"]) == 0
        assert "故障停电  已恢复  2026-03-02 09:00  断线" in capsys.readouterr().out

    def test_what_is_not_known_or_not_lawful_is_refused(
        self, grid: Grid, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["outages", "plan", *PLAN, "--feeders", "F9"]) == 1
        assert "馈线 F9" in capsys.readouterr().err
        assert main(["outages", "show", "X"]) == main(["outages", "begin", "X"]) == 1
        assert not Outage.objects.exists()
        works = grid.plan()
        assert main(["outages", "begin", works.number]) == 1
        assert "尚未通知用户" in capsys.readouterr().err
        assert main(["outages", "report", works.number, "7号"]) == 0
        assert main(["outages", "cancel", works.number, "雨天"]) == 0
        works.refresh_from_db()
        assert (works.authority_report, works.state) == ("7号", OutageState.CANCELLED)

    def test_a_stop_for_arrears_is_left_to_its_case(
        self, grid: Grid, capsys: pytest.CaptureFixture[str]
    ) -> None:
        outage = grid.plan(kind="arrears", planned_until=None, by=SYSTEM_VIEWER)
        assert main(["outages", "announce", outage.number]) == 1
        assert "催费单的步骤" in capsys.readouterr().out
        outage.refresh_from_db()
        assert outage.state == OutageState.PLANNED
