"""The nouns of the room, a file for each part."""

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
from busbar.key_accounts.models.segments import (
    CustomerNeed,
    CustomerSegment,
    LoadShape,
    NeedKind,
    Segmentation,
    ServicePackage,
    ShapeKind,
    SpendBand,
)
from busbar.key_accounts.models.stages import Stage, StageAssessment, StageRule, WarningRule
from busbar.key_accounts.models.value import CostRate, CustomerValue

__all__ = [
    "UNITS",
    "Category",
    "CostRate",
    "CustomerNeed",
    "CustomerSegment",
    "CustomerValue",
    "ImportanceAssessment",
    "ImportanceCriterion",
    "IndustryClass",
    "LoadShape",
    "Measure",
    "NeedKind",
    "OverrideState",
    "Recognition",
    "RecognitionCriterion",
    "RecognitionOverride",
    "RecognitionPolicy",
    "RecognitionRun",
    "ReviewChange",
    "ReviewItem",
    "ReviewState",
    "RunState",
    "Segmentation",
    "ServicePackage",
    "ShapeKind",
    "SpendBand",
    "Stage",
    "StageAssessment",
    "StageRule",
    "WarningRule",
    "YearlyReview",
]
