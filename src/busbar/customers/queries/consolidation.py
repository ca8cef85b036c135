"""Reading runs, pairs waiting for an answer, and what was merged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.customers.consolidation.differing import Piece, mark_differences
from busbar.customers.consolidation.model import label_of
from busbar.customers.models import (
    CandidateState,
    ConsolidationRun,
    CustomerMerge,
    MatchCandidate,
    RunState,
)

UNDERWAY = frozenset({RunState.QUEUED, RunState.WEIGHING, RunState.JOINING})
_SIDE_FIELDS = ("name", "credit_code", "address", "phones")


@dataclass(frozen=True)
class Bar:
    """One step from the prior to the match weight: what was compared, how it came out, its bits."""

    label: str
    level: str
    bits: float
    before: float
    after: float


@dataclass(frozen=True)
class Side:
    """A field of both entries, in stretches that agree and differ."""

    field: str
    left: list[Piece]
    right: list[Piece]


def list_runs(viewer: Viewer, *, limit: int = 20) -> list[ConsolidationRun]:
    """Runs, the newest first."""
    return list(ConsolidationRun.objects.visible_to(viewer).order_by("-pk")[:limit])


def get_run(viewer: Viewer, run_id: int) -> ConsolidationRun:
    """The run; DoesNotExist where the viewer may not see it."""
    seen = ConsolidationRun.objects.visible_to(viewer).select_related("unit")
    run: ConsolidationRun = seen.get(pk=run_id)
    return run


def sees_run(viewer: Viewer, run_id: int) -> bool:
    """Whether the viewer may look at the run."""
    return bool(ConsolidationRun.objects.visible_to(viewer).filter(pk=run_id).exists())


def list_queue(
    viewer: Viewer, *, after: tuple[float, int] | None = None, limit: int = 50
) -> list[MatchCandidate]:
    """Pairs that wait for an answer, the heaviest first, by keyset."""
    found = _open(viewer).select_related("left__unit", "right__unit")
    if after is not None:
        found = found.filter(beyond(("-bits", "id"), after))
    return list(found.order_by("-bits", "pk")[:limit])


def count_queue(viewer: Viewer) -> int:
    """How many pairs wait."""
    return _open(viewer).count()


def get_candidate(viewer: Viewer, candidate_id: int) -> MatchCandidate:
    """A pair of which the viewer sees both sides; DoesNotExist otherwise."""
    seen = MatchCandidate.objects.visible_to(viewer)
    candidate: MatchCandidate = seen.select_related("left__unit", "right__unit", "run").get(
        pk=candidate_id
    )
    return candidate


def explain(candidate: MatchCandidate) -> list[Bar]:
    """From the prior over each comparison to the match weight."""
    level = candidate.prior_bits
    bars = [Bar("先验", "任取两条记录", level, 0.0, level)]
    for comparison, found, bits in candidate.weights:
        label, words = label_of(comparison, found)
        bars.append(Bar(label, words, float(bits), level, level + float(bits)))
        level += float(bits)
    return bars


def compare_sides(candidate: MatchCandidate) -> list[Side]:
    """The entries as they were compared, field by field."""
    left, right = candidate.sides
    return [
        Side(name, *mark_differences(_text(left, name), _text(right, name)))
        for name in _SIDE_FIELDS
    ]


@dataclass(frozen=True)
class LevelRow:
    """A level of the model as a run weighed it."""

    label: str
    level: str
    m: float
    u: float
    bits: float


def list_levels(parameters: dict[str, Any]) -> list[LevelRow]:
    """The model of a run, level by level; empty before it weighed."""
    rows = []
    for comparison, levels in parameters.get("levels", {}).items():
        for level, (m, u) in levels.items():
            label, words = label_of(comparison, level)
            rows.append(LevelRow(label, words, m, u, math.log2(m / u)))
    return rows


def list_merges(viewer: Viewer, customer_id: int) -> list[CustomerMerge]:
    """What went into or came out of a customer, the newest first."""
    seen = CustomerMerge.objects.visible_to(viewer).select_related("customer", "candidate")
    return list(seen.filter(customer=customer_id).order_by("-pk"))


def get_merge(viewer: Viewer, merge_id: int) -> CustomerMerge:
    """The record; DoesNotExist where the viewer may not see it."""
    merge: CustomerMerge = CustomerMerge.objects.visible_to(viewer).get(pk=merge_id)
    return merge


def _open(viewer: Viewer) -> QuerySet[Any, Any]:
    waiting = MatchCandidate.objects.visible_to(viewer).filter(state=CandidateState.OPEN)
    return waiting.exclude(left=F("right"))


def _text(side: dict[str, Any], name: str) -> str:
    value = side.get(name) or ""
    return "、".join(value) if isinstance(value, list) else str(value)
