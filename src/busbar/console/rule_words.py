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
    "calendar_month": gettext_lazy("当月日历天数"),
    "capacity": gettext_lazy("按变压器容量"),
    "contract_demand": gettext_lazy("按合同最大需量"),
    "ct_times_pt": gettext_lazy("CT 变比 × PT 变比"),
    "energy_and_basic": gettext_lazy("电度电费与基本电费"),
    "flat": gettext_lazy("平段"),
    "largest_simultaneous_sum": gettext_lazy("可同时投运的最大容量之和"),
    "sum": gettext_lazy("各路相加"),
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
