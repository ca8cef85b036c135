"""The API's root: who asks, which rooms answer, how a refusal is told."""

from __future__ import annotations

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from busbar.access.visibility import NotPermitted
from busbar.api import access, billing, customers, metering, network, pricing, supply
from busbar.api.sign_in import session_sign_in, token_sign_in
from busbar.kit.errors import Refusal

api = NinjaAPI(
    title="Busbar 母线",
    version="1",
    description=(
        "供电企业大客户管理：台账、曲线、账单。与控制台同一套可见范围。\n\n"
        "令牌：`Authorization: Bearer busbar_…`（在“个人设置”中签发）；或使用已登录的会话。"
    ),
    auth=[token_sign_in, session_sign_in],
)

api.add_router("/units", access.router, tags=["组织"])
api.add_router("/customers", customers.router, tags=["客户"])
api.add_router("/accounts", customers.accounts, tags=["户号"])
api.add_router("/groups", customers.groups, tags=["客户"])
api.add_router("/usage-points", supply.usage_points, tags=["供电"])
api.add_router("/sites", supply.sites, tags=["供电"])
api.add_router("/transformers", supply.transformers, tags=["供电"])
api.add_router("/agreements", supply.agreements, tags=["供电"])
api.add_router("/substations", network.substations, tags=["电网"])
api.add_router("/feeders", network.feeders, tags=["电网"])
api.add_router("/rule-sets", pricing.rule_sets, tags=["电价与规则"])
api.add_router("/tariffs", pricing.tariffs, tags=["电价与规则"])
api.add_router("/surcharges", pricing.surcharges, tags=["电价与规则"])
api.add_router("/curves", metering.router, tags=["曲线"])
api.add_router("/meters", metering.installations, tags=["计量"])
api.add_router("/bills", billing.router, tags=["账单"])


@api.exception_handler(ObjectDoesNotExist)
def _not_found(request: HttpRequest, error: ObjectDoesNotExist) -> HttpResponse:
    return api.create_response(
        request, {"detail": "没有这条记录，或不在您的可见范围内"}, status=404
    )


@api.exception_handler(NotPermitted)
def _forbidden(request: HttpRequest, error: NotPermitted) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=403)


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=409)
