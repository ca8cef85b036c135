"""The nouns of the room by one name."""

from busbar.payments.models.channels import (
    CollectionAccount,
    DailyTakings,
    PaymentPoint,
    PointKind,
    TakingsState,
)
from busbar.payments.models.ledger import (
    LedgerAccount,
    LedgerCode,
    LedgerKind,
    LedgerLine,
    LedgerMonth,
    LedgerTransaction,
    MonthState,
    PostingKind,
)
from busbar.payments.models.payments import (
    FileState,
    MatchWay,
    MoneySource,
    MoneyTarget,
    PayerLink,
    Payment,
    PaymentChannel,
    PaymentFile,
    PaymentHold,
    PaymentMatch,
)
from busbar.payments.models.receivables import (
    AccountBalance,
    LateCharge,
    PaymentTerm,
    Receivable,
    in_yuan,
)
from busbar.payments.models.refunds import PaymentRefund, Payout, RefundState

__all__ = [
    "AccountBalance",
    "CollectionAccount",
    "DailyTakings",
    "FileState",
    "LateCharge",
    "LedgerAccount",
    "LedgerCode",
    "LedgerKind",
    "LedgerLine",
    "LedgerMonth",
    "LedgerTransaction",
    "MatchWay",
    "MoneySource",
    "MoneyTarget",
    "MonthState",
    "PayerLink",
    "Payment",
    "PaymentChannel",
    "PaymentFile",
    "PaymentHold",
    "PaymentMatch",
    "PaymentPoint",
    "PaymentRefund",
    "PaymentTerm",
    "Payout",
    "PointKind",
    "PostingKind",
    "Receivable",
    "RefundState",
    "TakingsState",
    "in_yuan",
]
