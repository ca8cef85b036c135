"""Writing many rows of a register at once: compare with what stands, write, journal the change.

A register's operation resolves and checks its rows, hands drafts to `save_drafts` and the
changes to `record_changes`. Queries are constant a batch; a row that equals what is stored is
not written, so the same file twice changes nothing. A single-row use case is a batch of one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Phrase, Refusal

Row = Mapping[str, Any]
"""One row as the tables of `imports` name its fields; a key that is absent says nothing."""

_LOOKUP = 5000
"""Keys in one query: below every database's limit of parameters."""
_WRITE = 1000
_POSTGRESQL_UNIQUE = "23505"
"""SQLSTATE unique_violation."""
_SHOWN = 20
"""Rows of one journal entry that are named; the others are counted."""


class UnableToSaveRows(Refusal):
    """Somebody else wrote what these rows would write."""


@dataclass(frozen=True)
class Rejection:
    """A row that the register refuses: its place in the batch, field, value, what was expected."""

    index: int
    field: str
    value: str
    expectation: Phrase


@dataclass
class Outcome:
    """What became of a batch: counts of rows, and the rows that were refused."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def require(self, refusal: type[Refusal]) -> None:
        """Raise the first rejection as a refusal: for batches of one."""
        if self.rejections:
            first = self.rejections[0]
            if first.value:
                raise refusal(
                    "%(value)s：%(expectation)s", value=first.value, expectation=first.expectation
                )
            raise refusal.saying(first.expectation)


class Batch:
    """Rows on their way into a register. What is rejected takes no further part."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.rejections: list[Rejection] = []
        self._out: set[int] = set()

    def reject(self, index: int, field_name: str, expectation: Phrase) -> None:
        """Take a row out and say which of its fields stands against it, and what was expected."""
        value = self.rows[index].get(field_name)
        text = "" if value is None else str(value)
        self.rejections.append(Rejection(index, field_name, text, expectation))
        self._out.add(index)

    def live(self) -> Iterator[tuple[int, Row]]:
        """The rows not rejected so far, with their places."""
        return ((i, row) for i, row in enumerate(self.rows) if i not in self._out)

    def values(self, field_name: str) -> set[Any]:
        """The distinct values of a field among the live rows, blanks left out."""
        return {row[field_name] for _, row in self.live() if row.get(field_name) not in (None, "")}

    def reject_repeats(self, key: Callable[[Row], Any], field_name: str, what: Phrase) -> set[int]:
        """Of rows with one key keep the first; reject the others unless they say the same.

        Returns the places of the harmless repeats, which count as unchanged.
        """
        first: dict[Any, int] = {}
        same: set[int] = set()
        for index, row in list(self.live()):
            kept = first.setdefault(key(row), index)
            if kept == index:
                continue
            if dict(self.rows[kept]) == dict(row):
                same.add(index)
                self._out.add(index)
            else:
                sentence = Phrase("同一%(what)s只应出现一次，前面已有内容不同的一行", what=what)
                self.reject(index, field_name, sentence)
        return same


def fetch_by(rows: models.QuerySet[Any, Any], lookup: str, values: Iterable[Any]) -> dict[Any, Any]:
    """Rows by the value of a unique field; one query for every 5,000 values."""
    found: dict[Any, Any] = {}
    wanted = sorted(set(values), key=str)
    for start in range(0, len(wanted), _LOOKUP):
        chunk = wanted[start : start + _LOOKUP]
        for row in rows.filter(**{f"{lookup}__in": chunk}):
            value: Any = row
            for part in lookup.split("__"):
                value = getattr(value, part)
            found[value] = row
    return found


def resolve(
    batch: Batch,
    field_name: str,
    rows: models.QuerySet[Any, Any],
    lookup: str,
    expectation: Phrase,
) -> dict[Any, Any]:
    """The rows that the batch's field refers to, by their key; unknown ones are rejected."""
    found = fetch_by(rows, lookup, batch.values(field_name))
    for index, row in list(batch.live()):
        if row.get(field_name) not in (None, "") and row[field_name] not in found:
            batch.reject(index, field_name, expectation)
    return found


def resolve_units(batch: Batch, by: Viewer, field_name: str = "unit") -> dict[Any, Any]:
    """The units that rows name by code; rows outside the viewer's branch are rejected."""
    units = OrganizationUnit.objects.all()
    found = resolve(batch, field_name, units, "code", Phrase("没有这个编码的单位"))
    for index, row in list(batch.live()):
        unit = found.get(row.get(field_name))
        if unit is not None and not by.covers(unit.path):
            batch.reject(index, field_name, Phrase("该单位不在您的管辖范围内"))
    return found


def pick(row: Row, **fields: str) -> dict[str, Any]:
    """The fields that the row states, by the model's names: `pick(row, number="customer")`."""
    return {name: row[key] for name, key in fields.items() if key in row}


def reject_unseen(
    batch: Batch, existing: Mapping[Any, Any], rows: Any, by: Viewer, field_name: str
) -> None:
    """Reject rows whose key belongs to something the viewer may not see."""
    if by.sees_all or not existing:
        return
    ids = [instance.pk for instance in existing.values()]
    seen = set(fetch_by(rows.visible_to(by), "pk", ids))
    for index, row in list(batch.live()):
        instance = existing.get(row.get(field_name))
        if instance is not None and instance.pk not in seen:
            batch.reject(index, field_name, Phrase("已由其他单位登记，不在您的管辖范围内"))


@dataclass
class Draft:
    """A row ready to be stored: the model's fields by name, relations as instances.

    `existing` is the row that stands under the same key, None for a new one.
    """

    values: dict[str, Any]
    existing: Any = None
    index: int = -1


@dataclass(frozen=True)
class Change:
    """A row that was written. `before_after` is empty for a new row."""

    instance: Any
    is_new: bool
    before_after: dict[str, list[Any]] = field(default_factory=dict)


def save_drafts(
    model: type[models.Model], drafts: Sequence[Draft], outcome: Outcome
) -> list[Change]:
    """Store what is new or different, count it in the outcome, and return the changes.

    Raises UnableToSaveRows when another writer stored one of the keys since they were looked up:
    the whole batch may then be tried again.
    """
    fresh: list[Any] = []
    changes: list[Change] = []
    for draft in drafts:
        if draft.existing is None:
            instance: Any = model(**draft.values)
            fresh.append(instance)
            changes.append(Change(instance, is_new=True))
        elif differences := apply_values(draft.existing, draft.values):
            changes.append(Change(draft.existing, is_new=False, before_after=differences))
        else:
            outcome.unchanged += 1
    manager = model._default_manager  # noqa: SLF001 - see write_changed
    try:
        with transaction.atomic():
            # What ends is written before what begins: "one at a time" constraints hold.
            write_changed(model, [c.instance for c in changes if not c.is_new])
            manager.bulk_create(fresh, batch_size=_WRITE)
    except IntegrityError as clash:
        if not is_unique_clash(clash):
            raise
        raise UnableToSaveRows("刚刚有人登记了相同的内容，请再试一次") from clash
    outcome.created += len(fresh)
    outcome.updated += len(changes) - len(fresh)
    return changes


def is_unique_clash(error: IntegrityError) -> bool:
    """Whether the database refused a second row of one key, and not a row that is wrong itself."""
    cause: Any = error.__cause__
    if getattr(cause, "sqlstate", None) == _POSTGRESQL_UNIQUE:
        return True
    return getattr(cause, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_UNIQUE"


def write_changed(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Update rows by key in batches: one upsert a batch, where bulk_update builds long CASEs."""
    if not rows:
        return
    # _meta and _default_manager are Django's documented way to any model's fields and rows.
    names = [f.name for f in model._meta.concrete_fields if not f.primary_key]  # noqa: SLF001
    manager = model._default_manager  # noqa: SLF001
    manager.bulk_create(
        rows, batch_size=_WRITE, update_conflicts=True, unique_fields=["id"], update_fields=names
    )


def apply_values(instance: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the fields that differ and return {field: [before, after]}."""
    differences: dict[str, list[Any]] = {}
    for name, value in values.items():
        if isinstance(value, models.Model):
            if getattr(instance, f"{name}_id") == value.pk:
                continue
        elif _same(getattr(instance, name), value):
            continue
        differences[name] = [_shown(getattr(instance, name)), _shown(value)]
        setattr(instance, name, value)
    return differences


def _same(stored: Any, value: Any) -> bool:
    if isinstance(stored, Decimal) and isinstance(value, Decimal | int):
        return bool(stored == value)
    return bool(stored == value) and (stored is None) == (value is None)


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, models.Model | Decimal | dt.date) else value


@dataclass(frozen=True)
class Told:
    """How a register's changes are told in the journal.

    `noun` is the subject type, as `customers.account`; the events are `noun.created_verb` and
    `noun.amended_verb`. `customer_of` gives the customer of a row, None where there is none.
    """

    noun: str
    created_verb: str = "registered"
    customer_of: Callable[[Any], Any] | None = None
    unit_path_of: Callable[[Any], str] | None = None
    amended_verb: str = "amended"


def record_changes(
    changes: Sequence[Change], told: Told, *, by: Viewer, at: dt.datetime, reason: str = ""
) -> None:
    """Tell the journal: one entry a customer, unit and event.

    Rows of several units are told apart, because each is seen by its own unit. A single row is
    its own subject. Several rows are told on the customer (or on nothing), with the first 20
    named and all counted.
    """
    groups: dict[tuple[str, Any, str], list[Change]] = {}
    for change in changes:
        customer = told.customer_of(change.instance) if told.customer_of else None
        verb = told.created_verb if change.is_new else told.amended_verb
        place = told.unit_path_of(change.instance) if told.unit_path_of else ""
        groups.setdefault((verb, customer, place), []).append(change)
    happenings = [
        _happening(told, verb, customer, rows, reason)
        for (verb, customer, _place), rows in groups.items()
    ]
    if happenings:
        journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)


def _happening(told: Told, verb: str, customer: Any, rows: list[Change], reason: str) -> Happening:
    first = rows[0].instance
    alone = len(rows) == 1
    subject = first if alone else customer
    return Happening(
        event=f"{told.noun}.{verb}",
        subject_type=told.noun if alone or customer is None else "customers.customer",
        subject_id=subject.pk if subject is not None else 0,
        subject_label=str(first) if alone else f"{first} 等 {len(rows)} 条",
        customer_id=customer.pk if customer is not None else None,
        unit_path=_unit_path(told, first, customer),
        changes=_changes(rows),
        reason=reason,
    )


def _unit_path(told: Told, instance: Any, customer: Any) -> str:
    if told.unit_path_of is not None:
        return told.unit_path_of(instance)
    return str(customer.unit.path) if customer is not None else ""


def _changes(rows: list[Change]) -> dict[str, Any]:
    if len(rows) == 1:
        return dict(rows[0].before_after)
    shown: dict[str, Any] = {"count": len(rows)}
    if rows[0].is_new:
        return shown | {"rows": [str(change.instance) for change in rows[:_SHOWN]]}
    return shown | {"rows": {str(c.instance): c.before_after for c in rows[:_SHOWN]}}
