"""The run that compares an archive: weigh, decide, join what is sure, ask about the rest (R80).

Safe to run twice: the pairs are stored in one transaction with the step they belong to, each
join is a transaction of its own, and a run that was stopped goes on where it stopped.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.consolidation.deciding import Decided, Verdict, decide
from busbar.customers.consolidation.engine import Backend, score, train
from busbar.customers.consolidation.features import make_features
from busbar.customers.consolidation.model import Parameters, shipped_parameters
from busbar.customers.consolidation.settings import thresholds_of
from busbar.customers.models import (
    CandidateState,
    ConsolidationRun,
    Customer,
    MatchCandidate,
    RunState,
)
from busbar.customers.operations.merging import (
    UnableToMergeCustomers,
    merge_customers,
)
from busbar.customers.queries.archive import Archive, get_archive
from busbar.customers.queries.figures import get_figures
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

Progress = Callable[[ConsolidationRun], None]


class UnableToConsolidate(Refusal):
    """The run cannot begin."""


@transaction.atomic
def start_run(*, engine: str = "local", by: Viewer, at: dt.datetime) -> ConsolidationRun:
    """Queue a comparison of all customers that the viewer sees whole. One at a time."""
    by.require(Permission.CONSOLIDATE)
    journal_operations.take_turn()
    underway = (RunState.QUEUED, RunState.WEIGHING, RunState.JOINING)
    if ConsolidationRun.objects.filter(state__in=underway).exists():
        raise UnableToConsolidate("已有一次归并任务在进行")
    unit = OrganizationUnit.objects.filter(path=by.unit_path).first() if by.unit_path else None
    run = ConsolidationRun.objects.create(
        unit=unit, engine=engine, created_at=at, created_by_id=by.user_id, created_by=by.name
    )
    _tell(run, "queued", {}, by=by, at=at)
    return run


def run_consolidation(
    *,
    run_id: int,
    by: Viewer,
    at: dt.datetime,
    backend: Backend | None = None,
    progress: Progress | None = None,
) -> ConsolidationRun:
    """Weigh, store the pairs, join what is sure; a finished run is left as it is."""
    by.require(Permission.CONSOLIDATE)
    run = ConsolidationRun.objects.get(pk=run_id)
    tell = progress or _quiet
    if run.state in {RunState.QUEUED, RunState.WEIGHING}:
        run.state, run.started_at = RunState.WEIGHING, run.started_at or at
        run.save(update_fields=["state", "started_at"])
        tell(run)
        _weigh(run, by=by, at=at, backend=backend)
        tell(run)
    if run.state == RunState.JOINING:
        _join(run, by=by, at=at, tell=tell)
        _finish(run, by=by, at=at)
        tell(run)
    return run


def _quiet(_run: ConsolidationRun) -> None:
    """Nobody watches."""


def _weigh(run: ConsolidationRun, *, by: Viewer, at: dt.datetime, backend: Backend | None) -> None:
    archive, figures = get_archive(by), get_figures(local_date(at))
    thresholds = thresholds_of(figures)
    features = [make_features(entry, archive.places) for entry in archive.entries]
    parameters = shipped_parameters()
    if len(features) >= figures["own_training"]:
        source = f"trained on the {len(features)} entries of run {run.pk}"
        parameters = train(features, backend=backend, source=source)
    least = min(thresholds.ask_bits, thresholds.join_bits)
    pairs = score(features, parameters, least_bits=least, backend=backend)
    decided = decide(
        pairs,
        customer_of={entry.key: entry.customer for entry in archive.entries},
        codes=archive.codes,
        thresholds=thresholds,
        apart=archive.apart,
    )
    run.thresholds = {code: str(value) for code, value in figures.items()}
    run.parameters = parameters.as_json()
    run.entries, run.pairs = len(features), len(decided)
    run.customers = len({entry.customer for entry in archive.entries})
    _store(run, decided, archive, parameters)


@transaction.atomic
def _store(
    run: ConsolidationRun, decided: list[Decided], archive: Archive, parameters: Parameters
) -> None:
    """The pairs and the step to joining, together; older open pairs give way to these."""
    _retire_older(run, {int(entry.customer) for entry in archive.entries})
    prior = parameters.prior(run.entries)
    prior_bits = math.log2(prior / (1 - prior))
    sides = {entry.key: _side(entry) for entry in archive.entries}
    MatchCandidate.objects.bulk_create(
        [_candidate(run, one, sides, prior_bits) for one in decided], batch_size=500
    )
    run.to_join = sum(one.verdict == Verdict.JOIN for one in decided)
    run.asked = len(decided) - run.to_join
    run.state = RunState.JOINING
    run.save()


def _retire_older(run: ConsolidationRun, weighed: set[int]) -> None:
    """Pairs of which this run weighed both sides give way to its own.

    One whose other side somebody else sees stays with who sees both.
    """
    waiting = (CandidateState.OPEN, CandidateState.PENDING)
    older = MatchCandidate.objects.filter(state__in=waiting).exclude(run=run)
    pairs = older.values_list("pk", "left", "right").iterator()
    retired = [pk for pk, left, right in pairs if left in weighed and right in weighed]
    for start in range(0, len(retired), 500):
        chosen = MatchCandidate.objects.filter(pk__in=retired[start : start + 500])
        chosen.update(state=CandidateState.STALE)


def _side(entry: Any) -> dict[str, Any]:
    return {
        "name": entry.name,
        "address": entry.address,
        "credit_code": entry.credit_code,
        "phones": list(entry.phones),
    }


def _candidate(
    run: ConsolidationRun, one: Decided, sides: dict[str, Any], prior_bits: float
) -> MatchCandidate:
    pair, is_sure = one.pair, one.verdict == Verdict.JOIN
    owners = {key: int(key.partition(":")[0]) for key in (pair.left, pair.right)}
    left, right = sorted((pair.left, pair.right), key=lambda key: owners[key])
    return MatchCandidate(
        run=run,
        left_id=owners[left],
        right_id=owners[right],
        bits=pair.bits,
        probability=pair.probability,
        prior_bits=prior_bits,
        weights=[[w.comparison, w.level, round(w.bits, 3)] for w in pair.weights],
        sides=[sides[left], sides[right]],
        objection=one.reason,
        state=CandidateState.PENDING if is_sure else CandidateState.OPEN,
    )


def _join(run: ConsolidationRun, *, by: Viewer, at: dt.datetime, tell: Progress) -> None:
    pending = MatchCandidate.objects.filter(run=run, state=CandidateState.PENDING)
    for pk in list(pending.order_by("-bits", "pk").values_list("pk", flat=True)):
        _join_one(run, pk, by=by, at=at)
        tell(run)


@transaction.atomic
def _join_one(run: ConsolidationRun, pk: int, *, by: Viewer, at: dt.datetime) -> None:
    journal_operations.take_turn()
    waiting = MatchCandidate.objects.select_related("left", "right")
    candidate = waiting.filter(pk=pk, state=CandidateState.PENDING).first()
    if candidate is None:
        return  # settled with another pair
    if candidate.left_id == candidate.right_id:
        candidate.state, candidate.decided_at = CandidateState.JOINED, at
        candidate.decided_by = by.name
        candidate.save(update_fields=["state", "decided_at", "decided_by"])
        return
    survivor, absorbed = order_by_standing(candidate.left, candidate.right)
    try:
        with transaction.atomic():
            merge_customers(
                survivor=survivor,
                absorbed=absorbed,
                candidate=candidate,
                is_automatic=True,
                by=by,
                at=at,
            )
    except UnableToMergeCustomers as refusal:
        candidate.state, candidate.objection = CandidateState.OPEN, "codes"
        candidate.reason = str(refusal)[:300]
        candidate.save(update_fields=["state", "objection", "reason"])
        ConsolidationRun.objects.filter(pk=run.pk).update(asked=F("asked") + 1)
        return
    ConsolidationRun.objects.filter(pk=run.pk).update(joined=F("joined") + 1)
    run.joined += 1


def order_by_standing(one: Customer, other: Customer) -> tuple[Customer, Customer]:
    """Who stands and who goes in: a credit code, a number of its own, more accounts, age."""

    def standing(customer: Customer) -> tuple[bool, bool, int, int]:
        is_provisional = customer.number.startswith("H")
        return (
            bool(customer.credit_code),
            not is_provisional,
            customer.accounts.count(),
            -customer.pk,
        )

    first, second = sorted((one, other), key=standing, reverse=True)
    return first, second


def _finish(run: ConsolidationRun, *, by: Viewer, at: dt.datetime) -> None:
    with transaction.atomic():
        run.refresh_from_db()
        run.state, run.finished_at = RunState.FINISHED, at
        run.save(update_fields=["state", "finished_at"])
        counts = {"customers": run.customers, "joined": run.joined, "asked": run.asked}
        _tell(run, "finished", counts, by=by, at=at)


def _tell(
    run: ConsolidationRun, verb: str, changes: dict[str, Any], *, by: Viewer, at: dt.datetime
) -> None:
    happening = Happening(
        event=f"customers.consolidation.{verb}",
        subject_type="customers.consolidation",
        subject_id=run.pk,
        subject_label=str(run),
        unit_path=run.unit.path if run.unit else "",
        changes=changes,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
