"""Where a change of the amount comes from, in parts that add up to the fen (R91)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from busbar.kit.money import to_fen

_NOUGHT = Decimal(0)


@dataclass(frozen=True)
class Stretch:
    """One account's bills of a stretch of months: kWh, yuan, and the yuan of its basic charge."""

    energy_kwh: Decimal
    amount: Decimal
    basic: Decimal

    @property
    def priced(self) -> Decimal:
        """What does not rest on capacity."""
        return self.amount - self.basic


@dataclass(frozen=True)
class Attribution:
    """The parts of a change in yuan; they add up to it exactly."""

    volume: Decimal
    price: Decimal
    capacity: Decimal
    new_sites: Decimal
    lost_sites: Decimal

    @property
    def total(self) -> Decimal:
        """The whole change."""
        return self.volume + self.price + self.capacity + self.new_sites + self.lost_sites


def attribute(before: Mapping[int, Stretch], after: Mapping[int, Stretch]) -> Attribution:
    """By account: new and lost ones whole; of those that stay, volume at the old price, the basic
    charge's own change, and the price for the rest."""
    volume = price = capacity = _NOUGHT
    for pk in before.keys() & after.keys():
        old, new = before[pk], after[pk]
        moved = _at_old_price(old, new)
        volume += moved
        capacity += new.basic - old.basic
        price += new.priced - old.priced - moved
    return Attribution(
        volume=volume,
        price=price,
        capacity=capacity,
        new_sites=sum((after[pk].amount for pk in after.keys() - before.keys()), _NOUGHT),
        lost_sites=-sum((before[pk].amount for pk in before.keys() - after.keys()), _NOUGHT),
    )


def _at_old_price(old: Stretch, new: Stretch) -> Decimal:
    if not old.energy_kwh:
        return _NOUGHT
    return to_fen((new.energy_kwh - old.energy_kwh) * old.priced / old.energy_kwh)
