"""Billing a month, proving a bill again, and finding what wants a person."""

from busbar.billing.operations.bill_run import UnableToRunMonth, require_curves, run_month
from busbar.billing.operations.finding_again import UnableToFindInBills, renew_findings
from busbar.billing.operations.recalculation import recalculate

__all__ = [
    "UnableToFindInBills",
    "UnableToRunMonth",
    "recalculate",
    "renew_findings",
    "require_curves",
    "run_month",
]
