"""Energy at a price of its own for every interval: Σ energy × price, exact, rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating.calculations import exactly
from busbar.billing.rating.rules import Rule, UnableToRate
from busbar.kit.money import plain

_MILLI = 3


@dataclass(frozen=True, slots=True)
class SeriesCost:
    """What a series of intervals came to: energy and cost exactly, and how many there were.

    `evidence` names the readings and the version of the prices behind it.
    """

    id: str
    name: str
    energy_kwh: Decimal
    cost_yuan: Decimal
    intervals: int
    rule: Rule
    evidence: str = ""

    @property
    def formula(self) -> str:
        """The sum with its numbers."""
        return f"Σ {self.intervals} 个时段(电量 × 电价)（{plain(self.energy_kwh)} kWh）"


@exactly
def series_cost(
    energies_wh: Sequence[int],
    prices: Sequence[Decimal],
    *,
    identity: str,
    name: str,
    rule: Rule,
    evidence: str = "",
) -> SeriesCost:
    """Σ energy × price over intervals of equal number, in whole numbers throughout.

    Energies in Wh, prices in yuan/kWh (negative ones too): every price is taken as a whole
    number of its finest decimal place, so that the sum carries no rounding.

    >>> free = Rule("series", "现货", "")
    >>> cost = series_cost([1500, 2001], [Decimal("0.3"), Decimal("-0.05")],
    ...                    identity="d", name="d", rule=free)
    >>> cost.energy_kwh, cost.cost_yuan
    (Decimal('3.501'), Decimal('0.34995'))
    """
    if len(energies_wh) != len(prices):
        raise UnableToRate(
            "%(name)s 的电量有 %(energies)s 个时段，电价有 %(prices)s 个时段，应相等。",
            name=name,
            energies=len(energies_wh),
            prices=len(prices),
        )
    places = max((_places(price) for price in prices), default=0)
    whole = [int(price.scaleb(places)) for price in prices]
    units = sum(wh * price for wh, price in zip(energies_wh, whole, strict=True))
    return SeriesCost(
        id=identity,
        name=name,
        energy_kwh=Decimal(sum(energies_wh)).scaleb(-_MILLI),
        cost_yuan=Decimal(units).scaleb(-_MILLI - places),
        intervals=len(prices),
        rule=rule,
        evidence=evidence,
    )


def _places(price: Decimal) -> int:
    exponent = price.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
