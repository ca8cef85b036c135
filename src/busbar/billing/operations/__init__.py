"""Billing a month, correcting it, proving a bill again, and finding what wants a person."""

from busbar.billing.operations.bill_run import UnableToRunMonth, require_curves, run_month
from busbar.billing.operations.correction import (
    Correction,
    UnableToCorrectBills,
    correct_bills,
)
from busbar.billing.operations.finding_again import UnableToFindInBills, renew_findings
from busbar.billing.operations.recalculation import recalculate

__all__ = [
    "Correction",
    "UnableToCorrectBills",
    "UnableToFindInBills",
    "UnableToRunMonth",
    "correct_bills",
    "recalculate",
    "renew_findings",
    "require_curves",
    "run_month",
]
