"""Sums that remember their terms, and what a segment's energy comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from busbar.billing.rating.bill_values import Quantity
from busbar.billing.rating.rules import Rule
from busbar.billing.rating.values import Deduction, PricePeriod, Segment
from busbar.kit.money import plain

ZERO = Decimal(0)


@dataclass(slots=True)
class Tally:
    """A sum that remembers its terms and where they came from."""

    kwh: Decimal = ZERO
    terms: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)

    def add(self, kwh: Decimal, inputs: Iterable[str]) -> None:
        """Add a term; negative ones are taken off."""
        self.kwh += kwh
        self.terms.append(plain(kwh))
        self.inputs += inputs

    def expression(self) -> str:
        """The sum as written: `(36000 − 8000 − 6000)`, or the number alone."""
        text = " + ".join(self.terms).replace("+ -", "− ")
        return f"({text})" if len(self.terms) > 1 else text or "0"


@dataclass(slots=True)
class SegmentEnergy:
    """What a segment comes to: billed energy by period, deductions, power-factor quantities.

    `shaped_by` holds the rules, beside the roundings, that shaped a period's energy.
    """

    segment: Segment
    billed: dict[PricePeriod, Tally] = field(default_factory=dict)
    deducted: list[tuple[Deduction, Decimal]] = field(default_factory=list)
    total: Tally = field(default_factory=Tally)
    active: Tally = field(default_factory=Tally)
    reactive: Tally = field(default_factory=Tally)
    quantities: list[Quantity] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shaped_by: dict[PricePeriod, list[Rule]] = field(default_factory=dict)

    @property
    def deducted_kwh(self) -> Decimal:
        """Energy with its own price: lighting, residents."""
        return sum((kwh for _, kwh in self.deducted), ZERO)

    def period_or_flat(self, period: PricePeriod | None) -> PricePeriod:
        """The period named, flat where none is; all day at a single rate."""
        if self.segment.tariff.is_single_rate:
            return "total"
        return period or "flat"
