"""How well the archive as it stands brings accounts together, against a known truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from busbar.access.visibility import Viewer
from busbar.customers.consolidation.quality import Quality, measure_pairs
from busbar.customers.models import CandidateState, CustomerAccount, MatchCandidate


@dataclass(frozen=True)
class Measured:
    """Over the accounts that truth and archive both know.

    `unknown` are accounts of the truth that the archive lacks; `waiting` are pairs of customers
    in the review queue of which the truth says that they are one.
    """

    accounts: int
    unknown: int
    quality: Quality
    waiting: int


def measure_archive(viewer: Viewer, truth: Mapping[str, str]) -> Measured:
    """Pairwise precision, recall and F1 of the accounts the viewer sees. Two queries."""
    seen = CustomerAccount.objects.visible_to(viewer).values_list("number", "customer_id")
    found = {number: str(customer) for number, customer in seen if number in truth}
    bodies: dict[int, set[str]] = {}
    for number, customer in found.items():
        bodies.setdefault(int(customer), set()).add(truth[number])
    queue = MatchCandidate.objects.visible_to(viewer).filter(state=CandidateState.OPEN)
    waiting = sum(
        left != right and bool(bodies.get(left, set()) & bodies.get(right, set()))
        for left, right in queue.values_list("left_id", "right_id")
    )
    return Measured(len(found), len(truth) - len(found), measure_pairs(found, truth), waiting)
