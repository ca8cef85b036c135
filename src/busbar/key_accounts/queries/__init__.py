"""Reading the room: plans, services and offers by one name, the other parts by their files."""

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
from busbar.key_accounts.queries.services import (
    coverage,
    get_due,
    list_due_services,
    list_dues,
    services_in_force,
)

__all__ = [
    "coverage",
    "find_product",
    "get_due",
    "get_opportunity",
    "get_plan",
    "get_solution",
    "list_due_measures",
    "list_due_services",
    "list_dues",
    "list_opportunities",
    "list_plans",
    "list_products",
    "list_solutions",
    "services_in_force",
    "summarize_opportunities",
]
