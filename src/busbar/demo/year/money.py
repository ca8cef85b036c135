"""Money of connections: bank files, too much, too little, without a word, and back again (R9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from decimal import Decimal

from busbar.connections import operations as connections_operations
from busbar.connections.models import BankReceipt, FeeNotice, NoticeState
from busbar.demo.year import town
from busbar.demo.year.course import Course
from busbar.demo.year.ground import payee_number
from busbar.payments.bank_file import BankRow
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import UserTask

_OVER = Decimal("1500.00")
_PART = Decimal("0.4")
_FEN = Decimal("0.01")


def pay(c: Course) -> Generator[dt.datetime, None, None]:
    """The customer pays as befalls it; the cashier brings the bank's file in."""
    notice = _owed(c)
    if notice is None or c.plan.has("unpaid"):
        return
    yield c.later(2, 6)
    amount, remark = notice.total_yuan, notice.number
    if c.plan.has("partial"):
        amount = (amount * _PART).quantize(_FEN)
    if c.plan.has("over"):
        amount += _OVER
    if c.plan.has("unmatched"):
        remark = "工程款"
    receipt = _import(c, amount, remark)
    if c.plan.has("unmatched"):
        yield c.later(1, 3)
        connections_operations.match_receipt(
            receipt_id=receipt.pk,
            notice_id=notice.pk,
            reason="与客户电话核实，系本通知款项",
            by=c.town.of_city(c.city, "cashier"),
            at=c.now,
        )
    if c.plan.has("over"):
        yield from _pay_back(c, receipt)
    yield c.later(1)


def _owed(c: Course) -> FeeNotice | None:
    found: FeeNotice | None = FeeNotice.objects.filter(
        application=c.application, state=NoticeState.ISSUED, total_yuan__gt=0
    ).first()
    return found


def _import(c: Course, amount: Decimal, remark: str, *, name: str = "") -> BankReceipt:
    """A file of one row, as the bank's counter gives it on the day."""
    cashier, day = c.town.of_city(c.city, "cashier"), c.now.date()
    reference = f"LC{day:%Y%m%d}{c.plan.serial:05d}{'T' if amount < 0 else 'S'}"
    connections_operations.import_bank_file(
        payee_number=payee_number(c.city),
        name=name or f"银行流水_{day:%Y%m%d}_{c.plan.serial:03d}.csv",
        rows=[
            BankRow(
                number=1,
                reference=reference,
                booked_on=day,
                payer_name=c.application.applicant_name,
                payer_account=f"955880{c.plan.serial:08d}",
                amount_yuan=amount,
                remark=remark,
            )
        ],
        by=cashier,
        at=c.now,
    )
    receipt: BankReceipt = BankReceipt.objects.get(reference=reference)
    return receipt


def _pay_back(c: Course, receipt: BankReceipt) -> Generator[dt.datetime, None, None]:
    """What was paid too much goes back the way it came, once the manager agrees."""
    yield c.later(1, 2)
    refund = connections_operations.request_refund_and_start(
        receipt_id=receipt.pk,
        amount_yuan=_OVER,
        ground="客户多付，原路退回",
        by=c.town.of_city(c.city, "cashier"),
        at=c.now,
    )
    process = workflow_queries.get_process_of("connections.refund", refund.pk)
    assert process is not None  # noqa: S101 - it has just been started
    yield c.later(1, 2)
    task = UserTask.objects.open().get(instance=process)
    refused = c.plan.serial % 2 == 1 and c.plan.serial > len("refused") * 9
    town.complete(
        task,
        viewer=c.town.of_city(c.city),
        data={
            "outcome": "refused" if refused else "approved",
            "remark": "同意" if not refused else "转作后续费用",
        },
        at=c.now,
    )
    if not refused:
        yield c.later(1, 3)
        _import(c, -_OVER, refund.number)
