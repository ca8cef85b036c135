"""Holding a bank row while its money is moved; every operation holds the row before all else."""

from __future__ import annotations

from busbar.access.visibility import Viewer
from busbar.connections.models import BankReceipt
from busbar.connections.queries import fees as fee_queries
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal


def lock_receipt(receipt_id: int, by: Viewer, refusal: type[Refusal]) -> BankReceipt:
    """The visible bank row as it stands, held until the transaction ends."""
    if not BankReceipt.objects.visible_to(by).filter(pk=receipt_id).exists():
        raise refusal("没有这笔银行流水，或不在您的范围之内")
    return hold_receipt(receipt_id)


def hold_receipt(receipt_id: int) -> BankReceipt:
    """The same for a row whose visibility was decided already."""
    journal_operations.take_turn()
    rows = BankReceipt.objects.select_for_update(of=("self",))
    held: BankReceipt = rows.select_related("payee__unit").get(pk=receipt_id)
    return held


def mark_settled(receipt: BankReceipt) -> None:
    """A receipt leaves the queue when none of its money waits."""
    receipt.is_settled = fee_queries.get_receipt_balance(receipt).waiting == 0
    receipt.save(update_fields=["is_settled"])
