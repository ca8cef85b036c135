"""Pairs that may be one customer, runs, merges and splits."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django_q.tasks import async_task
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.permissions import Permission
from busbar.api.paging import Limit, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, Sent
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import ConsolidationRun, CustomerMerge, MatchCandidate
from busbar.customers.queries import consolidation as consolidation_queries

runs, pairs, merges = Router(), Router(), Router()
RUN_JOB = "busbar.jobs.consolidation.run_consolidation"


class ConsolidationRunOut(Schema):
    """归并任务."""

    id: int
    state: str
    engine: str
    created_at: dt.datetime
    created_by: str
    finished_at: dt.datetime | None
    customers: int
    entries: int
    to_join: int
    joined: int
    asked: int
    thresholds: dict[str, Any]
    parameters: dict[str, Any]


class PairWeightOut(Schema):
    """One step of a match weight, in bits."""

    label: str
    level: str
    bits: float


class MatchPairOut(Schema):
    """疑似同一客户."""

    id: int
    left_number: str
    right_number: str
    bits: float
    probability: float
    objection: str
    state: str
    sides: list[dict[str, Any]]
    weights: list[PairWeightOut]

    @staticmethod
    def resolve_left_number(pair: MatchCandidate) -> str:
        """Number of the one customer."""
        return pair.left.number

    @staticmethod
    def resolve_right_number(pair: MatchCandidate) -> str:
        """Number of the other."""
        return pair.right.number

    @staticmethod
    def resolve_weights(pair: MatchCandidate) -> object:
        """From the prior on."""
        return consolidation_queries.explain(pair)


class CustomerMergeOut(Schema):
    """归并记录."""

    id: int
    kind: str
    customer_number: str
    other_number: str
    other_name: str
    is_automatic: bool
    reason: str
    made_at: dt.datetime
    made_by: str
    undone_at: dt.datetime | None

    @staticmethod
    def resolve_customer_number(merge: CustomerMerge) -> str:
        """Number of the customer that stands."""
        return merge.customer.number


class PairVerdictIn(Sent):
    """Whether the two are one customer."""

    is_same: bool
    reason: Text = ""


class CustomerMergeIn(Sent):
    """`absorbed` goes into `survivor`, both by number."""

    survivor: Text
    absorbed: Text
    reason: Text = ""


class CustomerSplitIn(Sent):
    """Accounts that leave for a new customer."""

    customer: Text
    accounts: Annotated[list[Text], Field(min_length=1, max_length=500)]
    name: Text
    number: Text = ""
    credit_code: Text = ""
    reason: Text


class MergeUndoIn(Sent):
    """Why."""

    reason: Text = ""


@runs.get(
    "", response=answers(list[ConsolidationRunOut], 403), operation_id="list_consolidation_runs"
)
def list_runs(request: HttpRequest, limit: Limit = 50) -> list[ConsolidationRun]:
    """归并任务，最近的在前。"""
    viewer = viewer_of(request)
    viewer.require(Permission.CONSOLIDATE)
    return consolidation_queries.list_runs(viewer, limit=limit)


@runs.post(
    "", response=answers(ConsolidationRunOut, 400, 403, 409), operation_id="start_consolidation_run"
)
def start_run(request: HttpRequest) -> ConsolidationRun:
    """比对全部可见客户；在后台进行。"""
    run = customers_operations.start_run(by=viewer_of(request), at=timezone.now())
    async_task(RUN_JOB, run.pk)
    return run


@runs.get(
    "/{run_id}",
    response=answers(ConsolidationRunOut, 403, 404),
    operation_id="get_consolidation_run",
)
def get_run(request: HttpRequest, run_id: Id) -> ConsolidationRun:
    """一次归并任务，连同所用的门槛与参数。"""
    viewer = viewer_of(request)
    viewer.require(Permission.CONSOLIDATE)
    return consolidation_queries.get_run(viewer, run_id)


@pairs.get("", response=answers(list[MatchPairOut], 403), operation_id="list_match_pairs")
def list_pairs(request: HttpRequest, limit: Limit = 50) -> list[MatchCandidate]:
    """待复核的，匹配权重大的在前。"""
    viewer = viewer_of(request)
    viewer.require(Permission.CONSOLIDATE)
    return consolidation_queries.list_queue(viewer, limit=limit)


@pairs.get("/{pair_id}", response=answers(MatchPairOut, 403, 404), operation_id="get_match_pair")
def get_pair(request: HttpRequest, pair_id: Id) -> MatchCandidate:
    """一对疑似同一的客户，连同各项权重。"""
    viewer = viewer_of(request)
    viewer.require(Permission.CONSOLIDATE)
    return consolidation_queries.get_candidate(viewer, pair_id)


@pairs.post(
    "/{pair_id}/verdict",
    response=answers(MatchPairOut, 400, 403, 404, 409),
    operation_id="answer_match_pair",
)
def answer_pair(
    request: HttpRequest, pair_id: Id, given: Annotated[PairVerdictIn, Body()]
) -> MatchCandidate:
    """是则归并，不是则以后不再提出。"""
    viewer = viewer_of(request)
    consolidation_queries.get_candidate(viewer, pair_id)
    act = (
        customers_operations.confirm_candidate
        if given.is_same
        else customers_operations.reject_candidate
    )
    act(candidate_id=pair_id, reason=given.reason, by=viewer, at=timezone.now())
    return consolidation_queries.get_candidate(viewer, pair_id)


@merges.get("", response=answers(list[CustomerMergeOut], 404), operation_id="list_merges")
def list_merges(request: HttpRequest, customer: Text) -> list[CustomerMerge]:
    """一个客户的归并与拆分，最近的在前。"""
    viewer = viewer_of(request)
    found = customers_queries.get_customer(viewer, customer)
    return consolidation_queries.list_merges(viewer, found.pk)


@merges.post(
    "", response=answers(CustomerMergeOut, 400, 403, 404, 409), operation_id="merge_customers"
)
def merge_customers(
    request: HttpRequest, given: Annotated[CustomerMergeIn, Body()]
) -> CustomerMerge:
    """一个客户并入另一个。"""
    viewer = viewer_of(request)
    return customers_operations.merge_customers(
        survivor=customers_queries.get_customer(viewer, given.survivor),
        absorbed=customers_queries.get_customer(viewer, given.absorbed),
        reason=given.reason,
        by=viewer,
        at=timezone.now(),
    )


@merges.post(
    "/split", response=answers(CustomerMergeOut, 400, 403, 404, 409), operation_id="split_customer"
)
def split_customer(
    request: HttpRequest, given: Annotated[CustomerSplitIn, Body()]
) -> CustomerMerge:
    """拆出户号，成为新客户。"""
    viewer = viewer_of(request)
    return customers_operations.split_customer(
        customer=customers_queries.get_customer(viewer, given.customer),
        accounts=given.accounts,
        name=given.name,
        number=given.number,
        credit_code=given.credit_code,
        reason=given.reason,
        by=viewer,
        at=timezone.now(),
    )


@merges.post(
    "/{merge_id}/undo",
    response=answers(CustomerMergeOut, 400, 403, 404, 409),
    operation_id="undo_merge",
)
def undo_merge(
    request: HttpRequest, merge_id: Id, given: Annotated[MergeUndoIn, Body()]
) -> CustomerMerge:
    """撤销一次归并或拆分。"""
    viewer = viewer_of(request)
    merge = consolidation_queries.get_merge(viewer, merge_id)
    customers_operations.undo_merge(merge=merge, reason=given.reason, by=viewer, at=timezone.now())
    return consolidation_queries.get_merge(viewer, merge_id)
