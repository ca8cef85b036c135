"""One use case a function, a file for each part of the money's way; all of them by one name."""

from busbar.payments.operations.carrying import fetch_statements, order_refunds
from busbar.payments.operations.charging import Parts, owe_beside_bills, take_back
from busbar.payments.operations.importing import UnableToImportPayments, import_payments
from busbar.payments.operations.late_charges import charge_late_payments
from busbar.payments.operations.ledger import UnableToPost
from busbar.payments.operations.matching import (
    UnableToMatch,
    credit_payment,
    match_payment,
    reconcile_takings,
    settle_from_balance,
)
from busbar.payments.operations.months import (
    UnableToCloseMonth,
    UnableToReopenMonth,
    close_month,
    reopen_month,
)
from busbar.payments.operations.points import (
    UnableToHandIn,
    UnableToKeepCollectionAccount,
    UnableToKeepPoint,
    UnableToTakePayment,
    close_point,
    hand_in_takings,
    open_collection_account,
    open_point,
    take_payment,
)
from busbar.payments.operations.receivables import (
    UnableToKeepTerm,
    UnableToRaiseReceivables,
    raise_receivables,
    set_payment_term,
)
from busbar.payments.operations.refunds import (
    UnableToDecideRefund,
    UnableToPayRefund,
    UnableToRequestRefund,
    approve_refund,
    pay_refund_in_cash,
    prove_refund,
    refuse_refund,
    request_refund,
)
from busbar.payments.operations.seeding import load_payments_seed
from busbar.payments.operations.undoing import UnableToUndoMatch, undo_match

__all__ = [
    "Parts",
    "UnableToCloseMonth",
    "UnableToDecideRefund",
    "UnableToHandIn",
    "UnableToImportPayments",
    "UnableToKeepCollectionAccount",
    "UnableToKeepPoint",
    "UnableToKeepTerm",
    "UnableToMatch",
    "UnableToPayRefund",
    "UnableToPost",
    "UnableToRaiseReceivables",
    "UnableToReopenMonth",
    "UnableToRequestRefund",
    "UnableToTakePayment",
    "UnableToUndoMatch",
    "approve_refund",
    "charge_late_payments",
    "close_month",
    "close_point",
    "credit_payment",
    "fetch_statements",
    "hand_in_takings",
    "import_payments",
    "load_payments_seed",
    "match_payment",
    "open_collection_account",
    "open_point",
    "order_refunds",
    "owe_beside_bills",
    "pay_refund_in_cash",
    "prove_refund",
    "raise_receivables",
    "reconcile_takings",
    "refuse_refund",
    "reopen_month",
    "request_refund",
    "set_payment_term",
    "settle_from_balance",
    "take_back",
    "take_payment",
    "undo_match",
]
