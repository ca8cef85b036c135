"""账务: a group's bill to look at and to take along."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import BillHeading
from busbar.billing.operations import release_bills
from busbar.customers.models import Customer, CustomerAccount, CustomerGroup
from busbar.journal.models import Entry
from tests.billing import world
from tests.console.work_region import FOREIGN, OWN, Region, count_queries, make_billed, make_units

pytestmark = pytest.mark.django_db
GROUP = "/group-bills/groups/G/"
CUSTOMER = f"/group-bills/customers/K{OWN}/"


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties with an account each, both in one group, January released."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    group = CustomerGroup.objects.create(code="G", name="测试集团")
    Customer.objects.update(group=group)
    release_bills(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    return made


class TestGroupBill:
    def test_shows_the_whole_to_whoever_sees_it(self, region: Region) -> None:
        response = region.client(Role.MANAGER, region.province).get(GROUP)

        assert response.context["built"].is_whole
        text = response.content.decode()
        assert OWN in text
        assert FOREIGN in text

    def test_tells_a_county_that_it_is_not_all(self, region: Region) -> None:
        text = region.client(Role.MANAGER).get(GROUP).content.decode()

        assert "只合计您管辖范围内的户号" in text
        assert FOREIGN not in text

    def test_takes_as_many_queries_for_two_accounts_as_for_one(self, region: Region) -> None:
        client = region.client(Role.MANAGER, region.province)
        two = count_queries(client, GROUP)
        Customer.objects.filter(number=f"K{FOREIGN}").update(group=None)

        assert count_queries(client, GROUP) == two

    def test_is_not_found_by_a_unit_that_sees_none_of_it(self, region: Region) -> None:
        Customer.objects.filter(number=f"K{OWN}").update(group=None)

        assert region.client(Role.MANAGER).get(GROUP).status_code == 404


class TestExport:
    def test_is_harmless_in_a_spreadsheet_and_logged(self, region: Region) -> None:
        CustomerAccount.objects.filter(number=OWN).update(name="=1+1")

        response = region.client(Role.MANAGER).post(f"{CUSTOMER}export/?format=xlsx&month=2026-01")

        rows = list(openpyxl.load_workbook(io.BytesIO(response.content)).active.values)
        assert rows[1][2:4] == (OWN, "'=1+1")
        entry = Entry.objects.get(event="console.table.exported")
        assert entry.changes == {"rows": 1, "format": "xlsx"}

    def test_prints_a_paper_and_logs_it(self, region: Region) -> None:
        response = region.client(Role.MANAGER).post(f"{GROUP}export/?format=pdf&month=2026-01")

        assert response.content.startswith(b"%PDF-")
        assert Entry.objects.get(event="console.table.exported").changes == {
            "rows": 1,
            "format": "pdf",
        }

    def test_is_refused_to_whoever_may_not_export(self, region: Region) -> None:
        response = region.client(Role.SERVICE_AGENT).post(f"{GROUP}export/?format=csv")

        assert response.status_code == 403
        assert not Entry.objects.filter(event="console.table.exported").exists()


class TestOwnHeadings:
    def test_are_given_on_the_page_and_group_the_bill(self, region: Region) -> None:
        client = region.client(Role.ACCOUNT_MANAGER)

        response = client.post(
            f"{CUSTOMER}heading/?month=2026-01", {"account": [OWN], "name": "炼钢"}, follow=True
        )

        assert response.redirect_chain[0][0] == f"{CUSTOMER}?month=2026-01&by=own"
        assert [part.name for part in response.context["built"].parts] == ["炼钢"]

    def test_are_not_given_to_what_lies_elsewhere(self, region: Region) -> None:
        response = region.client(Role.ACCOUNT_MANAGER).post(
            f"{GROUP}heading/", {"account": [FOREIGN], "name": "炼钢"}, follow=True
        )

        assert "请选择要归入该分组的户号" in response.content.decode()
        assert not BillHeading.objects.exists()
