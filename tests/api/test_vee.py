"""Validation for programs: the work list, accepting, setting values of a day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from busbar.access.models import Role
from busbar.metering.models import LakeCommit, VeeFinding
from tests.api import billed as b
from tests.api.affair import get, post
from tests.api.billed import FOREIGN, OWN, Billed, refused
from tests.billing import world

pytestmark = pytest.mark.django_db
DAY = "2026-01-01"


@pytest.fixture
def billed(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Billed:
    return b.make(tmp_path, monkeypatch)


def find(billed: Billed, place: int, stake: str, *, day: int = 1) -> VeeFinding:
    """A spike at 00:15 of the usage point."""
    return VeeFinding.objects.create(
        usage_point=billed.points[place], day=dt.date(2026, 1, day), lake_channel="active_wh",
        rule="spike", action="suspect", intervals=[[1, 2]], judged_version=1,
        energy_wh=25_000, stake_yuan=stake, state="open", found_at=world.AT,
    )  # fmt: skip


class TestWorkList:
    def test_is_ranked_by_money_and_paged(self, billed: Billed) -> None:
        small, large = find(billed, 0, "7.50", day=2), find(billed, 0, "15.00")
        find(billed, 1, "99.00")
        client = billed.program(Role.METERING_ENGINEER)

        first = get(client, "vee-findings?limit=1")
        second = get(client, f"vee-findings?limit=1&after={first['next']}")

        row = first["items"][0]
        assert (row["id"], row["account_number"], row["stake_yuan"]) == (large.pk, OWN, "15.00")
        assert (row["rule"], row["intervals"], row["state"]) == ("spike", [[1, 2]], "open")
        assert ([row["id"] for row in second["items"]], second["next"]) == ([small.pk], None)

    def test_is_narrowed(self, billed: Billed) -> None:
        finding = find(billed, 0, "15.00")
        VeeFinding.objects.update(state="accepted")
        client = billed.program(Role.METERING_ENGINEER)

        for query, expected in (
            ("", []),
            ("state=all", [finding.pk]),
            ("state=accepted&rule=spike&month=2026-01&unit=C", [finding.pk]),
            ("state=all&rule=stuck", []),
            ("state=all&month=2026-02", []),
        ):
            found = get(client, f"vee-findings?{query}")["items"]
            assert [row["id"] for row in found] == expected, query
        refused(client, "vee-findings?unit=D", 404)
        refused(client, "vee-findings?after=x", 409)
        refused(client, "vee-findings?state=x", 422)

    def test_hides_the_other_county(self, billed: Billed) -> None:
        own, foreign = find(billed, 0, "1.00"), find(billed, 1, "1.00")
        client = billed.program(Role.METERING_ENGINEER)

        assert get(client, f"vee-findings/{own.pk}")["usage_point_number"] == f"U{OWN}"
        refused(client, f"vee-findings/{foreign.pk}", 404)


class TestAccepting:
    def test_takes_a_reason_and_all_or_none(self, billed: Billed) -> None:
        own, foreign = find(billed, 0, "1.00"), find(billed, 1, "1.00")
        client = billed.program(Role.METERING_ENGINEER)
        both = {"findings": [own.pk, foreign.pk], "reason": "检修"}

        post(client, "vee-findings/accept", both, status=409)
        assert not VeeFinding.objects.exclude(state="open").exists()
        (row,) = post(client, "vee-findings/accept", both | {"findings": [own.pk]})

        assert (row["state"], row["reason"], row["decided_by"]) == ("accepted", "检修", "职员E001")
        foreign.refresh_from_db()
        assert foreign.state == "open"

    def test_is_for_who_may_edit_readings(self, billed: Billed) -> None:
        asked = {"findings": [find(billed, 0, "1.00").pk], "reason": "检修"}

        post(billed.program(Role.MANAGER), "vee-findings/accept", asked, status=403)

        assert VeeFinding.objects.get().state == "open"


class TestEditing:
    def asked(self, version: int) -> dict[str, object]:
        return {"channel": "active_wh", "start": 0, "values": [None, 30_000],
                "version": version, "reason": "现场核对"}  # fmt: skip

    def curve(self, billed: Billed) -> dict[str, object]:
        path = f"curves/U{OWN}?start={DAY}&end=2026-01-02"
        (day,) = get(billed.program(Role.MANAGER), path)["days"]
        return dict(day)

    def test_writes_a_new_version_and_decides_the_finding(self, billed: Billed) -> None:
        finding, before = find(billed, 0, "1.00"), self.curve(billed)
        client = billed.program(Role.METERING_ENGINEER)

        told = post(client, f"curves/U{OWN}/{DAY}", self.asked(int(str(before["version"]))))

        after = self.curve(billed)
        assert (told["day"], told["version"]) == (DAY, after["version"])
        assert (after["active_wh"][:3], after["quality"][:3]) == (  # type: ignore[index] # JSON
            [25_000, 30_000, 25_000], [0, 2, 0],
        )  # fmt: skip
        finding.refresh_from_db()
        assert finding.state == "edited"
        stale = post(client, f"curves/U{OWN}/{DAY}", self.asked(0), status=409)
        assert "更新的版本" in stale["detail"]

    def test_is_for_who_may_and_not_of_others(self, billed: Billed) -> None:
        post(billed.program(Role.MANAGER), f"curves/U{OWN}/{DAY}", self.asked(1), status=403)
        engineer = billed.program(Role.METERING_ENGINEER)
        post(engineer, f"curves/U{FOREIGN}/{DAY}", self.asked(1), status=404)

        assert not LakeCommit.objects.filter(commit_key__startswith="edit:").exists()
