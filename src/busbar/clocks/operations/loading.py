"""The shipped rule sets brought into the tables; an organization's own rows are left alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from busbar.clocks import shipped
from busbar.clocks.models import DueCause, EscalationRung, LimitRuleSet, PauseReason, TimeLimit
from busbar.clocks.operations.recalculation import recalculate
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening

_SET_FIELDS = ("name", "document", "level", "valid_from", "valid_until", "certainty", "note")
_REASON_FIELDS = (
    "name", "party", "party_name", "needs_evidence", "evidence", "source", "certainty",
)  # fmt: skip
_LIMIT_FIELDS: dict[str, Any] = {
    "name": None, "stage": "", "amount": None, "amount_unit": None, "sense": "at_most",
    "direction": "after", "binds": "company", "ends_on_working_day": False, "starts_on": [],
    "stops_on": [], "pauses_on": {}, "resumes_on": [], "extends_on": [], "cancels_on": [],
    "applies_when": {}, "parent_codes": [], "source": None, "certainty": None, "note": "",
    "document": "", "valid_until": None,
}  # fmt: skip
_EMPTY = {"valid_until": None}
"""What stands where the shipped row is silent; elsewhere empty text."""
_RUNG_FIELDS = ("moment", "amount", "audience", "words")


@dataclass(frozen=True)
class LoadedLimits:
    """How many rows a load wrote anew, changed and found as they were."""

    created: int
    updated: int
    unchanged: int


@transaction.atomic
def load_time_limits(*, at: dt.datetime) -> LoadedLimits:
    """Bring the shipped sets, pause reasons, limits and ladders in; safe to repeat.

    Open clocks are reckoned again where a figure changed. Overlays of units stay as they are.
    """
    sets, first = _bring(LimitRuleSet.objects.all(), shipped.rule_sets(), _SET_FIELDS)
    reasons, second = _bring(PauseReason.objects.all(), shipped.pause_reasons(), _REASON_FIELDS)
    third = _bring_limits(sets, reasons)
    loaded = LoadedLimits(*(sum(counts) for counts in zip(first, second, third, strict=True)))
    if loaded.created or loaded.updated:
        recalculate(cause=DueCause.RULE, at=at)
        changes = {"created": loaded.created, "updated": loaded.updated}
        happening = Happening(
            "clocks.limits.loaded", "clocks.limits", 0, "办理时限", changes=changes
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return loaded


def _bring(
    table: models.QuerySet[Any], rows: dict[str, dict[str, Any]], fields: tuple[str, ...]
) -> tuple[dict[str, Any], tuple[int, int, int]]:
    stored: dict[str, Any] = {row.code: row for row in table}
    created = updated = unchanged = 0
    for code, row in rows.items():
        wanted = {name: row.get(name, _EMPTY.get(name, "")) for name in fields}
        present = stored.get(code)
        if present is None:
            stored[code] = table.create(code=code, **wanted)
            created += 1
        elif _differs(present, wanted):
            _update(present, wanted)
            updated += 1
        else:
            unchanged += 1
    return stored, (created, updated, unchanged)


def _bring_limits(
    sets: dict[str, LimitRuleSet], reasons: dict[str, PauseReason]
) -> tuple[int, int, int]:
    rows = TimeLimit.objects.filter(unit=None).select_related("rule_set")
    rows = rows.prefetch_related("pause_reasons", "rungs")
    stored = {(row.rule_set.code, row.code, row.valid_from): row for row in rows}
    new: list[tuple[TimeLimit, dict[str, Any]]] = []
    updated = unchanged = 0
    for row in shipped.limit_rows():
        wanted = {name: row.get(name, empty) for name, empty in _LIMIT_FIELDS.items()}
        wanted["rule_set"] = sets[row["rule_set"]]
        present = stored.get((row["rule_set"], row["code"], row["valid_from"]))
        if present is None:
            fresh = TimeLimit(code=row["code"], valid_from=row["valid_from"], **wanted)
            new.append((fresh, row))
        elif _renew(present, wanted, row, reasons):
            updated += 1
        else:
            unchanged += 1
    _create_limits(new, reasons)
    return len(new), updated, unchanged


def _create_limits(
    new: list[tuple[TimeLimit, dict[str, Any]]], reasons: dict[str, PauseReason]
) -> None:
    """Limits with their pause reasons and rungs, in three statements."""
    TimeLimit.objects.bulk_create([limit for limit, _ in new])
    links = TimeLimit.pause_reasons.through
    links.objects.bulk_create(
        [
            links(timelimit_id=limit.pk, pausereason_id=reasons[code].pk)
            for limit, row in new
            for code in row.get("pause_reasons", ())
        ]
    )
    EscalationRung.objects.bulk_create(
        [
            EscalationRung(limit=limit, order=order, **values)
            for limit, row in new
            for order, values in _rungs(row).items()
        ]
    )


def _renew(
    limit: TimeLimit, wanted: dict[str, Any], row: dict[str, Any], reasons: dict[str, PauseReason]
) -> bool:
    """Bring a limit up to date; whether anything changed. Rungs are never removed."""
    changed = _differs(limit, wanted)
    if changed:
        _update(limit, wanted)
    lawful = set(row.get("pause_reasons", ()))
    if lawful != {reason.code for reason in limit.pause_reasons.all()}:
        limit.pause_reasons.set([reasons[code] for code in sorted(lawful)])
        changed = True
    climbs = {rung.order: rung for rung in limit.rungs.all()}
    for order, values in _rungs(row).items():
        if order not in climbs:
            EscalationRung.objects.create(limit=limit, order=order, **values)
            changed = True
        elif _differs(climbs[order], values):
            _update(climbs[order], values)
            changed = True
    return changed


def _rungs(row: dict[str, Any]) -> dict[int, dict[str, Any]]:
    ladder = shipped.ladders()[row.get("ladder", "none")]
    return {
        rung["order"]: {name: rung[name] for name in _RUNG_FIELDS}
        | {"amount": Decimal(rung["amount"])}
        for rung in ladder
    }


def _differs(row: models.Model, wanted: dict[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in wanted.items())


def _update(row: models.Model, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save(update_fields=list(wanted))
