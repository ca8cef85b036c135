"""Reading the service desk."""

from busbar.service_desk.queries.briefing import BriefLine, brief
from busbar.service_desk.queries.complaints import (
    count_by_kind,
    get_complaint,
    list_complaints,
)
from busbar.service_desk.queries.due import (
    DueComplaint,
    DueScope,
    due_complaints,
    due_improvements,
    due_promises,
    due_visits,
    page_of,
    with_clocks,
)
from busbar.service_desk.queries.interactions import (
    get_interaction,
    list_interactions,
    list_planned,
)
from busbar.service_desk.queries.promises import (
    KeptRate,
    PublicPromise,
    get_promise,
    kept_rate,
    kept_rates,
    list_promises,
    publish_promises,
)
from busbar.service_desk.queries.publications import (
    PublishedLedger,
    list_publications,
    read_ledger,
)
from busbar.service_desk.queries.rules import (
    NoSuchRule,
    get_parameter,
    get_questionnaire,
    get_rules,
    list_evidence_rules,
    list_parameters,
)
from busbar.service_desk.queries.satisfaction import (
    ExplainedIndex,
    explain_customer,
    find_score,
    get_improvement,
    list_course,
    list_improvements,
    list_scores,
    summarize,
)
from busbar.service_desk.queries.surveys import (
    SurveyResult,
    get_invitation,
    get_survey,
    list_invitations,
    list_questions,
    list_surveys,
    summarize_survey,
)

__all__ = [
    "BriefLine",
    "DueComplaint",
    "DueScope",
    "ExplainedIndex",
    "KeptRate",
    "NoSuchRule",
    "PublicPromise",
    "PublishedLedger",
    "SurveyResult",
    "brief",
    "count_by_kind",
    "due_complaints",
    "due_improvements",
    "due_promises",
    "due_visits",
    "explain_customer",
    "find_score",
    "get_complaint",
    "get_improvement",
    "get_interaction",
    "get_invitation",
    "get_parameter",
    "get_promise",
    "get_questionnaire",
    "get_rules",
    "get_survey",
    "kept_rate",
    "kept_rates",
    "list_complaints",
    "list_course",
    "list_evidence_rules",
    "list_improvements",
    "list_interactions",
    "list_invitations",
    "list_parameters",
    "list_planned",
    "list_promises",
    "list_publications",
    "list_questions",
    "list_scores",
    "list_surveys",
    "page_of",
    "publish_promises",
    "read_ledger",
    "summarize",
    "summarize_survey",
    "with_clocks",
]
