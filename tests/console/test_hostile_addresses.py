"""Addresses that nobody's mouse makes: answered with a page, never with a failure."""

from __future__ import annotations

import pytest
from django.test import Client

from busbar.access.models import Role, User
from tests.console.region import PASSWORD, Region

pytestmark = pytest.mark.usefixtures("lake")


class TestDaysAtTheEndOfTime:
    @pytest.mark.parametrize(
        "query",
        [
            "view=month&month=9999-12",
            "view=month&month=0001-01&compare=year",
            "view=day&date=9999-12-31",
            "view=day&date=0001-01-01&compare=previous",
        ],
    )
    def test_are_refused_for_a_curve(self, region: Region, query: str) -> None:
        customer = region.customer("客户")

        answer = region.client().get(f"/customers/{customer.number}/curve.json?{query}")

        assert answer.status_code == 409

    @pytest.mark.parametrize("query", ["until=9999-12-31", "since=0001-01-01"])
    def test_do_not_narrow_the_journal(self, region: Region, query: str) -> None:
        chief = region.hire("chief", region.north, Role.MANAGER)

        assert region.client(chief).get(f"/journal/?{query}").status_code == 200


class TestKeysetOfBills:
    @pytest.mark.parametrize("key", ["NaN@1", "sNaN@1", "-Infinity@1"])
    def test_that_is_no_amount_begins_at_the_top(self, region: Region, key: str) -> None:
        assert region.client().get("/bills/", {"after": key}).status_code == 200


class TestNul:
    @pytest.mark.parametrize(
        "address", ["/customers/?q=%00", "/search/?q=a%00b", "/customers/%00/", "/bills/%00/x/"]
    )
    def test_in_an_address_is_refused_on_every_database(self, region: Region, address: str) -> None:
        assert region.client().get(address).status_code == 409

    def test_in_a_form_is_refused(self, region: Region) -> None:
        answer = region.client().post("/tokens/", {"name": "a\0b", "valid_days": "5"})

        assert answer.status_code == 409
        assert "空字符" in answer.content.decode()


class TestSomebodyWithoutAPlace:
    @pytest.mark.parametrize("act", ["name", "activity"])
    def test_may_change_no_unit(self, region: Region, act: str) -> None:
        User.objects.create_user("floating", "", PASSWORD)
        client = Client()
        client.force_login(User.objects.get(username="floating"))

        answer = client.post(f"/organization/{region.north.code}/{act}/", {"name": "x"})

        assert answer.status_code == 403
