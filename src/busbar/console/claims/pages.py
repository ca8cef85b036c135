"""Claims by state, and one claim with its computation, decision and money."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.claims import operations as claims_operations
from busbar.claims import queries as claims_queries
from busbar.claims.models import Claim, ClaimKind, ClaimState
from busbar.console.acts import Act, Acts, Doing
from busbar.console.answers import one_of
from busbar.console.claims.told import tell
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.money_forms import DecideForm, ReasonForm
from busbar.console.requests import StaffRequest

PAGE = 50
_NOW: dict[str, tuple[str, ...]] = {
    ClaimState.REQUESTED: ("approve", "refuse"),
    ClaimState.RAISED: ("take_back",),
}
_DECIDE = (Permission.APPROVE_CLAIMS,)


def _approve(doing: Doing) -> None:
    claims_operations.approve_claim(
        number=doing.subject, **doing.data, by=doing.viewer, at=doing.at
    )


def _refuse(doing: Doing) -> None:
    claims_operations.refuse_claim(number=doing.subject, **doing.data, by=doing.viewer, at=doing.at)


def _take_back(doing: Doing) -> None:
    claims_operations.take_back_claim(
        number=doing.subject, **doing.data, by=doing.viewer, at=doing.at
    )


ACTS: dict[str, Act] = {
    "approve": Act(_("批准"), _approve, _DECIDE, DecideForm, said=_("已批准并入账"), icon="check"),
    "refuse": Act(_("不予批准"), _refuse, _DECIDE, DecideForm, said=_("已退回"), icon="x"),
    "take_back": Act(
        _("冲回"), _take_back, _DECIDE, ReasonForm, said=_("已冲回"), icon="arrow-back-up"
    ),
}


@require_safe
@by_group
def claim_list(request: StaffRequest) -> HttpResponse:
    """Claims, the newest first."""
    state = one_of(request.GET.get("state", ""), ClaimState.values)
    kind = one_of(request.GET.get("kind", ""), ClaimKind.values)
    text = request.GET.get("q", "").strip()[:100]
    found = claims_queries.list_claims(request.viewer, state=state, kind=kind, text=text)
    rows, further = cut_after(found, after=request.GET.get("after", ""), size=PAGE)
    context = {
        "rows": rows,
        "further": further,
        "kinds": ClaimKind.choices,
        "states": ClaimState.choices,
        "kind": kind,
        "state": state,
        "text": text,
        "may": request.viewer.may(Permission.RAISE_CLAIMS),
    }
    return render(request, "console/claims/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def claim_page(request: StaffRequest, claim_number: str) -> HttpResponse:
    """One claim: what was found, every line with its rule, who decided, what is still open."""
    claim = claims_queries.find_claim(request.viewer, claim_number)
    if claim is None:
        raise Http404
    acts = Acts(ACTS, request, claim.number)
    if request.method == "POST" and acts.post():
        return redirect("claim", claim_number)
    context = {
        "claim": claim,
        "told": tell(claim.answer, claim.amount_fen),
        "acts": acts,
        "now": _offered(request, claim),
    }
    status = 422 if acts.refused else 200
    return render(request, "console/claims/claim.html", context, status=status)


def _offered(request: StaffRequest, claim: Claim) -> tuple[str, ...]:
    """Nobody is offered the decision on what he asked for."""
    is_own = request.viewer.is_employee(claim.requested_by_id)
    if is_own and claim.state == ClaimState.REQUESTED:
        return ()
    return _NOW.get(claim.state, ())


urlpatterns = [
    path("claims/", claim_list, name="claim_list"),
    path("claims/<str:claim_number>/", claim_page, name="claim"),
]
