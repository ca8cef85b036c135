"""How the pages of validation say intervals and methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from busbar.metering.lake import INTERVALS

_FEW = 3


@dataclass(frozen=True)
class Ranges:
    """Stretches of a day as clock times, and how many quarters of an hour they hold."""

    texts: list[str]
    more: int
    quarters: int


def ranges_of(intervals: Sequence[Sequence[int]]) -> Ranges:
    """The first few stretches.

    >>> ranges_of([[10, 13], [95, 96]])
    Ranges(texts=['02:30–03:15', '23:45–24:00'], more=0, quarters=4)
    """
    texts = [f"{clock(start)}–{clock(end)}" for start, end in intervals]
    quarters = sum(end - start for start, end in intervals)
    return Ranges(texts[:_FEW], max(0, len(texts) - _FEW), quarters)


def clock(interval: int) -> str:
    """When an interval begins.

    >>> clock(0), clock(41), clock(96)
    ('00:00', '10:15', '24:00')
    """
    return f"{interval // 4:02d}:{interval % 4 * 15:02d}"


STARTS = [clock(interval) for interval in range(INTERVALS)]
"""When each interval of a day begins, as a curve's axis shows it."""


def clocks() -> list[tuple[int, str]]:
    """Every interval with its beginning."""
    return [(interval, clock(interval)) for interval in range(INTERVALS)]


def figure_name(name: str) -> str:
    """What a threshold of a rule is called; its own name where nobody has named it."""
    names = {
        "linear_points": _("线性插补至多点数"),
        "similar_days": _("相似日个数"),
        "within_days": _("相似日前后天数"),
        "longest_points": _("自动补值至多点数"),
        "wait_days": _("整日无数等待补采天数"),
        "factor": _("容量倍数"),
        "excess": _("超出倍数"),
        "capacity_share": _("不判的容量比例"),
        "intervals": _("连续点数"),
        "least": _("日功率因数下限"),
        "seconds": _("偏差秒数"),
        "share": _("容差比例"),
        "units": _("容差倍率数"),
    }
    return names.get(name, name)


def method_names(methods: Sequence[Sequence[object]]) -> list[str]:
    """The methods of an estimate, each once."""
    names = {
        "linear": _("线性插补"),
        "similar_day": _("相似日"),
        "even": _("均分"),
        "linear+register": _("线性插补，合计同示数"),
        "similar_day+register": _("相似日，合计同示数"),
        "even+register": _("均分，合计同示数"),
        "withheld": _("缺口过长，待人工补"),
    }
    found = dict.fromkeys(str(method) for _start, _end, method in methods)
    return [names.get(method, method) for method in found]
