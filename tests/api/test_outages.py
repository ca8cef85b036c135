"""Stops for programs: planned, announced, served, begun, restored, by whoever may."""

from __future__ import annotations

import pytest
from django.test import Client

from busbar.access.models import Employee
from busbar.access.visibility import Viewer
from busbar.notifications.models import Message, Receipt
from busbar.outages.models import Outage, OutageState
from tests.api.affair import client_of, get, post
from tests.outages.conftest import Grid, grid

__all__ = ["grid"]
pytestmark = pytest.mark.django_db
ASKED = {
    "kind": "planned",
    "unit_code": "C",
    "reason": "更换开关",
    "planned_from": "2099-03-20T08:00:00+08:00",
    "feeders": ["F1"],
}
ACTS = {
    "announce": None,
    "report": {"report": "7号"},
    "serve": {"customer_number": "KB", "person": "门卫", "means": "当面"},
    "begin": {},
    "cause-removed": None,
    "restore": {},
    "cancel": {"reason": "雨天"},
}


def program_of(viewer: Viewer) -> Client:
    return client_of(Employee.objects.get(pk=viewer.employee_id).user)


class TestActing:
    def test_works_are_planned_announced_and_served(self, grid: Grid) -> None:
        client = program_of(grid.dispatcher)

        made = post(client, "outages", ASKED)
        shown = post(client, f"outages/{made['number']}/announce", None)
        post(client, f"outages/{made['number']}/serve", ACTS["serve"])

        assert (made["state"], shown["state"], made["scope"]) == ("planned", "announced", "F1")
        assert Message.objects.count() == Receipt.objects.count() == 1
        rows = get(client, f"outages/{made['number']}/affected")
        assert [(r["customer_number"], r["messages"], r["receipts"]) for r in rows] == [
            ("KA", 1, 0), ("KB", 0, 1),
        ]  # fmt: skip
        assert rows[0]["usage_points"] == ["PA"]

    def test_a_fault_is_begun_and_restored(self, grid: Grid) -> None:
        client = program_of(grid.dispatcher)
        asked = ASKED | {"kind": "fault", "planned_from": "2026-03-02T09:00:00+08:00"}
        number = post(client, "outages", asked)["number"]

        post(client, f"outages/{number}/begin", {"moment": "2026-03-02T09:05:00+08:00"})
        post(client, f"outages/{number}/cause-removed", None)
        shown = post(client, f"outages/{number}/restore", {})

        assert shown["state"] == OutageState.RESTORED
        assert shown["begun_at"][:16] == "2026-03-02T01:05"

    def test_what_is_refused_says_why_and_changes_nothing(self, grid: Grid) -> None:
        client = program_of(grid.dispatcher)
        told = post(client, "outages", ASKED | {"feeders": ["F9"]}, status=409)
        assert "馈线 F9" in told["detail"]
        post(client, "outages", ASKED | {"unit_code": "X"}, status=404)
        assert not Outage.objects.exists()
        number = post(client, "outages", ASKED)["number"]
        assert "尚未通知" in post(client, f"outages/{number}/begin", {}, status=409)["detail"]
        assert get(client, f"outages/{number}")["state"] == "planned"

    @pytest.mark.parametrize("act", ACTS)
    def test_every_act_takes_the_right_and_the_branch(self, grid: Grid, act: str) -> None:
        number = post(program_of(grid.dispatcher), "outages", ASKED)["number"]

        post(program_of(grid.clerk), f"outages/{number}/{act}", ACTS[act], status=403)
        post(program_of(grid.stranger), f"outages/{number}/{act}", ACTS[act], status=404)

        assert Outage.objects.get().state == OutageState.PLANNED
        assert not Receipt.objects.exists()


class TestReading:
    def test_pages_go_on_where_the_last_ended(self, grid: Grid) -> None:
        numbers = [grid.plan().number for _ in range(3)]
        client = program_of(grid.clerk)

        first = get(client, "outages?limit=2")
        second = get(client, f"outages?limit=2&after={first['next'].replace('+', '%2B')}")

        assert [row["number"] for row in first["items"]] == numbers[:0:-1]
        assert [row["number"] for row in second["items"]] == numbers[:1]
        assert second["next"] is None
