"""A customer's index with its reasons and sources, the board, what is to be mended (R4, R70)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Avg, Count, OuterRef, Q, QuerySet, Subquery

from busbar.access.visibility import Viewer
from busbar.kit.periods import local_date
from busbar.service_desk.models import (
    EvidenceKind,
    EvidenceRule,
    ImprovementTask,
    SatisfactionScore,
    SegmentMean,
)
from busbar.service_desk.queries.evidence import Evidence, days_ago, gather
from busbar.service_desk.queries.rules import SatisfactionRules, get_rules
from busbar.service_desk.satisfaction import Index, Piece, faded, reckon_index

Scores = QuerySet[SatisfactionScore, SatisfactionScore]
Improvements = QuerySet[ImprovementTask, ImprovementTask]


@dataclass(frozen=True)
class WeighedPiece:
    """A piece of evidence with what it still counts and what it says."""

    evidence: Evidence
    rule: EvidenceRule
    score: float
    weight: float
    pull: float


@dataclass(frozen=True)
class ExplainedIndex:
    """The index now, by parts and piece by piece."""

    index: Index
    pieces: list[WeighedPiece]
    rules: SatisfactionRules

    def names(self) -> list[tuple[str, int, float, float, float, str]]:
        """The parts in words: kind, pieces, weight, mean, pull, whose voice."""
        return [
            (
                str(EvidenceKind(part.kind).label),
                part.count,
                part.weight,
                part.mean,
                part.pull,
                self.rules.rows[part.kind].get_voice_display(),
            )
            for part in self.index.parts
        ]


def reckon(
    customers: Sequence[tuple[int, str]], *, rules: SatisfactionRules, at: dt.datetime
) -> dict[int, tuple[Index, list[Evidence]]]:
    """By customer id its index and evidence; `customers` are (id, kind). Seven queries."""
    since = at - dt.timedelta(days=rules["window_days"])
    gathered = gather([pk for pk, _ in customers], since=since, at=at)
    priors = segment_priors({kind for _, kind in customers}, rules=rules, at=at)
    found = {}
    for pk, kind in customers:
        pieces = [Piece(e.kind, days_ago(e.at, at), e.score) for e in gathered[pk]]
        index = reckon_index(
            pieces,
            rules.weighings,
            prior=priors[kind],
            strength=rules["prior_strength"],
            z=rules["normal_quantile"],
        )
        found[pk] = (index, gathered[pk])
    return found


def segment_priors(
    kinds: set[str], *, rules: SatisfactionRules, at: dt.datetime
) -> dict[str, float]:
    """By kind of customer what a small sample leans on: the newest mean, else the neutral start."""
    newest = SegmentMean.objects.filter(kind=OuterRef("kind"), at__lte=at).order_by("-at", "-id")
    rows = SegmentMean.objects.filter(kind__in=kinds, pk=Subquery(newest.values("pk")[:1]))
    known = {row.kind: float(row.mean) for row in rows}
    return {kind: known.get(kind, rules["neutral_score"]) for kind in kinds}


def explain_customer(customer_id: int, kind: str, *, at: dt.datetime) -> ExplainedIndex:
    """The index as it stands now, every piece with its source; the customer was found visible."""
    rules = get_rules(on=local_date(at))
    index, evidence = reckon([(customer_id, kind)], rules=rules, at=at)[customer_id]
    whole = index.weight + rules["prior_strength"]
    pieces = []
    for piece in evidence:
        weighing = rules.weighings.get(piece.kind)
        score = piece.score if weighing is None or piece.score is not None else weighing.score
        if weighing is None or score is None:
            continue
        weight = faded(weighing, days_ago(piece.at, at))
        pull = weight * (score - index.prior) / whole
        pieces.append(WeighedPiece(piece, rules.rows[piece.kind], score, weight, pull))
    return ExplainedIndex(index, pieces, rules)


def find_score(viewer: Viewer, customer_id: int) -> SatisfactionScore | None:
    """The customer's current stored index, if the viewer sees it."""
    rows: Scores = SatisfactionScore.objects.visible_to(viewer)
    return rows.filter(customer=customer_id, is_current=True).first()


def list_course(viewer: Viewer, customer_id: int, *, limit: int = 200) -> list[SatisfactionScore]:
    """How the index went, the earliest first."""
    rows: Scores = SatisfactionScore.objects.visible_to(viewer).filter(customer=customer_id)
    return list(rows.order_by("-at")[:limit])[::-1]


def list_scores(viewer: Viewer, *, mine: bool = False) -> Scores:
    """Current indices the viewer sees, the lowest first."""
    rows: Scores = SatisfactionScore.objects.visible_to(viewer).filter(is_current=True)
    if mine:
        rows = rows.filter(customer__team__employee=viewer.employee_id)
    return rows.select_related("customer__unit").order_by("score", "id")


def summarize(viewer: Viewer) -> dict[str, float | int | None]:
    """How many customers have an index, their mean, and how many stand below their segment."""
    rows = SatisfactionScore.objects.visible_to(viewer).filter(is_current=True)
    return rows.aggregate(customers=Count("id"), mean=Avg("score"))


def list_improvements(viewer: Viewer, *, open_only: bool = True) -> Improvements:
    """Tasks to mend what made customers dissatisfied, the earliest due first."""
    rows: Improvements = ImprovementTask.objects.visible_to(viewer)
    if open_only:
        rows = rows.filter(closed_at=None)
    return rows.select_related("customer", "owner", "clock", "unit").order_by(
        "closed_at", "-opened_at", "-id"
    )


def get_improvement(viewer: Viewer, improvement_id: int) -> ImprovementTask:
    """ImprovementTask.DoesNotExist where there is none that the viewer sees."""
    rows: Improvements = ImprovementTask.objects.visible_to(viewer)
    return rows.select_related("customer", "owner", "clock", "unit").get(pk=improvement_id)


def of_team(viewer: Viewer) -> Q:
    """Rows of customers whose account team the viewer is on."""
    return Q(customer__team__employee=viewer.employee_id)
