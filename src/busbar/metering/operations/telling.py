"""Telling the journal which usage points' days new facts speak of, so that these are validated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.periods import local_date
from busbar.metering.operations.curves import NAMED_POINTS


@dataclass(frozen=True)
class Fact:
    """A usage point of which something is known over [since, until]."""

    point: int
    since: dt.datetime
    until: dt.datetime


def tell_facts(
    event: str, facts: Sequence[Fact], rows: int, source: str, by: Viewer, at: dt.datetime
) -> None:
    """One entry with the points (so far as they are few enough to be named) and the days."""
    if not facts:
        return
    points = sorted({fact.point for fact in facts})
    happening = Happening(
        event=event,
        subject_type=event.rpartition(".")[0],
        subject_id=0,
        subject_label=source,
        unit_path=by.unit_path,
        changes={
            "rows": rows,
            "usage_points": len(points),
            "usage_point_ids": points if len(points) <= NAMED_POINTS else None,
            "first_day": str(local_date(min(fact.since for fact in facts))),
            "last_day": str(local_date(max(fact.until for fact in facts))),
        },
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
