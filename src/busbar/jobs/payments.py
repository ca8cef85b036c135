"""What payments do by the clock: bills become receivables, the bank's rows come in."""

from __future__ import annotations

import datetime as dt

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.payments import operations as payments_operations
from busbar.payments.gateways import chosen_gateway


def raise_receivables() -> str:
    """Released bills owe their amounts; safe to run at any time and twice."""
    at = dt.datetime.now(dt.UTC)
    return f"新增应收 {payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=at)} 笔"


def charge_late_payments() -> str:
    """Late-payment charges of what was paid late or is open over a month's end."""
    at = dt.datetime.now(dt.UTC)
    charged = payments_operations.charge_late_payments(by=SYSTEM_VIEWER, at=at)
    return f"违约金 {charged} 笔"


def talk_to_bank() -> str:
    """Fetch what the bank has sent and order what is to be paid back."""
    at, gateway = dt.datetime.now(dt.UTC), chosen_gateway()
    payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=at)
    files = payments_operations.fetch_statements(gateway=gateway, by=SYSTEM_VIEWER, at=at)
    ordered = payments_operations.order_refunds(gateway=gateway, by=SYSTEM_VIEWER, at=at)
    return f"银行文件 {len(files)} 个，退款指令 {ordered} 笔"
