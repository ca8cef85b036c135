"""Work with the bank's own channel: statements fetched, refunds ordered; safe to repeat."""

from __future__ import annotations

import datetime as dt

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.payments.gateways import PaymentGateway, RefundOrder
from busbar.payments.models import PaymentChannel, PaymentFile, PaymentRefund, RefundState
from busbar.payments.operations.importing import import_payments


def fetch_statements(*, gateway: PaymentGateway, by: Viewer, at: dt.datetime) -> list[PaymentFile]:
    """Import what the bank has sent, one file after the other, and confirm each when it is kept."""
    by.require(Permission.TAKE_PAYMENTS)
    files = []
    for statement in gateway.list_statements():
        files.append(
            import_payments(
                collection_number=statement.collection_number,
                name=statement.name,
                rows=statement.rows,
                refused=statement.refused,
                channel=PaymentChannel.GATEWAY,
                by=by,
                at=at,
            )
        )
        gateway.confirm(statement.key)
    return files


def order_refunds(*, gateway: PaymentGateway, by: Viewer, at: dt.datetime) -> int:
    """Order every approved refund that goes back by bank; the bank's row will prove it."""
    by.require(Permission.TAKE_PAYMENTS)
    waiting = PaymentRefund.objects.visible_to(by).filter(
        state=RefundState.APPROVED, payment__collection__isnull=False, decided_at__lte=at
    )
    count = 0
    for refund in waiting.select_related("payment__collection").order_by("pk"):
        gateway.order_refund(
            RefundOrder(
                refund.number,
                refund.payment.collection.number,
                refund.to_account,
                refund.to_name,
                refund.amount_yuan,
            )
        )
        count += 1
    return count
