"""Stage, warnings and value of every customer of a run (R71, R89–R91)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.reckoning import midnight
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.growth import months_back, year_before
from busbar.key_accounts.models import (
    CostRate,
    CustomerValue,
    Recognition,
    RecognitionRun,
    RunState,
    StageAssessment,
)
from busbar.key_accounts.operations.evaluating import UnableToEvaluate
from busbar.key_accounts.operations.stage_ground import (
    StageGround,
    assess_stage,
    gather_stage_ground,
)
from busbar.key_accounts.queries import closeness, evidence
from busbar.key_accounts.valuing import Attribution, Stretch, attribute
from busbar.kit.money import to_fen
from busbar.kit.periods import Month

_BATCH = 500
_YEAR = 12
_HALF = 6
_NOUGHT = Decimal(0)


@dataclass(frozen=True)
class _Facts:
    """What every customer is assessed by."""

    as_of: dt.datetime
    stages: StageGround
    rates: Mapping[str, CostRate]
    work: Mapping[int, Mapping[str, int]]
    payment: Mapping[int, tuple[int, int]]
    before: Mapping[int, Mapping[int, Stretch]]
    after: Mapping[int, Mapping[int, Stretch]]
    spans: tuple[list[str], list[str]]


def assess_month(*, month: Month, by: Viewer, at: dt.datetime) -> int:
    """Assess everybody whom the month's run evaluated, as of the month's end.

    Done again it replaces its own results, and what was renewed on a day since: that rested on
    them, and the next renewal finds what of it still holds.
    """
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    run = RecognitionRun.objects.filter(month=str(month), state=RunState.FINISHED).first()
    if run is None:
        raise UnableToEvaluate("%(month)s 还没有完成的评定，先评定再分析关系与价值", month=month)
    facts = _facts(month)
    keys = list(Recognition.objects.filter(run=run).order_by("id").values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH):
        _keep(run, facts, keys[start : start + _BATCH])
    happening = Happening(
        event="key_accounts.run.assessed",
        subject_type="key_accounts.run",
        subject_id=run.pk,
        subject_label=run.month,
        changes={"customers": len(keys)},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return len(keys)


def _facts(month: Month) -> _Facts:
    last_day = month.next.first - dt.timedelta(days=1)
    spans = compared_spans(month)
    start = midnight(Month.parse(months_back(month, _YEAR)[0]).first)
    end = midnight(month.next.first)
    return _Facts(
        end,
        gather_stage_ground(last_day),
        {rate.code: rate for rate in closeness.list_cost_rates(last_day)},
        closeness.map_work(start, end),
        evidence.map_payment(last_day),
        closeness.map_stretches(spans[0]),
        closeness.map_stretches(spans[1]),
        spans,
    )


def compared_spans(month: Month) -> tuple[list[str], list[str]]:
    """The months before and after of the attribution: the year against the year before it where
    that was billed whole, else the last six months against the six before."""
    from busbar.billing.models import BillRun

    billed = set(BillRun.objects.values_list("month", flat=True))
    year = months_back(month, _YEAR)
    earlier = [year_before(name) for name in year]
    if billed.issuperset(earlier):
        return earlier, year
    return year[:_HALF], year[_HALF:]


@transaction.atomic
def _keep(run: RecognitionRun, facts: _Facts, keys: Sequence[int]) -> None:
    # The same lock as the renewal of a day: neither replaces what the other is reading.
    RecognitionRun.objects.select_for_update().get(pk=run.pk)
    rows = list(Recognition.objects.filter(pk__in=keys))
    assessed = StageAssessment.objects.filter(run=run, customer__in=[r.customer_id for r in rows])
    assessed.exclude(as_of=facts.as_of).delete()
    StageAssessment.objects.bulk_create(
        [assess_stage(facts.stages, row, as_of=facts.as_of) for row in rows],
        update_conflicts=True,
        unique_fields=["run", "customer", "as_of"],
        update_fields=[
            "stage", "answers", "warnings", "warning_count", "annual_revenue_yuan", "is_current",
        ],
    )  # fmt: skip
    CustomerValue.objects.bulk_create(
        [_value(run, facts, row) for row in rows],
        update_conflicts=True,
        unique_fields=["run", "customer"],
        update_fields=[
            "revenue_yuan", "energy_cost_yuan", "serving_cost_yuan", "margin_yuan", "bills_due",
            "bills_late", "work", "growth", "costs",
        ],
    )  # fmt: skip


def _value(run: RecognitionRun, facts: _Facts, row: Recognition) -> CustomerValue:
    energy = facts.rates.get("energy")
    each = energy.yuan_per_kwh if energy and energy.yuan_per_kwh else _NOUGHT
    supplied = to_fen(row.annual_energy_kwh * each)
    work = _work(facts, row.customer_id)
    serving = sum((Decimal(line[-1]) for line in work), _NOUGHT)
    due, late = facts.payment.get(row.customer_id, (0, 0))
    used = [rate for rate in facts.rates.values() if rate.code in {"energy", *(w[0] for w in work)}]
    return CustomerValue(
        run=run,
        customer_id=row.customer_id,
        revenue_yuan=row.annual_revenue_yuan,
        energy_cost_yuan=supplied,
        serving_cost_yuan=serving,
        margin_yuan=row.annual_revenue_yuan - supplied - serving,
        bills_due=due,
        bills_late=late,
        work=work,
        growth=_growth(facts, row.customer_id),
        costs=[_cite(rate) for rate in used],
    )


def _work(facts: _Facts, customer_id: int) -> list[list[Any]]:
    """[role, tasks, minutes each, yuan an hour, yuan]; a role without a rate costs nought."""
    lines: list[list[Any]] = []
    for role, count in sorted(facts.work.get(customer_id, {}).items()):
        rate = facts.rates.get(role)
        minutes = (rate.minutes_per_task if rate else None) or 0
        hourly = (rate.yuan_per_hour if rate else None) or _NOUGHT
        yuan = to_fen(hourly * minutes * count / 60)
        lines.append([role, count, minutes, str(hourly), str(yuan)])
    return lines


def _growth(facts: _Facts, customer_id: int) -> dict[str, Any]:
    parts: Attribution = attribute(
        facts.before.get(customer_id, {}), facts.after.get(customer_id, {})
    )
    names = ("volume", "price", "capacity", "new_sites", "lost_sites", "total")
    before, after = facts.spans
    return {
        "before": [before[0], before[-1]],
        "after": [after[0], after[-1]],
        **{name: str(getattr(parts, name)) for name in names},
    }


def _cite(rate: CostRate) -> dict[str, str]:
    return {
        "code": rate.code,
        "name": rate.name,
        "yuan_per_kwh": "" if rate.yuan_per_kwh is None else str(rate.yuan_per_kwh),
        "source": rate.source,
        "certainty": rate.certainty,
    }
