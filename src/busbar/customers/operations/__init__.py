"""Changing the customer register. `store_*` take many rows; the others are one use case each."""

from busbar.customers.operations.consolidating import (
    UnableToConsolidate,
    run_consolidation,
    start_run,
)
from busbar.customers.operations.documents import (
    UnableToAttachDocument,
    attach_document,
)
from busbar.customers.operations.figures import load_customers_seed
from busbar.customers.operations.former import follow_former
from busbar.customers.operations.leading import UnableToNameGroupHead, name_group_head
from busbar.customers.operations.merging import (
    UnableToMergeCustomers,
    UnableToUndoMerge,
    merge_customers,
    undo_merge,
)
from busbar.customers.operations.numbering import UnableToNumberAccount, take_account_number
from busbar.customers.operations.people import store_contacts, store_team
from busbar.customers.operations.registering import (
    is_account_number,
    store_accounts,
    store_customers,
    store_groups,
)
from busbar.customers.operations.reviewing import (
    UnableToReviewCandidate,
    confirm_candidate,
    reject_candidate,
)
from busbar.customers.operations.single import (
    UnableToAddContact,
    UnableToAmendCustomer,
    UnableToOpenAccount,
    UnableToRegisterCustomer,
    UnableToRemoveTeamMember,
    add_contact,
    amend_customer,
    open_account,
    register_customer,
    remove_team_member,
)
from busbar.customers.operations.splitting import UnableToSplitCustomer, split_customer
from busbar.customers.operations.versions import (
    UnableToSetArchiveRule,
    set_completeness_rule,
    set_consolidation_figure,
)

__all__ = [
    "UnableToAddContact",
    "UnableToAmendCustomer",
    "UnableToAttachDocument",
    "UnableToConsolidate",
    "UnableToMergeCustomers",
    "UnableToNameGroupHead",
    "UnableToNumberAccount",
    "UnableToOpenAccount",
    "UnableToRegisterCustomer",
    "UnableToRemoveTeamMember",
    "UnableToReviewCandidate",
    "UnableToSetArchiveRule",
    "UnableToSplitCustomer",
    "UnableToUndoMerge",
    "add_contact",
    "amend_customer",
    "attach_document",
    "confirm_candidate",
    "follow_former",
    "is_account_number",
    "load_customers_seed",
    "merge_customers",
    "name_group_head",
    "open_account",
    "register_customer",
    "reject_candidate",
    "remove_team_member",
    "run_consolidation",
    "set_completeness_rule",
    "set_consolidation_figure",
    "split_customer",
    "start_run",
    "store_accounts",
    "store_contacts",
    "store_customers",
    "store_groups",
    "store_team",
    "take_account_number",
    "undo_merge",
]
