"""A claim's computation as the template of a bill's lines draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.payments.models import in_yuan


@dataclass(frozen=True)
class ToldLine:
    """One line of the answer, its numbers as numbers."""

    position: int
    id: str
    name: str
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    price_unit: str
    amount: Decimal
    formula: str


@dataclass(frozen=True)
class Why:
    """What a line rests on."""

    line: ToldLine
    inputs: list[dict[str, Any]]
    based_on: list[ToldLine]
    rules: list[dict[str, Any]]

    @property
    def is_unverified(self) -> bool:
        """Whether a rule of it was not checked against its source."""
        return any(rule["certainty"] == "unverified" for rule in self.rules)


@dataclass(frozen=True)
class Told:
    """The whole; `amount` is what the lines come to, `owed` what the customer owes of it.

    They differ in sign where the company pays: then nothing is owed and `owed` is below nought.
    """

    rule_set: str
    whys: list[Why]
    notes: list[str]
    amount: Decimal
    owed: Decimal

    @property
    def paid(self) -> Decimal:
        """What the customer is paid."""
        return -self.owed


def tell(answer: Mapping[str, Any], fen: int) -> Told:
    """The answer of a quotation, and what the customer owes by it in fen."""
    quantities = {row["id"]: row for row in answer["quantities"]}
    lines = {row["id"]: _line(place, row) for place, row in enumerate(answer["lines"], start=1)}
    whys = [
        Why(
            lines[row["id"]],
            [quantities[key] for key in row["inputs"] if key in quantities],
            [lines[key] for key in row["based_on"] if key in lines],
            [row["rule"], *row["also"]],
        )
        for row in answer["lines"]
    ]
    amount = sum((line.amount for line in lines.values()), Decimal("0.00"))
    return Told(answer["rule_set"], whys, list(answer["notes"]), amount, in_yuan(fen))


def _line(position: int, row: Mapping[str, Any]) -> ToldLine:
    return ToldLine(
        position=position,
        id=row["id"],
        name=row["name"],
        quantity=_number(row["quantity"]),
        unit=row["unit"],
        price=_number(row["price"]),
        price_unit=row["price_unit"],
        amount=Decimal(row["amount_yuan"]),
        formula=row["formula"],
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
