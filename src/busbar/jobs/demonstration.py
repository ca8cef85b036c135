"""The demonstration's year: the jobs of a past day, and matters told after the first page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from busbar.clocks import operations as clocks_operations
from busbar.connections import operations as connections_operations
from busbar.demo.operations import tell_next_matter
from busbar.demo.parameters import Parameters
from busbar.jobs import outbox
from busbar.jobs.workflow import tend_processes_at

_FRIDAY = 4


def tend_day(at: dt.datetime) -> None:
    """What the timetable would have done by that moment; people are told once a week.

    A message about every task the moment it opens would only fill inboxes of an invented past.
    """
    connections_operations.lapse_schemes(at=at)
    for reaction in outbox.REACTIONS:
        if reaction.name == "connections.processes":
            outbox.react_to_all(reaction)
    tend_processes_at(at=at)
    if at.weekday() == _FRIDAY:
        clocks_operations.climb_ladders(at=at)
        outbox.work_off()


def tend_matter(at: dt.datetime) -> None:
    """The same before one act of a matter that is told by itself."""
    connections_operations.lapse_schemes(at=at)
    tend_processes_at(at=at)
    clocks_operations.climb_ladders(at=at)
    outbox.work_off()


def queue_matters(parameters: Parameters) -> None:
    """Hand what is still to be told to the worker."""
    words = (parameters.customers, parameters.months, parameters.seed)
    async_task("busbar.jobs.demonstration.tell_matters", *words, group="demonstration")


def tell_all(parameters: Parameters, *, say: Callable[[str], None]) -> None:
    """Tell everything that is left, here and now, a line each; for a build without a server."""
    outbox.work_off()
    while (told := _tell_next(parameters)) is not None:
        say(told)
    say("演示业务已全部生成")


def tell_matters(customers: int, months: int, seed: int) -> str:
    """Tell the next matter and queue the one after it; delivered again after a kill, tells on.

    What lies in the outbox is worked off first, entry by entry: within the matter's transaction
    the whole import would be, and nobody could sign in for two minutes.
    """
    outbox.work_off()
    parameters = Parameters(customers=customers, months=months, seed=seed)
    with transaction.atomic():
        told = _tell_next(parameters)
        if told is not None:
            queue_matters(parameters)
    return told or "演示业务已全部生成"


def _tell_next(parameters: Parameters) -> str | None:
    at, home = dt.datetime.now(dt.UTC), Path(settings.BUSBAR_HOME)
    return tell_next_matter(parameters=parameters, home=home, tend=tend_matter, at=at)
