"""Writing the journal: one entry for each operation, chained to the one before."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from busbar.journal import queries
from busbar.journal.chain import entry_hash
from busbar.journal.models import Entry, OutboxCursor

_CHAIN_LOCK = 4_205_742_001
"""Number of the PostgreSQL advisory lock under which entries are chained."""


@dataclass(frozen=True)
class Actor:
    """Who acts: a person signed in, or the system with the name of its job."""

    id: int | None
    name: str


SYSTEM = Actor(None, "系统")


@dataclass(frozen=True)
class Happening:
    """What is to be recorded; `event` reads `room.noun.past_verb`."""

    event: str
    subject_type: str
    subject_id: int
    subject_label: str = ""
    customer_id: int | None = None
    unit_path: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def record(*, happening: Happening, actor: Actor, at: dt.datetime) -> Entry:
    """Append one entry in the caller's transaction; it appears or vanishes with the work."""
    return record_many(happenings=[happening], actor=actor, at=at)[0]


def take_turn() -> None:
    """Wait for one's turn to write, before holding any row that others want after their entry.

    Entries are chained one transaction after the other, so whoever has recorded holds the turn
    until it commits. An operation that first holds a row and then records would wait for such a
    one while that one waits for the row: it takes its turn first, in a transaction.
    """
    _lock_chain()


@transaction.atomic(savepoint=False)
def record_many(*, happenings: Sequence[Happening], actor: Actor, at: dt.datetime) -> list[Entry]:
    """Append several entries of one operation on many subjects, chained in their order."""
    _lock_chain()
    previous = queries.get_head_hash()
    entries = []
    for happening in happenings:
        entry = _entry(happening, actor, at, previous)
        entries.append(entry)
        previous = entry.hash
    return Entry.objects.bulk_create(entries, batch_size=1000)


@transaction.atomic
def take_next_entry(*, consumer: str, prefixes: Sequence[str]) -> Entry | None:
    """The next entry whose event begins with one of the prefixes; the cursor moves past it.

    Called inside the transaction of the consumer's work, so that both commit or neither does:
    each entry is acted on exactly once. A second consumer of the name waits for the first.
    """
    cursors = OutboxCursor.objects.select_for_update()
    cursor, _ = cursors.get_or_create(consumer=consumer)
    head = queries.get_head_id()
    entry = queries.find_next_entry(after=cursor.last_entry_id, upto=head, prefixes=prefixes)
    reached = entry.pk if entry else head
    if reached > cursor.last_entry_id:
        cursor.last_entry_id = reached
        cursor.save(update_fields=["last_entry_id"])
    return entry


@transaction.atomic
def advance_cursor(*, consumer: str, entry_id: int) -> None:
    """Note that the consumer has acted on everything up to and with this entry."""
    OutboxCursor.objects.update_or_create(consumer=consumer, defaults={"last_entry_id": entry_id})


def _entry(happening: Happening, actor: Actor, at: dt.datetime, previous: str) -> Entry:
    entry = Entry(
        occurred_at=at,
        event=happening.event,
        subject_type=happening.subject_type,
        subject_id=happening.subject_id,
        subject_label=happening.subject_label[:200],
        customer_id=happening.customer_id,
        unit_path=happening.unit_path,
        actor_id=actor.id,
        actor_name=actor.name,
        reason=happening.reason,
        changes=_json_native(happening.changes),
        previous_hash=previous,
    )
    entry.hash = entry_hash(previous, queries.facts_of(entry))
    return entry


def _json_native(changes: dict[str, Any]) -> dict[str, Any]:
    # Hash what the database will give back: dates and decimals as the text they are stored as,
    # and so with floats, because PostgreSQL gives back 1e16 as 10000000000000000.
    text = json.dumps(changes, cls=DjangoJSONEncoder, allow_nan=False)
    native: dict[str, Any] = json.loads(text, parse_float=str)
    return native


def _lock_chain() -> None:
    # SQLite writers already queue (transaction_mode IMMEDIATE); PostgreSQL's would fork the chain.
    if connection.vendor != "postgresql" or _holds_turn():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    transaction.on_commit(_turn_taken)


def _turn_taken() -> None:
    """Stands among the hooks of a commit while the lock is held; at the commit nothing is done.

    Django drops a hook with the transaction or the savepoint that is rolled back, and PostgreSQL
    the lock with the same, so that an operation of many parts asks for the lock once.
    """


def _holds_turn() -> bool:
    return any(hook[1] is _turn_taken for hook in connection.run_on_commit)
