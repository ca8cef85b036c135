"""Rows that hang on one customer are hung on another, and can be hung back.

Found by walking the models, so that rooms above need not be known here: foreign keys to
`Customer`, and the plain `customer_id` of rooms below. What has a twin at the other customer is
set aside whole; what may be there only once gives up its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import models

from busbar.customers.models import AccountTeamMember, Contact, Customer, TeamRole
from busbar.customers.operations.model_walk import (
    Model,
    column_named,
    columns_of,
    label_of,
    model_named,
    our_models,
    relations_to,
    rows_of,
    unique_constraints,
)
from busbar.journal.models import Entry

_YIELDS: dict[Model, tuple[str, Any, Any]] = {
    Contact: ("is_primary", True, False),
    AccountTeamMember: ("role", TeamRole.LEAD.value, TeamRole.MEMBER.value),
}
"""Field, value that only one row of a customer may have, and what the second takes instead."""
_STAYS = (Entry,)
"""The journal is append-only: timelines ask for former ids too."""


@dataclass
class Relocation:
    """What was moved, changed and set aside, as JSON has it; see `CustomerMerge`."""

    moves: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    aside: list[dict[str, Any]] = field(default_factory=list)


def relocate(source: Customer, target: Customer) -> Relocation:
    """Hang everything of `source` on `target`."""
    done = Relocation()
    for model, column in holders():
        rows = list(rows_of(model).filter(**{column.attname: source.pk}).order_by("pk"))
        if not rows:
            continue
        if _may_clash(model, column):
            rows = [row for row in rows if _fits(row, column, target, done)]
        ids = [row.pk for row in rows]
        move_rows(model, column.attname, ids, target.pk)
        done.moves.append({"model": label_of(model), "field": column.attname, "ids": ids})
    return done


def put_back(done: Relocation, *, source_id: int, target_id: int) -> None:
    """Hang back on `source` what is still where `relocate` left it; twins stand again."""
    for move in done.moves:
        model = model_named(move["model"])
        there = rows_of(model).filter(**{move["field"]: target_id})
        for ids in _chunks(move["ids"]):
            there.filter(pk__in=ids).update(**{move["field"]: source_id})
    for change in done.changes:
        rows = rows_of(model_named(change["model"])).filter(pk=change["pk"], **change["after"])
        rows.update(**change["before"])
    for one in reversed(done.aside):
        restore(one["row"])
        for reference in one["references"]:
            model = model_named(reference["model"])
            for ids in _chunks(reference["ids"]):
                rows = rows_of(model).filter(pk__in=ids, **{reference["field"]: one["twin"]})
                rows.update(**{reference["field"]: one["pk"]})


def holders() -> Iterator[tuple[Model, Any]]:
    """Models and their columns that name a customer, in the order of the rooms."""
    for model in our_models():
        if model in _STAYS:
            continue
        plain = [c for c in columns_of(model) if c.attname == "customer_id" and not c.remote_field]
        for column in [*relations_to(model, Customer), *plain]:
            yield model, column


def move_rows(model: Model, attname: str, ids: list[Any], target_id: int) -> None:
    """Point the rows at another customer."""
    for chunk in _chunks(ids):
        rows_of(model).filter(pk__in=chunk).update(**{attname: target_id})


def keep(row: models.Model) -> list[dict[str, Any]]:
    """The row as JSON, from which `restore` makes it again under its own key."""
    kept: list[dict[str, Any]] = json.loads(serializers.serialize("json", [row]))
    return kept


def restore(kept: list[dict[str, Any]]) -> None:
    """Make the row again."""
    for one in serializers.deserialize("json", json.dumps(kept)):
        one.save()


def _chunks(ids: list[Any]) -> Iterator[list[Any]]:
    return (ids[start : start + 500] for start in range(0, len(ids), 500))


def _may_clash(model: Model, column: Any) -> bool:
    return any(True for _ in _constraints(model, column))


def _constraints(model: Model, column: Any) -> Iterator[models.UniqueConstraint]:
    names = {column.name, column.attname}
    return (c for c in unique_constraints(model) if names & set(c.fields))


def _fits(row: Any, column: Any, target: Customer, done: Relocation) -> bool:
    """Make room for the row at the target; False where a twin takes its place."""
    before = {column.attname: getattr(row, column.attname)}
    setattr(row, column.attname, target.pk)
    for constraint in _constraints(type(row), column):
        if _holds(constraint, row) or _give_way(constraint, row, done):
            continue
        _set_aside(row, _twin(constraint, row, column), before, done)
        return False
    return True


def _holds(constraint: models.UniqueConstraint, row: Any) -> bool:
    try:
        constraint.validate(type(row), row)
    except ValidationError:
        return False
    return True


def _give_way(constraint: models.UniqueConstraint, row: Any, done: Relocation) -> bool:
    """Give up a place that only one row may have."""
    if type(row) not in _YIELDS or constraint.condition is None:
        return False
    name, single, instead = _YIELDS[type(row)]
    rows_of(type(row)).filter(pk=row.pk).update(**{name: instead})
    setattr(row, name, instead)
    label = label_of(type(row))
    done.changes.append(
        {"model": label, "pk": row.pk, "before": {name: single}, "after": {name: instead}}
    )
    return True


def _twin(constraint: models.UniqueConstraint, row: Any, column: Any) -> Any:
    """The row that already stands where this one would."""
    same = {}
    for name in constraint.fields:
        attname = column_named(type(row), name)
        same[attname] = getattr(row, attname)
    rows = rows_of(type(row)).filter(**same).exclude(pk=row.pk)
    if constraint.condition is not None:
        rows = rows.filter(constraint.condition)
    return rows.order_by("pk").first()


def _set_aside(row: Any, twin: Any, before: dict[str, Any], done: Relocation) -> None:
    """Keep the row in the record, let its twin answer for it, and take it away."""
    for name, value in before.items():
        setattr(row, name, value)
    kept = keep(row)
    references = [_hand_over(model, name, row, twin) for model, name in _referrers(type(row))]
    done.aside.append(
        {
            "model": label_of(type(row)),
            "pk": row.pk,
            "row": kept,
            "twin": twin.pk,
            "references": [reference for reference in references if reference["ids"]],
        }
    )
    rows_of(type(row)).filter(pk=row.pk).delete()


def _referrers(model: Model) -> Iterator[tuple[Model, str]]:
    for other in our_models():
        for column in relations_to(other, model):
            yield other, column.attname


def _hand_over(model: Model, name: str, row: Any, twin: Any) -> dict[str, Any]:
    rows = rows_of(model).filter(**{name: row.pk})
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.update(**{name: twin.pk})
    return {"model": label_of(model), "field": name, "ids": ids}
