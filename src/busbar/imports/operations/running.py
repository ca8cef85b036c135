"""Running an import: each table of each file is one transaction, or it is not there at all.

A file is read and checked before its transaction begins, so progress can be seen meanwhile. The
good rows, the errors of the others, the counts and the mark `done` are committed together: a
stop at any point leaves whole tables only, and the next run goes on with those not done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from django.db import connection, transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.registers import Outcome, Rejection
from busbar.access.visibility import Viewer
from busbar.imports.models import ImportFile, ImportKind, ImportRun, ImportState, RowError
from busbar.imports.operations.parsing import ParsedFile, parse_file, row_error
from busbar.imports.operations.readings import import_readings
from busbar.imports.operations.stores import STORES
from busbar.imports.tables import get_table
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Phrase, Reasons, Refusal
from busbar.kit.phrases import nothing
from busbar.kit.tables import cell_text

Progress = Callable[[int, int], None]


_STORE_LOCK = 0x42555342_494D50
"""Number of the PostgreSQL advisory lock under which files are stored one after the other."""


class UnableToRunImport(Refusal):
    """The run is not one that can be run now."""


def run_import(
    *, run_id: int, by: Viewer, at: dt.datetime, progress: Progress | None = None
) -> ImportRun:
    """Bring in what is not done yet of a queued run; `progress` hears (rows done, rows in all).

    A file that cannot be read at all says why in its `message`; the others go on. Runs again
    after a stop, and after a refusal once its cause is gone.
    """
    by.require(Permission.IMPORT_FILES)
    run = _start(run_id, by, at)
    watch = _Watch(run, progress)
    for file in _in_order(run):
        watch.begin(file)
        try:
            if run.kind == ImportKind.READINGS:
                import_readings(run, file, by=by, at=at)
            else:
                _store(parse_file(file, watch.report), by=by, at=at)
        except Refusal as refusal:
            ImportFile.objects.filter(pk=file.pk).update(message=refusal)
        watch.end(file)
    return _finish(run, by=by, at=at)


@transaction.atomic
def _start(run_id: int, by: Viewer, at: dt.datetime) -> ImportRun:
    run = ImportRun.objects.visible_to(by).select_for_update().filter(pk=run_id).first()
    if run is None:
        raise UnableToRunImport("没有这次导入")
    if run.state == ImportState.MAPPING:
        raise UnableToRunImport("请先确认列对应")
    if run.state == ImportState.FINISHED:
        raise UnableToRunImport("这次导入已完成")
    run.state, run.message = ImportState.RUNNING, nothing()
    run.started_at = run.started_at or at
    run.rows_done = 0
    run.save(update_fields=["state", "message", "started_at", "rows_done"])
    run.files.filter(done=False).update(message=nothing())
    started: ImportRun = run
    return started


def _in_order(run: ImportRun) -> list[ImportFile]:
    """Files in the order their tables depend on each other, whatever order they came in."""
    files = list(run.files.all())
    return sorted(files, key=lambda file: (get_table(file.table).position, file.pk))


class _Watch:
    """Keeps the run's row count, in short writes of its own between the data's transactions."""

    def __init__(self, run: ImportRun, progress: Progress | None) -> None:
        self._run, self._progress, self._before = run, progress, 0

    def begin(self, file: ImportFile) -> None:
        """A file is about to be read."""
        self.report(0)

    def report(self, rows: int) -> None:
        """So many rows of the present file are read."""
        done = min(self._before + rows, self._run.rows_total)
        ImportRun.objects.filter(pk=self._run.pk).update(rows_done=done)
        if self._progress is not None:
            self._progress(done, self._run.rows_total)

    def end(self, file: ImportFile) -> None:
        """The file is through."""
        self._before += file.rows
        self.report(0)


@transaction.atomic
def _store(parsed: ParsedFile, *, by: Viewer, at: dt.datetime) -> None:
    _wait_for_other_imports()
    file = ImportFile.objects.select_for_update().get(pk=parsed.file.pk)
    if file.done:
        return
    outcome = STORES[file.table](rows=parsed.rows, by=by, at=at)
    errors = [*parsed.errors, *_rejections(parsed, outcome)]
    errors.sort(key=lambda error: error.row)
    RowError.objects.bulk_create(errors, batch_size=1000)
    file.created, file.updated = outcome.created, outcome.updated
    file.unchanged = outcome.unchanged
    file.refused = parsed.refused + len({r.index for r in outcome.rejections})
    file.done = True
    file.save(update_fields=["created", "updated", "unchanged", "refused", "done"])


def _wait_for_other_imports() -> None:
    # Both would find a row missing and insert it. SQLite's writers queue anyway (IMMEDIATE).
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_STORE_LOCK])


def _rejections(parsed: ParsedFile, outcome: Outcome) -> list[RowError]:
    return [_rejected(parsed, rejection) for rejection in outcome.rejections]


def _rejected(parsed: ParsedFile, rejection: Rejection) -> RowError:
    """The refused row; its value as the file writes it, not as it was read (“是”, not True)."""
    texts = map(cell_text, parsed.originals[rejection.index])
    cells = dict(zip(parsed.file.header, texts, strict=False))
    column = parsed.column_of(rejection.field)
    return row_error(
        parsed.file,
        parsed.places[rejection.index],
        column,
        cells.get(column, rejection.value),
        rejection.expectation,
        cells,
    )


@transaction.atomic
def _finish(run: ImportRun, *, by: Viewer, at: dt.datetime) -> ImportRun:
    """One journal entry says what came in, also when nothing changed."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    files = list(run.files.order_by("id"))
    failed = [file for file in files if not file.done]
    run.state = ImportState.REFUSED if len(failed) == len(files) else ImportState.FINISHED
    run.message = _why_not_done(failed)
    run.finished_at, run.rows_done = at, run.rows_total
    run.unit = run.unit or OrganizationUnit.objects.order_by("path").first()
    run.save(update_fields=["state", "message", "finished_at", "rows_done", "unit"])
    happening = Happening(
        event=f"imports.run.{run.state}",
        subject_type="imports.run",
        subject_id=run.pk,
        subject_label=str(run.get_kind_display()),
        unit_path=run.unit.path if run.unit else "",
        changes={"files": [_told(file) for file in files[:50]], "count": len(files)},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return run


def _why_not_done(failed: Sequence[ImportFile]) -> Phrase:
    if not failed:
        return nothing()
    reasons = Reasons(
        Phrase("%(table)s：%(why)s", table=file.name, why=file.message) for file in failed
    )
    return Phrase("%(reasons)s", reasons=reasons)


def _told(file: ImportFile) -> dict[str, object]:
    return {
        "name": file.name,
        "sheet": file.sheet,
        "table": file.table,
        "sha256": file.sha256,
        "created": file.created,
        "updated": file.updated,
        "unchanged": file.unchanged,
        "refused": file.refused,
        "message": str(file.message),
    }
