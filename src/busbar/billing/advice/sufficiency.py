"""Whether there is enough data to conclude from; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating import RuleSet
from busbar.kit.errors import Refusal
from busbar.kit.money import plain


class UnableToAdvise(Refusal):
    """There is too little data; the message says exactly what is missing."""


@dataclass(frozen=True)
class Coverage:
    """What an account's year holds: its bills, the months without one, and its curves."""

    bills: int
    months_without: Sequence[str]
    days: int
    """Days with any curve."""
    readings: int
    readings_due: int

    @property
    def readings_percent(self) -> Decimal:
        """Share of the readings that are there."""
        return Decimal(self.readings * 100) / max(self.readings_due, 1)


def require_enough(coverage: Coverage, figures: RuleSet) -> None:
    """Raise UnableToAdvise naming everything that falls short."""
    short = []
    bills = figures.integer("advice.minimum_bills")
    if coverage.bills < bills:
        without = "、".join(coverage.months_without)
        which = f"，没有账单的月份：{without}" if without else ""
        short.append(f"账单只有 {coverage.bills} 张，至少要 {bills} 张{which}")
    days = figures.integer("advice.minimum_days")
    if coverage.days < days:
        short.append(
            f"负荷曲线只有 {coverage.days} 天，至少要 {days} 天，还差 {days - coverage.days} 天"
        )
    percent = figures.number("advice.minimum_readings_percent")
    if coverage.readings_due and coverage.readings_percent < percent:
        short.append(
            f"读数完整率 {coverage.readings_percent:.1f}%，至少要 {plain(percent)}%，"
            f"缺 {coverage.readings_due - coverage.readings} 个时段"
        )
    if short:
        raise UnableToAdvise("数据不足，不能给出建议：" + "；".join(short) + "。")
