"""The late-payment charge (电费违约金), day by day at the rate of the day's year and rule set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from busbar.billing.rating.bill_values import BillLine, Quantity
from busbar.billing.rating.calculations import Calculation, Exact, exactly, line
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate, rule_set_on
from busbar.kit.money import plain
from busbar.kit.periods import Period

ZERO = Decimal(0)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Payment:
    """A part of an arrear that was paid: its day still counts as late, the next does not."""

    paid_on: dt.date
    amount_yuan: Decimal


@dataclass(frozen=True, slots=True)
class Arrear:
    """A month's unpaid electricity charge. `due_on` is the last day on which it was in time."""

    id: str
    amount_yuan: Decimal
    due_on: dt.date
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True)
class LateTerms:
    """Whose arrears: residents have one rate; `contract_rate` replaces the others' rates."""

    is_resident: bool = False
    contract_rate: Rule | None = None


@dataclass(frozen=True, slots=True)
class LateSpan:
    """Days with the same unpaid amount, rate and rule set."""

    period: Period
    unpaid_yuan: Decimal
    rate: Rule
    rule_set: RuleSet

    @property
    def exact(self) -> Exact:
        """Unpaid × days × rate."""
        days, rate = self.period.days, self.rate.number()
        formula = f"{plain(self.unpaid_yuan)} × {days} × {plain(rate * 1000)}‰"
        return Exact(self.unpaid_yuan * days * rate, formula)


@exactly
def late_payment(
    arrears: Sequence[Arrear],
    until: dt.date,
    rule_sets: Sequence[RuleSet],
    terms: LateTerms = LateTerms(),
) -> Calculation:
    """Charge on each arrear from the day after it was due up to and with `until`.

    Each day takes the rate of its own calendar year against the year in which the arrear was
    due, under the rule set in force on that day. One line for each stretch with the same unpaid
    amount and rate, rounded once; a total below the last day's minimum is raised to it.
    """
    lines, notes = [], []
    for arrear in arrears:
        spans = list(late_spans(arrear, until, rule_sets, terms))
        if not spans:
            notes.append(f"{arrear.id}：截至 {until} 没有逾期的欠费。")
        lines += [_line(arrear, number, span) for number, span in enumerate(spans, start=1)]
    last = rule_set_on(rule_sets, until)
    raised, note = _minimum(lines, last)
    quantities = [
        Quantity(a.id, f"欠费 {a.id}", a.amount_yuan, "元", evidence=f"交费截止 {a.due_on}")
        for a in arrears
    ]
    return Calculation.of(last, [*lines, *raised], quantities, [*notes, *note])


def late_spans(
    arrear: Arrear, until: dt.date, rule_sets: Sequence[RuleSet], terms: LateTerms
) -> Iterator[LateSpan]:
    """The late days, cut at payments, at New Year and where another rule set begins."""
    start, end = arrear.due_on + _DAY, until + _DAY
    if start >= end:
        return
    cuts = {start, end, *(dt.date(year, 1, 1) for year in range(start.year + 1, end.year + 1))}
    cuts |= {payment.paid_on + _DAY for payment in arrear.payments}
    cuts |= {rule_set.valid_from for rule_set in rule_sets}
    days = sorted(day for day in cuts if start <= day <= end)
    current: LateSpan | None = None
    for first, after in pairwise(days):
        unpaid = _unpaid(arrear, first)
        if not unpaid:
            break
        rule_set = rule_set_on(rule_sets, first)
        span = LateSpan(
            Period(first, after), unpaid, _rate(arrear, first, rule_set, terms), rule_set
        )
        if current and (current.unpaid_yuan, current.rate) == (unpaid, span.rate):
            current = LateSpan(Period(current.period.start, after), unpaid, span.rate, rule_set)
            continue
        if current:
            yield current
        current = span
    if current:
        yield current


def _unpaid(arrear: Arrear, day: dt.date) -> Decimal:
    paid = sum((p.amount_yuan for p in arrear.payments if p.paid_on < day), ZERO)
    if paid > arrear.amount_yuan:
        raise UnableToRate(
            "%(id)s 的付款合计 %(paid)s 元超过欠费金额。", id=arrear.id, paid=plain(paid)
        )
    return arrear.amount_yuan - paid


def _rate(arrear: Arrear, day: dt.date, rule_set: RuleSet, terms: LateTerms) -> Rule:
    if terms.contract_rate is not None:
        return _within_the_law(terms.contract_rate, rule_set)
    if terms.is_resident:
        return rule_set.rule("late_payment.resident_rate")
    if day.year > arrear.due_on.year:
        return rule_set.rule("late_payment.later_year_rate")
    return rule_set.rule("late_payment.same_year_rate")


def _within_the_law(agreed: Rule, rule_set: RuleSet) -> Rule:
    least = rule_set.number("late_payment.least_rate")
    most = rule_set.number("late_payment.most_rate")
    if not least <= agreed.number() <= most:
        article = rule_set.rule("late_payment.most_rate").article
        raise UnableToRate(
            "合同约定的违约金日比例 %(number)s 应在 %(least)s 至 %(most)s 之间（%(article)s）。",
            number=plain(agreed.number()),
            least=plain(least),
            most=plain(most),
            article=article,
        )
    return agreed


def _line(arrear: Arrear, number: int, span: LateSpan) -> BillLine:
    last = span.period.end - _DAY
    return line(
        f"{arrear.id}.{number}",
        f"违约金（{arrear.id}，{span.period.start} 至 {last}，{span.period.days} 天）",
        span.exact,
        span.rule_set,
        span.rate,
        code="late_payment",
        quantity=(span.unpaid_yuan * span.period.days, "元·天"),
        price=(span.rate.number() * 1000, "‰/天"),
        inputs=(arrear.id,),
    )


def _minimum(lines: Sequence[BillLine], rule_set: RuleSet) -> tuple[list[BillLine], list[str]]:
    """What is missing to the minimum, where anything is due; a note where the set has none."""
    total = sum((entry.amount_yuan for entry in lines), ZERO)
    rule = rule_set.find("late_payment.minimum_yuan")
    if not lines:
        return [], []
    if rule is None:
        return [], [f"规则集 {rule_set.code} 没有违约金最低额，按实计收。"]
    least = rule.number()
    if total >= least:
        return [], []
    exact = Exact(least - total, f"{plain(least)} − {plain(total)}")
    based_on = tuple(entry.id for entry in lines)
    name = f"违约金不足 {plain(least)} 元部分"
    return [line("late_payment.minimum", name, exact, rule_set, rule, based_on=based_on)], []
