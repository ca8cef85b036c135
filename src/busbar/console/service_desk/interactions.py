"""走访与往来: what is planned, what was said; minutes on a phone's width (U5, U6, U24)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.console.acts import Act, ActForm, Acts, Doing, FilesField, MomentField, paragraph
from busbar.console.answers import done, one_of
from busbar.console.cutting import cut
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, is_part, page_number
from busbar.console.service_desk.people import (
    find_customer,
    offer_customers,
    offer_people,
)
from busbar.customers.models import Customer
from busbar.kit.periods import CHINA
from busbar.service_desk import operations, queries
from busbar.service_desk.models import (
    Direction,
    Interaction,
    InteractionKind,
    InteractionState,
)
from busbar.service_desk.models.interactions import PLANNED_KINDS

PAGE = 50
PLANNED = 20
_PLANNED_CHOICES = [(kind.value, kind.label) for kind in PLANNED_KINDS]


class PlanForm(forms.Form):
    """A visit or meeting to come."""

    customer_number = forms.CharField(label=_("客户编号"), max_length=20)
    kind = forms.ChoiceField(label=_("方式"), choices=_PLANNED_CHOICES)
    subject = forms.CharField(label=_("目的"), max_length=200)
    planned_at = MomentField(label=_("计划时间"))
    owner_id = forms.TypedChoiceField(label=_("走访人"), coerce=int)
    place = forms.CharField(label=_("地点"), max_length=200, required=False)
    contact_name = forms.CharField(label=_("约见"), max_length=100, required=False)
    topics = forms.CharField(label=_("要谈的事"), required=False, widget=paragraph(3))


class RecordForm(forms.Form):
    """What happened without a plan."""

    customer_number = forms.CharField(label=_("客户编号"), max_length=20)
    kind = forms.ChoiceField(label=_("方式"), choices=InteractionKind.choices)
    direction = forms.ChoiceField(label=_("由谁发起"), choices=Direction.choices)
    subject = forms.CharField(label=_("事由"), max_length=200)
    happened_at = MomentField(label=_("时间"))
    owner_id = forms.TypedChoiceField(label=_("我方负责人"), coerce=int)
    contact_name = forms.CharField(label=_("客户方是谁"), max_length=100, required=False)
    is_for_customer = forms.BooleanField(label=_("代客录入：客户口述，由我登记"), required=False)
    minutes = forms.CharField(label=_("内容"), widget=paragraph(5))
    findings = forms.CharField(label=_("发现的问题"), required=False, widget=paragraph(2))


class PrepareForm(ActForm):
    """What is to be talked about."""

    topics = forms.CharField(label=_("要谈的事"), widget=paragraph(3))

    def fit(self, doing: Doing) -> None:
        """Begins with what was planned."""
        self.fields["topics"].initial = doing.subject.topics


class MinutesForm(ActForm):
    """The minutes, as short as a phone asks for."""

    happened_at = MomentField(label=_("时间"))
    their_people = forms.CharField(label=_("客户方参加"), max_length=300)
    our_people = forms.CharField(label=_("我方参加"), max_length=300, required=False)
    minutes = forms.CharField(label=_("纪要"), widget=paragraph(6))
    findings = forms.CharField(label=_("发现的问题"), required=False, widget=paragraph(3))

    def fit(self, doing: Doing) -> None:
        """Begins with the plan."""
        row: Interaction = doing.subject
        planned = row.planned_at or doing.at
        self.fields["happened_at"].initial = min(planned, doing.at).astimezone(CHINA)
        self.fields["their_people"].initial = row.contact_name
        self.fields["our_people"].initial = row.our_people


class CancelForm(ActForm):
    """Why it does not take place."""

    reason = forms.CharField(label=_("原因"), max_length=300)


class AttachForm(ActForm):
    """Photos, signed sheets."""

    title = forms.CharField(label=_("名称"), max_length=200)
    papers = FilesField(label=_("文件"))


class PromiseForm(ActForm):
    """One promise made in the talk."""

    text = forms.CharField(label=_("承诺了什么"), max_length=500, widget=paragraph(2))
    due_days = forms.IntegerField(label=_("几个工作日内"), min_value=1, max_value=999)
    owner_id = forms.TypedChoiceField(label=_("由谁兑现"), coerce=int)
    made_to = forms.CharField(label=_("向谁承诺"), max_length=100)

    def fit(self, doing: Doing) -> None:
        """Whoever may answer for it."""
        offer_people(self.fields["owner_id"], doing.viewer, doing.subject.customer)
        made_to = getattr(doing.subject, "contact_name", "") or getattr(doing.subject, "person", "")
        self.fields["made_to"].initial = made_to or getattr(doing.subject, "their_people", "")


def _prepare(doing: Doing) -> None:
    operations.prepare_interaction(
        interaction_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _minutes(doing: Doing) -> None:
    operations.record_minutes(
        interaction_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _cancel(doing: Doing) -> None:
    operations.cancel_interaction(
        interaction_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _attach(doing: Doing) -> None:
    for file in doing.data["papers"]:
        operations.attach_to_interaction(
            interaction_id=doing.subject.pk,
            title=doing.data["title"],
            file_name=file.name,
            chunks=[file.content],
            by=doing.viewer,
            at=doing.at,
        )


def _promise(doing: Doing) -> None:
    operations.make_promise(
        interaction_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


_KEEP = (Permission.KEEP_RELATIONS,)
OPEN_ACTS = {
    "minutes": Act(
        _("登记纪要"), _minutes, _KEEP, MinutesForm, icon="notes", is_first=True, said=_("已登记")
    ),
    "prepare": Act(_("准备走访"), _prepare, _KEEP, PrepareForm, icon="clipboard-list"),
    "cancel": Act(_("取消走访"), _cancel, _KEEP, CancelForm, icon="calendar-off"),
    "attach": Act(_("加附件"), _attach, _KEEP, AttachForm, icon="paperclip"),
}
DONE_ACTS = {
    "promise": Act(_("登记承诺"), _promise, _KEEP, PromiseForm, icon="hand-stop", is_first=True),
    "attach": OPEN_ACTS["attach"],
}


@require_safe
@by_group
def interaction_list(request: StaffRequest) -> HttpResponse:
    """What is still to be held, and what was entered, the newest first."""
    given = request.GET
    before = page_number(request, "before", 0) or None
    mine = given.get("of") == "mine"
    found = queries.list_interactions(
        request.viewer,
        kind=one_of(given.get("kind", ""), InteractionKind.values),
        state=one_of(given.get("state", ""), InteractionState.values),
        text=given.get("q", "").strip()[:60],
        mine=mine,
    )
    rows, more = cut(found.filter(pk__lt=before) if before else found, PAGE)
    context: dict[str, Any] = {"rows": rows, "next_before": rows[-1].pk if more else None}
    if is_part(request) and before:
        return render(request, "console/service_desk/_interaction_rows.html", context)
    context |= {
        "planned": queries.list_planned(request.viewer, mine=mine)[:PLANNED],
        "now": timezone.now(),
        "kinds": InteractionKind.choices,
        "states": InteractionState.choices,
        "may_keep": request.viewer.may(Permission.KEEP_RELATIONS),
    }
    name = "_interaction_results" if is_part(request) else "interactions"
    return render(request, f"console/service_desk/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def interaction_new(request: StaffRequest) -> HttpResponse:
    """Plan a visit, or enter what happened."""
    request.viewer.require(Permission.KEEP_RELATIONS)
    is_plan = request.GET.get("plan") == "1"
    customer = find_customer(request.viewer, request.GET.get("customer", ""))
    form = _new_form(request, customer, is_plan=is_plan)
    made: list[Interaction] = []

    def act() -> None:
        operation = operations.plan_interaction if is_plan else operations.record_interaction
        made.append(operation(**form.cleaned_data, by=request.viewer, at=timezone.now()))

    if request.method == "POST" and done(form, act):
        return redirect("interaction", made[0].pk)
    context = {
        "form": form,
        "is_plan": is_plan,
        "customer": customer,
        "choices": offer_customers(request),
        "text": request.GET.get("q", ""),
    }
    if is_part(request):
        return render(request, "console/service_desk/_customer_choice.html", context)
    status = 422 if form.is_bound else 200
    return render(request, "console/service_desk/interaction_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def interaction(request: StaffRequest, interaction_id: int) -> HttpResponse:
    """One visit or talk: what was prepared, said, found, promised."""
    row = queries.get_interaction(request.viewer, interaction_id)
    allowed = OPEN_ACTS if row.is_open else DONE_ACTS if row.state == "done" else {}
    acts = Acts(allowed, request, row)
    if request.method == "POST" and acts.post():
        return redirect("interaction", interaction_id)
    context = {
        "row": row,
        "acts": acts,
        "promises": queries.list_promises(request.viewer, customer_id=row.customer_id).filter(
            interaction=row
        ),
        "now": timezone.now(),
        "briefing": [] if row.preparation or not row.is_open else _briefing(request.viewer, row),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/service_desk/interaction.html", context, status=status)


def _briefing(viewer: Viewer, row: Interaction) -> list[list[str]]:
    return [line.plain() for line in queries.brief(viewer, row.customer, at=timezone.now())]


def _new_form(
    request: StaffRequest, customer: Customer | None, *, is_plan: bool
) -> PlanForm | RecordForm:
    kind = request.GET.get("kind", "")
    first: dict[str, Any] = {
        "customer_number": customer.number if customer else "",
        "kind": kind if kind in InteractionKind.values else InteractionKind.VISIT,
    }
    if not is_plan:
        first["happened_at"] = timezone.now().astimezone(CHINA)
    form = (PlanForm if is_plan else RecordForm)(request.POST or None, initial=first)
    offer_people(form.fields["owner_id"], request.viewer, customer)
    return form


urlpatterns = [
    path("interactions/", interaction_list, name="interaction_list"),
    path("interactions/new/", interaction_new, name="interaction_new"),
    path("interactions/<int:interaction_id>/", interaction, name="interaction"),
]
