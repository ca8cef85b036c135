"""总账: accounts, balanced transactions and their lines, months that close.

Amounts are whole fen. A transaction's lines are written before its head; the database refuses a
head whose lines do not balance, a line for a head that stands, and every change (`guards.py`).
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import CustomerAccount


class LedgerKind(models.TextChoices):
    """On which side an account grows."""

    ASSET = "asset", _("资产")
    LIABILITY = "liability", _("负债")
    INCOME = "income", _("收入")
    EXPENSE = "expense", _("支出")


class LedgerCode(models.TextChoices):
    """The accounts that the operations post to; their numbers and names are data (`seed/`)."""

    BANK = "bank", _("银行存款")
    CASH = "cash", _("库存现金")
    TRANSIT = "transit", _("代收在途")
    RECEIVABLE = "receivable", _("应收电费")
    UNEXPLAINED = "unexplained", _("待查支出")
    UNMATCHED = "unmatched", _("待核销款")
    CREDIT = "credit", _("预存电费")
    DEPOSIT = "deposit", _("保证金")
    REFUNDS = "refunds", _("应付退款")
    REVENUE = "revenue", _("电费收入")
    LATE_INCOME = "late_income", _("违约金收入")
    CLAIM_INCOME = "claim_income", _("违约使用电费收入")
    COMPENSATION = "compensation", _("赔偿支出")


class LedgerAccount(models.Model):
    """科目: one account of the chart, by the code that the operations use."""

    code = models.CharField(max_length=12, primary_key=True, choices=LedgerCode.choices)
    number = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=LedgerKind.choices)
    source = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class PostingKind(models.TextChoices):
    """What kind of money operation a transaction records."""

    BILLED = "billed", _("应收入账")
    LATE_CHARGED = "late_charged", _("违约金入账")
    LATE_REVERSED = "late_reversed", _("违约金冲回")
    CLAIMED = "claimed", _("追补入账")
    CLAIM_REVERSED = "claim_reversed", _("追补冲回")
    RECEIVED = "received", _("收款")
    MATCHED = "matched", _("核销")
    UNDONE = "undone", _("撤销核销")
    REFUND_ASKED = "refund_asked", _("申请退费")
    REFUND_REFUSED = "refund_refused", _("不予退费")
    REFUND_PAID = "refund_paid", _("退费付出")
    PAID_OUT = "paid_out", _("银行支出")


class LedgerQuerySet(VisibleQuerySet):
    """Seen by the unit whose money it is; each transaction belongs to one unit, so that what
    any viewer sees balances."""


class LedgerTransaction(models.Model):
    """凭证: one balanced transaction; numbers have no gaps."""

    id = models.BigIntegerField(primary_key=True)
    month = models.CharField(max_length=7)
    posted_on = models.DateField()
    kind = models.CharField(max_length=16, choices=PostingKind.choices)
    unit = models.ForeignKey(
        OrganizationUnit, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    text = models.CharField(max_length=200)
    total_fen = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    posted_at = models.DateTimeField()
    posted_by_name = models.CharField(max_length=150)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(total_fen__gt=0), name="ledger_transaction_total"),
            models.CheckConstraint(
                condition=Q(line_count__gte=2), name="ledger_transaction_has_two_sides"
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "month", "id"], name="ledger_transaction_unit"),
            models.Index(fields=["month", "id"], name="ledger_transaction_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.id}"


class LedgerLineQuerySet(VisibleQuerySet):
    """Seen with the transaction."""

    unit_lookups = ("transaction__unit",)


class LedgerLine(models.Model):
    """分录: one side of a transaction in whole fen; `customer_account` where it is somebody's."""

    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    position = models.PositiveIntegerField()
    month = models.CharField(max_length=7)
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    customer_account = models.ForeignKey(
        CustomerAccount,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    debit_fen = models.BigIntegerField(default=0)
    credit_fen = models.BigIntegerField(default=0)

    objects = LedgerLineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transaction", "position"], name="ledger_line_once"),
            models.CheckConstraint(
                condition=(Q(debit_fen__gt=0) & Q(credit_fen=0))
                | (Q(credit_fen__gt=0) & Q(debit_fen=0)),
                name="ledger_line_one_side",
            ),
        ]
        indexes = [
            # Holds all that a trial balance needs, so that it never touches the lines themselves.
            models.Index(
                fields=["account", "month", "debit_fen", "credit_fen"], name="ledger_line_sum"
            ),
            models.Index(fields=["customer_account", "account"], name="ledger_line_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id}.{self.position}"


class MonthState(models.TextChoices):
    """Whether a month takes postings."""

    OPEN = "open", _("未结")
    CLOSED = "closed", _("已结")


class LedgerMonth(models.Model):
    """会计月: closed, it takes no more postings; `trial_balance` is the sums as they were closed.

    `trial_balance`: by ledger code [opening, debit, credit, closing] in fen, debit positive.
    """

    month = models.CharField(max_length=7, unique=True)
    state = models.CharField(max_length=6, choices=MonthState.choices)
    trial_balance = models.JSONField(default=dict)
    closed_at = models.DateTimeField()
    closed_by_name = models.CharField(max_length=150)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by_name = models.CharField(max_length=150, blank=True)
    reopen_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="open") | ~Q(reopen_reason=""),
                name="ledger_month_reopened_says_why",
            ),
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True)
                | Q(reopened_at__gte=F("closed_at"))
                | Q(state="closed"),
                name="ledger_month_reopened_later",
            ),
        ]

    def __str__(self) -> str:
        return self.month
