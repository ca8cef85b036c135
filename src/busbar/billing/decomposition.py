"""Why a bill differs from the month before: volume, season, hours, peak, price, power factor.

Plain arithmetic on the lines of two bills; the effects add up to the difference to the fen (N7).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

ZERO = Decimal(0)
_FEN = Decimal("0.01")


class Effect(StrEnum):
    """What moved, in the order in which it is told."""

    VOLUME = "volume"
    SEASON = "season"
    HOURS = "hours"
    PEAK = "peak"
    PRICE = "price"
    POWER_FACTOR = "power_factor"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: quantity × price (a percentage for the power factor), amount in yuan.

    `based_on` are the ids of the lines whose amounts the power factor adjusts.
    """

    id: str
    code: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    based_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two bills; `hours` is each price period's share of the month's hours, of one."""

    lines: Sequence[Line]
    hours: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class _Sum:
    """Lines of one code together, at their mean price."""

    quantity: Decimal
    amount: Decimal

    @property
    def price(self) -> Decimal:
        return self.amount / self.quantity if self.quantity else ZERO


Effects = dict[Effect, Decimal]


def decompose(before: Side, after: Side) -> Effects:
    """The difference of two bills by effect, in yuan; the effects add up to it exactly.

    - volume: as much more or less energy, spread over the periods as before, at the old prices;
    - season: the calendar gave the price periods other shares of the hours (尖峰月份, 节假日);
    - hours: what the customer itself moved between the periods beyond that;
    - peak: capacity or demand that is charged, at the old price;
    - price: new quantities × change of price; a charge that did not exist before is all price;
    - power factor: the new base × change of the percentage. Where the base moved, the old
      percentage follows each effect that moved it;
    - other: a basic charge counted in another way, and rounding.
    """
    old, new = _by_code(before.lines), _by_code(after.lines)
    adjusted = _adjusted(before.lines) | _adjusted(after.lines)
    inside: Effects = defaultdict(lambda: ZERO)
    outside: Effects = defaultdict(lambda: ZERO)
    for code in old.keys() | new.keys():
        if code != "power_factor" and not code.startswith("energy."):
            into = inside if code in adjusted else outside
            _add(into, _charge(code, old.get(code), new.get(code)))
    _add(inside, _energy(old, new, before.hours, after.hours))
    factor = _power_factor(before.lines, after.lines, inside)
    exact = {effect: inside[effect] + outside[effect] + factor[effect] for effect in Effect}
    difference = sum((x.amount for x in after.lines), ZERO) - sum(
        (x.amount for x in before.lines), ZERO
    )
    exact[Effect.OTHER] += difference - sum(exact.values(), ZERO)
    return _to_the_fen(exact, difference)


def _by_code(lines: Iterable[Line]) -> dict[str, _Sum]:
    sums: dict[str, _Sum] = {}
    for line in lines:
        so_far = sums.get(line.code, _Sum(ZERO, ZERO))
        sums[line.code] = _Sum(so_far.quantity + line.quantity, so_far.amount + line.amount)
    return sums


def _adjusted(lines: Sequence[Line]) -> set[str]:
    """Codes of the lines that a power factor adjusts."""
    ids = {key for line in lines for key in line.based_on}
    return {line.code for line in lines if line.id in ids}


def _charge(code: str, old: _Sum | None, new: _Sum | None) -> Effects:
    """A basic charge, or a charge per kWh."""
    is_basic = code.startswith("basic.")
    if old is None or new is None:
        change = (new.amount if new else ZERO) - (old.amount if old else ZERO)
        return {Effect.OTHER if is_basic else Effect.PRICE: change}
    by_quantity = old.price * (new.quantity - old.quantity)
    return {
        Effect.PEAK if is_basic else Effect.VOLUME: by_quantity,
        Effect.PRICE: new.amount - old.amount - by_quantity,
    }


def _energy(
    old: Mapping[str, _Sum],
    new: Mapping[str, _Sum],
    hours_before: Mapping[str, Decimal],
    hours_after: Mapping[str, Decimal],
) -> Effects:
    codes = sorted(code for code in old.keys() | new.keys() if code.startswith("energy."))
    nothing = _Sum(ZERO, ZERO)
    total_before = sum((old.get(code, nothing).quantity for code in codes), ZERO)
    total_after = sum((new.get(code, nothing).quantity for code in codes), ZERO)
    growth = total_after / total_before if total_before else ZERO
    found: Effects = defaultdict(lambda: ZERO)
    for code in codes:
        was, now = old.get(code, nothing), new.get(code, nothing)
        # A period that the other month does not know has no other price: all of it is quantity.
        price = was.price if was.quantity else now.price
        period = code.removeprefix("energy.")
        shift = hours_after.get(period, ZERO) - hours_before.get(period, ZERO)
        season = price * shift * total_after if total_before else ZERO
        by_quantity = price * (now.quantity - was.quantity)
        grown = price * was.quantity * (growth - 1) if total_before else by_quantity
        _add(
            found,
            {
                Effect.VOLUME: grown,
                Effect.SEASON: season,
                Effect.HOURS: by_quantity - grown - season,
                Effect.PRICE: now.amount - was.amount - by_quantity,
            },
        )
    return found


def _power_factor(before: Sequence[Line], after: Sequence[Line], base: Effects) -> Effects:
    """The percentage's change on the new base; the base's own effects at the old percentage."""
    old = _by_code(x for x in before if x.code == "power_factor").get("power_factor")
    new = _by_code(x for x in after if x.code == "power_factor").get("power_factor")
    found: Effects = defaultdict(lambda: ZERO)
    rate_before, rate_after = (side.price if side else ZERO for side in (old, new))
    found[Effect.POWER_FACTOR] = (rate_after - rate_before) * (
        new or old or _Sum(ZERO, ZERO)
    ).quantity
    if old and new:
        _add(found, {effect: rate_before * amount for effect, amount in base.items()})
    return found


def _add(into: Effects, more: Mapping[Effect, Decimal]) -> None:
    for effect, amount in more.items():
        into[effect] = into[effect] + amount


def _to_the_fen(exact: Effects, difference: Decimal) -> Effects:
    """Round so that the sum stays: the largest remainders take the fen that are left."""
    floors = {effect: amount.quantize(_FEN, ROUND_FLOOR) for effect, amount in exact.items()}
    left = int((difference - sum(floors.values(), ZERO)) / _FEN)
    by_remainder = sorted(exact, key=lambda effect: floors[effect] - exact[effect])
    for effect in by_remainder[:left]:
        floors[effect] += _FEN
    return floors
