"""One use case a function; all of them by one name."""

from busbar.key_accounts.operations.assessing import (
    assess_month,
)
from busbar.key_accounts.operations.catalogue import (
    load_services_seed,
)
from busbar.key_accounts.operations.cataloguing import (
    FACTS,
    PackageFacts,
    ProductFacts,
    ReasonFacts,
    TemplateFacts,
    UnableToKeepCatalogue,
    add_catalogue_item,
    end_catalogue_item,
    revise_catalogue_item,
)
from busbar.key_accounts.operations.evaluating import (
    UnableToEvaluate,
    end_overrides,
    evaluate_month,
    require_bills,
)
from busbar.key_accounts.operations.grading import (
    UnableToGrade,
    decide_grade,
    propose_grade,
)
from busbar.key_accounts.operations.offers import (
    UnableToOffer,
    decide_opportunity,
    decide_solution,
    deliver_opportunity,
    evaluate_solution,
    find_opportunity,
    measure_benefit,
    open_solution,
    quote_solution,
)
from busbar.key_accounts.operations.overriding import (
    UnableToOverride,
    decide_override,
    end_override,
    propose_override,
)
from busbar.key_accounts.operations.plan_ground import (
    UnableToFindCustomer,
)
from busbar.key_accounts.operations.plans import (
    UnableToPlan,
    add_measure,
    close_plan,
    hold_planning_meeting,
    open_plan,
    open_sector_plan,
    report_measure,
    revise_plan,
    sign_plan,
    write_plan,
)
from busbar.key_accounts.operations.reassessing import renew_assessments
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
from busbar.key_accounts.operations.seeding import (
    load_managers_seed,
    load_recognition_seed,
)
from busbar.key_accounts.operations.segmenting import (
    UnableToRecordNeed,
    meet_need,
    record_need,
    segment_month,
)
from busbar.key_accounts.operations.services import (
    UnableToServe,
    raise_due_services,
    raise_service_upon,
    record_service,
    waive_service,
)

__all__ = [
    "FACTS",
    "PackageFacts",
    "ProductFacts",
    "ReasonFacts",
    "TemplateFacts",
    "UnableToEvaluate",
    "UnableToFindCustomer",
    "UnableToGrade",
    "UnableToKeepCatalogue",
    "UnableToOffer",
    "UnableToOverride",
    "UnableToPlan",
    "UnableToRecordNeed",
    "UnableToReview",
    "UnableToServe",
    "UnableToSetRule",
    "add_catalogue_item",
    "add_measure",
    "adopt_review",
    "assess_month",
    "close_plan",
    "decide_grade",
    "decide_item",
    "decide_opportunity",
    "decide_override",
    "decide_solution",
    "deliver_opportunity",
    "end_catalogue_item",
    "end_override",
    "end_overrides",
    "evaluate_month",
    "evaluate_solution",
    "find_opportunity",
    "hold_planning_meeting",
    "load_managers_seed",
    "load_recognition_seed",
    "load_services_seed",
    "measure_benefit",
    "meet_need",
    "open_plan",
    "open_review",
    "open_sector_plan",
    "open_solution",
    "propose_grade",
    "propose_override",
    "quote_solution",
    "raise_due_services",
    "raise_service_upon",
    "record_need",
    "record_service",
    "renew_assessments",
    "report_measure",
    "require_bills",
    "return_review",
    "revise_catalogue_item",
    "revise_plan",
    "segment_month",
    "set_criterion",
    "set_figures",
    "set_policy",
    "sign_plan",
    "submit_review",
    "waive_service",
    "write_plan",
]
