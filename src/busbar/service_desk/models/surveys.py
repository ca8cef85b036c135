"""满意度调查: questionnaires by date, rounds with their sample, what was answered (R16)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import VisibleQuerySet
from busbar.customers.models import Contact, Customer
from busbar.pricing.models import SourcedModel


class QuestionKind(models.TextChoices):
    """How a question is answered."""

    SCALE = "scale", _("五级评分")
    RECOMMEND = "recommend", _("推荐意愿 0–10")
    TEXT = "text", _("文字")


class Questionnaire(SourcedModel):
    """问卷: the questions that are asked from a day on."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=100)

    class Meta(SourcedModel.Meta):
        constraints = [
            *SourcedModel.Meta.constraints,
            models.UniqueConstraint(fields=["code", "valid_from"], name="questionnaire_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SurveyQuestion(models.Model):
    """问题: one question of a questionnaire; `weight` counts in the weighted satisfaction."""

    questionnaire = models.ForeignKey(
        Questionnaire, on_delete=models.PROTECT, related_name="questions", db_index=False
    )
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=QuestionKind.choices)
    text = models.CharField(max_length=200)
    weight = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["questionnaire", "order"], name="survey_question_once"),
        ]

    def __str__(self) -> str:
        return self.text


class SurveyQuerySet(VisibleQuerySet):
    """A round is the unit's that asks."""

    unit_lookups = ("unit",)


class Survey(models.Model):
    """调查: one round. Who is asked was drawn with `seed`, so that the draw can be repeated.

    `population` is how many customers could have been drawn.
    """

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(OrganizationUnit, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closes_on = models.DateField()
    closed_at = models.DateTimeField(null=True, blank=True)
    population = models.PositiveIntegerField()
    seed = models.PositiveIntegerField()

    objects = SurveyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["-opened_at", "-id"], name="survey_opened")]

    def __str__(self) -> str:
        return self.name


class AnswerState(models.TextChoices):
    """What became of an invitation; who was not reached says nothing about satisfaction."""

    WAITING = "waiting", _("待回收")
    ANSWERED = "answered", _("已回收")
    REFUSED = "refused", _("拒答")
    UNREACHED = "unreached", _("未联系上")


class InvitationQuerySet(VisibleQuerySet):
    """Seen with the customer, and by the unit that asks."""

    unit_lookups = ("survey__unit", "customer__unit")
    customer_lookup = "customer"


class SurveyInvitation(models.Model):
    """受访客户: a customer drawn into the sample, and who answered for it."""

    survey = models.ForeignKey(
        Survey, on_delete=models.PROTECT, related_name="invitations", db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(
        max_length=10, choices=AnswerState.choices, default=AnswerState.WAITING
    )
    person = models.CharField(max_length=100, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    entered_by_name = models.CharField(max_length=150, blank=True)
    remark = models.CharField(max_length=500, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "customer"], name="survey_invitation_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at__isnull=True)
                | ~Q(state="waiting") & Q(answered_at__isnull=False),
                name="survey_invitation_answered_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-answered_at"], name="survey_invitation_customer"),
            models.Index(fields=["survey", "state", "id"], name="survey_invitation_state"),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.customer_id}"


class SurveyAnswerQuerySet(VisibleQuerySet):
    """Seen with the invitation."""

    unit_lookups = ("invitation__survey__unit", "invitation__customer__unit")
    customer_lookup = "invitation__customer"


class SurveyAnswer(models.Model):
    """回答: 1 to 5 on the scale, 0 to 10 for recommending, or words."""

    invitation = models.ForeignKey(
        SurveyInvitation, on_delete=models.PROTECT, related_name="answers", db_index=False
    )
    question = models.ForeignKey(SurveyQuestion, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    text = models.CharField(max_length=500, blank=True)

    objects = SurveyAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invitation", "question"], name="survey_answer_once"),
            models.CheckConstraint(
                condition=Q(score__isnull=False) | ~Q(text=""), name="survey_answer_says_something"
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__lte=10),
                name="survey_answer_score_at_most_ten",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invitation_id} {self.question_id}"
