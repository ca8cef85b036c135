"""Claims: what is owed beside the bills, asked for, decided by another person, taken back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.visibility import Viewer
from busbar.api.billing.bills import RuleOut
from busbar.api.paging import After, Group, Limit, Page, Text, answers, page_by
from busbar.api.sign_in import viewer_of
from busbar.api.values import Flag, Sent, Sentence, Short, now, without_nul
from busbar.claims import operations as claims_operations
from busbar.claims import queries as claims_queries
from busbar.claims.models import Claim, ClaimKind, ClaimState
from busbar.customers.models import CustomerAccount

router = Router()


class ClaimOut(Schema):
    """追补单. Amounts in yuan, below nought what the company owes the customer."""

    number: str
    account_number: str
    customer_number: str
    customer_name: str
    kind: ClaimKind
    found_on: dt.date
    ground: str
    amount_yuan: Decimal
    state: ClaimState
    requested_by_name: str
    requested_at: dt.datetime
    decided_by_name: str
    decided_at: dt.datetime | None
    decision_remark: str
    taken_back_by_name: str
    taken_back_at: dt.datetime | None
    taken_back_reason: str
    reference: str | None
    """What a payer writes; null before it was approved, as are the two below."""
    open_yuan: Decimal | None
    due_on: dt.date | None

    @staticmethod
    def resolve_account_number(claim: Claim) -> str:
        """户号."""
        return claim.account.number

    @staticmethod
    def resolve_customer_number(claim: Claim) -> str:
        """客户编号."""
        return claim.account.customer.number

    @staticmethod
    def resolve_customer_name(claim: Claim) -> str:
        """客户名称."""
        return claim.account.customer.name

    @staticmethod
    def resolve_reference(claim: Claim) -> str | None:
        """Of the receivable."""
        return claim.receivable.reference if claim.receivable else None

    @staticmethod
    def resolve_open_yuan(claim: Claim) -> Decimal | None:
        """What is still owed of it."""
        return claim.receivable.open_yuan if claim.receivable else None

    @staticmethod
    def resolve_due_on(claim: Claim) -> dt.date | None:
        """The last day in time."""
        return claim.receivable.due_on if claim.receivable else None


class ClaimLineOut(Schema):
    """One line and its why: the rule it stands on first, then those it uses besides.

    Compensation too has positive lines; who pays is told by the sign of the claim's amount.
    """

    line_id: str
    code: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    price_unit: str
    amount_yuan: Decimal
    formula: str
    inputs: list[str]
    based_on: list[str]
    rules: list[RuleOut]


class ClaimDetailOut(ClaimOut):
    """A claim with the document it was computed from and what came of it."""

    document: dict[str, Any]
    rule_set: str
    lines: list[ClaimLineOut]
    quantities: list[dict[str, Any]]
    notes: list[str]
    comes_out_again: bool
    """Whether the document computes to the same lines, rules and total today."""

    @staticmethod
    def resolve_rule_set(claim: Claim) -> str:
        """规则集."""
        return str(claim.answer["rule_set"])

    @staticmethod
    def resolve_lines(claim: Claim) -> list[dict[str, Any]]:
        """In the order of the computation."""
        return [
            {**line, "line_id": line["id"], "rules": [line["rule"], *line["also"]]}
            for line in claim.answer["lines"]
        ]

    @staticmethod
    def resolve_quantities(claim: Claim) -> list[dict[str, Any]]:
        """What the lines refer to by id."""
        return list(claim.answer["quantities"])

    @staticmethod
    def resolve_notes(claim: Claim) -> list[str]:
        """What the computation says besides."""
        return list(claim.answer["notes"])

    @staticmethod
    def resolve_comes_out_again(claim: Claim) -> bool:
        """Computed now."""
        return claims_queries.comes_out_again(claim)


class ClaimIn(Sent):
    """Against which 户号, from what document, and what was found, with the paper that proves it."""

    account_number: Short
    document: dict[str, Any]
    ground: Sentence


class ClaimDecisionIn(Sent):
    """Yes or no; a no says why."""

    approved: Flag
    remark: Annotated[Sentence, Field(max_length=300)] = ""


class ClaimReversalIn(Sent):
    """Why it was wrong."""

    reason: Annotated[Sentence, Field(max_length=300)]


@router.get("", response=answers(Page[ClaimOut], 409), operation_id="list_claims")
def list_claims(
    request: HttpRequest,
    *,
    state: ClaimState | None = None,
    kind: ClaimKind | None = None,
    text: Text = "",
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的追补单，新的在前；`text` 为单号或户号的开头，或客户名称的一部分。"""
    found = claims_queries.list_claims(
        viewer_of(request, group), state=state or "", kind=kind or "", text=text
    )
    return page_by(found, "number", after=after, limit=limit, descending=True)


@router.get("/{number}", response=answers(ClaimDetailOut, 404), operation_id="get_claim")
def get_claim(request: HttpRequest, number: Text) -> Claim:
    """一张追补单：算式、依据、应收，以及现在重算是否仍得同样结果。"""
    return _find(viewer_of(request), number)


@router.post("", response=answers(ClaimDetailOut, 400, 403, 404, 409), operation_id="request_claim")
def request_claim(request: HttpRequest, asked: Annotated[ClaimIn, Body()]) -> Claim:
    """提出追补或赔偿，由他人审批。需“提出追补与赔偿”权限。

    `document` 格式同 `busbar bill quote --schema`，限 meter_error、wrong_ratio、wrong_wiring、
    breach、theft、compensation，须写明日期 `on`；不能算的以 409 逐处说明。
    """
    viewer = viewer_of(request)
    account = CustomerAccount.objects.visible_to(viewer).get(number=asked.account_number)
    claim = claims_operations.request_claim(
        account_number=account.number,
        document=without_nul(asked.document),
        ground=asked.ground,
        by=viewer,
        at=now(),
    )
    return _find(viewer, claim.number)


@router.post(
    "/{number}/decision",
    response=answers(ClaimDetailOut, 400, 403, 404, 409),
    operation_id="decide_claim",
)
def decide_claim(
    request: HttpRequest, number: Text, asked: Annotated[ClaimDecisionIn, Body()]
) -> Claim:
    """审批，由提出人以外的人；不予批准须写明理由。需“审批追补与赔偿”权限。"""
    viewer = viewer_of(request)
    claim = _find(viewer, number)
    decide = claims_operations.approve_claim if asked.approved else claims_operations.refuse_claim
    decide(number=claim.number, remark=asked.remark, by=viewer, at=now())
    return _find(viewer, number)


@router.post(
    "/{number}/reversal",
    response=answers(ClaimDetailOut, 400, 403, 404, 409),
    operation_id="take_back_claim",
)
def take_back_claim(
    request: HttpRequest, number: Text, asked: Annotated[ClaimReversalIn, Body()]
) -> Claim:
    """冲回已入账的追补单，写明原因；已缴的转为预存。需“审批追补与赔偿”权限。"""
    viewer = viewer_of(request)
    claim = _find(viewer, number)
    claims_operations.take_back_claim(number=claim.number, reason=asked.reason, by=viewer, at=now())
    return _find(viewer, number)


def _find(viewer: Viewer, number: str) -> Claim:
    """DoesNotExist where the viewer sees no such claim."""
    found = claims_queries.find_claim(viewer, number)
    if found is None:
        raise Claim.DoesNotExist
    return found
