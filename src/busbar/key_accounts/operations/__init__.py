"""One use case a function; all of them by one name."""

from busbar.key_accounts.operations.evaluating import (
    UnableToEvaluate,
    end_overrides,
    evaluate_month,
    require_bills,
)
from busbar.key_accounts.operations.overriding import (
    UnableToOverride,
    decide_override,
    end_override,
    propose_override,
)
from busbar.key_accounts.operations.ruling import UnableToSetRule, set_criterion, set_policy
from busbar.key_accounts.operations.seeding import load_managers_seed, load_recognition_seed

__all__ = [
    "UnableToEvaluate",
    "UnableToOverride",
    "UnableToSetRule",
    "decide_override",
    "end_override",
    "end_overrides",
    "evaluate_month",
    "load_managers_seed",
    "load_recognition_seed",
    "propose_override",
    "require_bills",
    "set_criterion",
    "set_policy",
]
