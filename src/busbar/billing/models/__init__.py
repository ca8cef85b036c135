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
from busbar.billing.models.headings import BillHeading
from busbar.billing.models.outdated import ChangedPart, OutdatedBill
from busbar.billing.models.savings import Saving, SavingKind, SavingStudy
from busbar.billing.models.shadow import ShadowBill, ShadowItem, ShadowLine

__all__ = [
    "Bill",
    "BillFinding",
    "BillHeading",
    "BillLine",
    "BillQuerySet",
    "BillRefusal",
    "BillRun",
    "BillRunState",
    "ChangedPart",
    "Citation",
    "FindingKind",
    "OutdatedBill",
    "Saving",
    "SavingKind",
    "SavingStudy",
    "ShadowBill",
    "ShadowItem",
    "ShadowLine",
]
