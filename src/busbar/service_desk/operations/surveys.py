"""Surveys: draw a sample that can be drawn again, collect, close (R16)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.customers.models import Contact, Customer, Importance
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.kit.words import words
from busbar.service_desk.models import (
    AnswerState,
    QuestionKind,
    Survey,
    SurveyAnswer,
    SurveyInvitation,
    SurveyQuestion,
)
from busbar.service_desk.operations.ground import SURVEY, tell
from busbar.service_desk.queries.rules import get_questionnaire

_BOUNDS = {QuestionKind.SCALE: (1, 5), QuestionKind.RECOMMEND: (0, 10)}


class UnableToSurvey(Refusal):
    """The round cannot be opened, answered or closed so."""


@transaction.atomic
def open_survey(
    *,
    code: str,
    name: str,
    unit_code: str,
    closes_on: dt.date,
    sample_size: int,
    seed: int,
    by: Viewer,
    at: dt.datetime,
    questionnaire: str = "key_account",
) -> Survey:
    """Draw the sample from the unit's customers and invite each.

    Important customers are all asked; of the others so many are drawn as the sample still holds.
    With the seed and the archive as it was the draw can be repeated.
    """
    by.require(Permission.SURVEY_CUSTOMERS)
    unit = OrganizationUnit.objects.filter(code=unit_code).first()
    if unit is None or not by.covers(unit.path):
        raise UnableToSurvey("没有单位 %(unit_code)s，或不在您的管辖范围内", unit_code=unit_code)
    if closes_on <= local_date(at):
        raise UnableToSurvey("截止日须在今天以后")
    if Survey.objects.filter(code=code).exists():
        raise UnableToSurvey("调查编号 %(code)s 已用过", code=code)
    drawn, population = _draw(unit, sample_size, seed)
    if not drawn:
        raise UnableToSurvey("该单位没有可调查的客户，或样本数为零")
    row = Survey.objects.create(
        code=words(code, UnableToSurvey, "请写明调查编号", most=30),
        name=words(name, UnableToSurvey, "请写明调查名称", most=100),
        questionnaire=get_questionnaire(questionnaire, on=local_date(at)),
        unit=unit,
        opened_at=at,
        closes_on=closes_on,
        population=population,
        seed=seed,
    )
    _invite(row, drawn)
    tell(
        "service_desk.survey.opened",
        subject_of(row),
        by=by,
        at=at,
        population=population,
        sample=len(drawn),
        seed=seed,
    )
    return row


@transaction.atomic
def record_answers(
    *,
    invitation_id: int,
    person: str,
    answers: Mapping[int, int | str],
    by: Viewer,
    at: dt.datetime,
    remark: str = "",
) -> SurveyInvitation:
    """What one customer answered: by the question's order its score, or its words.

    Every question with a score must be answered; what is not asked for is refused.
    """
    by.require(Permission.SURVEY_CUSTOMERS)
    row = _lock(invitation_id, by, at)
    questions = {q.order: q for q in row.survey.questionnaire.questions.all()}
    kept = [_answer(row, questions, order, value) for order, value in answers.items()]
    answered = {answer.question_id for answer in kept if answer is not None}
    missing = [q.text for q in questions.values() if q.kind in _BOUNDS and q.pk not in answered]
    if missing:
        raise UnableToSurvey("还有问题没有评分：%(missing)s", missing=missing[0])
    SurveyAnswer.objects.bulk_create([answer for answer in kept if answer is not None])
    _close_invitation(row, AnswerState.ANSWERED, person, remark, by=by, at=at)
    return row


@transaction.atomic
def record_silence(
    *, invitation_id: int, state: AnswerState | str, remark: str, by: Viewer, at: dt.datetime
) -> SurveyInvitation:
    """A customer that refused or was not reached: no answer, and no judgement either."""
    by.require(Permission.SURVEY_CUSTOMERS)
    if state not in {AnswerState.REFUSED, AnswerState.UNREACHED}:
        raise UnableToSurvey("只能登记为拒答或未联系上")
    row = _lock(invitation_id, by, at)
    _close_invitation(row, AnswerState(state), "", remark, by=by, at=at)
    return row


@transaction.atomic
def close_survey(*, code: str, by: Viewer, at: dt.datetime) -> Survey:
    """No more answers are taken; who was not reached by now is counted as such."""
    by.require(Permission.SURVEY_CUSTOMERS)
    journal_operations.take_turn()
    rows = Survey.objects.select_for_update(of=("self",)).visible_to(by)
    row: Survey | None = rows.select_related("unit").filter(code=code).first()
    if row is None:
        raise UnableToSurvey("没有调查 %(code)s，或不在您的可见范围内", code=code)
    if row.closed_at is not None:
        raise UnableToSurvey("%(row)s已结束", row=row.name)
    row.closed_at = at
    row.save(update_fields=["closed_at"])
    waiting = SurveyInvitation.objects.filter(survey=row, state=AnswerState.WAITING)
    left = waiting.update(state=AnswerState.UNREACHED, answered_at=at, entered_by_name=by.name)
    tell("service_desk.survey.closed", subject_of(row), by=by, at=at, unreached=left)
    return row


def subject_of(row: Survey) -> Subject:
    """The round as the journal names it."""
    return Subject(SURVEY, row.pk, row.name, unit_id=row.unit_id)


def _draw(unit: OrganizationUnit, size: int, seed: int) -> tuple[list[int], int]:
    """Ids of the customers to ask, and how many there are."""
    branch = OrganizationUnit.objects.in_branch(unit.path).values("pk")
    rows = Customer.objects.filter(unit__in=branch).order_by("number")
    found: list[tuple[int, str]] = list(rows.values_list("pk", "importance"))
    important = [pk for pk, grade in found if grade != Importance.NONE]
    others = [pk for pk, grade in found if grade == Importance.NONE]
    wanted = max(0, size)
    if wanted <= len(important):
        return random.Random(seed).sample(important, wanted), len(found)  # noqa: S311 - a sample
    rest = min(wanted - len(important), len(others))
    return [*important, *random.Random(seed).sample(others, rest)], len(found)  # noqa: S311


def _invite(row: Survey, customer_ids: Sequence[int]) -> None:
    primary = Contact.objects.filter(customer__in=customer_ids, is_primary=True)
    contacts = dict(primary.values_list("customer_id", "pk"))
    SurveyInvitation.objects.bulk_create(
        [
            SurveyInvitation(survey=row, customer_id=pk, contact_id=contacts.get(pk))
            for pk in sorted(customer_ids)
        ],
        batch_size=500,
    )


def _lock(invitation_id: int, by: Viewer, at: dt.datetime) -> SurveyInvitation:
    journal_operations.take_turn()
    rows = SurveyInvitation.objects.select_for_update(of=("self",)).visible_to(by)
    row: SurveyInvitation | None = (
        rows.select_related("survey__questionnaire", "survey__unit", "customer")
        .filter(pk=invitation_id)
        .first()
    )
    if row is None:
        raise UnableToSurvey("没有这位受访客户，或不在您的可见范围内")
    if row.state not in {AnswerState.WAITING, AnswerState.UNREACHED}:
        raise UnableToSurvey(
            "%(customer)s%(state)s", customer=row.customer.name, state=row.get_state_display()
        )
    if row.survey.closed_at is not None or local_date(at) > row.survey.closes_on:
        raise UnableToSurvey("%(survey)s已截止", survey=row.survey.name)
    return row


def _answer(
    row: SurveyInvitation,
    questions: Mapping[int, SurveyQuestion],
    order: int,
    value: int | str,
) -> SurveyAnswer | None:
    question = questions.get(order)
    if question is None:
        raise UnableToSurvey("问卷没有第 %(order)s 题", order=order)
    if question.kind == QuestionKind.TEXT:
        text = str(value).strip()[:500]
        return SurveyAnswer(invitation=row, question=question, text=text) if text else None
    low, high = _BOUNDS[QuestionKind(question.kind)]
    if not isinstance(value, int) or not low <= value <= high:
        raise UnableToSurvey(
            "第 %(order)s 题应为 %(low)s 至 %(high)s 的整数，不能是 %(value)s",
            order=order,
            low=low,
            high=high,
            value=value,
        )
    return SurveyAnswer(invitation=row, question=question, score=value)


def _close_invitation(
    row: SurveyInvitation,
    state: AnswerState,
    person: str,
    remark: str,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    if state == AnswerState.ANSWERED:
        row.person = words(person, UnableToSurvey, "请写明是客户的哪一位回答的", most=100)
    row.state, row.answered_at, row.entered_by_name = state, at, by.name
    row.remark = remark.strip()[:500]
    row.save()
    subject = Subject(
        SURVEY, row.survey_id, row.survey.name, row.customer_id, unit_id=row.survey.unit_id
    )
    tell(
        "service_desk.survey.answered",
        subject,
        by=by,
        at=at,
        state=row.state,
        person=row.person,
        invitation=row.pk,
    )
