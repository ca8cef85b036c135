"""What can be claimed, each with the fields that its document asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from busbar.console.acts import DayField
from busbar.kit.money import plain

Text = Promise | str


@dataclass(frozen=True)
class Asked:
    """One field: where its value stands in the document, and how it is asked for."""

    path: str
    label: Text
    required: bool = False
    hint: Text = ""
    choices: tuple[tuple[str, Text], ...] = ()
    is_flag: bool = False
    is_day: bool = False
    is_text: bool = False
    is_whole: bool = False
    """What the document counts instead of measuring."""

    @property
    def name(self) -> str:
        """The field's name in the form."""
        return self.path.replace(".", "-")

    def field(self) -> forms.Field:
        """As the form draws it."""
        facts: dict[str, Any] = {"label": self.label, "help_text": self.hint}
        if self.is_flag:
            return forms.BooleanField(required=False, **facts)
        if self.choices:
            return forms.ChoiceField(choices=self.choices, required=self.required, **facts)
        if self.is_day:
            return DayField(required=self.required, **facts)
        if self.is_text:
            return forms.CharField(required=self.required, max_length=200, **facts)
        return forms.DecimalField(required=self.required, max_digits=18, decimal_places=8, **facts)

    def written(self, value: Any) -> Any:
        """As the document takes what the form read; None where nothing was written."""
        if value in ("", None):
            return None
        if isinstance(value, dt.date):
            return value.isoformat()
        text = plain(value) if isinstance(value, Decimal) else value
        return int(text) if self.is_whole and text.isdecimal() else text


@dataclass(frozen=True)
class Case:
    """What happened: the kind of the document, what of it is fixed, what is asked for."""

    kind: str
    label: Text
    asked: tuple[Asked, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    from_bill: bool = False


_MULTIPLE = Asked("breach.multiple", _("倍数"), hint=_("不填按规则集"))
_CAPACITY = (
    Asked("breach.capacity_kva", _("违约使用容量 kVA"), required=True),
    Asked("breach.price", _("基本电价 元/kVA·月"), hint=_("两部制用户填写，其他用户按每千瓦计收")),
    Asked("breach.used.start", _("使用起日"), is_day=True),
    Asked("breach.used.end", _("使用止日（不含）"), is_day=True),
    Asked("breach.months", _("或使用月数")),
    _MULTIPLE,
)
_OUTAGE = (
    Asked("case.outage_hours", _("停电小时"), required=True),
    Asked("case.normal.energy_kwh", _("停电前正常用电 kWh"), required=True),
    Asked("case.normal.days", _("相应天数"), required=True),
)

CASES: dict[str, Case] = {
    "meter_error": Case(
        "meter_error", _("误差超差退补"),
        (
            Asked("error_percent", _("误差 %"), required=True, hint=_("表慢为负")),
            Asked("allowed_percent", _("允许误差 %")),
        ),
        from_bill=True,
    ),
    "wrong_ratio": Case(
        "wrong_ratio", _("倍率差错退补"),
        (
            Asked("correct.multiplier", _("实际倍率"), required=True),
            Asked("wrong.multiplier", _("计费所用的错误倍率"), required=True),
        ),
        from_bill=True,
    ),
    "wrong_wiring": Case(
        "wrong_wiring", _("接线错误退补"),
        (
            Asked("factor", _("更正系数 K"), required=True, hint=_("正确功率÷错误功率")),
            Asked("ran_backwards", _("电能表反转"), is_flag=True),
        ),
        from_bill=True,
    ),
    "over_capacity": Case("breach", _("私自超容"), _CAPACITY, {"breach.act": "over_capacity"}),
    "sealed_use": Case(
        "breach", _("擅自启用停用、封存的设备"),
        (*_CAPACITY, Asked("breach.times", _("次数"), hint=_("非两部制用户"), is_whole=True)),
        {"breach.act": "sealed_use"},
    ),
    "low_tariff": Case(
        "breach", _("高价低接"),
        (
            Asked("breach.high_price", _("应执行电价 元/kWh"), required=True),
            Asked("breach.low_price", _("实际执行电价 元/kWh"), required=True),
            Asked("breach.energy_kwh", _("相应电量 kWh")),
            Asked("breach.monthly_kwh", _("或起止不明时的月用电量 kWh")),
            _MULTIPLE,
        ),
        {"breach.act": "low_tariff"},
    ),
    "moved_meter": Case(
        "breach", _("擅自迁移、更动计量装置"),
        (
            Asked("breach.occasions", _("次数"), required=True, is_whole=True),
            Asked("breach.residential", _("居民用户"), is_flag=True),
        ),
        {"breach.act": "moved_meter"},
    ),
    "foreign_source": Case(
        "breach", _("擅自引入、供出电源"),
        (Asked("breach.capacity_kw", _("电源容量 kW(kVA)"), required=True),),
        {"breach.act": "foreign_source"},
    ),
    "theft": Case(
        "theft", _("窃电"),
        (
            Asked("equipment_kw", _("私接设备容量 kW")),
            Asked("meter.voltage_v", _("或电能表额定电压 V"), hint=_("其他方式窃电")),
            Asked("meter.current_a", _("电能表标定电流 A")),
            Asked("meter.phases", _("相数"), is_whole=True,
                  choices=(("", "—"), ("1", _("单相")), ("3", _("三相")))),
            Asked("meter.multiplier", _("倍率")),
            Asked("customer", _("用户"),
                  choices=(("power", _("电力用户")), ("lighting", _("照明用户")))),
            Asked("days", _("窃电天数"), hint=_("不明则按规则集")),
            Asked("hours_per_day", _("每日小时"), hint=_("不明则按规则集")),
            Asked("price", _("电价 元/kWh"), required=True),
            Asked("price_source", _("电价依据"), is_text=True),
            Asked("multiple", _("倍数"), hint=_("不填按规则集")),
        ),
    ),
    "supplier_outage": Case(
        "compensation", _("供电企业责任停电赔偿"),
        (
            *_OUTAGE,
            Asked("case.two_part", _("执行两部制电价"), is_flag=True),
            Asked("case.peer_average_price", _("同类用户平均电量电价 元/kWh"),
                  hint=_("规则集以它为基数时填写")),
            Asked("case.energy_price", _("或电度电价 元/kWh"), hint=_("规则集以它为基数时填写")),
        ),
        {"case.cause": "supplier_outage"},
    ),
    "customer_outage": Case(
        "compensation", _("用户责任致对外停电"),
        (*_OUTAGE, Asked("case.average_sale_price", _("上月平均售电单价 元/kWh"), required=True)),
        {"case.cause": "customer_outage"},
    ),
    "poor_quality": Case(
        "compensation", _("电压、频率不合格赔偿"),
        (
            Asked("case.energy_kwh", _("不合格时段用电量 kWh"), required=True),
            Asked("case.energy_price", _("电度电价 元/kWh"), required=True),
        ),
        {"case.cause": "poor_quality"},
    ),
}  # fmt: skip

GROUPED: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (_("计量差错"), ("meter_error", "wrong_ratio", "wrong_wiring")),
    (
        _("违约使用电"),
        ("over_capacity", "sealed_use", "low_tariff", "moved_meter", "foreign_source"),
    ),
    (_("窃电"), ("theft",)),
    (_("赔偿"), ("supplier_outage", "customer_outage", "poor_quality")),
)
"""The cases as they are chosen from."""
