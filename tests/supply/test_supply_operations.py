"""Transformers change state, agreements follow one another, meters are exchanged."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.customers.models import Customer, CustomerAccount
from busbar.journal.models import Entry
from busbar.kit.periods import Month
from busbar.metering import operations as metering_operations
from busbar.metering.models import MeterInstallation
from busbar.metering.operations import UnableToInstallMeter, UnableToRemoveMeter
from busbar.supply import operations as supply_operations
from busbar.supply import queries as supply_queries
from busbar.supply.models import Agreement, Transformer, TransformerState, UsagePoint
from busbar.supply.operations import UnableToChangeTransformerState, UnableToSignAgreement
from tests.imports.world import AT, archive_files, network_files, run_files
from tests.worlds import keep


@pytest.fixture(autouse=True)
def archive(units: dict[str, OrganizationUnit], home: Path) -> None:
    keep(_bring_in, folder=home)


def _bring_in() -> None:
    run_files("network", network_files())
    run_files("archive", archive_files())


class TestChangeTransformerState:
    def change(self, number: str, state: str, since: dt.date, reason: str = "暂停") -> Any:
        return supply_operations.change_transformer_state(
            transformer=Transformer.objects.get(number=number),
            state=state,
            since=since,
            reason=reason,
            by=SYSTEM_VIEWER,
            at=AT,
        )

    def test_ends_the_state_before(self) -> None:
        self.change("T2", "sealed", dt.date(2025, 9, 1))

        spans = TransformerState.objects.filter(transformer__number="T2").order_by("valid_from")
        assert [(s.state, s.valid_until) for s in spans] == [
            ("running", dt.date(2025, 9, 1)),
            ("sealed", None),
        ]
        entry = Entry.objects.order_by("-id")[0]
        assert (entry.event, entry.reason) == ("supply.transformer.state_changed", "暂停")
        assert entry.changes == {"state": ["running", "sealed"]}

    @pytest.mark.parametrize(
        ("state", "since", "reason", "why"),
        [
            ("running", dt.date(2025, 9, 1), "x", "已是"),
            ("sealed", dt.date(2015, 3, 1), "x", "应晚于"),
            ("sealed", dt.date(2014, 1, 1), "x", "投运日期"),
            ("sealed", dt.date(2025, 9, 1), " ", "原因"),
        ],
    )
    def test_refuses_and_changes_nothing(
        self, state: str, since: dt.date, reason: str, why: str
    ) -> None:
        before = list(TransformerState.objects.values())

        with pytest.raises(UnableToChangeTransformerState, match=why):
            self.change("T2", state, since, reason)

        assert list(TransformerState.objects.values()) == before


class TestSignAgreement:
    def sign(self, number: str, since: dt.date) -> Agreement:
        return supply_operations.sign_agreement(
            account=CustomerAccount.objects.get(number="3102000001"),
            number=number,
            signed_on=since,
            valid_from=since,
            valid_until=None,
            tariff_code="GD-1P-10",
            tariff_category="industry_single",
            basic_charge_mode="none",
            contract_capacity_kva=200,
            by=SYSTEM_VIEWER,
            at=AT,
        )

    def test_ends_an_open_agreement_on_its_first_day(self) -> None:
        self.sign("A1", dt.date(2024, 1, 1))
        self.sign("A2", dt.date(2026, 1, 1))

        account = CustomerAccount.objects.get(number="3102000001")
        assert Agreement.objects.get(number="A1").valid_until == dt.date(2026, 1, 1)
        on_new_year = supply_queries.get_agreement(account, on=dt.date(2026, 1, 1))
        assert on_new_year is not None
        assert on_new_year.number == "A2"
        in_month = supply_queries.map_agreements(Month(2025, 12).period)[account.pk]
        assert [a.number for a in in_month] == ["A1"]

    def test_refuses_a_number_twice_and_changes_nothing(self) -> None:
        self.sign("A1", dt.date(2024, 1, 1))

        with pytest.raises(UnableToSignAgreement, match="A1 已登记"):
            self.sign("A1", dt.date(2026, 1, 1))

        assert Agreement.objects.get(number="A1").valid_until is None


class TestMeters:
    def test_are_exchanged_on_a_day(self) -> None:
        standing = MeterInstallation.objects.get(meter__serial="M2")
        point = UsagePoint.objects.get(number="P1")
        day = dt.date(2026, 1, 10)

        with pytest.raises(UnableToInstallMeter, match="应先拆表"):
            self.install("M3", point, day)
        metering_operations.remove_meter(
            installation=standing, removed_on=day, by=SYSTEM_VIEWER, at=AT
        )
        self.install("M3", point, day)

        serials = MeterInstallation.objects.order_by("installed_on").values_list(
            "meter__serial", flat=True
        )
        assert list(serials) == ["M1", "M2", "M3"]
        events = Entry.objects.order_by("-id").values_list("event", flat=True)[:2]
        assert list(events) == ["metering.meter.installed", "metering.meter.removed"]

    def test_that_are_down_cannot_be_removed_again(self) -> None:
        gone = MeterInstallation.objects.get(meter__serial="M1")

        with pytest.raises(UnableToRemoveMeter, match="已于"):
            metering_operations.remove_meter(
                installation=gone, removed_on=dt.date(2026, 1, 1), by=SYSTEM_VIEWER, at=AT
            )

    def install(self, serial: str, point: UsagePoint, day: dt.date) -> None:
        metering_operations.install_meter(
            serial=serial,
            usage_point=point,
            installed_on=day,
            ct_ratio=Decimal(100),
            pt_ratio=Decimal(100),
            by=SYSTEM_VIEWER,
            at=AT,
        )


class TestCustomerSupply:
    def test_shows_sites_with_sources_and_states_of_the_day(
        self, django_assert_max_num_queries: Any
    ) -> None:
        customer = Customer.objects.get(number="C1")

        with django_assert_max_num_queries(6):
            supply = supply_queries.get_customer_supply(
                SYSTEM_VIEWER, customer, on=dt.date(2025, 7, 1)
            )

        site = supply.sites[0]
        assert site.is_dual
        assert [s.role for s in site.sources] == ["main", "backup"]
        states = {t.transformer.number: t.state.state for t in site.transformers if t.state}
        assert states == {"T1": "sealed", "T2": "running"}
        assert supply_queries.map_capacity_kva(SYSTEM_VIEWER, [customer.pk]) == {customer.pk: 1630}
