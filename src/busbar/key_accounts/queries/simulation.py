"""A simulation over the figures that a run kept, for whoever sees the customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.key_accounts import rulebook
from busbar.key_accounts.models import Category, Recognition, RecognitionRun
from busbar.key_accounts.recognizing import Policy
from busbar.key_accounts.simulating import Change, Moved, Simulated, Subject, alter, simulate
from busbar.kit.periods import Month


@dataclass(frozen=True)
class MovedCustomer:
    """Who would move, with what it uses."""

    customer: Customer
    row: Recognition
    moved: Moved

    @property
    def category(self) -> Category:
        """Into or out of which."""
        return Category(self.moved.category)


@dataclass(frozen=True)
class SimulationResult:
    """Counts now and then, and the movers, the highest revenue first."""

    simulated: Simulated
    movers: list[MovedCustomer]

    @property
    def counts(self) -> list[tuple[Category, int, int]]:
        """By category: now, then."""
        now, then = self.simulated.now, self.simulated.then
        return [(Category(name), now[name], then[name]) for name in now]


def simulate_rules(
    viewer: Viewer,
    run: RecognitionRun,
    *,
    changes: Mapping[str, Change],
    scores: Mapping[str, tuple[int, int]] | None = None,
    most: int = 200,
) -> SimulationResult:
    """Who of the visible would enter and leave; at most `most` are named. Two queries."""
    policies = rulebook.read_policies(run.rules)
    altered = alter(policies, changes, scores or {})
    rows: QuerySet[Recognition, Recognition] = Recognition.objects.visible_to(viewer)
    rows = rows.filter(run=run).order_by("-annual_revenue_yuan", "id")
    done = simulate(_subjects(rows), policies, altered, month=Month.parse(run.month))
    named = done.moved[:most]
    by_id = rows.select_related("customer__unit").in_bulk([moved.key for moved in named])
    movers = [MovedCustomer(by_id[m.key].customer, by_id[m.key], m) for m in named]
    return SimulationResult(done, movers)


def policies_of(run: RecognitionRun) -> tuple[Policy, ...]:
    """The rules that the run judged by."""
    return rulebook.read_policies(run.rules)


def _subjects(rows: QuerySet[Recognition, Recognition]) -> Iterator[Subject]:
    for pk, figures, kept in rows.values_list("pk", "figures", "judgements").iterator(2000):
        yield Subject(
            pk,
            rulebook.read_figures(figures),
            {name: rulebook.read_standing(one, "before") for name, one in kept.items()},
            {n: bool(one["by_hand"]) for n, one in kept.items() if one["by_hand"] is not None},
        )
