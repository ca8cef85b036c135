"""Reactions to what happened below: the journal read as an outbox, each entry acted on once.

A lower room writes `metering.curves.appended` and knows nothing of who cares; a reaction here
does. Each reaction has a cursor of its own, so that one that fails holds up no other; taking an
entry and acting on it are one transaction, so a kill between them loses and doubles nothing.
What a reaction does must therefore lie in the database (a row, a queued task).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from busbar.billing.release import ANNOUNCER
from busbar.jobs import (
    arrears,
    basic_services,
    billing,
    clocks,
    connections,
    lake,
    notifications,
    outages,
    papers,
    service_desk,
    vee,
)
from busbar.journal import operations as journal_operations
from busbar.journal import queries as journal_queries
from busbar.journal.models import Entry

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reaction:
    """Who reacts (the cursor's name), to events that begin how, and how."""

    name: str
    prefixes: tuple[str, ...]
    react: Callable[[Entry], None]


REACTIONS = (
    Reaction("lake.compaction", ("metering.curves.",), lake.note_touched_months),
    Reaction("metering.validation", ("metering.curves.appended",), vee.queue_check),
    Reaction("metering.facts", vee.FACT_PREFIXES, vee.queue_facts),
    Reaction("metering.outages", outages.PREFIXES, outages.tell_metering),
    Reaction("clocks.calendar", clocks.CALENDAR_PREFIXES, clocks.reckon_again),
    Reaction("notifications.people", notifications.PREFIXES, notifications.tell_people),
    Reaction(ANNOUNCER, ("billing.bill.released",), billing.tell_customer),
    Reaction("connections.processes", connections.PROCESS_PREFIXES, connections.move_processes),
    Reaction("arrears.money", arrears.PREFIXES, arrears.follow_money),
    Reaction("service_desk.satisfaction", service_desk.PREFIXES, service_desk.score_touched),
    Reaction("key_accounts.services", basic_services.PREFIXES, basic_services.raise_upon),
    Reaction("connections.papers", papers.PREFIXES, papers.tell_of_paper),
)


class ReactionFailedError(Exception):
    """Some reactions stopped at an entry; they try it again the next time."""


def work_off(reactions: tuple[Reaction, ...] = REACTIONS) -> str:
    """Let every reaction act on what is new; the sentence is the task's result.

    A reaction that fails keeps its place and is tried again next time; the others go on, and
    at the end the task fails so that somebody sees it. Where nothing is new it costs the same for
    many reactions as for one.
    """
    done = {reaction.name: 0 for reaction in reactions}
    failed: list[str] = []
    waiting = _list_waiting(reactions)
    for reaction in reactions:
        if reaction.name not in waiting:
            continue
        try:
            done[reaction.name] = react_to_all(reaction)
        except Exception as error:
            _log.exception("reaction %s stopped", reaction.name)
            failed.append(f"{reaction.name}: {error}")
        # What it did may concern those after it, in the same round.
        waiting = _list_waiting(reactions)
    if failed:
        raise ReactionFailedError("; ".join(failed))
    return ", ".join(f"{name} {count}" for name, count in done.items())


def _list_waiting(reactions: tuple[Reaction, ...]) -> set[str]:
    return journal_queries.find_waiting({one.name: one.prefixes for one in reactions})


def react_to_all(reaction: Reaction) -> int:
    """Act on every new entry, each in a transaction of its own; how many there were."""
    count = 0
    while _react_to_next(reaction):
        count += 1
    return count


@transaction.atomic
def _react_to_next(reaction: Reaction) -> bool:
    entry = journal_operations.take_next_entry(consumer=reaction.name, prefixes=reaction.prefixes)
    if entry is None:
        return False
    reaction.react(entry)
    return True
