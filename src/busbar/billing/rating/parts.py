"""The parts of a bill under one rule set each, where a set takes over inside the period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from busbar.billing.rating.rules import RuleSet, UnableToRate
from busbar.billing.rating.shares import cut
from busbar.billing.rating.values import BillInput, Segment
from busbar.kit.periods import Period


@dataclass(frozen=True, slots=True)
class Part:
    """Days of the bill under one rule set."""

    period: Period
    rule_set: RuleSet


def parts_of(bill_input: BillInput) -> tuple[Part, ...]:
    """The bill's days by rule set, in order; one part where no set takes over."""
    period, later = bill_input.period, bill_input.later_rule_sets
    if not later:
        return (Part(period, bill_input.rule_set),)
    for rule_set in later:
        if not period.start < rule_set.valid_from < period.end:
            raise UnableToRate(
                "规则集 %(rule_set)s 自 %(valid_from)s 生效，不在账期之内。",
                rule_set=rule_set.code,
                valid_from=rule_set.valid_from,
            )
    by_start = {rule_set.valid_from: rule_set for rule_set in later}
    by_start[period.start] = bill_input.rule_set
    spans = cut(period, by_start)
    return tuple(Part(span, by_start[span.start]) for span in spans)


def part_of(segment: Segment, parts: Sequence[Part]) -> Part:
    """The part in which a segment begins: its rule set rates it."""
    for part in parts:
        if segment.period.start in part.period:
            return part
    return parts[-1]


def crossing_note(segment: Segment, part: Part) -> str:
    """A sentence where a segment runs beyond its part, else nothing."""
    if segment.period.end <= part.period.end:
        return ""
    return (
        f"计费段 {segment.id} 跨过规则集变更日 {part.period.end}，"
        f"没有该日示数，整段按 {part.rule_set.code} 计。"
    )
