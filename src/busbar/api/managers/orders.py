"""Orders to other departments: give one, follow it, rate it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import Figure, Paragraph, Sent, Sentence, Short, Yuan, now
from busbar.key_accounts.models import DepartmentOrder, OrderStage, OrderStep
from busbar.key_accounts.operations import rating, sending
from busbar.key_accounts.operations.sending import OrderDraft
from busbar.key_accounts.queries import orders as orders_queries
from busbar.key_accounts.queries.orders import OrderFilter

router = Router()
Score = Annotated[int, Field(ge=1, le=5)]


class DepartmentOrderOut(Schema):
    """An order: who asked whom for what, where it stands, whether it was late."""

    number: str
    customer_number: str
    customer_name: str
    kind: str
    kind_name: str
    title: str
    state: str
    department: str
    holder: str
    ordered_by: str
    ordered_at: dt.datetime
    replied_at: dt.datetime | None
    reported_at: dt.datetime | None
    closed_at: dt.datetime | None
    reply_late: bool | None
    work_late: bool | None
    climbs: int
    reopened: int

    @staticmethod
    def resolve_customer_number(row: DepartmentOrder) -> str:
        """The customer."""
        return row.customer.number

    @staticmethod
    def resolve_customer_name(row: DepartmentOrder) -> str:
        """The customer in words."""
        return row.customer.name

    @staticmethod
    def resolve_department(row: DepartmentOrder) -> str:
        """Who answers."""
        return row.department.name

    @staticmethod
    def resolve_holder(row: DepartmentOrder) -> str:
        """In whose hands it is."""
        return row.holder.name

    @staticmethod
    def resolve_ordered_by(row: DepartmentOrder) -> str:
        """Who asked."""
        return row.ordered_by.name


class DepartmentOrderStepOut(Schema):
    """One thing that happened to an order."""

    kind: str
    at: dt.datetime
    by_name: str
    unit_name: str
    text: str

    @staticmethod
    def resolve_text(step: OrderStep) -> str:
        """In words."""
        return str(step.text)


class DepartmentOrderRatingOut(Schema):
    """What one side said of it."""

    side: str
    score: int
    word: str
    by_name: str
    at: dt.datetime


class DepartmentOrderDetailOut(DepartmentOrderOut):
    """An order with its course, its ratings and the task it waits for."""

    details: str
    amount_yuan: Decimal | None
    hours: Decimal | None
    mandate: str
    refusal: str
    result: str
    task_id: int | None
    due_at: dt.datetime | None
    steps: list[DepartmentOrderStepOut]
    ratings: list[DepartmentOrderRatingOut]

    @staticmethod
    def resolve_mandate(row: DepartmentOrder) -> str:
        """The code of the mandate behind it."""
        return row.mandate.code

    @staticmethod
    def resolve_task_id(row: DepartmentOrder) -> int | None:
        """What is to be done now."""
        task = orders_queries.find_open_task(row)
        return task.pk if task else None

    @staticmethod
    def resolve_due_at(row: DepartmentOrder) -> dt.datetime | None:
        """By when."""
        task = orders_queries.find_open_task(row)
        return task.due_at if task else None

    @staticmethod
    def resolve_steps(row: DepartmentOrder) -> object:
        """The earliest first."""
        return list(orders_queries.list_steps(row))

    @staticmethod
    def resolve_ratings(row: DepartmentOrder) -> object:
        """Of both sides."""
        return orders_queries.list_ratings(row)


class DepartmentOrderIn(Sent):
    """What is ordered for which customer; amount and hours only where the kind asks for them."""

    customer: Short
    kind: Short
    title: Annotated[Short, Field(min_length=1)]
    details: Annotated[Paragraph, Field(min_length=1, max_length=2000)]
    amount_yuan: Yuan | None = None
    hours: Figure | None = None


class OrderRatingIn(Sent):
    """1 to 5 with a word."""

    score: Score
    word: Annotated[Sentence, Field(min_length=1)]


class OrderWithdrawalIn(Sent):
    """Why it is taken back."""

    reason: Annotated[Sentence, Field(min_length=1)]


@router.get(
    "", response=answers(Page[DepartmentOrderOut], 409), operation_id="list_department_orders"
)
def list_orders(
    request: HttpRequest,
    *,
    whose: Literal["mine", "department", "climbed", "all"] = "all",
    state: OrderStage | None = None,
    kind: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """部门工作指令，最近下达的在前。"""
    narrowed = OrderFilter(whose=whose, state=state or "", kind=kind)
    rows = orders_queries.list_orders(viewer_of(request, group), narrowed=narrowed)
    return page_by_moment(rows, "ordered_at", after=after, limit=limit)


@router.post(
    "",
    response=answers(DepartmentOrderDetailOut, 400, 403, 404, 409),
    operation_id="send_department_order",
)
def send_order(request: HttpRequest, body: DepartmentOrderIn) -> DepartmentOrder:
    """下达指令：直接进入承办部门的工作台；授权不及的拒绝并说明谁可以下达。"""
    viewer = viewer_of(request)
    draft = OrderDraft(body.kind, body.title, body.details, body.amount_yuan, body.hours)
    order = sending.send_order(customer_number=body.customer, draft=draft, by=viewer, at=now())
    return orders_queries.get_order(viewer, order.number)


@router.get(
    "/{number}",
    response=answers(DepartmentOrderDetailOut, 404),
    operation_id="get_department_order",
)
def get_order(request: HttpRequest, number: str) -> DepartmentOrder:
    """一条指令及其经过、互评和当前任务。"""
    return orders_queries.get_order(viewer_of(request), number)


@router.post(
    "/{number}/rating",
    response=answers(DepartmentOrderDetailOut, 400, 404, 409),
    operation_id="rate_department_order",
)
def rate_order(request: HttpRequest, number: str, body: OrderRatingIn) -> DepartmentOrder:
    """办结后由下达人或承办部门评价一次。"""
    viewer = viewer_of(request)
    orders_queries.get_order(viewer, number)
    rating.rate_order(number=number, score=body.score, word=body.word, by=viewer, at=now())
    return orders_queries.get_order(viewer, number)


@router.post(
    "/{number}/withdrawal",
    response=answers(DepartmentOrderDetailOut, 400, 403, 404, 409),
    operation_id="withdraw_department_order",
)
def withdraw_order(request: HttpRequest, number: str, body: OrderWithdrawalIn) -> DepartmentOrder:
    """下达人撤回尚未办结的指令。"""
    viewer = viewer_of(request)
    orders_queries.get_order(viewer, number)
    sending.withdraw_order(number=number, reason=body.reason, by=viewer, at=now())
    return orders_queries.get_order(viewer, number)
