"""Counters, agencies and their takings; money that goes back the way it came."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from busbar.payments import operations as payments_operations
from busbar.payments import queries as payments_queries
from busbar.payments.bank_file import BankRow
from busbar.payments.gateways import FileDropGateway, RefundOrder, Statement
from busbar.payments.models import (
    DailyTakings,
    MoneySource,
    MoneyTarget,
    Payment,
    PaymentRefund,
    PointKind,
    RefundState,
)
from busbar.payments.operations import (
    UnableToDecideRefund,
    UnableToHandIn,
    UnableToKeepPoint,
    UnableToPayRefund,
    UnableToRequestRefund,
    UnableToTakePayment,
    UnableToUndoMatch,
)
from tests.payments.world import BANK, World, at, balance, open_counter


def agree() -> None:
    assert payments_queries.list_disagreements() == []


def take(world: World, point: int, yuan: str, reference: str = "") -> Payment:
    return payments_operations.take_payment(
        point_id=point,
        account_number="3101000001",
        amount_yuan=Decimal(yuan),
        payer_name="张会计",
        reference=reference,
        by=world.cashier,
        at=at("2026-02-10"),
    )


def hand_in(world: World, point: int, yuan: str, why: str = "") -> DailyTakings:
    return payments_operations.hand_in_takings(
        point_id=point,
        day=dt.date(2026, 2, 10),
        counted_yuan=Decimal(yuan),
        difference_reason=why,
        by=world.cashier,
        at=at("2026-02-10", 17),
    )


class TestPoints:
    @pytest.mark.parametrize("kind", list(PointKind))
    def test_takings_are_handed_in_and_seen_at_the_bank(
        self, world: World, kind: PointKind
    ) -> None:
        account = world.account("3101000001")
        world.bill(account, "50.00")
        point = open_counter(world, kind)
        take(world, point, "30.00")
        take(world, point, "25.00")
        assert balance(account) == (0, 500, 0)
        agree()

        takings = hand_in(world, point, "55.00")
        agree()
        world.pay("55.00", f"解款 {takings.number}")

        takings.refresh_from_db()
        assert (takings.payments_count, takings.state) == (2, "reconciled")
        agree()

    def test_a_difference_says_why_or_nothing_is_handed_in(self, world: World) -> None:
        world.account("3101000001")
        point = open_counter(world)
        take(world, point, "30.00")

        with pytest.raises(UnableToHandIn, match="不符"):
            hand_in(world, point, "29.00")
        assert not DailyTakings.objects.exists()
        assert hand_in(world, point, "29.00", "假币一张").counted_fen == 2900

    def test_what_came_short_is_reconciled_by_a_second_row(self, world: World) -> None:
        world.account("3101000001")
        point = open_counter(world)
        take(world, point, "30.00")
        takings = hand_in(world, point, "29.00", "短款,经办人补足")
        world.pay("29.00", takings.number)
        takings.refresh_from_db()
        assert (takings.state, takings.missing_fen) == ("handed_in", 100)

        second = world.pay("1.00", "补短款")
        payments_operations.reconcile_takings(
            takings_id=takings.pk,
            payment_id=second.pk,
            reason="经办人补足",
            by=world.cashier,
            at=at("2026-02-21"),
        )

        takings.refresh_from_db()
        assert takings.state == "reconciled"
        agree()

    def test_an_agency_s_own_number_is_taken_once(self, world: World) -> None:
        world.account("3101000001")
        point = open_counter(world, PointKind.AGENCY)
        take(world, point, "30.00", "A001")

        with pytest.raises(UnableToTakePayment, match="已登记过"):
            take(world, point, "30.00", "A001")
        assert Payment.objects.count() == 1

    def test_a_point_with_money_in_the_drawer_is_not_closed(self, world: World) -> None:
        world.account("3101000001")
        point = open_counter(world)
        take(world, point, "30.00")

        with pytest.raises(UnableToKeepPoint, match="没有解款"):
            payments_operations.close_point(
                point_id=point,
                closed_on=dt.date(2026, 2, 11),
                reason="撤点",
                by=world.accountant,
                at=at("2026-02-11"),
            )


def ask(world: World, payment: Payment, yuan: str, **facts: object) -> PaymentRefund:
    return payments_operations.request_refund(
        payment_id=payment.pk,
        amount_yuan=Decimal(yuan),
        ground="重复缴费",
        by=world.cashier,
        at=at("2026-02-21"),
        **facts,
    )


def approve(world: World, refund: PaymentRefund) -> PaymentRefund:
    return payments_operations.approve_refund(
        refund_id=refund.pk, remark="同意", by=world.accountant, at=at("2026-02-22")
    )


class TestRefunds:
    def test_waiting_money_goes_back_and_the_bank_s_row_proves_it(self, world: World) -> None:
        payment = world.pay("80.00", "错付")
        refund = ask(world, payment, "80.00")
        agree()
        approve(world, refund)

        world.bank(
            world.row("-80.00", refund.number, booked_on=dt.date(2026, 2, 23)), day="2026-02-24"
        )

        refund.refresh_from_db()
        assert (refund.state, refund.paid_on) == (RefundState.PAID, dt.date(2026, 2, 23))
        assert refund.to_account == "95588001"
        agree()

    def test_a_row_to_another_account_proves_nothing_and_waits(self, world: World) -> None:
        refund = approve(world, ask(world, world.pay("80.00", "错付"), "80.00"))

        world.bank(
            world.row("-80.00", refund.number, payer_account="1", booked_on=dt.date(2026, 2, 23)),
            day="2026-02-24",
        )

        refund.refresh_from_db()
        assert refund.state == RefundState.APPROVED
        payout = payments_queries.list_payouts(world.cashier, unexplained_only=True).get()
        with pytest.raises(UnableToPayRefund, match="原路退回"):
            payments_operations.prove_refund(
                refund_id=refund.pk, payout_id=payout.pk, by=world.cashier, at=at("2026-02-25")
            )
        agree()

    def test_who_asked_does_not_decide(self, world: World) -> None:
        payment = world.pay("80.00", "错付")
        refund = payments_operations.request_refund(
            payment_id=payment.pk,
            amount_yuan=Decimal(80),
            ground="错付",
            by=both(world),
            at=at("2026-02-21"),
        )

        with pytest.raises(UnableToDecideRefund, match="自己审批"):
            payments_operations.approve_refund(
                refund_id=refund.pk, remark="同意", by=both(world), at=at("2026-02-22")
            )
        refund.refresh_from_db()
        assert refund.state == RefundState.REQUESTED

    def test_refused_the_money_is_where_it_was(self, world: World) -> None:
        payment = world.pay("80.00", "错付")
        refund = ask(world, payment, "30.00")
        payment.refresh_from_db()
        assert payment.waiting_fen == 5000

        payments_operations.refuse_refund(
            refund_id=refund.pk, remark="应抵缴", by=world.accountant, at=at("2026-02-22")
        )

        payment.refresh_from_db()
        assert payment.waiting_fen == 8000
        agree()

    def test_credit_goes_back_only_as_far_as_it_is_left(self, world: World) -> None:
        account = world.account("3101000001")
        payment = world.pay("80.00", "3101000001")
        assert balance(account) == (0, 8000, 0)
        world.bill(account, "50.00")

        with pytest.raises(UnableToRequestRefund, match=r"可退 30\.00 元"):
            ask(world, payment, "30.01", source=MoneySource.CREDIT, account_number=account.number)
        ask(world, payment, "30.00", source=MoneySource.CREDIT, account_number=account.number)

        assert balance(account) == (0, 0, 0)
        agree()

    def test_a_payment_does_not_go_back_twice_by_way_of_an_undone_credit(
        self, world: World
    ) -> None:
        account = world.account("3101000001")
        payment = world.pay("80.00", "3101000001")
        world.pay("80.00", "3101000001", payer_account="2", booked_on=dt.date(2026, 1, 10))
        ask(world, payment, "30.00", source=MoneySource.CREDIT, account_number=account.number)
        (fed,) = payment.matches.filter(target=MoneyTarget.CREDIT)

        with pytest.raises(UnableToUndoMatch, match=r"已申请或已办退费 30\.00 元"):
            payments_operations.undo_match(
                match_id=fed.pk, reason="记错户", by=world.cashier, at=at("2026-02-22")
            )

        payment.refresh_from_db()
        assert (payment.waiting_fen, balance(account)) == (0, (0, 13000, 0))
        agree()

    def test_money_without_a_way_back_is_not_refunded(self, world: World) -> None:
        payment = world.pay("80.00", "错付", payer_account="")

        with pytest.raises(UnableToRequestRefund, match="没有付款账号"):
            ask(world, payment, "80.00")

    def test_cash_goes_back_in_cash(self, world: World) -> None:
        account = world.account("3101000001")
        payment = take(world, open_counter(world), "80.00")
        refund = approve(
            world,
            ask(world, payment, "80.00", source=MoneySource.CREDIT, account_number=account.number),
        )

        payments_operations.pay_refund_in_cash(
            refund_id=refund.pk, by=world.cashier, at=at("2026-02-23")
        )

        refund.refresh_from_db()
        assert refund.state == RefundState.PAID
        agree()


def both(world: World):
    """Somebody who may ask and approve."""
    return type(world.cashier)(
        world.cashier.user_id,
        world.cashier.employee_id,
        world.cashier.name,
        world.cashier.unit_path,
        permissions=world.cashier.permissions | world.accountant.permissions,
    )


class FakeBank:
    """A bank that sends one statement until it is confirmed."""

    def __init__(self, row: BankRow) -> None:
        self.statements = [Statement("k1", BANK, "联网.csv", (row,), ())]
        self.orders: list[RefundOrder] = []

    def list_statements(self) -> list[Statement]:
        return list(self.statements)

    def confirm(self, key: str) -> None:
        self.statements = [s for s in self.statements if s.key != key]

    def order_refund(self, order: RefundOrder) -> None:
        self.orders.append(order)


class TestGateway:
    def test_a_statement_is_kept_and_confirmed_and_refunds_are_ordered(self, world: World) -> None:
        bank = FakeBank(world.row("80.00", "错付"))

        (file,) = payments_operations.fetch_statements(
            gateway=bank, by=world.cashier, at=at("2026-02-20")
        )
        assert (file.kept, bank.statements) == (1, [])
        payment = Payment.objects.get()
        assert payment.channel == "gateway"
        refund = approve(world, ask(world, payment, "80.00"))
        payments_operations.order_refunds(gateway=bank, by=world.cashier, at=at("2026-02-23"))

        assert bank.orders == [
            RefundOrder(refund.number, BANK, "95588001", "某公司", Decimal("80.00"))
        ]

    def test_the_folder_brings_files_once_and_takes_orders(
        self, world: World, tmp_path: Path
    ) -> None:
        inbox = tmp_path / "in" / BANK
        inbox.mkdir(parents=True)
        (inbox / "0210.csv").write_text(
            "流水号,交易日期,对方户名,对方账号,金额,附言\nX1,2026-02-10,某公司,95588,12.50,电费\n",
            encoding="utf-8",
        )
        (inbox / ".half.csv").write_text("流水号", encoding="utf-8")
        gateway = FileDropGateway(tmp_path)

        payments_operations.fetch_statements(gateway=gateway, by=world.cashier, at=at("2026-02-20"))
        payments_operations.fetch_statements(gateway=gateway, by=world.cashier, at=at("2026-02-20"))
        gateway.order_refund(RefundOrder("DT1", BANK, "95588", "某公司", Decimal("1.00")))

        assert Payment.objects.get().amount_fen == 1250
        assert [p.name for p in (tmp_path / "done" / BANK).iterdir()] == ["0210.csv"]
        assert [p.name for p in (tmp_path / "out").iterdir()] == ["DT1.csv"]
