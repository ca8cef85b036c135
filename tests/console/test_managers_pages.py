"""Managers' pages: as many queries for a large province as for a small one beside it."""

from __future__ import annotations

import pytest
from django.test import Client

from busbar.access.models import Employee, User
from busbar.customers.models import Customer
from tests.console.managers_region import load_seeds, make_small
from tests.console.work_region import count_queries

pytestmark = pytest.mark.django_db
PAGES = (
    "/team/", "/portfolios/", "/portfolios/unowned/",
    "/department-orders/measures/?by=manager", "/department-orders/measures/?by=department",
    "/service-agreements/", "/department-orders/?whose=all", "/key-accounts/", "/promises/",
    "/complaints/", "/satisfaction/", "/key-accounts/segments/", "/mandates/", "/plans/",
    "/key-accounts/relationships/?of=everyone", "/key-accounts/values/", "/basic-services/",
    "/offers/", "/work/",
)  # fmt: skip


def browser(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


@pytest.fixture
def provinces(ground: None) -> None:
    """A province of four customers, and one of forty with five times the managers."""
    load_seeds()
    make_small(4, 2, root="900")
    make_small(40, 10, root="910")


def test_take_as_many_queries_for_few_customers_as_for_many(provinces: None) -> None:
    small, large = browser("province900"), browser("province910")

    counts = {page: (count_queries(small, page), count_queries(large, page)) for page in PAGES}

    assert {page: pair for page, pair in counts.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize(
    ("name", "page"), [("province{}", "/?of=all"), ("manager{}-0", "/?of=mine")]
)
def test_today_takes_one_more_for_each_kind_of_work_there_is(
    provinces: None, name: str, page: str
) -> None:
    small, large = browser(name.format(900)), browser(name.format(910))

    def kinds(client: Client) -> int:
        return sum(count > 0 for _kind, count in client.get(page).context["counts"])

    more = kinds(large) - kinds(small)
    assert count_queries(large, page) - count_queries(small, page) == more


def test_one_manager_s_own_take_as_many_for_few_as_for_many(provinces: None) -> None:
    small, large = browser("manager900-0"), browser("manager910-0")

    for page in ("/portfolio/", "/promises/?of=mine", "/basic-services/?of=mine"):
        assert count_queries(small, page) == count_queries(large, page), page


def test_a_portfolio_is_levelled_with_as_many_queries_for_few_as_for_many(
    provinces: None,
) -> None:
    counts = []
    for root in ("900", "910"):
        unit = Employee.objects.select_related("unit").get(number=f"manager{root}-0").unit
        page = f"/portfolios/balance/{unit.code}/"
        counts.append(count_queries(browser(f"province{root}"), page))

    assert counts[1] <= counts[0] + 1  # the customers that would move, where any would
    assert Customer.objects.count() == 44
