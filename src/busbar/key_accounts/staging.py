"""From evidence to a stage and to warnings; plain values (R71)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.kit.money import plain

ORDER = ("early", "mid", "partnership", "synergistic")
"""The stages that are climbed; `pre` is where nothing is shown yet."""
UNCOUPLING = "uncoupling"


@dataclass(frozen=True)
class Bound:
    """A rule: a bound on a piece of evidence, of a stage or of a warning."""

    code: str
    name: str
    evidence: str
    at_least: Decimal | None
    at_most: Decimal | None
    stage: str = ""
    advice: str = ""
    source: str = ""
    certainty: str = ""

    @property
    def words(self) -> str:
        """The bound as people read it."""
        if self.at_least is not None:
            return f"≥ {plain(self.at_least)}"
        return f"≤ {plain(self.at_most or Decimal(0))}"

    def holds(self, value: Decimal | None) -> bool | None:
        """Whether it holds; None where nothing records such evidence."""
        if value is None:
            return None
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most


@dataclass(frozen=True)
class Answer:
    """A rule with what was found."""

    bound: Bound
    value: Decimal | None

    @property
    def is_met(self) -> bool | None:
        """Whether it holds."""
        return self.bound.holds(self.value)


def answer(bounds: Sequence[Bound], evidence: Mapping[str, Decimal | None]) -> list[Answer]:
    """Every rule with its evidence; what nobody records is None."""
    return [Answer(bound, evidence.get(bound.evidence)) for bound in bounds]


def stage_of(answers: Sequence[Answer]) -> str:
    """The highest stage reached without a gap; leaving outweighs everything.

    A stage is reached when nothing known speaks against it and something speaks for it: evidence
    that nobody records yet neither helps nor hinders.
    """
    if any(a.is_met for a in answers if a.bound.stage == UNCOUPLING):
        return UNCOUPLING
    reached = "pre"
    for stage in ORDER:
        known = [a.is_met for a in answers if a.bound.stage == stage and a.is_met is not None]
        if not known or not all(known):
            break
        reached = stage
    return reached


def next_stage(stage: str) -> str:
    """The one above; empty at the top and while leaving.

    >>> next_stage("pre"), next_stage("mid"), next_stage("synergistic"), next_stage("uncoupling")
    ('early', 'partnership', '', '')
    """
    climbed = ("pre", *ORDER)
    place = climbed.index(stage) + 1 if stage in climbed else len(climbed)
    return climbed[place] if place < len(climbed) else ""


def actions_to(stage: str, answers: Sequence[Answer]) -> list[Answer]:
    """What is missing for the next stage."""
    wanted = next_stage(stage)
    return [a for a in answers if a.bound.stage == wanted and not a.is_met]


def warnings_of(answers: Sequence[Answer]) -> list[Answer]:
    """The warning rules that hold."""
    return [a for a in answers if a.is_met]
