"""The rules in force on a day, and all their versions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any, TypeVar

from django.db.models import Count, Q, QuerySet

from busbar.key_accounts.models import (
    BasicService,
    Category,
    CostRate,
    ImportanceCriterion,
    IndustryClass,
    RecognitionCriterion,
    RecognitionPolicy,
    SpendBand,
    StageRule,
    WarningRule,
)
from busbar.key_accounts.recognizing import Criterion, Policy
from busbar.pricing.models import SourcedModel

T = TypeVar("T", bound=QuerySet[Any, Any])


def in_force(rows: T, on: dt.date) -> T:
    """The versions that are valid on the day."""
    return rows.filter(valid_from__lte=on).filter(Q(valid_until=None) | Q(valid_until__gt=on))


def list_policies(on: dt.date) -> tuple[Policy, ...]:
    """The policies of the day with their criteria, in the order of the categories. Two queries."""
    criteria: dict[str, list[Criterion]] = defaultdict(list)
    for row in in_force(RecognitionCriterion.objects.order_by("-points", "code"), on):
        criteria[row.category].append(_criterion(row))
    policies = {p.category: p for p in in_force(RecognitionPolicy.objects.all(), on)}
    return tuple(
        _policy(policies[category], tuple(criteria[category]))
        for category in Category.values
        if category in policies
    )


def _criterion(row: RecognitionCriterion) -> Criterion:
    return Criterion(
        code=row.code,
        name=row.name,
        measure=row.measure,
        points=row.points,
        enter_at=row.enter_at,
        leave_at=row.leave_at,
        values=tuple(row.values),
        source=row.source,
        certainty=row.certainty,
    )


def _policy(row: RecognitionPolicy, criteria: tuple[Criterion, ...]) -> Policy:
    return Policy(
        category=row.category,
        points_to_enter=row.points_to_enter,
        points_to_stay=row.points_to_stay,
        min_stay_months=row.min_stay_months,
        criteria=criteria,
        moot_with=row.moot_with,
        source=row.source,
        certainty=row.certainty,
    )


def list_criteria(on: dt.date) -> list[RecognitionCriterion]:
    """The criteria of the day, by category, the weightiest first."""
    return list(in_force(RecognitionCriterion.objects.order_by("category", "-points", "code"), on))


def list_criterion_versions(code: str) -> list[RecognitionCriterion]:
    """Every version of a criterion, the newest first."""
    return list(RecognitionCriterion.objects.filter(code=code).order_by("-valid_from"))


def count_versions() -> dict[str, int]:
    """How many versions each criterion has. One query."""
    rows = RecognitionCriterion.objects.order_by().values_list("code")
    return dict(rows.annotate(Count("pk")))


def list_policy_rows(on: dt.date) -> list[RecognitionPolicy]:
    """The policies of the day as rows."""
    return list(in_force(RecognitionPolicy.objects.order_by("category"), on))


def list_importance_criteria(on: dt.date) -> list[ImportanceCriterion]:
    """The consequences that make a grade, in force on the day."""
    return list(in_force(ImportanceCriterion.objects.order_by("id"), on))


def map_industries(on: dt.date) -> dict[str, IndustryClass]:
    """Sections and divisions of the day by code. One query."""
    return {row.code: row for row in in_force(IndustryClass.objects.all(), on)}


def list_figure_rows(on: dt.date) -> dict[str, list[SourcedModel]]:
    """What else is set by versions, in force on the day, by kind. Five queries."""
    models: dict[str, type[SourcedModel]] = {
        "stage": StageRule, "warning": WarningRule, "cost": CostRate, "band": SpendBand,
        "service": BasicService,
    }  # fmt: skip
    return {
        kind: list(in_force(model._default_manager.order_by("id"), on))  # noqa: SLF001 - Django's way
        for kind, model in models.items()
    }


def has_figure_row(model: type[SourcedModel], code: str) -> bool:
    """Whether there ever was a row of the code."""
    rows: QuerySet[Any, Any] = model._default_manager.all()  # noqa: SLF001 - Django's way to rows
    return rows.filter(code=code).exists()


def division_of(industry_code: str) -> str:
    """The two digits of the division, empty where the code has none.

    >>> division_of("C3120"), division_of("3120"), division_of("")
    ('31', '31', '')
    """
    digits = industry_code.strip().lstrip("ABCDEFGHIJKLMNOPQRST")
    return digits[:2] if digits[:2].isdecimal() and len(digits) > 1 else ""
