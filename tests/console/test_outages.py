"""Stops on the screen: looked at before they are planned, announced, served, begun, restored."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.kit.periods import CHINA
from busbar.notifications.models import Message, Receipt
from busbar.outages.models import Outage, OutageState
from busbar.outages.queries import Scope
from tests.console.work_region import sign_in
from tests.outages.conftest import Grid, at, grid

__all__ = ["grid"]


def browser_of(viewer: Viewer) -> Client:
    return sign_in(Employee.objects.get(pk=viewer.employee_id).user)


def form(grid: Grid, **facts: str) -> dict[str, str]:
    """Works on F1 far ahead, as the form has them."""
    usual = {
        "kind": "planned",
        "unit": str(grid.county.pk),
        "planned_from": "2099-03-20T08:00",
        "feeders": "F1",
        "reason": "更换开关",
    }
    return {**usual, **facts}


def planned(grid: Grid) -> Outage:
    """Works far ahead, which the screen's own clock lets be announced."""
    return grid.plan(planned_from=at("2099-03-20", 8), planned_until=None)


class TestPlanning:
    def test_whom_it_would_touch_is_seen_before_anything_is_written(self, grid: Grid) -> None:
        page = browser_of(grid.dispatcher).post("/outages/new/", form(grid, look="1"))

        text = page.content.decode()
        assert "客户A" in text
        assert "客户B" in text
        assert "客户C" not in text
        assert not Outage.objects.exists()

    def test_a_stop_is_planned_and_its_page_names_whom_it_touches(self, grid: Grid) -> None:
        browser = browser_of(grid.dispatcher)

        page = browser.post(
            "/outages/new/", form(grid, feeders="F1, F2", accounts="310100000A"), follow=True
        )

        outage = Outage.objects.get()
        assert outage.scope == "F1、F2、310100000A"
        text = page.content.decode()
        assert all(name in text for name in ("客户A", "客户B", "客户C", "通知用户", "取消停电"))
        assert outage.number in browser.get("/outages/").content.decode()

    @pytest.mark.parametrize("button", [{"look": "1"}, {}])
    def test_what_no_register_knows_is_named_and_the_form_keeps_its_words(
        self, grid: Grid, button: dict[str, str]
    ) -> None:
        page = browser_of(grid.dispatcher).post("/outages/new/", form(grid, feeders="F9") | button)

        assert page.status_code == 422
        assert "馈线 F9" in page.content.decode()
        assert "更换开关" in page.content.decode()
        assert not Outage.objects.exists()

    def test_arrears_are_none_of_its_kinds(self, grid: Grid) -> None:
        page = browser_of(grid.dispatcher).post("/outages/new/", form(grid, kind="arrears"))
        assert page.status_code == 422
        assert not Outage.objects.exists()

    def test_it_takes_the_right(self, grid: Grid) -> None:
        assert browser_of(grid.clerk).get("/outages/new/").status_code == 403
        assert "/outages/new/" not in browser_of(grid.clerk).get("/outages/").content.decode()


class TestActing:
    def act(self, browser: Client, outage: Outage, act: str, **facts: object) -> str:
        page = browser.post(f"/outages/{outage.number}/", {"act": act, **facts}, follow=True)
        return page.content.decode()

    def test_the_customers_are_told_and_the_paper_is_noted(self, grid: Grid) -> None:
        browser, outage = browser_of(grid.dispatcher), planned(grid)

        text = self.act(browser, outage, "announce")

        assert Message.objects.get().recipient_name == "A主任"
        assert "1 户已发消息，1 户须书面送达" in text
        b = outage.affected.get(account__number="310100000B").account.customer_id
        text = self.act(browser, outage, "serve", of=b, person="门卫", means="当面送达")
        assert Receipt.objects.get().person == "门卫"
        assert "须书面送达" not in text
        assert "门卫 · 当面送达" in text

    def test_a_fault_is_begun_its_cause_removed_and_supply_restored(self, grid: Grid) -> None:
        browser, outage = browser_of(grid.dispatcher), grid.fault()

        self.act(browser, outage, "begin", moment="2026-03-02T09:05")
        self.act(browser, outage, "cause")
        self.act(browser, outage, "restore")

        outage.refresh_from_db()
        assert outage.state == OutageState.RESTORED
        assert outage.begun_at == dt.datetime(2026, 3, 2, 9, 5, tzinfo=CHINA)

    def test_what_is_refused_says_so_in_its_place_and_changes_nothing(self, grid: Grid) -> None:
        browser, outage = browser_of(grid.dispatcher), planned(grid)

        page = browser.post(f"/outages/{outage.number}/", {"act": "begin"})

        assert page.status_code == 422
        assert "尚未通知用户" in page.content.decode()
        outage.refresh_from_db()
        assert outage.state == OutageState.PLANNED

    def test_only_whoever_may_is_offered_to_act(self, grid: Grid) -> None:
        outage = planned(grid)
        clerk = browser_of(grid.clerk)
        assert "act-announce" not in clerk.get(f"/outages/{outage.number}/").content.decode()
        answer = clerk.post(f"/outages/{outage.number}/", {"act": "announce"})
        assert answer.status_code == 403
        stranger = browser_of(grid.stranger)
        assert stranger.get(f"/outages/{outage.number}/").status_code == 404
        outage.refresh_from_db()
        assert outage.state == OutageState.PLANNED

    def test_a_stop_for_arrears_is_left_to_its_case(self, grid: Grid) -> None:
        outage = grid.plan(kind="arrears", planned_until=None, by=SYSTEM_VIEWER)
        browser = browser_of(grid.dispatcher)

        assert "act-announce" not in browser.get(f"/outages/{outage.number}/").content.decode()
        answer = browser.post(f"/outages/{outage.number}/", {"act": "announce"})
        assert answer.status_code == 422
        outage.refresh_from_db()
        assert outage.state == OutageState.PLANNED


class TestReading:
    def count(self, browser: Client, address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(address).status_code == 200
        return len(seen)

    def test_list_and_page_take_the_same_queries_for_few_and_for_many(self, grid: Grid) -> None:
        browser = browser_of(grid.dispatcher)
        small = grid.plan(scope=Scope(accounts=["310100000A"]))
        few = (self.count(browser, "/outages/"), self.count(browser, f"/outages/{small.number}/"))
        for _ in range(5):
            large = grid.plan(scope=Scope(substations=["S1"]))
        assert (
            self.count(browser, "/outages/"),
            self.count(browser, f"/outages/{large.number}/"),
        ) == few

    def test_the_list_is_read_on_by_its_last_row(
        self, grid: Grid, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.outages.PAGE", 2)
        numbers = [grid.plan().number for _ in range(3)]  # one moment: told apart by their ids
        browser = browser_of(grid.dispatcher)

        first = browser.get("/outages/")
        further = first.context["further"]
        second = browser.get("/outages/", {"after": further})

        assert [row.number for row in first.context["rows"]] == numbers[:0:-1]
        assert [row.number for row in second.context["rows"]] == numbers[:1]
        assert second.context["further"] == ""
        assert [row.number for row in browser.get("/outages/?after=x").context["rows"]] == [
            row.number for row in first.context["rows"]
        ]


class TestCancelling:
    def test_needs_its_reason(self, grid: Grid) -> None:
        browser, outage = browser_of(grid.dispatcher), planned(grid)
        assert browser.post(f"/outages/{outage.number}/", {"act": "cancel"}).status_code == 422
        browser.post(f"/outages/{outage.number}/", {"act": "cancel", "reason": "雨天"})
        outage.refresh_from_db()
        assert outage.state == OutageState.CANCELLED
