"""One use case a function; all of them by one name."""

from busbar.key_accounts.operations.assessing import assess_month
from busbar.key_accounts.operations.evaluating import (
    UnableToEvaluate,
    end_overrides,
    evaluate_month,
    require_bills,
)
from busbar.key_accounts.operations.grading import UnableToGrade, decide_grade, propose_grade
from busbar.key_accounts.operations.overriding import (
    UnableToOverride,
    decide_override,
    end_override,
    propose_override,
)
from busbar.key_accounts.operations.reviewing import (
    UnableToReview,
    adopt_review,
    decide_item,
    open_review,
    return_review,
    submit_review,
)
from busbar.key_accounts.operations.ruling import (
    UnableToSetRule,
    set_criterion,
    set_figures,
    set_policy,
)
from busbar.key_accounts.operations.seeding import load_recognition_seed
from busbar.key_accounts.operations.segmenting import (
    UnableToRecordNeed,
    meet_need,
    record_need,
    segment_month,
)

__all__ = [
    "UnableToEvaluate",
    "UnableToGrade",
    "UnableToOverride",
    "UnableToRecordNeed",
    "UnableToReview",
    "UnableToSetRule",
    "adopt_review",
    "assess_month",
    "decide_grade",
    "decide_item",
    "decide_override",
    "end_override",
    "end_overrides",
    "evaluate_month",
    "load_recognition_seed",
    "meet_need",
    "open_review",
    "propose_grade",
    "propose_override",
    "record_need",
    "require_bills",
    "return_review",
    "segment_month",
    "set_criterion",
    "set_figures",
    "set_policy",
    "submit_review",
]
