"""The next version of a criterion, a policy or another figure, for programs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema

from busbar.access.permissions import Permission
from busbar.api.key_accounts.catalogue import Source
from busbar.api.key_accounts.recognition import RecognitionRuleOut
from busbar.api.paging import Day, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import JSON_NUMBER, Sent, Short, between, decimal_text, in_reach, now
from busbar.key_accounts import operations
from busbar.key_accounts.models import Category, RecognitionCriterion
from busbar.key_accounts.operations.ruling import FIGURES
from busbar.key_accounts.queries import rules as rules_queries
from busbar.kit.periods import local_date

rules = Router()
_THRESHOLD = r"-?[0-9]{1,12}(\.[0-9]{1,6})?"
Threshold = Annotated[
    Decimal,
    BeforeValidator(decimal_text(_THRESHOLD, "数值须写成文本，至多六位小数，如 5000000")),
    WithJsonSchema({"type": "string", "pattern": f"^{_THRESHOLD}$"}),
]
Points = Annotated[int, between(0, 100), JSON_NUMBER]
Score = Annotated[int, between(0, 1000), JSON_NUMBER]


class RecognitionPolicyOut(Schema):
    """认定办法的一个版本."""

    category: Category
    points_to_enter: int
    points_to_stay: int
    min_stay_months: int
    valid_from: dt.date
    valid_until: dt.date | None
    source: str
    certainty: str


class RuleFigureOut(Schema):
    """按版本设定的一行参数：种类、编码、各数值."""

    kind: str
    code: str
    name: str
    figures: dict[str, str]
    valid_from: dt.date
    valid_until: dt.date | None
    source: str
    certainty: str


class CriterionVersionIn(Sent):
    """Points and either both thresholds or codes, as the criterion has them."""

    points: Points
    enter_at: Threshold | None = None
    leave_at: Threshold | None = None
    values: list[Short] = []
    valid_from: Day
    source: Source


class PolicyVersionIn(Sent):
    """The scores, and how long who has entered stays."""

    points_to_enter: Score
    points_to_stay: Score
    min_stay_months: Annotated[int, between(0, 120), JSON_NUMBER]
    valid_from: Day
    source: Source


class RuleFigureVersionIn(Sent):
    """Each figure of the row by its name, and no other."""

    figures: Annotated[dict[Short, Threshold], Field(min_length=1)]
    valid_from: Day
    source: Source


@rules.get("/policies", response=answers(list[RecognitionPolicyOut]), operation_id="list_policies")
def list_policies(request: HttpRequest, on: Day | None = None) -> list[Any]:
    """某日（默认今天）有效的认定办法。"""
    return list(rules_queries.list_policy_rows(on or local_date(now())))


@rules.get("/figures", response=answers(list[RuleFigureOut]), operation_id="list_rule_figures")
def list_figures(request: HttpRequest, on: Day | None = None) -> list[dict[str, Any]]:
    """某日（默认今天）有效的阶段与预警判据、费率、分档、基本业务频次。"""
    found = rules_queries.list_figure_rows(on or local_date(now()))
    return [_figure(kind, row) for kind, rows in found.items() for row in rows]


@rules.post(
    "/criteria/{code}/versions",
    response=answers(RecognitionRuleOut, 400, 403, 404, 409),
    operation_id="set_criterion",
)
def set_criterion(
    request: HttpRequest, code: Text, given: Annotated[CriterionVersionIn, Body()]
) -> RecognitionCriterion:
    """登记一个认定条件的新版本。需“批准大客户名单与规则”权限。"""
    viewer = viewer_of(request)
    viewer.require(Permission.ADOPT_KEY_ACCOUNTS)
    in_reach(given.valid_from, "valid_from")
    if not rules_queries.list_criterion_versions(code):
        raise RecognitionCriterion.DoesNotExist
    return operations.set_criterion(code=code, **given.dict(), by=viewer, at=now())


@rules.post(
    "/policies/{category}/versions",
    response=answers(RecognitionPolicyOut, 400, 403, 409),
    operation_id="set_policy",
)
def set_policy(
    request: HttpRequest, category: Category, given: Annotated[PolicyVersionIn, Body()]
) -> Any:
    """登记一类大客户的认定办法的新版本。"""
    in_reach(given.valid_from, "valid_from")
    return operations.set_policy(
        category=category.value, **given.dict(), by=viewer_of(request), at=now()
    )


@rules.post(
    "/figures/{kind}/{code}/versions",
    response=answers(RuleFigureOut, 400, 403, 404, 409),
    operation_id="set_rule_figures",
)
def set_figures(
    request: HttpRequest, kind: Text, code: Text, given: Annotated[RuleFigureVersionIn, Body()]
) -> dict[str, Any]:
    """登记一行参数的新版本：全部数值都要给出。"""
    viewer = viewer_of(request)
    viewer.require(Permission.ADOPT_KEY_ACCOUNTS)
    in_reach(given.valid_from, "valid_from")
    if kind not in FIGURES or not rules_queries.has_figure_row(FIGURES[kind][0], code):
        raise ObjectDoesNotExist
    row = operations.set_figures(kind=kind, code=code, **given.dict(), by=viewer, at=now())
    return _figure(kind, row)


def _figure(kind: str, row: Any) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in FIGURES[kind][1]}
    return {
        "kind": kind,
        "code": row.code,
        "name": row.name,
        "figures": {name: str(value) for name, value in values.items() if value is not None},
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "source": row.source,
        "certainty": row.certainty,
    }
