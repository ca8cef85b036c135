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

__all__ = [
    "UNITS",
    "Category",
    "ImportanceAssessment",
    "ImportanceCriterion",
    "IndustryClass",
    "Measure",
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
    "YearlyReview",
]
