"""May the basic charge's mode, or the contract demand, be changed? Refusals with their clause."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from busbar.billing.rating.basic import months_later
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.kit.money import plain

_QUARTER = 3
MODE_NAMES = {
    "capacity": "按变压器容量",
    "contract_demand": "按合同最大需量",
    "actual_demand": "按实际最大需量",
}


class ChangeRefused(UnableToRate):
    """The change is not allowed: `reason` is the sentence by itself, `rule` what forbids it."""

    def __init__(self, reason: str, rule: Rule) -> None:
        """The message names the clause after the reason."""
        super().__init__(f"{reason}{_clause(rule)}。")
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
        raise ChangeRefused(f"规则集 {rule_set.code} 没有{name}计收的方式", modes)
    interval = rule_set.rule("basic_charge.mode_change_months")
    notice = rule_set.find("basic_charge.mode_change_notice_working_days")
    starts = rule_set.rule("basic_charge.mode_change_starts")
    return (modes, *_allowed("基本电费计收方式", change, rule_set, (interval, notice, starts)))


def check_contract_change(change: WantedChange, rule_set: RuleSet) -> tuple[Rule, ...]:
    """The rules that allow another contract demand; ChangeRefused with the clause that does not."""
    interval = rule_set.rule("demand.contract_change_months")
    notice = rule_set.find("demand.contract_change_notice_working_days")
    starts = rule_set.rule("demand.contract_change_starts")
    return _allowed("合同最大需量核定值", change, rule_set, (interval, notice, starts))


def _allowed(
    noun: str,
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


def _check_interval(noun: str, change: WantedChange, rule: Rule, rule_set: RuleSet) -> None:
    if change.present_since is None:
        return
    earliest = months_later(change.present_since, rule_set.integer(rule.code))
    if change.effective_from < earliest:
        raise ChangeRefused(
            f"{noun}自 {change.present_since} 起执行，{plain(rule_set.number(rule.code))} 个月内"
            f"不得再变更，最早 {earliest}",
            rule,
        )


def _check_notice(noun: str, change: WantedChange, rule: Rule, rule_set: RuleSet) -> None:
    least = rule_set.integer(rule.code)
    if change.notice_working_days < least:
        raise ChangeRefused(
            f"变更{noun}应提前 {least} 个工作日申请，现提前 {change.notice_working_days} 个工作日",
            rule,
        )


def _check_start(noun: str, change: WantedChange, rule: Rule) -> None:
    day = change.effective_from
    wanted = {
        "quarter": ("季度首日", day.day == 1 and day.month % _QUARTER == 1),
        "month": ("月初", day.day == 1),
        "reading_period": (f"抄表结算周期首日（每月 {change.reading_day} 日）",
                           day.day == change.reading_day),
    }  # fmt: skip
    name, fits = wanted[str(rule.value)]
    if not fits:
        raise ChangeRefused(f"变更{noun}应自{name}起执行，现为 {day}", rule)


def _clause(rule: Rule) -> str:
    where = rule.article or rule.source
    return f"（{where}）" if where else ""
