"""The nouns of the service desk."""

from busbar.service_desk.models.complaints import (
    Complaint,
    ComplaintChannel,
    ComplaintKind,
    ComplaintState,
)
from busbar.service_desk.models.interactions import (
    Direction,
    Interaction,
    InteractionFile,
    InteractionKind,
    InteractionState,
)
from busbar.service_desk.models.promises import Promise, PromiseState
from busbar.service_desk.models.publications import PromisePublication
from busbar.service_desk.models.satisfaction import (
    EvidenceKind,
    EvidenceRule,
    ImprovementTask,
    SatisfactionParameter,
    SatisfactionScore,
    SegmentMean,
    Voice,
)
from busbar.service_desk.models.surveys import (
    AnswerState,
    QuestionKind,
    Questionnaire,
    Survey,
    SurveyAnswer,
    SurveyInvitation,
    SurveyQuestion,
)

__all__ = [
    "AnswerState",
    "Complaint",
    "ComplaintChannel",
    "ComplaintKind",
    "ComplaintState",
    "Direction",
    "EvidenceKind",
    "EvidenceRule",
    "ImprovementTask",
    "Interaction",
    "InteractionFile",
    "InteractionKind",
    "InteractionState",
    "Promise",
    "PromisePublication",
    "PromiseState",
    "QuestionKind",
    "Questionnaire",
    "SatisfactionParameter",
    "SatisfactionScore",
    "SegmentMean",
    "Survey",
    "SurveyAnswer",
    "SurveyInvitation",
    "SurveyQuestion",
    "Voice",
]
