"""The sheet to take along states what every room knows of the customer, on screen and on paper."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.operations import study_savings
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.key_accounts.models import AccountPlan, PlanMeasure, PlanScope
from busbar.key_accounts.visit_sheet import gather_visit_sheet, get_sheet_load
from busbar.key_accounts.visit_sheet.making import load_data, say_effects, sheet_data
from busbar.metering.lake import CURVE_SCHEMA, Quality
from busbar.supply.models import UsagePoint
from tests.billing import world
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


PEAK_DAY = dt.date(2026, 1, 14)
TEN = 40
"""10:00 as a quarter of the day."""


def store_day(point: UsagePoint, load_wh: np.ndarray, quality: np.ndarray) -> None:
    """One more version of the peak day's curve of a usage point."""
    row = [point.pk, PEAK_DAY, load_wh, np.zeros(96, np.int32), np.zeros(96, np.int32), quality]
    columns = dict(zip(CURVE_SCHEMA.names, ([value] for value in row), strict=True))
    table = pa.table(columns, schema=CURVE_SCHEMA)
    world.store(settings.LAKE_ROOT, table, key=f"peak {point.pk}")


@pytest.fixture
def peak_day(region: Region) -> None:
    """100 kW all month; on the 14th 300 kW at ten and a second meter of 50 without 10:15."""
    point = UsagePoint.objects.get(account__number=OWN)
    load, quality = world.FLAT_LOAD.copy(), np.zeros(96, dtype=np.int8)
    load[TEN], quality[TEN + 1] = 75_000, Quality.MISSING
    store_day(point, load, np.zeros(96, dtype=np.int8))
    point.pk, point.number = None, "U2"
    point.save()
    store_day(point, world.FLAT_LOAD // 2, quality)


@pytest.mark.usefixtures("peak_day")
class TestTheLoad:
    def test_is_the_day_of_the_newest_billed_month_with_the_highest_quarter(self) -> None:
        load = get_sheet_load(SYSTEM_VIEWER, number_of(OWN))

        assert load is not None
        assert (load.day, f"{load.peak_at:%F %H:%M}") == (PEAK_DAY, "2026-01-14 10:00")
        assert load.peak_kw == 350
        assert load.day_kw[TEN - 1 : TEN + 3] == [150, 350, None, 150]

    def test_stands_beside_the_mean_of_the_working_days(self) -> None:
        load = get_sheet_load(SYSTEM_VIEWER, number_of(OWN))

        assert load is not None
        assert load.working_days == 21
        assert load.working_kw[TEN - 1] == round((20 * 100 + 150) / 21, 3)
        assert load.working_kw[TEN] == round((20 * 100 + 350) / 21, 3)
        assert load.working_kw[TEN + 1] == 100

    def test_is_on_paper_in_words_and_in_parts_of_a_round_top(self) -> None:
        load = get_sheet_load(SYSTEM_VIEWER, number_of(OWN))

        assert load is not None
        data = load_data(load)
        assert data["said"] == "2026-01-14，10:00 最大 350 kW；虚线为当月 21 个工作日的平均"
        assert data["top"] == "350 kW"
        assert data["day"][TEN - 1 : TEN + 3] == [4286, 10000, None, 4286]  # type: ignore[index] # a list

    def test_comes_to_the_screen_by_a_request_of_its_own(self, manager: Client) -> None:
        number = number_of(OWN)
        sheet = manager.get(f"/customers/{number}/sheet/").content.decode()

        answer = manager.get(f"/customers/{number}/sheet/load/")

        assert f'hx-get="/customers/{number}/sheet/load/"' in sheet
        page = answer.content.decode()
        assert "2026-01-14 的负荷曲线，10:00 最大 350 kW" in page
        assert "虚线为当月 21 个工作日的平均" in page
        assert f'href="/customers/{number}/tab/curves/?date=2026-01-14"' in page
        assert answer.context["chart"]["day"][TEN] == 350

    def test_costs_as_many_queries_with_more_meters(self) -> None:
        number = number_of(OWN)
        with CaptureQueriesContext(connection) as few:
            get_sheet_load(SYSTEM_VIEWER, number)
        point = UsagePoint.objects.get(number="U2")
        for index in range(5):
            point.pk, point.number = None, f"U3{index}"
            point.save()

        with CaptureQueriesContext(connection) as many:
            get_sheet_load(SYSTEM_VIEWER, number)

        assert len(many) == len(few)

    def test_is_hidden_from_another_branch(self, manager: Client) -> None:
        assert manager.get(f"/customers/{number_of(FOREIGN)}/sheet/load/").status_code == 404


class TestNoLoad:
    def test_says_so_on_the_screen_and_on_paper(
        self, manager: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "nothing")
        number = number_of(OWN)

        page = manager.get(f"/customers/{number}/sheet/load/").content.decode()

        assert "没有可用的负荷曲线" in page
        assert "data-part" not in page
        assert get_sheet_load(SYSTEM_VIEWER, number) is None
        assert manager.get(f"/customers/{number}/sheet.pdf").content.startswith(b"%PDF")

    def test_of_a_customer_without_bills_is_that_of_the_newest_stored_month(
        self, region: Region
    ) -> None:
        point = world.make_account(region.county, "0103")
        world.store(settings.LAKE_ROOT, world.curves([point]), key="unbilled")

        load = get_sheet_load(SYSTEM_VIEWER, "K0103")

        assert load is not None
        assert f"{load.peak_at:%F %H:%M}" == "2026-01-01 00:00"
        assert load.peak_kw == 100


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
