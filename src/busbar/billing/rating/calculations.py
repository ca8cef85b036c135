"""What a single calculation comes to: lines as on a bill, quantities, notes, figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

from busbar.billing.rating.bill_values import BillLine, Quantity
from busbar.billing.rating.rules import Rule, RuleSet
from busbar.kit.money import plain, round_half_up

ZERO = Decimal(0)
_WIDE = Context(prec=50)
"""Wide enough that only the stated roundings happen."""

P = ParamSpec("P")
T = TypeVar("T")


def exactly(function: Callable[P, T]) -> Callable[P, T]:
    """Run arithmetic in 50 digits, whatever the caller's decimal context."""

    @wraps(function)
    def in_wide_context(*args: P.args, **named: P.kwargs) -> T:
        with localcontext(_WIDE):
            return function(*args, **named)

    return in_wide_context


@dataclass(frozen=True, slots=True)
class Calculation:
    """Lines that add up to `total_yuan`; None where only quantities were asked for.

    Positive amounts are to be paid by the customer, negative ones paid back.
    """

    rule_set: str
    lines: tuple[BillLine, ...]
    quantities: tuple[Quantity, ...] = ()
    notes: tuple[str, ...] = ()
    total_yuan: Decimal | None = None

    @classmethod
    def of(
        cls,
        rule_set: RuleSet,
        lines: Sequence[BillLine],
        quantities: Sequence[Quantity] = (),
        notes: Sequence[str] = (),
    ) -> Calculation:
        """A calculation whose total is the sum of its lines."""
        total = sum((line.amount_yuan for line in lines), ZERO)
        return cls(rule_set.code, tuple(lines), tuple(quantities), tuple(notes), total)


@dataclass(frozen=True, slots=True)
class Exact:
    """An amount before rounding, as `numerator` ÷ `divisor`, and the arithmetic behind it.

    Multiples are taken on the exact amount and rounded once (先乘倍数再取整). The division comes
    last: three times a third is one, and a half fen stays a half.
    """

    numerator: Decimal
    formula: str
    divisor: Decimal = Decimal(1)

    @property
    def yuan(self) -> Decimal:
        """The amount, divided once."""
        return self.numerator / self.divisor


def line(
    identity: str,
    name: str,
    exact: Exact,
    rule_set: RuleSet,
    rule: Rule,
    *,
    code: str = "",
    quantity: tuple[Decimal, str] | None = None,
    price: tuple[Decimal, str] | None = None,
    also: tuple[Rule, ...] = (),
    inputs: tuple[str, ...] = (),
    based_on: tuple[str, ...] = (),
) -> BillLine:
    """A line whose amount is the exact one, rounded to the rule set's places, half up.

    `quantity` and `price` are numbers with their units; without them the line is one item.
    """
    places = rule_set.rule("rounding.amount_places")
    amount = round_half_up(exact.yuan, rule_set.integer(places.code))
    number, unit = quantity or (Decimal(1), "项")
    each, price_unit = price or (amount, "元")
    return BillLine(
        id=identity,
        code=code or identity,
        name=name,
        quantity=number,
        unit=unit,
        price=each,
        price_unit=price_unit,
        amount_yuan=amount,
        formula=f"{exact.formula} = {amount} 元",
        rule=rule,
        also=(*also, places),
        inputs=inputs,
        based_on=based_on,
    )


def times(base: Exact, multiple: Decimal) -> Exact:
    """A multiple of an exact amount, with its arithmetic."""
    formula = f"{_bracketed(base.formula)} × {plain(multiple)}"
    return Exact(base.numerator * multiple, formula, base.divisor)


def _bracketed(formula: str) -> str:
    return f"({formula})" if " + " in formula or " − " in formula else formula
