"""The nouns of the room, a file for each part."""

from busbar.key_accounts.models.offers import (
    Opportunity,
    OpportunityStage,
    Solution,
    SolutionState,
    ValueAddedProduct,
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
from busbar.key_accounts.models.services import BasicService, DueState, ServiceDue

__all__ = [
    "AccountPlan",
    "BasicService",
    "DueState",
    "MeasureState",
    "Opportunity",
    "OpportunityStage",
    "PlanMeasure",
    "PlanMeeting",
    "PlanScope",
    "PlanSigning",
    "PlanState",
    "ServiceDue",
    "Solution",
    "SolutionState",
    "ValueAddedProduct",
]
