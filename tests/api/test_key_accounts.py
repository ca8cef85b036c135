"""Key accounts through the API: the same rows and refusals as on the screens."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from busbar.access.models import Employee, Role, User
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.customers.models import Customer
from busbar.key_accounts import operations
from busbar.kit.periods import CHINA
from tests.console.belongings import put
from tests.console.work_region import sign_in
from tests.key_accounts.world import AT, JANUARY, make_world

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


@pytest.fixture
def client() -> Client:
    """A county's manager of accounts; one customer of its own, one of the neighbor's."""
    world = make_world()
    world.year(world.customer("BIG", industry_code="3120"), 6_000_000, yuan=3_600_000, kw=1600)
    world.year(world.customer("MID"), 4_500_000, yuan=2_700_000, kw=1600)
    world.year(world.customer("FOREIGN", unit=world.neighbor), 6_000_000, yuan=3_600_000)
    world.evaluate()
    operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)
    operations.open_review(year=2026, by=SYSTEM_VIEWER, at=AT)
    viewer = world.viewer(Role.ACCOUNT_MANAGER, unit=world.county)
    return sign_in(User.objects.get(pk=viewer.user_id))


def get(client: Client, address: str, status: int = 200) -> Any:
    answer = client.get(f"{ROOT}/{address}")
    assert answer.status_code == status, answer.content
    return answer.json()


def complain(customer: Customer) -> None:
    """On 9 February."""
    put(
        "service_desk.Complaint", customer=customer, unit=customer.unit, state="accepted",
        owner=Employee.objects.order_by("pk").first(),
        received_at=dt.datetime(2026, 2, 9, 10, tzinfo=CHINA),
    )  # fmt: skip


class TestKeyAccounts:
    def test_lists_and_pages(self, client: Client) -> None:
        first = get(client, "key-accounts?everyone=true&limit=1")
        second = get(client, f"key-accounts?everyone=true&limit=1&after={first['next']}")

        assert [i["customer_number"] for i in first["items"] + second["items"]] == ["BIG", "MID"]
        assert second["next"] is None

    def test_gives_every_reason(self, client: Client) -> None:
        found = get(client, "key-accounts/BIG")

        economic = found["judgements"][0]
        assert (economic["holds"], economic["points"]) == (True, 90)
        assert economic["reasons"][0]["threshold"] == "5000000.00"

    def test_tells_relationship_and_worth(self, client: Client) -> None:
        found = get(client, "key-accounts/BIG/relationship")

        assert (found["stage"], found["assessed_on"]) == ("early", "2026-01-31")
        assert {e["code"]: e["is_met"] for e in found["evidence"]}["mid-visits"] is False

    def test_tells_the_day_on_which_the_relationship_changed(self, client: Client) -> None:
        complain(Customer.objects.get(number="BIG"))
        at = dt.datetime(2026, 2, 10, 5, 45, tzinfo=CHINA)
        operations.renew_assessments(by=SYSTEM_VIEWER, at=at)

        found = get(client, "key-accounts/BIG/relationship")

        assert (found["month"], found["assessed_on"]) == ("2026-01", "2026-02-10")
        assert [(w["code"], w["value"]) for w in found["warnings"]] == [("complaint", "1")]

    def test_simulates(self, client: Client) -> None:
        found = get(client, "key-accounts/simulation?criterion=economic-energy&enter_at=8000000")

        assert [m["customer_number"] for m in found["movers"]] == ["BIG"]
        get(client, "key-accounts/simulation?criterion=none&enter_at=1", 409)

    def test_shows_review_rules_and_shapes(self, client: Client) -> None:
        items = get(client, "yearly-reviews/2026/items")

        assert [i["customer_number"] for i in items if i["category"] == "economic"] == ["BIG"]
        assert len(get(client, "recognition-rules?on=2026-01-31")) == 9
        assert get(client, "load-shapes") == []

    @pytest.mark.parametrize(
        ("address", "status"),
        [
            ("key-accounts/FOREIGN", 404),
            ("key-accounts/FOREIGN/relationship", 404),
            ("yearly-reviews/1999/items", 404),
            ("key-accounts?after=x", 409),
        ],
    )
    def test_refuses(self, client: Client, address: str, status: int) -> None:
        get(client, address, status)
