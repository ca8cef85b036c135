"""Billing a month, correcting it, proving a bill again, and finding what wants a person."""

from busbar.billing.operations.bill_run import UnableToRunMonth, require_curves, run_month
from busbar.billing.operations.correction import (
    Correction,
    UnableToCorrectBills,
    correct_bills,
)
from busbar.billing.operations.finding_again import UnableToFindInBills, renew_findings
from busbar.billing.operations.recalculation import recalculate
from busbar.billing.operations.shadowing import (
    UnableToMapItem,
    map_shadow_item,
    store_shadow_lines,
)

__all__ = [
    "Correction",
    "UnableToCorrectBills",
    "UnableToFindInBills",
    "UnableToMapItem",
    "UnableToRunMonth",
    "correct_bills",
    "map_shadow_item",
    "recalculate",
    "renew_findings",
    "require_curves",
    "run_month",
    "store_shadow_lines",
]
