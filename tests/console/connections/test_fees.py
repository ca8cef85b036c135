"""业务费用: sums that agree, the bank's file, matching, refunds, accounts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from busbar.access.models import Role
from busbar.connections.models import (
    BankFile,
    BankReceipt,
    FeeMatch,
    FeeRefund,
    IssuedPaper,
    PayeeAccount,
)
from tests.connections.scheme.world import PAYEE, World, make_world, row
from tests.console.connections.works_region import browser, count_queries, make_home

pytestmark = pytest.mark.django_db
CSV = (
    "流水号,交易日期,对方户名,对方账号,金额,附言\n"
    "B1,2025-03-20,东海轴承厂,95588001,1000.00,工程款\n"
    "B2,2025-13-20,东海轴承厂,95588001,500.00,\n"
)


@pytest.fixture
def world(ground: None, settings: Any, tmp_path: Path) -> World:
    make_home(settings, tmp_path)
    return make_world()


@pytest.fixture
def cashier(world: World) -> Client:
    return browser(world.county, Role.BILLING_CLERK)


class TestSums:
    def test_both_sides_of_every_line_agree(self, world: World, cashier: Client) -> None:
        notice = world.notice("1000")
        world.bank(row(1, "600", notice.number), row(2, "50"))

        sums = cashier.get("/fees/").context["sums"]

        assert sums.asked == sums.matched + sums.outstanding == Decimal(1000)
        assert sums.received == sums.matched + sums.waiting + sums.refunded_unmatched
        assert (sums.matched, sums.waiting) == (Decimal(600), Decimal(50))

    def test_the_list_takes_as_many_queries_for_more_notices(
        self, world: World, cashier: Client
    ) -> None:
        world.notice("100")
        few = count_queries(cashier, "/fees/")
        for yuan in ("200", "300", "400"):
            world.notice(yuan)

        assert count_queries(cashier, "/fees/") == few


class TestBankFile:
    def test_keeps_good_rows_and_names_the_bad_ones(self, world: World, cashier: Client) -> None:
        world.notice("1000")

        response = cashier.post(
            "/fees/bank/",
            {
                "act": "import",
                "payee": PAYEE,
                "file": SimpleUploadedFile("流水.csv", CSV.encode()),
            },
        )

        assert response.status_code == 302
        file = BankFile.objects.get()
        assert (file.kept, len(file.refused)) == (1, 1)
        page = cashier.get("/fees/bank/").content.decode()
        assert "2025-13-20" in page
        assert "应为日期，如 2026-03-02" in page

    def test_a_file_without_its_columns_is_refused_whole(
        self, world: World, cashier: Client
    ) -> None:
        bad = SimpleUploadedFile("a.csv", "姓名,电话\n甲,1\n".encode())

        response = cashier.post("/fees/bank/", {"act": "import", "payee": PAYEE, "file": bad})

        assert response.status_code == 422
        assert "银行流水缺少列" in response.content.decode()
        assert not BankFile.objects.exists()

    def test_who_does_not_receive_fees_may_not(self, world: World) -> None:
        planner = browser(world.county, Role.PLANNER)

        assert planner.post("/fees/bank/", {"act": "import"}).status_code == 403


class TestMatching:
    def test_suggests_matches_and_undoes_with_a_reason(self, world: World, cashier: Client) -> None:
        notice = world.notice("1000")
        world.bank(row(1, "1000"))
        receipt = BankReceipt.objects.get()
        page = cashier.get("/fees/bank/")
        assert [n.number for n in page.context["queue"][0]["suggested"]] == [notice.number]

        cashier.post(
            "/fees/bank/",
            {"act": "match", "of": receipt.pk, "notice": notice.number, "reason": "电话核对"},
        )
        match = FeeMatch.objects.get()
        assert match.amount_yuan == Decimal(1000)
        cashier.post(
            f"/fees/notices/{notice.number}/",
            {"act": "undo", "of": match.pk, "reason": "错账"},
        )

        match.refresh_from_db()
        assert match.undone_reason == "错账"

    def test_an_unknown_notice_is_refused_and_nothing_matched(
        self, world: World, cashier: Client
    ) -> None:
        world.bank(row(1, "1000"))
        receipt = BankReceipt.objects.get()

        response = cashier.post(
            "/fees/bank/",
            {"act": "match", "of": receipt.pk, "notice": "JF9", "reason": "x"},
        )

        assert response.status_code == 422
        assert not FeeMatch.objects.exists()


class TestRefunds:
    def test_one_asks_another_approves_and_the_customer_is_told(
        self, world: World, cashier: Client
    ) -> None:
        world.bank(row(1, "800"))
        receipt = BankReceipt.objects.get()
        cashier.post(
            "/fees/bank/",
            {"act": "refund", "of": receipt.pk, "amount_yuan": "800", "ground": "误付"},
        )
        refund = FeeRefund.objects.get()
        assert (
            cashier.post(
                "/fees/refunds/", {"act": "approve", "of": refund.pk, "remark": "同意"}
            ).status_code
            == 403
        )

        browser(world.county, Role.MANAGER).post(
            "/fees/refunds/", {"act": "approve", "of": refund.pk, "remark": "同意"}
        )

        refund.refresh_from_db()
        assert refund.state == "approved"
        assert IssuedPaper.objects.get(kind="refund_notice").facts["receiver_name"] == "东海轴承厂"


class TestAccounts:
    def test_an_administrator_opens_and_closes_one(self, world: World) -> None:
        admin = browser(world.county, Role.ADMINISTRATOR)

        admin.post(
            "/fees/catalogue/",
            {
                "act": "open",
                "number": "6222 9999",
                "name": "临江县供电公司",
                "bank": "建设银行",
                "unit": world.county.pk,
                "valid_from": "2025-01-01",
            },
        )
        account = PayeeAccount.objects.get(number="62229999")
        admin.post(
            "/fees/catalogue/", {"act": "close", "of": account.pk, "valid_until": "2025-06-01"}
        )

        account.refresh_from_db()
        assert account.valid_until is not None
