"""Rounds of asking customers, for programs: open, collect, close, read what was said (R16)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.visibility import Viewer
from busbar.api.paging import Day, Limit, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import JSON_NUMBER, Id, Sent, Sentence, Short, between, now
from busbar.service_desk import operations, queries
from busbar.service_desk.models import (
    AnswerState,
    QuestionKind,
    Survey,
    SurveyInvitation,
    SurveyQuestion,
)
from busbar.service_desk.survey_statistics import Estimate

router = Router()
_MOST_SAMPLE = 100_000
_MOST_SEED = 2**31 - 1
_MOST_QUESTIONS = 100


class SatisfactionSurveyOut(Schema):
    """满意度调查, one round."""

    code: str
    name: str
    unit_code: str
    questionnaire: str
    opened_at: dt.datetime
    closes_on: dt.date
    closed_at: dt.datetime | None
    population: int
    seed: int

    @staticmethod
    def resolve_unit_code(row: Survey) -> str:
        """Who asks."""
        return row.unit.code

    @staticmethod
    def resolve_questionnaire(row: Survey) -> str:
        """Which questionnaire."""
        return row.questionnaire.code


class SurveyQuestionOut(Schema):
    """One question by its place."""

    order: int
    kind: QuestionKind
    text: str


class SurveyEstimateOut(Schema):
    """A share or mean with its 95 % interval; null with too little said."""

    value: float
    low: float
    high: float


class SurveyReadingOut(Schema):
    """A round with its questions and what was said by now, as far as one sees its customers."""

    survey: SatisfactionSurveyOut
    questions: list[SurveyQuestionOut]
    invited: int
    answered: int
    refused: int
    unreached: int
    weighted: SurveyEstimateOut | None
    promoters: SurveyEstimateOut | None


class SatisfactionSurveyIn(Sent):
    """What the round is called, who asks whom, until when, how many, drawn with which seed."""

    code: Annotated[Short, Field(min_length=1, max_length=30)]
    name: Annotated[Short, Field(min_length=1)]
    unit: Short
    closes_on: Day
    sample_size: Annotated[int, between(1, _MOST_SAMPLE), JSON_NUMBER]
    seed: Annotated[int, between(0, _MOST_SEED), JSON_NUMBER]


class SurveyInvitationOut(Schema):
    """受访客户."""

    id: int
    customer_number: str
    contact_name: str
    state: AnswerState
    person: str
    remark: str

    @staticmethod
    def resolve_customer_number(row: SurveyInvitation) -> str:
        """客户编号."""
        return row.customer.number

    @staticmethod
    def resolve_contact_name(row: SurveyInvitation) -> str:
        """Whom to ask for; empty where no first contact is known."""
        return row.contact.name if row.contact else ""


class SurveyScoreIn(Sent):
    """One answer: a score, or words where the question asks for them."""

    order: Annotated[int, between(1, _MOST_QUESTIONS), JSON_NUMBER]
    score: Annotated[int, between(0, 10), JSON_NUMBER] | None = None
    text: Sentence = ""


class SurveyAnswersIn(Sent):
    """Who answered what; every question with a score must be answered."""

    person: Annotated[Short, Field(min_length=1)]
    answers: Annotated[list[SurveyScoreIn], Field(max_length=_MOST_QUESTIONS)]
    remark: Sentence = ""


class SurveySilenceIn(Sent):
    """That the customer refused or was not reached."""

    state: AnswerState
    remark: Sentence = ""


@router.get(
    "", response=answers(list[SatisfactionSurveyOut]), operation_id="list_satisfaction_surveys"
)
def list_surveys(request: HttpRequest, limit: Limit = 100) -> list[Survey]:
    """可见的满意度调查，新的在前。"""
    return list(queries.list_surveys(viewer_of(request))[:limit])


@router.post("", response=answers(SatisfactionSurveyOut, 400, 403, 409), operation_id="open_survey")
def open_survey(request: HttpRequest, asked: Annotated[SatisfactionSurveyIn, Body()]) -> Survey:
    """抽样并发出调查；重要客户必问，其余按种子抽取。需“满意度调查”权限。"""
    said = asked.dict()
    return operations.open_survey(
        unit_code=said.pop("unit"), **said, by=viewer_of(request), at=now()
    )


@router.get(
    "/{code}", response=answers(SurveyReadingOut, 404, 409), operation_id="get_satisfaction_survey"
)
def get_survey(request: HttpRequest, code: Text) -> dict[str, Any]:
    """一次调查的问题与至今的结果，附区间。"""
    viewer = viewer_of(request)
    row = queries.get_survey(viewer, code)
    found = queries.summarize_survey(viewer, row)
    counts = {
        name: getattr(found, name) for name in ("invited", "answered", "refused", "unreached")
    }
    return {
        "survey": row,
        "questions": [_question(one) for one in queries.list_questions(row)],
        **counts,
        "weighted": _estimate(found.weighted),
        "promoters": _estimate(found.promoters),
    }


@router.get(
    "/{code}/invitations",
    response=answers(list[SurveyInvitationOut], 404),
    operation_id="list_survey_invitations",
)
def list_invitations(
    request: HttpRequest, code: Text, state: AnswerState | None = None, limit: Limit = 200
) -> list[SurveyInvitation]:
    """受访客户，还没有回答的在前。"""
    viewer = viewer_of(request)
    row = queries.get_survey(viewer, code)
    return list(queries.list_invitations(viewer, row, state=state or "")[:limit])


@router.post(
    "/{code}/close",
    response=answers(SatisfactionSurveyOut, 403, 404, 409),
    operation_id="close_survey",
)
def close_survey(request: HttpRequest, code: Text) -> Survey:
    """结束调查；还没有回答的计为未联系上。"""
    viewer = viewer_of(request)
    queries.get_survey(viewer, code)
    operations.close_survey(code=code, by=viewer, at=now())
    return queries.get_survey(viewer, code)


@router.post(
    "/invitations/{invitation_id}/answers",
    response=answers(SurveyInvitationOut, 400, 403, 404, 409),
    operation_id="record_survey_answers",
)
def record_answers(
    request: HttpRequest, invitation_id: Id, asked: Annotated[SurveyAnswersIn, Body()]
) -> SurveyInvitation:
    """登记一位客户的回答：按题号的评分或文字。"""
    viewer = _sees(request, invitation_id)
    said = {one.order: one.text if one.score is None else one.score for one in asked.answers}
    operations.record_answers(
        invitation_id=invitation_id, person=asked.person, answers=said, remark=asked.remark,
        by=viewer, at=now(),
    )  # fmt: skip
    return queries.get_invitation(viewer, invitation_id)


@router.post(
    "/invitations/{invitation_id}/silence",
    response=answers(SurveyInvitationOut, 400, 403, 404, 409),
    operation_id="record_survey_silence",
)
def record_silence(
    request: HttpRequest, invitation_id: Id, asked: Annotated[SurveySilenceIn, Body()]
) -> SurveyInvitation:
    """登记拒答或未联系上。"""
    viewer = _sees(request, invitation_id)
    operations.record_silence(invitation_id=invitation_id, **asked.dict(), by=viewer, at=now())
    return queries.get_invitation(viewer, invitation_id)


def _sees(request: HttpRequest, invitation_id: int) -> Viewer:
    """Who asks; SurveyInvitation.DoesNotExist where it is not seen."""
    viewer = viewer_of(request)
    queries.get_invitation(viewer, invitation_id)
    return viewer


def _question(row: SurveyQuestion) -> dict[str, Any]:
    return {"order": row.order, "kind": row.kind, "text": row.text}


def _estimate(found: Estimate | None) -> dict[str, float] | None:
    return {"value": found.value, "low": found.low, "high": found.high} if found else None
