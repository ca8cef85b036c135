"""Reading the journal: its head, its timeline, whether its chain still holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from busbar.journal.chain import GENESIS, entry_hash
from busbar.journal.models import Entry, OutboxCursor

FACTS = (
    "occurred_at",
    "event",
    "subject_type",
    "subject_id",
    "subject_label",
    "customer_id",
    "unit_path",
    "actor_id",
    "actor_name",
    "reason",
    "changes",
)
"""The fields that the hash covers, in one place for writer and verifier."""

_LOOK_AHEAD = 500
"""Newest entries that are looked through for all consumers of the outbox at once."""
_TOP = 3
"""Length of the path of the company itself."""


@dataclass(frozen=True)
class Break:
    """The first place where the chain does not hold."""

    entry_id: int
    explanation: str


@dataclass(frozen=True)
class Verification:
    """What `verify_chain` found: entries read, the head's hash, the first break if any."""

    entries: int
    head: str
    broken: Break | None


def get_head_hash() -> str:
    """Hash of the newest entry, or the genesis hash of an empty journal."""
    head = Entry.objects.order_by("-id").values_list("hash", flat=True).first()
    return head or GENESIS


def get_head_id() -> int:
    """Number of the newest entry, or 0 of an empty journal."""
    return Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0


def find_next_entry(*, after: int, upto: int, prefixes: Sequence[str]) -> Entry | None:
    """The first entry numbered in `(after, upto]` whose event begins with one of the prefixes."""
    begins = Q(pk__in=[])
    for prefix in prefixes:
        begins |= Q(event__startswith=prefix)
    return Entry.objects.filter(begins, id__gt=after, id__lte=upto).order_by("id").first()


def find_waiting(consumers: Mapping[str, Sequence[str]]) -> set[str]:
    """Names of the consumers that may find an entry for them, by the prefixes of each.

    In two queries for all of them; none is missed. One that is more than `_LOOK_AHEAD` entries
    behind is named unlooked: it reads on by itself and moves up.
    """
    rows = OutboxCursor.objects.filter(consumer__in=consumers)
    reached = dict.fromkeys(consumers, 0) | dict(rows.values_list("consumer", "last_entry_id"))
    newest = Entry.objects.order_by("-id").values_list("id", "event")
    recent = list(newest.filter(id__gt=min(reached.values(), default=0))[: _LOOK_AHEAD + 1])
    oldest = recent[-1][0] if len(recent) > _LOOK_AHEAD else 0
    return {
        name
        for name, prefixes in consumers.items()
        if reached[name] < oldest - 1
        or any(pk > reached[name] and event.startswith(tuple(prefixes)) for pk, event in recent)
    }


def facts_of(entry: Entry) -> dict[str, object]:
    """The entry's facts as the hash sees them."""
    return {name: getattr(entry, name) for name in FACTS}


def list_customer_entries(
    *,
    customer_id: int,
    former_ids: Sequence[int] = (),
    before_id: int | None,
    limit: int,
    branch: str | None = None,
) -> list[Entry]:
    """A customer's timeline, newest first, by keyset. The caller has checked visibility.

    `former_ids` are of customers that went into this one: what happened to them before.
    `branch` (a unit's path) leaves only what concerns that branch of the tree: for a viewer who
    sees the customer only in part. None leaves all.
    """
    entries = _within(Entry.objects.of_customer(customer_id, *former_ids), branch)
    if before_id is not None:
        entries = entries.filter(id__lt=before_id)
    return list(entries.order_by("-id")[:limit])


@dataclass(frozen=True)
class EntryFilter:
    """What a list of entries is narrowed to; empty fields do not narrow. Times `[since, until)`."""

    event: str = ""
    subject: str = ""
    actor: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def list_entries(
    *, branch: str | None, narrowed: EntryFilter, before_id: int | None, limit: int
) -> list[Entry]:
    """Entries newest first, by keyset, as far as the branch of the tree sees them.

    `branch` is a unit's path, None for everything, empty for nothing. What concerns the whole
    company (no unit) belongs to the top of the tree.
    """
    entries = _narrowed(_of_branch(branch), narrowed)
    if before_id is not None:
        entries = entries.filter(id__lt=before_id)
    return list(entries.order_by("-id")[:limit])


def get_entry(*, branch: str | None, entry_id: int) -> Entry:
    """One entry; Entry.DoesNotExist when the branch may not see it."""
    return _of_branch(branch).get(pk=entry_id)


def list_events() -> list[str]:
    """The events that have happened, by name."""
    return list(Entry.objects.order_by("event").values_list("event", flat=True).distinct())


def _of_branch(branch: str | None) -> QuerySet[Entry]:
    return _within(Entry.objects.all(), branch)


def _within(entries: QuerySet[Entry], branch: str | None) -> QuerySet[Entry]:
    if branch is None:
        return entries
    if not branch:
        return entries.none()
    # The end of the branch as text: the path's number, one higher (see access.paths).
    end = f"{int(branch) + 1:0{len(branch)}d}"
    seen = Q(unit_path__gte=branch, unit_path__lt=end)
    return entries.filter(seen | Q(unit_path="") if len(branch) == _TOP else seen)


def _narrowed(entries: QuerySet[Entry], narrowed: EntryFilter) -> QuerySet[Entry]:
    facts = {
        "event": narrowed.event,
        "subject_label__contains": narrowed.subject,
        "actor_name__contains": narrowed.actor,
        "occurred_at__gte": narrowed.since,
        "occurred_at__lt": narrowed.until,
    }
    return entries.filter(**{name: value for name, value in facts.items() if value})


def list_entries_after(*, consumer: str, limit: int) -> list[Entry]:
    """What the consumer has not yet read, oldest first.

    Entries are numbered under the chain's lock, so numbers appear in commit order and a
    cursor can never overtake an entry that commits later.
    """
    cursor = OutboxCursor.objects.filter(consumer=consumer).first()
    after = cursor.last_entry_id if cursor else 0
    return list(Entry.objects.filter(id__gt=after).order_by("id")[:limit])


def verify_chain(*, expected_head: str | None = None) -> Verification:
    """Recompute the whole chain; report the first entry that was altered, removed or inserted.

    Rows cut from the end leave a chain that holds, so an operator who keeps the head hash
    of yesterday passes it as `expected_head`: it must still be in the chain.
    """
    previous, count, seen = GENESIS, 0, expected_head in (None, GENESIS)
    for entry in _entries():
        count += 1
        broken = _check(entry, previous)
        if broken:
            return Verification(count, previous, broken)
        previous = entry.hash
        seen = seen or previous == expected_head
    lost = f"链中找不到给定的校验值 {expected_head}：末尾条目已被删除"
    missing = None if seen else Break(0, lost)
    return Verification(count, previous, missing)


def _entries() -> Iterator[Entry]:
    return Entry.objects.order_by("id").iterator(chunk_size=2000)


def _check(entry: Entry, previous: str) -> Break | None:
    if entry.previous_hash != previous:
        return Break(entry.id, "与前一条目不相接：其间有条目被删除、插入或调换")
    if entry_hash(previous, facts_of(entry)) != entry.hash:
        return Break(entry.id, "内容与其校验值不符：条目被改动")
    return None
