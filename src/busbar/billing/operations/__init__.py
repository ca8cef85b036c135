"""Billing a month, correcting it, proving a bill again; findings, their review, the release."""

from busbar.billing.operations.bill_run import UnableToRunMonth, require_curves, run_month
from busbar.billing.operations.correction import (
    CORRECTED_AT_ONCE,
    Correction,
    MonthCorrection,
    UnableToCorrectBills,
    correct_bills,
    correct_outdated_bills,
)
from busbar.billing.operations.finding_again import UnableToFindInBills, renew_findings
from busbar.billing.operations.headings import UnableToNameHeading, name_heading
from busbar.billing.operations.outdating import (
    Comparison,
    UnableToCompareBills,
    compare_month,
)
from busbar.billing.operations.recalculation import recalculate
from busbar.billing.operations.release import (
    Release,
    UnableToReleaseBills,
    release_bills,
    require_releasable,
)
from busbar.billing.operations.review import UnableToReviewFindings, review_findings
from busbar.billing.operations.savings import study_savings
from busbar.billing.operations.shadowing import (
    UnableToMapItem,
    map_shadow_item,
    store_shadow_lines,
)

__all__ = [
    "CORRECTED_AT_ONCE",
    "Comparison",
    "Correction",
    "MonthCorrection",
    "Release",
    "UnableToCompareBills",
    "UnableToCorrectBills",
    "UnableToFindInBills",
    "UnableToMapItem",
    "UnableToNameHeading",
    "UnableToReleaseBills",
    "UnableToReviewFindings",
    "UnableToRunMonth",
    "compare_month",
    "correct_bills",
    "correct_outdated_bills",
    "map_shadow_item",
    "name_heading",
    "recalculate",
    "release_bills",
    "renew_findings",
    "require_curves",
    "require_releasable",
    "review_findings",
    "run_month",
    "store_shadow_lines",
    "study_savings",
]
