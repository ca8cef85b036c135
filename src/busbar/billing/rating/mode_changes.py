"""May the basic charge's mode, or the contract demand, be changed? Refusals with their clause."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from busbar.billing.rating.basic import months_later
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.kit.errors import Phrase
from busbar.kit.money import plain
from busbar.kit.phrases import nothing

_QUARTER = 3
MODE_NAMES = {
    "capacity": Phrase("按变压器容量"),
    "contract_demand": Phrase("按合同最大需量"),
    "actual_demand": Phrase("按实际最大需量"),
}


class ChangeRefused(UnableToRate):
    """The change is not allowed: `reason` is the sentence by itself, `rule` what forbids it."""

    def __init__(self, sentence: str, rule: Rule, **values: object) -> None:
        """The message names the clause after the reason."""
        reason = Phrase(sentence, **values)
        super().__init__("%(reason)s%(clause)s。", reason=reason, clause=_clause(rule))
        self.reason, self.rule = reason, rule


@dataclass(frozen=True, slots=True)
class WantedChange:
    """A change applied for: from when, since when the present holds, and the notice given.

    `notice_working_days` counts the working days from the application up to the change.
    `reading_day` is the day of the month on which the billing period begins.
    """

    effective_from: dt.date
    present_since: dt.date | None
    notice_working_days: int
    reading_day: int = 1


def check_mode_change(change: WantedChange, mode: str, rule_set: RuleSet) -> tuple[Rule, ...]:
    """The rules that allow the change of mode; ChangeRefused with the clause that does not."""
    modes = rule_set.rule("basic_charge.modes")
    if not isinstance(modes.value, tuple) or mode not in modes.value:
        name = MODE_NAMES.get(mode, mode)
        raise ChangeRefused(
            "规则集 %(rule_set)s 没有%(name)s计收的方式", modes, rule_set=rule_set.code, name=name
        )
    interval = rule_set.rule("basic_charge.mode_change_months")
    notice = rule_set.find("basic_charge.mode_change_notice_working_days")
    starts = rule_set.rule("basic_charge.mode_change_starts")
    return (
        modes,
        *_allowed(Phrase("基本电费计收方式"), change, rule_set, (interval, notice, starts)),
    )


def check_contract_change(change: WantedChange, rule_set: RuleSet) -> tuple[Rule, ...]:
    """The rules that allow another contract demand; ChangeRefused with the clause that does not."""
    interval = rule_set.rule("demand.contract_change_months")
    notice = rule_set.find("demand.contract_change_notice_working_days")
    starts = rule_set.rule("demand.contract_change_starts")
    return _allowed(Phrase("合同最大需量核定值"), change, rule_set, (interval, notice, starts))


def _allowed(
    noun: Phrase,
    change: WantedChange,
    rule_set: RuleSet,
    rules: tuple[Rule, Rule | None, Rule],
) -> tuple[Rule, ...]:
    interval, notice, starts = rules
    _check_interval(noun, change, interval, rule_set)
    if notice is not None:
        _check_notice(noun, change, notice, rule_set)
    _check_start(noun, change, starts)
    return tuple(rule for rule in rules if rule is not None)


def _check_interval(noun: Phrase, change: WantedChange, rule: Rule, rule_set: RuleSet) -> None:
    if change.present_since is None:
        return
    earliest = months_later(change.present_since, rule_set.integer(rule.code))
    if change.effective_from < earliest:
        raise ChangeRefused(
            "%(noun)s自 %(present_since)s 起执行，%(months)s 个月内不得再变更，最早 %(earliest)s",
            rule,
            noun=noun,
            present_since=change.present_since,
            months=plain(rule_set.number(rule.code)),
            earliest=earliest,
        )


def _check_notice(noun: Phrase, change: WantedChange, rule: Rule, rule_set: RuleSet) -> None:
    least = rule_set.integer(rule.code)
    if change.notice_working_days < least:
        raise ChangeRefused(
            "变更%(noun)s应提前 %(least)s 个工作日申请，现提前 %(notice_working_days)s 个工作日",
            rule,
            noun=noun,
            least=least,
            notice_working_days=change.notice_working_days,
        )


def _check_start(noun: Phrase, change: WantedChange, rule: Rule) -> None:
    day = change.effective_from
    wanted = {
        "quarter": (Phrase("季度首日"), day.day == 1 and day.month % _QUARTER == 1),
        "month": (Phrase("月初"), day.day == 1),
        "reading_period": (Phrase("抄表结算周期首日（每月 %(day)s 日）", day=change.reading_day),
                           day.day == change.reading_day),
    }  # fmt: skip
    name, fits = wanted[str(rule.value)]
    if not fits:
        raise ChangeRefused(
            "变更%(noun)s应自%(name)s起执行，现为 %(day)s", rule, noun=noun, name=name, day=day
        )


def _clause(rule: Rule) -> Phrase:
    where = rule.article or rule.source
    return Phrase("（%(where)s）", where=where) if where else nothing()
