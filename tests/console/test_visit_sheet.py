"""The sheet to take along states what every room knows of the customer, on screen and on paper."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.operations import study_savings
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.key_accounts.models import AccountPlan, PlanMeasure, PlanScope
from busbar.key_accounts.visit_sheet import gather_visit_sheet
from busbar.key_accounts.visit_sheet.making import say_effects, sheet_data
from tests.console.work_region import FOREIGN, OWN, Region, make_billed, make_units

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 2, 10, 1, tzinfo=dt.UTC)


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties with an account each, billed for December and January."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    return made


@pytest.fixture
def manager(region: Region) -> Client:
    return region.client(Role.ACCOUNT_MANAGER)


def number_of(account: str) -> str:
    return CustomerAccount.objects.select_related("customer").get(number=account).customer.number


class TestTheSheet:
    def test_explains_every_month_so_that_it_adds_up(self, region: Region) -> None:
        sheet = gather_visit_sheet(SYSTEM_VIEWER, number_of(OWN), at=AT)

        first, second = sheet.months
        assert (first.month, first.change_yuan) == ("2025-12", None)
        assert second.change_yuan == second.amount_yuan - first.amount_yuan
        assert second.change_yuan == sum(second.effects.values(), second.joined_yuan)
        assert sheet.year_yuan == first.amount_yuan + second.amount_yuan

    def test_says_what_moved_and_names_the_rest(self, region: Region) -> None:
        sheet = gather_visit_sheet(SYSTEM_VIEWER, number_of(OWN), at=AT)
        month = sheet.months[-1]

        said = say_effects(month, most=0)

        assert say_effects(sheet.months[0]) == ""
        assert said == (f"其余 {month.change_yuan:+,.2f}" if month.change_yuan else "")

    def test_says_what_could_not_be_studied(self, region: Region) -> None:
        study_savings(limit=10, by=SYSTEM_VIEWER, at=AT)

        sheet = gather_visit_sheet(SYSTEM_VIEWER, number_of(OWN), at=AT)

        assert sheet.savings == ()
        assert len(sheet.studied) == 1
        assert "账单只有 2 张" in sheet.studied[0]

    def test_costs_as_many_queries_with_more_contacts_and_accounts(self, region: Region) -> None:
        number = number_of(OWN)
        with CaptureQueriesContext(connection) as before:
            gather_visit_sheet(SYSTEM_VIEWER, number, at=AT)
        account = CustomerAccount.objects.get(number=OWN)
        for index in range(5):
            account.pk, account.number = None, f"88880{index}"
            account.save()

        with CaptureQueriesContext(connection) as after:
            sheet = gather_visit_sheet(SYSTEM_VIEWER, number, at=AT)

        assert sheet.accounts == 6
        assert len(after) == len(before)

    def test_on_paper_states_the_same(self, region: Region) -> None:
        sheet = gather_visit_sheet(SYSTEM_VIEWER, number_of(OWN), at=AT)

        data = sheet_data(sheet, say=str)

        months = data["months"]
        assert isinstance(months, list)
        assert [month["month"] for month in months] == ["2025-12", "2026-01"]
        assert data["savings"] == []


class TestTheFaces:
    def test_show_it_on_the_screen(self, manager: Client) -> None:
        page = manager.get(f"/customers/{number_of(OWN)}/sheet/").content.decode()

        assert "近 12 个月电费，为什么" in page
        assert "2026-01" in page

    def test_show_the_day_of_a_measure_and_no_hour_that_nobody_set(
        self, region: Region, manager: Client
    ) -> None:
        customer = CustomerAccount.objects.select_related("customer").get(number=OWN).customer
        owner = region.hire(Role.ACCOUNT_MANAGER)
        plan = AccountPlan.objects.create(
            scope=PlanScope.CUSTOMER, customer=customer, unit=owner.unit, owner=owner, year=2026,
            opened_at=AT,
        )  # fmt: skip
        PlanMeasure.objects.create(
            plan=plan, text="能效诊断", owner=owner, due_on=dt.date(2026, 3, 5), changed_at=AT
        )

        page = manager.get(f"/customers/{customer.number}/sheet/").content.decode()
        sheet = gather_visit_sheet(SYSTEM_VIEWER, customer.number, at=AT)

        assert "能效诊断" in page
        assert "2026-03-05" in page
        assert not re.search(r"2026-03-05 \d", page)
        assert ("能效诊断", "0%", owner.name, "2026-03-05") in sheet_data(sheet, say=str)["matters"]

    def test_give_it_as_pdf_and_write_down_who_took_it(self, manager: Client) -> None:
        answer = manager.get(f"/customers/{number_of(OWN)}/sheet.pdf")

        assert answer.content.startswith(b"%PDF")
        entry = Entry.objects.get(event="console.table.exported")
        assert entry.changes == {"rows": 1, "format": "pdf"}

    def test_know_nothing_of_another_branch(self, manager: Client) -> None:
        for page in ("sheet/", "sheet.pdf"):
            assert manager.get(f"/customers/{number_of(FOREIGN)}/{page}").status_code == 404
        assert not Entry.objects.filter(event="console.table.exported").exists()
