"""How customers could move between managers so that their loads come level: plain values."""

from __future__ import annotations

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
    held = {
        manager: sorted(rows, key=lambda row: row.customer_id) for manager, rows in loads.items()
    }
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
        held[heavy].remove(chosen)
        held[light].append(chosen)
        sums[heavy] -= chosen.weight
        sums[light] += chosen.weight
        moves.append(Move(chosen.customer_id, heavy, light, chosen.weight))
    return moves


def _best(rows: list[Load], gap: Decimal) -> Load | None:
    """The customer whose weight comes nearest to half the gap, of equals the lower id."""
    fitting = [row for row in rows if 0 < row.weight < gap]
    return min(fitting, key=lambda row: (abs(gap / 2 - row.weight), row.customer_id), default=None)
