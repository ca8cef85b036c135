"""Sites, usage points, transformers, agreements."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by
from busbar.api.sign_in import viewer_of
from busbar.supply import queries as supply_queries
from busbar.supply.models import Agreement, PowerSource, Site, Transformer, UsagePoint

sites = Router()
usage_points = Router()
transformers = Router()
agreements = Router()


class SourceOut(Schema):
    """供电电源."""

    feeder_code: str
    role: str
    voltage_kv: Decimal
    capacity_kva: int

    @staticmethod
    def resolve_feeder_code(source: PowerSource) -> str:
        """Code of the feeder."""
        return source.feeder.code


class SiteOut(Schema):
    """用电地址."""

    code: str
    name: str
    customer_number: str
    address: str
    power_sources: list[SourceOut]

    @staticmethod
    def resolve_customer_number(site: Site) -> str:
        """Number of its customer."""
        return site.customer.number

    @staticmethod
    def resolve_power_sources(site: Site) -> list[PowerSource]:
        """Its feeds; two make dual supply."""
        return list(site.power_sources.all())


class OfAccount(Schema):
    """Whatever hangs on an account names it."""

    account_number: str

    @staticmethod
    def resolve_account_number(row: UsagePoint | Transformer | Agreement) -> str:
        """户号."""
        return row.account.number


class UsagePointOut(OfAccount):
    """计量点."""

    number: str
    name: str
    site_code: str
    voltage_kv: Decimal
    metering_side: str

    @staticmethod
    def resolve_site_code(point: UsagePoint) -> str:
        """Code of its site."""
        return point.site.code


class StateOut(Schema):
    """A transformer's state over [valid_from, valid_until)."""

    state: str
    valid_from: dt.date
    valid_until: dt.date | None
    reason: str


class TransformerOut(OfAccount):
    """受电变压器."""

    number: str
    model: str
    capacity_kva: int
    installed_on: dt.date
    interlock_group: str
    states: list[StateOut]

    @staticmethod
    def resolve_states(transformer: Transformer) -> list[Any]:
        """Its history, oldest first."""
        return sorted(transformer.states.all(), key=lambda state: state.valid_from)


class AgreementOut(OfAccount):
    """供用电合同."""

    number: str
    signed_on: dt.date
    valid_from: dt.date
    valid_until: dt.date | None
    tariff_code: str
    tariff_category: str
    basic_charge_mode: str
    contract_capacity_kva: int
    contract_demand_kw: int | None
    power_factor_standard: str


@sites.get("", response=answers(Page[SiteOut]), operation_id="list_sites")
def list_sites(
    request: HttpRequest,
    customer: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的用电地址及其电源；`customer` 为客户编号。"""
    sources = Prefetch("power_sources", PowerSource.objects.select_related("feeder").order_by("pk"))
    found = Site.objects.visible_to(viewer_of(request, group)).select_related("customer")
    if customer:
        found = found.filter(customer__number=customer)
    return page_by(found.prefetch_related(sources), "code", after=after, limit=limit)


@usage_points.get("", response=answers(Page[UsagePointOut]), operation_id="list_usage_points")
def list_usage_points(
    request: HttpRequest,
    account: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的计量点；`account` 为户号。"""
    found = supply_queries.list_usage_points(viewer_of(request, group))
    if account:
        found = found.filter(account__number=account)
    return page_by(found, "number", after=after, limit=limit)


@transformers.get("", response=answers(Page[TransformerOut]), operation_id="list_transformers")
def list_transformers(
    request: HttpRequest,
    account: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的受电变压器及其状态历史；`account` 为户号。"""
    found = Transformer.objects.visible_to(viewer_of(request, group)).select_related("account")
    if account:
        found = found.filter(account__number=account)
    return page_by(found.prefetch_related("states"), "number", after=after, limit=limit)


@agreements.get("", response=answers(Page[AgreementOut]), operation_id="list_agreements")
def list_agreements(
    request: HttpRequest,
    account: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的供用电合同；`account` 为户号。"""
    found = Agreement.objects.visible_to(viewer_of(request, group)).select_related("account")
    if account:
        found = found.filter(account__number=account)
    return page_by(found, "number", after=after, limit=limit)
