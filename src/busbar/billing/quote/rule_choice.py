"""Which rule sets a document goes by: named or by date, with the document's own figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from busbar.billing import rating
from busbar.billing.quote import documents as doc
from busbar.billing.quote import seeds


def rule_set_for(document: doc.Facts, day: dt.date | None) -> rating.RuleSet:
    """The set named, or the one in force on the day."""
    if document.rule_set is not None:
        return _with_figures([seeds.rule_set(document.rule_set)], document)[0]
    if day is None:
        raise rating.UnableToRate("须填写日期或规则集 rule_set。")
    return _with_figures([rating.rule_set_on(seeds.rule_sets(), day)], document)[0]


def rule_sets_of(document: doc.CommonFacts) -> tuple[rating.RuleSet, ...]:
    """The set of the period's first day, then those that take over inside it; or the named one."""
    if document.rule_set is not None:
        return _with_figures([seeds.rule_set(document.rule_set)], document)
    start, end = document.period.start, document.period.end
    first = rating.rule_set_on(seeds.rule_sets(), start)
    later = [entry for entry in seeds.rule_sets() if start < entry.valid_from < end]
    return _with_figures([first, *later], document)


def rule_sets_by_day(document: doc.Facts) -> tuple[rating.RuleSet, ...]:
    """All sets by validity, or the named one for every day."""
    if document.rule_set is None:
        return _with_figures(seeds.rule_sets(), document)
    named = seeds.rule_set(document.rule_set)
    return _with_figures([replace(named, valid_from=dt.date.min, valid_until=None)], document)


def _with_figures(
    rule_sets: Sequence[rating.RuleSet], document: doc.Facts
) -> tuple[rating.RuleSet, ...]:
    """The sets with the document's figures where they have them; one that none has is refused."""
    entries = document.rule_overrides
    for entry in entries:
        if not any(rule_set.find(entry.code) for rule_set in rule_sets):
            rule_sets[0].rule(entry.code)
    return tuple(
        rule_set.replacing(_stated(rule_set, e) for e in entries if rule_set.find(e.code))
        for rule_set in rule_sets
    )


def _stated(rule_set: rating.RuleSet, entry: doc.OverriddenRule) -> rating.Rule:
    known = rule_set.rule(entry.code)
    return rating.Rule(
        code=entry.code,
        name=known.name,
        value=entry.value,
        unit=known.unit,
        source=entry.source,
        certainty="local",
    )
