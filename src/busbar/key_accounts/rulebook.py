"""Policies and figures as JSON keeps them: what a run judged by, and what it judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from busbar.key_accounts.recognizing import (
    Criterion,
    Figure,
    Judgement,
    Outcome,
    Policy,
    Standing,
    Value,
)
from busbar.kit.periods import Month

Json = dict[str, Any]


def write_policies(policies: Sequence[Policy]) -> list[Json]:
    """The policies as a run keeps them."""
    return [
        {
            "category": p.category,
            "points_to_enter": p.points_to_enter,
            "points_to_stay": p.points_to_stay,
            "min_stay_months": p.min_stay_months,
            "moot_with": p.moot_with,
            "source": p.source,
            "certainty": p.certainty,
            "criteria": [_write_criterion(c) for c in p.criteria],
        }
        for p in policies
    ]


def _write_criterion(c: Criterion) -> Json:
    return {
        "code": c.code,
        "name": c.name,
        "measure": c.measure,
        "points": c.points,
        "enter_at": _write(c.enter_at),
        "leave_at": _write(c.leave_at),
        "values": list(c.values),
        "source": c.source,
        "certainty": c.certainty,
    }


def read_policies(kept: Sequence[Json]) -> tuple[Policy, ...]:
    """What `write_policies` wrote."""
    return tuple(
        Policy(**{**row, "criteria": tuple(_read_criterion(c) for c in row["criteria"])})
        for row in kept
    )


def _read_criterion(row: Json) -> Criterion:
    numbers = {name: _number(row[name]) for name in ("enter_at", "leave_at")}
    return Criterion(**{**row, **numbers, "values": tuple(row["values"])})


def write_figures(figures: Mapping[str, Figure]) -> Json:
    """Measure to [number, code, source, place]; a number as text, exact."""
    return {name: _write_figure(figure) for name, figure in figures.items()}


def _write_figure(figure: Figure) -> list[str | None]:
    number, code = (None, None)
    if isinstance(figure.value, Decimal):
        number = str(figure.value)
    else:
        code = figure.value
    return [number, code, figure.source, figure.place]


def read_figures(kept: Json) -> dict[str, Figure]:
    """What `write_figures` wrote."""
    return {
        name: Figure(code if number is None else Decimal(number), source, place)
        for name, (number, code, source, place) in kept.items()
    }


def write_judgement(judgement: Judgement, before: Standing, *, by_hand: bool | None) -> Json:
    """What stood before, what the rules say, and what a person set."""
    return {
        "before": str(before.since) if before.since else "",
        "since": str(judgement.since) if judgement.since else "",
        "outcome": str(judgement.outcome),
        "points": judgement.points,
        "needed": judgement.needed,
        "by_hand": by_hand,
    }


def read_standing(kept: Json | None, name: str = "since") -> Standing:
    """The standing after a judgement (`since`) or before it (`before`)."""
    text = (kept or {}).get(name) or ""
    return Standing(Month.parse(text) if text else None)


def holds(kept: Json) -> bool:
    """Whether the customer is in, a person's word first."""
    by_hand = kept.get("by_hand")
    return bool(kept["since"]) if by_hand is None else bool(by_hand)


def outcome_of(kept: Json) -> Outcome:
    """The outcome by the rules."""
    return Outcome(kept["outcome"])


def _write(value: Value) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
