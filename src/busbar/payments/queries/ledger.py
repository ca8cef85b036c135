"""Reading the ledger: trial balance, postings, and whether it agrees with what it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet, Sum

from busbar.access.visibility import Viewer
from busbar.kit.periods import Month
from busbar.payments.models import (
    AccountBalance,
    DailyTakings,
    LedgerAccount,
    LedgerCode,
    LedgerLine,
    LedgerMonth,
    LedgerTransaction,
    Payment,
    PaymentRefund,
    Payout,
    PointKind,
    Receivable,
    RefundState,
    in_yuan,
)


@dataclass(frozen=True)
class TrialLine:
    """One account in a month, in fen; opening and closing positive on the debit side."""

    code: str
    number: str
    name: str
    opening_fen: int
    debit_fen: int
    credit_fen: int

    @property
    def closing_fen(self) -> int:
        """Opening, debits added, credits taken off."""
        return self.opening_fen + self.debit_fen - self.credit_fen

    @property
    def opening_yuan(self) -> Decimal:
        """Opening balance."""
        return in_yuan(self.opening_fen)

    @property
    def debit_yuan(self) -> Decimal:
        """Debits of the month."""
        return in_yuan(self.debit_fen)

    @property
    def credit_yuan(self) -> Decimal:
        """Credits of the month."""
        return in_yuan(self.credit_fen)

    @property
    def closing_yuan(self) -> Decimal:
        """Closing balance."""
        return in_yuan(self.closing_fen)


@dataclass(frozen=True)
class Side:
    """What a transaction puts to one account, in yuan."""

    name: str
    debit_yuan: Decimal
    credit_yuan: Decimal


def get_trial_balance(viewer: Viewer, month: Month) -> list[TrialLine]:
    """Every account of the chart by number; what any viewer sees balances. Three queries."""
    lines: QuerySet[LedgerLine, LedgerLine] = LedgerLine.objects.visible_to(viewer)
    before = _sums(lines.filter(month__lt=str(month)))
    within = _sums(lines.filter(month=str(month)))
    found = []
    for account in LedgerAccount.objects.order_by("number"):
        debit, credit = before.get(account.code, (0, 0))
        now = within.get(account.code, (0, 0))
        found.append(TrialLine(account.code, account.number, account.name, debit - credit, *now))
    return found


def _sums(lines: QuerySet[LedgerLine, LedgerLine]) -> dict[str, tuple[int, int]]:
    rows = lines.values("account_id").annotate(d=Sum("debit_fen"), c=Sum("credit_fen"))
    return {row["account_id"]: (row["d"], row["c"]) for row in rows.order_by()}


def list_months() -> list[str]:
    """Months with postings or a close, newest first."""
    posted = LedgerTransaction.objects.order_by().values_list("month", flat=True).distinct()
    closed = LedgerMonth.objects.values_list("month", flat=True)
    return sorted({*posted, *closed}, reverse=True)


def list_postings(
    viewer: Viewer, month: Month, *, code: str = ""
) -> QuerySet[LedgerTransaction, LedgerTransaction]:
    """A month's visible transactions, newest first; with a code those that touch the account."""
    rows: QuerySet[LedgerTransaction, LedgerTransaction] = LedgerTransaction.objects.visible_to(
        viewer
    )
    rows = rows.filter(month=str(month))
    if code:
        touching = LedgerLine.objects.filter(account=code, month=str(month))
        rows = rows.filter(pk__in=touching.values("transaction"))
    return rows.select_related("unit").order_by("-id")


def map_sides(numbers: Sequence[int]) -> dict[int, list[Side]]:
    """By transaction its sums by account, debits first; one query."""
    rows = (
        LedgerLine.objects.filter(transaction__in=numbers)
        .values("transaction_id", "account__number", "account__name")
        .annotate(d=Sum("debit_fen"), c=Sum("credit_fen"))
        .order_by("transaction_id", "c", "account__number")
    )
    found: dict[int, list[Side]] = {}
    for row in rows:
        name = f"{row['account__number']} {row['account__name']}"
        side = Side(name, in_yuan(row["d"]), in_yuan(row["c"]))
        found.setdefault(row["transaction_id"], []).append(side)
    return found


def list_disagreements() -> list[str]:
    """Names of accounts whose ledger sum is not what the rows say; empty when all agree.

    Whole company: it looks at every row, so the month's close and the tests ask it.
    """
    sums = _sums(LedgerLine.objects.all())
    ledger = {code: debit - credit for code, (debit, credit) in sums.items()}
    held = AccountBalance.objects.aggregate(
        owed=Sum("owed_fen"), credit=Sum("credit_fen"), deposit=Sum("deposit_fen")
    )
    refunds = PaymentRefund.objects.filter(state__in=(RefundState.REQUESTED, RefundState.APPROVED))
    expected = {
        LedgerCode.RECEIVABLE: _sum(Receivable.objects.all(), "open_fen"),
        LedgerCode.CREDIT: -(held["credit"] or 0),
        LedgerCode.DEPOSIT: -(held["deposit"] or 0),
        LedgerCode.UNMATCHED: -_sum(Payment.objects.all(), "waiting_fen"),
        LedgerCode.REFUNDS: -_sum(refunds, "amount_fen"),
        LedgerCode.UNEXPLAINED: _sum(Payout.objects.filter(is_explained=False), "amount_fen"),
        LedgerCode.BANK: _sum(Payment.objects.exclude(collection=None), "amount_fen")
        - _sum(Payout.objects.all(), "amount_fen"),
        LedgerCode.CASH: _at_points(PointKind.COUNTER),
        LedgerCode.TRANSIT: _at_points(PointKind.AGENCY),
    }
    wrong = [str(c.label) for c, fen in expected.items() if ledger.get(str(c), 0) != fen]
    if (held["owed"] or 0) != expected[LedgerCode.RECEIVABLE]:
        wrong.append("户号余额")
    if sum(ledger.values()):
        wrong.append("借贷")
    return wrong + _customers_wrong()


def _at_points(kind: PointKind) -> int:
    """Taken at points of the kind, not seen at the bank and not paid back in cash."""
    taken = _sum(Payment.objects.filter(point__kind=kind), "amount_fen")
    arrived = _sum(DailyTakings.objects.filter(point__kind=kind), "arrived_fen")
    back = PaymentRefund.objects.filter(state=RefundState.PAID, payment__point__kind=kind)
    return taken - arrived - _sum(back, "amount_fen")


def _customers_wrong() -> list[str]:
    """户号 whose ledger lines and balances differ, at most three."""
    names = {
        LedgerCode.RECEIVABLE: ("owed_fen", 1),
        LedgerCode.CREDIT: ("credit_fen", -1),
        LedgerCode.DEPOSIT: ("deposit_fen", -1),
    }
    posted: dict[tuple[int, str], int] = {}
    rows = LedgerLine.objects.filter(customer_account__isnull=False).values_list(
        "customer_account_id", "account_id"
    )
    for account, code, fen in rows.annotate(fen=Sum(F("debit_fen") - F("credit_fen"))):
        posted[account, code] = fen
    wrong: list[str] = []
    for balance in AccountBalance.objects.select_related("account"):
        for code, (name, sign) in names.items():
            if posted.pop((balance.account_id, str(code)), 0) != sign * getattr(balance, name):
                wrong.append(balance.account.number)
    wrong += [str(account) for (account, _), fen in posted.items() if fen]
    return wrong[:3]


def _sum(rows: QuerySet[Any, Any], name: str) -> int:
    return rows.aggregate(total=Sum(name))["total"] or 0
