"""One site, source, transformer, usage point at a time; agreements ended before their time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.models import Customer, CustomerAccount
from busbar.journal.models import Entry
from busbar.network.models import Feeder
from busbar.supply import operations as supply_operations
from busbar.supply.models import Agreement, PowerSource, Site, Transformer, UsagePoint
from busbar.supply.operations import (
    UnableToAddTransformer,
    UnableToAddUsagePoint,
    UnableToConnectSource,
    UnableToEndAgreement,
    UnableToOpenSite,
)
from tests.imports.world import AT, archive_files, network_files, run_files
from tests.worlds import keep

WITH: dict[str, Any] = {"by": SYSTEM_VIEWER, "at": AT}


@pytest.fixture(autouse=True)
def archive(units: dict[str, OrganizationUnit], home: Path) -> None:
    keep(_bring_in, folder=home)


def _bring_in() -> None:
    run_files("network", network_files())
    run_files("archive", archive_files())


class TestOpenSite:
    def test_enters_it_with_a_journal_entry(self) -> None:
        customer = Customer.objects.get(number="C1")

        site = supply_operations.open_site(code="S9", name="三厂", customer=customer, **WITH)

        assert (site.customer, site.name) == (customer, "三厂")
        assert Entry.objects.latest("id").event == "supply.site.registered"

    @pytest.mark.parametrize(("code", "why"), [("S1", "S1 已登记"), (" ", "都应填写")])
    def test_refuses_and_changes_nothing(self, code: str, why: str) -> None:
        before = list(Site.objects.values()), Entry.objects.count()

        with pytest.raises(UnableToOpenSite, match=why):
            supply_operations.open_site(
                code=code, name="x", customer=Customer.objects.get(number="C1"), **WITH
            )

        assert (list(Site.objects.values()), Entry.objects.count()) == before

    def test_is_not_for_everybody(self) -> None:
        with pytest.raises(NotPermitted):
            supply_operations.open_site(
                code="S9",
                name="x",
                customer=Customer.objects.get(number="C1"),
                by=Viewer(1, 1, "员工", "000"),
                at=AT,
            )


class TestConnectSource:
    def test_changes_the_capacity_of_one_that_stands(self) -> None:
        site, feeder = Site.objects.get(code="S1"), Feeder.objects.get(code="F1")

        source = supply_operations.connect_source(
            site=site,
            feeder=feeder,
            role="main",
            voltage_kv=Decimal(10),
            capacity_kva=6000,
            **WITH,
        )

        assert source.capacity_kva == 6000
        assert PowerSource.objects.filter(site=site).count() == 2

    @pytest.mark.parametrize(
        ("feeder", "capacity_kva", "why"), [("F2", 100, "已有主供电源"), ("F1", 0, "大于 0")]
    )
    def test_refuses_and_changes_nothing(self, feeder: str, capacity_kva: int, why: str) -> None:
        before = list(PowerSource.objects.values())

        with pytest.raises(UnableToConnectSource, match=why):
            supply_operations.connect_source(
                site=Site.objects.get(code="S1"),
                feeder=Feeder.objects.get(code=feeder),
                role="main",
                voltage_kv=Decimal(10),
                capacity_kva=capacity_kva,
                **WITH,
            )

        assert list(PowerSource.objects.values()) == before


class TestAddTransformer:
    def add(self, number: str, site: str = "S1", capacity_kva: int = 500) -> Transformer:
        return supply_operations.add_transformer(
            number=number,
            account=CustomerAccount.objects.get(number="3101000001"),
            site=Site.objects.get(code=site),
            capacity_kva=capacity_kva,
            installed_on=dt.date(2026, 2, 1),
            state="sealed",
            **WITH,
        )

    def test_enters_it_with_its_state(self) -> None:
        transformer = self.add("T9")

        state = transformer.states.get()
        assert (state.state, state.valid_from) == ("sealed", dt.date(2026, 2, 1))

    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"number": "T1"}, "T1 已登记"),
            ({"number": "T9", "site": "S2"}, "属于另一客户"),
            ({"number": "T9", "capacity_kva": 0}, "大于 0"),
        ],
    )
    def test_refuses_and_changes_nothing(self, facts: dict[str, Any], why: str) -> None:
        before = list(Transformer.objects.values())

        with pytest.raises(UnableToAddTransformer, match=why):
            self.add(**facts)

        assert list(Transformer.objects.values()) == before


class TestAddUsagePoint:
    @pytest.mark.parametrize(("number", "why"), [("P1", "P1 已登记"), ("", "都应填写")])
    def test_refuses_and_changes_nothing(self, number: str, why: str) -> None:
        before = list(UsagePoint.objects.values())

        with pytest.raises(UnableToAddUsagePoint, match=why):
            self.add(number)

        assert list(UsagePoint.objects.values()) == before

    def test_enters_it(self) -> None:
        point = self.add("P9")

        assert (point.account.number, point.metering_side) == ("3101000001", "high")

    def add(self, number: str) -> UsagePoint:
        return supply_operations.add_usage_point(
            number=number,
            name="二号表",
            account=CustomerAccount.objects.get(number="3101000001"),
            site=Site.objects.get(code="S1"),
            voltage_kv=Decimal(10),
            metering_side="high",
            **WITH,
        )


class TestEndAgreement:
    def end(self, on: dt.date, reason: str = "增容") -> Agreement:
        return supply_operations.end_agreement(
            agreement=Agreement.objects.get(number="HT1"), on=on, reason=reason, **WITH
        )

    def test_ends_it_before_its_term(self) -> None:
        self.end(dt.date(2026, 2, 1))

        assert Agreement.objects.get(number="HT1").valid_until == dt.date(2026, 2, 1)
        entry = Entry.objects.latest("id")
        assert (entry.event, entry.reason) == ("supply.agreement.ended", "增容")

    @pytest.mark.parametrize(
        ("on", "reason", "why"),
        [
            (dt.date(2025, 1, 1), "x", "晚于生效日期"),
            (dt.date(2027, 1, 1), "x", "已于 2027-01-01 失效"),
            (dt.date(2026, 1, 1), " ", "终止原因"),
        ],
    )
    def test_refuses_and_changes_nothing(self, on: dt.date, reason: str, why: str) -> None:
        with pytest.raises(UnableToEndAgreement, match=why):
            self.end(on, reason)

        assert Agreement.objects.get(number="HT1").valid_until == dt.date(2027, 1, 1)


class TestAccountNumbers:
    def test_run_on_within_the_unit(self, units: dict[str, OrganizationUnit]) -> None:
        county = units["310101"]
        take = customers_operations.take_account_number

        first = take(unit=county)
        customers_operations.open_account(
            number=first,
            name="新户",
            customer=Customer.objects.get(number="C1"),
            unit=county,
            **WITH,
        )

        assert (first, take(unit=county)) == ("3101010000001", "3101010000002")
        assert take(unit=units["310102"]) == "3101020000001"
