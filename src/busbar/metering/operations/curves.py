"""Curves into the lake, one commit a file, and what is remembered of their sources (R20)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.metering import lake
from busbar.metering.models import LakeCommit, ReadingSource, ReadingType, StampAt
from busbar.metering.queries import lake_root

APPENDED = "metering.curves.appended"
NAMED_POINTS = 200
"""Usage points that a journal entry names one by one."""
_READING_TYPES = (
    ("active_forward", "正向有功电量", "Wh", "active_wh"),
    ("reactive_lag", "感性无功电量", "varh", "reactive_lag_varh"),
    ("reactive_lead", "容性无功电量", "varh", "reactive_lead_varh"),
)


def append_curves(
    *,
    curves: pa.Table,
    commit_key: str,
    source: str,
    file_name: str,
    told: Mapping[str, object] | None = None,
    by: Viewer,
    at: dt.datetime,
) -> lake.LakeCommit:
    """Append one file's day curves (`CURVE_SCHEMA`) and note the commit in the database.

    The lake commits first. A stop before the database's commit is healed by running again with
    the same `commit_key`: the lake answers with what it did then and the note is made up for.
    `told` is what the journal is to say beside the counts, such as the ratios that were applied.
    The caller has checked that every usage point is visible to `by`.
    """
    done = lake.append_curves(lake_root(), curves, commit_key=commit_key, at=at, source=source)
    note_commit(done, curves, file_name, told or {}, event=APPENDED, by=by, at=at)
    return done


@transaction.atomic
def note_commit(
    done: lake.LakeCommit,
    curves: pa.Table,
    file_name: str,
    told: Mapping[str, object],
    *,
    event: str,
    by: Viewer,
    at: dt.datetime,
) -> None:
    """Keep what the lake did, and say it in the journal; once for each commit.

    The entry names months, days and up to `NAMED_POINTS` usage points; of more, whoever needs
    them asks `list_points_changed_since` with the version.
    """
    row, is_new = LakeCommit.objects.get_or_create(
        commit_key=done.commit_key,
        defaults={
            "lake_version": done.version,
            "rows_added": done.rows_written,
            "rows_unchanged": done.rows_unchanged,
            "committed_at": at,
            "file_name": file_name[:200],
        },
    )
    if not is_new or not done.rows_written:
        return
    happening = Happening(
        event=event,
        subject_type="metering.lake_commit",
        subject_id=row.pk,
        subject_label=file_name,
        unit_path=by.unit_path,
        changes={
            "months": list(done.months),
            "usage_points": pc.count_distinct(curves["usage_point_id"]).as_py(),
            "usage_point_ids": _named(curves),
            "first_day": str(pc.min(curves["day"]).as_py()),
            "last_day": str(pc.max(curves["day"]).as_py()),
            "rows_new": done.rows_new,
            "rows_changed": done.rows_changed,
            "rows_unchanged": done.rows_unchanged,
            "lake_version": done.version,
            **told,
        },
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _named(curves: pa.Table) -> list[int] | None:
    """The usage points, where they are few enough to be named."""
    ids: list[int] = sorted(pc.unique(curves["usage_point_id"]).to_pylist())
    return ids if len(ids) <= NAMED_POINTS else None


@transaction.atomic
def state_source(
    *,
    code: str,
    stamp_at: StampAt | str,
    settings: Mapping[str, object] | None = None,
    by: Viewer,
    at: dt.datetime,
) -> ReadingSource:
    """Remember how a source writes its files; said again alike, nothing happens.

    `stamp_at` is empty while only day rows came, which have no stamps.
    """
    wanted = {"stamp_at": str(stamp_at), "settings": dict(settings or {})}
    source, is_new = ReadingSource.objects.get_or_create(
        code=code, defaults={"name": code, **wanted}
    )
    before = {"stamp_at": source.stamp_at, "settings": source.settings}
    if not is_new and before == wanted:
        return source
    source.stamp_at, source.settings = str(stamp_at), dict(settings or {})
    source.save(update_fields=["stamp_at", "settings"])
    happening = Happening(
        event="metering.reading_source.stated",
        subject_type="metering.reading_source",
        subject_id=source.pk,
        subject_label=code,
        unit_path=by.unit_path,
        changes=wanted if is_new else {k: [before[k], wanted[k]] for k in wanted},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return source


def load_reading_types() -> None:
    """What the lake's channels measure; safe to run at every start."""
    for code, name, unit, channel in _READING_TYPES:
        ReadingType.objects.get_or_create(
            code=code, defaults={"name": name, "unit": unit, "lake_channel": channel}
        )
