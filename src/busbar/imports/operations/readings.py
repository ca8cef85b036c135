"""Reading files: layout, usage points, ratios, one commit into the lake (R20).

The lake commits before the database: a stop between them is healed by the next run, which names
the same delivery by the same key and is told what was done then.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from busbar.access.visibility import Viewer
from busbar.imports.models import ImportFile, ImportRun, RowError
from busbar.imports.operations.parsing import head_of, path_of, row_error
from busbar.imports.placing import Placing
from busbar.imports.reading_options import (
    ReadingOptions,
    UnableToImportReadings,
    layout_of,
    settle_options,
    used_columns,
)
from busbar.imports.tables import get_table
from busbar.kit import tables
from busbar.kit.errors import Phrase
from busbar.metering import operations as metering_operations
from busbar.metering.layouts import (
    MOST_BAD_ROWS,
    ReadingLayout,
    parse_readings,
    point_texts,
    too_many_bad_rows,
)
from busbar.metering.layouts import RowError as LayoutError

_NAMED_ERRORS = 1000
"""Rows of one unknown usage point that are listed; the others are counted."""
_NAMED_RATIOS = 50
"""Ratios that the journal lists of one file."""


def import_readings(run: ImportRun, file: ImportFile, *, by: Viewer, at: dt.datetime) -> None:
    """Bring one reading file into the lake; file counts are day curves."""
    if ImportFile.objects.filter(pk=file.pk, done=True).exists():
        return
    options = _settle(run, by=by, at=at)
    table, numbers = tables.read_columns(path_of(file), head_of(file))
    layout = layout_of(file, table, options)
    source = _Source(file, table, numbers, layout)
    used = table.select(used_columns(layout, table))
    placing = Placing(by, multiplies=options.is_secondary)
    parsed = parse_readings(used, layout, first_row=source.first_row, ratios=placing.find_ratios)
    placed = placing.place(parsed.curves)
    errors, refused = _errors(source, parsed.errors, placed.unknown)
    done = None
    if placed.curves.num_rows:
        done = metering_operations.append_curves(
            curves=placed.curves,
            commit_key=_commit_key(file, layout, placing),
            source=_source_name(options, file),
            file_name=file.name,
            told=_told(options, placing),
            by=by,
            at=at,
        )
    with transaction.atomic():
        file = ImportFile.objects.select_for_update().get(pk=file.pk)
        if file.done:
            return
        RowError.objects.bulk_create(errors, batch_size=1000)
        file.refused, file.done = refused, True
        if done is not None and not done.already:
            file.created, file.updated = done.rows_new, done.rows_changed
            file.unchanged = done.rows_unchanged
        elif done is not None:
            _count_earlier(file, done, placed.curves.num_rows)
        file.save(update_fields=["created", "updated", "unchanged", "refused", "done"])


def _count_earlier(file: ImportFile, done: Any, rows: int) -> None:
    """The lake had this delivery: made by this run before a stop, or by an earlier import."""
    earlier = ImportFile.objects.filter(sha256=file.sha256, done=True).exclude(pk=file.pk)
    if earlier.filter(created__gt=0).exists() or done.rows_received == 0:
        file.unchanged = rows
    else:
        file.created, file.updated = done.rows_new, done.rows_changed
        file.unchanged = done.rows_unchanged


def _settle(run: ImportRun, *, by: Viewer, at: dt.datetime) -> ReadingOptions:
    """Settle how the run is read, remember it of the source, and keep it for the run's page."""
    options = settle_options(run.options)
    if options.source:
        metering_operations.state_source(
            code=options.source, stamp_at=options.stamp, settings=options.settings, by=by, at=at
        )
    run.options = {**run.options, "read_as": {"stamp": options.stamp, **options.settings}}
    ImportRun.objects.filter(pk=run.pk).update(options=run.options)
    return options


def _source_name(options: ReadingOptions, file: ImportFile) -> str:
    """What the lake's rows say of where they come from."""
    name = options.source or file.name
    return f"{name} · 二次侧×CT×PT" if options.is_secondary else name


def _told(options: ReadingOptions, placing: Placing) -> dict[str, object]:
    """What the journal says of the ratios; nothing where values came in as delivered."""
    if not options.is_secondary:
        return {}
    named = [f"{ratio.normalize():f}" for ratio in placing.ratios[:_NAMED_RATIOS]]
    return {"side": options.side, "ct_pt_ratios": named, "ratio_count": len(placing.ratios)}


def _commit_key(file: ImportFile, layout: ReadingLayout, placing: Placing) -> str:
    """Names the delivery: these bytes, read in this way, for these points, by these ratios.

    Points are part of it: a file that came before one of its points was registered brings
    that point's curves when it comes again. So are ratios: corrected ones correct the curves.
    """
    told = json.dumps([file.sheet, repr(layout), placing.digest])
    return f"{file.sha256}:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class _Source:
    """The file's rows as they were read, to name and keep those that are refused."""

    file: ImportFile
    table: pa.Table
    numbers: tables.RowNumbers
    layout: ReadingLayout

    @property
    def first_row(self) -> int:
        """The file's row of the first data."""
        return int(self.numbers[0]) if len(self.numbers) else 2

    def error(self, place: int, column: str, value: str, expectation: Phrase) -> RowError:
        """An error of the row at this place of the table."""
        cells = self.table.slice(place, 1).to_pylist()[0]
        record = {name: tables.cell_text(cell) for name, cell in cells.items()}
        return row_error(self.file, int(self.numbers[place]), column, value, expectation, record)

    def rows_of(self, names: list[str]) -> list[list[int]]:
        """Places of the rows of each of these usage points."""
        if not self.layout.point_column:
            return [list(range(self.table.num_rows)) for _ in names]
        texts = point_texts(self.table[self.layout.point_column].combine_chunks())
        found = pc.index_in(texts, value_set=pa.array(names, pa.string())).fill_null(-1).to_numpy()
        order = np.argsort(found, kind="stable")
        begins = np.searchsorted(found[order], np.arange(len(names) + 1))
        return [part.tolist() for part in np.split(order, begins)[1:-1]]


def _errors(
    source: _Source, found: list[LayoutError], unknown: dict[str, Phrase]
) -> tuple[list[RowError], int]:
    """The errors with the file's own row numbers, and how many rows were refused."""
    places = [(e, e.row - source.first_row) for e in found]
    errors = [source.error(place, e.column, e.value, e.expectation) for e, place in places]
    refused = {place for _, place in places}
    column = source.layout.point_column or get_table(source.file.table).field("point").header
    for (name, expectation), rows in zip(
        unknown.items(), source.rows_of(list(unknown)), strict=True
    ):
        refused |= set(rows)
        errors += [source.error(p, column, name, expectation) for p in rows[:_NAMED_ERRORS]]
        if len(errors) > MOST_BAD_ROWS:
            told = _too_many(errors)
            raise UnableToImportReadings.saying(told)
    errors.sort(key=lambda error: error.row)
    return errors, len(refused)


def _too_many(errors: list[RowError]) -> Phrase:
    first = min(errors, key=lambda error: error.row)
    return too_many_bad_rows(LayoutError(first.row, first.column, first.value, first.expectation))
