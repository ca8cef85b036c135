"""The customer and what belongs to it, the consolidation of an archive, the file's completeness."""

from busbar.customers.models.completeness import CompletenessRule
from busbar.customers.models.consolidation import (
    CandidateState,
    ConsolidationFigure,
    ConsolidationRun,
    CustomerMerge,
    FormerNumber,
    MatchCandidate,
    MergeKind,
    RunState,
)
from busbar.customers.models.register import (
    AccountStatus,
    AccountTeamMember,
    Contact,
    Customer,
    CustomerAccount,
    CustomerGroup,
    CustomerKind,
    CustomerPartQuerySet,
    Document,
    Importance,
    TeamRole,
)

__all__ = [
    "AccountStatus",
    "AccountTeamMember",
    "CandidateState",
    "CompletenessRule",
    "ConsolidationFigure",
    "ConsolidationRun",
    "Contact",
    "Customer",
    "CustomerAccount",
    "CustomerGroup",
    "CustomerKind",
    "CustomerMerge",
    "CustomerPartQuerySet",
    "Document",
    "FormerNumber",
    "Importance",
    "MatchCandidate",
    "MergeKind",
    "RunState",
    "TeamRole",
]
