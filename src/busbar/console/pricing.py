"""电价与规则: what holds since when, where it is written, and how sure that is."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from busbar.console.cutting import cut
from busbar.console.requests import StaffRequest, given_day
from busbar.kit.periods import Month, local_date
from busbar.pricing import drafts, overview
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import (
    DraftState,
    RuleSet,
    RuleSubject,
    Tariff,
    TariffCategory,
    TimeOfUsePeriod,
)

PAGE = 50


@require_safe
def pricing(request: StaffRequest) -> HttpResponse:
    """Rule sets by validity, oldest first: the timeline shows which follows which."""
    today = local_date(timezone.now())
    rule_sets = list(pricing_queries.list_rule_sets())
    context = {
        "tab": "rules",
        "groups": [
            (subject.label, [s for s in rule_sets if s.subject == subject])
            for subject in RuleSubject
        ],
        "in_force": {s.pk for s in rule_sets if _holds(s, today)},
    }
    return render(request, "console/pricing/rule_sets.html", context)


@require_safe
def rule_set_detail(request: StaffRequest, code: str) -> HttpResponse:
    """One rule set: its figures, or its power-factor table."""
    rule_set = pricing_queries.list_rule_sets().get(code=code)
    context = {
        "tab": "rules",
        "rule_set": rule_set,
        "parameters": rule_set.parameters.all(),
        "steps": overview.list_power_factor_rows(rule_set),
        "standards": overview.STANDARDS,
    }
    return render(request, "console/pricing/rule_set.html", context)


@require_safe
def rule_set_power_factor(request: StaffRequest) -> HttpResponse:
    """The power-factor table of the three standards that holds today."""
    today = local_date(timezone.now())
    rule_set = overview.get_rule_set_in_force(RuleSubject.POWER_FACTOR, on=today)
    context = {
        "tab": "power_factor",
        "rule_set": rule_set,
        "parameters": rule_set.parameters.order_by("key") if rule_set else [],
        "steps": overview.list_power_factor_rows(rule_set) if rule_set else [],
        "standards": overview.STANDARDS,
    }
    return render(request, "console/pricing/power_factor.html", context)


@require_safe
def tariff_schemes(request: StaffRequest) -> HttpResponse:
    """Time-of-use schemes, each as a heat map of 24 hours by 12 months."""
    context = {
        "tab": "schemes",
        "schemes": overview.list_scheme_years(),
        "hours": range(24),
        "periods": TimeOfUsePeriod,
    }
    return render(request, "console/pricing/schemes.html", context)


@require_safe
def tariff_list(request: StaffRequest) -> HttpResponse:
    """Tariffs by region, category, voltage and day of validity, by keyset."""
    asked = {
        name: request.GET.get(name, "").replace("\x00", "")
        for name in ("region", "category", "voltage_class")
    }
    on = given_day(request.GET.get("on", ""))
    tariffs = pricing_queries.list_tariffs(on=on, **asked)
    rows, more = cut(_go_on(tariffs, request.GET.get("after", "")), PAGE)
    context = {
        "tab": "tariffs",
        "drafts": drafts.list_drafts(state=DraftState.DRAFTED),
        "tariffs": rows,
        "more": more,
        "regions": overview.list_tariff_regions(),
        "categories": TariffCategory.choices,
        "voltage_classes": overview.list_voltage_classes(),
        **asked,
        "on": on,
        "periods": TimeOfUsePeriod,
    }
    return render(request, "console/pricing/tariffs.html", context)


@require_safe
def tariff_surcharges(request: StaffRequest) -> HttpResponse:
    """Surcharges that hold in a month."""
    today = local_date(timezone.now())
    month, region = _month(request.GET.get("month", ""), today), request.GET.get("region", "")
    context = {
        "tab": "surcharges",
        "month": month,
        "region": region,
        "regions": overview.list_surcharge_regions(),
        "surcharges": pricing_queries.list_surcharges(region=region, on=month.first),
    }
    return render(request, "console/pricing/surcharges.html", context)


def _holds(rule_set: RuleSet, day: dt.date) -> bool:
    ended = rule_set.valid_until is not None and day >= rule_set.valid_until
    return rule_set.valid_from <= day and not ended


def _month(text: str, today: dt.date) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        return Month.of(today)


def _go_on(tariffs: QuerySet[Tariff, Tariff], after: str) -> QuerySet[Tariff, Tariff]:
    """From the row after the last one shown: `region@code@valid_from`."""
    parts = after.split("@")
    since = given_day(parts[-1])
    if len(parts) != len(("region", "code", "valid_from")) or since is None:
        return tariffs
    region, code, _ = parts
    later_code = Q(region=region, code__gt=code)
    older = Q(region=region, code=code, valid_from__lt=since)
    return tariffs.filter(Q(region__gt=region) | later_code | older)


urlpatterns = [
    path("pricing/", pricing, name="pricing"),
    path("pricing/power-factor/", rule_set_power_factor, name="rule_set_power_factor"),
    path("pricing/schemes/", tariff_schemes, name="tariff_schemes"),
    path("pricing/tariffs/", tariff_list, name="tariff_list"),
    path("pricing/surcharges/", tariff_surcharges, name="tariff_surcharges"),
    path("pricing/rule-sets/<str:code>/", rule_set_detail, name="rule_set_detail"),
]
