"""What the stored units and the choices among rules are called on the screens.

Units and choices are stored as the rules write them; both are translated where they are shown.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

UNITS: dict[str, Promise | str] = {
    "元": pgettext_lazy("unit", "元"),
    "元/kWh": pgettext_lazy("unit", "元/kWh"),
    "元/kVA·月": pgettext_lazy("unit", "元/kVA·月"),
    "元/kW·月": pgettext_lazy("unit", "元/kW·月"),
    "kVA·月": pgettext_lazy("unit", "kVA·月"),
    "kW·月": pgettext_lazy("unit", "kW·月"),
    "天": pgettext_lazy("unit", "天"),
    "月": pgettext_lazy("unit", "个月"),
    "工作日": pgettext_lazy("unit", "个工作日"),
    "位小数": pgettext_lazy("unit", "位小数"),
}

CHOICES: dict[str, Promise | str] = {
    "absolute_sum": gettext_lazy("正向与反向无功绝对值之和"),
    "actual_demand": gettext_lazy("按实际最大需量"),
    "add_full_scale": gettext_lazy("加一个满量程"),
    "at_most": gettext_lazy("不高于所列倍数"),
    "calendar_month": gettext_lazy("当月日历天数"),
    "capacity": gettext_lazy("按变压器容量"),
    "capacity_times_time": gettext_lazy("容量乘时间"),
    "contract_demand": gettext_lazy("按合同最大需量"),
    "correct_minus_wrong_ratio": gettext_lazy("正确与错误倍率之差"),
    "counts": gettext_lazy("参与"),
    "ct_times_pt": gettext_lazy("CT 变比 × PT 变比"),
    "energy_and_basic": gettext_lazy("电度电费与基本电费"),
    "energy_price": gettext_lazy("电度电价"),
    "estimated_counts_as_unread": gettext_lazy("估抄算未实抄"),
    "factor_minus_one": gettext_lazy("更正系数减一"),
    "fixed": gettext_lazy("固定倍数"),
    "flat": gettext_lazy("平段"),
    "iron_by_hours_copper_by_load_squared": gettext_lazy("铁损按小时，铜损按负荷率平方"),
    "largest_simultaneous_sum": gettext_lazy("可同时投运的最大容量之和"),
    "last_month_average_sale_price": gettext_lazy("上月平均售电单价"),
    "month": gettext_lazy("月初"),
    "outside": gettext_lazy("不参与"),
    "owner": gettext_lazy("产权所有者"),
    "peer_average_price": gettext_lazy("当期同类用户平均电量电价"),
    "quarter": gettext_lazy("季度首日"),
    "reading_period": gettext_lazy("抄表结算周期首日"),
    "sum": gettext_lazy("各路相加"),
    "sum_then_round_once": gettext_lazy("各时段相加后一次取整"),
    "three_phase_current_squared": gettext_lazy("三相电流平方"),
}


def name_unit(unit: str) -> str:
    """The unit as people say it; one that is the same everywhere (kWh, %) as it is.

    >>> name_unit("kWh"), name_unit("")
    ('kWh', '')
    """
    return str(UNITS.get(unit, unit))


def name_value(value: Any) -> str:
    """A rule's value for reading: a figure as it stands, a choice in words, several in a row.

    >>> name_value("0.50"), name_value(30)
    ('0.50', '30')
    """
    if isinstance(value, list):
        return _("、").join(name_value(item) for item in value)
    return str(CHOICES.get(value, value)) if isinstance(value, str) else str(value)


def list_records(value: Any) -> list[dict[str, Any]]:
    """A value that is a small table, such as to whom each power-factor standard applies."""
    rows = value if isinstance(value, list) else []
    return rows if rows and all(isinstance(row, dict) for row in rows) else []


def is_figure(value: Any) -> bool:
    """Whether the value is a number, which needs its unit; a choice or a code needs none.

    >>> is_figure("0.50"), is_figure("calendar_month"), is_figure(["1", "2"])
    (True, False, True)
    """
    if isinstance(value, list):
        return all(is_figure(item) for item in value)
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False
