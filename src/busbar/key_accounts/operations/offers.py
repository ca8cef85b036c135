"""Chances found, delivered and measured; solutions from need to evaluation (R85, R87)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from busbar.access.visibility import Viewer
from busbar.key_accounts.models import (
    Opportunity,
    OpportunityStage,
    Solution,
    SolutionState,
)
from busbar.key_accounts.operations.plan_ground import hold, owner_of, seen_customer, tell
from busbar.key_accounts.queries.offers import find_product
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.kit.words import words

_SCORES = range(1, 6)


class UnableToOffer(Refusal):
    """The chance or the solution does not stand where this step begins."""


@transaction.atomic
def find_opportunity(
    *,
    customer_number: str,
    product_code: str,
    reason: str,
    expected_yuan: Decimal,
    by: Viewer,
    at: dt.datetime,
    solution_id: int | None = None,
    price_yuan: Decimal = Decimal(0),
) -> Opportunity:
    """A product that would serve a customer, why, and what it should bring a year."""
    customer = seen_customer(customer_number, by)
    product = find_product(product_code, on=local_date(at))
    if product is None:
        raise UnableToOffer("目录里没有生效的产品 %(product_code)s", product_code=product_code)
    if expected_yuan < 0 or price_yuan < 0:
        raise UnableToOffer("金额不能为负")
    solution = None
    if solution_id is not None:
        solution = _hold_solution(solution_id, by, SolutionState.NEED)
        if solution.customer_id != customer.pk:
            raise UnableToOffer("方案不是这个客户的")
    owner = owner_of(by, customer)
    row = Opportunity.objects.create(
        customer=customer,
        unit=owner.unit,
        owner=owner,
        product=product,
        solution=solution,
        reason=words(reason, UnableToOffer, "请写明依据")[:500],
        expected_yuan=expected_yuan,
        price_yuan=price_yuan,
        found_at=at,
    )
    tell(
        "key_accounts.opportunity.found",
        row,
        product.name,
        by=by,
        at=at,
        reason=row.reason,
        expected_yuan=expected_yuan,
    )
    return row


@transaction.atomic
def decide_opportunity(
    *, opportunity_id: int, is_accepted: bool, reason: str, by: Viewer, at: dt.datetime
) -> Opportunity:
    """The customer takes the offer, or does not: then why stays."""
    row = _hold_opportunity(opportunity_id, by, OpportunityStage.FOUND)
    if row.solution_id is not None:
        raise UnableToOffer("这一项属于一个方案，由客户对方案整体决定")
    if not is_accepted:
        row.lost_because = words(reason, UnableToOffer, "请写明未成的原因")[:300]
    _decide(row, is_accepted=is_accepted, by=by, at=at)
    return row


@transaction.atomic
def deliver_opportunity(
    *, opportunity_id: int, delivery: str, by: Viewer, at: dt.datetime
) -> Opportunity:
    """What was delivered to the customer."""
    row = _hold_opportunity(opportunity_id, by, OpportunityStage.ACCEPTED)
    row.delivery = words(delivery, UnableToOffer, "请写明交付了什么")[:500]
    row.stage, row.delivered_at = OpportunityStage.DELIVERED, at
    row.save()
    tell(
        "key_accounts.opportunity.delivered",
        row,
        row.product.name,
        by=by,
        at=at,
        reason=row.delivery,
    )
    return row


@transaction.atomic
def measure_benefit(
    *, opportunity_id: int, benefit_yuan: Decimal, basis: str, by: Viewer, at: dt.datetime
) -> Opportunity:
    """What it brought the customer in a year, and by which bills or readings that is known."""
    row = _hold_opportunity(opportunity_id, by, OpportunityStage.DELIVERED)
    row.benefit_basis = words(basis, UnableToOffer, "请写明依据哪些账单或读数")[:500]
    row.benefit_yuan, row.measured_at = benefit_yuan, at
    row.stage = OpportunityStage.MEASURED
    row.save()
    tell(
        "key_accounts.opportunity.measured",
        row,
        row.product.name,
        by=by,
        at=at,
        reason=row.benefit_basis,
        benefit_yuan=benefit_yuan,
    )
    return row


@transaction.atomic
def open_solution(
    *, customer_number: str, name: str, need: str, by: Viewer, at: dt.datetime
) -> Solution:
    """What the customer needs; the products that answer it are added to it."""
    customer = seen_customer(customer_number, by)
    owner = owner_of(by, customer)
    row = Solution.objects.create(
        customer=customer,
        unit=owner.unit,
        owner=owner,
        name=words(name, UnableToOffer, "请写明方案名称")[:100],
        need=words(need, UnableToOffer, "请写明客户的需求"),
        opened_at=at,
    )
    tell("key_accounts.solution.opened", row, row.name, by=by, at=at)
    return row


@transaction.atomic
def quote_solution(*, solution_id: int, by: Viewer, at: dt.datetime) -> Solution:
    """The price of all its products together goes to the customer."""
    row = _hold_solution(solution_id, by, SolutionState.NEED)
    total = row.items.aggregate(yuan=Sum("price_yuan"))["yuan"]
    if total is None:
        raise UnableToOffer("方案里还没有产品，不能报价")
    row.state, row.quoted_yuan, row.quoted_at = SolutionState.QUOTED, total, at
    row.save()
    tell("key_accounts.solution.quoted", row, row.name, by=by, at=at, quoted_yuan=total)
    return row


@transaction.atomic
def decide_solution(
    *,
    solution_id: int,
    is_accepted: bool,
    decided_by: str,
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> Solution:
    """The customer takes the whole, or not; its products go with it."""
    row = _hold_solution(solution_id, by, SolutionState.QUOTED)
    row.decided_by = words(decided_by, UnableToOffer, "请写明客户方谁决定的")[:100]
    why = "" if is_accepted else words(reason, UnableToOffer, "请写明客户未接受的原因")
    row.state = SolutionState.ACCEPTED if is_accepted else SolutionState.DECLINED
    row.decided_at = at
    row.save()
    for item in row.items.select_for_update().filter(stage=OpportunityStage.FOUND):
        item.lost_because = why[:300]
        _decide(item, is_accepted=is_accepted, by=by, at=at)
    tell("key_accounts.solution.decided", row, row.name, by=by, at=at, reason=why, state=row.state)
    return row


@transaction.atomic
def evaluate_solution(
    *, solution_id: int, evaluation: str, score: int, by: Viewer, at: dt.datetime
) -> Solution:
    """The customer's judgement of 1 to 5 once every product is delivered."""
    row = _hold_solution(solution_id, by, SolutionState.ACCEPTED)
    waiting = row.items.filter(stage=OpportunityStage.ACCEPTED).count()
    if waiting:
        raise UnableToOffer("还有 %(waiting)s 项没有交付", waiting=waiting)
    if score not in _SCORES:
        raise UnableToOffer("评分应为 1 到 5")
    row.evaluation = words(evaluation, UnableToOffer, "请写明客户的评价")
    row.state, row.score, row.evaluated_at = SolutionState.EVALUATED, score, at
    row.delivered_at = row.items.order_by("-delivered_at").values_list("delivered_at", flat=True)[0]
    row.save()
    tell("key_accounts.solution.evaluated", row, row.name, by=by, at=at, score=score)
    return row


def _decide(row: Opportunity, *, is_accepted: bool, by: Viewer, at: dt.datetime) -> None:
    row.stage = OpportunityStage.ACCEPTED if is_accepted else OpportunityStage.LOST
    row.decided_at = at
    row.save()
    tell(
        "key_accounts.opportunity.decided",
        row,
        row.product.name,
        by=by,
        at=at,
        reason=row.lost_because,
        stage=row.stage,
    )


def _hold_opportunity(pk: int, by: Viewer, *stages: OpportunityStage) -> Opportunity:
    told = "没有这个机会，或不在您的可见范围内"
    rows = Opportunity.objects.select_related("product", "customer")
    row: Opportunity = hold(rows, pk, by, UnableToOffer, told)
    if row.stage not in stages:
        raise UnableToOffer(
            "%(product)s%(stage)s，不能办理这一步",
            product=row.product.name,
            stage=row.get_stage_display(),
        )
    return row


def _hold_solution(pk: int, by: Viewer, *states: SolutionState) -> Solution:
    told = "没有这个方案，或不在您的可见范围内"
    row: Solution = hold(Solution.objects.all(), pk, by, UnableToOffer, told)
    if row.state not in states:
        raise UnableToOffer("方案%(state)s，不能办理这一步", state=row.get_state_display())
    return row
