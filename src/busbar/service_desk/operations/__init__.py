"""One use case a function; all of them by one name."""

from busbar.service_desk.operations.complaints import (
    UnableToHandleComplaint,
    accept_complaint,
    answer_complaint,
    contact_complainant,
    verify_complaint,
)
from busbar.service_desk.operations.ground import UnableToServe
from busbar.service_desk.operations.interactions import (
    UnableToRecordInteraction,
    attach_to_interaction,
    cancel_interaction,
    plan_interaction,
    prepare_interaction,
    record_interaction,
    record_minutes,
)
from busbar.service_desk.operations.promises import (
    UnableToKeepLedger,
    hand_over_promise,
    keep_promise,
    make_promise,
    withdraw_promise,
)
from busbar.service_desk.operations.publishing import (
    Published,
    UnableToPublishPromises,
    publish_ledger,
    revoke_publication,
)
from busbar.service_desk.operations.scoring import (
    Scored,
    UnableToImprove,
    close_improvement,
    renew_segment_means,
    score_all,
    score_customers,
)
from busbar.service_desk.operations.seeding import (
    UnableToSetRule,
    load_satisfaction_seed,
    set_evidence_rule,
    set_parameter,
)
from busbar.service_desk.operations.surveys import (
    UnableToSurvey,
    close_survey,
    open_survey,
    record_answers,
    record_silence,
)

__all__ = [
    "Published",
    "Scored",
    "UnableToHandleComplaint",
    "UnableToImprove",
    "UnableToKeepLedger",
    "UnableToPublishPromises",
    "UnableToRecordInteraction",
    "UnableToServe",
    "UnableToSetRule",
    "UnableToSurvey",
    "accept_complaint",
    "answer_complaint",
    "attach_to_interaction",
    "cancel_interaction",
    "close_improvement",
    "close_survey",
    "contact_complainant",
    "hand_over_promise",
    "keep_promise",
    "load_satisfaction_seed",
    "make_promise",
    "open_survey",
    "plan_interaction",
    "prepare_interaction",
    "publish_ledger",
    "record_answers",
    "record_interaction",
    "record_minutes",
    "record_silence",
    "renew_segment_means",
    "revoke_publication",
    "score_all",
    "score_customers",
    "set_evidence_rule",
    "set_parameter",
    "verify_complaint",
    "withdraw_promise",
]
