"""Acts of the service desk for programs: visits, promises, complaints, what was mended."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.visibility import Viewer
from busbar.api.paging import Limit, Text, answers
from busbar.api.service_desk import ComplaintOut, InteractionOut, PromiseOut
from busbar.api.sign_in import viewer_of
from busbar.api.values import (
    BodyId,
    Id,
    Moment,
    Paragraph,
    Sent,
    Sentence,
    Short,
    in_reach,
    now,
    seen_person,
)
from busbar.service_desk import operations, queries
from busbar.service_desk.models import (
    Complaint,
    ImprovementTask,
    Interaction,
    InteractionKind,
    Promise,
)

interactions, promises, complaints, improvements = Router(), Router(), Router(), Router()


class VisitIn(Sent):
    """A visit or meeting to come; oneself answers for it."""

    customer_number: Short
    kind: InteractionKind = InteractionKind.VISIT
    subject: Annotated[Short, Field(min_length=1)]
    planned_at: Moment
    place: Short = ""
    contact_name: Short = ""
    our_people: Annotated[Sentence, Field(max_length=300)] = ""
    topics: Paragraph = ""


class PreparationIn(Sent):
    """What is to be talked about."""

    topics: Annotated[Paragraph, Field(min_length=1)]


class MinutesIn(Sent):
    """Who took part, what was said and found."""

    happened_at: Moment
    minutes: Annotated[Paragraph, Field(min_length=1)]
    their_people: Annotated[Sentence, Field(min_length=1, max_length=300)]
    findings: Paragraph = ""
    our_people: Annotated[Sentence, Field(max_length=300)] = ""
    topics: Paragraph = ""


class CancellationIn(Sent):
    """Why it does not take place."""

    reason: Annotated[Sentence, Field(min_length=1, max_length=300)]


class PromiseWithdrawalIn(Sent):
    """Why it falls away, and who of the customer agreed."""

    reason: Annotated[Sentence, Field(min_length=1)]
    consent_by: Annotated[Short, Field(min_length=1)]
    document_id: BodyId | None = None


class PromiseHandoverIn(Sent):
    """Who answers for it from now on (staff number), and why."""

    owner: Short
    reason: Annotated[Sentence, Field(min_length=1, max_length=300)]


class ComplaintContactIn(Sent):
    """What the customer wants and what was found out."""

    note: Annotated[Sentence, Field(min_length=1)]


class ComplaintAnswerIn(Sent):
    """The answer, whether it is justified, its cause, and whose it is where it is."""

    answer: Annotated[Paragraph, Field(min_length=1)]
    is_justified: bool
    cause: Annotated[Sentence, Field(min_length=1, max_length=300)]
    responsible_party: Short = ""


class CallBackIn(Sent):
    """What the customer said when called back by another than the handler."""

    is_satisfied: bool
    note: Annotated[Sentence, Field(min_length=1)]


class ImprovementOut(Schema):
    """整改任务: a fall of a customer's index, and what was done about it."""

    id: int
    customer_number: str
    owner_name: str
    opened_at: dt.datetime
    due_at: dt.datetime | None
    score_before: Decimal
    score_now: Decimal
    closed_at: dt.datetime | None
    measure: str

    @staticmethod
    def resolve_customer_number(row: ImprovementTask) -> str:
        """客户编号."""
        return row.customer.number

    @staticmethod
    def resolve_owner_name(row: ImprovementTask) -> str:
        """Who mends; empty where the customer has no A角."""
        return row.owner.name if row.owner else ""

    @staticmethod
    def resolve_due_at(row: ImprovementTask) -> dt.datetime | None:
        """The end of its clock."""
        return row.clock.due_at if row.clock else None


class ImprovementIn(Sent):
    """What was done about it."""

    measure: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]


@interactions.post(
    "/plans", response=answers(InteractionOut, 400, 403, 409), operation_id="plan_interaction"
)
def plan_interaction(request: HttpRequest, asked: Annotated[VisitIn, Body()]) -> Interaction:
    """安排一次走访或会议，由本人负责。需“走访与承诺”权限。"""
    viewer = viewer_of(request)
    in_reach(asked.planned_at, "planned_at")
    return operations.plan_interaction(
        **asked.dict(), owner_id=viewer.employee_id or 0, by=viewer, at=now()
    )


@interactions.post(
    "/{interaction_id}/prepare",
    response=answers(InteractionOut, 400, 403, 404, 409),
    operation_id="prepare_interaction",
)
def prepare_interaction(
    request: HttpRequest, interaction_id: Id, asked: Annotated[PreparationIn, Body()]
) -> Interaction:
    """准备：写下要谈的事项，并保留此刻的客户情况。"""
    viewer = _sees_interaction(request, interaction_id)
    return operations.prepare_interaction(
        interaction_id=interaction_id, topics=asked.topics, by=viewer, at=now()
    )


@interactions.post(
    "/{interaction_id}/minutes",
    response=answers(InteractionOut, 400, 403, 404, 409),
    operation_id="record_minutes",
)
def record_minutes(
    request: HttpRequest, interaction_id: Id, asked: Annotated[MinutesIn, Body()]
) -> Interaction:
    """登记已举行的走访或会议的纪要。"""
    viewer = _sees_interaction(request, interaction_id)
    in_reach(asked.happened_at, "happened_at")
    return operations.record_minutes(
        interaction_id=interaction_id, **asked.dict(), by=viewer, at=now()
    )


@interactions.post(
    "/{interaction_id}/cancel",
    response=answers(InteractionOut, 400, 403, 404, 409),
    operation_id="cancel_interaction",
)
def cancel_interaction(
    request: HttpRequest, interaction_id: Id, asked: Annotated[CancellationIn, Body()]
) -> Interaction:
    """取消一次计划，写明原因。"""
    viewer = _sees_interaction(request, interaction_id)
    return operations.cancel_interaction(
        interaction_id=interaction_id, reason=asked.reason, by=viewer, at=now()
    )


@promises.post(
    "/{promise_id}/withdraw",
    response=answers(PromiseOut, 400, 403, 404, 409),
    operation_id="withdraw_promise",
)
def withdraw_promise(
    request: HttpRequest, promise_id: Id, asked: Annotated[PromiseWithdrawalIn, Body()]
) -> Promise:
    """经客户同意撤回一个未超期的承诺。"""
    viewer = viewer_of(request)
    queries.get_promise(viewer, promise_id)
    return operations.withdraw_promise(promise_id=promise_id, **asked.dict(), by=viewer, at=now())


@promises.post(
    "/{promise_id}/hand-over",
    response=answers(PromiseOut, 400, 403, 404, 409),
    operation_id="hand_over_promise",
)
def hand_over_promise(
    request: HttpRequest, promise_id: Id, asked: Annotated[PromiseHandoverIn, Body()]
) -> Promise:
    """移交给另一位负责人，时限照旧。"""
    viewer = viewer_of(request)
    row = queries.get_promise(viewer, promise_id)
    owner = seen_person(viewer, asked.owner, row.customer_id)
    return operations.hand_over_promise(
        promise_id=promise_id, owner_id=owner.pk, reason=asked.reason, by=viewer, at=now()
    )


@complaints.post(
    "/{number}/contact",
    response=answers(ComplaintOut, 400, 403, 404, 409),
    operation_id="contact_complainant",
)
def contact_complainant(
    request: HttpRequest, number: Text, asked: Annotated[ComplaintContactIn, Body()]
) -> Complaint:
    """登记与投诉人的联系。需“办理投诉”权限。"""
    viewer = _sees_complaint(request, number)
    return operations.contact_complainant(number=number, note=asked.note, by=viewer, at=now())


@complaints.post(
    "/{number}/answer",
    response=answers(ComplaintOut, 400, 403, 404, 409),
    operation_id="answer_complaint",
)
def answer_complaint(
    request: HttpRequest, number: Text, asked: Annotated[ComplaintAnswerIn, Body()]
) -> Complaint:
    """登记书面答复、是否属实、原因与责任方。"""
    viewer = _sees_complaint(request, number)
    return operations.answer_complaint(number=number, **asked.dict(), by=viewer, at=now())


@complaints.post(
    "/{number}/call-back",
    response=answers(ComplaintOut, 400, 403, 404, 409),
    operation_id="verify_complaint",
)
def verify_complaint(
    request: HttpRequest, number: Text, asked: Annotated[CallBackIn, Body()]
) -> Complaint:
    """由承办人以外的人回访；不满意则重新办理。"""
    viewer = _sees_complaint(request, number)
    return operations.verify_complaint(number=number, **asked.dict(), by=viewer, at=now())


@improvements.get("", response=answers(list[ImprovementOut]), operation_id="list_improvements")
def list_improvements(request: HttpRequest, limit: Limit = 100) -> list[ImprovementTask]:
    """待办的满意度整改。"""
    return list(queries.list_improvements(viewer_of(request))[:limit])


@improvements.post(
    "/{improvement_id}/close",
    response=answers(ImprovementOut, 400, 403, 404, 409),
    operation_id="close_improvement",
)
def close_improvement(
    request: HttpRequest, improvement_id: Id, asked: Annotated[ImprovementIn, Body()]
) -> ImprovementTask:
    """登记采取的措施并办结。"""
    viewer = viewer_of(request)
    queries.get_improvement(viewer, improvement_id)
    operations.close_improvement(
        improvement_id=improvement_id, measure=asked.measure, by=viewer, at=now()
    )
    return queries.get_improvement(viewer, improvement_id)


def _sees_interaction(request: HttpRequest, interaction_id: int) -> Viewer:
    """Who asks; Interaction.DoesNotExist where it is not seen."""
    viewer = viewer_of(request)
    queries.get_interaction(viewer, interaction_id)
    return viewer


def _sees_complaint(request: HttpRequest, number: str) -> Viewer:
    """Who asks; Complaint.DoesNotExist where it is not seen."""
    viewer = viewer_of(request)
    queries.get_complaint(viewer, number)
    return viewer
