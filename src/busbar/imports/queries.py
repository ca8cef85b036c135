"""Reading imports: runs, what was refused and why, and the files to correct or to fill in."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Prefetch, QuerySet, Sum

from busbar.access.visibility import Viewer
from busbar.imports.matching import ERROR_COLUMNS
from busbar.imports.models import ImportFile, ImportKind, ImportRun, RowError
from busbar.imports.tables import Table, tables_of
from busbar.kit import exports
from busbar.kit.errors import Phrase


def list_runs(
    viewer: Viewer, *, kind: str = "", before_id: int | None = None, limit: int = 50
) -> list[ImportRun]:
    """Visible runs, newest first, with their files; by keyset."""
    runs = ImportRun.objects.visible_to(viewer)
    if kind:
        runs = runs.filter(kind=kind)
    if before_id is not None:
        runs = runs.filter(pk__lt=before_id)
    return list(runs.select_related("unit").prefetch_related(_files()).order_by("-id")[:limit])


def list_runs_with_refusals(
    viewer: Viewer, *, since: dt.datetime, before_id: int | None = None, limit: int
) -> list[tuple[ImportRun, int]]:
    """Visible runs created at or after `since` with refused rows and how many; newest first.

    By keyset: `before_id` is the last run of the page before.
    """
    runs = _runs_with_refusals(viewer, since)
    if before_id is not None:
        runs = runs.filter(pk__lt=before_id)
    return [(run, run.refused) for run in runs.order_by("-id")[:limit]]


def count_runs_with_refusals(viewer: Viewer, *, since: dt.datetime) -> int:
    """How many visible runs created at or after `since` left rows behind."""
    return int(_runs_with_refusals(viewer, since).count())


def _runs_with_refusals(viewer: Viewer, since: dt.datetime) -> Any:
    runs = ImportRun.objects.visible_to(viewer).filter(created_at__gte=since)
    return runs.annotate(refused=Sum("files__refused")).filter(refused__gt=0)


def get_run(viewer: Viewer, run_id: int) -> ImportRun:
    """A run with its files; `ImportRun.DoesNotExist` when unknown or not visible."""
    runs = ImportRun.objects.visible_to(viewer).select_related("unit").prefetch_related(_files())
    run: ImportRun = runs.get(pk=run_id)
    return run


def get_file(viewer: Viewer, file_id: int) -> ImportFile:
    """A file of a visible run; `ImportFile.DoesNotExist` otherwise."""
    runs = ImportRun.objects.visible_to(viewer)
    return ImportFile.objects.select_related("run").get(pk=file_id, run__in=runs)


def _files() -> Prefetch[Any]:
    return Prefetch("files", queryset=ImportFile.objects.order_by("id"))


def list_errors(
    file: ImportFile, *, after: tuple[int, int] | None = None, limit: int = 100
) -> list[RowError]:
    """Errors of a file in the order of its rows, by keyset (row, id)."""
    errors = RowError.objects.filter(file=file).order_by("row", "id")
    if after is not None:
        row, last = after
        errors = errors.filter(row__gte=row).exclude(row=row, pk__lte=last)
    return list(errors[:limit])


def write_error_file(
    file: ImportFile, *, as_excel: bool = False, say: Callable[[Phrase], str] = str
) -> bytes:
    """The refused rows with their own columns and what was wrong, to correct and import again.

    `say` tells what was expected in the reader's language. Formulas are neutralised; the importer
    takes the apostrophes off again and ignores the three added columns.
    """
    header = [*(name for name in file.header if name not in ERROR_COLUMNS), *ERROR_COLUMNS]
    buffer = io.BytesIO()
    if as_excel:
        exports.write_xlsx(
            buffer, [(file.sheet or file.name, header, _error_rows(file, header, say))]
        )
    else:
        exports.write_csv(buffer, header, _error_rows(file, header, say))
    return buffer.getvalue()


def _error_rows(
    file: ImportFile, header: list[str], say: Callable[[Phrase], str]
) -> Iterator[list[Any]]:
    row: int | None = None
    columns: list[str] = []
    expectations: list[str] = []
    record: dict[str, Any] = {}
    names = header[: -len(ERROR_COLUMNS)]
    errors: QuerySet[RowError, RowError] = RowError.objects.filter(file=file)
    for error in errors.order_by("row", "id").iterator(chunk_size=1000):
        if row is not None and error.row != row:
            yield [*_cells(record, names), row, "；".join(columns), "；".join(expectations)]
            columns, expectations = [], []
        row, record = error.row, error.record
        columns.append(error.column)
        expectations.append(say(error.expectation))
    if row is not None:
        yield [*_cells(record, names), row, "；".join(columns), "；".join(expectations)]


def _cells(record: dict[str, Any], names: list[str]) -> list[Any]:
    return [record.get(name, "") for name in names]


def write_template(kind: ImportKind | str) -> bytes:
    """An empty workbook for a kind of import: a sheet a table, and one that explains columns."""
    declared = tables_of(kind)
    notes = ["表", "列", "必填", "说明", "可填", "示例", "也认得"]
    sheets: list[tuple[str, list[str], Any]] = [
        (table.name, [field.header for field in table.fields], []) for table in declared
    ]
    buffer = io.BytesIO()
    exports.write_xlsx(buffer, [*sheets, ("填写说明", notes, _explained(declared))])
    return buffer.getvalue()


def _explained(declared: tuple[Table, ...]) -> Iterator[list[str]]:
    for table in declared:
        for field in table.fields:
            allowed = [str(choice.label) for choice in field.choices] if field.choices else []
            yield [
                table.name,
                field.header,
                "是" if field.required else "",
                field.about,
                "、".join(allowed),
                field.example,
                "、".join(field.aliases),
            ]
