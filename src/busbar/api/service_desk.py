"""Talks, promises, complaints and satisfaction for programs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import AwareDatetime, Field

from busbar.api.paging import (
    After,
    Group,
    Limit,
    Page,
    Text,
    answers,
    page_by_moment,
    page_by_number,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, Paragraph, Sent, Sentence, Short, now
from busbar.customers import queries as customers_queries
from busbar.service_desk import operations, queries
from busbar.service_desk.models import (
    Complaint,
    ComplaintChannel,
    ComplaintKind,
    ComplaintState,
    Direction,
    Interaction,
    InteractionKind,
    InteractionState,
    Promise,
    PromiseState,
    SatisfactionScore,
)

interactions, promises, complaints, satisfaction = Router(), Router(), Router(), Router()


class InteractionOut(Schema):
    """往来."""

    id: int
    customer_number: str
    kind: InteractionKind
    direction: Direction
    state: InteractionState
    subject: str
    planned_at: dt.datetime | None
    happened_at: dt.datetime | None
    contact_name: str
    their_people: str
    minutes: str
    findings: str
    is_for_customer: bool

    @staticmethod
    def resolve_customer_number(row: Interaction) -> str:
        """客户编号."""
        return row.customer.number


class InteractionIn(Sent):
    """What happened, and who of ours answers for it (oneself unless named)."""

    customer_number: Short
    kind: InteractionKind
    subject: Short
    happened_at: AwareDatetime
    minutes: Paragraph
    findings: Paragraph = ""
    contact_name: Short = ""
    their_people: Short = ""
    is_for_customer: bool = False


class PromiseOut(Schema):
    """承诺; late as of now."""

    id: int
    customer_number: str
    owner_name: str
    text: str
    made_to: str
    made_at: dt.datetime
    due_days: int
    due_at: dt.datetime | None
    state: PromiseState
    kept_at: dt.datetime | None
    is_late: bool

    @staticmethod
    def resolve_customer_number(row: Promise) -> str:
        """客户编号."""
        return row.customer.number

    @staticmethod
    def resolve_owner_name(row: Promise) -> str:
        """Who answers for it."""
        return row.owner.name

    @staticmethod
    def resolve_due_at(row: Promise) -> dt.datetime | None:
        """The end of its clock."""
        return row.clock.due_at if row.clock else None

    @staticmethod
    def resolve_is_late(row: Promise) -> bool:
        """Whether it was not kept in time."""
        return row.is_late(now())


class PromiseIn(Sent):
    """What is promised, within how many working days; oneself answers for it."""

    interaction_id: Id
    text: Sentence
    due_days: Annotated[int, Field(ge=1, le=999)]
    made_to: Short


class EvidenceIn(Sent):
    """What shows that it was done."""

    evidence: Sentence


class KeptRateOut(Schema):
    """兑现率 of what was due by now, with its 95 % interval."""

    in_time: int
    late: int
    open: int
    withdrawn: int
    share: float | None
    interval: list[float] | None


class ComplaintOut(Schema):
    """投诉单."""

    number: str
    customer_number: str
    kind: ComplaintKind
    channel: ComplaintChannel
    state: ComplaintState
    text: str
    received_at: dt.datetime
    contacted_at: dt.datetime | None
    answered_at: dt.datetime | None
    verified_at: dt.datetime | None
    is_justified: bool | None
    is_satisfied: bool | None
    cause: str
    responsible: str
    rounds: int

    @staticmethod
    def resolve_customer_number(row: Complaint) -> str:
        """客户编号."""
        return row.customer.number


class ComplaintIn(Sent):
    """A complaint as it came; oneself handles it."""

    customer_number: Short
    kind: ComplaintKind
    channel: ComplaintChannel
    person: Short
    text: Paragraph
    phone: Annotated[str, Field(max_length=30)] = ""
    account_number: Short = ""
    received_at: AwareDatetime | None = None


class ScoreOut(Schema):
    """满意度指数, the newest."""

    customer_number: str
    score: Decimal
    low: Decimal
    high: Decimal
    prior: Decimal
    evidence_weight: Decimal
    parts: list[dict[str, Any]]
    checked_at: dt.datetime

    @staticmethod
    def resolve_customer_number(row: SatisfactionScore) -> str:
        """客户编号."""
        return row.customer.number


@interactions.get(
    "", response=answers(Page[InteractionOut], 404, 409), operation_id="list_interactions"
)
def list_interactions(
    request: HttpRequest,
    customer: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的往来，新登记的在前；`customer` 为客户编号。"""
    viewer = viewer_of(request, group)
    pk = customers_queries.get_customer(viewer, customer).pk if customer else None
    rows = queries.list_interactions(viewer, customer_id=pk)
    return page_by_moment(rows, "entered_at", after=after, limit=limit)


@interactions.post(
    "", response=answers(InteractionOut, 400, 403, 409), operation_id="record_interaction"
)
def record_interaction(
    request: HttpRequest, asked: Annotated[InteractionIn, Body()]
) -> Interaction:
    """登记一次已发生的往来。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    return operations.record_interaction(
        **asked.dict(), owner_id=viewer.employee_id or 0, by=viewer, at=now()
    )


@interactions.get(
    "/{interaction_id}", response=answers(InteractionOut, 404), operation_id="get_interaction"
)
def get_interaction(request: HttpRequest, interaction_id: Id) -> Interaction:
    """一次往来。"""
    return queries.get_interaction(viewer_of(request), interaction_id)


@promises.get("", response=answers(Page[PromiseOut], 404, 409), operation_id="list_promises")
def list_promises(
    request: HttpRequest,
    customer: Text = "",
    state: PromiseState | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的承诺，新的在前；`customer` 为客户编号。"""
    viewer = viewer_of(request, group)
    pk = customers_queries.get_customer(viewer, customer).pk if customer else None
    rows = queries.list_promises(viewer, state=state or "", customer_id=pk)
    return page_by_moment(rows, "made_at", after=after, limit=limit)


@promises.post("", response=answers(PromiseOut, 400, 403, 409), operation_id="make_promise")
def make_promise(request: HttpRequest, asked: Annotated[PromiseIn, Body()]) -> Promise:
    """登记一次往来中作出的承诺，由本人兑现。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    return operations.make_promise(
        **asked.dict(), owner_id=viewer.employee_id or 0, by=viewer, at=now()
    )


@promises.get("/kept-rate", response=answers(KeptRateOut, 404), operation_id="get_kept_rate")
def kept_rate(request: HttpRequest, customer: Text = "") -> queries.KeptRate:
    """兑现率；`customer` 为客户编号，空为可见范围内全部。"""
    viewer = viewer_of(request)
    pk = customers_queries.get_customer(viewer, customer).pk if customer else None
    return queries.kept_rate(viewer, at=now(), customer_id=pk)


@promises.get("/{promise_id}", response=answers(PromiseOut, 404), operation_id="get_promise")
def get_promise(request: HttpRequest, promise_id: Id) -> Promise:
    """一个承诺。"""
    return queries.get_promise(viewer_of(request), promise_id)


@promises.post(
    "/{promise_id}/keep", response=answers(PromiseOut, 400, 403, 404, 409),
    operation_id="keep_promise",
)  # fmt: skip
def keep_promise(
    request: HttpRequest, promise_id: Id, asked: Annotated[EvidenceIn, Body()]
) -> Promise:
    """登记兑现。须为负责人，或有“走访与承诺”权限。"""
    viewer = viewer_of(request)
    queries.get_promise(viewer, promise_id)
    return operations.keep_promise(
        promise_id=promise_id, evidence=asked.evidence, by=viewer, at=now()
    )


@complaints.get("", response=answers(Page[ComplaintOut], 409), operation_id="list_complaints")
def list_complaints(
    request: HttpRequest,
    state: ComplaintState | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的投诉，新的在前。"""
    rows = queries.list_complaints(viewer_of(request, group), state=state or "")
    return page_by_moment(rows, "received_at", after=after, limit=limit)


@complaints.post("", response=answers(ComplaintOut, 400, 403, 409), operation_id="accept_complaint")
def accept_complaint(request: HttpRequest, asked: Annotated[ComplaintIn, Body()]) -> Complaint:
    """受理一件投诉，由本人承办。需“办理投诉”权限。"""
    viewer = viewer_of(request)
    return operations.accept_complaint(
        **asked.dict(), owner_id=viewer.employee_id or 0, by=viewer, at=now()
    )


@complaints.get("/{number}", response=answers(ComplaintOut, 404), operation_id="get_complaint")
def get_complaint(request: HttpRequest, number: Text) -> Complaint:
    """一件投诉。"""
    return queries.get_complaint(viewer_of(request), number)


@satisfaction.get("", response=answers(Page[ScoreOut], 409), operation_id="list_satisfaction")
def list_satisfaction(
    request: HttpRequest, group: Group = "", after: After = "", limit: Limit = 100
) -> dict[str, Any]:
    """可见客户的满意度指数，由低到高，附区间与各类证据的影响。"""
    found = queries.list_scores(viewer_of(request, group))
    return page_by_number(found, "score", after=after, limit=limit, descending=False)
