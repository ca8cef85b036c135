"""What a customer's stage and warnings rest on: a day's rules, and what the rooms know (R71)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from busbar.key_accounts import rulebook
from busbar.key_accounts.evidence import eases_monthly, gather_evidence
from busbar.key_accounts.models import Measure, Recognition, StageAssessment
from busbar.key_accounts.queries import closeness
from busbar.key_accounts.staging import Answer, Bound, answer, stage_of, warnings_of

_MEASURED = {"growth": Measure.GROWTH, "growth_over_peers": Measure.GROWTH_OVER_PEERS}
_NOUGHT = Decimal(0)

Found = dict[str, Decimal | None]


@dataclass(frozen=True)
class StageGround:
    """The stage and the warning rules of a day, and the evidence by code and customer."""

    stage_bounds: list[Bound]
    warning_bounds: list[Bound]
    known: Mapping[str, Mapping[int, Decimal | None]]


def gather_stage_ground(on: dt.date) -> StageGround:
    """Of all customers: two queries for the rules and one for each piece of evidence."""
    stages, warns = closeness.list_stage_bounds(on), closeness.list_warning_bounds(on)
    codes = [bound.evidence for bound in (*stages, *warns)]
    return StageGround(stages, warns, gather_evidence(codes, on=on))


def assess_stage(
    ground: StageGround,
    row: Recognition,
    *,
    as_of: dt.datetime,
    before: StageAssessment | None = None,
) -> StageAssessment:
    """The customer's stage and warnings, unwritten.

    `before` is the assessment of the same run that this one may take the place of: what eases
    only with the month is then no better than it was.
    """
    found = _found(ground, row)
    if before is not None:
        found |= _kept(before, found)
    answers = answer(ground.stage_bounds, found)
    warned = warnings_of(answer(ground.warning_bounds, found))
    return StageAssessment(
        run_id=row.run_id,
        customer_id=row.customer_id,
        as_of=as_of,
        stage=stage_of(answers),
        answers=closeness.write_answers(answers),
        warnings=closeness.write_answers(warned),
        warning_count=len(warned),
        annual_revenue_yuan=row.annual_revenue_yuan,
    )


def said(row: StageAssessment) -> tuple[object, ...]:
    """What makes an assessment another one: stage, rules that hold, numbers of the warnings.

    A share moves with every bill; that it holds is said, not how far.
    """
    met = {a.bound.code for a in closeness.read_answers(row.answers) if a.is_met}
    warned = {
        a.bound.code: None if eases_monthly(a.bound.evidence) else a.value
        for a in closeness.read_answers(row.warnings)
    }
    return row.stage, met, warned


def _found(ground: StageGround, row: Recognition) -> Found:
    figures = rulebook.read_figures(row.figures)
    found: Found = {
        code: values.get(row.customer_id, _NOUGHT) for code, values in ground.known.items()
    }
    for code, measure in _MEASURED.items():
        value = figures[measure].value
        found[code] = value if isinstance(value, Decimal) else None
    return found


def _kept(before: StageAssessment, found: Found) -> Found:
    """Shares that are better than when they were last assessed, as they were then."""
    stood: list[Answer] = closeness.read_answers([*before.answers, *before.warnings])
    return {
        a.bound.evidence: max(a.value, found.get(a.bound.evidence) or _NOUGHT)
        for a in stood
        if a.value is not None and eases_monthly(a.bound.evidence)
    }
