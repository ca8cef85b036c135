"""`busbar change`: a change of supply is judged and taken in from the command line."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from tests.billing import world as billed
from tests.connections.processes import world as w
from tests.imports.world import make_viewer

from busbar.access.models import Role
from busbar.cli.main import main
from busbar.connections.models import ChangeKind, SupplyChange
from busbar.connections.queries.charge_changes import earliest_start
from busbar.kit.periods import local_date
from busbar.supply.models import UsagePoint
from busbar.workflow.models import ProcessInstance

NOW = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
WISH = ["1001", "charge_mode_change", "--as", "E900", "--fact", "agreement_number=B1"]
BY_ACTUAL = ["--fact", "basic_charge_mode=actual_demand"]


@pytest.fixture
def point(ground: None, settings: Any, tmp_path: Any) -> UsagePoint:
    """An account charged by capacity, its county's agent E900."""
    settings.FILES_ROOT = tmp_path / "files"
    w.load_ground(NOW)
    county = w.make_company(NOW).units["310101"]
    make_viewer(county, Role.SERVICE_AGENT, number="E900")
    return billed.make_account(county, "1001")


def first_day(point: UsagePoint) -> str:
    """The earliest that an application of today can reach."""
    today = local_date(dt.datetime.now(dt.UTC))
    switch = earliest_start(point.account, ChangeKind.CHARGE_MODE_CHANGE, asked_on=today)
    assert switch is not None
    return switch.on.isoformat()


class TestChange:
    def test_is_judged_without_a_trace_and_taken_in(
        self, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        start = ["--starts", first_day(point)]

        assert main(["change", "judge", *WISH, *BY_ACTUAL, *start]) == 0
        none_yet = not SupplyChange.objects.exists()
        assert main(["change", "request", *WISH, *BY_ACTUAL, *start]) == 0

        change = SupplyChange.objects.get()
        assert none_yet
        assert capsys.readouterr().out.splitlines() == [
            "基本电费计收方式变更：发改办价格〔2016〕1583号（R2016）",
            "可以受理",
            f"{change.number} 已受理，送审批",
        ]
        assert ProcessInstance.objects.get().pk == change.process_id

    def test_too_late_is_refused_with_the_earliest_day(
        self, point: UsagePoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        start = ["--starts", "2026-01-01"]

        assert main(["change", "judge", *WISH, *BY_ACTUAL, *start]) == 1
        assert main(["change", "request", *WISH, *BY_ACTUAL, *start]) == 1

        told = capsys.readouterr()
        assert f"最早可自 {first_day(point)} 起变更" in told.out
        assert f"最早可自 {first_day(point)} 起变更" in told.err
        assert not SupplyChange.objects.exists()

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["9999", *WISH[1:]], "没有户号 9999，或不在该员工的管辖范围内\n"),
            (["1001", "gift", *WISH[2:]], "没有类别 gift，应为 "),
            ([*WISH[:3], "E0", *WISH[4:]], "没有工号 E0\n"),
        ],
    )
    def test_what_is_not_there_is_named(
        self, point: UsagePoint, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["change", "judge", *words, *BY_ACTUAL, "--starts", "2027-01-01"]) == 1

        assert capsys.readouterr().out.startswith(told)
