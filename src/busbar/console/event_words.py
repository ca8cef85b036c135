"""Nouns and verbs of the registers, of which the names of their events are put together."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

NOUNS: dict[str, Promise | str] = {
    "billing.shadow_line": pgettext_lazy("noun", "核对账单"),
    "customers.account": pgettext_lazy("noun", "户号"),
    "customers.archive_rule": pgettext_lazy("noun", "归并门槛与资料项"),
    "customers.candidate": pgettext_lazy("noun", "疑似同一客户"),
    "customers.consolidation": pgettext_lazy("noun", "归并任务"),
    "customers.contact": pgettext_lazy("noun", "联系人"),
    "customers.customer": pgettext_lazy("noun", "客户"),
    "customers.document": pgettext_lazy("noun", "资料"),
    "customers.group": pgettext_lazy("noun", "集团"),
    "customers.seed": pgettext_lazy("noun", "归并参数与资料项"),
    "customers.team_member": pgettext_lazy("noun", "客户团队"),
    "metering.curves": pgettext_lazy("noun", "负荷曲线"),
    "metering.meter": pgettext_lazy("noun", "电能表"),
    "metering.reading_source": pgettext_lazy("noun", "数据来源"),
    "network.conductor_type": pgettext_lazy("noun", "导线型号"),
    "network.feeder": pgettext_lazy("noun", "馈线"),
    "network.feeder_tie": pgettext_lazy("noun", "馈线联络"),
    "network.public_transformer": pgettext_lazy("noun", "公用变压器"),
    "network.substation": pgettext_lazy("noun", "变电站"),
    "network.substation_transformer": pgettext_lazy("noun", "主变压器"),
    "pricing.critical_day_rule": pgettext_lazy("noun", "尖峰日规则"),
    "pricing.daily_temperature": pgettext_lazy("noun", "日最高气温"),
    "pricing.loss_correction": pgettext_lazy("noun", "变损修正系数"),
    "pricing.loss_table_row": pgettext_lazy("noun", "变损表"),
    "pricing.power_factor_step": pgettext_lazy("noun", "功率因数调整表"),
    "pricing.price_series": pgettext_lazy("noun", "价格序列"),
    "pricing.rule_parameter": pgettext_lazy("noun", "规则参数"),
    "pricing.rule_set": pgettext_lazy("noun", "规则集"),
    "pricing.surcharge": pgettext_lazy("noun", "附加与代征"),
    "pricing.tariff": pgettext_lazy("noun", "电价"),
    "pricing.tou_interval": pgettext_lazy("noun", "分时时段"),
    "pricing.tou_scheme": pgettext_lazy("noun", "分时方案"),
    "supply.agreement": pgettext_lazy("noun", "供用电合同"),
    "supply.fixed_energy": pgettext_lazy("noun", "定量定比"),
    "supply.point_loss": pgettext_lazy("noun", "计量点损耗"),
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
    "repriced": pgettext_lazy("verb", "更新电价"),
    "signed": pgettext_lazy("verb", "签订"),
    "state_changed": pgettext_lazy("verb", "状态变更"),
    "stated": pgettext_lazy("verb", "说明写法"),
}
