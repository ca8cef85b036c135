"""A month's evaluation of all customers: facts once, then judged and kept in batches (R28, R69)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.models import BillRun, BillRunState
from busbar.customers.models import Customer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts import rulebook
from busbar.key_accounts.models import (
    Category,
    Measure,
    OverrideState,
    Recognition,
    RecognitionOverride,
    RecognitionRun,
    RunState,
)
from busbar.key_accounts.queries import facts as facts_queries
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.queries import rules as rules_queries
from busbar.key_accounts.queries.rules import division_of
from busbar.key_accounts.recognizing import (
    Figure,
    Policy,
    Standing,
    judge_all,
)
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month, local_date

_BATCH = 500
"""Customers a transaction: what a kill can cost."""
_MOST_GROWTH = Decimal("9999999.9")
_KEPT = (
    "is_economic", "is_important", "is_potential", "has_changed", "division", "annual_energy_kwh",
    "annual_revenue_yuan", "max_demand_kw", "growth_percent", "figures", "judgements",
)  # fmt: skip

Progress = Callable[[int, int], None]
Standings = dict[int, dict[str, Standing]]


class UnableToEvaluate(Refusal):
    """The month cannot be evaluated."""


@dataclass(frozen=True)
class _Work:
    """What every customer is judged by."""

    run: RecognitionRun
    month: Month
    policies: tuple[Policy, ...]
    before: Standings
    held_before: dict[int, frozenset[str]]
    overrides: dict[int, dict[str, bool]]


def evaluate_month(
    *, month: Month, by: Viewer, at: dt.datetime, progress: Progress | None = None
) -> RecognitionRun:
    """Evaluate every customer by the rules in force at the month's end.

    Compared with the run before: what is easier to keep than to enter depends on it. Run again it
    comes to the same and replaces its own results; killed half-way it is run again.
    """
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    require_whole(by)
    work = _prepare(month, at)
    found = facts_queries.gather(month)
    customers = found.customers
    for start in range(0, len(customers), _BATCH):
        batch = customers[start : start + _BATCH]
        _keep(work, [(c, facts_queries.measure(found, c)) for c in batch], start)
        if progress is not None:
            progress(min(start + _BATCH, len(customers)), len(customers))
    return _finish(work, len(customers), by, at)


def require_whole(by: Viewer) -> None:
    """Refuse whoever sees a part only: everybody is evaluated, and against everybody."""
    if not by.sees_company:
        raise UnableToEvaluate("评定涉及全公司的客户，须由能看到全公司的人员发起")


def require_bills(month: Month) -> None:
    """Refuse a month that has not been billed, before a run is queued or begun."""
    if not BillRun.objects.filter(month=str(month), state=BillRunState.FINISHED).exists():
        raise UnableToEvaluate("%(month)s 的电费还没有核算完成，不能据以评定", month=month)


def _prepare(month: Month, at: dt.datetime) -> _Work:
    require_bills(month)
    last_day = month.next.first - dt.timedelta(days=1)
    policies = rules_queries.list_policies(last_day)
    if not policies:
        raise UnableToEvaluate("%(last_day)s 没有生效的认定规则", last_day=last_day)
    before = RecognitionRun.objects.filter(month__lt=str(month), state=RunState.FINISHED)
    standings, held = _standings(before.order_by("-month").first())
    return _Work(
        _start(month, policies, at),
        month,
        policies,
        standings,
        held,
        recognition_queries.map_overrides(last_day),
    )


@transaction.atomic
def _start(month: Month, policies: Sequence[Policy], at: dt.datetime) -> RecognitionRun:
    """The rules are kept anew: a run that is done again is judged by what is in force by now."""
    run, _ = RecognitionRun.objects.update_or_create(
        month=str(month),
        defaults={
            "state": RunState.RUNNING,
            "rules": rulebook.write_policies(policies),
            "started_at": at,
            "finished_at": None,
            "done": 0,
        },
    )
    return run


def _standings(run: RecognitionRun | None) -> tuple[Standings, dict[int, frozenset[str]]]:
    """By customer: what the rules made of it in the run, and what it was in the end."""
    standings: Standings = {}
    held: dict[int, frozenset[str]] = {}
    if run is None:
        return standings, held
    rows = Recognition.objects.filter(run=run).values_list("customer_id", "judgements")
    for pk, kept in rows.iterator(chunk_size=5000):
        standings[pk] = {name: rulebook.read_standing(one) for name, one in kept.items()}
        held[pk] = frozenset(name for name, one in kept.items() if rulebook.holds(one))
    return standings, held


@transaction.atomic
def _keep(work: _Work, batch: list[tuple[Customer, dict[str, Figure]]], start: int) -> None:
    rows = [_result(work, customer, figures) for customer, figures in batch]
    Recognition.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["run", "customer"],
        update_fields=_KEPT,
    )
    RecognitionRun.objects.filter(pk=work.run.pk).update(done=start + len(rows))


def _result(work: _Work, customer: Customer, figures: dict[str, Figure]) -> Recognition:
    before = work.before.get(customer.pk, {})
    by_hand = work.overrides.get(customer.pk, {})
    judged = judge_all(work.policies, figures, before, month=work.month, set_by_hand=by_hand)
    kept = {
        name: rulebook.write_judgement(
            judgement, before.get(name, Standing()), by_hand=by_hand.get(name)
        )
        for name, judgement in judged.items()
    }
    held = frozenset(name for name, one in kept.items() if rulebook.holds(one))
    return Recognition(
        run=work.run,
        customer=customer,
        is_economic=Category.ECONOMIC in held,
        is_important=Category.IMPORTANT in held,
        is_potential=Category.POTENTIAL in held,
        has_changed=held != work.held_before.get(customer.pk, frozenset()),
        division=division_of(customer.industry_code),
        figures=rulebook.write_figures(figures),
        judgements=kept,
        **_numbers(figures),
    )


def _numbers(figures: dict[str, Figure]) -> dict[str, Any]:
    def number(measure: Measure) -> Decimal | None:
        value = figures[measure].value
        return value if isinstance(value, Decimal) else None

    growth = number(Measure.GROWTH)
    if growth is None:
        growth = number(Measure.GROWTH_OVER_PEERS)
    return {
        "annual_energy_kwh": number(Measure.ANNUAL_ENERGY) or 0,
        "annual_revenue_yuan": number(Measure.ANNUAL_REVENUE) or 0,
        "max_demand_kw": number(Measure.MAX_DEMAND) or 0,
        "growth_percent": None if growth is None else min(growth, _MOST_GROWTH),
    }


@transaction.atomic
def _finish(work: _Work, customers: int, by: Viewer, at: dt.datetime) -> RecognitionRun:
    run = work.run
    entered = left = 0
    rows = Recognition.objects.filter(run=run, has_changed=True)
    for pk, kept in rows.values_list("customer_id", "judgements"):
        held = frozenset(name for name, one in kept.items() if rulebook.holds(one))
        was = work.held_before.get(pk, frozenset())
        entered, left = entered + len(held - was), left + len(was - held)
    run.state, run.finished_at, run.done = RunState.FINISHED, at, customers
    run.customers, run.entered, run.left = customers, entered, left
    run.save()
    happening = Happening(
        event="key_accounts.run.finished",
        subject_type="key_accounts.run",
        subject_id=run.pk,
        subject_label=run.month,
        changes={"customers": customers, "entered": entered, "left": left},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return run


@transaction.atomic
def end_overrides(*, by: Viewer, at: dt.datetime) -> int:
    """Overrides whose last day has come end; returns how many."""
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    journal_operations.take_turn()
    alive = RecognitionOverride.objects.filter(
        state=OverrideState.ADOPTED, expires_on__lte=local_date(at)
    ).select_related("customer__unit")
    ended = list(alive)
    alive.update(state=OverrideState.ENDED)
    journal_operations.record_many(
        happenings=[override_told(row, "ended") for row in ended], actor=by.actor, at=at
    )
    return len(ended)


def override_told(row: RecognitionOverride, what: str) -> Happening:
    """The entry about an override of a customer."""
    return Happening(
        event=f"key_accounts.override.{what}",
        subject_type="key_accounts.override",
        subject_id=row.pk,
        subject_label=row.customer.name,
        customer_id=row.customer_id,
        unit_path=row.customer.unit.path,
        changes={
            "category": row.category,
            "holds": row.holds,
            "expires_on": str(row.expires_on),
        },
        reason=row.reason,
    )
