"""How customers could move between managers so that their loads come level: plain values."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

MOST_MOVES = 200
"""Longer lists nobody reads; the suggestion can be asked for again."""


@dataclass(frozen=True)
class Load:
    """One customer's weight with a manager."""

    customer_id: int
    weight: Decimal


@dataclass(frozen=True)
class Move:
    """One customer from one manager to another."""

    customer_id: int
    from_id: int
    to_id: int
    weight: Decimal


def suggest_moves(
    loads: Mapping[int, list[Load]], *, spread_percent: Decimal, most: int
) -> list[Move]:
    """Moves that bring the heaviest and the lightest within `spread_percent` of the mean.

    Each move takes from the heaviest to the lightest the customer that levels the two best,
    and is made only where it brings them closer; nobody gets more than `most` customers. The
    same loads give the same moves.

    >>> loads = {1: [Load(10, Decimal(4)), Load(11, Decimal(2))], 2: []}
    >>> suggest_moves(loads, spread_percent=Decimal(20), most=150)
    [Move(customer_id=10, from_id=1, to_id=2, weight=Decimal('4'))]
    """
    held = {manager: sorted(rows, key=_place) for manager, rows in loads.items()}
    if len(held) < 2:  # noqa: PLR2004 - between two at least
        return []
    sums = {
        manager: sum((row.weight for row in rows), Decimal(0)) for manager, rows in held.items()
    }
    allowed = sum(sums.values(), Decimal(0)) / len(sums) * spread_percent / 100
    moves: list[Move] = []
    while len(moves) < MOST_MOVES:
        heavy = max(sums, key=lambda manager: (sums[manager], -manager))
        light = min(sums, key=lambda manager: (sums[manager], manager))
        gap = sums[heavy] - sums[light]
        chosen = _best(held[heavy], gap)
        if gap <= allowed or chosen is None or len(held[light]) >= most:
            break
        del held[heavy][bisect_left(held[heavy], _place(chosen), key=_place)]
        insort(held[light], chosen, key=_place)
        sums[heavy] -= chosen.weight
        sums[light] += chosen.weight
        moves.append(Move(chosen.customer_id, heavy, light, chosen.weight))
    return moves


def _place(row: Load) -> tuple[Decimal, int]:
    return row.weight, row.customer_id


def _best(rows: list[Load], gap: Decimal) -> Load | None:
    """The customer whose weight comes nearest to half the gap, of equals the lower id.

    The rows stand by weight: only the next heavier and the next lighter come into question.
    """
    half = gap / 2
    place = bisect_left(rows, half, key=_weight)
    found = [row for row in rows[place : place + 1] if row.weight < gap]
    if place and rows[place - 1].weight > 0:
        found.append(rows[bisect_left(rows, rows[place - 1].weight, key=_weight)])
    return min(found, key=lambda row: (abs(half - row.weight), row.customer_id), default=None)


def _weight(row: Load) -> Decimal:
    return row.weight
