"""Whether a change of supply may be made: every objection at once, each with its clause.

Sources of the figures: 供电营业规则(1996) 第22–36条, 发改办价格〔2016〕1583号,
供电营业规则(2024) 第25条, as the rule's own article says (R42).
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator

from busbar.connections.changes.facts import Objection, Request, Rule, Stay

CONDITIONS = {
    "same_address": "用电地址不变",
    "same_supply_point": "供电点不变",
    "same_capacity": "用电容量不变",
    "same_category": "用电类别不变",
    "same_legal_body": "用电主体不变，仅名称变更",
    "capacity_not_above": "容量不超过原容量（超出部分按增容办理）",
    "debts_settled": "电费债务已结清",
    "device_inspected": "受电装置检验合格",
    "adjacent_sites": "同一地址相邻",
    "separable": "具备分装条件",
    "capacity_stopped": "全部用电容量已停止使用",
    "meter_checked": "计量装置已查验",
    "reduced_before": "有在执行的减容",
    "suspended_before": "有在执行的暂停",
    "removed_before": "有在执行的暂拆",
    "replaced_before": "有在执行的暂换",
}
"""What must hold, in the words of a refusal."""

_UNIT_NAMES = {"day": "天", "working_day": "个工作日"}
_DECEMBER = 12


def objections(request: Request, rule: Rule) -> list[Objection]:
    """Everything that stands against the change, in the order a clerk would check it."""
    if not rule.available:
        return [_no_such_change(rule)]
    found = [
        *_notice(request, rule),
        *_stay(request, rule),
        *_year(request, rule),
        *_repeat(request, rule),
        *_transformers(request, rule),
        *_conditions(request, rule),
    ]
    return [Objection(code, sentence, rule.citation) for code, sentence in found]


def latest_end(starts_on: dt.date, rule: Rule, *, is_high: bool = False) -> dt.date | None:
    """The last day (exclusive) until which one stay may last; None where the rule sets none.

    >>> from busbar.connections.changes.facts import Rule
    >>> rule = Rule("R1996", "temporary_removal", "暂拆", "第28条", "", "C", max_months=6)
    >>> latest_end(dt.date(2025, 8, 31), rule)
    datetime.date(2026, 2, 28)
    """
    months = rule.max_months_high if is_high and rule.max_months_high else rule.max_months
    if months is not None:
        return add_months(starts_on, months)
    if rule.max_days is not None:
        return starts_on + dt.timedelta(days=rule.max_days)
    return None


def add_months(day: dt.date, months: int) -> dt.date:
    """The corresponding day so many months later, or the month's last (民法典 第202条)."""
    ahead = day.year * _DECEMBER + day.month - 1 + months
    year, month = divmod(ahead, _DECEMBER)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _no_such_change(rule: Rule) -> Objection:
    instead = f"，请办理{rule.replaced_by_name}" if rule.replaced_by_name else ""
    return Objection("not_available", f"现行规则没有“{rule.kind_name}”{instead}", rule.citation)


def _notice(request: Request, rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.notice is not None and request.notice_counted < rule.notice:
        unit = _UNIT_NAMES[rule.notice_unit]
        yield (
            "notice",
            f"应提前 {rule.notice} {unit}提出申请，距 {request.starts_on} 只有 "
            f"{max(0, request.notice_counted)} {unit}",
        )


def _stay(request: Request, rule: Rule) -> Iterator[tuple[str, str]]:
    limited = rule.min_days or rule.max_days or rule.max_months or rule.max_days_a_year
    if request.ends_on is None:
        if limited and not rule.max_days:
            yield "end", f"{rule.kind_name}应写明结束日期"
        return
    days = (request.ends_on - request.starts_on).days
    if rule.min_days is not None and days < rule.min_days:
        yield "too_short", f"每次不得少于 {rule.min_days} 天，申请的是 {days} 天"
    is_high = request.voltage_kv >= rule.high_voltage_kv
    end = latest_end(request.starts_on, rule, is_high=is_high)
    if end is not None and request.ends_on > end:
        after = f"；{rule.after}" if rule.after else ""
        yield "too_long", f"最长到 {end}，申请到 {request.ends_on}{after}"


def _year(request: Request, rule: Rule) -> Iterator[tuple[str, str]]:
    if request.ends_on is None:
        return
    year = request.starts_on.year
    times = 1 + sum(stay.start.year == year for stay in request.earlier)
    if rule.max_times_a_year is not None and times > rule.max_times_a_year:
        yield "times", f"{year} 年内最多 {rule.max_times_a_year} 次，本次为第 {times} 次"
    if rule.max_days_a_year is None:
        return
    stays = (*request.earlier, Stay(request.starts_on, request.ends_on))
    for each in range(year, request.ends_on.year + 1):
        used = sum(stay.days_in(each) for stay in stays)
        if used > rule.max_days_a_year:
            after = f"；{rule.after}" if rule.after else ""
            yield (
                "days_a_year",
                f"{each} 年累计不得超过 {rule.max_days_a_year} 天，连同本次为 {used} 天{after}",
            )


def _repeat(request: Request, rule: Rule) -> Iterator[tuple[str, str]]:
    """A stop so soon after the last one ended, or after the supply began (1996 第23条)."""
    if rule.repeat_years is None:
        return
    begins = [stay.end for stay in request.earlier if stay.end <= request.starts_on]
    if request.supplied_since is not None:
        begins.append(request.supplied_since)
    until = max((add_months(day, rule.repeat_years * _DECEMBER) for day in begins), default=None)
    if until is not None and request.starts_on < until:
        share = f"；继续办理的按 {rule.repeat_share:.0%} 计收基本电费" if rule.repeat_share else ""
        yield (
            "repeat",
            f"{rule.kind_name}期满及新装、增容后 {rule.repeat_years} 年内不得再办，"
            f"最早为 {until}{share}",
        )


def _transformers(request: Request, rule: Rule) -> Iterator[tuple[str, str]]:
    if not rule.whole_transformers:
        return
    if not request.stopped_kva and request.kind != "temporary_replacement":
        yield "whole", "应为整台（整组）变压器停用"
    smaller = request.replaced_by_kva
    if smaller is not None and not rule.may_replace_smaller:
        yield "smaller", f"{rule.kind_name}不得以更换变压器办理"
    elif smaller is not None and smaller >= sum(request.stopped_kva):
        yield (
            "smaller",
            f"换上的变压器 {smaller} kVA 应小于换下的 {sum(request.stopped_kva)} kVA",
        )
    demand_stop = rule.all_capacity_by_demand and request.by_demand
    if demand_stop and sum(request.stopped_kva) < request.total_kva:
        yield (
            "all_capacity",
            f"按最大需量计费的应暂停全部容量 {request.total_kva} kVA，"
            f"申请的是 {sum(request.stopped_kva)} kVA",
        )


def _conditions(request: Request, rule: Rule) -> Iterator[tuple[str, str]]:
    for code in rule.conditions:
        if code not in request.held:
            yield code, f"应满足：{CONDITIONS[code]}"
