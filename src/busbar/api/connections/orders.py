"""Metering orders and service orders."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.api.paging import After, Day, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import Paragraph, Sent, Sentence, Short, now, seen_unit
from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    MeteringOrder,
    MeteringOrderKind,
    OrderState,
    ServiceOrder,
    ServiceOrderKind,
)
from busbar.connections.queries import orders as order_queries
from busbar.customers import queries as customers_queries
from busbar.supply import queries as supply_queries

metering = Router()
service = Router()


class RegisterOut(Schema):
    """A register read at the work."""

    is_start: bool
    reading_type: str
    value: Decimal


class MeteringOrderOut(Schema):
    """计量装接单."""

    number: str
    kind: MeteringOrderKind
    state: OrderState
    usage_point_number: str
    account_number: str
    unit_code: str
    reason: str
    ordered_at: dt.datetime
    ordered_by: str
    planned_on: dt.date | None
    seals: str
    findings: str
    done_at: dt.datetime | None
    done_by: str
    process_id: int | None
    registers: list[RegisterOut]

    @staticmethod
    def resolve_usage_point_number(order: MeteringOrder) -> str:
        """Number of the usage point."""
        return order.usage_point.number

    @staticmethod
    def resolve_account_number(order: MeteringOrder) -> str:
        """户号."""
        return order.usage_point.account.number

    @staticmethod
    def resolve_unit_code(order: MeteringOrder) -> str:
        """Code of the unit that does it."""
        return order.unit.code

    @staticmethod
    def resolve_registers(order: MeteringOrder) -> list[Any]:
        """End registers before start registers."""
        return sorted(order.registers.all(), key=lambda row: (row.is_start, row.reading_type))


class MeteringOrderIn(Sent):
    """What is to be done at which usage point, and why."""

    kind: MeteringOrderKind
    usage_point_number: Short
    reason: Annotated[Sentence, Field(max_length=300)]
    unit_code: Short = ""
    planned_on: Day | None = None


class ServiceOrderOut(Schema):
    """服务工单."""

    number: str
    kind: ServiceOrderKind
    state: OrderState
    customer_number: str
    unit_code: str
    topic: str
    request: str
    ordered_at: dt.datetime
    planned_on: dt.date | None
    result: str
    items: list[Any]
    next_due_on: dt.date | None
    is_published: bool
    done_at: dt.datetime | None
    done_by: str
    process_id: int | None

    @staticmethod
    def resolve_customer_number(order: ServiceOrder) -> str:
        """客户编号."""
        return order.customer.number

    @staticmethod
    def resolve_unit_code(order: ServiceOrder) -> str:
        """Code of the unit that does it."""
        return order.unit.code


class ServiceOrderIn(Sent):
    """Who asks for what."""

    kind: ServiceOrderKind
    customer_number: Short
    topic: Annotated[Short, Field(max_length=200)]
    request: Paragraph
    account_number: Short = ""
    unit_code: Short = ""
    planned_on: Day | None = None


class AnswerOut(Schema):
    """A published answer; no customer is named."""

    topic: str
    question: str
    answer: str


@metering.get(
    "", response=answers(Page[MeteringOrderOut], 409), operation_id="list_metering_orders"
)
def list_metering_orders(
    request: HttpRequest,
    *,
    usage_point: Text = "",
    kind: MeteringOrderKind | None = None,
    state: OrderState | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的计量装接单，新的在前；`usage_point` 为计量点编号。"""
    found = order_queries.list_metering_orders(
        viewer_of(request, group), kind=kind or "", state=state or ""
    )
    if usage_point:
        found = found.filter(usage_point__number=usage_point)
    rows = found.prefetch_related("registers")
    return page_by_moment(rows, "ordered_at", after=after, limit=limit)


@metering.post(
    "", response=answers(MeteringOrderOut, 400, 403, 404, 409), operation_id="order_metering"
)
def order_metering(
    request: HttpRequest, asked: Annotated[MeteringOrderIn, Body()]
) -> MeteringOrder:
    """下一张计量装接单并派给办理单位。需“办理变更用电”权限。"""
    viewer = viewer_of(request)
    point = supply_queries.get_usage_point(viewer, asked.usage_point_number)
    return connections_operations.order_metering_and_start(
        kind=asked.kind,
        usage_point=point,
        reason=asked.reason,
        unit=seen_unit(viewer, asked.unit_code) if asked.unit_code else None,
        planned_on=asked.planned_on,
        by=viewer,
        at=now(),
    )


@metering.get(
    "/{number}", response=answers(MeteringOrderOut, 404), operation_id="get_metering_order"
)
def get_metering_order(request: HttpRequest, number: Text) -> MeteringOrder:
    """一张计量装接单，附止码、起码。"""
    found = order_queries.list_metering_orders(viewer_of(request))
    return found.prefetch_related("registers").get(number=number)


@service.get("", response=answers(Page[ServiceOrderOut], 409), operation_id="list_service_orders")
def list_service_orders(
    request: HttpRequest,
    *,
    customer: Text = "",
    kind: ServiceOrderKind | None = None,
    state: OrderState | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的服务工单，新的在前；`customer` 为客户编号。"""
    found = order_queries.list_service_orders(
        viewer_of(request, group), kind=kind or "", state=state or ""
    )
    if customer:
        found = found.filter(customer__number=customer)
    return page_by_moment(found, "ordered_at", after=after, limit=limit)


@service.post(
    "", response=answers(ServiceOrderOut, 400, 403, 404, 409), operation_id="order_service"
)
def order_service(request: HttpRequest, asked: Annotated[ServiceOrderIn, Body()]) -> ServiceOrder:
    """登记客户的咨询、方案设计、检测或维护要求并派单。需“办理变更用电”权限。"""
    viewer, number = viewer_of(request), asked.account_number
    return connections_operations.order_service_and_start(
        kind=asked.kind,
        customer=customers_queries.get_customer(viewer, asked.customer_number),
        topic=asked.topic,
        request=asked.request,
        account=customers_queries.get_account(viewer, number) if number else None,
        unit=seen_unit(viewer, asked.unit_code) if asked.unit_code else None,
        planned_on=asked.planned_on,
        by=viewer,
        at=now(),
    )


@service.get("/answers", response=answers(list[AnswerOut]), operation_id="search_answers")
def search_answers(request: HttpRequest, words: Text) -> list[dict[str, str]]:
    """在已公开的咨询答复中查找，至多 50 条；不含客户信息。"""
    names = ("topic", "question", "answer")
    return [dict(zip(names, row, strict=True)) for row in order_queries.search_answers(words)]


@service.get("/{number}", response=answers(ServiceOrderOut, 404), operation_id="get_service_order")
def get_service_order(request: HttpRequest, number: Text) -> ServiceOrder:
    """一张服务工单。"""
    return order_queries.list_service_orders(viewer_of(request)).get(number=number)
