"""How complete a file is, what is missing, and the list narrowed by it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import CompletenessRule, Customer
from busbar.customers.queries import CustomerFilter
from tests.customers.consolidation_world import import_accounts
from tests.imports.world import AT, make_viewer

Units = dict[str, OrganizationUnit]
TODAY = dt.date(2026, 3, 2)


@pytest.fixture
def owners(units: Units) -> dict[str, Customer]:
    customers_operations.load_customers_seed(at=AT)
    return import_accounts(units["310101"])


def clerk(units: Units) -> Viewer:
    return make_viewer(units["310101"], Role.ACCOUNT_MANAGER)


class TestCompleteness:
    def test_counts_the_weights_of_what_is_there(
        self, units: Units, owners: dict[str, Customer]
    ) -> None:
        customer = owners["3101000001"]
        customers_operations.add_contact(
            customer=customer, name="张三", role="电气", phone="1", is_primary=True,
            by=clerk(units), at=AT,
        )  # fmt: skip

        told = customers_queries.get_completeness(customer.pk, on=TODAY)

        # credit code 15, address 10, primary contact 15, phone 10, accounts' addresses 5 of 100
        assert told.score == 55
        codes = [rule.code for rule in told.missing]
        assert codes == ["document", "industry_code", "lead", "contact_email", "deputy", "kind"]

    def test_rules_are_dated(self, owners: dict[str, Customer]) -> None:
        CompletenessRule.objects.exclude(code="credit_code").update(valid_until=TODAY)
        customer = owners["3101000001"]

        assert customers_queries.get_completeness(customer.pk, on=TODAY).score == 100
        before = customers_queries.get_completeness(customer.pk, on=dt.date(2026, 3, 1))
        assert before.score < 100

    def test_no_rule_is_no_reproach(self, owners: dict[str, Customer]) -> None:
        CompletenessRule.objects.all().delete()

        told = customers_queries.get_completeness(owners["3101000001"].pk, on=TODAY)

        assert (told.score, told.missing) == (100, [])


class TestList:
    def test_narrows_and_sorts_and_pages_by_it(self, owners: dict[str, Customer]) -> None:
        few = customers_queries.list_customers(
            SYSTEM_VIEWER, filters=CustomerFilter(below=30), on=TODAY
        )
        lacking = customers_queries.list_customers(
            SYSTEM_VIEWER, filters=CustomerFilter(missing="credit_code"), on=TODAY
        )
        first = customers_queries.list_customers(
            SYSTEM_VIEWER, sort="-completeness", limit=1, on=TODAY
        )
        rest = customers_queries.list_customers(
            SYSTEM_VIEWER, sort="-completeness", after=first.next_after, on=TODAY
        )

        assert len(few.rows) == len(lacking.rows) == 6
        assert first.rows[0].customer == owners["3101000001"]
        assert len(rest.rows) == 6
        assert all(row.completeness and row.completeness.score == 15 for row in rest.rows)

    def test_takes_one_query_more_whatever_the_number(self, owners: dict[str, Customer]) -> None:
        for limit in (1, 7):
            with CaptureQueriesContext(connection) as captured:
                customers_queries.list_customers(SYSTEM_VIEWER, limit=limit, on=TODAY)
            assert len(captured) == 4
