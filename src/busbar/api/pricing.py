"""Rule sets, tariffs and surcharges: public figures with validity, source and certainty."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import Day, Text, answers
from busbar.pricing.models import RuleSet, Surcharge, Tariff

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
    capacity_price: Decimal | None
    demand_price: Decimal | None
    prices: list[PriceOut]

    @staticmethod
    def resolve_prices(tariff: Tariff) -> list[Any]:
        """Its energy prices."""
        return list(tariff.prices.all())


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


@tariffs.get("", response=answers(list[TariffOut]), operation_id="list_tariffs")
def list_tariffs(request: HttpRequest, region: Text = "", on: Day | None = None) -> list[Tariff]:
    """电价；`on` 为生效日。"""
    found = Tariff.objects.prefetch_related("prices").order_by("code", "valid_from")
    if region:
        found = found.filter(region=region)
    return [tariff for tariff in found if on is None or _holds(tariff, on)]


@surcharges.get("", response=answers(list[SurchargeOut]), operation_id="list_surcharges")
def list_surcharges(
    request: HttpRequest, region: Text = "", on: Day | None = None
) -> list[Surcharge]:
    """代征、线损与系统运行费；`on` 为生效日。"""
    found = Surcharge.objects.order_by("region", "code", "valid_from")
    if region:
        found = found.filter(region=region)
    return [surcharge for surcharge in found if on is None or _holds(surcharge, on)]


def _holds(row: Tariff | Surcharge, on: dt.date) -> bool:
    return row.valid_from <= on and (row.valid_until is None or on < row.valid_until)
