"""满意度调查: rounds, who was drawn, answers taken, what they say and how sure that is (R16)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from busbar.access import queries as access_queries
from busbar.access.permissions import Permission
from busbar.console.acts import Act, ActForm, Acts, DayField, Doing, paragraph
from busbar.console.answers import done, one_of
from busbar.console.cutting import cut, cut_after
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, asks_for_more
from busbar.service_desk import operations, queries
from busbar.service_desk.models import AnswerState, QuestionKind, SurveyQuestion

PAGE = 100


class OpenForm(ActForm):
    """A new round."""

    code = forms.SlugField(label=_("调查编号"), max_length=30)
    name = forms.CharField(label=_("名称"), max_length=100)
    unit_code = forms.ChoiceField(label=_("单位"))
    closes_on = DayField(label=_("截止日"))
    sample_size = forms.IntegerField(
        label=_("样本数"), min_value=1, help_text=_("重要客户全部入样，其余随机抽取")
    )
    seed = forms.IntegerField(
        label=_("随机种子"), min_value=0, max_value=2**31 - 1, help_text=_("凭它可复现抽样")
    )

    def fit(self, doing: Doing) -> None:
        """The units of one's branch."""
        units = access_queries.list_branch(doing.viewer)
        self.fields["unit_code"].choices = [(u.code, u.name) for u in units]  # type: ignore[attr-defined] # a ChoiceField


class SilenceForm(ActForm):
    """Refused, or not reached."""

    state = forms.ChoiceField(
        label=_("情况"),
        choices=[
            (AnswerState.UNREACHED, AnswerState.UNREACHED.label),
            (AnswerState.REFUSED, AnswerState.REFUSED.label),
        ],
    )
    remark = forms.CharField(label=_("说明"), max_length=500, required=False)


def _open(doing: Doing) -> None:
    operations.open_survey(**doing.data, by=doing.viewer, at=doing.at)


def _close(doing: Doing) -> None:
    operations.close_survey(code=doing.subject.code, by=doing.viewer, at=doing.at)


def _silence(doing: Doing) -> None:
    operations.record_silence(
        invitation_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


_MAY = (Permission.SURVEY_CUSTOMERS,)
OPEN = Act(_("发起调查"), _open, _MAY, OpenForm, icon="plus", is_first=True)
CLOSE = Act(_("结束调查"), _close, _MAY, icon="lock", note=_("结束后不再收答卷"))
SILENCE = Act(_("登记未答"), _silence, _MAY, SilenceForm, icon="phone-off")


@require_http_methods(["GET", "HEAD", "POST"])
def survey_list(request: StaffRequest) -> HttpResponse:
    """All rounds, the newest first."""
    acts = Acts({"open": OPEN}, request, None)
    if request.method == "POST" and acts.post():
        return redirect("survey_list")
    rows, _more = cut(queries.list_surveys(request.viewer), PAGE)
    status = 422 if acts.refused else 200
    context = {"rows": rows, "acts": acts}
    return render(request, "console/service_desk/surveys.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@by_group
def survey(request: StaffRequest, survey_code: str) -> HttpResponse:
    """One round: its figures with their intervals, and who was drawn."""
    row = queries.get_survey(request.viewer, survey_code)
    acts = Acts({} if row.closed_at else {"close": CLOSE}, request, row)
    if request.method == "POST" and acts.post():
        return redirect("survey", survey_code)
    state = one_of(request.GET.get("state", ""), AnswerState.values)
    found = queries.list_invitations(request.viewer, row, state=state)
    invitations, next_after = cut_after(found, after=request.GET.get("after", ""), size=PAGE)
    page = {
        "row": row,
        "invitations": invitations,
        "next_after": next_after,
        "may_survey": request.viewer.may(Permission.SURVEY_CUSTOMERS),
    }
    if asks_for_more(request):
        return render(request, "console/service_desk/_invitation_rows.html", page)
    context = page | {
        "acts": acts,
        "result": queries.summarize_survey(request.viewer, row),
        "states": AnswerState.choices,
        "state": state,
    }
    status = 422 if acts.refused else 200
    return render(request, "console/service_desk/survey.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def survey_answer(request: StaffRequest, invitation_id: int) -> HttpResponse:
    """The questionnaire as it is read to the customer, and what was answered."""
    row = queries.get_invitation(request.viewer, invitation_id)
    is_open = row.state == AnswerState.WAITING and row.survey.closed_at is None
    acts = Acts({"silence": SILENCE} if is_open else {}, request, row)
    form = _sheet(queries.list_questions(row.survey), request)
    if request.method == "POST" and "act" in request.POST:
        if acts.post():
            return redirect("survey", row.survey.code)
    elif request.method == "POST":
        request.viewer.require(Permission.SURVEY_CUSTOMERS)
        if done(form, lambda: _record(request, row.pk, form.cleaned_data)):
            return redirect("survey", row.survey.code)
    context = {
        "row": row,
        "acts": acts,
        "form": form if is_open and request.viewer.may(Permission.SURVEY_CUSTOMERS) else None,
        "answers": sorted(row.answers.all(), key=lambda answer: answer.question.order),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/service_desk/survey_answer.html", context, status=status)


def _record(request: StaffRequest, invitation_id: int, data: dict[str, Any]) -> None:
    answers = {
        int(name.removeprefix("q")): value
        for name, value in data.items()
        if name.startswith("q") and value not in (None, "")
    }
    operations.record_answers(
        invitation_id=invitation_id,
        person=data["person"],
        remark=data["remark"],
        answers=answers,
        by=request.viewer,
        at=timezone.now(),
    )


def _sheet(questions: list[SurveyQuestion], request: StaffRequest) -> forms.Form:
    """A form with a field for each question, named by its order."""
    is_sheet = request.method == "POST" and "act" not in request.POST
    form = forms.Form(request.POST if is_sheet else None)
    form.fields["person"] = forms.CharField(label=_("答卷人"), max_length=100)
    for question in questions:
        form.fields[f"q{question.order}"] = _field(question)
    form.fields["remark"] = forms.CharField(label=_("备注"), max_length=500, required=False)
    return form


def _field(question: SurveyQuestion) -> forms.Field:
    label = f"{question.order}. {question.text}"
    if question.kind == QuestionKind.TEXT:
        return forms.CharField(label=label, max_length=500, required=False, widget=paragraph(2))
    low, high = (1, 5) if question.kind == QuestionKind.SCALE else (0, 10)
    choices = [(n, str(n)) for n in range(low, high + 1)]
    return forms.TypedChoiceField(
        label=label, choices=choices, coerce=int, widget=forms.RadioSelect
    )


urlpatterns = [
    path("surveys/", survey_list, name="survey_list"),
    path("surveys/answers/<int:invitation_id>/", survey_answer, name="survey_answer"),
    path("surveys/<str:survey_code>/", survey, name="survey"),
]
