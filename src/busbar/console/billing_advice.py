"""用电建议, 本月电费 and 核对账单: what could, will and elsewhere was to be paid."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing import operations as billing_operations
from busbar.billing import shadow
from busbar.billing.advice import (
    Advice,
    Forecast,
    UnableToAdvise,
    advise,
    figures_on,
    find_account,
    forecast_bill,
)
from busbar.billing.advice.basic_charge import BasicAdvice, Option
from busbar.billing.shadow_items import CODES
from busbar.connections.models import ChangeKind
from busbar.console.cutting import cut
from busbar.console.group_choice import by_group
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.console.saving_words import MODES
from busbar.kit.periods import local_date, parse_day

PAGE = 50
_AFTER = re.compile(r"(-?\d{1,15})_(\d{1,15})", re.ASCII)
CODE_NAMES = {
    "": gettext_lazy("未对应"),
    "energy": gettext_lazy("电量电费（全部时段）"),
    "energy.total": gettext_lazy("电量电费（不分时）"),
    "energy.sharp": gettext_lazy("尖峰电量电费"),
    "energy.peak": gettext_lazy("高峰电量电费"),
    "energy.flat": gettext_lazy("平段电量电费"),
    "energy.valley": gettext_lazy("低谷电量电费"),
    "energy.deep_valley": gettext_lazy("深谷电量电费"),
    "basic": gettext_lazy("基本电费（任一方式）"),
    "basic.capacity": gettext_lazy("基本电费（按容量）"),
    "basic.contract_demand": gettext_lazy("基本电费（按合同最大需量）"),
    "basic.actual_demand": gettext_lazy("基本电费（按实际最大需量）"),
    "power_factor": gettext_lazy("功率因数调整电费"),
    "charge": gettext_lazy("基金及附加、线损、系统运行费"),
    "deduction": gettext_lazy("照明、居民等扣减电量"),
    "total": gettext_lazy("账单合计"),
}


@require_safe
def bill_advice(request: StaffRequest, account_number: str) -> HttpResponse:
    """One account's advice, a sheet to print; or what data is missing for it."""
    on = _day(request)
    context: dict[str, Any] = {
        "account": find_account(request.viewer, account_number),
        "on": on,
        "figures": figures_on(on),
    }
    try:
        advice = advise(request.viewer, account_number, on=on)
    except UnableToAdvise as refused:
        context["refused"] = said(refused)
    else:
        context |= _advice_context(advice)
        context["application"] = _application(request.viewer, advice)
    return render(request, "console/billing/advice/advice.html", context)


def _advice_context(advice: Advice) -> dict[str, Any]:
    basic = advice.basic
    options = basic.options if basic else ()
    columns = [basic.present, *options] if basic else []
    return {
        "advice": advice,
        "basic": basic,
        "options": [_option(basic, option) for option in options] if basic else [],
        "present_name": _name(basic.present) if basic else "",
        "best_name": _name(basic.best) if basic else "",
        "barred": [(MODES[one.mode], said(one.reason)) for one in basic.barred] if basic else [],
        "heads": [_("现行方式"), *(_name(option) for option in options)],
        "months": [
            (month, [column.months[place].total_yuan for column in columns])
            for place, month in enumerate(advice.months)
        ],
        "curve": _curve(advice),
    }


def _application(viewer: Viewer, advice: Advice) -> str:
    """The form of the change that is advised, filled in; empty where there is none to be made."""
    basic = advice.basic
    if basic is None or basic.best is basic.present or not viewer.may(Permission.HANDLE_CHANGES):
        return ""
    best = basic.best
    proposed: dict[str, object] = {"account": advice.account.number}
    if best.mode == basic.present.mode:
        proposed["kind"] = ChangeKind.CONTRACT_DEMAND_CHANGE
    else:
        proposed |= {"kind": ChangeKind.CHARGE_MODE_CHANGE, "basic_charge_mode": best.mode}
    if best.contract_kw is not None:
        proposed["contract_demand_kw"] = best.contract_kw
    return f"{reverse('change_new')}?{urlencode(proposed)}"


def _option(basic: BasicAdvice, option: Option) -> dict[str, Any]:
    return {
        "name": _name(option),
        "basic_yuan": option.basic_yuan,
        "total_yuan": option.total_yuan,
        "saving_yuan": basic.saving_of(option),
        "is_best": option is basic.best,
    }


def _name(option: Option) -> str:
    name = str(MODES[option.mode])
    return name if option.contract_kw is None else f"{name} {option.contract_kw} kW"


def _curve(advice: Advice) -> dict[str, Any]:
    """Cost over contracted demand, with the other modes as level lines, for the chart."""
    basic = advice.basic
    if basic is None:
        return {}
    others = [o for o in basic.options if o.mode != "contract_demand"]
    chosen = next((o for o in basic.options if o.mode == "contract_demand"), None)
    return {
        "contract": [[kw, float(yuan)] for kw, yuan in basic.curve],
        "name": str(MODES["contract_demand"]),
        "chosen": chosen.contract_kw if chosen else None,
        "levels": [
            {"name": str(MODES[option.mode]), "yuan": float(option.total_yuan)} for option in others
        ],
        "unit": _("元"),
    }


@require_safe
def bill_forecast(request: StaffRequest, account_number: str) -> HttpResponse:
    """The running month's bill so far and at its end, or what data is missing."""
    on = _day(request)
    context: dict[str, Any] = {
        "account": find_account(request.viewer, account_number),
        "on": on,
        "figures": figures_on(on),
    }
    try:
        forecast = forecast_bill(request.viewer, account_number, on=on)
    except UnableToAdvise as refused:
        context["refused"] = said(refused)
    else:
        context |= _forecast_context(forecast)
    return render(request, "console/billing/advice/forecast.html", context)


def _forecast_context(forecast: Forecast) -> dict[str, Any]:
    outlook = forecast.outlook
    ends = {line.id: line for line in outlook.end.lines}
    lines = [(line, ends.pop(line.id, None)) for line in outlook.so_far.lines]
    return {
        "forecast": forecast,
        "outlook": outlook,
        "lines": [*lines, *((None, line) for line in ends.values())],
        "peak_may_rise": outlook.end_facts.demand.kw > outlook.facts.demand.kw,
        "daily": {
            "days": [str(day.day) for day, _kwh, _known in outlook.daily_kwh],
            "known": [float(kwh) if known else None for _d, kwh, known in outlook.daily_kwh],
            "coming": [None if known else float(kwh) for _d, kwh, known in outlook.daily_kwh],
            "names": {"known": _("已用 kWh"), "coming": _("预测 kWh")},
        },
    }


@require_safe
@by_group
def shadow_bill_list(request: StaffRequest) -> HttpResponse:
    """Other systems' bills by difference, and which of our charges their items are."""
    months = shadow.list_shadow_months(request.viewer)
    asked = request.GET.get("month", "")
    month = asked if asked in months else ""
    after = _read_after(request.GET.get("after", ""))
    bills, more = cut(shadow.list_shadow_bills(request.viewer, month=month, after=after), PAGE)
    context = {
        "bills": bills,
        "more": more,
        "next_after": f"{bills[-1].rank_fen}_{bills[-1].pk}" if more else "",
        "months": months,
        "month": month,
        "items": shadow.list_items() if bills else [],
        "codes": [(code, CODE_NAMES[code]) for code in ("", *CODES)],
        "may_map": request.viewer.may(Permission.RUN_BILLS),
        "may_import": request.viewer.may(Permission.IMPORT_FILES),
    }
    return render(request, "console/billing/advice/shadow_list.html", context)


def _read_after(text: str) -> tuple[int, int] | None:
    """Rank and key of the last one shown; None for the first page and for what is none."""
    found = _AFTER.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


@require_POST
def shadow_bill_item(request: StaffRequest) -> HttpResponse:
    """Say which of our charges an item is."""
    try:
        billing_operations.map_shadow_item(
            item=request.POST.get("item", ""),
            code=request.POST.get("code", ""),
            by=request.viewer,
            at=timezone.now(),
        )
    except billing_operations.UnableToMapItem as refused:
        messages.error(request, said(refused))
    else:
        messages.success(request, _("已记住这个项目的对应"))
    return redirect("shadow_bill_list")


@require_safe
def shadow_bill(request: StaffRequest, account_number: str, month: str) -> HttpResponse:
    """One other bill against ours, line by line."""
    found = shadow.compare(request.viewer, account_number, month)
    sums = {
        "theirs": found.shadow.amount,
        "ours": found.bill.amount if found.bill else None,
    }
    rows = [(row, _charge_name(row)) for row in found.lines]
    context = {"found": found, "sums": sums, "rows": rows}
    return render(request, "console/billing/advice/shadow.html", context)


def _charge_name(row: shadow.Compared) -> str:
    """Our name of the charge, or the item's own words where nobody has mapped it."""
    return str(CODE_NAMES.get(row.code, row.name)) if row.code else row.name


def _day(request: StaffRequest) -> dt.date:
    """The day from which one looks: asked for, or today."""
    try:
        return parse_day(request.GET.get("on", ""))
    except ValueError:
        return local_date(timezone.now())


urlpatterns = [
    path("advice/<str:account_number>/", bill_advice, name="bill_advice"),
    path("advice/<str:account_number>/forecast/", bill_forecast, name="bill_forecast"),
    path("shadow-bills/", shadow_bill_list, name="shadow_bill_list"),
    path("shadow-bills/items/", shadow_bill_item, name="shadow_bill_item"),
    path("shadow-bills/<str:account_number>/<str:month>/", shadow_bill, name="shadow_bill"),
]
