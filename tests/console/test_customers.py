"""The customers list, its export, the customer's page and its forms."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from busbar.access.models import Role
from busbar.console.customer_page import TABS
from busbar.customers.models import Contact, Customer, CustomerGroup, Document, Importance
from busbar.journal.models import Entry
from tests.console.region import MONTH, MONTH_BEFORE, Region, agree, look_after

HTMX = {"HX-Request": "true"}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class TestList:
    def test_shows_manager_capacity_and_last_month(self, region: Region) -> None:
        customer = region.customer("1", name="临江钢铁")
        look_after(customer, region.manager)
        region.bill(customer, energy_kwh=1_234_500)

        page = region.client().get("/customers/").content.decode()

        assert "临江钢铁" in page
        assert "manager先生" in page
        assert "1,000" in page
        assert "123.45" in page

    def test_is_narrowed_by_kind(self, region: Region) -> None:
        region.customer("1", name="临江钢铁")
        region.customer("2", name="临江医院", kind="medical")

        page = region.client().get("/customers/?kind=medical").content.decode()

        assert "临江医院" in page
        assert "临江钢铁" not in page

    def test_reads_on_after_the_fiftieth(self, region: Region) -> None:
        for number in range(51):
            region.customer(f"{number:03d}", name=f"客户{number:03d}")

        first = region.client().get("/customers/?sort=number")
        more = region.client().get(
            f"/customers/?sort=number&after={first.context['next_after'][1]}&after_value=049",
            headers=HTMX,
        )

        assert "客户049" in first.content.decode()
        assert "客户050" not in first.content.decode()
        assert [line.row.customer.number for line in more.context["lines"]] == ["050"]
        assert more.content.decode().count("<tr") == 1

    @pytest.mark.parametrize("query", ["after=x", "sort=password", "unit=99999999999999999999"])
    def test_survives_an_address_made_up(self, region: Region, query: str) -> None:
        assert region.client().get(f"/customers/?{query}").status_code == 200

    def test_costs_the_same_queries_for_three_and_for_thirty(self, region: Region) -> None:
        client = region.client()
        few = _queries_with(region, client, range(3))
        many = _queries_with(region, client, range(3, 30))

        assert few == many


class TestExport:
    def test_keeps_the_filter_and_leaves_an_entry(self, region: Region) -> None:
        region.customer("1", name="临江钢铁")
        region.customer("2", name="临江医院", kind="medical")

        answer = region.client().post("/customers/export/", {"kind": "medical", "format": "csv"})

        text = answer.content.decode("utf-8-sig")
        entry = Entry.objects.get(event="console.table.exported")
        assert answer["Content-Disposition"].startswith("attachment")
        assert text.splitlines()[1].startswith("2,临江医院,")
        assert len(text.splitlines()) == 2
        assert entry.changes == {"rows": 1, "format": "csv"}

    def test_disarms_formulas_in_excel(self, region: Region) -> None:
        region.customer("1", name="=cmd|calc")

        answer = region.client().post("/customers/export/", {"format": "xlsx"})

        sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
        assert sheet["B2"].value == "'=cmd|calc"

    def test_is_refused_without_the_permission_and_leaves_no_entry(self, region: Region) -> None:
        agent = region.hire("agent", region.north, Role.SERVICE_AGENT)

        answer = region.client(agent).post("/customers/export/", {"format": "csv"})

        assert answer.status_code == 403
        assert not Entry.objects.filter(event="console.table.exported").exists()

    def test_cannot_be_had_by_a_link(self, region: Region) -> None:
        assert region.client().get("/customers/export/").status_code == 405


class TestPage:
    @pytest.mark.parametrize("tab", [tab.key for tab in TABS])
    def test_opens_every_tab_by_its_own_address(self, region: Region, lake: None, tab: str) -> None:
        region.customer("1", name="临江钢铁")

        whole = region.client().get(f"/customers/1/tab/{tab}/").content.decode()
        part = region.client().get(f"/customers/1/tab/{tab}/", headers=HTMX).content.decode()

        assert "临江钢铁" in whole
        assert "<html" in whole
        assert "<html" not in part

    def test_is_whole_again_when_going_back_in_history(self, region: Region) -> None:
        region.customer("1")
        headers = HTMX | {"HX-History-Restore-Request": "true"}

        assert "<html" in region.client().get("/customers/1/", headers=headers).content.decode()

    def test_has_no_other_tabs(self, region: Region) -> None:
        region.customer("1")

        assert region.client().get("/customers/1/tab/secrets/").status_code == 404

    def test_overview_adds_up_the_bills(self, region: Region) -> None:
        customer = region.customer("1")
        region.bill(customer, MONTH_BEFORE, amount="50000.00")
        region.bill(customer, MONTH, amount="60000.00")

        context = region.client().get("/customers/1/").context

        assert [m.amount for m in context["months"]] == [50000, 60000]
        assert context["capacity_kva"] == 1000
        assert context["peak"].max_demand_kw == 500

    def test_group_rolls_up_the_siblings(self, region: Region) -> None:
        group = CustomerGroup.objects.create(code="G", name="东海集团")
        for number in "12":
            region.bill(region.customer(number, group=group), amount="60000.00")

        context = region.client().get("/customers/1/tab/group/").context

        assert context["members"] == 2
        assert context["total_amount"] == 120000

    def test_warns_of_an_agreement_that_ends(self, region: Region) -> None:
        soon = timezone.localdate() + dt.timedelta(days=20)
        agree(region.customer("1"), valid_until=soon)

        page = region.client().get("/customers/1/").content.decode()

        assert "HT-1" in page
        assert "还有 20 天" in page

    def test_overview_costs_the_same_queries_for_one_account_and_many(self, region: Region) -> None:
        client = region.client()
        customer = region.customer("1")
        region.bill(customer)
        client.get("/customers/1/")
        with CaptureQueriesContext(connection) as few:
            client.get("/customers/1/")
        for number in range(8):
            customer.accounts.create(number=f"99{number}", name="x", unit=region.north)

        with CaptureQueriesContext(connection) as many:
            client.get("/customers/1/")

        assert len(few) == len(many)


class TestBasics:
    def test_are_amended_and_appear_on_the_timeline(self, region: Region) -> None:
        region.customer("1", name="临江钢铁")

        answer = region.client().post("/customers/1/edit/", _basics(importance="first"))

        page = region.client().get("/customers/1/tab/records/").content.decode()
        assert answer.status_code == 302
        assert Customer.objects.get(number="1").importance == Importance.FIRST
        assert "manager先生" in page

    def test_are_not_amended_with_a_wrong_credit_code(self, region: Region) -> None:
        region.customer("1", name="临江钢铁")

        answer = region.client().post(
            "/customers/1/edit/", _basics(credit_code="91110108551385082R")
        )

        assert answer.status_code == 422
        assert "校验码" in answer.content.decode()
        assert Customer.objects.get(number="1").credit_code == ""
        assert not Entry.objects.filter(customer_id__isnull=False).exists()


class TestContacts:
    def test_are_added(self, region: Region) -> None:
        customer = region.customer("1")
        facts = {"name": "陈工", "role": "电工", "phone": "13812345678"}

        answer = region.client().post("/customers/1/contacts/new/", facts)

        assert answer.status_code == 302
        assert Contact.objects.get(customer=customer).phone == "13812345678"

    def test_are_given_another_phone(self, region: Region) -> None:
        customer = region.customer("1")
        contact = Contact.objects.create(customer=customer, name="陈工", role="电工", phone="1")

        region.client().post(f"/customers/1/contacts/{contact.pk}/", {"phone": "13900000000"})

        contact.refresh_from_db()
        assert (contact.name, contact.phone) == ("陈工", "13900000000")

    def test_are_masked_for_those_who_only_read(self, region: Region) -> None:
        customer = region.customer("1")
        Contact.objects.create(customer=customer, name="陈工", role="电工", phone="13812345678")
        regulator = region.hire("r", region.province, Role.REGULATOR)

        page = region.client(regulator).get("/customers/1/tab/contacts/").content.decode()

        assert "138****5678" in page
        assert "13812345678" not in page


class TestDocuments:
    def test_come_back_as_a_file_to_keep(
        self, region: Region, settings: object, tmp_path: object
    ) -> None:
        settings.FILES_ROOT = tmp_path
        region.customer("1")
        file = SimpleUploadedFile("合同.pdf", PDF)
        facts = {"title": "合同", "kind": "agreement", "file": file}
        region.client().post("/customers/1/documents/", facts)

        answer = region.client().get(f"/documents/{Document.objects.get().pk}/")

        assert b"".join(answer.streaming_content) == PDF
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]

    def test_refuse_a_page_that_calls_itself_pdf(
        self, region: Region, settings: object, tmp_path: object
    ) -> None:
        settings.FILES_ROOT = tmp_path
        region.customer("1")
        file = SimpleUploadedFile("合同.pdf", b"MZ\x90\x00\x03\x00\x00\x00")
        facts = {"title": "合同", "kind": "agreement", "file": file}

        answer = region.client().post("/customers/1/documents/", facts)

        assert answer.status_code == 422
        assert not Document.objects.exists()

    def test_of_another_county_are_not_there(
        self, region: Region, settings: object, tmp_path: object
    ) -> None:
        settings.FILES_ROOT = tmp_path
        region.customer("1")
        facts = {"title": "a", "kind": "other", "file": SimpleUploadedFile("a.pdf", PDF)}
        region.client().post("/customers/1/documents/", facts)
        southerner = region.hire("s", region.south, Role.ACCOUNT_MANAGER)

        answer = region.client(southerner).get(f"/documents/{Document.objects.get().pk}/")

        assert answer.status_code == 404


def _queries_with(region: Region, client: object, numbers: range) -> int:
    for number in numbers:
        region.bill(region.customer(f"{number:03d}"))
    client.get("/customers/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/customers/")
    return len(captured)


def _basics(**changes: str) -> dict[str, str]:
    return {
        "name": "临江钢铁",
        "credit_code": "",
        "kind": "industry",
        "importance": "none",
        "industry_code": "",
        "group": "",
        "unit": "N",
        "address": "",
    } | changes
