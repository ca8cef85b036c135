"""电价维护: a tariff's versions side by side, drafting the next, test bills, adoption."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from busbar.access.permissions import Permission
from busbar.billing import quote as quoting
from busbar.billing import trial as billing_trial
from busbar.billing.explanation import EFFECTS
from busbar.billing.trial_document import example_of, try_document
from busbar.console.acts import Act, Acts, DayField, Doing
from busbar.console.money_forms import ReasonForm
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, given_day
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.pricing import drafts, overview
from busbar.pricing import operations as pricing_operations
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import (
    Certainty,
    DraftState,
    Surcharge,
    Tariff,
    TariffDraft,
    TimeOfUsePeriod,
)

_PLACES = {"capacity_price": 4, "demand_price": 4}
_SURCHARGE = "surcharge_"


def _price_field(label: Any, places: int) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, max_digits=4 + places, decimal_places=places
    )


class DraftForm(forms.Form):
    """A version: first day, prices, scheme, source; the region's surcharges beside."""

    valid_from = DayField(label=_("生效日期"))
    scheme = forms.ChoiceField(label=_("分时方案"), required=False)
    source = forms.CharField(label=_("出处（文号或公告）"), max_length=300)
    certainty = forms.ChoiceField(label=_("把握"), choices=Certainty.choices)

    def __init__(self, data: Any, *, base: Tariff, surcharges: list[Surcharge]) -> None:
        """Starts from what the base says."""
        super().__init__(data, initial=_initial(base, surcharges))
        schemes = pricing_queries.list_schemes().values_list("code", "name")
        self.fields["scheme"].choices = [("", _("不分时")), *schemes]  # type: ignore[attr-defined]
        for period, label in TimeOfUsePeriod.choices:
            name = _("%(period)s段 元/kWh") % {"period": label}
            self.fields[period] = _price_field(name, 6)
        self.fields["capacity_price"] = _price_field(_("容量电价 元/kVA·月"), 4)
        self.fields["demand_price"] = _price_field(_("需量电价 元/kW·月"), 4)
        for row in surcharges:
            self.fields[_SURCHARGE + row.code] = _price_field(f"{row.name} 元/kWh", 8)
        last = ["source", "certainty"]
        self.order_fields([name for name in self.fields if name not in last] + last)

    def values(self) -> pricing_operations.TariffValues:
        """What was entered, as the operation takes it."""
        data = self.cleaned_data
        surcharges = {
            name.removeprefix(_SURCHARGE): price
            for name, price in data.items()
            if name.startswith(_SURCHARGE) and price is not None
        }
        return pricing_operations.TariffValues(
            valid_from=data["valid_from"],
            prices={p: data[p] for p in TimeOfUsePeriod.values if data[p] is not None},
            source=data["source"],
            certainty=data["certainty"],
            scheme=data["scheme"],
            capacity_price=data["capacity_price"],
            demand_price=data["demand_price"],
            surcharges=surcharges,
        )


def _initial(base: Tariff, surcharges: list[Surcharge]) -> dict[str, Any]:
    prices = {p.period: p.price.normalize() for p in base.prices.all()}
    basic = {
        name: price.normalize() for name in _PLACES if (price := getattr(base, name)) is not None
    }
    added = {_SURCHARGE + row.code: row.price.normalize() for row in surcharges}
    scheme = base.scheme.code if base.scheme else ""
    plain = {name: f"{price:f}" for name, price in (prices | basic | added).items()}
    return {**plain, "scheme": scheme, "certainty": Certainty.LOCAL}


class RemarkForm(ReasonForm):
    """A remark that may be left out."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """As the reason, not required."""
        super().__init__(*given, **named)
        self.fields["reason"].required = False
        self.fields["reason"].label = _("批准意见")


def _adopt(doing: Doing) -> None:
    pricing_operations.adopt_draft(
        draft_id=doing.subject.pk, remark=doing.data["reason"], by=doing.viewer, at=doing.at
    )


def _discard(doing: Doing) -> None:
    pricing_operations.discard_draft(
        draft_id=doing.subject.pk, reason=doing.data["reason"], by=doing.viewer, at=doing.at
    )


def _withdraw(doing: Doing) -> None:
    pricing_operations.withdraw_draft(
        draft_id=doing.subject.pk, reason=doing.data["reason"], by=doing.viewer, at=doing.at
    )


ACTS = {
    "adopt": Act(
        _("采用"),
        _adopt,
        (Permission.ADOPT_TARIFFS,),
        RemarkForm,
        said=_("已采用，自生效日期起核算使用"),
        icon="check",
        is_first=True,
        note=_("由拟订人以外的人批准"),
    ),
    "discard": Act(
        _("作废"), _discard, (Permission.DRAFT_TARIFFS,), ReasonForm, said=_("已作废"), icon="x"
    ),
    "withdraw": Act(
        _("撤回"),
        _withdraw,
        (Permission.ADOPT_TARIFFS,),
        ReasonForm,
        said=_("已撤回，原版本继续有效"),
        icon="arrow-back-up",
    ),
}


@require_safe
def tariff(request: StaffRequest, code: str) -> HttpResponse:
    """A tariff's versions side by side, newest first, its drafts, its scheme by month."""
    versions = _versions(code)[::-1]
    today = local_date(timezone.now())
    schemes = {v.scheme for v in versions if v.scheme}
    context = {
        "tab": "tariffs",
        "tariff": versions[0],
        "versions": versions,
        "in_force": pricing_queries.get_tariff(code, on=today),
        "rows": _rows(versions),
        "drafts": drafts.list_drafts(code=code),
        "schemes": [overview.unroll(s, list(s.intervals.all())) for s in schemes],
        "hours": range(24),
        "periods": TimeOfUsePeriod,
        "may_draft": request.viewer.may(Permission.DRAFT_TARIFFS),
    }
    return render(request, "console/pricing/tariff.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def tariff_draft_new(request: StaffRequest, code: str) -> HttpResponse:
    """Draft a version from an older one, named by `base`, else from the newest."""
    request.viewer.require(Permission.DRAFT_TARIFFS)
    versions = _versions(code)
    since = given_day(request.GET.get("base", ""))
    base = next((v for v in versions if v.valid_from == since), versions[-1])
    today = local_date(timezone.now())
    form = DraftForm(
        request.POST or None,
        base=base,
        surcharges=drafts.list_standing_surcharges(base.region, today),
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = pricing_operations.draft_tariff(
                code=code,
                base_from=base.valid_from,
                values=form.values(),
                by=request.viewer,
                at=timezone.now(),
            )
            return redirect("tariff_draft", made.pk)
        except Refusal as refusal:
            form.add_error(None, said(refusal))
    context = {"form": form, "base": base, "tab": "tariffs"}
    return render(request, "console/pricing/draft_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def tariff_draft(request: StaffRequest, draft_id: int) -> HttpResponse:
    """A draft beside its base: what stands against it, test bills, adoption."""
    draft = drafts.get_draft(draft_id)
    acts = Acts(ACTS, request, draft)
    if request.method == "POST" and acts.post():
        return redirect("tariff_draft", draft.pk)
    return _show_draft(request, draft, acts, **_trial(request, draft))


@require_http_methods(["GET", "HEAD", "POST"])
def tariff_draft_document(request: StaffRequest, draft_id: int) -> HttpResponse:
    """The draft's page with the test bill of a typed document; keeps nothing."""
    draft = drafts.get_draft(draft_id)
    if request.method != "POST":
        return redirect("tariff_draft", draft.pk)
    text = request.POST.get("document", "")
    typed: dict[str, Any] = {"document": text, "months": _months(request, draft)}
    try:
        one = try_document(draft, quoting.loads(text))
        typed |= {"typed": one, "typed_effects": _effects(one)}
    except Refusal as refusal:
        typed["document_refused"] = said(refusal)
    return _show_draft(request, draft, Acts(ACTS, request, draft), **typed)


def _show_draft(
    request: StaffRequest, draft: TariffDraft, acts: Acts, **trial: Any
) -> HttpResponse:
    today = local_date(timezone.now())
    base = drafts.get_base(draft)
    scheme = draft.scheme
    example = json.dumps(example_of(draft), ensure_ascii=False, indent=2)
    context = {
        "tab": "tariffs",
        "acts": acts,
        "draft": draft,
        "base": base,
        "changes": _changes(draft, base),
        "findings": drafts.check_draft(draft, today=today),
        "is_open": draft.state == DraftState.DRAFTED,
        "may_be_withdrawn": draft.state == DraftState.ADOPTED and today < draft.valid_from,
        "scheme_year": overview.unroll(scheme, list(scheme.intervals.all())) if scheme else None,
        "hours": range(24),
        "periods": TimeOfUsePeriod,
        "document": example,
        **trial,
    }
    return render(request, "console/pricing/draft.html", context)


def _versions(code: str) -> list[Tariff]:
    found = drafts.list_versions(code)
    if not found:
        raise Http404
    return found


def _trial(request: StaffRequest, draft: TariffDraft) -> dict[str, Any]:
    """Test bills of the month asked for; none before a month is chosen."""
    months = _months(request, draft)
    month = request.GET.get("month", "")
    asked = request.GET.get("accounts", "")
    numbers = asked.replace("，", " ").replace(",", " ").split()
    trial = None
    if month in months:
        trial = billing_trial.try_draft(request.viewer, draft, month=month, account_numbers=numbers)
    tried = [(one, _effects(one)) for one in trial.bills] if trial else []
    return {"months": months, "month": month, "accounts": asked, "trial": trial, "tried": tried}


def _months(request: StaffRequest, draft: TariffDraft) -> list[str]:
    return billing_trial.list_trial_months(request.viewer, draft.code)


def _effects(one: billing_trial.Comparison) -> list[tuple[Any, Decimal]]:
    return [(EFFECTS[effect][0], amount) for effect, amount in one.effects.items() if amount]


def _rows(versions: list[Tariff]) -> list[tuple[Any, str, list[Decimal | None]]]:
    """Each price over all versions; those that no version has are left out."""
    by_version = [{p.period: p.price for p in v.prices.all()} for v in versions]
    rows: list[tuple[Any, str, list[Decimal | None]]] = [
        (label, "元/kWh", [prices.get(code) for prices in by_version])
        for code, label in TimeOfUsePeriod.choices
    ]
    rows.append((_("容量电价"), "元/kVA·月", [v.capacity_price for v in versions]))
    rows.append((_("需量电价"), "元/kW·月", [v.demand_price for v in versions]))
    return [row for row in rows if any(price is not None for price in row[2])]


def _changes(
    draft: TariffDraft, base: Tariff | None
) -> list[tuple[Any, str, Decimal | None, Decimal | None]]:
    """Each price before and as drafted."""
    was = {p.period: p.price for p in base.prices.all()} if base else {}
    now = drafts.prices_of(draft)
    rows: list[tuple[Any, str, Decimal | None, Decimal | None]] = [
        (label, "元/kWh", was.get(code), now.get(code)) for code, label in TimeOfUsePeriod.choices
    ]
    rows.append(
        (_("容量电价"), "元/kVA·月", base.capacity_price if base else None, draft.capacity_price)
    )
    rows.append(
        (_("需量电价"), "元/kW·月", base.demand_price if base else None, draft.demand_price)
    )
    day_before = draft.valid_from - dt.timedelta(days=1)
    standing = drafts.list_standing_surcharges(base.region, day_before) if base else []
    changed = drafts.surcharges_of(draft)
    rows += [
        (row.name, "元/kWh", row.price, changed[row.code])
        for row in standing
        if row.code in changed
    ]
    return [row for row in rows if row[2] is not None or row[3] is not None]


urlpatterns = [
    path("pricing/tariffs/<str:code>/", tariff, name="tariff"),
    path("pricing/tariffs/<str:code>/draft/", tariff_draft_new, name="tariff_draft_new"),
    path("pricing/drafts/<int:draft_id>/", tariff_draft, name="tariff_draft"),
    path(
        "pricing/drafts/<int:draft_id>/document/",
        tariff_draft_document,
        name="tariff_draft_document",
    ),
]
