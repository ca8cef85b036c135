"""The nouns of the room, a file for each part."""

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
from busbar.key_accounts.models.recognition import (
    ImportanceAssessment,
    OverrideState,
    Recognition,
    RecognitionOverride,
    RecognitionRun,
    RunState,
)
from busbar.key_accounts.models.review import (
    ReviewChange,
    ReviewItem,
    ReviewState,
    YearlyReview,
)
from busbar.key_accounts.models.rules import (
    UNITS,
    Category,
    ImportanceCriterion,
    IndustryClass,
    Measure,
    RecognitionCriterion,
    RecognitionPolicy,
)

__all__ = [
    "UNITS",
    "Category",
    "DepartmentOrder",
    "Handover",
    "HandoverItem",
    "HandoverState",
    "ImportanceAssessment",
    "ImportanceCriterion",
    "IndustryClass",
    "ManagerQualification",
    "Measure",
    "OrderRating",
    "OrderState",
    "OrderStep",
    "OverrideState",
    "QualificationKind",
    "QualificationRule",
    "RatingSide",
    "Recognition",
    "RecognitionCriterion",
    "RecognitionOverride",
    "RecognitionPolicy",
    "RecognitionRun",
    "RefusalReason",
    "ReviewChange",
    "ReviewItem",
    "ReviewState",
    "RunState",
    "ServiceAgreement",
    "ServiceStandard",
    "StandardSense",
    "TrainingRecord",
    "YearlyReview",
]
