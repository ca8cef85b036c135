"""Notices, the bank's rows, matches and refunds: to the fen, and never more than was paid."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import BankReceipt, ChargeItem, FeeMatch, FeeNotice, FeeRefund
from busbar.connections.operations import (
    Charge,
    UnableToCancelNotice,
    UnableToDecideRefund,
    UnableToDraftNotice,
    UnableToImportBankFile,
    UnableToMatchReceipt,
    UnableToProveRefund,
    UnableToRequestRefund,
    UnableToUndoMatch,
)
from busbar.payments import bank_file
from tests.connections.scheme.world import PAYEE, World, at, events, make_application, row

APRIL = at("2025-04-01")


def fresh(notice: FeeNotice) -> FeeNotice:
    return FeeNotice.objects.get(pk=notice.pk)


def receipt(number: int) -> BankReceipt:
    return BankReceipt.objects.get(reference=f"B{number:04d}")


class TestDraftFeeNotice:
    def draft(self, world: World, *charges: Charge, day: str = "2025-03-10") -> FeeNotice:
        world.application.state = "scheme"
        world.application.save(update_fields=["state"])
        return connections_operations.draft_fee_notice(
            application_id=world.application.pk, charges=charges, by=world.officer, at=at(day)
        )

    def test_it_reckons_by_the_catalogue_to_the_fen(self, world: World) -> None:
        world.application.supply_kind = "hv_dual"
        world.application.save(update_fields=["supply_kind"])
        notice = self.draft(world, Charge("high_reliability_10kv", Decimal("630.5")))
        line = notice.lines.get()
        assert notice.total_yuan == Decimal("138710.00")
        assert line.formula == "630.5 kVA × 220 元/kVA = 138710.00 元"
        assert line.certainty == "unverified"
        assert notice.payee.number == PAYEE

    def test_an_item_for_another_kind_of_supply_is_refused(self, world: World) -> None:
        with pytest.raises(UnableToDraftNotice, match="只对高压双电源收取"):
            self.draft(world, Charge("high_reliability_10kv", Decimal(630)))
        assert not FeeNotice.objects.exists()
        assert "connections.fee_notice.drafted" not in events()

    def test_an_item_out_of_force_is_refused_with_its_days(self, world: World) -> None:
        world.application.supply_kind = "temporary"
        world.application.temporary_until = dt.date(2025, 12, 1)
        world.application.save(update_fields=["supply_kind", "temporary_until"])
        with pytest.raises(UnableToDraftNotice, match="2017-12-01 止"):
            self.draft(world, Charge("temporary_connection", Decimal(100)))
        assert not FeeNotice.objects.exists()

    def test_a_catalogue_price_is_not_negotiable(self, world: World) -> None:
        world.application.supply_kind = "hv_dual"
        world.application.save(update_fields=["supply_kind"])
        with pytest.raises(UnableToDraftNotice, match="不能另定"):
            self.draft(world, Charge("high_reliability_10kv", Decimal(630), Decimal(200)))

    def test_a_settled_price_names_what_it_rests_on(self, world: World) -> None:
        with pytest.raises(UnableToDraftNotice, match="核定依据"):
            self.draft(world, Charge("commissioned_works", Decimal(1), Decimal(100)))

    @pytest.mark.parametrize("quantity", ["0", "-1", "NaN"])
    def test_a_quantity_is_more_than_nought(self, world: World, quantity: str) -> None:
        with pytest.raises(UnableToDraftNotice, match="大于零"):
            self.draft(world, Charge("commissioned_works", Decimal(quantity), Decimal(1), "预算"))
        assert not FeeNotice.objects.exists()

    def test_without_a_payee_account_nothing_can_be_asked(self, world: World) -> None:
        connections_operations.close_payee_account(
            account_id=world.payee.pk,
            valid_until=dt.date(2025, 2, 1),
            by=SYSTEM_VIEWER,
            at=at("2025-02-01"),
        )
        with pytest.raises(UnableToDraftNotice, match="没有在用的收款账号"):
            self.draft(world)
        assert not FeeNotice.objects.exists()

    def test_an_office_price_takes_the_place_of_the_example(self, world: World) -> None:
        ChargeItem.objects.filter(code="high_reliability_10kv").update(
            price_yuan=Decimal(160), certainty="local"
        )
        assert connections_operations.load_charge_items(at=at("2025-03-01")) == 0
        kept = ChargeItem.objects.get(code="high_reliability_10kv")
        assert kept.price_yuan == Decimal(160)

    def test_a_notice_over_nothing_is_settled_when_it_goes_out(self, world: World) -> None:
        notice = self.draft(world)
        connections_operations.issue_fee_notice(
            notice_id=notice.pk, by=world.officer, at=at("2025-03-10")
        )
        assert fresh(notice).state == "paid"
        assert events()[-2:] == ["connections.fee_notice.issued", "connections.fee.paid"]


class TestImportBankFile:
    def test_a_row_that_names_its_notice_pays_it(self, world: World) -> None:
        notice = world.notice("1000.01")
        file = world.bank(row(1, "1000.01", f"业扩费{notice.number}"))
        assert (file.kept, file.refused) == (1, [])
        assert fresh(notice).state == "paid"
        assert receipt(1).is_settled
        assert events()[-2:] == ["connections.fee.paid", "connections.bank_file.imported"]

    def test_a_fen_too_little_leaves_it_partly_paid(self, world: World) -> None:
        notice = world.notice("1000.01")
        world.bank(row(1, "1000.00", notice.number))
        assert fresh(notice).state == "partly_paid"
        assert connections_queries.get_notice_balance(notice).outstanding == Decimal("0.01")
        world.bank(row(2, "0.01", notice.number))
        assert fresh(notice).state == "paid"

    def test_what_is_paid_too_much_waits(self, world: World) -> None:
        notice = world.notice("1000")
        world.bank(row(1, "1200", notice.number), row(2, "1000", notice.number))
        assert fresh(notice).state == "paid"
        waiting = [connections_queries.get_receipt_balance(receipt(n)).waiting for n in (1, 2)]
        assert waiting == [Decimal("200.00"), Decimal("1000.00")]
        queue = connections_queries.list_receipts(world.cashier, unsettled_only=True)
        assert {r.reference for r in queue} == {"B0001", "B0002"}

    def test_a_mistyped_number_pays_nothing(self, world: World) -> None:
        notice = world.notice("1000")
        wrong = notice.number[:-1] + str((int(notice.number[-1]) + 1) % 10)
        world.bank(row(1, "1000", wrong))
        assert fresh(notice).state == "issued"
        assert not FeeMatch.objects.exists()

    def test_the_same_reference_is_never_kept_twice(self, world: World) -> None:
        world.bank(row(1, "10"))
        file = world.bank(row(1, "10"), row(2, "20"), row(2, "20"))
        assert file.kept == 1
        assert [(r["row"], r["column"]) for r in file.refused] == [(1, "流水号"), (2, "流水号")]
        assert BankReceipt.objects.count() == 2

    def test_a_row_of_tomorrow_is_refused(self, world: World) -> None:
        file = world.bank(row(1, "10", booked_on=dt.date(2025, 4, 2)), row(2, "5"))
        assert (file.kept, file.refused[0]["value"]) == (1, "2025-04-02")

    def test_another_account_is_not_known(self, world: World) -> None:
        with pytest.raises(UnableToImportBankFile, match="没有收款账号"):
            connections_operations.import_bank_file(
                payee_number="1",
                name="x",
                rows=[row(1, "1")],
                by=world.cashier,
                at=at("2025-04-01"),
            )
        assert not BankReceipt.objects.exists()

    def test_it_takes_somebody_who_may_receive_fees(self, world: World) -> None:
        with pytest.raises(NotPermitted):
            connections_operations.import_bank_file(
                payee_number=PAYEE,
                name="x",
                rows=[row(1, "1")],
                by=world.officer,
                at=at("2025-04-01"),
            )
        assert not BankReceipt.objects.exists()


class TestReadBankFile:
    def read(self, tmp_path: Path, *lines: str, encoding: str = "utf-8"):
        path = tmp_path / "bank.csv"
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return bank_file.read_bank_file(path)

    def test_good_rows_are_kept_and_bad_ones_named(self, tmp_path: Path) -> None:
        rows, refused = self.read(
            tmp_path,
            "流水号,交易日期,对方户名,对方账号,金额,附言",
            'A1,2025-03-20,轴承厂,9558 8001,"1,000.50",JF',
            "A2,2025-02-30,轴承厂,95588001,10,",
            ",2025-03-20,轴承厂,95588001,10,",
            "A4,20250321,轴承厂,95588001,-0.01,",
            "A5,2025-03-20,轴承厂,95588001,1.001,",
            "A6,2025-03-20,轴承厂,95588001,0,",
            "A7,2025-03-20,轴承厂,95588001,Infinity,",
            encoding="gb18030",
        )
        assert [(r.reference, r.amount_yuan) for r in rows] == [
            ("A1", Decimal("1000.50")),
            ("A4", Decimal("-0.01")),
        ]
        assert rows[0].payer_account == "95588001"
        assert [(r.row, r.column, r.value) for r in refused] == [
            (3, "交易日期", "2025-02-30"),
            (4, "流水号", ""),
            (6, "金额", "1.001"),
            (7, "金额", "0"),
            (8, "金额", "Infinity"),
        ]

    def test_a_missing_column_refuses_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(bank_file.UnableToReadBankFile, match="金额"):
            self.read(tmp_path, "reference,date,payer", "A,2025-01-01,B")


class TestMatchReceipt:
    def match(self, world: World, notice: FeeNotice, yuan: str | None = None, **facts) -> FeeMatch:
        return connections_operations.match_receipt(
            receipt_id=receipt(1).pk,
            notice_id=notice.pk,
            amount_yuan=None if yuan is None else Decimal(yuan),
            **{"reason": "电话核实", "by": world.cashier, "at": at("2025-04-02"), **facts},
        )

    def test_the_amount_alone_suggests_the_payers_own(self, world: World) -> None:
        notice = world.notice("500")
        world.bank(row(1, "500"))
        suggested = connections_queries.suggest_notices(world.cashier, receipt(1))
        assert suggested == [notice]
        assert fresh(notice).state == "issued"

    def test_it_matches_as_much_as_is_owed(self, world: World) -> None:
        notice = world.notice("500")
        world.bank(row(1, "800"))
        assert self.match(world, notice).amount_yuan == Decimal("500.00")
        assert fresh(notice).state == "paid"

    @pytest.mark.parametrize("yuan", ["500.01", "0", "-5", "1.001", "NaN"])
    def test_more_than_owed_or_no_amount_is_refused(self, world: World, yuan: str) -> None:
        notice = world.notice("500")
        world.bank(row(1, "800"))
        with pytest.raises(UnableToMatchReceipt):
            self.match(world, notice, yuan)
        assert not FeeMatch.objects.exists()
        assert fresh(notice).state == "issued"

    def test_more_than_waits_is_refused(self, world: World) -> None:
        notice = world.notice("500")
        world.bank(row(1, "100"))
        with pytest.raises(UnableToMatchReceipt, match=r"只余 100\.00 元"):
            self.match(world, notice, "100.01")
        assert not FeeMatch.objects.exists()

    def test_a_reason_is_asked_for(self, world: World) -> None:
        notice = world.notice("500")
        world.bank(row(1, "500"))
        with pytest.raises(UnableToMatchReceipt, match="依据"):
            self.match(world, notice, reason=" ")

    def test_undone_the_money_waits_and_is_owed_again(self, world: World) -> None:
        notice = world.notice("500")
        world.bank(row(1, "500", notice.number))
        match = FeeMatch.objects.get()
        with pytest.raises(UnableToUndoMatch, match="原因"):
            connections_operations.undo_match(
                match_id=match.pk, reason="", by=world.cashier, at=at("2025-04-02")
            )
        connections_operations.undo_match(
            match_id=match.pk, reason="付错", by=world.cashier, at=at("2025-04-02")
        )
        assert (fresh(notice).state, fresh(notice).paid_at) == ("issued", None)
        assert not receipt(1).is_settled
        assert self.match(world, notice).amount_yuan == Decimal("500.00")

    def test_a_notice_with_money_on_it_is_not_cancelled(self, world: World) -> None:
        notice = world.notice("500")
        world.bank(row(1, "1", notice.number))
        with pytest.raises(UnableToCancelNotice, match="已有到账"):
            connections_operations.cancel_fee_notice(
                notice_id=notice.pk, reason="重开", by=world.officer, at=at("2025-04-02")
            )
        assert fresh(notice).state == "partly_paid"


class TestRefund:
    def ask(self, world: World, yuan: str, notice: FeeNotice | None = None) -> FeeRefund:
        return connections_operations.request_refund(
            receipt_id=receipt(1).pk,
            amount_yuan=Decimal(yuan),
            notice_id=notice.pk if notice else None,
            ground="多付",
            by=world.cashier,
            at=at("2025-04-02"),
        )

    def approve(self, world: World, refund: FeeRefund) -> FeeRefund:
        return connections_operations.approve_refund(
            refund_id=refund.pk, remark="属实", by=world.manager, at=at("2025-04-03")
        )

    def test_it_goes_back_to_where_it_came_from(self, world: World) -> None:
        notice = world.notice("500")
        world.bank(row(1, "700", notice.number))
        refund = self.approve(world, self.ask(world, "200"))
        assert (refund.to_account, refund.state) == ("95588001", "approved")
        world.bank(
            row(9, "-200", f"退费{refund.number}", booked_on=dt.date(2025, 4, 4)), day="2025-04-05"
        )
        refund.refresh_from_db()
        assert (refund.state, refund.paid_on) == ("paid", dt.date(2025, 4, 4))
        assert events().count("connections.refund.paid") == 1

    @pytest.mark.parametrize(
        ("yuan", "account"), [("-200", "111"), ("-199.99", "95588001"), ("-200.01", "95588001")]
    )
    def test_another_account_or_amount_proves_nothing(
        self, world: World, yuan: str, account: str
    ) -> None:
        world.bank(row(1, "200"))
        refund = self.approve(world, self.ask(world, "200"))
        day = dt.date(2025, 4, 4)
        world.bank(
            row(9, yuan, refund.number, payer_account=account, booked_on=day), day="2025-04-05"
        )
        with pytest.raises(UnableToProveRefund):
            connections_operations.prove_refund(
                refund_id=refund.pk,
                payout_id=receipt(9).pk,
                by=world.cashier,
                at=at("2025-04-06"),
            )
        refund.refresh_from_db()
        assert (refund.state, refund.payout_id) == ("approved", None)
        assert not receipt(9).is_settled

    def test_never_more_than_was_received(self, world: World) -> None:
        world.bank(row(1, "200"))
        self.ask(world, "150")
        with pytest.raises(UnableToRequestRefund, match=r"可退 50\.00 元"):
            self.ask(world, "50.01")
        assert FeeRefund.objects.count() == 1

    def test_matched_money_is_refunded_only_of_its_notice(self, world: World) -> None:
        notice = world.notice("500")
        world.bank(row(1, "500", notice.number))
        with pytest.raises(UnableToRequestRefund, match=r"可退 0\.00 元"):
            self.ask(world, "1")
        refund = self.ask(world, "500", notice)
        with pytest.raises(UnableToUndoMatch, match="退费"):
            connections_operations.undo_match(
                match_id=FeeMatch.objects.get().pk,
                reason="付错",
                by=world.cashier,
                at=at("2025-04-03"),
            )
        assert self.approve(world, refund).state == "approved"
        assert fresh(notice).state == "paid"

    def test_nobody_approves_his_own(self, world: World) -> None:
        world.bank(row(1, "200"))
        refund = connections_operations.request_refund(
            receipt_id=receipt(1).pk,
            amount_yuan=Decimal(200),
            ground="多付",
            by=SYSTEM_VIEWER,
            at=at("2025-04-02"),
        )
        with pytest.raises(UnableToDecideRefund, match="自己"):
            connections_operations.approve_refund(
                refund_id=refund.pk, remark="", by=SYSTEM_VIEWER, at=at("2025-04-03")
            )
        refund.refresh_from_db()
        assert refund.state == "requested"

    def test_the_cashier_may_not_approve(self, world: World) -> None:
        world.bank(row(1, "200"))
        refund = self.ask(world, "200")
        with pytest.raises(NotPermitted):
            connections_operations.approve_refund(
                refund_id=refund.pk, remark="", by=world.cashier, at=at("2025-04-03")
            )

    def test_refused_the_money_waits_again(self, world: World) -> None:
        world.bank(row(1, "200"))
        refund = self.ask(world, "200")
        assert receipt(1).is_settled
        connections_operations.refuse_refund(
            refund_id=refund.pk, remark="应抵缴", by=world.manager, at=at("2025-04-03")
        )
        assert not receipt(1).is_settled

    def test_money_without_an_account_cannot_go_back(self, world: World) -> None:
        world.bank(row(1, "200", payer_account=""))
        with pytest.raises(UnableToRequestRefund, match="没有付款账号"):
            self.ask(world, "200")
        assert not FeeRefund.objects.exists()


class TestVisibility:
    def test_a_strangers_notice_is_not_there(self, world: World) -> None:
        notice = world.notice("10")
        stranger = world.signers["dispatch"]
        assert connections_queries.get_fee_notice(stranger, notice.pk) is None
        assert list(connections_queries.list_receipts(stranger)) == []

    def test_a_number_is_given_once(self, world: World) -> None:
        first = world.notice("10")
        world.application = make_application(world.station)
        assert world.notice("10").number != first.number
