"""Indicators of billing work: the error rate of charges and the share of meters read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Literal

from busbar.billing.rating.calculations import exactly
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.kit.money import plain

ZERO = Decimal(0)
RoundingWay = Literal["half_up", "down"]
_WAYS = {"half_up": (ROUND_HALF_UP, "四舍五入"), "down": (ROUND_DOWN, "截去")}
EXACT_PLACES = 6


@dataclass(frozen=True, slots=True)
class Indicator:
    """A percentage: as stated, with more places, how it was rounded, and why."""

    id: str
    name: str
    percent: Decimal
    unrounded_percent: Decimal
    rounding: str
    formula: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class ReadingClass:
    """Meters of one class: how many were to be read, not read, read by estimate only."""

    id: str
    name: str
    due: int
    missed: int = 0
    estimated: int = 0

    @property
    def read(self) -> int:
        """Meters really read: an estimate is none."""
        return self.due - self.missed - self.estimated


@dataclass(frozen=True, slots=True)
class Rounding:
    """Places and way of a percentage; places None takes the rule set's."""

    places: int | None = None
    way: RoundingWay = "half_up"


@exactly
def error_rate(
    charged_yuan: Decimal,
    over_yuan: Sequence[Decimal],
    under_yuan: Sequence[Decimal],
    rule_set: RuleSet,
    rounding: Rounding = Rounding(),
) -> Indicator:
    """差错率: the sum of absolute errors, over- and undercharged, by the period's new charges."""
    if not charged_yuan:
        raise UnableToRate("差错率的分母（新发生电费）不应为 0。")
    errors = [*under_yuan, *over_yuan]
    wrong = sum(errors, ZERO)
    shown = " + ".join(plain(amount) for amount in errors) or "0"
    shown = f"({shown})" if len(errors) > 1 else shown
    formula = f"{shown} ÷ {plain(charged_yuan)}"
    return _indicator(
        "error_rate", "电费差错率", (wrong, charged_yuan), formula, rule_set, rounding
    )


@exactly
def reading_rates(
    classes: Sequence[ReadingClass],
    rule_set: RuleSet,
    rounding: Rounding = Rounding(),
) -> list[Indicator]:
    """实抄率 of each class and, of several, of all together."""
    everything = ReadingClass(
        "all", "综合", sum(c.due for c in classes),
        sum(c.missed for c in classes), sum(c.estimated for c in classes),
    )  # fmt: skip
    rated = [*classes, everything] if len(classes) > 1 else list(classes)
    return [_reading_rate(entry, rule_set, rounding) for entry in rated]


def _reading_rate(entry: ReadingClass, rule_set: RuleSet, rounding: Rounding) -> Indicator:
    if entry.read < 0 or not entry.due:
        raise UnableToRate(
            "%(name)s：应抄户数须大于 0，漏抄与估抄之和不得超过应抄户数。", name=entry.name
        )
    formula = f"({entry.due} − {entry.missed} − {entry.estimated}) ÷ {entry.due}"
    fraction = (Decimal(entry.read), Decimal(entry.due))
    code = f"reading_rate.{entry.id}"
    return _indicator(code, f"{entry.name}实抄率", fraction, formula, rule_set, rounding)


def _indicator(
    identity: str,
    name: str,
    fraction: tuple[Decimal, Decimal],
    formula: str,
    rule_set: RuleSet,
    rounding: Rounding,
) -> Indicator:
    code = f"indicator.{identity.partition('.')[0]}"
    places = rounding.places
    if places is None:
        places = rule_set.integer(f"{code}_places")
    way, shown_way = _WAYS[rounding.way]
    numerator, denominator = fraction
    exact = numerator * 100 / denominator
    percent = exact.quantize(Decimal(1).scaleb(-places), rounding=way)
    longer = exact.quantize(Decimal(1).scaleb(-EXACT_PLACES), rounding=ROUND_HALF_UP)
    return Indicator(
        id=identity,
        name=name,
        percent=percent,
        unrounded_percent=longer,
        rounding=f"{shown_way}到 {places} 位小数",
        formula=f"{formula} = {format(percent, 'f')}%",
        rule=rule_set.rule(code),
    )
