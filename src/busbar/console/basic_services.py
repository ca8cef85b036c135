"""七项基本业务: what is due for whom and why, and its record (R78)."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.console.acts import Act, ActForm, Acts, Doing, paragraph
from busbar.console.answers import one_of
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, asks_for_more
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import DueState
from busbar.kit.periods import local_date
from busbar.service_desk import queries as desk_queries

PAGE = 50
MOST = 30


class RecordForm(ActForm):
    """The record, and the talk in which it was done."""

    record = forms.CharField(label=_("记录"), widget=paragraph(5))
    interaction_id = forms.TypedChoiceField(
        label=_("在哪次往来中办的"), coerce=int, required=False, empty_value=None
    )

    def fit(self, doing: Doing) -> None:
        """The template as the record's guide; the customer's latest talks."""
        self.fields["record"].help_text = doing.subject.service.template
        talks = desk_queries.list_interactions(
            doing.viewer, customer_id=doing.subject.customer_id, state="done"
        )[:MOST]
        rows = [(str(row.pk), f"{row.happened_at:%Y-%m-%d} {row.subject}") for row in talks]
        self.fields["interaction_id"].choices = [("", "—"), *rows]  # type: ignore[attr-defined] # a ChoiceField


class WaiveForm(ActForm):
    """Why it need not be done this time."""

    reason = forms.CharField(label=_("为什么这次不必办"), max_length=300)


def _record(doing: Doing) -> None:
    operations.record_service(due_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at)


def _waive(doing: Doing) -> None:
    operations.waive_service(due_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at)


_MAY = (Permission.KEEP_RELATIONS,)
ACTS = {
    "record": Act(_("登记办理"), _record, _MAY, RecordForm, icon="notes", is_first=True),
    "waive": Act(_("这次不必办"), _waive, _MAY, WaiveForm, icon="ban"),
}


@require_safe
@by_group
def service_due_list(request: StaffRequest) -> HttpResponse:
    """What is due, the earliest first; how each service is kept."""
    viewer, on = request.viewer, local_date(timezone.now())
    services = queries.services_in_force(on=on)
    state = one_of(request.GET.get("state", DueState.OPEN), DueState.values)
    code = one_of(request.GET.get("service", ""), [s.code for s in services])
    mine = request.GET.get("of") == "mine"
    found = queries.list_dues(viewer, state=state, code=code, mine=mine)
    rows, next_after = cut_after(found, after=request.GET.get("after", ""), size=PAGE)
    page = {"rows": rows, "today": on, "next_after": next_after}
    if asks_for_more(request):
        return render(request, "console/plans/_service_due_rows.html", page)
    context = page | {
        "services": services,
        "coverage": queries.coverage(viewer, on=on),
        "states": DueState.choices,
        "state": state,
        "code": code,
        "mine": mine,
    }
    return render(request, "console/plans/service_dues.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def service_due(request: StaffRequest, due_id: int) -> HttpResponse:
    """One service that is due for a customer."""
    row = queries.get_due(request.viewer, due_id)
    acts = Acts(ACTS if row.state == DueState.OPEN else {}, request, row)
    if request.method == "POST" and acts.post():
        return redirect("service_due", due_id)
    context = {"row": row, "acts": acts, "today": local_date(timezone.now())}
    status = 422 if acts.refused else 200
    return render(request, "console/plans/service_due.html", context, status=status)


urlpatterns = [
    path("basic-services/", service_due_list, name="service_due_list"),
    path("basic-services/<int:due_id>/", service_due, name="service_due"),
]
