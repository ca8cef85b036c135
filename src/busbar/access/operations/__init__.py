"""Changing the organisation: units, employees, passwords, keys to the API.

Every operation takes `by: Viewer`, who needs 系统管理 and may only touch the own branch;
`SYSTEM_VIEWER` is for the command line and the demonstration.
"""

from busbar.access.operations.api_tokens import (
    IssuedToken,
    UnableToIssueToken,
    UnableToRevokeToken,
    issue_api_token,
    revoke_api_token,
)
from busbar.access.operations.employees import (
    Hired,
    UnableToChangeEmployee,
    UnableToHireEmployee,
    change_roles,
    create_first_administrator,
    dismiss_employee,
    hire_employee,
    transfer_employee,
)
from busbar.access.operations.mandates import (
    UnableToSetMandate,
    end_local_mandate,
    load_mandates,
    set_local_mandate,
)
from busbar.access.operations.passwords import (
    UnableToSetPassword,
    change_password,
    choose_language,
    reset_password,
)
from busbar.access.operations.units import (
    UnableToChangeUnit,
    UnableToCreateUnit,
    create_unit,
    deactivate_unit,
    reactivate_unit,
    rename_unit,
)

__all__ = [
    "Hired",
    "IssuedToken",
    "UnableToChangeEmployee",
    "UnableToChangeUnit",
    "UnableToCreateUnit",
    "UnableToHireEmployee",
    "UnableToIssueToken",
    "UnableToRevokeToken",
    "UnableToSetMandate",
    "UnableToSetPassword",
    "change_password",
    "change_roles",
    "choose_language",
    "create_first_administrator",
    "create_unit",
    "deactivate_unit",
    "dismiss_employee",
    "end_local_mandate",
    "hire_employee",
    "issue_api_token",
    "load_mandates",
    "reactivate_unit",
    "rename_unit",
    "reset_password",
    "revoke_api_token",
    "set_local_mandate",
    "transfer_employee",
]
