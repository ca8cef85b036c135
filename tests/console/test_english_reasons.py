"""Reasons and problems that are kept or found are read in the language of the screen."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from busbar.access.models import Role, User
from busbar.billing.models import Bill, BillRefusal, BillRun, OutdatedBill
from busbar.billing.rating import UnableToRate
from busbar.kit.errors import Listing, Phrase
from busbar.kit.periods import Month
from busbar.kit.phrases import as_typed
from busbar.pricing.models import TariffDraft, TimeOfUseScheme
from tests.billing import world
from tests.console.english import chinese_in, words_of
from tests.console.work_region import OWN, Region, make_billed, make_units

pytestmark = pytest.mark.django_db
MONTH = Month.parse("2026-01")
GAPS = UnableToRate(
    "%(month)s 缺 %(missing)s 个时段（%(missing_percent)s%%），超过 %(most)s%%，须先补全",
    month=MONTH,
    missing=1056,
    missing_percent="35.5",
    most=10,
)
SERIES = UnableToRate(
    "价格序列 %(name)s 缺 %(shown)s 共 %(days)s 天的电价",
    name="现货",
    shown=Phrase("%(days)s等", days=Listing(["2026-01-01", "2026-01-02"])),
    days=5,
)
DRAFTED = {
    "code": "TWO-PART",
    "base_from": dt.date(2020, 1, 1),
    "valid_from": dt.date(2026, 1, 15),
    "prices": {"peak": "-1.1", "valley": "0"},
    "source": "某发改价格〔2026〕1 号",
    "certainty": "A",
    "drafted_by_name": "员工",
    "drafted_at": world.AT,
}


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties, a bill each for December and January."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    return made


def in_english(client: Client, address: str) -> str:
    """A page as whoever reads English sees it."""
    User.objects.update(language="en")
    return client.get(address).content.decode()


def refuse(reason: Phrase) -> BillRefusal:
    run = BillRun.objects.get(month="2026-01")
    account = Bill.objects.get(account__number=OWN, run=run).account
    return BillRefusal.objects.create(run=run, account=account, reason=reason)


class TestRefusedBills:
    def test_say_why_in_english_on_the_run_s_page(self, region: Region) -> None:
        refuse(GAPS)

        page = in_english(region.client(Role.BILLING_CLERK), "/bills/runs/2026-01/")

        reason = "2026-01 lacks 1056 intervals (35.5%), more than 10%: complete them first"
        assert reason in words_of(page)

    def test_say_a_list_within_in_english_and_leave_the_name_of_data(self, region: Region) -> None:
        refuse(SERIES)

        page = in_english(region.client(Role.BILLING_CLERK), "/bills/runs/2026-01/")

        reason = "Price series 现货 lacks prices of 5 days: 2026-01-01, 2026-01-02 and others"
        assert reason in words_of(page)

    def test_say_why_in_english_among_today_s_work(self, region: Region) -> None:
        refuse(GAPS)

        page = in_english(region.client(Role.BILLING_CLERK), "/?of=all&month=2026-01")

        assert "2026-01 lacks 1056 intervals (35.5%)" in words_of(page)
        assert "个时段" not in page

    def test_say_why_in_chinese_as_before(self, region: Region) -> None:
        refuse(GAPS)

        page = region.client(Role.BILLING_CLERK).get("/bills/runs/2026-01/").content.decode()

        assert "2026-01 缺 1056 个时段（35.5%），超过 10%，须先补全" in page

    def test_of_before_stay_as_they_were_said(self, region: Region) -> None:
        refuse(as_typed("2026-01 没有负荷曲线 100%"))

        page = in_english(region.client(Role.BILLING_CLERK), "/bills/runs/2026-01/")

        assert "2026-01 没有负荷曲线 100%" in page

    def test_are_kept_by_their_sentence(self, region: Region) -> None:
        kept = BillRefusal.objects.get(pk=refuse(SERIES).pk).reason

        assert kept.sentence == SERIES.sentence
        assert str(kept) == "价格序列 现货 缺 2026-01-01、2026-01-02等 共 5 天的电价"

    def test_say_why_a_bill_of_before_cannot_be_made_again(self, region: Region) -> None:
        bill = Bill.objects.get(account__number=OWN, month="2026-01")
        OutdatedBill.objects.create(
            bill=bill, account=bill.account, month=bill.month, refusal=GAPS, found_at=world.AT
        )

        page = in_english(region.client(Role.BILLING_CLERK), "/bills/runs/2026-01/")

        told = words_of(page, 'id="outdated"', "</table>")
        assert "2026-01 lacks 1056 intervals" in told
        assert "个时段" not in told


class TestChecksOfADraft:
    def test_are_in_english(self, region: Region) -> None:
        scheme = TimeOfUseScheme.objects.get(code="TOU-TWO-PART")
        draft = TariffDraft.objects.create(
            **DRAFTED, scheme=scheme, surcharges={"fund": "1"}, capacity_price=Decimal(900)
        )

        page = in_english(region.client(Role.BILLING_CLERK), f"/pricing/drafts/{draft.pk}/")

        told = words_of(page, 'class="card-body why-list"', "</ul>")
        assert "Error A flat price is needed Error Peak price is negative" in told
        assert chinese_in(told, beside=("基金", "测试省")) == []

    def test_are_in_chinese_as_before(self, region: Region) -> None:
        draft = TariffDraft.objects.create(**DRAFTED, surcharges={})

        page = region.client(Role.BILLING_CLERK).get(f"/pricing/drafts/{draft.pk}/")

        told = words_of(page.content.decode(), 'class="card-body why-list"', "</ul>")
        assert "错误 应有平段电价 错误 峰段电价为负数" in told

    def test_in_english_where_the_version_it_stands_on_is_gone(self, region: Region) -> None:
        gone = DRAFTED | {"base_from": dt.date(2019, 1, 1)}
        draft = TariffDraft.objects.create(**gone, surcharges={})

        page = in_english(region.client(Role.BILLING_CLERK), f"/pricing/drafts/{draft.pk}/")

        told = words_of(page, 'class="card-body why-list"', "</ul>")
        assert told.endswith("The version it was drafted from was withdrawn; draft anew")
