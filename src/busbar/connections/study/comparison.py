"""One table of all alternatives, and a ranking whose weights are handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.connections.study.alternatives import Alternative
from busbar.connections.study.parameters import Criterion
from busbar.kit.money import plain, round_half_up

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)


@dataclass(frozen=True, slots=True)
class Cell:
    """An alternative's figure in a row and its mark, 1 the best, None where it is not ranked."""

    value: Decimal | None
    mark: Decimal | None


@dataclass(frozen=True, slots=True)
class Row:
    """A criterion across the alternatives, in their order."""

    criterion: Criterion
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows of criteria, scores in the order of the alternatives, the recommended one and why.

    `recommended` is the alternative's number, None where none is acceptable.
    """

    rows: tuple[Row, ...]
    scores: tuple[Decimal | None, ...]
    recommended: int | None
    reasons: tuple[str, ...]


def compare(alternatives: Sequence[Alternative], criteria: Sequence[Criterion]) -> Comparison:
    """Mark each criterion from 1 (lowest figure) to 0 (highest) over the acceptable alternatives.

    Score = Σ weight × mark ÷ Σ weight × 100; an unknown figure is marked 0. Of equal scores the
    lower investment wins, then the earlier number. What is not acceptable is shown, not ranked.
    """
    rows = tuple(_row(criterion, alternatives) for criterion in criteria)
    scores = tuple(
        _score(place, rows) if one.is_acceptable else None for place, one in enumerate(alternatives)
    )
    ranked = sorted(
        (one for one in alternatives if one.is_acceptable),
        key=lambda one: (-(scores[one.number - 1] or ZERO), _investment(one), one.number),
    )
    if not ranked:
        return Comparison(rows, scores, None, ("没有一个方案既可行又符合全部强制规则。",))
    return Comparison(rows, scores, ranked[0].number, _reasons(ranked, rows, scores))


def _row(criterion: Criterion, alternatives: Sequence[Alternative]) -> Row:
    values = [one.measures.get(criterion.code) for one in alternatives]
    ranked = [
        value
        for value, one in zip(values, alternatives, strict=True)
        if one.is_acceptable and value is not None
    ]
    cells = tuple(
        Cell(value, _mark(value, ranked) if one.is_acceptable else None)
        for value, one in zip(values, alternatives, strict=True)
    )
    return Row(criterion, cells)


def _mark(value: Decimal | None, ranked: Sequence[Decimal]) -> Decimal:
    if value is None:
        return ZERO
    best, worst = min(ranked), max(ranked)
    return ONE if best == worst else round_half_up((worst - value) / (worst - best), 4)


def _score(place: int, rows: Sequence[Row]) -> Decimal:
    weights = sum((row.criterion.weight for row in rows), ZERO)
    if not weights:
        return ZERO
    points = sum((row.criterion.weight * (row.cells[place].mark or ZERO) for row in rows), ZERO)
    return round_half_up(points * HUNDRED / weights, 1)


def _investment(one: Alternative) -> Decimal:
    return one.investment.total_yuan if one.investment else Decimal("Infinity")


def _reasons(
    ranked: Sequence[Alternative], rows: Sequence[Row], scores: Sequence[Decimal | None]
) -> tuple[str, ...]:
    """The score with its parts, where it is the best, and what it leaves behind."""
    first = ranked[0]
    place = first.number - 1
    terms = [
        f"{row.criterion.name} {plain(row.criterion.weight)}×{plain(row.cells[place].mark or ZERO)}"
        for row in rows
    ]
    total = plain(sum((row.criterion.weight for row in rows), ZERO))
    reasons = [
        f"方案{first.number}（{first.plan.name}）加权得分 {scores[place]}："
        f"({' + '.join(terms)}) ÷ {total} × 100"
    ]
    best = [row.criterion.name for row in rows if row.cells[place].mark == ONE]
    if best and len(ranked) > 1:
        reasons.append(f"在可行方案中{'、'.join(best)}最优或并列最优")
    if len(ranked) > 1:
        second = ranked[1]
        reasons.append(
            f"其次为方案{second.number}（{second.plan.name}），得分 {scores[second.number - 1]}"
        )
    else:
        reasons.append("其余方案不可行或不符合强制规则")
    return tuple(reasons)
