"""Value-added offers for programs: chance, delivery, benefit; solutions to their evaluation."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.visibility import Viewer
from busbar.api.key_accounts.plans import customer_id_of
from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import (
    JSON_NUMBER,
    BodyId,
    Id,
    Paragraph,
    Sent,
    Sentence,
    Short,
    Yuan,
    between,
    now,
)
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import (
    Opportunity,
    OpportunityStage,
    Solution,
    SolutionState,
    ValueAddedProduct,
)
from busbar.kit.periods import local_date

offers, solutions = Router(), Router()


class ValueAddedProductOut(Schema):
    """增值产品 as it is offered today."""

    code: str
    name: str
    description: str
    benefit_basis: str
    source: str
    certainty: str


class OpportunityOut(Schema):
    """增值机会."""

    id: int
    product_code: str
    customer_number: str
    solution_id: int | None
    stage: OpportunityStage
    reason: str
    expected_yuan: Decimal
    price_yuan: Decimal
    delivery: str
    benefit_yuan: Decimal | None
    benefit_basis: str
    lost_because: str

    @staticmethod
    def resolve_product_code(row: Opportunity) -> str:
        """Which product."""
        return row.product.code

    @staticmethod
    def resolve_customer_number(row: Opportunity) -> str:
        """客户编号."""
        return row.customer.number


class OpportunityIn(Sent):
    """Which product would serve whom, why, and what it should bring a year."""

    customer_number: Short
    product_code: Short
    reason: Annotated[Sentence, Field(min_length=1)]
    expected_yuan: Yuan
    price_yuan: Yuan = Decimal(0)
    solution_id: BodyId | None = None


class OfferAnswerIn(Sent):
    """The customer's answer; declined it takes the reason."""

    is_accepted: bool
    reason: Annotated[Sentence, Field(max_length=300)] = ""


class DeliveryIn(Sent):
    """What was delivered."""

    delivery: Annotated[Sentence, Field(min_length=1)]


class BenefitIn(Sent):
    """What it brought in a year, and by which bills or readings that is known."""

    benefit_yuan: Yuan
    basis: Annotated[Sentence, Field(min_length=1)]


class SolutionOut(Schema):
    """解决方案 with its products."""

    id: int
    customer_number: str
    name: str
    need: str
    state: SolutionState
    opened_at: dt.datetime
    quoted_yuan: Decimal | None
    decided_by: str
    evaluation: str
    score: int | None
    items: list[OpportunityOut]

    @staticmethod
    def resolve_customer_number(row: Solution) -> str:
        """客户编号."""
        return row.customer.number

    @staticmethod
    def resolve_items(row: Solution) -> list[Opportunity]:
        """In the order in which they were added."""
        return list(row.items.all())


class SolutionIn(Sent):
    """What the customer needs."""

    customer_number: Short
    name: Annotated[Short, Field(min_length=1)]
    need: Annotated[Paragraph, Field(min_length=1)]


class SolutionAnswerIn(Sent):
    """Who of the customer decided what; declined it takes the reason."""

    is_accepted: bool
    decided_by: Annotated[Short, Field(min_length=1)]
    reason: Annotated[Sentence, Field(max_length=300)] = ""


class SolutionJudgementIn(Sent):
    """The customer's judgement once all is delivered."""

    evaluation: Annotated[Paragraph, Field(min_length=1)]
    score: Annotated[int, between(1, 5), JSON_NUMBER]


@offers.get("", response=answers(Page[OpportunityOut], 404, 409), operation_id="list_opportunities")
def list_opportunities(
    request: HttpRequest,
    customer: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """可见的增值机会，新的在前。"""
    viewer = viewer_of(request, group)
    found = queries.list_opportunities(viewer, customer_id=customer_id_of(viewer, customer))
    return page_by_moment(found, "found_at", after=after, limit=limit)


@offers.get(
    "/products",
    response=answers(list[ValueAddedProductOut]),
    operation_id="list_value_added_products",
)
def list_products(request: HttpRequest) -> list[ValueAddedProduct]:
    """增值服务目录：现行有效的产品。"""
    return queries.list_products(on=local_date(now()))


@offers.post("", response=answers(OpportunityOut, 400, 403, 409), operation_id="find_opportunity")
def find_opportunity(request: HttpRequest, asked: Annotated[OpportunityIn, Body()]) -> Opportunity:
    """登记一个机会，可归入一个解决方案。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    row = operations.find_opportunity(**asked.dict(), by=viewer, at=now())
    return queries.get_opportunity(viewer, row.pk)


@offers.post(
    "/{opportunity_id}/decide",
    response=answers(OpportunityOut, 400, 403, 404, 409),
    operation_id="decide_opportunity",
)
def decide_opportunity(
    request: HttpRequest, opportunity_id: Id, asked: Annotated[OfferAnswerIn, Body()]
) -> Opportunity:
    """登记客户接受与否；未成须写明原因。"""
    viewer = _sees(request, opportunity_id)
    operations.decide_opportunity(
        opportunity_id=opportunity_id, **asked.dict(), by=viewer, at=now()
    )
    return queries.get_opportunity(viewer, opportunity_id)


@offers.post(
    "/{opportunity_id}/deliver",
    response=answers(OpportunityOut, 400, 403, 404, 409),
    operation_id="deliver_opportunity",
)
def deliver_opportunity(
    request: HttpRequest, opportunity_id: Id, asked: Annotated[DeliveryIn, Body()]
) -> Opportunity:
    """登记交付。"""
    viewer = _sees(request, opportunity_id)
    operations.deliver_opportunity(
        opportunity_id=opportunity_id, delivery=asked.delivery, by=viewer, at=now()
    )
    return queries.get_opportunity(viewer, opportunity_id)


@offers.post(
    "/{opportunity_id}/benefit",
    response=answers(OpportunityOut, 400, 403, 404, 409),
    operation_id="measure_benefit",
)
def measure_benefit(
    request: HttpRequest, opportunity_id: Id, asked: Annotated[BenefitIn, Body()]
) -> Opportunity:
    """核定一年的收益与依据。"""
    viewer = _sees(request, opportunity_id)
    operations.measure_benefit(opportunity_id=opportunity_id, **asked.dict(), by=viewer, at=now())
    return queries.get_opportunity(viewer, opportunity_id)


@solutions.get("", response=answers(Page[SolutionOut], 404, 409), operation_id="list_solutions")
def list_solutions(
    request: HttpRequest,
    customer: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """可见的解决方案，新的在前。"""
    viewer = viewer_of(request, group)
    rows = queries.list_solutions(viewer, customer_id=customer_id_of(viewer, customer))
    found = rows.prefetch_related("items__product", "items__customer")
    return page_by_moment(found, "opened_at", after=after, limit=limit)


@solutions.post("", response=answers(SolutionOut, 400, 403, 409), operation_id="open_solution")
def open_solution(request: HttpRequest, asked: Annotated[SolutionIn, Body()]) -> Solution:
    """登记客户的一项需求，其后加入产品。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    row = operations.open_solution(**asked.dict(), by=viewer, at=now())
    return queries.get_solution(viewer, row.pk)


@solutions.get("/{solution_id}", response=answers(SolutionOut, 404), operation_id="get_solution")
def get_solution(request: HttpRequest, solution_id: Id) -> Solution:
    """一个解决方案，附其中的产品。"""
    return queries.get_solution(viewer_of(request), solution_id)


@solutions.post(
    "/{solution_id}/quote",
    response=answers(SolutionOut, 403, 404, 409),
    operation_id="quote_solution",
)
def quote_solution(request: HttpRequest, solution_id: Id) -> Solution:
    """按其中各产品的价格合计报价。"""
    viewer = _sees_solution(request, solution_id)
    operations.quote_solution(solution_id=solution_id, by=viewer, at=now())
    return queries.get_solution(viewer, solution_id)


@solutions.post(
    "/{solution_id}/decide",
    response=answers(SolutionOut, 400, 403, 404, 409),
    operation_id="decide_solution",
)
def decide_solution(
    request: HttpRequest, solution_id: Id, asked: Annotated[SolutionAnswerIn, Body()]
) -> Solution:
    """登记客户对整个方案的决定。"""
    viewer = _sees_solution(request, solution_id)
    operations.decide_solution(solution_id=solution_id, **asked.dict(), by=viewer, at=now())
    return queries.get_solution(viewer, solution_id)


@solutions.post(
    "/{solution_id}/evaluate",
    response=answers(SolutionOut, 400, 403, 404, 409),
    operation_id="evaluate_solution",
)
def evaluate_solution(
    request: HttpRequest, solution_id: Id, asked: Annotated[SolutionJudgementIn, Body()]
) -> Solution:
    """全部交付后登记客户的评价，1 至 5 分。"""
    viewer = _sees_solution(request, solution_id)
    operations.evaluate_solution(solution_id=solution_id, **asked.dict(), by=viewer, at=now())
    return queries.get_solution(viewer, solution_id)


def _sees(request: HttpRequest, opportunity_id: int) -> Viewer:
    """Who asks; Opportunity.DoesNotExist where it is not seen."""
    viewer = viewer_of(request)
    queries.get_opportunity(viewer, opportunity_id)
    return viewer


def _sees_solution(request: HttpRequest, solution_id: int) -> Viewer:
    """Who asks; Solution.DoesNotExist where it is not seen."""
    viewer = viewer_of(request)
    queries.get_solution(viewer, solution_id)
    return viewer
