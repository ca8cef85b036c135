"""Rule sets, their parameters and the power-factor table, many rows at once (R7, N1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from busbar.access.registers import (
    Batch,
    Draft,
    Outcome,
    Row,
    Told,
    fetch_by,
    pick,
    record_changes,
    resolve,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase
from busbar.pricing.models import PowerFactorStep, RuleParameter, RuleSet, RuleSubject, SourcedModel

_UNKNOWN_SET = Phrase("没有这个编码的规则集")


def reject_backward(batch: Batch) -> None:
    """What is valid ends after it begins."""
    for index, row in list(batch.live()):
        ends = row.get("valid_until")
        if ends is not None and ends <= row["valid_from"]:
            batch.reject(
                index,
                "valid_until",
                Phrase("失效日期应晚于生效日期 %(day)s", day=row["valid_from"]),
            )


def store_by_code(
    model: type[SourcedModel],
    rows: Sequence[Row],
    label: Phrase,
    told: Told,
    *,
    more: Sequence[str] = (),
    by: Viewer,
    at: dt.datetime,
) -> Outcome:
    """Dated, sourced rows by code: code, name, validity, source and `more`; in a transaction.

    `label` is the code's name in the sentence that refuses a repeated one.
    """
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(batch.reject_repeats(lambda r: r["code"], "code", label))
    reject_backward(batch)
    everyone = model._default_manager.all()  # noqa: SLF001 - Django's documented way to rows
    existing = fetch_by(everyone, "code", batch.values("code"))
    names = ("code", "name", "valid_from", "valid_until", "certainty", *more)
    drafts = [
        Draft(
            {**pick(row, **{n: n for n in names}), "source": row.get("source") or ""},
            existing.get(row["code"]),
            index,
        )
        for index, row in batch.live()
    ]
    record_changes(save_drafts(model, drafts, outcome), told, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


@transaction.atomic
def store_rule_sets(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Rule sets by code."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(
        batch.reject_repeats(lambda r: r["code"], "code", Phrase("规则集编码"))
    )
    reject_backward(batch)
    existing = fetch_by(RuleSet.objects.all(), "code", batch.values("code"))
    drafts = [Draft(_set_values(row), existing.get(row["code"]), i) for i, row in batch.live()]
    record_changes(save_drafts(RuleSet, drafts, outcome), Told("pricing.rule_set"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _set_values(row: Row) -> dict[str, Any]:
    names = ("code", "name", "subject", "document", "valid_from", "valid_until", "certainty")
    values = pick(row, **{name: name for name in names}, source="source")
    values["subject"] = values.get("subject") or RuleSubject.BILLING
    for optional in ("document", "source"):
        if optional in values:
            values[optional] = values[optional] or ""
    return values


@transaction.atomic
def store_rule_parameters(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Figures by rule set and key."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(batch.reject_repeats(_rule_key, "key", Phrase("规则集的参数")))
    sets = resolve(batch, "rule_set", RuleSet.objects.all(), "code", _UNKNOWN_SET)
    related = RuleParameter.objects.select_related("rule_set")
    stored = related.filter(rule_set__in=[row.pk for row in sets.values()])
    existing = {(p.rule_set.code, p.key): p for p in stored}
    names = ("key", "name", "value", "unit", "article", "source", "certainty", "note")
    drafts = []
    for index, row in batch.live():
        values = pick(row, **{name: name for name in names})
        values = {k: "" if v is None else v for k, v in values.items()}
        values["rule_set"] = sets[row["rule_set"]]
        drafts.append(Draft(values, existing.get(_rule_key(row)), index))
    changes = save_drafts(RuleParameter, drafts, outcome)
    record_changes(changes, Told("pricing.rule_parameter"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _rule_key(row: Row) -> tuple[Any, Any]:
    return row["rule_set"], row["key"]


@transaction.atomic
def store_power_factor_steps(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Rows of a power-factor table by method, standard and power factor."""
    batch, outcome = Batch(rows), Outcome()
    repeats = batch.reject_repeats(_step_key, "power_factor", Phrase("标准的功率因数"))
    outcome.unchanged += len(repeats)
    sets = resolve(batch, "rule_set", RuleSet.objects.all(), "code", _UNKNOWN_SET)
    for index, row in list(batch.live()):
        if not 0 < row["power_factor"] <= 1:
            batch.reject(index, "power_factor", Phrase("功率因数应大于 0 且不大于 1"))
    related = PowerFactorStep.objects.select_related("rule_set")
    stored = related.filter(rule_set__in=[row.pk for row in sets.values()])
    existing = {(s.rule_set.code, s.standard, s.power_factor): s for s in stored}
    names = ("standard", "power_factor", "tangent_upper", "adjustment_percent", "source")
    drafts = [
        Draft(
            {
                **pick(row, **{name: name for name in names}, certainty="certainty"),
                "rule_set": sets[row["rule_set"]],
            },
            existing.get(_step_key(row)),
            index,
        )
        for index, row in batch.live()
    ]
    changes = save_drafts(PowerFactorStep, drafts, outcome)
    record_changes(changes, Told("pricing.power_factor_step"), by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _step_key(row: Row) -> tuple[Any, Any, Any]:
    return row["rule_set"], row["standard"], row["power_factor"]
