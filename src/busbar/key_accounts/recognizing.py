"""The engine of recognition: points for criteria met, easier to stay than to enter (R69, N6).

Plain values in, a judgement with its reasons out; no database, no clock. See
docs/algorithms/recognition.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from busbar.kit.periods import Month

Value = Decimal | str | None


class Outcome(StrEnum):
    """What came of a judgement."""

    ENTERED = "entered"
    KEPT = "kept"
    KEPT_IN_BAND = "kept_in_band"
    KEPT_FOR_TERM = "kept_for_term"
    LEFT = "left"
    OUT = "out"
    MOOT = "moot"


@dataclass(frozen=True)
class Criterion:
    """What earns points: a number from `enter_at` (held: `leave_at`) on, or one of `values`."""

    code: str
    name: str
    measure: str
    points: int
    enter_at: Decimal | None = None
    leave_at: Decimal | None = None
    values: tuple[str, ...] = ()
    source: str = ""
    certainty: str = ""


@dataclass(frozen=True)
class Policy:
    """A category's criteria and what they must add up to."""

    category: str
    points_to_enter: int
    points_to_stay: int
    min_stay_months: int
    criteria: tuple[Criterion, ...]
    moot_with: str = ""
    source: str = ""
    certainty: str = ""


@dataclass(frozen=True)
class Figure:
    """A measured value with where it comes from: in words, and the place to look."""

    value: Value
    source: str
    place: str = ""


@dataclass(frozen=True)
class Standing:
    """What the rules had made of the customer before: in since a month, or out."""

    since: Month | None = None

    @property
    def holds(self) -> bool:
        """Whether it was in."""
        return self.since is not None


OUTSIDE = Standing()


@dataclass(frozen=True)
class Reason:
    """One criterion's answer; `is_met` is None where nothing is known."""

    criterion: Criterion
    figure: Figure | None
    is_met: bool | None
    points: int
    threshold: Value


@dataclass(frozen=True)
class Judgement:
    """Whether the customer is in, since when, by how many points, and why."""

    outcome: Outcome
    since: Month | None
    points: int
    needed: int
    reasons: tuple[Reason, ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether the customer is in."""
        return self.since is not None


def judge(
    policy: Policy,
    figures: Mapping[str, Figure],
    standing: Standing,
    *,
    month: Month,
    is_moot: bool = False,
) -> Judgement:
    """Judge one customer in one category.

    Whoever is in is measured by the lower thresholds, keeps the points of what is not known, and
    leaves only after the minimum stay. Whoever is out must show every point.
    """
    reasons = tuple(
        _reason(c, figures.get(c.measure), held=standing.holds) for c in policy.criteria
    )
    points = sum(reason.points for reason in reasons)
    needed = policy.points_to_stay if standing.holds else policy.points_to_enter
    outcome = _outcome(policy, figures, standing, points, month, is_moot=is_moot)
    stays = outcome in {Outcome.KEPT, Outcome.KEPT_IN_BAND, Outcome.KEPT_FOR_TERM}
    since = standing.since if stays else (month if outcome == Outcome.ENTERED else None)
    return Judgement(outcome, since, points, needed, reasons)


def _outcome(
    policy: Policy,
    figures: Mapping[str, Figure],
    standing: Standing,
    points: int,
    month: Month,
    *,
    is_moot: bool,
) -> Outcome:
    if is_moot:
        return Outcome.MOOT
    if standing.since is None:
        return Outcome.ENTERED if points >= policy.points_to_enter else Outcome.OUT
    if points >= policy.points_to_stay:
        as_new = (_reason(c, figures.get(c.measure), held=False) for c in policy.criteria)
        fresh = sum(reason.points for reason in as_new)
        return Outcome.KEPT if fresh >= policy.points_to_enter else Outcome.KEPT_IN_BAND
    if months_between(standing.since, month) < policy.min_stay_months:
        return Outcome.KEPT_FOR_TERM
    return Outcome.LEFT


def _reason(criterion: Criterion, figure: Figure | None, *, held: bool) -> Reason:
    threshold: Value = criterion.leave_at if held else criterion.enter_at
    if criterion.enter_at is None:
        threshold = "、".join(criterion.values)
    met = _is_met(criterion, figure, threshold)
    counts = met or (met is None and held)
    return Reason(criterion, figure, met, criterion.points if counts else 0, threshold)


def _is_met(criterion: Criterion, figure: Figure | None, threshold: Value) -> bool | None:
    if figure is None or figure.value is None:
        return None
    if isinstance(figure.value, str):
        return figure.value in criterion.values
    return isinstance(threshold, Decimal) and figure.value >= threshold


def months_between(first: Month, last: Month) -> int:
    """How many months lie between two.

    >>> months_between(Month(2025, 11), Month(2026, 2))
    3
    """
    return (last.year - first.year) * 12 + last.number - first.number


def judge_all(
    policies: Sequence[Policy],
    figures: Mapping[str, Figure],
    standings: Mapping[str, Standing],
    *,
    month: Month,
    set_by_hand: Mapping[str, bool] | None = None,
) -> dict[str, Judgement]:
    """Judge every category in the order of the policies; a category may be moot beside another.

    `set_by_hand` is what persons decided: it decides whether another category is moot, while the
    rules' own judgement goes on beside it.
    """
    by_hand = set_by_hand or {}
    found: dict[str, Judgement] = {}
    for policy in policies:
        other = policy.moot_with
        beside = other in found and by_hand.get(other, found[other].holds)
        standing = standings.get(policy.category, OUTSIDE)
        found[policy.category] = judge(policy, figures, standing, month=month, is_moot=beside)
    return found
