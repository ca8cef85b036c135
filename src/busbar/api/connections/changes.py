"""Changes of supply: judged before they are asked for, asked for, listed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.api.paging import After, Day, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import (
    JSON_NUMBER,
    BodyId,
    Sent,
    Sentence,
    Short,
    UnableToTake,
    between,
    in_reach,
    now,
)
from busbar.connections import operations as connections_operations
from busbar.connections.models import ChangeKind, ChangeState, SupplyChange
from busbar.connections.operations.changes.recording import effect_document
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries.changes import Wish
from busbar.customers import queries as customers_queries
from busbar.kit.periods import local_date
from busbar.supply.models import BasicChargeMode

router = Router()

_MOST = 50


class FactsIn(Sent):
    """What some kinds need besides: a new name, customer, address, tariff, basic charge …"""

    new_name: Annotated[Short, Field(max_length=200)] | None = None
    new_customer: Short | None = None
    usage_points: Annotated[list[Short], Field(max_length=_MOST)] | None = None
    into_account: Short | None = None
    new_address: Annotated[Short, Field(max_length=300)] | None = None
    usage_point: Short | None = None
    position: Annotated[Short, Field(max_length=200)] | None = None
    number: Annotated[Short, Field(max_length=40)] | None = None
    model: Annotated[Short, Field(max_length=50)] | None = None
    capacity_kva: Annotated[int, between(1, 10_000_000), JSON_NUMBER] | None = None
    voltage_kv: Annotated[Short, Field(max_length=10)] | None = None
    tariff_code: Annotated[Short, Field(max_length=40)] | None = None
    tariff_category: Annotated[Short, Field(max_length=40)] | None = None
    basic_charge_mode: BasicChargeMode | None = None
    contract_demand_kw: Annotated[int, between(1, 10_000_000), JSON_NUMBER] | None = None
    agreement_number: Annotated[Short, Field(max_length=40)] | None = None


class WishIn(Sent):
    """What a customer wishes over `[starts_on, ends_on)`; `confirmed` are conditions checked."""

    account_number: Short
    kind: ChangeKind
    starts_on: Day
    ends_on: Day | None = None
    transformer_ids: Annotated[list[BodyId], Field(max_length=_MOST)] = []
    capacity_after_kva: Annotated[int, between(0, 10_000_000), JSON_NUMBER] | None = None
    confirmed: Annotated[list[Short], Field(max_length=_MOST)] = []
    facts: FactsIn = FactsIn()


class ChangeIn(WishIn):
    """A wish to be carried out."""

    reason: Annotated[Sentence, Field(max_length=300)] = ""


class ObjectionOut(Schema):
    """One reason against, with the clause."""

    code: str
    sentence: str
    clause: str


class JudgementOut(Schema):
    """The rule a wish stands under, everything against it, what it does to the charge."""

    is_allowed: bool
    rule_set: str
    article: str
    certainty: str
    conditions: list[Any]
    objections: list[ObjectionOut]
    latest_end: dt.date | None
    charge_effect: dict[str, Any]


class ChangeOut(Schema):
    """变更用电."""

    number: str
    kind: ChangeKind
    state: ChangeState
    account_number: str
    customer_number: str
    unit_code: str
    requested_at: dt.datetime
    reason: str
    starts_on: dt.date
    ends_on: dt.date | None
    approved_at: dt.datetime | None
    executed_at: dt.datetime | None
    ended_on: dt.date | None
    process_id: int | None

    @staticmethod
    def resolve_account_number(change: SupplyChange) -> str:
        """户号."""
        return change.account.number

    @staticmethod
    def resolve_customer_number(change: SupplyChange) -> str:
        """客户编号."""
        return change.customer.number

    @staticmethod
    def resolve_unit_code(change: SupplyChange) -> str:
        """Code of the unit."""
        return change.unit.code


class ChangedTransformerOut(Schema):
    """A transformer that the change concerns."""

    number: str
    seal_number: str
    sealed_on: dt.date | None
    unsealed_on: dt.date | None


class ChangeDetailOut(ChangeOut):
    """A change with the rule it was judged by and what it stated."""

    rule_set: str | None
    article: str | None
    facts: dict[str, Any]
    objections: list[Any]
    charge_effect: dict[str, Any]
    follows: str | None
    transformers: list[ChangedTransformerOut]

    @staticmethod
    def resolve_rule_set(change: SupplyChange) -> str | None:
        """Code of the rule set."""
        return change.rule.rule_set.code if change.rule else None

    @staticmethod
    def resolve_article(change: SupplyChange) -> str | None:
        """The clause."""
        return change.rule.article if change.rule else None

    @staticmethod
    def resolve_follows(change: SupplyChange) -> str | None:
        """The change that this one ends."""
        return change.follows.number if change.follows else None

    @staticmethod
    def resolve_transformers(change: SupplyChange) -> list[dict[str, Any]]:
        """In the order of their numbers."""
        rows = change.transformers.select_related("transformer").order_by("transformer__number")
        names = ("seal_number", "sealed_on", "unsealed_on")
        return [
            {"number": row.transformer.number, **{name: getattr(row, name) for name in names}}
            for row in rows
        ]


@router.get("", response=answers(Page[ChangeOut], 409), operation_id="list_supply_changes")
def list_changes(
    request: HttpRequest,
    *,
    account: Text = "",
    kind: ChangeKind | None = None,
    state: ChangeState | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的变更用电，新的在前；`account` 为户号。"""
    found = change_queries.list_changes(
        viewer_of(request, group), kind=kind or "", state=state or ""
    )
    if account:
        found = found.filter(account__number=account)
    return page_by_moment(found, "requested_at", after=after, limit=limit)


@router.post(
    "/judge", response=answers(JudgementOut, 400, 404, 409), operation_id="judge_supply_change"
)
def judge(request: HttpRequest, asked: Annotated[WishIn, Body()]) -> dict[str, Any]:
    """试判一项变更：依据、全部不符之处（各附条款）、最晚止期、对电费的影响；不写任何数据。"""
    account = customers_queries.get_account(viewer_of(request), asked.account_number)
    try:
        wish = change_queries.with_facts(_wish(asked), asked.facts.dict())
        found = change_queries.judge(account, wish, asked_on=local_date(now()))
    except LookupError as silence:
        raise UnableToTake(str(silence)) from silence
    rule = found.rule
    return {
        "is_allowed": not found.objections,
        "rule_set": rule.rule_set.code,
        "article": rule.article,
        "certainty": rule.certainty,
        "conditions": rule.conditions,
        "objections": list(found.objections),
        "latest_end": found.latest_end,
        "charge_effect": effect_document(found.effect),
    }


@router.post(
    "", response=answers(ChangeDetailOut, 400, 403, 404, 409), operation_id="request_supply_change"
)
def request_change(request: HttpRequest, asked: Annotated[ChangeIn, Body()]) -> SupplyChange:
    """申请一项变更并开始流程；不符规则时逐条说明条款。需“办理变更用电”权限。"""
    viewer = viewer_of(request)
    account = customers_queries.get_account(viewer, asked.account_number)
    change = connections_operations.request_change_and_start(
        account=account,
        wish=_wish(asked),
        facts=asked.facts.dict(exclude_none=True),
        reason=asked.reason,
        by=viewer,
        at=now(),
    )
    return change_queries.get_change(viewer, change.number)


@router.get("/{number}", response=answers(ChangeDetailOut, 404), operation_id="get_supply_change")
def get_change(request: HttpRequest, number: Text) -> SupplyChange:
    """一项变更：依据、所述事实、对电费的影响、变压器。"""
    try:
        return change_queries.get_change(viewer_of(request), number)
    except change_queries.NoSuchChange as none:
        raise SupplyChange.DoesNotExist from none


def _wish(asked: WishIn) -> Wish:
    in_reach(asked.starts_on, "起始日期")
    if asked.ends_on is not None:
        in_reach(asked.ends_on, "终止日期")
    return Wish(
        kind=asked.kind,
        starts_on=asked.starts_on,
        ends_on=asked.ends_on,
        transformer_ids=tuple(dict.fromkeys(asked.transformer_ids)),
        capacity_after_kva=asked.capacity_after_kva,
        confirmed=frozenset(asked.confirmed),
    )
