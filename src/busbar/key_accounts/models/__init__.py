"""The nouns of the room, a file for each part."""

from busbar.key_accounts.models.agreements import (
    ServiceAgreement,
)
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
    OrderStage,
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
from busbar.key_accounts.models.services import (
    BasicService,
    DueState,
    ServiceDue,
)
from busbar.key_accounts.models.stages import (
    Stage,
    StageAssessment,
    StageRule,
    WarningRule,
)
from busbar.key_accounts.models.value import (
    CostRate,
    CustomerValue,
)

__all__ = [
    "UNITS",
    "AccountPlan",
    "BasicService",
    "Category",
    "CostRate",
    "CustomerNeed",
    "CustomerSegment",
    "CustomerValue",
    "DepartmentOrder",
    "DueState",
    "Handover",
    "HandoverItem",
    "HandoverState",
    "ImportanceAssessment",
    "ImportanceCriterion",
    "IndustryClass",
    "LoadShape",
    "ManagerQualification",
    "Measure",
    "MeasureState",
    "NeedKind",
    "Opportunity",
    "OpportunityStage",
    "OrderRating",
    "OrderStage",
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
    "Segmentation",
    "ServiceAgreement",
    "ServiceDue",
    "ServicePackage",
    "ServiceStandard",
    "ShapeKind",
    "Solution",
    "SolutionState",
    "SpendBand",
    "Stage",
    "StageAssessment",
    "StageRule",
    "StandardSense",
    "TrainingRecord",
    "ValueAddedProduct",
    "WarningRule",
    "YearlyReview",
]
