"""Reading the room: plans, services and offers by one name, the other parts by their files."""

from busbar.key_accounts.queries.closeness import read_answers
from busbar.key_accounts.queries.notice import NoticeDays, get_notice_days
from busbar.key_accounts.queries.offers import (
    find_product,
    get_opportunity,
    get_solution,
    list_opportunities,
    list_products,
    list_solutions,
    summarize_opportunities,
)
from busbar.key_accounts.queries.plans import get_plan, list_due_measures, list_plans
from busbar.key_accounts.queries.qualifications import (
    count_ending_certificates,
    list_ending_certificates,
)
from busbar.key_accounts.queries.services import (
    coverage,
    get_due,
    list_due_services,
    list_dues,
    services_in_force,
)
from busbar.key_accounts.queries.warnings import count_open_warnings, list_open_warnings

__all__ = [
    "NoticeDays",
    "count_ending_certificates",
    "count_open_warnings",
    "coverage",
    "find_product",
    "get_due",
    "get_notice_days",
    "get_opportunity",
    "get_plan",
    "get_solution",
    "list_due_measures",
    "list_due_services",
    "list_dues",
    "list_ending_certificates",
    "list_open_warnings",
    "list_opportunities",
    "list_plans",
    "list_products",
    "list_solutions",
    "read_answers",
    "services_in_force",
    "summarize_opportunities",
]
