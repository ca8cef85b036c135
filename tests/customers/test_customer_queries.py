"""Lists and search see only what the viewer may, with constant query counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.customers import queries as customers_queries
from busbar.customers.queries import CustomerFilter
from tests.imports.world import ACCOUNTS, CUSTOMERS, csv_bytes, make_viewer, run_files
from tests.worlds import keep

Units = dict[str, OrganizationUnit]


@pytest.fixture
def archive(units: Units, home: Path) -> Units:
    return keep(_bring_in, units, folder=home)


def _bring_in(units: Units) -> Units:
    header, rows = CUSTOMERS
    more = [[f"D{i}", f"学校{i:02d}", "", "学校", "", "310102"] for i in range(30)]
    files = {"客户.csv": csv_bytes(header, [*rows, *more]), "户号.csv": csv_bytes(*ACCOUNTS)}
    run_files("archive", files)
    return units


class TestList:
    @pytest.mark.parametrize("sort", [*customers_queries.SORTS, "-name", "-importance"])
    def test_pages_by_keyset_without_gaps_or_repeats(self, archive: Units, sort: str) -> None:
        seen: list[str] = []
        after = None
        while True:
            page = customers_queries.list_customers(SYSTEM_VIEWER, sort=sort, after=after, limit=7)
            seen += [row.customer.number for row in page.rows]
            if page.next_after is None:
                break
            after = page.next_after

        assert len(seen) == len(set(seen)) == 32
        whole = customers_queries.list_customers(SYSTEM_VIEWER, sort=sort, limit=50).rows
        assert seen == [row.customer.number for row in whole]

    def test_takes_three_queries_whatever_the_page(
        self, archive: Units, django_assert_num_queries: Any
    ) -> None:
        for limit in (5, 30):
            with django_assert_num_queries(3):
                customers_queries.list_customers(SYSTEM_VIEWER, limit=limit)

    def test_a_county_sees_customers_managed_or_supplied_there(self, archive: Units) -> None:
        viewer = make_viewer(archive["310101"], Role.ACCOUNT_MANAGER)

        rows = customers_queries.list_customers(viewer).rows

        assert [(row.customer.number, row.accounts) for row in rows] == [("C1", 2)]

    @pytest.mark.parametrize(
        ("filters", "numbers"),
        [
            (CustomerFilter(text="dhgt"), ["C1"]),
            (CustomerFilter(text="310200"), ["C2"]),
            (CustomerFilter(text="91110108551385082q"), ["C1"]),
            (CustomerFilter(text="钢铁二厂"), ["C1"]),
            (CustomerFilter(kind="medical"), ["C2"]),
            (CustomerFilter(importance="first"), ["C1"]),
        ],
    )
    def test_filters(self, archive: Units, filters: CustomerFilter, numbers: list[str]) -> None:
        rows = customers_queries.list_customers(SYSTEM_VIEWER, filters=filters).rows

        assert [row.customer.number for row in rows] == numbers
        assert customers_queries.count_customers(SYSTEM_VIEWER, filters=filters) == len(numbers)


class TestSearch:
    def test_finds_customers_then_accounts(self, archive: Units) -> None:
        hits = customers_queries.search(SYSTEM_VIEWER, "3101")

        assert [(h.kind, h.number, h.customer_number) for h in hits] == [
            ("customer", "C1", "C1"),
            ("account", "3101000001", "C1"),
            ("account", "3101000002", "C1"),
        ]

    def test_shows_nothing_outside_the_branch(self, archive: Units) -> None:
        viewer = make_viewer(archive["310101"], Role.ACCOUNT_MANAGER)

        assert customers_queries.search(viewer, "望海医院") == []


class TestFile:
    def test_holds_only_what_the_viewer_sees(
        self, archive: Units, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(8):
            file = customers_queries.get_customer_file(SYSTEM_VIEWER, "C1")

        assert [account.number for account in file.accounts] == ["3101000001", "3101000002"]
