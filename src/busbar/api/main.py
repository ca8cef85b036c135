"""The API's root: who asks, which rooms answer, how a refusal is told."""

from __future__ import annotations

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from busbar.access.visibility import NotPermitted
from busbar.api import (
    access,
    archive_rules,
    arrears,
    claims,
    clocks,
    consolidation,
    customers,
    desk_acts,
    ledger,
    meter_facts,
    metering,
    network,
    notifications,
    outages,
    payments,
    pricing,
    promise_links,
    satisfaction_surveys,
    savings,
    service_desk,
    supply,
    tariff_drafts,
    vee,
)
from busbar.api.billing import acts, advice, bills, group_bills, runs, shadow_bills
from busbar.api.connections import applications, changes, documents, fees, orders, schemes, works
from busbar.api.key_accounts import (
    catalogue,
    deciding,
    offers,
    plans,
    recognition,
    ruling,
    services,
    studies,
)
from busbar.api.managers import keeping, mandates, portfolios, team
from busbar.api.managers import orders as manager_orders
from busbar.api.sign_in import session_sign_in, token_sign_in
from busbar.api.workflow import definitions, processes, supervision, tasks
from busbar.kit.errors import Refusal
from busbar.workflow.forms import UnableToAcceptForm

api = NinjaAPI(
    title="Busbar 母线",
    version="1",
    description=(
        "供电企业大客户管理：台账、曲线、账单、时限、流程、业扩报装。与控制台同一套可见范围。\n\n"
        "令牌：`Authorization: Bearer busbar_…`（在“个人设置”中签发）；或使用已登录的会话。"
    ),
    auth=[token_sign_in, session_sign_in],
)

api.add_router("/units", access.router, tags=["组织"])
api.add_router("/customers", customers.router, tags=["客户"])
api.add_router("/accounts", customers.accounts, tags=["户号"])
api.add_router("/groups", customers.groups, tags=["客户"])
api.add_router("/consolidation-runs", consolidation.runs, tags=["客户归并"])
api.add_router("/match-pairs", consolidation.pairs, tags=["客户归并"])
api.add_router("/merges", consolidation.merges, tags=["客户归并"])
api.add_router("/archive-rules", archive_rules.router, tags=["客户归并"])
api.add_router("/usage-points", supply.usage_points, tags=["供电"])
api.add_router("/sites", supply.sites, tags=["供电"])
api.add_router("/transformers", supply.transformers, tags=["供电"])
api.add_router("/agreements", supply.agreements, tags=["供电"])
api.add_router("/substations", network.substations, tags=["电网"])
api.add_router("/feeders", network.feeders, tags=["电网"])
api.add_router("/rule-sets", pricing.rule_sets, tags=["电价与规则"])
api.add_router("/tariffs", pricing.tariffs, tags=["电价与规则"])
api.add_router("/tariff-drafts", tariff_drafts.router, tags=["电价与规则"])
api.add_router("/surcharges", pricing.surcharges, tags=["电价与规则"])
api.add_router("/curves", metering.router, tags=["曲线"])
api.add_router("/curves", vee.days, tags=["曲线"])
api.add_router("/group-loads", metering.group_loads, tags=["曲线"])
api.add_router("/meters", metering.installations, tags=["计量"])
api.add_router("/meter-facts", meter_facts.router, tags=["计量"])
api.add_router("/vee-findings", vee.router, tags=["计量"])
api.add_router("/bills", bills.router, tags=["账单"])
api.add_router("/bills", acts.of_bill, tags=["账单"])
api.add_router("/bill-runs", runs.runs, tags=["账单"])
api.add_router("/bill-runs", acts.of_run, tags=["账单"])
api.add_router("/bill-findings", runs.findings, tags=["账单"])
api.add_router("/group-bills", group_bills.router, tags=["账单"])
api.add_router("/shadow-bills", shadow_bills.router, tags=["账单"])
api.add_router("/advice", advice.router, tags=["账单"])
api.add_router("/savings", savings.router, tags=["账单"])
api.add_router("/receivables", payments.receivables, tags=["电费收费"])
api.add_router("/payments", payments.payments, tags=["电费收费"])
api.add_router("/payment-matches", payments.matches, tags=["电费收费"])
api.add_router("/payment-refunds", payments.refunds, tags=["电费收费"])
api.add_router("/claims", claims.router, tags=["追补与赔偿"])
api.add_router("/ledger", ledger.router, tags=["总账"])
api.add_router("/limit-rule-sets", clocks.rule_sets, tags=["时限"])
api.add_router("/time-limits", clocks.limits, tags=["时限"])
api.add_router("/clocks", clocks.clocks, tags=["时限"])
api.add_router("/processes", processes.router, tags=["流程"])
api.add_router("/process-definitions", definitions.router, tags=["流程"])
api.add_router("/tasks", tasks.router, tags=["任务"])
api.add_router("/consultations", tasks.consultations, tags=["任务"])
api.add_router("/attachments", tasks.attachments, tags=["任务"])
api.add_router("/supervision", supervision.router, tags=["督办"])
api.add_router("/applications", applications.router, tags=["业扩报装"])
api.add_router("/applications", documents.of_application, tags=["业扩报装"])
api.add_router("/applications", works.of_application, tags=["业扩报装"])
api.add_router("/application-documents", documents.documents, tags=["业扩报装"])
api.add_router("/surveys", documents.surveys, tags=["业扩报装"])
api.add_router("/survey-photos", documents.photos, tags=["业扩报装"])
api.add_router("/papers", documents.papers, tags=["业扩报装"])
api.add_router("/schemes", schemes.router, tags=["业扩报装"])
api.add_router("/contractors", works.contractors, tags=["业扩报装"])
api.add_router("/inspections", works.inspections, tags=["业扩报装"])
api.add_router("/inspection-findings", works.findings, tags=["业扩报装"])
api.add_router("/fee-notices", fees.notices, tags=["业务费用"])
api.add_router("/bank-receipts", fees.receipts, tags=["业务费用"])
api.add_router("/fee-matches", fees.matches, tags=["业务费用"])
api.add_router("/refunds", fees.refunds, tags=["业务费用"])
api.add_router("/supply-changes", changes.router, tags=["变更用电"])
api.add_router("/metering-orders", orders.metering, tags=["工单"])
api.add_router("/service-orders", orders.service, tags=["工单"])
api.add_router("/key-accounts", studies.router, tags=["大客户"])
api.add_router("/key-accounts", recognition.router, tags=["大客户"])
api.add_router("/yearly-reviews", studies.reviews, tags=["大客户"])
api.add_router("/yearly-reviews", deciding.reviews, tags=["大客户"])
api.add_router("/customer-needs", deciding.needs, tags=["大客户"])
api.add_router("/recognition-overrides", deciding.overrides, tags=["大客户"])
api.add_router("/importance-assessments", deciding.assessments, tags=["大客户"])
api.add_router("/load-shapes", studies.segments, tags=["大客户"])
api.add_router("/service-catalogue", catalogue.router, tags=["大客户"])
api.add_router("/recognition-rules", recognition.rules, tags=["大客户"])
api.add_router("/recognition-rules", ruling.rules, tags=["大客户"])
api.add_router("/dunning-cases", arrears.cases, tags=["催费"])
api.add_router("/outages", outages.router, tags=["停电"])
api.add_router("/department-orders", manager_orders.router, tags=["大客户服务"])
api.add_router("/mandates", mandates.router, tags=["大客户服务"])
api.add_router("/interactions", desk_acts.interactions, tags=["客户服务"])
api.add_router("/interactions", service_desk.interactions, tags=["客户服务"])
api.add_router("/promises", service_desk.promises, tags=["客户服务"])
api.add_router("/promise-links", promise_links.promise_links, tags=["客户服务"])
api.add_router("/complaints", service_desk.complaints, tags=["客户服务"])
api.add_router("/satisfaction", service_desk.satisfaction, tags=["客户服务"])
api.add_router("/promises", desk_acts.promises, tags=["客户服务"])
api.add_router("/complaints", desk_acts.complaints, tags=["客户服务"])
api.add_router("/improvements", desk_acts.improvements, tags=["客户服务"])
api.add_router("/satisfaction-surveys", satisfaction_surveys.router, tags=["客户服务"])
api.add_router("/account-plans", plans.router, tags=["大客户"])
api.add_router("/service-dues", services.router, tags=["大客户"])
api.add_router("/opportunities", offers.offers, tags=["大客户"])
api.add_router("/solutions", offers.solutions, tags=["大客户"])
api.add_router("/portfolios", portfolios.portfolios, tags=["大客户服务"])
api.add_router("/team", team.router, tags=["大客户服务"])
api.add_router("/handovers", portfolios.handovers, tags=["大客户服务"])
api.add_router("/order-measures", portfolios.measures, tags=["大客户服务"])
api.add_router("/manager-qualifications", portfolios.qualifications, tags=["大客户服务"])
api.add_router("/service-agreements", portfolios.agreements, tags=["大客户服务"])
api.add_router("/service-standards", portfolios.standards, tags=["大客户服务"])
api.add_router("/manager-training", keeping.training, tags=["大客户服务"])
api.add_router("/messages", notifications.router, tags=["消息"])


@api.exception_handler(ObjectDoesNotExist)
def _not_found(request: HttpRequest, error: ObjectDoesNotExist) -> HttpResponse:
    return api.create_response(
        request, {"detail": "没有这条记录，或不在您的可见范围内"}, status=404
    )


@api.exception_handler(NotPermitted)
def _forbidden(request: HttpRequest, error: NotPermitted) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=403)


@api.exception_handler(UnableToAcceptForm)
def _form_refused(request: HttpRequest, error: UnableToAcceptForm) -> HttpResponse:
    told = [
        {"type": "form", "loc": ["body", "data", name], "msg": str(why)}
        for name, why in error.errors.items()
    ]
    return api.create_response(request, {"detail": told}, status=422)


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=409)
