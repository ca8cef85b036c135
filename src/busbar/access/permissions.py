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
    RELEASE_BILLS = "release_bills", _("电费复核与发行")
    EXPORT = "export", _("导出")
    ADMINISTER = "administer", _("系统管理")
    READ_JOURNAL = "read_journal", _("查阅日志")
    ACCEPT_APPLICATIONS = "accept_applications", _("受理业扩申请")
    DESIGN_SCHEMES = "design_schemes", _("编制供电方案")
    APPROVE_SCHEMES = "approve_schemes", _("审批供电方案")
    GRANT_GREEN_CHANNEL = "grant_green_channel", _("批准绿色通道")
    KEEP_CONTRACTORS = "keep_contractors", _("维护设计施工单位名录")
    INSPECT_WORKS = "inspect_works", _("检查与验收受电工程")
    RECEIVE_FEES = "receive_fees", _("业务收费")
    APPROVE_REFUNDS = "approve_refunds", _("审批退费")
    TAKE_PAYMENTS = "take_payments", _("电费收费与核销")
    KEEP_LEDGER = "keep_ledger", _("总账与月结")
    REOPEN_MONTHS = "reopen_months", _("反结账")
    RAISE_CLAIMS = "raise_claims", _("提出追补与赔偿")
    APPROVE_CLAIMS = "approve_claims", _("审批追补与赔偿")
    MANAGE_OUTAGES = "manage_outages", _("停电与复电")
    COLLECT_ARREARS = "collect_arrears", _("催费")
    APPROVE_STOPS = "approve_stops", _("审批欠费停电")
    ENERGIZE = "energize", _("送电")
    HANDLE_CHANGES = "handle_changes", _("办理变更用电")
    PUBLISH_PROCESSES = "publish_processes", _("发布流程")
    SUPERVISE = "supervise", _("督办")
    KEEP_TIME_LIMITS = "keep_time_limits", _("维护办理时限")
    EDIT_READINGS = "edit_readings", _("修正读数")
    KEEP_VEE_RULES = "keep_vee_rules", _("维护读数校验规则")
    DRAFT_TARIFFS = "draft_tariffs", _("拟订电价")
    ADOPT_TARIFFS = "adopt_tariffs", _("批准电价")
    RECOGNIZE_KEY_ACCOUNTS = "recognize_key_accounts", _("大客户认定")
    ADOPT_KEY_ACCOUNTS = "adopt_key_accounts", _("批准大客户名单与规则")
    ORDER_DEPARTMENTS = "order_departments", _("下达部门工作指令")
    ASSIGN_CUSTOMERS = "assign_customers", _("分配与移交客户")
    KEEP_MANDATES = "keep_mandates", _("维护授权与内部服务协议")
    KEEP_QUALIFICATIONS = "keep_qualifications", _("维护资格与培训")
    CONSOLIDATE = "consolidate", _("归并客户档案")
    KEEP_ARCHIVE_RULES = "keep_archive_rules", _("维护归并门槛与资料项")
    KEEP_RELATIONS = "keep_relations", _("走访与承诺")
    HANDLE_COMPLAINTS = "handle_complaints", _("办理投诉")
    SURVEY_CUSTOMERS = "survey_customers", _("满意度调查")


_P = Permission
ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.ACCOUNT_MANAGER: frozenset(
        {
            _P.EDIT_CUSTOMERS,
            _P.EXPORT,
            _P.ACCEPT_APPLICATIONS,
            _P.HANDLE_CHANGES,
            _P.COLLECT_ARREARS,
            _P.RECOGNIZE_KEY_ACCOUNTS,
            _P.ORDER_DEPARTMENTS,
            _P.CONSOLIDATE,
            _P.KEEP_RELATIONS,
            _P.HANDLE_COMPLAINTS,
            _P.SURVEY_CUSTOMERS,
        }
    ),
    Role.CONNECTION_OFFICER: frozenset(
        {
            _P.EDIT_CUSTOMERS,
            _P.EXPORT,
            _P.ACCEPT_APPLICATIONS,
            _P.DESIGN_SCHEMES,
            _P.KEEP_CONTRACTORS,
            _P.INSPECT_WORKS,
            _P.ENERGIZE,
            _P.HANDLE_CHANGES,
            _P.CONSOLIDATE,
        }
    ),
    Role.SERVICE_AGENT: frozenset(
        {
            _P.EDIT_CUSTOMERS,
            _P.ACCEPT_APPLICATIONS,
            _P.HANDLE_CHANGES,
            _P.KEEP_RELATIONS,
            _P.HANDLE_COMPLAINTS,
            _P.SURVEY_CUSTOMERS,
        }
    ),
    Role.METERING_ENGINEER: frozenset(
        {
            _P.IMPORT_FILES,
            _P.EXPORT,
            _P.ENERGIZE,
            _P.EDIT_READINGS,
            _P.KEEP_VEE_RULES,
            _P.RAISE_CLAIMS,
        }
    ),
    Role.BILLING_CLERK: frozenset(
        {
            _P.IMPORT_FILES,
            _P.RUN_BILLS,
            _P.RELEASE_BILLS,
            _P.RAISE_CLAIMS,
            _P.EXPORT,
            _P.RECEIVE_FEES,
            _P.EDIT_READINGS,
            _P.DRAFT_TARIFFS,
            _P.CONSOLIDATE,
        }
    ),
    Role.CASHIER: frozenset({_P.EXPORT, _P.RECEIVE_FEES, _P.TAKE_PAYMENTS, _P.COLLECT_ARREARS}),
    Role.ACCOUNTANT: frozenset({_P.EXPORT, _P.APPROVE_REFUNDS, _P.KEEP_LEDGER}),
    Role.PLANNER: frozenset({_P.EXPORT, _P.MANAGE_OUTAGES}),
    Role.DISPATCHER: frozenset({_P.EXPORT, _P.ENERGIZE, _P.MANAGE_OUTAGES}),
    Role.SAFETY_INSPECTOR: frozenset({_P.EXPORT, _P.INSPECT_WORKS, _P.RAISE_CLAIMS}),
    Role.MANAGER: frozenset(
        {
            _P.EXPORT,
            _P.READ_JOURNAL,
            _P.APPROVE_SCHEMES,
            _P.APPROVE_REFUNDS,
            _P.APPROVE_CLAIMS,
            _P.REOPEN_MONTHS,
            _P.APPROVE_STOPS,
            _P.GRANT_GREEN_CHANNEL,
            _P.SUPERVISE,
            _P.ADOPT_TARIFFS,
            _P.RECOGNIZE_KEY_ACCOUNTS,
            _P.ADOPT_KEY_ACCOUNTS,
            _P.ORDER_DEPARTMENTS,
            _P.ASSIGN_CUSTOMERS,
            _P.KEEP_MANDATES,
            _P.KEEP_QUALIFICATIONS,
            _P.KEEP_ARCHIVE_RULES,
            _P.CONSOLIDATE,
        }
    ),
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
