"""Reading stages, warnings and value; the rules they rest on."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, BillLine
from busbar.key_accounts.models import (
    CostRate,
    CustomerValue,
    RecognitionRun,
    Stage,
    StageAssessment,
    StageRule,
    WarningRule,
)
from busbar.key_accounts.queries.rules import in_force
from busbar.key_accounts.staging import Answer, Bound, actions_to
from busbar.key_accounts.valuing import Stretch
from busbar.kit.money import to_fen
from busbar.workflow.models import TaskState, UserTask

Assessments = QuerySet[StageAssessment, StageAssessment]
Values = QuerySet[CustomerValue, CustomerValue]
BASIC = "basic."
"""How codes of basic-charge lines begin."""


@dataclass(frozen=True)
class ValueSum:
    """The values of everybody seen, added up."""

    customers: int
    revenue_yuan: Decimal
    energy_cost_yuan: Decimal
    serving_cost_yuan: Decimal
    margin_yuan: Decimal


def list_stage_bounds(on: dt.date) -> list[Bound]:
    """The stage rules of the day."""
    rows = in_force(StageRule.objects.order_by("id"), on)
    return [_bound(row, stage=row.stage, advice=row.action) for row in rows]


def list_warning_bounds(on: dt.date) -> list[Bound]:
    """The warning rules of the day."""
    return [
        _bound(row, advice=row.advice) for row in in_force(WarningRule.objects.order_by("id"), on)
    ]


def _bound(row: StageRule | WarningRule, *, stage: str = "", advice: str = "") -> Bound:
    return Bound(
        row.code, row.name, row.evidence, row.at_least, row.at_most, stage, advice, row.source,
        row.certainty,
    )  # fmt: skip


def list_cost_rates(on: dt.date) -> list[CostRate]:
    """The cost rates of the day."""
    return list(in_force(CostRate.objects.order_by("id"), on))


def map_stretches(months: Sequence[str]) -> dict[int, dict[int, Stretch]]:
    """By customer and account: what the months' bills come to. Two queries."""
    bills = Bill.objects.current().filter(month__in=list(months)).order_by()
    sums = bills.values_list("account__customer_id", "account_id").annotate(
        Sum("energy_kwh"), Sum("amount")
    )
    lines = BillLine.objects.filter(bill__in=bills.values("pk"), code__startswith=BASIC).order_by()
    basic = dict(lines.values_list("bill__account_id").annotate(Sum("amount")))
    found: dict[int, dict[int, Stretch]] = defaultdict(dict)
    for customer, account, energy, amount in sums:
        # SQLite adds decimals as floats: to the fen again, of which the bills consist.
        charged = to_fen(basic.get(account, Decimal(0)))
        found[customer][account] = Stretch(energy, to_fen(amount), charged)
    return found


def map_work(start: dt.datetime, end: dt.datetime) -> dict[int, dict[str, int]]:
    """Tasks completed in [start, end), by customer and role. One query."""
    rows = UserTask.objects.filter(
        state=TaskState.COMPLETED,
        customer_id__isnull=False,
        completed_at__gte=start,
        completed_at__lt=end,
    ).order_by()
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for customer, role, count in rows.values_list("customer_id", "role").annotate(Count("pk")):
        found[customer][role] = count
    return found


def list_warned(
    viewer: Viewer,
    run: RecognitionRun,
    *,
    stage: str = "",
    warned: bool = True,
) -> Assessments:
    """Visible assessments, the most warnings first, then the highest revenue."""
    rows: Assessments = StageAssessment.objects.visible_to(viewer).current().filter(run=run)
    if stage:
        rows = rows.filter(stage=stage)
    if warned:
        rows = rows.filter(warning_count__gt=0)
    return rows.select_related("customer__unit", "run").order_by(
        "-warning_count", "-annual_revenue_yuan", "id"
    )


def count_stages(viewer: Viewer, run: RecognitionRun) -> dict[str, tuple[int, int]]:
    """By stage: how many, and how many of them with a warning. One query."""
    rows: QuerySet[Any, Any] = StageAssessment.objects.visible_to(viewer).current().filter(run=run)
    counted = (
        rows.order_by()
        .values_list("stage")
        .annotate(Count("pk"), warned=Count("pk", filter=Q(warning_count__gt=0)))
    )
    found = dict.fromkeys(Stage.values, (0, 0))
    found.update({stage: (count, warned) for stage, count, warned in counted})
    return found


def find_stage(viewer: Viewer, customer_id: int, run: RecognitionRun) -> StageAssessment | None:
    """A customer's stage in a run, as it was assessed last."""
    rows: QuerySet[StageAssessment, StageAssessment]
    rows = StageAssessment.objects.visible_to(viewer).current().select_related("run")
    return rows.filter(run=run, customer=customer_id).first()


def read_answers(kept: Sequence[dict[str, Any]]) -> list[Answer]:
    """Answers as an assessment keeps them."""
    found = []
    for row in kept:
        fields: dict[str, Any] = {name: value for name, value in row.items() if name != "value"}
        fields |= {name: _number(row[name]) for name in ("at_least", "at_most")}
        bound = Bound(**fields)
        found.append(Answer(bound, _number(row["value"])))
    return found


def write_answers(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Answers with their rules, numbers as text."""
    return [
        {
            "code": a.bound.code,
            "name": a.bound.name,
            "evidence": a.bound.evidence,
            "at_least": _text(a.bound.at_least),
            "at_most": _text(a.bound.at_most),
            "stage": a.bound.stage,
            "advice": a.bound.advice,
            "source": a.bound.source,
            "certainty": a.bound.certainty,
            "value": _text(a.value),
        }
        for a in answers
    ]


def list_actions(row: StageAssessment) -> list[Answer]:
    """What leads to the next stage."""
    return actions_to(row.stage, read_answers(row.answers))


def list_values(viewer: Viewer, run: RecognitionRun, *, lowest: bool = False) -> Values:
    """Visible values by margin, the highest first unless the lowest are asked for."""
    rows: Values = CustomerValue.objects.visible_to(viewer).filter(run=run)
    order = ("margin_yuan", "-id") if lowest else ("-margin_yuan", "id")
    return rows.select_related("customer__unit").order_by(*order)


def sum_values(viewer: Viewer, run: RecognitionRun) -> ValueSum:
    """Everybody seen together. One query."""
    rows: QuerySet[Any, Any] = CustomerValue.objects.visible_to(viewer).filter(run=run)
    names = ("revenue_yuan", "energy_cost_yuan", "serving_cost_yuan", "margin_yuan")
    found = rows.order_by().aggregate(n=Count("pk"), **{name: Sum(name) for name in names})
    return ValueSum(found.pop("n"), **{name: value or Decimal(0) for name, value in found.items()})


def find_value(viewer: Viewer, customer_id: int, run: RecognitionRun) -> CustomerValue | None:
    """A customer's value in a run."""
    rows: QuerySet[CustomerValue, CustomerValue]
    rows = CustomerValue.objects.visible_to(viewer)
    return rows.filter(run=run, customer=customer_id).first()


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
