"""What if the rules were others: the same figures judged twice, nothing changed (N6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from busbar.key_accounts.recognizing import (
    Criterion,
    Figure,
    Judgement,
    Policy,
    Standing,
    judge_all,
)
from busbar.kit.errors import Listing, Refusal
from busbar.kit.periods import Month


class UnableToSimulate(Refusal):
    """The change cannot be tried."""


@dataclass(frozen=True)
class Change:
    """What a criterion would be; None leaves it. A lone `enter_at` takes `leave_at` along."""

    enter_at: Decimal | None = None
    leave_at: Decimal | None = None
    points: int | None = None


@dataclass(frozen=True)
class Subject:
    """A customer as a run judged it."""

    key: int
    figures: Mapping[str, Figure]
    standings: Mapping[str, Standing]
    by_hand: Mapping[str, bool]


@dataclass(frozen=True)
class Moved:
    """A customer that would enter or leave a category, with both judgements."""

    key: int
    category: str
    enters: bool
    now: Judgement
    then: Judgement


@dataclass(frozen=True)
class Simulated:
    """How many are in each category now and then, and who would move."""

    now: dict[str, int]
    then: dict[str, int]
    moved: list[Moved]


def alter(
    policies: Sequence[Policy],
    changes: Mapping[str, Change],
    scores: Mapping[str, tuple[int, int]],
) -> tuple[Policy, ...]:
    """The policies with criteria changed by code, and scores (enter, stay) by category."""
    known = {c.code for p in policies for c in p.criteria}
    if unknown := sorted(set(changes) - known):
        raise UnableToSimulate("没有这个认定条件：%(unknown)s", unknown=Listing(unknown))
    return tuple(_altered(policy, changes, scores.get(policy.category)) for policy in policies)


def _altered(
    policy: Policy, changes: Mapping[str, Change], score: tuple[int, int] | None
) -> Policy:
    enter, stay = score or (policy.points_to_enter, policy.points_to_stay)
    if stay > enter:
        raise UnableToSimulate("保留分不能高于进入分")
    criteria = tuple(_changed(c, changes.get(c.code)) for c in policy.criteria)
    return replace(policy, points_to_enter=enter, points_to_stay=stay, criteria=criteria)


def _changed(criterion: Criterion, change: Change | None) -> Criterion:
    if change is None:
        return criterion
    points = criterion.points if change.points is None else change.points
    enter, leave = criterion.enter_at, criterion.leave_at
    if enter is not None and leave is not None:
        leave = change.leave_at if change.leave_at is not None else _scaled(criterion, change)
        enter = enter if change.enter_at is None else change.enter_at
        if leave > enter:
            raise UnableToSimulate(
                "“%(criterion)s”的保留值 %(leave)s 不能高于进入值 %(enter)s",
                criterion=criterion.name,
                leave=leave,
                enter=enter,
            )
    return replace(criterion, points=points, enter_at=enter, leave_at=leave)


def _scaled(criterion: Criterion, change: Change) -> Decimal:
    enter, leave = criterion.enter_at or Decimal(0), criterion.leave_at or Decimal(0)
    if change.enter_at is None or not enter:
        return leave
    return (leave * change.enter_at / enter).quantize(Decimal("0.01"))


def simulate(
    subjects: Iterable[Subject],
    policies: Sequence[Policy],
    altered: Sequence[Policy],
    *,
    month: Month,
) -> Simulated:
    """Judge everybody by both; the minimum stay is left out of both, as at a yearly review."""
    old = [replace(policy, min_stay_months=0) for policy in policies]
    new = [replace(policy, min_stay_months=0) for policy in altered]
    counts_now = dict.fromkeys((p.category for p in policies), 0)
    counts_then = dict(counts_now)
    moved: list[Moved] = []
    for subject in subjects:
        now = judge_all(
            old, subject.figures, subject.standings, month=month, set_by_hand=subject.by_hand
        )
        then = judge_all(
            new, subject.figures, subject.standings, month=month, set_by_hand=subject.by_hand
        )
        for category in counts_now:
            was = subject.by_hand.get(category, now[category].holds)
            will = subject.by_hand.get(category, then[category].holds)
            counts_now[category] += was
            counts_then[category] += will
            if was != will:
                moved.append(Moved(subject.key, category, will, now[category], then[category]))
    return Simulated(counts_now, counts_then, moved)
