"""Many open accounts at once: each gets a number of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.customers import operations as customers_operations
from busbar.customers.models import Customer, CustomerAccount
from tests.billing.world import AT, make_county

WRITERS = 6


@pytest.mark.django_db(transaction=True)
class TestTakeAccountNumber:
    def test_gives_no_number_twice_to_writers_at_once(self) -> None:
        county = make_county()
        customer = Customer.objects.create(number="C1", name="客户", kind="industry", unit=county)

        def open_one(_: int) -> str:
            try:
                with transaction.atomic():
                    number = customers_operations.take_account_number(unit=county)
                    customers_operations.open_account(
                        number=number,
                        name="新户",
                        customer=customer,
                        unit=county,
                        by=SYSTEM_VIEWER,
                        at=AT,
                    )
                return number
            finally:
                connection.close()

        with ThreadPoolExecutor(WRITERS) as pool:
            numbers = list(pool.map(open_one, range(WRITERS)))

        assert len(set(numbers)) == WRITERS
        assert CustomerAccount.objects.count() == WRITERS
        assert sorted(int(n) - int(min(numbers)) for n in numbers) == list(range(WRITERS))
