"""Rule sets, tariffs and surcharges: public figures with validity, source and certainty."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import After, Day, Limit, Page, Text, answers, page_by_moment
from busbar.pricing import queries as pricing_queries
from busbar.pricing.drafts import list_versions
from busbar.pricing.models import RuleSet, Tariff, TariffCategory
from busbar.pricing.used import list_months_used

rule_sets = Router()
tariffs = Router()
surcharges = Router()


class Sourced(Schema):
    """What every dated figure says of itself."""

    valid_from: dt.date
    valid_until: dt.date | None
    source: str
    certainty: str


class ParameterOut(Schema):
    """One figure of a rule set."""

    key: str
    name: str
    value: Any
    unit: str
    article: str
    source: str
    certainty: str


class RuleSetOut(Sourced):
    """规则集."""

    code: str
    name: str
    subject: str
    document: str
    parameters: list[ParameterOut]

    @staticmethod
    def resolve_parameters(rule_set: RuleSet) -> list[Any]:
        """Its figures by key."""
        return sorted(rule_set.parameters.all(), key=lambda parameter: parameter.key)


class PriceOut(Schema):
    """Price of one period, yuan a kWh."""

    period: str
    price: Decimal


class TariffOut(Sourced):
    """电价."""

    code: str
    name: str
    region: str
    category: str
    voltage_class: str
    scheme: str
    capacity_price: Decimal | None
    demand_price: Decimal | None
    prices: list[PriceOut]

    @staticmethod
    def resolve_scheme(tariff: Tariff) -> str:
        """Code of the time-of-use scheme; empty for one price all day."""
        return tariff.scheme.code if tariff.scheme else ""

    @staticmethod
    def resolve_prices(tariff: Tariff) -> list[Any]:
        """Its energy prices."""
        return list(tariff.prices.all())


class TariffVersionOut(TariffOut):
    """电价的一个版本. `months_used`: those whose bills stand on it, so that it stays."""

    months_used: list[str]

    @staticmethod
    def resolve_months_used(tariff: Tariff) -> list[str]:
        """YYYY-MM, oldest first."""
        return list_months_used(tariff)


class SurchargeOut(Sourced):
    """价外叠加."""

    code: str
    name: str
    region: str
    price: Decimal
    in_power_factor_base: bool


@rule_sets.get("", response=answers(list[RuleSetOut]), operation_id="list_rule_sets")
def list_rule_sets(request: HttpRequest) -> list[RuleSet]:
    """全部规则集及其参数。"""
    return list(RuleSet.objects.prefetch_related("parameters").order_by("valid_from", "code"))


@tariffs.get("", response=answers(Page[TariffOut], 409), operation_id="list_tariffs")
def list_tariffs(
    request: HttpRequest,
    *,
    region: Text = "",
    category: TariffCategory | None = None,
    voltage_class: Text = "",
    on: Day | None = None,
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """电价各版本，新的在前；可按价区（省）、类别、电压等级；`on` 为生效日。"""
    found = pricing_queries.list_tariffs(
        region=region, category=category or "", voltage_class=voltage_class, on=on
    )
    return page_by_moment(found, "valid_from", after=after, limit=limit)


@tariffs.get("/{code}", response=answers(list[TariffOut], 404), operation_id="list_tariff_versions")
def list_tariff_versions(request: HttpRequest, code: Text) -> list[Tariff]:
    """一个电价的全部版本，早的在前。"""
    found = list_versions(code)
    if not found:
        raise Tariff.DoesNotExist
    return found


@tariffs.get(
    "/{code}/{valid_from}",
    response=answers(TariffVersionOut, 404),
    operation_id="get_tariff_version",
)
def get_tariff_version(request: HttpRequest, code: Text, valid_from: Day) -> Tariff:
    """一个版本，以及已按它出账的月份。"""
    return pricing_queries.list_tariffs().get(code=code, valid_from=valid_from)


@surcharges.get("", response=answers(Page[SurchargeOut], 409), operation_id="list_surcharges")
def list_surcharges(
    request: HttpRequest,
    *,
    region: Text = "",
    on: Day | None = None,
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """代征、线损与系统运行费，新的在前；`on` 为生效日。"""
    found = pricing_queries.list_surcharges(region=region, on=on)
    return page_by_moment(found, "valid_from", after=after, limit=limit)
