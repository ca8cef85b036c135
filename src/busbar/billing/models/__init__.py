"""Bills that can be followed from the total to the readings."""

from busbar.billing.models.bills import (
    Bill,
    BillFinding,
    BillLine,
    BillQuerySet,
    BillRefusal,
    BillRun,
    BillRunState,
    Citation,
    FindingKind,
)

__all__ = [
    "Bill",
    "BillFinding",
    "BillLine",
    "BillQuerySet",
    "BillRefusal",
    "BillRun",
    "BillRunState",
    "Citation",
    "FindingKind",
]
