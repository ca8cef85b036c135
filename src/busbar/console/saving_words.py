"""What is to be done for a saving, in words: for lists, visits and papers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from busbar.billing.models import Saving, SavingKind

MODES = {
    "capacity": gettext_lazy("按变压器容量"),
    "contract_demand": gettext_lazy("按合同最大需量"),
    "actual_demand": gettext_lazy("按实际最大需量"),
}


def say_saving(saving: Saving) -> str:
    """One sentence: the change, its size, and by when it must be applied for."""
    return _WORDS[SavingKind(saving.kind)](saving.facts)


def _basic(facts: dict[str, Any]) -> str:
    mode = str(MODES[facts["mode"]])
    if facts.get("contract_kw"):
        text = _("基本电费改为%(mode)s，核定 %(kw)s kW")
        said = text % {"mode": mode, "kw": f"{facts['contract_kw']:,}"}
    else:
        said = _("基本电费改为%(mode)s") % {"mode": mode}
    if facts.get("apply_by"):
        dates = {"by": facts["apply_by"], "on": facts["from"]}
        said += _("；%(by)s 前申请，%(on)s 起执行") % dates
    return said


def _compensation(facts: dict[str, Any]) -> str:
    said = _("加装 %(kvar)s kvar 无功补偿，功率因数达到 %(target)s；投资约 %(cost)s 元") % {
        "kvar": f"{facts['kvar']:,}",
        "target": facts["target"],
        "cost": f"{Decimal(facts['cost_yuan']):,.0f}",
    }
    if facts.get("payback_years"):
        said += _("，%(years)s 年收回") % {"years": facts["payback_years"]}
    return said


def _shifting(facts: dict[str, Any]) -> str:
    return _("把 %(percent)s%% 的峰段电量移到谷段，每年约 %(kwh)s kWh") % {
        "percent": facts["percent"],
        "kwh": f"{Decimal(facts['moved_kwh']):,.0f}",
    }


_WORDS = {
    SavingKind.BASIC: _basic,
    SavingKind.COMPENSATION: _compensation,
    SavingKind.SHIFTING: _shifting,
}
