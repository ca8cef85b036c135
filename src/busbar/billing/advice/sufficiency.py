"""Whether there is enough data to conclude from; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating import RuleSet
from busbar.kit.errors import Listing, Reasons, Refusal
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
    short = [*_few_bills(coverage, figures), *_few_curves(coverage, figures)]
    if short:
        raise UnableToAdvise("数据不足，不能给出建议：%(short)s。", short=Reasons(short))


def _few_bills(coverage: Coverage, figures: RuleSet) -> Iterator[Refusal]:
    least = figures.integer("advice.minimum_bills")
    if coverage.bills >= least:
        return
    if not coverage.months_without:
        yield Refusal(
            "账单只有 %(bills)s 张，至少要 %(least)s 张", bills=coverage.bills, least=least
        )
        return
    yield Refusal(
        "账单只有 %(bills)s 张，至少要 %(least)s 张，没有账单的月份：%(without)s",
        bills=coverage.bills,
        least=least,
        without=Listing(coverage.months_without),
    )


def _few_curves(coverage: Coverage, figures: RuleSet) -> Iterator[Refusal]:
    days = figures.integer("advice.minimum_days")
    if coverage.days < days:
        yield Refusal(
            "负荷曲线只有 %(days)s 天，至少要 %(least)s 天，还差 %(more)s 天",
            days=coverage.days,
            least=days,
            more=days - coverage.days,
        )
    percent = figures.number("advice.minimum_readings_percent")
    if coverage.readings_due and coverage.readings_percent < percent:
        yield Refusal(
            "读数完整率 %(share)s%%，至少要 %(least)s%%，缺 %(absent)s 个时段",
            share=f"{coverage.readings_percent:.1f}",
            least=plain(percent),
            absent=coverage.readings_due - coverage.readings,
        )
