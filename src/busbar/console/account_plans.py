"""年度计划: a customer's or a sector's year; drafted, met about, signed, reviewed (U8)."""

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
from busbar.console.answers import one_of
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, asks_for_more
from busbar.console.service_desk.people import offer_people
from busbar.customers.models import CustomerKind, Document
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import AccountPlan, MeasureState, PlanScope, PlanState
from busbar.kit.periods import local_date
from busbar.service_desk.models import Interaction, InteractionKind, InteractionState

PAGE = 50
MOST = 50
SECTIONS = (
    ("profile", _("概况")),
    ("contacts", _("联系人")),
    ("equipment", _("设备")),
    ("relations", _("关系")),
    ("goals", _("目标")),
    ("obstacles", _("障碍")),
)


class OpenForm(ActForm):
    """A customer's plan."""

    customer_number = forms.CharField(label=_("客户编号"), max_length=20)
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100)

    def fit(self, doing: Doing) -> None:
        """This year, unless another is asked for."""
        self.fields["year"].initial = local_date(doing.at).year


class SectorForm(ActForm):
    """A sector's plan."""

    sector = forms.ChoiceField(label=_("行业"), choices=CustomerKind.choices)
    unit_code = forms.ChoiceField(label=_("单位"))
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100)

    def fit(self, doing: Doing) -> None:
        """The units of one's branch."""
        units = access_queries.list_branch(doing.viewer)
        self.fields["unit_code"].choices = [(u.code, u.name) for u in units]  # type: ignore[attr-defined] # a ChoiceField
        self.fields["year"].initial = local_date(doing.at).year


class WriteForm(ActForm):
    """The sections and the budget."""

    profile = forms.CharField(label=_("概况"), widget=paragraph(3), required=False)
    contacts = forms.CharField(label=_("联系人"), widget=paragraph(2), required=False)
    equipment = forms.CharField(label=_("设备"), widget=paragraph(2), required=False)
    relations = forms.CharField(label=_("关系"), widget=paragraph(2), required=False)
    goals = forms.CharField(label=_("目标"), widget=paragraph(3), required=False)
    obstacles = forms.CharField(label=_("障碍"), widget=paragraph(2), required=False)
    budget_yuan = forms.DecimalField(
        label=_("预算 元"), max_digits=14, decimal_places=2, min_value=0
    )

    def fit(self, doing: Doing) -> None:
        """What is written already."""
        for name in self.fields:
            self.fields[name].initial = getattr(doing.subject, name)


class MeasureForm(ActForm):
    """What is to be done, by whom, until when."""

    text = forms.CharField(label=_("措施"), max_length=300)
    owner_id = forms.TypedChoiceField(label=_("负责人"), coerce=int)
    due_on = DayField(label=_("期限"))

    def fit(self, doing: Doing) -> None:
        """Whoever may answer for it."""
        offer_people(self.fields["owner_id"], doing.viewer, doing.subject.customer)


class ReportForm(ActForm):
    """How far it has come."""

    progress_percent = forms.IntegerField(label=_("进度 %"), min_value=0, max_value=100)
    note = forms.CharField(label=_("进展或原因"), max_length=500)
    is_dropped = forms.BooleanField(label=_("取消这项措施"), required=False)


class MeetingForm(ActForm):
    """A meeting that was held."""

    interaction_id = forms.TypedChoiceField(label=_("会议"), coerce=int)

    def fit(self, doing: Doing) -> None:
        """Meetings with minutes, the newest first."""
        rows = Interaction.objects.visible_to(doing.viewer).filter(
            kind=InteractionKind.MEETING, state=InteractionState.DONE
        )
        if doing.subject.customer_id is not None:
            rows = rows.filter(customer=doing.subject.customer_id)
        found = rows.order_by("-happened_at")[:MOST]
        self.fields["interaction_id"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (row.pk, f"{local_date(row.happened_at):%Y-%m-%d} {row.subject}") for row in found
        ]


class SignForm(ActForm):
    """Who signed, when, on which paper."""

    our_signatory = forms.CharField(label=_("我方签署人"), max_length=100)
    their_signatory = forms.CharField(label=_("客户方签署人"), max_length=100, required=False)
    signed_on = DayField(label=_("签署日期"))
    document_id = forms.TypedChoiceField(
        label=_("双方签字的文件"), coerce=int, required=False, empty_value=None
    )

    def fit(self, doing: Doing) -> None:
        """The customer's documents, the newest first."""
        rows = Document.objects.visible_to(doing.viewer).filter(customer=doing.subject.customer_id)
        shown = [(str(d.pk), d.title) for d in rows.order_by("-uploaded_at")[:MOST]]
        self.fields["document_id"].choices = [("", _("请选择")), *shown]  # type: ignore[attr-defined] # a ChoiceField


class ApproveForm(ActForm):
    """Who approved a sector's plan, and when."""

    our_signatory = forms.CharField(label=_("批准人"), max_length=100)
    signed_on = DayField(label=_("批准日期"))


class ReasonForm(ActForm):
    """Why it is opened again."""

    reason = forms.CharField(label=_("原因"), max_length=300)


class ReviewForm(ActForm):
    """What came of the year."""

    review = forms.CharField(label=_("复盘结论"), widget=paragraph(5))


def _of_plan(operation: Any) -> Any:
    def act(doing: Doing) -> None:
        operation(plan_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at)

    return act


def _approve(doing: Doing) -> None:
    operations.sign_plan(
        plan_id=doing.subject.pk, their_signatory="", **doing.data, by=doing.viewer, at=doing.at
    )


def _open(doing: Doing) -> None:
    operations.open_plan(**doing.data, by=doing.viewer, at=doing.at)


def _open_sector(doing: Doing) -> None:
    operations.open_sector_plan(**doing.data, by=doing.viewer, at=doing.at)


def _write(doing: Doing) -> None:
    data = dict(doing.data)
    operations.write_plan(
        plan_id=doing.subject.pk,
        budget_yuan=data.pop("budget_yuan"),
        sections=data,
        by=doing.viewer,
        at=doing.at,
    )


def _report(doing: Doing) -> None:
    operations.report_measure(measure_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at)


_MAY = (Permission.KEEP_RELATIONS,)
LIST_ACTS = {
    "open": Act(_("编制客户计划"), _open, _MAY, OpenForm, icon="plus", is_first=True),
    "sector": Act(_("编制行业计划"), _open_sector, _MAY, SectorForm, icon="building-factory-2"),
}
_MEASURES = {
    "measure": Act(
        _("加措施"), _of_plan(operations.add_measure), _MAY, MeasureForm, icon="list-check"
    ),
    "report": Act(_("报进度"), _report, _MAY, ReportForm, icon="progress"),
    "meeting": Act(
        _("登记联合计划会"),
        _of_plan(operations.hold_planning_meeting),
        _MAY,
        MeetingForm,
        icon="users",
    ),
}
PLAN_ACTS = {
    PlanState.DRAFT: {
        "write": Act(_("编写"), _write, _MAY, WriteForm, icon="pencil", is_first=True),
        **_MEASURES,
        "sign": Act(
            _("双方签署"),
            _of_plan(operations.sign_plan),
            _MAY,
            SignForm,
            icon="signature",
            note=_("先开联合计划会并登记；签字的文件先传到客户文档"),
        ),
    },
    PlanState.AGREED: {
        **_MEASURES,
        "revise": Act(
            _("修订"), _of_plan(operations.revise_plan), _MAY, ReasonForm, icon="versions"
        ),
        "close": Act(
            _("复盘并结束"),
            _of_plan(operations.close_plan),
            _MAY,
            ReviewForm,
            icon="checks",
            is_first=True,
        ),
    },
    PlanState.CLOSED: {},
}
_APPROVAL = {"sign": Act(_("批准计划"), _approve, _MAY, ApproveForm, icon="signature")}
_OF_ANY_SCOPE = {PlanState.AGREED: _("已共签或批准")}
"""States in the filter, which is for plans of customers and of sectors."""


def _acts_of(row: AccountPlan) -> dict[str, Act]:
    """What may be done with it now; a sector's plan is approved instead of signed by both."""
    acts = PLAN_ACTS[PlanState(row.state)]
    is_approved = row.scope == PlanScope.SECTOR and "sign" in acts
    return acts | _APPROVAL if is_approved else acts


@require_http_methods(["GET", "HEAD", "POST"])
@by_group
def plan_list(request: StaffRequest) -> HttpResponse:
    """All plans one sees, the newest year first."""
    acts = Acts(LIST_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("plan_list")
    state = one_of(request.GET.get("state", ""), PlanState.values)
    rows, next_after = cut_after(
        queries.list_plans(request.viewer, state=state),
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    page = {"rows": rows, "next_after": next_after}
    if asks_for_more(request):
        return render(request, "console/plans/_plan_rows.html", page)
    states = [(one.value, _OF_ANY_SCOPE.get(one, one.label)) for one in PlanState]
    context = page | {"acts": acts, "state": state, "states": states}
    status = 422 if acts.refused else 200
    return render(request, "console/plans/plans.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: StaffRequest, plan_id: int) -> HttpResponse:
    """One plan with its measures, meetings and signed versions."""
    row = queries.get_plan(request.viewer, plan_id)
    acts = Acts(_acts_of(row), request, row)
    if request.method == "POST" and acts.post():
        return redirect("plan", plan_id)
    context = {
        "row": row,
        "acts": acts,
        "sections": [(label, getattr(row, name)) for name, label in SECTIONS],
        "today": local_date(timezone.now()),
        "open_state": MeasureState.OPEN,
    }
    status = 422 if acts.refused else 200
    return render(request, "console/plans/plan.html", context, status=status)


urlpatterns = [
    path("plans/", plan_list, name="plan_list"),
    path("plans/<int:plan_id>/", plan, name="plan"),
]
