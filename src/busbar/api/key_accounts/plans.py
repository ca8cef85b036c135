"""Account plans for programs: drafted, met about, signed, measured, reviewed and closed (U8)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.visibility import Viewer
from busbar.api.paging import After, Day, Group, Limit, Page, Text, answers, page_by_number
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
    seen_person,
)
from busbar.customers import queries as customers_queries
from busbar.customers.models import CustomerKind
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import (
    AccountPlan,
    MeasureState,
    PlanMeasure,
    PlanScope,
    PlanState,
)

router = Router()
Year = Annotated[int, between(2000, 2100), JSON_NUMBER]
Percent = Annotated[int, between(0, 100), JSON_NUMBER]


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

    id: int
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


class PlanIn(Sent):
    """Whose plan of which year."""

    customer_number: Short
    year: Year


class SectorPlanIn(Sent):
    """A plan for all customers of a kind in a unit's branch."""

    sector: CustomerKind
    unit: Short
    year: Year


class PlanSectionsIn(Sent):
    """What the sections are to say; what is left out stays."""

    profile: Paragraph | None = None
    contacts: Paragraph | None = None
    equipment: Paragraph | None = None
    relations: Paragraph | None = None
    goals: Paragraph | None = None
    obstacles: Paragraph | None = None
    budget_yuan: Yuan


class PlanMeasureIn(Sent):
    """What is to be done, by whom (staff number), until when."""

    text: Annotated[Sentence, Field(min_length=1, max_length=300)]
    owner: Short
    due_on: Day


class MeasureReportIn(Sent):
    """How far it has come, or why it is dropped."""

    progress_percent: Percent
    note: Annotated[Sentence, Field(min_length=1)]
    is_dropped: bool = False


class PlanMeetingIn(Sent):
    """A meeting with minutes that was about the plan."""

    interaction_id: BodyId


class PlanSignatureIn(Sent):
    """Who signed when, on which of the customer's documents; a sector's plan has neither."""

    our_signatory: Annotated[Short, Field(min_length=1)]
    their_signatory: Short = ""
    signed_on: Day
    document_id: BodyId | None = None


class PlanRevisionIn(Sent):
    """Why it is opened again."""

    reason: Annotated[Sentence, Field(min_length=1, max_length=300)]


class PlanReviewIn(Sent):
    """What came of the year."""

    review: Annotated[Paragraph, Field(min_length=1)]


@router.get("", response=answers(Page[PlanOut], 404, 409), operation_id="list_account_plans")
def list_plans(
    request: HttpRequest,
    customer: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """可见的客户计划与行业计划，新的在前。"""
    viewer = viewer_of(request, group)
    found = queries.list_plans(viewer, customer_id=customer_id_of(viewer, customer))
    return page_by_number(found, "year", after=after, limit=limit, descending=True)


@router.post(
    "/sectors", response=answers(PlanDetailOut, 400, 403, 409), operation_id="open_sector_plan"
)
def open_sector_plan(request: HttpRequest, asked: Annotated[SectorPlanIn, Body()]) -> AccountPlan:
    """编制一个单位的行业计划。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    row = operations.open_sector_plan(
        sector=asked.sector, unit_code=asked.unit, year=asked.year, by=viewer, at=now()
    )
    return queries.get_plan(viewer, row.pk)


@router.get("/{plan_id}", response=answers(PlanDetailOut, 404), operation_id="get_account_plan")
def get_plan(request: HttpRequest, plan_id: Id) -> AccountPlan:
    """一份计划，附措施与进度。"""
    return queries.get_plan(viewer_of(request), plan_id)


@router.post("", response=answers(PlanDetailOut, 400, 403, 409), operation_id="open_account_plan")
def open_plan(request: HttpRequest, asked: Annotated[PlanIn, Body()]) -> AccountPlan:
    """编制客户的年度计划，一年一份。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    row = operations.open_plan(**asked.dict(), by=viewer, at=now())
    return queries.get_plan(viewer, row.pk)


@router.post(
    "/{plan_id}/sections",
    response=answers(PlanDetailOut, 400, 403, 404, 409),
    operation_id="write_account_plan",
)
def write_plan(
    request: HttpRequest, plan_id: Id, asked: Annotated[PlanSectionsIn, Body()]
) -> AccountPlan:
    """编写草稿的各部分与预算；没有给出的部分不变。"""
    viewer = _seen(request, plan_id)
    said = asked.dict()
    budget_yuan = said.pop("budget_yuan")
    operations.write_plan(
        plan_id=plan_id,
        sections={name: text for name, text in said.items() if text is not None},
        budget_yuan=budget_yuan,
        by=viewer,
        at=now(),
    )
    return queries.get_plan(viewer, plan_id)


@router.post(
    "/{plan_id}/measures",
    response=answers(PlanDetailOut, 400, 403, 404, 409),
    operation_id="add_plan_measure",
)
def add_measure(
    request: HttpRequest, plan_id: Id, asked: Annotated[PlanMeasureIn, Body()]
) -> AccountPlan:
    """加一项措施：谁、到哪天；负责人在本单位范围内或在该客户团队中。"""
    viewer = viewer_of(request)
    plan = queries.get_plan(viewer, plan_id)
    owner = seen_person(viewer, asked.owner, plan.customer_id)
    operations.add_measure(
        plan_id=plan_id, text=asked.text, owner_id=owner.pk, due_on=asked.due_on,
        by=viewer, at=now(),
    )  # fmt: skip
    return queries.get_plan(viewer, plan_id)


@router.post(
    "/measures/{measure_id}/report",
    response=answers(PlanDetailOut, 400, 403, 404, 409),
    operation_id="report_plan_measure",
)
def report_measure(
    request: HttpRequest, measure_id: Id, asked: Annotated[MeasureReportIn, Body()]
) -> AccountPlan:
    """报措施的进度；100 为完成，取消须写明原因。"""
    viewer = viewer_of(request)
    measure: PlanMeasure = PlanMeasure.objects.visible_to(viewer).get(pk=measure_id)
    operations.report_measure(measure_id=measure_id, **asked.dict(), by=viewer, at=now())
    return queries.get_plan(viewer, measure.plan_id)


@router.post(
    "/{plan_id}/meetings",
    response=answers(PlanDetailOut, 400, 403, 404, 409),
    operation_id="hold_planning_meeting",
)
def hold_meeting(
    request: HttpRequest, plan_id: Id, asked: Annotated[PlanMeetingIn, Body()]
) -> AccountPlan:
    """登记联合计划会：一次已开过、有纪要的会议。"""
    viewer = _seen(request, plan_id)
    operations.hold_planning_meeting(plan_id=plan_id, **asked.dict(), by=viewer, at=now())
    return queries.get_plan(viewer, plan_id)


@router.post(
    "/{plan_id}/sign",
    response=answers(PlanDetailOut, 400, 403, 404, 409),
    operation_id="sign_account_plan",
)
def sign_plan(
    request: HttpRequest, plan_id: Id, asked: Annotated[PlanSignatureIn, Body()]
) -> AccountPlan:
    """双方签署这一版，签字的文件须已在客户文档中；行业计划由我方批准。"""
    viewer = _seen(request, plan_id)
    operations.sign_plan(plan_id=plan_id, **asked.dict(), by=viewer, at=now())
    return queries.get_plan(viewer, plan_id)


@router.post(
    "/{plan_id}/revise",
    response=answers(PlanDetailOut, 400, 403, 404, 409),
    operation_id="revise_account_plan",
)
def revise_plan(
    request: HttpRequest, plan_id: Id, asked: Annotated[PlanRevisionIn, Body()]
) -> AccountPlan:
    """重新打开已签署的计划，编下一版；签过的一版原样保留。"""
    viewer = _seen(request, plan_id)
    operations.revise_plan(plan_id=plan_id, reason=asked.reason, by=viewer, at=now())
    return queries.get_plan(viewer, plan_id)


@router.post(
    "/{plan_id}/close",
    response=answers(PlanDetailOut, 400, 403, 404, 409),
    operation_id="close_account_plan",
)
def close_plan(
    request: HttpRequest, plan_id: Id, asked: Annotated[PlanReviewIn, Body()]
) -> AccountPlan:
    """复盘并结束；每项措施须已有结果。"""
    viewer = _seen(request, plan_id)
    operations.close_plan(plan_id=plan_id, review=asked.review, by=viewer, at=now())
    return queries.get_plan(viewer, plan_id)


def customer_id_of(viewer: Viewer, number: str) -> int | None:
    """The customer of this number as far as it is seen; None without a number."""
    return customers_queries.get_customer(viewer, number).pk if number else None


def _seen(request: HttpRequest, plan_id: int) -> Viewer:
    """Who asks; AccountPlan.DoesNotExist where the plan is not seen."""
    viewer = viewer_of(request)
    queries.get_plan(viewer, plan_id)
    return viewer
