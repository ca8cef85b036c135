"""Reading the customer register: lists, search, one customer's file."""

from busbar.customers.queries.completeness import (
    Completeness,
    get_completeness,
    list_checked_rules,
)
from busbar.customers.queries.documents import get_document, get_document_path
from busbar.customers.queries.figures import (
    get_figures,
    list_figure_versions,
    list_figures,
    list_rule_versions,
    list_rules,
)
from busbar.customers.queries.file import (
    CustomerFile,
    GroupNode,
    find_billing_contact,
    get_account,
    get_customer,
    get_customer_by_id,
    get_customer_file,
    get_group_tree,
    list_accounts,
)
from busbar.customers.queries.listing import (
    SORTS,
    CustomerFilter,
    CustomerPage,
    CustomerRow,
    count_customers,
    iter_customers,
    list_customers,
)
from busbar.customers.queries.searching import SearchHit, matches_text, search

__all__ = [
    "SORTS",
    "Completeness",
    "CustomerFile",
    "CustomerFilter",
    "CustomerPage",
    "CustomerRow",
    "GroupNode",
    "SearchHit",
    "count_customers",
    "find_billing_contact",
    "get_account",
    "get_completeness",
    "get_customer",
    "get_customer_by_id",
    "get_customer_file",
    "get_document",
    "get_document_path",
    "get_figures",
    "get_group_tree",
    "iter_customers",
    "list_accounts",
    "list_checked_rules",
    "list_customers",
    "list_figure_versions",
    "list_figures",
    "list_rule_versions",
    "list_rules",
    "matches_text",
    "search",
]
