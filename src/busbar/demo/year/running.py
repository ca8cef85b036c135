"""Telling the year: its core in one timeline, every further matter by itself; each whole or not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from busbar.connections.models import PayeeAccount
from busbar.demo.parameters import Parameters
from busbar.demo.year import ground
from busbar.demo.year.ground import BEGAN, laid_ground, lay_ground
from busbar.demo.year.matters import Year, count_matters, tell
from busbar.demo.year.moments import moment
from busbar.demo.year.plans import TOLD
from busbar.demo.year.timeline import Story, Tend, Timeline
from busbar.demo.year.town import Town, read_town
from busbar.journal import operations as journal_operations
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM, Happening

CORE = 16
"""Matters that are told before the first page; the worker tells the others after it."""
_TOLD_EVENT = "demo.matter.told"


@dataclass(frozen=True)
class Told:
    """How many matters and acts there were, and the sentences of acts that were refused."""

    matters: int
    acts: int
    refused: tuple[str, ...]


@transaction.atomic
def tell_core(*, parameters: Parameters, tend: Tend, at: dt.datetime, most: int = CORE) -> Told:
    """Lay the ground and tell the first matters, all on one line of time, in one transaction.

    Doing it again changes nothing.
    """
    if PayeeAccount.objects.exists():
        return Told(0, 0, ())
    town = read_town(parameters)
    year = Year(town, lay_ground(town))
    timeline = Timeline(until=TOLD)
    timeline.add(_strike_off(town))
    numbers = range(min(most, count_matters(parameters)))
    for number in numbers:
        timeline.add(tell(year, number))
    acts = timeline.run(since=BEGAN, tend=tend)
    _note(town, list(numbers), at)
    return Told(len(numbers), acts, tuple(timeline.refused))


def list_untold(parameters: Parameters) -> list[int]:
    """Numbers of the matters that are still to be told."""
    entries = Entry.objects.filter(event=_TOLD_EVENT).values_list("changes", flat=True)
    told = {number for changes in entries for number in changes["matters"]}
    return [number for number in range(count_matters(parameters)) if number not in told]


@transaction.atomic
def tell_matter(*, parameters: Parameters, number: int, tend: Tend, at: dt.datetime) -> Told:
    """Tell one more matter from its beginning to the base date, in one transaction.

    The jobs run before each of its acts instead of every evening: the others are told already.
    """
    if number not in list_untold(parameters):
        return Told(0, 0, ())
    town = read_town(parameters)
    timeline = Timeline(until=TOLD)
    timeline.add(tell(Year(town, laid_ground()), number))
    acts = timeline.run_alone(tend=tend)
    _note(town, [number], at)
    return Told(1, acts, tuple(timeline.refused))


def _strike_off(town: Town) -> Story:
    at = moment(dt.date(2026, 5, 12), 15, 20)
    yield at
    ground.strike_off(town, at)


def _note(town: Town, numbers: list[int], at: dt.datetime) -> None:
    """What was told is known by the journal, in the same transaction."""
    unit = town.units[min(town.units)]
    happening = Happening(
        event=_TOLD_EVENT,
        subject_type="access.organizationunit",
        subject_id=unit.pk,
        subject_label=unit.code,
        unit_path=unit.path,
        changes={"matters": numbers},
        reason="建立演示区域",
    )
    journal_operations.record(happening=happening, actor=SYSTEM, at=at)
