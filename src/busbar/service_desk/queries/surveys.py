"""Rounds of asking, who was drawn, what they say and how sure that is (R16, N11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerKind
from busbar.kit.periods import local_date
from busbar.service_desk.models import (
    AnswerState,
    QuestionKind,
    Survey,
    SurveyAnswer,
    SurveyInvitation,
    SurveyQuestion,
)
from busbar.service_desk.queries.rules import get_rules
from busbar.service_desk.survey_statistics import (
    Estimate,
    may_rank,
    net_promoters,
    satisfied_share,
    weighted_satisfaction,
)

Surveys = QuerySet[Survey, Survey]
Invitations = QuerySet[SurveyInvitation, SurveyInvitation]


@dataclass(frozen=True)
class QuestionResult:
    """One question on the scale: how many satisfied, with the interval."""

    question: SurveyQuestion
    satisfied: Estimate | None


@dataclass(frozen=True)
class SurveyResult:
    """A round's figures; `segments` are in order only where `is_ranked`.

    `words` are what customers wrote and how many wrote it, the most frequent first.
    """

    invited: int
    answered: int
    refused: int
    unreached: int
    questions: list[QuestionResult]
    weighted: Estimate | None
    promoters: Estimate | None
    segments: list[tuple[str, Estimate]]
    is_ranked: bool
    fewest: int
    words: list[tuple[str, int]]

    @property
    def response_share(self) -> float | None:
        """Answered of those reached: silence is no judgement (regulations.md §8)."""
        reached = self.invited - self.unreached
        return self.answered / reached if reached else None


def list_surveys(viewer: Viewer) -> Surveys:
    """Visible rounds, the newest first, with how many were invited and answered."""
    rows: Surveys = Survey.objects.visible_to(viewer)
    return (
        rows.select_related("unit", "questionnaire")
        .annotate(
            invited=Count("invitations"),
            answered=Count("invitations", filter=Q(invitations__state=AnswerState.ANSWERED)),
        )
        .order_by("-opened_at", "-id")
    )


def get_survey(viewer: Viewer, code: str) -> Survey:
    """Survey.DoesNotExist where there is none that the viewer sees."""
    rows: Surveys = Survey.objects.visible_to(viewer)
    rows = rows.select_related("unit", "questionnaire")
    return rows.prefetch_related("questionnaire__questions").get(code=code)


def list_invitations(viewer: Viewer, survey: Survey, *, state: str = "") -> Invitations:
    """Who was drawn, those still waiting first, then who could not be reached."""
    rows: Invitations = SurveyInvitation.objects.visible_to(viewer).filter(survey=survey)
    if state:
        rows = rows.filter(state=state)
    # By name backwards: waiting, unreached, refused, answered; the index has it so.
    return rows.select_related("customer", "contact").order_by("-state", "-id")


def get_invitation(viewer: Viewer, invitation_id: int) -> SurveyInvitation:
    """SurveyInvitation.DoesNotExist where there is none that the viewer sees."""
    rows: Invitations = SurveyInvitation.objects.visible_to(viewer)
    rows = rows.select_related("survey__questionnaire", "survey__unit", "customer", "contact")
    return rows.prefetch_related("answers__question").get(pk=invitation_id)


def list_questions(survey: Survey) -> list[SurveyQuestion]:
    """The questionnaire's questions in their order."""
    return sorted(survey.questionnaire.questions.all(), key=lambda question: question.order)


def summarize_survey(viewer: Viewer, survey: Survey) -> SurveyResult:
    """What the round says by now, as far as the viewer sees its customers; four queries."""
    rules = get_rules(on=local_date(survey.opened_at))
    z, fewest = rules["normal_quantile"], int(rules["fewest_answers"])
    answers = SurveyAnswer.objects.select_related("question")
    rows: Invitations = SurveyInvitation.objects.visible_to(viewer).filter(survey=survey)
    found = list(
        rows.select_related("customer").prefetch_related(Prefetch("answers", queryset=answers))
    )
    sheets = [row for row in found if row.state == AnswerState.ANSWERED]
    segments = _segments(sheets, z)
    is_ranked = len(segments) > 1 and may_rank([one for _, one in segments], fewest=fewest)
    segments.sort(key=lambda pair: -pair[1].value if is_ranked else 0)
    return SurveyResult(
        invited=len(found),
        answered=len(sheets),
        refused=sum(row.state == AnswerState.REFUSED for row in found),
        unreached=sum(row.state == AnswerState.UNREACHED for row in found),
        questions=_questions(survey, sheets, z),
        weighted=weighted_satisfaction([_sheet(row) for row in sheets], z=z),
        promoters=net_promoters(_scores(sheets, QuestionKind.RECOMMEND), z=z),
        segments=segments,
        is_ranked=is_ranked,
        fewest=fewest,
        words=Counter(a.text for row in sheets for a in row.answers.all() if a.text).most_common(),
    )


def _questions(
    survey: Survey, sheets: Sequence[SurveyInvitation], z: float
) -> list[QuestionResult]:
    results = []
    for question in list_questions(survey):
        if question.kind != QuestionKind.SCALE:
            continue
        scores = [
            a.score
            for row in sheets
            for a in row.answers.all()
            if a.question_id == question.pk and a.score is not None
        ]
        results.append(QuestionResult(question, satisfied_share(scores, z=z)))
    return results


def _segments(sheets: Sequence[SurveyInvitation], z: float) -> list[tuple[str, Estimate]]:
    by_kind: dict[str, list[SurveyInvitation]] = {}
    for row in sheets:
        by_kind.setdefault(row.customer.kind, []).append(row)
    found = []
    for kind in CustomerKind:
        estimate = weighted_satisfaction([_sheet(row) for row in by_kind.get(kind, [])], z=z)
        if estimate is not None:
            found.append((str(kind.label), estimate))
    return found


def _sheet(row: SurveyInvitation) -> list[tuple[float, int]]:
    return [
        (float(a.question.weight), a.score)
        for a in row.answers.all()
        if a.question.kind == QuestionKind.SCALE and a.score is not None
    ]


def _scores(sheets: Sequence[SurveyInvitation], kind: QuestionKind) -> list[int]:
    return [
        a.score
        for row in sheets
        for a in row.answers.all()
        if a.question.kind == kind and a.score is not None
    ]
