"""From the application to the first bill, through all roles and pages (R50–R60)."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader
from tests.browser.conftest import Live
from tests.browser.connection_journey import OFFICER, Journey
from tests.browser.connection_people import People

from busbar.kit.identifiers import credit_code_check_digit
from busbar.kit.periods import CHINA, Month

CUSTOMER = "岚州精密轴承有限公司"
SEVEN_PAPERS = {
    "用电申请", "业扩报装登记记录", "供电方案答复单", "缴费通知", "中间检查意见", "竣工检验意见",
    "送电通知",
}  # fmt: skip

FACTS = """
import datetime as dt
from decimal import Decimal
from busbar.access.models import Employee
from busbar.connections.models import Contractor
from busbar.connections.queries.contractors import explain_ineligibility
from busbar.network.models import Feeder
from busbar.supply.models import Agreement
lines = Feeder.objects.filter(substation__unit__code="LC11", voltage_kv=10)
print(min(lines, key=lambda line: (line.peak_load_kw or 0) / line.capacity_kva).code)
for role in ("design", "construction"):
    firms = Contractor.objects.order_by("code")
    today = dt.date.today()
    print(next(f.code for f in firms
          if not explain_ineligibility(f, role=role, voltage_kv=Decimal(10), on=today)))
people = Employee.objects.filter(unit__code__in=("LC10SF", "LC10MK")).order_by("number")
inspecting = {"safety_inspector", "connection_officer"}
print("、".join([p.number for p in people if inspecting & set(p.roles)][:2]))
print(Agreement.objects.filter(basic_charge_mode="capacity").first().tariff_code)
"""
POINT = """
from busbar.connections.models import ConnectionApplication
from busbar.supply.models import UsagePoint
account = ConnectionApplication.objects.get(number="{number}").account
print(account.number)
print(UsagePoint.objects.get(account=account).number)
"""
BILL = """
from busbar.billing.models import Bill
bill = Bill.objects.get(account__number="{account}", month="{month}")
print(bill.energy_kwh, bill.amount > 0)
"""


@pytest.fixture
def people(chromium: Browser, live: Live) -> Iterator[People]:
    found = People(chromium, live.url)
    yield found
    found.close()


def credit_code() -> str:
    """A valid code that no other customer of the region has."""
    body = f"9111010866{dt.datetime.now(CHINA):%H%M%S}0"
    return body + credit_code_check_digit(body)


def ask(live: Live, code: str) -> list[str]:
    """Lines that a script over the region's data prints."""
    return live.run("django", "shell", "-v", "0", "-c", code).split()


def write_month(path: Path, point: str, month: Month) -> None:
    """25 kWh and 5 kvarh a quarter of an hour, every day of the month."""
    header = "计量点编号,数据项,日期," + ",".join(f"P{n}" for n in range(1, 97))
    days = [month.first + dt.timedelta(days=n) for n in range(month.days)]
    lines = [
        f"{point},{item},{day}," + ",".join([value] * 96)
        for day in days
        for item, value in (("正向有功", "25"), ("感性无功", "5"))
    ]
    path.write_text("\n".join([header, *lines, ""]), "utf-8")


@pytest.mark.one_database
class TestConnection:
    def test_is_led_from_the_counter_to_the_first_bill(
        self, people: People, live: Live, tmp_path: Path
    ) -> None:
        feeder, designer, builder, inspectors, tariff = ask(live, FACTS)
        journey = Journey(people)
        journey.apply(credit_code())
        journey.tell_what_is_missing()
        journey.accept()
        journey.pause_and_resume()
        journey.survey(feeder, ["LC10PL", "LC10DC"])
        journey.design()
        journey.countersign(refusing="调度运行中心会签")
        journey.design()
        journey.countersign()
        journey.approve_and_reply("commissioned_works", "12000.00")
        self.read_the_reply(people, journey.number)
        journey.extend()
        journey.pay("12000.00")
        journey.build(designer, builder, inspectors.split("、"))
        journey.complete(inspectors.split("、"), tariff)
        journey.energize()
        journey.follow()
        self.open_every_paper(people, journey.number)

        account, point = ask(live, POINT.format(number=journey.number))
        month = Month.of(dt.datetime.now(CHINA).date()).next
        path = tmp_path / "曲线.csv"
        write_month(path, point, month)
        live.run("import", "readings", str(path))
        live.run("bill", "run", "--month", str(month))
        energy, is_charged = ask(live, BILL.format(account=account, month=month))
        assert (float(energy), is_charged) == (25 * 96 * month.days, "True")
        self.see_the_bill(people, account, month)

    def read_the_reply(self, people: People, number: str) -> None:
        """The paper tells scheme, fees and account number in one."""
        papers = read_papers(people, number)
        reply = papers["供电方案答复单"]
        for value in ("12,000.00", "收款账号", CUSTOMER, "至迟于", "受电变压器"):
            assert value in reply
        assert "12,000.00" in papers["缴费通知"]

    def open_every_paper(self, people: People, number: str) -> None:
        """Each opens in its own page, names the customer and has no glyph that is missing."""
        papers = read_papers(people, number)
        assert set(papers) >= SEVEN_PAPERS
        for kind, text in papers.items():
            assert CUSTOMER in text, kind
            assert "\ufffd" not in text, kind
            assert "None" not in text, kind
        record = papers["业扩报装登记记录"]
        for department in ("市场营销部", "生产计划部", "调度运行中心", "安全监察部"):
            assert department in record
        assert "不同意：线路重载，请改接" in record
        assert "退回整改" in papers["中间检查意见"]
        assert "送电。" in papers["送电通知"]

    def see_the_bill(self, people: People, account: str, month: Month) -> None:
        """The new point's bill stands in the console, down to a formula."""
        page = people.page("province")
        page.goto(f"/bills/{account}/{month}/")
        page.locator(".why-button").first.click()
        expect(page.locator(".why .formula").first).to_contain_text("×")


def read_papers(people: People, number: str) -> dict[str, str]:
    """What stands in the newest paper of each kind, opened from the list of papers."""
    page = people.page(OFFICER)
    page.goto(f"/connections/{number}/tab/papers/")
    rows = page.locator("tbody tr")
    expect(rows.first).to_be_visible()
    found = {}
    for row in rows.all():
        kind = row.locator("td").nth(1).inner_text().strip()
        link = row.locator("a[href$='?inline']").get_attribute("href") or ""
        answer = page.request.get(link)
        assert answer.headers["content-type"] == "application/pdf"
        found[kind] = _text(answer.body())
    return found


def _text(pdf: bytes) -> str:
    """All text without the spaces and breaks that depend on where a line ends."""
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return "".join(text.replace("\u200b", "").split())
