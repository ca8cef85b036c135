"""What the journal's events and the fields they change are called on the screens."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, Promise | str] = {
    "access.api_token.issued": _("签发访问令牌"),
    "access.api_token.revoked": _("撤销访问令牌"),
    "access.employee.dismissed": _("员工离岗"),
    "access.employee.hired": _("录用员工"),
    "access.employee.password_reset": _("重置密码"),
    "access.employee.roles_changed": _("变更角色"),
    "access.employee.transferred": _("员工调动"),
    "access.unit.created": _("新设单位"),
    "access.unit.deactivated": _("停用单位"),
    "access.unit.reactivated": _("恢复单位"),
    "access.unit.renamed": _("单位更名"),
    "access.user.password_changed": _("修改密码"),
    "billing.bill.issued": _("出具账单"),
    "clocks.calendar.loaded": _("装入工作日历"),
    "clocks.calendar.provisional_year_loaded": _("推算年度日历"),
    "clocks.calendar.uploaded": _("上传工作日历"),
    "clocks.calendar.year_announced": _("发布年度日历"),
    "clocks.day.edited": _("修改工作日历"),
    "console.table.exported": _("导出表格"),
    "demo.sign_ins.opened": _("开通演示登录"),
    "imports.run.discarded": _("放弃导入"),
    "imports.run.finished": _("完成导入"),
    "imports.run.refused": _("未能导入"),
    "imports.file.imported": pgettext_lazy("event", "导入文件"),
}

NOUNS: dict[str, Promise | str] = {
    "customers.account": pgettext_lazy("noun", "户号"),
    "customers.contact": pgettext_lazy("noun", "联系人"),
    "customers.customer": pgettext_lazy("noun", "客户"),
    "customers.document": pgettext_lazy("noun", "资料"),
    "customers.group": pgettext_lazy("noun", "集团"),
    "customers.team_member": pgettext_lazy("noun", "客户团队"),
    "metering.curves": pgettext_lazy("noun", "负荷曲线"),
    "metering.meter": pgettext_lazy("noun", "电能表"),
    "metering.reading_source": pgettext_lazy("noun", "数据来源"),
    "network.feeder": pgettext_lazy("noun", "馈线"),
    "network.public_transformer": pgettext_lazy("noun", "公用变压器"),
    "network.substation": pgettext_lazy("noun", "变电站"),
    "pricing.power_factor_step": pgettext_lazy("noun", "功率因数调整表"),
    "pricing.rule_parameter": pgettext_lazy("noun", "规则参数"),
    "pricing.rule_set": pgettext_lazy("noun", "规则集"),
    "pricing.surcharge": pgettext_lazy("noun", "附加与代征"),
    "pricing.tariff": pgettext_lazy("noun", "电价"),
    "pricing.tou_interval": pgettext_lazy("noun", "分时时段"),
    "pricing.tou_scheme": pgettext_lazy("noun", "分时方案"),
    "supply.agreement": pgettext_lazy("noun", "供用电合同"),
    "supply.power_source": pgettext_lazy("noun", "供电电源"),
    "supply.site": pgettext_lazy("noun", "用电地址"),
    "supply.transformer": pgettext_lazy("noun", "受电变压器"),
    "supply.usage_point": pgettext_lazy("noun", "计量点"),
}
"""Nouns of the registers, whose events are put together from noun and verb."""

VERBS: dict[str, Promise | str] = {
    "added": pgettext_lazy("verb", "新增"),
    "amended": pgettext_lazy("verb", "变更"),
    "appended": pgettext_lazy("verb", "入库"),
    "assigned": pgettext_lazy("verb", "指派"),
    "attached": pgettext_lazy("verb", "归档"),
    "closed": pgettext_lazy("verb", "销户"),
    "connected": pgettext_lazy("verb", "接入"),
    "ended": pgettext_lazy("verb", "终止"),
    "installed": pgettext_lazy("verb", "装表"),
    "merged": pgettext_lazy("verb", "归并"),
    "opened": pgettext_lazy("verb", "开户"),
    "registered": pgettext_lazy("verb", "登记"),
    "removed": pgettext_lazy("verb", "移除"),
    "signed": pgettext_lazy("verb", "签订"),
    "state_changed": pgettext_lazy("verb", "状态变更"),
    "stated": pgettext_lazy("verb", "说明写法"),
}

FIELDS: dict[str, Promise | str] = {
    "address": _("地址"),
    "amount": _("金额"),
    "announced": _("正式年度"),
    "code": _("编码"),
    "count": _("个数"),
    "created": _("新增"),
    "credit_code": _("信用代码"),
    "ct_pt_ratios": _("所乘 CT×PT 变比"),
    "employees": _("员工"),
    "energy_kwh": _("电量"),
    "expires_at": _("有效期至"),
    "file": _("文件"),
    "files": _("文件"),
    "importance": _("重要性等级"),
    "is_active": _("在用"),
    "format": _("格式"),
    "kind": _("类别"),
    "lake_version": _("数据版本"),
    "message": _("说明"),
    "months": _("月份"),
    "name": _("名称"),
    "number": _("编号"),
    "ratio_count": _("变比个数"),
    "refused": _("拒绝"),
    "roles": _("角色"),
    "rows": _("行"),
    "rows_changed": _("变更行"),
    "rows_new": _("新增行"),
    "rows_unchanged": _("未变行"),
    "settings": _("写法"),
    "sha256": _("摘要"),
    "sheet": _("工作表"),
    "side": _("数值所在侧"),
    "source": _("依据"),
    "stamp_at": _("时标位置"),
    "status": _("状态"),
    "table": _("表"),
    "unchanged": _("未变"),
    "unit": _("单位"),
    "updated": _("更新"),
    "usage_points": _("计量点"),
    "username": _("用户名"),
    "years": _("年度"),
}

FIELD_UNITS: dict[str, str] = {"amount": "元", "energy_kwh": "kWh"}
"""Units of the changed fields that are quantities."""


def name_event(event: str) -> str:
    """The event in words; its own name where nobody has named it yet.

    >>> from django.utils import translation
    >>> with translation.override("zh-hans"):
    ...     name_event("supply.agreement.signed"), name_event("access.unit.created")
    ('供用电合同签订', '新设单位')
    """
    noun, _dot, verb = event.rpartition(".")
    if event not in EVENTS and noun in NOUNS and verb in VERBS:
        return gettext("%(noun)s%(verb)s") % {"noun": NOUNS[noun], "verb": VERBS[verb]}
    return str(EVENTS.get(event, event))


def name_field(field: str) -> str:
    """The field in words; its own name where nobody has named it yet."""
    return str(FIELDS.get(field, field))
