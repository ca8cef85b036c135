"""Changing the customer register. `store_*` take many rows; the others are one use case each."""

from busbar.customers.operations.documents import (
    UnableToAttachDocument,
    attach_document,
)
from busbar.customers.operations.numbering import UnableToNumberAccount, take_account_number
from busbar.customers.operations.people import store_contacts, store_team
from busbar.customers.operations.registering import (
    is_account_number,
    store_accounts,
    store_customers,
    store_groups,
)
from busbar.customers.operations.single import (
    UnableToAddContact,
    UnableToAmendCustomer,
    UnableToAssignTeamMember,
    UnableToOpenAccount,
    UnableToRegisterCustomer,
    UnableToRemoveTeamMember,
    add_contact,
    amend_customer,
    assign_team_member,
    open_account,
    register_customer,
    remove_team_member,
)

__all__ = [
    "UnableToAddContact",
    "UnableToAmendCustomer",
    "UnableToAssignTeamMember",
    "UnableToAttachDocument",
    "UnableToNumberAccount",
    "UnableToOpenAccount",
    "UnableToRegisterCustomer",
    "UnableToRemoveTeamMember",
    "add_contact",
    "amend_customer",
    "assign_team_member",
    "attach_document",
    "is_account_number",
    "open_account",
    "register_customer",
    "remove_team_member",
    "store_accounts",
    "store_contacts",
    "store_customers",
    "store_groups",
    "store_team",
    "take_account_number",
]
