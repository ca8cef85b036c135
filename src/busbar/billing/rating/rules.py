"""Dated rules as values: every figure knows where it is written and how sure it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from busbar.kit.errors import Phrase, Refusal

RuleValue = Decimal | str | tuple[str, ...]


class UnableToRate(Refusal):
    """The facts of a bill contradict each other or the rule set; the message says which."""


class MultipleRefused(UnableToRate):
    """A multiple of a charge that the rule set does not allow."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One figure of a rule set, or a price: what a bill line stands on.

    `certainty` is A (law, authority), B (exam bank, reprint), C (news, forum, code),
    `unverified`, or `local` (entered by the office or stated in the input).
    """

    code: str
    name: str
    value: RuleValue
    rule_set: str = ""
    unit: str = ""
    article: str = ""
    source: str = ""
    certainty: str = "unverified"

    def number(self) -> Decimal:
        """The value as a number; UnableToRate where it is none."""
        if not isinstance(self.value, Decimal):
            named = Phrase("规则集 %(rule_set)s 的参数", rule_set=self.rule_set)
            name = named if self.rule_set else Phrase("参数")
            raise UnableToRate(
                "%(name)s %(code)s 应为数字，现为 %(value)s。",
                name=name,
                code=self.code,
                value=self.value,
            )
        return self.value


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All figures that hold in `[valid_from, valid_until)`, by code."""

    code: str
    name: str
    valid_from: dt.date
    valid_until: dt.date | None
    figures: Mapping[str, Rule]

    def find(self, code: str) -> Rule | None:
        """The figure, or None where this set has no such rule (e.g. no 260 kWh/kVA discount)."""
        return self.figures.get(code)

    def rule(self, code: str) -> Rule:
        """The figure; UnableToRate when the set does not have it."""
        try:
            return self.figures[code]
        except KeyError:
            raise UnableToRate(
                "规则集 %(rule_set)s 没有参数 %(code)s。", rule_set=self.code, code=code
            ) from None

    def number(self, code: str) -> Decimal:
        """The figure's value as a number."""
        return self.rule(code).number()

    def integer(self, code: str) -> int:
        """The figure's value as a whole number (places, months, days)."""
        return int(self.number(code))

    def replacing(self, rules: Iterable[Rule]) -> RuleSet:
        """This set with some figures replaced, e.g. by a bill's own stated rounding."""
        changed = {rule.code: replace(rule, rule_set=self.code) for rule in rules}
        return replace(self, figures={**self.figures, **changed})


def rule_value(raw: object) -> RuleValue:
    """A value from TOML or JSON: numbers (also as text) become Decimal, lists become tuples.

    >>> rule_value("0.4"), rule_value(30), rule_value(["a"]), rule_value("sum")
    (Decimal('0.4'), Decimal('30'), ('a',), 'sum')
    """
    if isinstance(raw, list | tuple):
        return tuple(str(item) for item in raw)
    try:
        return Decimal(str(raw))
    except InvalidOperation:
        return str(raw)


def rule_sets_from(document: Mapping[str, Any]) -> tuple[RuleSet, ...]:
    """Rule sets of a parsed `pricing/seed/rule_sets.toml`, oldest first."""
    figures: dict[str, dict[str, Rule]] = {entry["code"]: {} for entry in document["rule_set"]}
    for figure in document["figure"]:
        for version in figure["version"]:
            for code in version["rule_sets"]:
                figures[code][figure["code"]] = _rule(figure, version, code)
    sets = [
        RuleSet(
            code=entry["code"],
            name=entry["name"],
            valid_from=entry["valid_from"],
            valid_until=entry.get("valid_until"),
            figures=figures[entry["code"]],
        )
        for entry in document["rule_set"]
    ]
    return tuple(sorted(sets, key=lambda rule_set: rule_set.valid_from))


def _rule(figure: Mapping[str, Any], version: Mapping[str, Any], rule_set: str) -> Rule:
    return Rule(
        code=figure["code"],
        name=figure["name"],
        value=rule_value(version["value"]),
        rule_set=rule_set,
        unit=figure["unit"],
        article=version["article"],
        source=version["source"],
        certainty=version["certainty"],
    )


def rule_set_on(rule_sets: Iterable[RuleSet], day: dt.date) -> RuleSet:
    """The set in force on a day; UnableToRate before the first one."""
    for rule_set in rule_sets:
        ended = rule_set.valid_until is not None and day >= rule_set.valid_until
        if rule_set.valid_from <= day and not ended:
            return rule_set
    raise UnableToRate("%(day)s 没有生效的规则集，请写明 rule_set。", day=day)
