"""One connection through the real pages, from the counter to the archive.

The people are those of the demonstration region; what they do is what the founding rules say,
with one pause of the statutory clock, one refusal in the countersigning, one extension granted
and one refused. Everything happens now: the pages know no other time.
"""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import Page, ViewportSize, expect
from tests.browser.connection_people import JPEG, PDF, People, answer

from busbar.kit.periods import CHINA

PHONE = ViewportSize(width=390, height=844)
STATION, OFFICER, COLLEAGUE = "county1_station1", "city1_connection", "city1_connection2"
MANAGER, CASHIER = "city1", "city1_cashier"
SIGNERS = {
    "市场营销部会签": COLLEAGUE,
    "生产计划部会签": "city1_planning",
    "调度运行中心会签": "city1_dispatch",
    "安全监察部会签": "city1_safety",
}


def now(minutes: int = 0) -> str:
    """A moment as a datetime field takes it."""
    moment = dt.datetime.now(CHINA) + dt.timedelta(minutes=minutes)
    return f"{moment:%Y-%m-%dT%H:%M}"


def today(days: int = 0) -> str:
    """A day as a date field takes it."""
    return f"{dt.datetime.now(CHINA).date() + dt.timedelta(days=days)}"


class Journey:
    """The application on its way; `number` and `code` are known once it is handed in."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.number = self.code = ""

    # --- stages 1 and 2 -------------------------------------------------------------------

    def apply(self, credit_code: str) -> None:
        """《高压用电申请》 at the counter of the supply station."""
        page = self.people.page(STATION)
        page.goto("/connections/new/")
        for name, value in {
            "applicant_name": "岚州精密轴承有限公司",
            "credit_code": credit_code,
            "contact_name": "王工",
            "contact_phone": "13800000000",
            "site_name": "轴承新厂",
            "address": "工业路9号",
            "requested_kva": "800",
            "wished_voltage_kv": "10",
            "kind": "new",
            "customer_kind": "industry",
            "supply_kind": "hv_single",
            "channel": "counter",
        }.items():
            answer(page.locator(f"#application-form [name={name}]"), value)
        row = page.locator("#load-rows tr").first
        row.locator("[name$=name]").fill("机床")
        row.locator("[name$=count]").fill("40")
        row.locator("[name$=rated_kw]").fill("20")
        row.locator("[name$=demand_factor]").fill("0.7")
        row.locator("[name$=power_factor]").fill("0.8")
        page.get_by_role("button", name="提交申请").click()
        page.wait_for_url("**/tab/documents/**")
        found = re.search(r"/connections/([^/]+)/", page.url)
        assert found is not None
        self.number = found.group(1)
        self.code = page.locator(".query-code").first.inner_text().strip()

    def tell_what_is_missing(self) -> None:
        """Everything at once; the customer follows by number and code, and brings it."""
        answer = {"outcome": "incomplete", "means": "短信"}
        self.people.do_task(STATION, self.number, "核对资料", answer)
        page = self.people.visitor()
        page.goto("/progress/")
        page.fill("[name=number]", self.number)
        page.fill("[name=query_code]", self.code)
        page.get_by_role("button", name="查询").click()
        expect(page.get_by_text("请您办理")).to_be_visible()
        self._hand_in(page, "#documents .follow-list form")
        page.get_by_role("button", name="已全部补正，提交").click()
        expect(page.locator("h1")).to_have_text("岚州精密轴承有限公司")

    def accept(self) -> None:
        """Each document found good, then the application accepted: the clocks run."""
        page = self.people.page(STATION)
        self._judge(page)
        self.people.do_task(STATION, self.number, "核对资料", {"outcome": "accepted"})
        self.people.do_task(STATION, self.number, "初审", {"outcome": "passed"})
        self.people.do_task(STATION, self.number, "传递市场营销部")

    def pause_and_resume(self) -> None:
        """The manager lets the statutory clock stand still for a lawful reason, and run on."""
        page = self.people.page(MANAGER)
        page.goto(f"/connections/{self.number}/")
        clock = page.locator("li", has_text="高压单电源供电方案答复")
        clock.get_by_role("link", name="为什么是这一天").click()
        page.get_by_text("暂停计时").first.click()
        page.fill("[name=evidence]", "客户来函 2026-11 号")
        page.locator(".why-pause button").click()
        expect(page.get_by_text("计时已暂停")).to_be_visible()
        page.get_by_role("button", name="恢复计时").click()
        expect(page.get_by_text("计时已恢复")).to_be_visible()

    def survey(self, feeder: str, departments: list[str]) -> None:
        """On site with the departments, written on a phone with a photo taken."""
        self.people.do_task(OFFICER, self.number, "安排联合勘察", {"planned_for": now(30)})
        phone = self.people.page(OFFICER)
        desk = phone.viewport_size
        phone.set_viewport_size(PHONE)
        self.people.do_task(
            OFFICER,
            self.number,
            "现场勘察",
            {
                "outcome": "feasible",
                "verified_kva": "800",
                "connection_point": "12号杆",
                "feeders": [{"feeder": feeder, "distance_m": "800"}],
                "attendance": [{"unit": code, "name": "参加人"} for code in departments],
            },
            {"photos": ("现场.jpg", JPEG)},
            fits=PHONE["width"],
        )
        assert desk is not None
        phone.set_viewport_size(desk)

    # --- stages 3 and 4 -------------------------------------------------------------------

    def design(self) -> None:
        """The alternatives computed and compared, the recommended one chosen, sent round."""
        page = self.people.page(OFFICER)
        page.goto(f"/connections/{self.number}/scheme/")
        page.locator("summary", has_text="比选").first.click()
        page.locator("form", has_text="规划年限").get_by_role("button", name="比选").click()
        expect(page.get_by_text("比选已完成")).to_be_visible(timeout=90_000)
        page.locator("summary", has_text="选定方案").first.click()
        form = page.locator("form", has_text="选定理由")
        if form.locator("[name$=alternative]:checked").count() == 0:
            form.locator("[name$=alternative]").first.check(force=True)
        form.locator("[name$=reason]").fill("综合得分最高")
        form.get_by_role("button", name="选定方案").click()
        expect(page.get_by_text("方案已选定")).to_be_visible()
        self.people.do_task(OFFICER, self.number, "编制供电方案")

    def countersign(self, *, refusing: str = "") -> None:
        """The four departments beside each other; one may say no."""
        for title, person in SIGNERS.items():
            answer = {"outcome": "agreed"}
            if title == refusing:
                answer = {"outcome": "refused", "remark": "线路重载，请改接"}
            self.people.do_task(person, self.number, title, answer)

    def approve_and_reply(self, item: str, yuan: str) -> None:
        """Approval, then scheme, fees and account number in one notice."""
        self.people.do_task(MANAGER, self.number, "方案审批", {"outcome": "approved"})
        charge = {"item": item, "quantity": "1", "price_yuan": yuan, "basis": "预算 2026-01 号"}
        self.people.do_task(OFFICER, self.number, "答复客户", {"charges": [charge]})

    def extend(self) -> None:
        """Asked for in time and granted once; a second time is more than one validity."""
        page = self.people.page(OFFICER)
        self._act(page, "申请延期", {"reason": "土建延期"})
        manager = self.people.page(MANAGER)
        self._act(manager, "同意延期", {"remark": "同意"})
        self._act(page, "申请延期", {"reason": "再延期"})
        expect(page.get_by_text("方案已延长满一个有效期").first).to_be_visible()
        expect(page.get_by_text("延长不得超过一个有效期").first).to_be_visible()

    def pay(self, yuan: str) -> None:
        """The bank's file brings the money with the notice's number in its remark."""
        page = self.people.page(CASHIER)
        page.goto(f"/connections/{self.number}/fees/")
        notice = page.get_by_role("link", name=re.compile(r"^JF\d{10}$")).first.inner_text().strip()
        row = f"J{notice},{today()},岚州精密轴承有限公司,95588001,{yuan},业扩费 {notice}"
        content = f"流水号,交易日期,对方户名,对方账号,金额,附言\n{row}\n".encode()
        page.goto("/fees/bank/")
        page.locator("summary").first.click()
        form = page.locator("details[open] form").first
        paper = {"name": "流水.csv", "mimeType": "text/csv", "buffer": content}
        form.locator("[type=file]").set_input_files(paper)
        form.get_by_role("button").last.click()
        page.goto(f"/connections/{self.number}/fees/")
        expect(page.get_by_text("已缴清").first).to_be_visible()

    # --- stages 5 to 7 --------------------------------------------------------------------

    def build(self, designer: str, builder: str, inspectors: list[str]) -> None:
        """Firms chosen, design reviewed, works begun, one finding put right."""
        do, number = self.people.do_task, self.number
        do(
            OFFICER,
            number,
            "选定设计施工单位",
            {
                "design_code": designer,
                "construction_code": builder,
                "chosen_by": "王工",
                "free_choice": True,
            },
            {"declaration": ("声明.pdf", PDF)},
        )
        do(
            OFFICER,
            number,
            "报送设计文件",
            {"title": "10kV配电工程", "submitted_by": "设计院"},
            {"drawings": ("施工图.pdf", PDF)},
        )
        do(OFFICER, number, "设计审查", {"outcome": "passed", "opinion": "同意"})
        start = {
            "started_on": today(),
            "supervisor_name": "李工",
            "supervisor_phone": "13900000000",
        }
        do(OFFICER, number, "报告开工", start)
        do(OFFICER, number, "报请中间检查", {"part": "接地网", "requested_by": "李工"})
        finding = {
            "severity": "ordinary",
            "description": "接地扁钢搭接长度不足",
            "clause": "GB 50169 第4.3条",
            "rectify_by": today(5),
        }
        self._await_the_next_minute()
        seen = {"held_at": now(), "inspectors": inspectors, "opinion": "搭接不足"}
        do(OFFICER, number, "中间检查", {"outcome": "returned", **seen, "findings": [finding]})
        rectified = {"measure": "补焊", "rectified_by": "李工"}
        do(OFFICER, number, "整改", rectified, {"evidence": ("补焊.jpg", JPEG)})
        do(OFFICER, number, "复查", {"outcome": "passed", "inspectors": inspectors})

    def complete(self, inspectors: list[str], tariff: str) -> None:
        """Completion papers, report, inspection with its tests, agreement."""
        page = self.people.page(OFFICER)
        page.goto(f"/connections/{self.number}/tab/documents/")
        self._hand_in(page, "form.document-upload")
        self._judge(page)
        do, number = self.people.do_task, self.number
        do(
            OFFICER,
            number,
            "竣工报验",
            {
                "finished_on": today(),
                "requested_by": "王工",
                "transformers": [{"label": "1#", "capacity_kva": "800", "model": "S13-800/10"}],
            },
            {"report": ("竣工报告.pdf", PDF)},
        )
        tests = {"test.grounding_resistance": "2.1", "test.insulation": "2500", "test.relay": "3"}
        self._await_the_next_minute()
        do(
            OFFICER,
            number,
            "竣工检验",
            {
                "outcome": "passed",
                "held_at": now(),
                "inspectors": inspectors,
                "opinion": "合格",
                "measured": [{"code": code, "value": value} for code, value in tests.items()],
            },
        )
        do(
            OFFICER,
            number,
            "签订供用电合同",
            {
                "tariff_code": tariff,
                "tariff_category": "industry_two_part",
                "basic_charge_mode": "capacity",
                "power_factor_standard": "0.90",
                "signed_on": today(),
                "customer_signatory": "王工",
                "company_signatory": "周主任",
            },
            {"agreement": ("合同.pdf", PDF)},
        )

    def energize(self) -> None:
        """Meter, switching, registration, training, archive."""
        do, number = self.people.do_task, self.number
        point = {"name": "总表", "metering_side": "high", "voltage_kv": "10"}
        do(
            "city1_metering",
            number,
            "编制计量方案",
            {"points": [{**point, "ct_ratio": "10", "pt_ratio": "100"}]},
        )
        do(
            "city1_metering",
            number,
            "装表",
            {
                "serial": "JOURNEY900",
                "ct_ratio": "10",
                "pt_ratio": "100",
                "start_registers": [{"reading_type": "正向有功总", "value": "0.01"}],
                "seals": "F1、F2",
                "fitted_on": today(),
            },
        )
        switching = {"permit_number": "DD-1", "switched_at": now(), "operator": "赵"}
        do("city1_dispatch", number, "送电", {**switching, "supervisor": "钱"})
        contact = {"contact_name": "王工", "contact_phone": "13800000000"}
        do("city1_service", number, "办理注册", contact)
        attendee = {"name": "王工", "signed_in": "true", "score": "90"}
        do(
            "city1_service",
            number,
            "用电培训",
            {"topic": "安全用电", "held_on": today(), "attendees": [attendee]},
            {"sign_in_sheet": ("签到.jpg", JPEG)},
        )
        do(OFFICER, number, "归档")

    def follow(self) -> None:
        """The customer sees all seven stages done and confirms a paper's receipt."""
        page = self.people.visitor()
        page.goto("/progress/")
        page.fill("[name=number]", self.number)
        page.fill("[name=query_code]", self.code)
        page.get_by_role("button", name="查询").click()
        expect(page.locator(".follow-steps li")).to_have_count(7)
        expect(page.locator(".follow-steps li.is-done")).to_have_count(7)
        expect(page.get_by_role("link", name="业扩报装登记记录")).to_have_count(0)
        page.get_by_role("button", name="确认收到").first.click()
        expect(page.get_by_text("已签收").first).to_be_visible()

    # --- what the steps share -------------------------------------------------------------

    def _hand_in(self, page: Page, selector: str) -> None:
        """A file for every requirement that the page names and that has none yet."""
        forms = page.locator(f"{selector}:has([name=requirement])").filter(has_not_text="换新")
        names = [form.locator("[name=requirement]").input_value() for form in forms.all()]
        for name in names:
            form = page.locator(f"{selector}:has([name=requirement][value='{name}'])").first
            paper = {"name": f"{name}.pdf", "mimeType": "application/pdf"}
            form.locator("[type=file]").set_input_files({**paper, "buffer": PDF + name.encode()})
            form.get_by_role("button").last.click()
            page.wait_for_load_state("networkidle")

    def _judge(self, page: Page) -> None:
        page.goto(f"/connections/{self.number}/tab/documents/")
        while page.locator("form.document-judge").count():
            page.locator("form.document-judge").first.get_by_role(
                "button", name="合格", exact=True
            ).click()
            page.wait_for_load_state("networkidle")

    def _act(self, page: Page, label: str, data: dict[str, str]) -> None:
        page.goto(f"/connections/{self.number}/scheme/")
        page.locator("summary", has_text=label).first.click()
        form = page.locator("details[open] form").filter(
            has=page.get_by_role("button", name=label, exact=True)
        )
        for name, value in data.items():
            form.locator(f"[name$={name}]").fill(value)
        form.get_by_role("button", name=label, exact=True).click()
        page.wait_for_load_state("networkidle")

    def _await_the_next_minute(self) -> None:
        """Fields of time know minutes: what is entered now must not lie before the last step."""
        left = 60 - dt.datetime.now(CHINA).second
        self.people.page(OFFICER).wait_for_timeout((left + 1) * 1_000)
