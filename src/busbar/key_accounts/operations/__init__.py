"""One use case a function; all of them by one name."""

from busbar.key_accounts.operations.catalogue import load_services_seed
from busbar.key_accounts.operations.ground import UnableToFindCustomer
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
from busbar.key_accounts.operations.services import (
    UnableToServe,
    raise_due_services,
    raise_service_upon,
    record_service,
    waive_service,
)

__all__ = [
    "UnableToFindCustomer",
    "UnableToOffer",
    "UnableToPlan",
    "UnableToServe",
    "add_measure",
    "close_plan",
    "decide_opportunity",
    "decide_solution",
    "deliver_opportunity",
    "evaluate_solution",
    "find_opportunity",
    "hold_planning_meeting",
    "load_services_seed",
    "measure_benefit",
    "open_plan",
    "open_sector_plan",
    "open_solution",
    "quote_solution",
    "raise_due_services",
    "raise_service_upon",
    "record_service",
    "report_measure",
    "revise_plan",
    "sign_plan",
    "waive_service",
    "write_plan",
]
