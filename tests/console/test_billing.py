"""账务: bills, their why down to the days, runs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db.models import F
from django_q.models import OrmQ

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import overview
from busbar.billing import queries as billing_queries
from busbar.billing.explanation import check_again, explain
from busbar.billing.models import Bill, BillLine, BillRefusal, BillRun, OutdatedBill
from busbar.billing.operations import compare_month, renew_findings, run_month
from busbar.billing.queries import BillFilter
from busbar.console import bill_correction
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.kit.errors import Phrase
from busbar.kit.periods import CHINA, Month
from busbar.kit.phrases import as_typed
from busbar.pricing.models import Surcharge
from busbar.supply.models import Agreement, UsagePoint
from tests.billing import world
from tests.console.work_region import (
    FOREIGN,
    OWN,
    Region,
    count_queries,
    make_billed,
    make_units,
)

pytestmark = pytest.mark.django_db
BILL = f"/bills/{OWN}/2026-01/"


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties, an account each, two months billed."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    return made


class TestBillList:
    def test_shows_the_newest_month_with_its_sums(self, region: Region) -> None:
        response = region.client(Role.MANAGER, region.province).get("/bills/")

        assert [bill.account.number for bill in response.context["bills"]] == [OWN, FOREIGN]
        assert response.context["narrowed"].month == "2026-01"
        assert response.context["sum"].bills == 2
        assert response.context["sum"].energy_kwh == 148_800

    def test_leaves_out_the_bills_of_another_branch(self, region: Region) -> None:
        response = region.client(Role.MANAGER).get("/bills/")

        assert [bill.account.number for bill in response.context["bills"]] == [OWN]
        assert FOREIGN not in response.content.decode()
        assert response.context["sum"].bills == 1

    def test_goes_on_after_the_last_row_without_gap_or_repeat(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.billing.PAGE", 1)
        client = region.client(Role.MANAGER, region.province)

        first = client.get("/bills/")
        second = client.get("/bills/", {"after": first.context["after"]})

        assert [b.account.number for b in first.context["bills"]] == [OWN]
        assert [b.account.number for b in second.context["bills"]] == [FOREIGN]
        assert (first.context["more"], second.context["more"]) == (True, False)

    def test_takes_as_many_queries_for_two_bills_as_for_twelve(
        self, region: Region, tmp_path: Path
    ) -> None:
        client = region.client(Role.MANAGER, region.province)
        few = count_queries(client, "/bills/")
        more = [world.make_account(region.county, f"310100{n:04d}") for n in range(2, 12)]
        world.store(Path(settings.LAKE_ROOT), world.curves(more), key="more")
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert len(client.get("/bills/").context["bills"]) == 12
        assert count_queries(client, "/bills/") == few

    def test_finds_the_bills_that_jumped_against_the_month_before(self, region: Region) -> None:
        january = Bill.objects.get(account__number=OWN, month="2026-01")
        december = Bill.objects.filter(account__number=OWN, month="2025-12")
        narrowed = BillFilter(month="2026-01", outlier="jump")

        december.update(amount=january.amount / Decimal("1.29"))
        renew_findings(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        calm = billing_queries.list_bills(viewer=SYSTEM_VIEWER, narrowed=narrowed)
        december.update(amount=january.amount / Decimal("1.31"))
        renew_findings(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        jumped = billing_queries.list_bills(viewer=SYSTEM_VIEWER, narrowed=narrowed)

        assert calm == []
        assert jumped == [january]

    def test_exports_what_is_filtered_and_says_so_in_the_journal(self, region: Region) -> None:
        client = region.client(Role.MANAGER)

        response = client.post("/bills/export/?month=2026-01")

        lines = response.content.decode("utf-8-sig").splitlines()
        assert len(lines) == 2
        assert OWN in lines[1]
        assert Entry.objects.filter(event="console.table.exported").count() == 1


class TestBill:
    def test_names_formula_rule_source_and_certainty_of_each_line(self, region: Region) -> None:
        text = region.client(Role.MANAGER).get(BILL).content.decode()

        for line in BillLine.objects.filter(bill__account__number=OWN, bill__month="2026-01"):
            assert line.formula in text, line.name
        assert "测试价格表" in text
        assert "【未核实】" in text
        assert "R2024" in text

    def test_compares_with_the_month_before_line_by_line(self, region: Region) -> None:
        response = region.client(Role.MANAGER).get(BILL)

        before, after = response.context["previous"], response.context["bill"]
        assert sum(change.change for change in response.context["changes"]) == (
            after.amount - before.amount
        )

    def test_says_what_the_difference_comes_from_to_the_fen(self, region: Region) -> None:
        point = UsagePoint.objects.get(account__number=OWN)
        table = world.curves([point], load=world.FLAT_LOAD * 2, days=1)
        world.store(Path(settings.LAKE_ROOT), table, key="late")
        client = region.client(Role.BILLING_CLERK)
        client.post(f"{BILL}correction/", {"reason": "补抄 1 日"})

        context = client.get(BILL).context

        # 2,400 kWh more: 1,360 yuan of energy less 0.75 %, and 48 yuan of the fund.
        (volume,) = context["effects"]
        assert (volume["name"], volume["amount"]) == ("用电量", Decimal("1397.80"))
        assert volume["amount"] == context["difference"]
        steps = [(step["name"], step["whole"]) for step in context["waterfall"]]
        assert steps == [("2025-12", True), ("用电量", False), ("2026-01", True)]

    def test_does_not_exist_for_somebody_of_another_branch(self, region: Region) -> None:
        response = region.client(Role.MANAGER).get(f"/bills/{FOREIGN}/2026-01/")

        assert response.status_code == 404
        assert f"客户{FOREIGN}" not in response.content.decode()

    def test_takes_as_many_queries_whatever_the_number_of_lines(self, region: Region) -> None:
        client = region.client(Role.MANAGER)
        few = count_queries(client, BILL)
        bill = Bill.objects.get(account__number=OWN, month="2026-01")
        line = bill.lines.first()
        assert line is not None
        for position in range(50, 62):
            line.pk, line.position = None, position
            line.save()

        assert count_queries(client, BILL) == few

    def test_explains_every_line_with_citations_and_quantities(self, region: Region) -> None:
        whys = explain(Bill.objects.get(account__number=OWN, month="2026-01"))

        assert all(why.rules and why.line.formula for why in whys)
        peak = next(why for why in whys if why.line.code.endswith("peak"))
        assert peak.inputs[0]["value"] == "12400"
        factor = next(why for why in whys if why.line.code.startswith("power_factor"))
        assert factor.based_on


class TestBillDays:
    def test_adds_up_to_the_energy_of_the_bill(self, region: Region) -> None:
        bill = Bill.objects.get(account__number=OWN, month="2026-01")

        days = overview.list_days(SYSTEM_VIEWER, bill)

        assert len(days) == 31
        assert days[0].by_period == {"peak": 400, "flat": 1200, "valley": 800}
        assert sum(day.total_kwh for day in days) == bill.energy_kwh

    def test_shows_the_curves_as_they_stood_when_the_bill_was_made(
        self, region: Region, tmp_path: Path
    ) -> None:
        bill = Bill.objects.get(account__number=OWN, month="2026-01")
        doubled = world.curves(
            list(world.UsagePoint.objects.filter(account__number=OWN)), load=world.FLAT_LOAD * 2
        )
        world.store(tmp_path / "lake", doubled, key="corrected")

        text = region.client(Role.MANAGER).get(f"{BILL}days/").content.decode()

        assert overview.list_days(SYSTEM_VIEWER, bill)[0].total_kwh == 2_400
        assert "2,400.00" in text
        assert f"version={bill.lake_version}" in text


class TestRecalculation:
    def test_is_equal_to_the_fen(self, region: Region) -> None:
        response = region.client(Role.MANAGER).get(f"{BILL}recalculation/")

        assert response.context["again"].is_equal
        assert "复算一致" in response.content.decode()

    def test_names_the_line_that_somebody_changed(self, region: Region) -> None:
        bill = Bill.objects.get(account__number=OWN, month="2026-01")
        line = bill.lines.order_by("position").first()
        assert line is not None
        BillLine.objects.filter(pk=line.pk).update(amount=line.amount + 1)

        again = check_again(bill)

        assert not again.is_equal
        assert again.lines_differing == [(line.name, line.amount + 1, line.amount)]


class TestCorrection:
    """A wrong reading found after the bill went out."""

    def deliver_late(self, region: Region) -> None:
        Bill.objects.update(released_at=F("issued_at"))
        point = UsagePoint.objects.get(account__number=OWN)
        table = world.curves([point], load=world.FLAT_LOAD * 2, days=1)
        world.store(Path(settings.LAKE_ROOT), table, key="late")

    def test_shows_both_bills_and_the_difference_line_by_line(self, region: Region) -> None:
        self.deliver_late(region)
        client = region.client(Role.BILLING_CLERK)

        client.post(f"{BILL}correction/", {"reason": "补抄 1 日"})

        page = client.get(BILL)
        old = client.get(BILL, {"revision": "0"})
        bill = page.context["bill"]
        moved = {c.code: c.change for c in page.context["settlement"] if c.change}
        assert (bill.revision, sum(moved.values())) == (1, bill.amount_due)
        assert "第 1 次更正" in page.content.decode()
        assert "补抄 1 日" in page.content.decode()
        assert "此账单已被更正取代" in old.content.decode()
        assert old.context["bill"].amount == bill.amount - bill.amount_due
        assert client.get(f"{BILL}recalculation/?revision=0").context["again"].is_equal

    def test_corrects_a_month_s_changed_bills_from_the_run(self, region: Region) -> None:
        self.deliver_late(region)
        client = region.client(Role.BILLING_CLERK)
        page = client.get("/bills/runs/2026-01/")
        assert [each.bill.account.number for each in page.context["outdated"]] == [OWN]

        done = client.post("/bills/runs/2026-01/correction/", {"reason": "补抄"}, follow=True)

        assert "已更正 1 张账单，差额合计 +1,397.80 元" in done.content.decode()
        assert done.context["outdated"] == []

    def test_names_what_changed_in_the_archive_and_corrects_it(self, region: Region) -> None:
        Surcharge.objects.update(price=Decimal("0.03"))
        compare_month(month=Month(2026, 1), by=SYSTEM_VIEWER, at=world.AT)
        client = region.client(Role.BILLING_CLERK)
        page = client.get("/bills/runs/2026-01/").content.decode()
        assert '<span class="tag">电价</span>' in page
        assert "档案核对于" in page

        done = client.post("/bills/runs/2026-01/correction/", {"reason": "补录基金"}, follow=True)

        assert done.context["outdated"] == []
        assert "您管辖范围内没有依据已变的账单" in done.content.decode()

    def test_shows_why_and_when_a_bill_could_not_be_corrected(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.deliver_late(region)
        Agreement.objects.filter(account__number=OWN).update(tariff_code="GONE")
        client = region.client(Role.BILLING_CLERK)
        at = dt.datetime(2026, 3, 2, 9, 30, tzinfo=CHINA)
        monkeypatch.setattr(bill_correction, "timezone", SimpleNamespace(now=lambda: at))

        done = client.post("/bills/runs/2026-01/correction/", {"reason": "补抄"}, follow=True)

        told = done.content.decode()
        assert f"{OWN} 不能更正：2026-01 没有电价 GONE" in told
        assert "依据已变的账单还有 1 张，其中 1 张上次不能核算" in told
        assert "不能核算（2026-03-02 09:30）：2026-01 没有电价 GONE" in told
        assert "共 1 张，其中 1 张上次不能核算，排在最后" in told

    def test_takes_as_many_queries_for_one_refused_as_for_two(self, region: Region) -> None:
        client = region.client(Role.MANAGER, region.province)
        own = Bill.objects.get(account__number=OWN, month="2026-01")
        other = Bill.objects.exclude(account__number=OWN).get(month="2026-01")
        refuse(own)
        one = count_queries(client, "/bills/runs/2026-01/")
        refuse(other)

        two = count_queries(client, "/bills/runs/2026-01/")

        page = client.get("/bills/runs/2026-01/")
        assert (page.context["outdated_total"], page.context["outdated_refused"]) == (2, 2)
        assert two == one

    def test_names_the_first_reasons_and_counts_the_others(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.deliver_late(region)
        Agreement.objects.filter(account__number=OWN).update(tariff_code="GONE")
        monkeypatch.setattr(bill_correction, "MOST_REASONS", 0)

        done = region.client(Role.BILLING_CLERK).post(
            "/bills/runs/2026-01/correction/", {"reason": "补抄"}, follow=True
        )

        assert "另有 1 张不能更正，原因列在下面" in done.content.decode()

    def test_says_that_nothing_changed(self, region: Region) -> None:
        client = region.client(Role.BILLING_CLERK)

        page = client.post(f"{BILL}correction/", {"reason": "核对"}, follow=True)

        assert "无须更正" in page.content.decode()
        assert Bill.objects.filter(account__number=OWN, month="2026-01").count() == 1

    def test_is_not_offered_to_who_may_not_bill(self, region: Region) -> None:
        self.deliver_late(region)
        client = region.client(Role.MANAGER)

        assert "correct-bill" not in client.get(BILL).content.decode()
        assert client.post(f"{BILL}correction/", {"reason": "试"}).status_code == 403
        assert Bill.objects.filter(revision=1).count() == 0

    def test_without_a_reason_changes_nothing(self, region: Region) -> None:
        self.deliver_late(region)

        page = region.client(Role.BILLING_CLERK).post(f"{BILL}correction/", follow=True)

        assert "更正账单须写明原因" in page.content.decode()
        assert Bill.objects.filter(revision=1).count() == 0


def refuse(bill: Bill) -> None:
    """A correction met with a refusal."""
    OutdatedBill.objects.create(
        bill=bill, account=bill.account, month=bill.month, refusal=as_typed("没有电价"),
        found_at=world.AT, tried_at=world.AT,
    )  # fmt: skip


class TestBillRuns:
    def test_queue_a_month_in_the_clerk_s_name(self, region: Region) -> None:
        response = region.client(Role.BILLING_CLERK).post(
            "/bills/runs/start/", {"month": "2026-01"}
        )

        assert response.status_code == 302
        assert OrmQ.objects.count() == 1
        task = OrmQ.objects.get().task
        clerk = next(reversed(region.people.values()))
        assert (task["func"], task["args"]) == (
            "busbar.jobs.billing.bill_month",
            ("2026-01", clerk.user_id),
        )

    def test_say_at_once_that_a_month_has_no_curves_and_queue_nothing(self, region: Region) -> None:
        client = region.client(Role.BILLING_CLERK)

        response = client.post("/bills/runs/start/", {"month": "2030-02"}, follow=True)

        assert "2030-02 还没有导入任何负荷曲线" in response.content.decode()
        assert OrmQ.objects.count() == 0

    def test_refuse_whoever_may_not_bill_and_queue_nothing(self, region: Region) -> None:
        response = region.client(Role.MANAGER).post("/bills/runs/start/", {"month": "2026-02"})

        assert response.status_code == 403
        assert OrmQ.objects.count() == 0

    def test_refuse_what_is_no_month(self, region: Region) -> None:
        client = region.client(Role.BILLING_CLERK)

        response = client.post("/bills/runs/start/", {"month": "2026-13"}, follow=True)

        assert "月份应为" in response.content.decode()
        assert OrmQ.objects.count() == 0

    def test_list_only_refusals_of_the_own_branch(self, region: Region) -> None:
        run = BillRun.objects.get(month="2026-01")
        for number in (OWN, FOREIGN):
            account = Bill.objects.get(account__number=number, run=run).account
            BillRefusal.objects.create(run=run, account=account, reason=Phrase(f"缺曲线 {number}"))

        text = region.client(Role.BILLING_CLERK).get("/bills/runs/2026-01/").content.decode()

        assert f"缺曲线 {OWN}" in text
        assert FOREIGN not in text

    def test_take_as_many_queries_for_two_months_as_for_twenty(self, region: Region) -> None:
        client = region.client(Role.BILLING_CLERK)
        few = count_queries(client, "/bills/runs/")
        for number in range(18):
            month = f"20{number:02d}-01"
            BillRun.objects.create(month=month, state="finished", started_at=world.AT)

        assert count_queries(client, "/bills/runs/") == few

    def test_say_when_no_worker_is_alive(self, region: Region) -> None:
        text = region.client(Role.BILLING_CLERK).get("/bills/runs/").content.decode()

        assert "没有后台任务进程在运行" in text


def test_a_day_knows_when_its_highest_load_was(region: Region) -> None:
    bill = Bill.objects.get(account__number=OWN, month="2026-01")

    day = overview.list_days(SYSTEM_VIEWER, bill)[4]

    assert (day.day, day.peak_kw) == (dt.date(2026, 1, 5), 100)
    assert day.peak_at == dt.datetime(2026, 1, 5, tzinfo=CHINA)


class TestRunCounts:
    """A county is told of its own accounts, not how many the others have."""

    def test_a_county_sees_its_own_counts(self, region: Region) -> None:
        run = BillRun.objects.get(month="2026-01")
        neighbor = CustomerAccount.objects.get(number=FOREIGN)
        BillRefusal.objects.create(run=run, account=neighbor, reason=Phrase("没有曲线"))
        BillRun.objects.filter(pk=run.pk).update(refused=1)
        clerk = region.client(Role.BILLING_CLERK)

        (listed, _december) = clerk.get("/bills/runs/").context["runs"]
        shown = clerk.get("/bills/runs/2026-01/")

        assert (listed.billed, listed.refused, listed.is_whole) == (1, 0, False)
        assert (shown.context["seen"].billed, shown.context["seen"].refused) == (1, 0)
        assert "户数只含您管辖范围内的户号" in shown.content.decode()

    def test_the_province_sees_the_runs_own(self, region: Region) -> None:
        BillRun.objects.filter(month="2026-01").update(billed=7, refused=3)
        client = region.client(Role.MANAGER, region.province)

        shown = client.get("/bills/runs/2026-01/")

        assert (shown.context["seen"].billed, shown.context["seen"].refused) == (7, 3)
        assert "户数只含您管辖范围内的户号" not in shown.content.decode()
