"""承诺台账: every promise, its clock, what became of it; the kept rate by whom (N9)."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.console.acts import Act, ActForm, Doing, paragraph
from busbar.console.answers import one_of
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, asks_for_more, is_part
from busbar.console.service_desk.people import OwnersActs, offer_people
from busbar.customers import queries as customers_queries
from busbar.service_desk import operations, queries
from busbar.service_desk.models import PromiseState
from busbar.service_desk.queries.promises import GROUPS

PAGE = 50
STATES = [
    ("", _("全部")),
    (PromiseState.OPEN, PromiseState.OPEN.label),
    ("late", _("超期")),
    (PromiseState.KEPT, PromiseState.KEPT.label),
    (PromiseState.WITHDRAWN, PromiseState.WITHDRAWN.label),
]
GROUP_LABELS = [("manager", _("按负责人")), ("customer", _("按客户")), ("unit", _("按单位"))]


class KeepForm(ActForm):
    """What shows that it was done."""

    evidence = forms.CharField(
        label=_("怎样兑现的、凭什么认定"), max_length=500, widget=paragraph(2)
    )
    document_id = forms.TypedChoiceField(
        label=_("凭证（客户文档）"), coerce=int, required=False, empty_value=None
    )

    def fit(self, doing: Doing) -> None:
        """The customer's documents, the newest first."""
        _offer_documents(self, doing)


class WithdrawForm(ActForm):
    """Why, and who at the customer's agreed."""

    reason = forms.CharField(label=_("撤回的原因"), max_length=500, widget=paragraph(2))
    consent_by = forms.CharField(label=_("客户方谁同意的"), max_length=100)
    document_id = forms.TypedChoiceField(
        label=_("同意的凭证（客户文档）"), coerce=int, required=False, empty_value=None
    )

    def fit(self, doing: Doing) -> None:
        """The customer's documents, the newest first."""
        _offer_documents(self, doing)


class HandOverForm(ActForm):
    """To whom, and why."""

    owner_id = forms.TypedChoiceField(label=_("移交给"), coerce=int)
    reason = forms.CharField(label=_("移交的原因"), max_length=300)

    def fit(self, doing: Doing) -> None:
        """Whoever may answer for it."""
        offer_people(self.fields["owner_id"], doing.viewer, doing.subject.customer)


def _offer_documents(form: ActForm, doing: Doing) -> None:
    most = 50
    file = customers_queries.get_customer_file(doing.viewer, doing.subject.customer.number)
    rows = [(str(row.pk), row.title) for row in file.documents[:most]]
    form.fields["document_id"].choices = [("", _("没有附件")), *rows]  # type: ignore[attr-defined] # a ChoiceField


def _keep(doing: Doing) -> None:
    operations.keep_promise(promise_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at)


def _withdraw(doing: Doing) -> None:
    operations.withdraw_promise(
        promise_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _hand_over(doing: Doing) -> None:
    operations.hand_over_promise(
        promise_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


_MAY = (Permission.KEEP_RELATIONS,)
ACTS = {
    "keep": Act(_("登记兑现"), _keep, _MAY, KeepForm, icon="circle-check", is_first=True),
    "hand_over": Act(_("移交"), _hand_over, _MAY, HandOverForm, icon="arrows-exchange"),
    "withdraw": Act(
        _("经客户同意撤回"),
        _withdraw,
        _MAY,
        WithdrawForm,
        icon="arrow-back-up",
        note=_("超期的承诺不能撤回；撤回后仍留在台账里"),
    ),
}


@require_safe
@by_group
def promise_list(request: StaffRequest) -> HttpResponse:
    """The ledger, the newest first; kept rates above and by group."""
    viewer, at = request.viewer, timezone.now()
    state = one_of(request.GET.get("state", ""), [str(value) for value, _label in STATES])
    mine = request.GET.get("of") == "mine"
    found = queries.list_promises(viewer, state=state, at=at, mine=mine)
    rows, next_after = cut_after(found, after=request.GET.get("after", ""), size=PAGE)
    page = {"rows": [(row, row.is_late(at)) for row in rows], "next_after": next_after}
    if asks_for_more(request):
        return render(request, "console/service_desk/_promise_rows.html", page)
    by = one_of(request.GET.get("by", ""), GROUPS) or "manager"
    context = page | {
        "rate": queries.kept_rate(viewer, at=at, mine=mine),
        "rates": queries.kept_rates(viewer, by=by, at=at),
        "by": by,
        "groups": GROUP_LABELS,
        "states": STATES,
        "state": state,
        "mine": mine,
    }
    name = "_promise_results" if is_part(request) else "promises"
    return render(request, f"console/service_desk/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def promise(request: StaffRequest, promise_id: int) -> HttpResponse:
    """One promise with its clock and its end."""
    row, at = queries.get_promise(request.viewer, promise_id), timezone.now()
    acts = OwnersActs(ACTS if row.state == PromiseState.OPEN else {}, request, row)
    if request.method == "POST" and acts.post():
        return redirect("promise", promise_id)
    context = {
        "row": row,
        "is_late": row.is_late(at),
        "acts": acts,
        "rate": queries.kept_rate(request.viewer, at=at, customer_id=row.customer_id),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/service_desk/promise.html", context, status=status)


urlpatterns = [
    path("promises/", promise_list, name="promise_list"),
    path("promises/<int:promise_id>/", promise, name="promise"),
]
