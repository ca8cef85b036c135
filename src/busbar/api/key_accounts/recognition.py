"""Key accounts: who is one by the newest evaluation and why, and the rules it was judged by."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import After, Day, Group, Limit, NotACursor, Page, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.customers import queries as customers_queries
from busbar.key_accounts.models import Category, Recognition, RecognitionCriterion, RecognitionRun
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.queries import rules as rules_queries
from busbar.key_accounts.queries.recognition import Explained, RecognitionFilter
from busbar.key_accounts.recognizing import Reason

router, rules = Router(), Router()


class KeyAccountOut(Schema):
    """A customer's result in the newest evaluation."""

    customer_number: str
    customer_name: str
    month: str
    categories: list[Category]
    division: str
    annual_energy_kwh: Decimal
    annual_revenue_yuan: Decimal
    max_demand_kw: Decimal
    growth_percent: Decimal | None
    has_changed: bool

    @staticmethod
    def resolve_customer_number(row: Recognition) -> str:
        """客户编号."""
        return row.customer.number

    @staticmethod
    def resolve_customer_name(row: Recognition) -> str:
        """客户名称."""
        return row.customer.name

    @staticmethod
    def resolve_month(row: Recognition) -> str:
        """The month evaluated."""
        return row.run.month


class KeyAccountReasonOut(Schema):
    """One criterion's answer; `is_met` is null where nothing is known."""

    code: str
    name: str
    measure: str
    value: str | None
    threshold: str | None
    is_met: bool | None
    points: int
    most_points: int
    source: str
    rule_source: str
    certainty: str


class KeyAccountJudgementOut(Schema):
    """One category with its reasons."""

    category: Category
    holds: bool
    outcome: str
    by_hand: bool | None
    since: str | None
    points: int
    needed: int
    reasons: list[KeyAccountReasonOut]


class KeyAccountDetailOut(KeyAccountOut):
    """A result with every reason."""

    judgements: list[KeyAccountJudgementOut]

    @staticmethod
    def resolve_judgements(row: Recognition) -> list[dict[str, Any]]:
        """By category."""
        return [_judgement(one) for one in recognition_queries.explain(row)]


class RecognitionRuleOut(Schema):
    """A criterion's version in force."""

    code: str
    name: str
    category: Category
    measure: str
    enter_at: Decimal | None
    leave_at: Decimal | None
    values: list[str]
    points: int
    valid_from: dt.date
    source: str
    certainty: str


@router.get("", response=answers(Page[KeyAccountOut], 409), operation_id="list_key_accounts")
def list_key_accounts(
    request: HttpRequest,
    *,
    category: Category | None = None,
    division: Text = "",
    everyone: bool = False,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """最近一次评定的大客户，年电费高的在前；everyone 含未列入的客户。"""
    run = recognition_queries.get_latest_run()
    if run is None:
        return {"items": [], "next": None}
    narrowed = RecognitionFilter(
        category=category.value if category else "", division=division, everyone=everyone
    )
    rows = recognition_queries.list_recognitions(
        viewer_of(request, group), run, narrowed, after=_cursor(after), limit=limit + 1
    )
    for row in rows:
        row.run = run
    more, shown = len(rows) > limit, rows[:limit]
    last = f"{shown[-1].annual_revenue_yuan}@{shown[-1].pk}" if more else None
    return {"items": shown, "next": last}


@router.get(
    "/{customer_number}", response=answers(KeyAccountDetailOut, 404), operation_id="get_key_account"
)
def get_key_account(request: HttpRequest, customer_number: str) -> Recognition:
    """一个客户在最近一次评定中的结果与每一条理由。"""
    viewer = viewer_of(request)
    customer = customers_queries.get_customer(viewer, customer_number)
    run = recognition_queries.get_latest_run()
    row = recognition_queries.get_recognition(viewer, customer.pk, run) if run else None
    if row is None:
        raise RecognitionRun.DoesNotExist
    return row


@rules.get("", response=answers(list[RecognitionRuleOut]), operation_id="list_recognition_rules")
def list_rules(request: HttpRequest, on: Day | None = None) -> list[RecognitionCriterion]:
    """某日（默认今天）有效的认定条件。"""
    from django.utils import timezone

    return rules_queries.list_criteria(on or timezone.localdate())


def _judgement(one: Explained) -> dict[str, Any]:
    found = one.judgement
    return {
        "category": one.category,
        "holds": one.holds,
        "outcome": str(found.outcome),
        "by_hand": one.by_hand,
        "since": str(found.since) if found.since else None,
        "points": found.points,
        "needed": found.needed,
        "reasons": [_reason(reason) for reason in found.reasons],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    criterion, figure = reason.criterion, reason.figure
    return {
        "code": criterion.code,
        "name": criterion.name,
        "measure": criterion.measure,
        "value": None if figure is None or figure.value is None else str(figure.value),
        "threshold": None if reason.threshold is None else str(reason.threshold),
        "is_met": reason.is_met,
        "points": reason.points,
        "most_points": criterion.points,
        "source": figure.source if figure else "",
        "rule_source": criterion.source,
        "certainty": criterion.certainty,
    }


def _cursor(after: str) -> tuple[Decimal, int] | None:
    if not after:
        return None
    text, _at, key = after.partition("@")
    try:
        found = Decimal(text), int(key)
    except (InvalidOperation, ValueError):
        found = Decimal("NaN"), 0
    if not found[0].is_finite() or found[1] > 10**18:
        raise NotACursor(f"after 的值“{after}”不是上一页给出的 next")
    return found
