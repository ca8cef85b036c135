"""投诉台账: received, contacted, answered, called back; what it was about and whose it was."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.clocks import queries as clocks_queries
from busbar.console.acts import Act, ActForm, Acts, Doing, MomentField, paragraph
from busbar.console.answers import done, one_of
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, asks_for_more, is_part
from busbar.console.service_desk.interactions import PromiseForm
from busbar.console.service_desk.people import (
    find_customer,
    offer_customers,
    offer_people,
)
from busbar.kit.periods import CHINA
from busbar.service_desk import operations, queries
from busbar.service_desk.models import (
    Complaint,
    ComplaintChannel,
    ComplaintKind,
    ComplaintState,
)
from busbar.service_desk.operations.ground import COMPLAINT

PAGE = 50
ANALYSED_DAYS = 90
YES_NO = [("yes", _("属实")), ("no", _("不属实"))]
SATISFIED = [("yes", _("满意")), ("no", _("不满意"))]


class AcceptForm(forms.Form):
    """A complaint as it came."""

    customer_number = forms.CharField(label=_("客户编号"), max_length=20)
    kind = forms.ChoiceField(label=_("类别"), choices=ComplaintKind.choices)
    channel = forms.ChoiceField(label=_("渠道"), choices=ComplaintChannel.choices)
    received_at = MomentField(label=_("收到时间"))
    person = forms.CharField(label=_("投诉人"), max_length=100)
    phone = forms.CharField(label=_("电话"), max_length=30, required=False)
    account_number = forms.CharField(label=_("涉及户号"), max_length=20, required=False)
    owner_id = forms.TypedChoiceField(label=_("承办人"), coerce=int)
    text = forms.CharField(label=_("内容"), widget=paragraph(5))


class ContactForm(ActForm):
    """What the customer said when called."""

    note = forms.CharField(label=_("联系情况"), max_length=500, widget=paragraph(3))


class AnswerForm(ActForm):
    """The answer, whether it is justified, why, whose."""

    answer = forms.CharField(label=_("答复内容"), widget=paragraph(4))
    is_justified = forms.ChoiceField(label=_("是否属实"), choices=YES_NO, widget=forms.RadioSelect)
    cause = forms.CharField(label=_("原因"), max_length=300)
    responsible_party = forms.CharField(label=_("责任单位或岗位"), max_length=150, required=False)


class VerifyForm(ActForm):
    """The call-back."""

    is_satisfied = forms.ChoiceField(
        label=_("客户是否满意"), choices=SATISFIED, widget=forms.RadioSelect
    )
    note = forms.CharField(label=_("回访情况"), max_length=500, widget=paragraph(2))


def _contact(doing: Doing) -> None:
    operations.contact_complainant(
        number=doing.subject.number, **doing.data, by=doing.viewer, at=doing.at
    )


def _answer(doing: Doing) -> None:
    data = {**doing.data, "is_justified": doing.data["is_justified"] == "yes"}
    operations.answer_complaint(number=doing.subject.number, **data, by=doing.viewer, at=doing.at)


def _verify(doing: Doing) -> None:
    data = {**doing.data, "is_satisfied": doing.data["is_satisfied"] == "yes"}
    operations.verify_complaint(number=doing.subject.number, **data, by=doing.viewer, at=doing.at)


def _promise(doing: Doing) -> None:
    operations.make_promise(
        complaint_number=doing.subject.number, **doing.data, by=doing.viewer, at=doing.at
    )


_MAY = (Permission.HANDLE_COMPLAINTS,)
_STEPS = {
    ComplaintState.ACCEPTED: {
        "contact": Act(_("登记联系"), _contact, _MAY, ContactForm, icon="phone", is_first=True)
    },
    ComplaintState.CONTACTED: {
        "answer": Act(_("答复客户"), _answer, _MAY, AnswerForm, icon="message-reply", is_first=True)
    },
    ComplaintState.ANSWERED: {
        "verify": Act(
            _("登记回访"),
            _verify,
            _MAY,
            VerifyForm,
            icon="phone-check",
            is_first=True,
            note=_("由承办人以外的人回访；不满意则重新办理，答复时限重新起算"),
        )
    },
    ComplaintState.VERIFIED: {},
}
_PROMISE = Act(_("登记承诺"), _promise, (Permission.KEEP_RELATIONS,), PromiseForm, icon="hand-stop")


@require_safe
@by_group
def complaint_list(request: StaffRequest) -> HttpResponse:
    """The ledger, the newest first; above it what the last ninety days were about."""
    given, viewer, at = request.GET, request.viewer, timezone.now()
    states = ["open", *ComplaintState.values]
    found = queries.list_complaints(
        viewer,
        state=one_of(given.get("state", ""), states),
        kind=one_of(given.get("kind", ""), ComplaintKind.values),
        text=given.get("q", "").strip()[:60],
    )
    rows, next_after = cut_after(found, after=given.get("after", ""), size=PAGE)
    page = {"rows": queries.with_clocks(rows), "now": at, "next_after": next_after}
    if asks_for_more(request):
        return render(request, "console/service_desk/_complaint_rows.html", page)
    context = page | {
        "kinds": ComplaintKind.choices,
        "states": [("open", _("未办结")), *ComplaintState.choices],
        "analysis": queries.count_by_kind(
            viewer, since=at - dt.timedelta(days=ANALYSED_DAYS), until=at
        ),
        "days": ANALYSED_DAYS,
        "may_handle": viewer.may(Permission.HANDLE_COMPLAINTS),
    }
    name = "_complaint_results" if is_part(request) else "complaints"
    return render(request, f"console/service_desk/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def complaint_new(request: StaffRequest) -> HttpResponse:
    """Receive a complaint."""
    request.viewer.require(Permission.HANDLE_COMPLAINTS)
    customer = find_customer(request.viewer, request.GET.get("customer", ""))
    first = {
        "customer_number": customer.number if customer else "",
        "received_at": timezone.now().astimezone(CHINA),
    }
    form = AcceptForm(request.POST or None, initial=first)
    offer_people(form.fields["owner_id"], request.viewer, customer)
    made: list[Complaint] = []

    def act() -> None:
        made.append(
            operations.accept_complaint(**form.cleaned_data, by=request.viewer, at=timezone.now())
        )

    if request.method == "POST" and done(form, act):
        return redirect("complaint", made[0].number)
    context = {
        "form": form,
        "customer": customer,
        "choices": offer_customers(request),
        "text": request.GET.get("q", ""),
    }
    if is_part(request):
        return render(request, "console/service_desk/_customer_choice.html", context)
    status = 422 if form.is_bound else 200
    return render(request, "console/service_desk/complaint_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def complaint(request: StaffRequest, complaint_number: str) -> HttpResponse:
    """One complaint with its clocks and its course."""
    row = queries.get_complaint(request.viewer, complaint_number)
    acts = Acts({**_STEPS[ComplaintState(row.state)], "promise": _PROMISE}, request, row)
    if request.method == "POST" and acts.post():
        return redirect("complaint", complaint_number)
    at = timezone.now()
    clocks = clocks_queries.list_subject_clocks(request.viewer, COMPLAINT, row.pk)
    context = {
        "row": row,
        "acts": acts,
        "clocks": [(clock, clock.is_late(at)) for clock in clocks],
        "promises": queries.list_promises(request.viewer, customer_id=row.customer_id).filter(
            complaint=row
        ),
        "now": at,
    }
    status = 422 if acts.refused else 200
    return render(request, "console/service_desk/complaint.html", context, status=status)


urlpatterns = [
    path("complaints/", complaint_list, name="complaint_list"),
    path("complaints/new/", complaint_new, name="complaint_new"),
    path("complaints/<str:complaint_number>/", complaint, name="complaint"),
]
