"""Payments on the screen: files in, the queue worked off, points, refunds, the books closed."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill
from busbar.cli.main import main
from busbar.journal.models import Entry
from busbar.payments import operations as payments_operations
from busbar.payments.models import (
    DailyTakings,
    LedgerAccount,
    LedgerMonth,
    Payment,
    PaymentMatch,
    PaymentPoint,
    PaymentRefund,
    Receivable,
)
from tests.billing import world
from tests.console.work_region import FOREIGN, OWN, Region, count_queries, make_billed, make_units

pytestmark = pytest.mark.django_db
BANK = "6222000099990001"
HEADER = "流水号,交易日期,对方户名,对方账号,金额,附言\n"


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties with two billed months each, owed; a bank account of the first."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    Bill.objects.update(released_at=F("issued_at"))
    payments_operations.load_payments_seed(at=world.AT)
    payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=world.AT)
    payments_operations.open_collection_account(
        number=BANK,
        name="县供电公司",
        bank="工商银行",
        unit_id=made.county.pk,
        valid_from=dt.date(2020, 1, 1),
        by=SYSTEM_VIEWER,
        at=world.AT,
    )
    return made


def upload(client: object, *rows: str) -> object:
    file = SimpleUploadedFile("流水.csv", (HEADER + "\n".join(rows)).encode())
    return client.post(  # type: ignore[attr-defined]
        "/payments/", {"act": "import", "collection": BANK, "file": file}, follow=True
    )


def owed() -> Receivable:
    return Receivable.objects.get(account__number=OWN, month="2026-01")


class TestPayments:
    def test_a_file_is_uploaded_and_its_bad_rows_are_shown(self, region: Region) -> None:
        client = region.client(Role.CASHIER)

        answer = upload(
            client,
            f"A1,2026-02-10,某公司,9558,{owed().amount_yuan},{owed().reference}",
            "A2,2026-02-30,某公司,9558,10,电费",
        )

        text = answer.content.decode()  # type: ignore[attr-defined]
        assert "收下 1 行，退回 1 行" in text
        assert "2026-02-30" in text
        assert owed().open_fen == 0

    def test_the_queue_suggests_and_the_cashier_matches_and_undoes(self, region: Region) -> None:
        client = region.client(Role.CASHIER)
        upload(client, f"A1,2026-02-10,客户{OWN},9558,{owed().amount_yuan},货款")
        payment = Payment.objects.get()
        page = client.get("/payments/queue/").content.decode()
        assert owed().reference in page
        assert "户名相同、金额相等" in page

        client.post(
            "/payments/queue/",
            {"act": "match", "of": payment.pk, "reference": owed().reference, "reason": "户名相同"},
        )
        assert owed().open_fen == 0
        match = PaymentMatch.objects.get()
        client.post(f"/payments/{payment.pk}/", {"act": "undo", "of": match.pk, "reason": "核错"})
        assert owed().open_fen == owed().amount_fen

    def test_a_refused_match_is_shown_with_the_sentence(self, region: Region) -> None:
        client = region.client(Role.CASHIER)
        upload(client, "A1,2026-02-10,某公司,9558,10.00,货款")
        payment = Payment.objects.get()

        answer = client.post(
            "/payments/queue/",
            {"act": "match", "of": payment.pk, "reference": owed().reference,
             "amount_yuan": "10.01", "reason": "试"},
        )  # fmt: skip

        assert answer.status_code == 422
        assert "只余 10.00 元待核销" in answer.content.decode()
        assert not PaymentMatch.objects.exists()

    def test_only_a_cashier_is_offered_to_act(self, region: Region) -> None:
        upload(region.client(Role.CASHIER), "A1,2026-02-10,某公司,9558,10.00,货款")
        manager = region.client(Role.MANAGER)

        assert "act-match" not in manager.get("/payments/queue/").content.decode()
        answer = manager.post(
            "/payments/queue/",
            {"act": "match", "of": Payment.objects.get().pk, "reference": "X", "reason": "试"},
        )
        assert answer.status_code == 403

    def test_the_neighbor_sees_none_of_it(self, region: Region) -> None:
        upload(region.client(Role.CASHIER), "A1,2026-02-10,某公司甲,9558,10.00,货款")
        other = region.client(Role.CASHIER, region.neighbor)

        for address in ("/payments/", "/payments/queue/", "/ledger/2026-02/"):
            assert "某公司甲" not in other.get(address).content.decode(), address
        assert other.get(f"/payments/{Payment.objects.get().pk}/").status_code == 404


class TestReceivables:
    def test_they_are_listed_by_age_within_the_branch(self, region: Region) -> None:
        text = region.client(Role.ACCOUNTANT).get("/receivables/").content.decode()

        assert OWN in text
        assert FOREIGN not in text

    def test_the_number_of_queries_does_not_grow(self, region: Region) -> None:
        client = region.client(Role.ACCOUNTANT)
        before = count_queries(client, "/receivables/")
        for number in range(5):
            account = world.make_account(region.county, f"31019{number:05d}").account
            bill = Bill.objects.filter(account__number=OWN).first()
            assert bill is not None
            bill.pk, bill.account = None, account
            bill.save()
        payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=world.AT)

        assert count_queries(client, "/receivables/") == before

    def test_the_customer_s_page_tells_bills_money_and_balance(self, region: Region) -> None:
        client = region.client(Role.CASHIER)
        upload(client, f"A1,2026-02-10,某公司,9558,1000.00,户号{OWN}")

        text = client.get(f"/customers/K{OWN}/tab/payments/").content.decode()

        assert "A1" in text
        assert "1,000.00" in text


class TestPoints:
    def test_a_counter_is_opened_takes_money_and_hands_it_in(self, region: Region) -> None:
        books, cashier = region.client(Role.ACCOUNTANT), region.client(Role.CASHIER)
        books.post(
            "/payments/points/",
            {"act": "open", "unit": region.county.pk, "code": "W1", "name": "城关营业厅",
             "kind": "counter", "opened_on": "2020-01-01"},
        )  # fmt: skip
        point = PaymentPoint.objects.get()

        cashier.post(
            "/payments/points/",
            {"act": "take", "of": point.pk, "account_number": OWN, "amount_yuan": "12.30",
             "payer_name": "张会计"},
        )  # fmt: skip
        today = Payment.objects.get().booked_on
        cashier.post(
            "/payments/points/",
            {"act": "hand_in", "of": point.pk, "day": str(today), "counted_yuan": "12.30"},
        )

        assert DailyTakings.objects.get().booked_fen == 1230
        assert (
            DailyTakings.objects.get().number in cashier.get("/payments/points/").content.decode()
        )


class TestRefundsAndBooks:
    def test_a_refund_is_asked_for_and_decided_by_another(self, region: Region) -> None:
        cashier, books = region.client(Role.CASHIER), region.client(Role.ACCOUNTANT)
        upload(cashier, "A1,2026-02-10,某公司,9558,10.00,货款")
        payment = Payment.objects.get()
        cashier.post(
            f"/payments/{payment.pk}/",
            {"act": "refund", "of": payment.pk, "amount_yuan": "10", "source": "payment",
             "ground": "错付"},
        )  # fmt: skip
        refund = PaymentRefund.objects.get()

        books.post("/payments/refunds/", {"act": "approve", "of": refund.pk, "remark": "同意"})

        refund.refresh_from_db()
        assert (refund.state, refund.amount_yuan) == ("approved", Decimal("10.00"))
        assert refund.number in books.get("/payments/refunds/").content.decode()

    def test_the_company_s_accountant_closes_a_month(self, region: Region) -> None:
        books = region.client(Role.ACCOUNTANT, region.province)

        books.post("/ledger/2026-02/", {"act": "close"})

        assert LedgerMonth.objects.get(month="2026-02").state == "closed"
        text = books.get("/ledger/2026-02/").content.decode()
        assert "已结" in text
        assert "应收账款-电费" in text

    def test_a_trial_balance_is_exported_and_the_journal_says_so(self, region: Region) -> None:
        LedgerAccount.objects.filter(code="bank").update(name="=银行")
        books = region.client(Role.ACCOUNTANT)

        answer = books.get("/ledger/2026-02/export/?as=csv")

        rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))
        assert rows[0] == ["科目号", "科目", "期初", "本月借方", "本月贷方", "期末"]
        assert "'=银行" in {row[1] for row in rows}
        assert rows[-1][1] == "合计"
        assert rows[-1][3] == rows[-1][4]
        assert Decimal(rows[-1][3]) > 0
        entry = Entry.objects.get(event="console.table.exported")
        assert (entry.subject_label, entry.changes["rows"]) == ("试算平衡 2026-02", len(rows) - 1)
        assert books.get("/ledger/2026-02/export/?as=xlsx").content[:2] == b"PK"
        assert "/ledger/2026-02/export/?as=csv" in books.get("/ledger/2026-02/").content.decode()

    def test_a_trial_balance_is_not_for_everybody_to_take_away(self, region: Region) -> None:
        regulator = region.client(Role.REGULATOR)

        assert regulator.get("/ledger/2026-02/export/").status_code == 403
        assert not Entry.objects.filter(event="console.table.exported").exists()

    def test_a_trial_balance_goes_to_a_file_by_command(
        self, region: Region, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "balance.csv"

        assert main(["payments", "balance", "2026-02", "--output", str(path)]) == 0
        assert main(["payments", "balance", "2026-02", "--output", str(tmp_path)]) == 1

        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
        assert rows[-1][3] == rows[-1][4]
        assert Entry.objects.filter(event="console.table.exported").count() == 2
        assert "不能写入" in capsys.readouterr().err

    def test_a_month_that_is_no_month_is_not_there(self, region: Region) -> None:
        assert region.client(Role.ACCOUNTANT).get("/ledger/2026-13/").status_code == 404


class TestQueries:
    """Each list costs the same, however much there is."""

    ADDRESSES = (
        "/payments/",
        "/payments/queue/",
        "/payments/refunds/",
        "/payments/points/",
        "/ledger/2026-02/",
        "/receivables/",
    )

    def more(self, region: Region, first: int) -> None:
        """Money without a word, a refund asked for and a counter with money taken."""
        cashier, books = region.client(Role.CASHIER), region.client(Role.ACCOUNTANT)
        rows = [f"M{n},2026-02-10,客户{OWN},9558{n},{n}.00,货款" for n in range(first, first + 4)]
        upload(cashier, *rows, f"N{first},2026-02-11,某公司,9558,5.00,户号{OWN}")
        payment = Payment.objects.get(reference=f"M{first}")
        cashier.post(
            f"/payments/{payment.pk}/",
            {"act": "refund", "of": payment.pk, "amount_yuan": "1", "source": "payment",
             "ground": "错付"},
        )  # fmt: skip
        books.post(
            "/payments/points/",
            {"act": "open", "unit": region.county.pk, "code": f"W{first}", "name": "城关营业厅",
             "kind": "counter", "opened_on": "2020-01-01"},
        )  # fmt: skip
        point = PaymentPoint.objects.get(code=f"W{first}")
        asked = {"of": point.pk, "account_number": OWN, "amount_yuan": "2", "payer_name": "张"}
        cashier.post("/payments/points/", {"act": "take", **asked})

    def test_are_as_many_for_few_rows_as_for_many(self, region: Region) -> None:
        client = region.client(Role.ACCOUNTANT)
        self.more(region, 11)
        few = [count_queries(client, address) for address in self.ADDRESSES]
        for first in (21, 31):
            self.more(region, first)

        assert [count_queries(client, address) for address in self.ADDRESSES] == few

    def test_receivables_are_read_on_by_the_last_row(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.payments.receivables.PAGE", 1)
        for number in range(2):
            account = world.make_account(region.county, f"31019{number:05d}").account
            bill = Bill.objects.filter(account__number=OWN).first()
            assert bill is not None
            bill.pk, bill.account = None, account
            bill.save()
        payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=world.AT)
        client = region.client(Role.ACCOUNTANT)

        seen, further = [], ""
        while True:
            page = client.get("/receivables/", {"after": further})
            seen += [row.account.number for row in page.context["ages"]]
            further = page.context["further"]
            if not further:
                break

        assert sorted(seen) == [OWN, "3101900000", "3101900001"]
        again = client.get("/receivables/", {"after": "2026-02-18_x"})
        assert [row.account.number for row in again.context["ages"]] == seen[:1]
