"""Which of our charges another bill's words mean; pure.

A code is that of our bill lines, or its beginning where a bill gives the charges in one sum:
`basic` is every basic charge, `energy` all energy, `charge` all funds and fees per kWh.
"""

from __future__ import annotations

TOTAL = "total"
"""The other bill's own total: compared with ours, never added up."""

CODES: tuple[str, ...] = (
    "energy",
    "energy.total",
    "energy.sharp",
    "energy.peak",
    "energy.flat",
    "energy.valley",
    "energy.deep_valley",
    "basic",
    "basic.capacity",
    "basic.contract_demand",
    "basic.actual_demand",
    "power_factor",
    "charge",
    "deduction",
    TOTAL,
)

_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (TOTAL, ("合计", "总计", "应收电费", "总电费", "电费总额", "total")),
    ("power_factor", ("力调", "功率因数", "power factor")),
    ("basic.capacity", ("容量电费", "按容量")),
    ("basic.contract_demand", ("合同最大需量", "合约最大需量", "核定需量")),
    ("basic.actual_demand", ("实际最大需量", "实际需量")),
    ("basic", ("基本电费", "需量电费", "basic")),
    ("charge", ("基金", "附加", "代征", "线损", "系统运行费", "surcharge")),
    ("energy.deep_valley", ("深谷",)),
    ("energy.sharp", ("尖峰", "尖段", "尖时")),
    ("energy.peak", ("高峰", "峰段", "峰时", "峰电")),
    ("energy.valley", ("低谷", "谷段", "谷时", "谷电")),
    ("energy.flat", ("平段", "平时", "平电")),
    ("deduction", ("居民", "照明", "扣减")),
    ("energy", ("电度电费", "电量电费", "目录电度", "energy")),
)
"""Tried in this order: the more particular words stand first."""


def guess_code(item: str) -> str:
    """The code that an item's words suggest, empty where none do.

    >>> guess_code("高峰电度电费"), guess_code("力调电费"), guess_code("其他")
    ('energy.peak', 'power_factor', '')
    """
    lowered = item.lower()
    for code, words in _WORDS:
        if any(word in lowered for word in words):
            return code
    return ""


def is_code(code: str) -> bool:
    """Whether a code may be chosen: one of ours, a fund's own, or none."""
    return code == "" or code in CODES or code.startswith("charge.")


def covers(code: str, line_code: str) -> bool:
    """Whether one of our lines belongs to a chosen code.

    >>> covers("basic", "basic.capacity"), covers("energy.peak", "energy.flat")
    (True, False)
    """
    return bool(code) and (line_code == code or line_code.startswith(f"{code}."))
