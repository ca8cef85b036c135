"""The nouns of the room, a file for each part."""

from busbar.key_accounts.models.agreements import ServiceAgreement
from busbar.key_accounts.models.offers import (
    Opportunity,
    OpportunityStage,
    Solution,
    SolutionState,
    ValueAddedProduct,
)
from busbar.key_accounts.models.orders import (
    DepartmentOrder,
    OrderRating,
    OrderState,
    OrderStep,
    RatingSide,
    RefusalReason,
)
from busbar.key_accounts.models.plans import (
    AccountPlan,
    MeasureState,
    PlanMeasure,
    PlanMeeting,
    PlanScope,
    PlanSigning,
    PlanState,
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
from busbar.key_accounts.models.services import BasicService, DueState, ServiceDue

__all__ = [
    "UNITS",
    "AccountPlan",
    "BasicService",
    "Category",
    "DepartmentOrder",
    "DueState",
    "Handover",
    "HandoverItem",
    "HandoverState",
    "ImportanceAssessment",
    "ImportanceCriterion",
    "IndustryClass",
    "ManagerQualification",
    "Measure",
    "MeasureState",
    "Opportunity",
    "OpportunityStage",
    "OrderRating",
    "OrderState",
    "OrderStep",
    "OverrideState",
    "PlanMeasure",
    "PlanMeeting",
    "PlanScope",
    "PlanSigning",
    "PlanState",
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
    "ServiceDue",
    "ServiceStandard",
    "Solution",
    "SolutionState",
    "StandardSense",
    "TrainingRecord",
    "ValueAddedProduct",
    "YearlyReview",
]
