"""Plans, basic services and offers for programs, to read; and the record of a service."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema

from busbar.api.paging import (
    After,
    Limit,
    Page,
    Text,
    answers,
    page_by_moment,
    page_by_number,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, Paragraph, Sent, now
from busbar.customers import queries as customers_queries
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import (
    AccountPlan,
    DueState,
    MeasureState,
    Opportunity,
    OpportunityStage,
    PlanMeasure,
    PlanScope,
    PlanState,
    ServiceDue,
)

plans, services, offers = Router(), Router(), Router()


class PlanOut(Schema):
    """客户计划或行业计划."""

    id: int
    scope: PlanScope
    customer_number: str | None
    sector: str
    year: int
    version: int
    state: PlanState
    budget_yuan: Decimal
    agreed_at: dt.datetime | None
    closed_at: dt.datetime | None

    @staticmethod
    def resolve_customer_number(row: AccountPlan) -> str | None:
        """客户编号."""
        return row.customer.number if row.customer else None


class PlanMeasureOut(Schema):
    """计划措施."""

    text: str
    owner_name: str
    due_on: dt.date
    progress_percent: int
    state: MeasureState
    note: str

    @staticmethod
    def resolve_owner_name(row: PlanMeasure) -> str:
        """Who does it."""
        return row.owner.name


class PlanDetailOut(PlanOut):
    """A plan with its sections and measures."""

    profile: str
    contacts: str
    equipment: str
    relations: str
    goals: str
    obstacles: str
    review: str
    measures: list[PlanMeasureOut]

    @staticmethod
    def resolve_measures(row: AccountPlan) -> list[PlanMeasure]:
        """The earliest due first."""
        return list(row.measures.all())


class ServiceDueOut(Schema):
    """到期业务."""

    id: int
    service_code: str
    customer_number: str
    cause: str
    due_on: dt.date
    state: DueState
    record: str

    @staticmethod
    def resolve_service_code(row: ServiceDue) -> str:
        """Which of the seven."""
        return row.service.code

    @staticmethod
    def resolve_customer_number(row: ServiceDue) -> str:
        """客户编号."""
        return row.customer.number


class ServiceRecordIn(Sent):
    """What the template asks for."""

    record: Paragraph


class OpportunityOut(Schema):
    """增值机会."""

    id: int
    product_code: str
    customer_number: str
    stage: OpportunityStage
    reason: str
    expected_yuan: Decimal
    benefit_yuan: Decimal | None

    @staticmethod
    def resolve_product_code(row: Opportunity) -> str:
        """Which product."""
        return row.product.code

    @staticmethod
    def resolve_customer_number(row: Opportunity) -> str:
        """客户编号."""
        return row.customer.number


@plans.get("", response=answers(Page[PlanOut], 404, 409), operation_id="list_account_plans")
def list_plans(
    request: HttpRequest, customer: Text = "", after: After = "", limit: Limit = 100
) -> dict[str, Any]:
    """可见的客户计划与行业计划，新的在前。"""
    found = queries.list_plans(viewer_of(request), customer_id=_customer(request, customer))
    return page_by_number(found, "year", after=after, limit=limit, descending=True)


@plans.get("/{plan_id}", response=answers(PlanDetailOut, 404), operation_id="get_account_plan")
def get_plan(request: HttpRequest, plan_id: Id) -> AccountPlan:
    """一份计划，附措施与进度。"""
    return queries.get_plan(viewer_of(request), plan_id)


@services.get("", response=answers(Page[ServiceDueOut], 404, 409), operation_id="list_service_dues")
def list_service_dues(
    request: HttpRequest,
    customer: Text = "",
    state: DueState = DueState.OPEN,
    after: After = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """到期的基本业务，最早的在前。"""
    viewer, pk = viewer_of(request), _customer(request, customer)
    found = queries.list_dues(viewer, state=state, customer_id=pk)
    return page_by_moment(found, "due_on", after=after, limit=limit, newest_first=False)


@services.post(
    "/{due_id}/record", response=answers(ServiceDueOut, 400, 403, 404, 409),
    operation_id="record_service_due",
)  # fmt: skip
def record_service(
    request: HttpRequest, due_id: Id, asked: Annotated[ServiceRecordIn, Body()]
) -> ServiceDue:
    """登记办理。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    queries.get_due(viewer, due_id)
    return operations.record_service(due_id=due_id, record=asked.record, by=viewer, at=now())


@offers.get("", response=answers(Page[OpportunityOut], 404, 409), operation_id="list_opportunities")
def list_opportunities(
    request: HttpRequest, customer: Text = "", after: After = "", limit: Limit = 100
) -> dict[str, Any]:
    """可见的增值机会，新的在前。"""
    found = queries.list_opportunities(viewer_of(request), customer_id=_customer(request, customer))
    return page_by_moment(found, "found_at", after=after, limit=limit)


def _customer(request: HttpRequest, number: str) -> Any:
    viewer = viewer_of(request)
    return customers_queries.get_customer(viewer, number).pk if number else None
