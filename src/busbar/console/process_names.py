"""What the shipped processes and their steps are called on the screens, in both languages.

A definition names its steps in Chinese, and a task keeps the name it was given. Here the shipped
names have their English; the steps of an office's own process stay as they were written.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext, pgettext_lazy

NAMES: dict[str, Promise | str] = {
    "停电前电话通知": pgettext_lazy("step", "停电前电话通知"),
    "催缴通知": pgettext_lazy("step", "催缴通知"),
    "审批停电": pgettext_lazy("step", "审批停电"),
    "恢复供电": pgettext_lazy("step", "恢复供电"),
    "执行停电": pgettext_lazy("step", "执行停电"),
    "欠费催收与停复电": pgettext_lazy("step", "欠费催收与停复电"),
    "申请停电": pgettext_lazy("step", "申请停电"),
    "送达停电通知书": pgettext_lazy("step", "送达停电通知书"),
    "接办指令": pgettext_lazy("step", "接办指令"),
    "办理并报告": pgettext_lazy("step", "办理并报告"),
    "确认办理结果": pgettext_lazy("step", "确认办理结果"),
    "答复拒绝": pgettext_lazy("step", "答复拒绝"),
    "上级督办": pgettext_lazy("step", "上级督办"),
    "最终督办": pgettext_lazy("step", "最终督办"),
    "部门工作指令": pgettext_lazy("step", "部门工作指令"),
    "业务退费": pgettext_lazy("step", "业务退费"),
    "中间检查": pgettext_lazy("step", "中间检查"),
    "传递市场营销部": pgettext_lazy("step", "传递市场营销部"),
    "低压与临时用电报装": pgettext_lazy("step", "低压与临时用电报装"),
    "初审": pgettext_lazy("step", "初审"),
    "办理": pgettext_lazy("step", "办理"),
    "办理注册": pgettext_lazy("step", "办理注册"),
    "变更用电": pgettext_lazy("step", "变更用电"),
    "复查": pgettext_lazy("step", "复查"),
    "安全监察部会签": pgettext_lazy("step", "安全监察部会签"),
    "安排联合勘察": pgettext_lazy("step", "安排联合勘察"),
    "审批变更": pgettext_lazy("step", "审批变更"),
    "审批退费": pgettext_lazy("step", "审批退费"),
    "市场营销部会签": pgettext_lazy("step", "市场营销部会签"),
    "归档": pgettext_lazy("step", "归档"),
    "报告开工": pgettext_lazy("step", "报告开工"),
    "报请中间检查": pgettext_lazy("step", "报请中间检查"),
    "报送设计文件": pgettext_lazy("step", "报送设计文件"),
    "收入知识库": pgettext_lazy("step", "收入知识库"),
    "整改": pgettext_lazy("step", "整改"),
    "方案审批": pgettext_lazy("step", "方案审批"),
    "核对资料": pgettext_lazy("step", "核对资料"),
    "现场作业": pgettext_lazy("step", "现场作业"),
    "现场勘察": pgettext_lazy("step", "现场勘察"),
    "现场执行": pgettext_lazy("step", "现场执行"),
    "生产计划部会签": pgettext_lazy("step", "生产计划部会签"),
    "用电培训": pgettext_lazy("step", "用电培训"),
    "用电服务": pgettext_lazy("step", "用电服务"),
    "竣工报验": pgettext_lazy("step", "竣工报验"),
    "竣工检验": pgettext_lazy("step", "竣工检验"),
    "答复客户": pgettext_lazy("step", "答复客户"),
    "签订供用电合同": pgettext_lazy("step", "签订供用电合同"),
    "编制供电方案": pgettext_lazy("step", "编制供电方案"),
    "编制计量方案": pgettext_lazy("step", "编制计量方案"),
    "补充说明": pgettext_lazy("step", "补充说明"),
    "补正资料": pgettext_lazy("step", "补正资料"),
    "装表": pgettext_lazy("step", "装表"),
    "计量装接": pgettext_lazy("step", "计量装接"),
    "设计审查": pgettext_lazy("step", "设计审查"),
    "调度运行中心会签": pgettext_lazy("step", "调度运行中心会签"),
    "送电": pgettext_lazy("step", "送电"),
    "选定设计施工单位": pgettext_lazy("step", "选定设计施工单位"),
    "高压业扩报装": pgettext_lazy("step", "高压业扩报装"),
}


def name_step(name: str) -> str:
    """A process or a step by its name; one that is not shipped stays as it was written."""
    return str(NAMES.get(name, name))


def name_actor(name: str) -> str:
    """Who acted: a person by name, the product itself in the reader's language."""
    return pgettext("actor", "系统") if name == "系统" else name
