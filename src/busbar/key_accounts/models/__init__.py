"""The nouns of the room, a file each family."""

from busbar.key_accounts.models.agreements import ServiceAgreement
from busbar.key_accounts.models.orders import (
    DepartmentOrder,
    OrderRating,
    OrderState,
    OrderStep,
    RatingSide,
    RefusalReason,
)
from busbar.key_accounts.models.portfolios import (
    Handover,
    HandoverItem,
    HandoverState,
    ServiceStandard,
    StandardSense,
)
from busbar.key_accounts.models.qualifications import (
    ManagerQualification,
    QualificationKind,
    QualificationRule,
    TrainingRecord,
)

__all__ = [
    "DepartmentOrder",
    "Handover",
    "HandoverItem",
    "HandoverState",
    "ManagerQualification",
    "OrderRating",
    "OrderState",
    "OrderStep",
    "QualificationKind",
    "QualificationRule",
    "RatingSide",
    "RefusalReason",
    "ServiceAgreement",
    "ServiceStandard",
    "StandardSense",
    "TrainingRecord",
]
