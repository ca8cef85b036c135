"""What is made of recognitions: simulation, relationship and value, yearly reviews, segments."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Yuan
from busbar.customers import queries as customers_queries
from busbar.key_accounts.models import (
    Category,
    LoadShape,
    RecognitionRun,
    ReviewChange,
    ReviewItem,
    ShapeKind,
    Stage,
    YearlyReview,
)
from busbar.key_accounts.queries import closeness as closeness_queries
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.queries import review as review_queries
from busbar.key_accounts.queries import segments as segments_queries
from busbar.key_accounts.queries import simulation as simulation_queries
from busbar.key_accounts.simulating import Change
from busbar.key_accounts.staging import Answer

router, reviews, segments = Router(), Router(), Router()
_MOST = 200
_LAST_YEAR = 9999


class SimulationCountOut(Schema):
    """How many are in a category now, and would be then."""

    category: Category
    now: int
    then: int


class SimulationMoverOut(Schema):
    """A customer that would enter or leave."""

    customer_number: str
    customer_name: str
    category: Category
    enters: bool


class SimulationOut(Schema):
    """What another threshold would change."""

    month: str
    counts: list[SimulationCountOut]
    movers: list[SimulationMoverOut]


class StageEvidenceOut(Schema):
    """A rule of a stage or of a warning with what was found; null where nobody records it."""

    code: str
    name: str
    stage: str
    value: Decimal | None
    bound: str
    is_met: bool | None
    advice: str
    source: str
    certainty: str


class RelationshipOut(Schema):
    """Stage, evidence, warnings and worth of a customer; amounts in yuan over twelve months.

    The worth is that of the month; stage and warnings rest on what was known up to `assessed_on`.
    """

    month: str
    assessed_on: dt.date
    stage: Stage
    evidence: list[StageEvidenceOut]
    warnings: list[StageEvidenceOut]
    revenue_yuan: Decimal
    energy_cost_yuan: Decimal
    serving_cost_yuan: Decimal
    margin_yuan: Decimal
    bills_due: int
    bills_late: int
    growth: dict[str, Any]


class ReviewItemOut(Schema):
    """One customer in one category of a yearly review."""

    id: int
    customer_number: str
    customer_name: str
    category: Category
    before: bool
    computed: bool
    decided: bool
    change: ReviewChange
    points: int
    reason: str
    expires_on: dt.date | None

    @staticmethod
    def resolve_customer_number(item: ReviewItem) -> str:
        """客户编号."""
        return item.customer.number

    @staticmethod
    def resolve_customer_name(item: ReviewItem) -> str:
        """客户名称."""
        return item.customer.name


class LoadShapeOut(Schema):
    """A typical day: 96 values whose mean is one."""

    code: str
    kind: ShapeKind
    customers: int
    profile: list[float]


@router.get(
    "/simulation",
    response=answers(SimulationOut, 404, 409),
    operation_id="simulate_key_account_rules",
)
def simulate(request: HttpRequest, criterion: Text, enter_at: Yuan) -> dict[str, Any]:
    """试算：一个认定条件的进入值改变时，谁会列入、谁会退出；不改变任何东西。"""
    run = recognition_queries.get_latest_run()
    if run is None:
        raise RecognitionRun.DoesNotExist
    found = simulation_queries.simulate_rules(
        viewer_of(request), run, changes={criterion: Change(enter_at=enter_at)}, most=_MOST
    )
    movers = [
        {
            "customer_number": one.customer.number,
            "customer_name": one.customer.name,
            "category": one.category,
            "enters": one.moved.enters,
        }
        for one in found.movers
    ]
    counts = [{"category": c, "now": now, "then": then} for c, now, then in found.counts]
    return {"month": run.month, "counts": counts, "movers": movers}


@router.get(
    "/{customer_number}/relationship",
    response=answers(RelationshipOut, 404),
    operation_id="get_customer_relationship",
)
def get_relationship(request: HttpRequest, customer_number: str) -> dict[str, Any]:
    """客户的关系阶段、判据、预警与价值（最近一次评定）。"""
    viewer = viewer_of(request)
    customer = customers_queries.get_customer(viewer, customer_number)
    run = recognition_queries.get_latest_run()
    stage = closeness_queries.find_stage(viewer, customer.pk, run) if run else None
    value = closeness_queries.find_value(viewer, customer.pk, run) if run else None
    if run is None or stage is None or value is None:
        raise RecognitionRun.DoesNotExist
    return {
        "month": run.month,
        "assessed_on": stage.assessed_on,
        "stage": stage.stage,
        "evidence": [_evidence(a) for a in closeness_queries.read_answers(stage.answers)],
        "warnings": [_evidence(a) for a in closeness_queries.read_answers(stage.warnings)],
        "revenue_yuan": value.revenue_yuan,
        "energy_cost_yuan": value.energy_cost_yuan,
        "serving_cost_yuan": value.serving_cost_yuan,
        "margin_yuan": value.margin_yuan,
        "bills_due": value.bills_due,
        "bills_late": value.bills_late,
        "growth": value.growth,
    }


@reviews.get(
    "/{year}/items",
    response=answers(list[ReviewItemOut], 404),
    operation_id="list_yearly_review_items",
)
def list_review_items(
    request: HttpRequest, year: int, change: Text = "", category: Category | None = None
) -> list[ReviewItem]:
    """一年复评的各项，年电费高的在前；至多 200 项。"""
    if not 0 < year < _LAST_YEAR:
        raise YearlyReview.DoesNotExist
    review = review_queries.get_review(year)
    return review_queries.list_items(
        viewer_of(request),
        review,
        change=change,
        category=category.value if category else "",
        limit=_MOST,
    )


@segments.get("", response=answers(list[LoadShapeOut]), operation_id="list_load_shapes")
def list_load_shapes(request: HttpRequest) -> list[LoadShape]:
    """最近一次分群的典型日，户数多的在前。"""
    found = segments_queries.get_latest_segmentation()
    return segments_queries.list_shapes(found) if found else []


def _evidence(found: Answer) -> dict[str, Any]:
    bound = found.bound
    return {
        "code": bound.code,
        "name": bound.name,
        "stage": bound.stage,
        "value": found.value,
        "bound": bound.words,
        "is_met": found.is_met,
        "advice": bound.advice,
        "source": bound.source,
        "certainty": bound.certainty,
    }
