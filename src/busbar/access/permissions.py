"""What each role may do. Seeing is decided by `visibility.py`; this decides acting."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from busbar.access.models import Role


class Permission(models.TextChoices):
    """The acts that are guarded."""

    EDIT_CUSTOMERS = "edit_customers", _("维护客户档案")
    IMPORT_FILES = "import_files", _("导入数据")
    RUN_BILLS = "run_bills", _("电费核算")
    EXPORT = "export", _("导出")
    ADMINISTER = "administer", _("系统管理")
    READ_JOURNAL = "read_journal", _("查阅日志")


_P = Permission
ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.ACCOUNT_MANAGER: frozenset({_P.EDIT_CUSTOMERS, _P.EXPORT}),
    Role.CONNECTION_OFFICER: frozenset({_P.EDIT_CUSTOMERS, _P.EXPORT}),
    Role.SERVICE_AGENT: frozenset({_P.EDIT_CUSTOMERS}),
    Role.METERING_ENGINEER: frozenset({_P.IMPORT_FILES, _P.EXPORT}),
    Role.BILLING_CLERK: frozenset({_P.IMPORT_FILES, _P.RUN_BILLS, _P.EXPORT}),
    Role.DISPATCHER: frozenset({_P.EXPORT}),
    Role.SAFETY_INSPECTOR: frozenset({_P.EXPORT}),
    Role.MANAGER: frozenset({_P.EXPORT, _P.READ_JOURNAL}),
    Role.REGULATOR: frozenset({_P.READ_JOURNAL}),
}


def permissions_of(roles: list[str]) -> frozenset[Permission]:
    """Union of what the roles may do; a regulator only reads whatever else it is (R33)."""
    if Role.REGULATOR in roles:
        return ROLE_PERMISSIONS[Role.REGULATOR]
    granted: frozenset[Permission] = frozenset()
    for role in roles:
        granted |= ROLE_PERMISSIONS.get(role, frozenset())
    return granted
