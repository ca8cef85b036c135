"""设计施工单位名录: firms, their certificates and expiry, the neutral order, choices made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from busbar.access.permissions import Permission
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ContractorChoice,
    Qualification,
    QualificationKind,
    QualificationScope,
)
from busbar.connections.queries.contractors import ORDER_RULE
from busbar.console.acts import Act, ActForm, Acts, DayField, Doing, paragraph
from busbar.console.cutting import cut
from busbar.console.requests import StaffRequest
from busbar.kit.periods import Period, local_date

PAGE = 100
EXPIRING_DAYS = 60


class FirmForm(ActForm):
    """A firm to be entered."""

    code = forms.CharField(label=_("编码"), max_length=30)
    name = forms.CharField(label=_("单位名称"), max_length=200)
    credit_code = forms.CharField(label=_("统一社会信用代码"), max_length=18)
    contact_name = forms.CharField(label=_("联系人"), max_length=50, required=False)
    contact_phone = forms.CharField(label=_("联系电话"), max_length=30, required=False)
    address = forms.CharField(label=_("地址"), max_length=300, required=False)


class CertificateForm(ActForm):
    """A certificate as it was shown."""

    kind = forms.ChoiceField(label=_("资质类别"), choices=QualificationKind.choices)
    grade = forms.ChoiceField(label=_("等级"))
    certificate_number = forms.CharField(label=_("证书编号"), max_length=60)
    issued_by = forms.CharField(label=_("发证机关"), max_length=100, required=False)
    valid_from = DayField(label=_("有效期自"))
    valid_until = DayField(label=_("有效期至（次日失效）"))  # the last day, as the paper says

    def fit(self, doing: Doing) -> None:
        """The grades whose reach is known."""
        grades = QualificationScope.objects.order_by("grade").values_list("grade", flat=True)
        self.fields["grade"].choices = [(g, g) for g in dict.fromkeys(grades)]  # type: ignore[attr-defined] # a ChoiceField


class RenewForm(ActForm):
    """A certificate goes on."""

    valid_until = DayField(label=_("新的有效期至（次日失效）"))
    grade = forms.CharField(
        label=_("新的等级"), max_length=20, required=False, help_text=_("不填则等级不变")
    )


class EndForm(ActForm):
    """Revoked or struck off."""

    on = DayField(label=_("自何日起"))
    reason = forms.CharField(label=_("原因"), max_length=300, widget=paragraph(2))


def _register(doing: Doing) -> None:
    connections_operations.register_contractor(**doing.data, by=doing.viewer, at=doing.at)


def _grant(doing: Doing) -> None:
    connections_operations.grant_qualification(
        contractor_id=doing.subject.pk, **_half_open(doing.data), by=doing.viewer, at=doing.at
    )


def _renew(doing: Doing) -> None:
    connections_operations.renew_qualification(
        qualification_id=doing.row_id, **_half_open(doing.data), by=doing.viewer, at=doing.at
    )


def _half_open(data: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with the day after the certificate's last one as the end of its validity."""
    return {**data, "valid_until": data["valid_until"] + dt.timedelta(days=1)}


def _revoke(doing: Doing) -> None:
    connections_operations.revoke_qualification(
        qualification_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _strike_off(doing: Doing) -> None:
    connections_operations.strike_off_contractor(
        contractor_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


_KEEP = (Permission.KEEP_CONTRACTORS,)
LIST_ACTS: dict[str, Act] = {
    "register": Act(
        _("新增单位"), _register, _KEEP, FirmForm, said=_("单位已入册"), icon="plus", is_first=True
    ),
}
FIRM_ACTS: dict[str, Act] = {
    "grant": Act(_("登记资质"), _grant, _KEEP, CertificateForm, icon="certificate", is_first=True),
    "renew": Act(_("延续"), _renew, _KEEP, RenewForm, said=_("资质已延续"), icon="refresh"),
    "revoke": Act(_("吊销"), _revoke, _KEEP, EndForm, said=_("资质已吊销"), icon="ban"),
    "strike": Act(_("除名"), _strike_off, _KEEP, EndForm, said=_("已从名录除名"), icon="user-x"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def contractor_list(request: StaffRequest) -> HttpResponse:
    """The firms that stand on the register today; those whose certificates end soon first."""
    acts = Acts(LIST_ACTS, request, None)
    if request.method == "POST" and acts.post():
        return redirect("contractor_list")
    today, text = local_date(timezone.now()), request.GET.get("q", "").strip()
    soon = Period(today, today + dt.timedelta(days=EXPIRING_DAYS))
    firms, more = cut(connections_queries.list_contractors(on=today, text=text), PAGE)
    context = {
        "firms": [(firm, _standing(firm.qualifications.all(), today)) for firm in firms],
        "more": more,
        "text": text,
        "expiring": connections_queries.list_expiring_qualifications(period=soon),
        "soon": EXPIRING_DAYS,
        "rule": ORDER_RULE,
        "acts": acts,
        "today": today,
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/contractors/list.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def contractor_page(request: StaffRequest, pk: int) -> HttpResponse:
    """One firm: certificates with their reach and end, and for which applications it was chosen."""
    firm = connections_queries.get_contractor(pk)
    acts = Acts(FIRM_ACTS, request, firm)
    if request.method == "POST" and acts.post():
        return redirect("contractor_page", pk)
    today = local_date(timezone.now())
    choices = ContractorChoice.objects.visible_to(request.viewer).filter(contractor=firm)
    context = {
        "firm": firm,
        "certificates": _standing(firm.qualifications.all(), today),
        "choices": choices.select_related("application").order_by("-chosen_at", "-id")[:50],
        "rule": ORDER_RULE,
        "acts": acts,
        "today": today,
    }
    status = 422 if acts.refused else 200
    return render(request, "console/connections/contractors/page.html", context, status=status)


def _standing(rows: Any, today: dt.date) -> list[tuple[Qualification, str]]:
    """Certificates with how they stand: `good`, `soon`, `ended`, `revoked`."""
    soon = today + dt.timedelta(days=EXPIRING_DAYS)
    found = []
    for row in rows:
        if row.revoked_on is not None and row.revoked_on <= today:
            state = "revoked"
        elif row.valid_until <= today:
            state = "ended"
        else:
            state = "soon" if row.valid_until < soon else "good"
        found.append((row, state))
    return found


urlpatterns = [
    path("contractors/", contractor_list, name="contractor_list"),
    path("contractors/<int:pk>/", contractor_page, name="contractor_page"),
]
