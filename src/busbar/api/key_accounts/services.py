"""Basic services for programs: what is due, recorded or waived (R78)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.api.key_accounts.plans import customer_id_of
from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import BodyId, Id, Paragraph, Sent, Sentence, now
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import BasicService, DueState, ServiceDue
from busbar.kit.periods import local_date

router = Router()


class BasicServiceOut(Schema):
    """一项基本业务: how often or upon which event, within how many days, what to write down."""

    code: str
    name: str
    every_days: int | None
    event: str
    due_days: int
    template: str
    source: str
    certainty: str


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
    def resolve_cause(row: ServiceDue) -> str:
        """In words."""
        return str(row.cause)

    @staticmethod
    def resolve_service_code(row: ServiceDue) -> str:
        """Which of the seven."""
        return row.service.code

    @staticmethod
    def resolve_customer_number(row: ServiceDue) -> str:
        """客户编号."""
        return row.customer.number


class ServiceRecordIn(Sent):
    """What the template asks for, and the talk in which it was done."""

    record: Paragraph
    interaction_id: BodyId | None = None


class ServiceWaiverIn(Sent):
    """Why it need not be done this time."""

    reason: Annotated[Sentence, Field(min_length=1)]


@router.get("", response=answers(Page[ServiceDueOut], 404, 409), operation_id="list_service_dues")
def list_service_dues(
    request: HttpRequest,
    customer: Text = "",
    state: DueState = DueState.OPEN,
    group: Group = "",
    after: After = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """到期的基本业务，最早的在前。"""
    viewer = viewer_of(request, group)
    found = queries.list_dues(viewer, state=state, customer_id=customer_id_of(viewer, customer))
    return page_by_moment(found, "due_on", after=after, limit=limit, newest_first=False)


@router.get(
    "/services", response=answers(list[BasicServiceOut]), operation_id="list_basic_services"
)
def list_basic_services(request: HttpRequest) -> list[BasicService]:
    """现行有效的基本业务：频度或触发事件、办理期限与记录模板。"""
    return queries.services_in_force(on=local_date(now()))


@router.post(
    "/{due_id}/record", response=answers(ServiceDueOut, 400, 403, 404, 409),
    operation_id="record_service_due",
)  # fmt: skip
def record_service(
    request: HttpRequest, due_id: Id, asked: Annotated[ServiceRecordIn, Body()]
) -> ServiceDue:
    """登记办理。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    queries.get_due(viewer, due_id)
    return operations.record_service(due_id=due_id, **asked.dict(), by=viewer, at=now())


@router.post(
    "/{due_id}/waive", response=answers(ServiceDueOut, 400, 403, 404, 409),
    operation_id="waive_service_due",
)  # fmt: skip
def waive_service(
    request: HttpRequest, due_id: Id, asked: Annotated[ServiceWaiverIn, Body()]
) -> ServiceDue:
    """这一次不必办理，写明原因。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    queries.get_due(viewer, due_id)
    return operations.waive_service(due_id=due_id, reason=asked.reason, by=viewer, at=now())
