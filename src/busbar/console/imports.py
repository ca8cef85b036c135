"""数据导入: files in, mapping confirmed, progress watched, refused rows out to be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_q.tasks import async_task

from busbar.access.permissions import Permission
from busbar.console.exporting import as_attachment
from busbar.console.metering.words import STARTS
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, page_number
from busbar.console.workers import has_worker
from busbar.imports import operations as imports_operations
from busbar.imports import preview
from busbar.imports import queries as imports_queries
from busbar.imports.models import ImportFile, ImportKind, ImportRun, ImportState
from busbar.imports.operations import Incoming
from busbar.imports.tables import tables_of
from busbar.kit.errors import Refusal

PAGE = 30
ERRORS = 100
RUN_JOB = "busbar.jobs.imports.run_import"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS = ("source", "side", "stamp", "midnight", "unit", "channel", "point")
UNITS = ("kwh", "wh", "mwh", "kw", "w", "mw")


@require_safe
def import_list(request: StaffRequest) -> HttpResponse:
    """Runs of the branch, newest first."""
    request.viewer.require(Permission.IMPORT_FILES)
    kind = request.GET.get("kind", "")
    runs = imports_queries.list_runs(
        request.viewer,
        kind=kind if kind in ImportKind.values else "",
        before_id=page_number(request, "before", 0) or None,
        limit=PAGE + 1,
    )
    context = {
        "runs": [(run, _counts(run)) for run in runs[:PAGE]],
        "last": runs[:PAGE][-1] if runs else None,
        "more": len(runs) > PAGE,
        "kind": kind,
        "kinds": ImportKind.choices,
        "worker": has_worker(),
    }
    return render(request, "console/imports/list.html", context)


@require_http_methods(["GET", "POST"])
def import_new(request: StaffRequest) -> HttpResponse:
    """Choose what is brought in and drop the files; each table is recognised by its content."""
    request.viewer.require(Permission.IMPORT_FILES)
    kind, problem = request.POST.get("kind") or request.GET.get("kind", ""), ""
    if request.method == "POST":
        try:
            return redirect("import_mapping", _receive(request, kind).pk)
        except Refusal as refusal:
            problem = said(refusal)
    context = {
        "kinds": [(k, tables_of(k)) for k in ImportKind],
        "kind": kind if kind in ImportKind.values else ImportKind.ARCHIVE.value,
        "problem": problem,
    }
    status = 422 if problem else 200
    return render(request, "console/imports/new.html", context, status=status)


@require_safe
def import_template(request: StaffRequest, kind: str) -> HttpResponse:
    """An empty workbook with the columns and what may stand in them."""
    request.viewer.require(Permission.IMPORT_FILES)
    if kind not in ImportKind.values:
        raise Http404
    name = f"{ImportKind(kind).label}{_('导入模板')}.xlsx"
    return as_attachment(imports_queries.write_template(kind), name, XLSX)


@require_http_methods(["GET", "POST"])
def import_mapping(request: StaffRequest, run_id: int) -> HttpResponse:
    """Which table each file is, which column is which field; confirming queues the run."""
    request.viewer.require(Permission.IMPORT_FILES)
    run, problem = imports_queries.get_run(request.viewer, run_id), ""
    if run.state != ImportState.MAPPING:
        return redirect("import", run.pk)
    if request.method == "POST":
        try:
            _confirm(request, run)
            return redirect("import", run.pk)
        except Refusal as refusal:
            problem = said(refusal)
    context = {
        "run": run,
        "mappings": [_as_posted(request, m) for m in preview.list_file_mappings(run)],
        "problem": problem,
        **_choices(request, run),
    }
    status = 422 if problem else 200
    return render(request, "console/imports/mapping.html", context, status=status)


@require_safe
def import_file_fields(request: StaffRequest, file_id: int) -> HttpResponse:
    """The fields of the table that was chosen for a file, matched afresh."""
    request.viewer.require(Permission.IMPORT_FILES)
    file = imports_queries.get_file(request.viewer, file_id)
    chosen = request.GET.get(f"table-{file.pk}", "")
    known = {table.key for table in tables_of(file.run.kind)}
    mapping = preview.map_file(file, chosen if chosen in known else "")
    context = {"mapping": mapping, "tables": tables_of(file.run.kind), "run": file.run}
    return render(request, "console/imports/_file.html", context)


@require_safe
def import_curve(request: StaffRequest, file_id: int) -> HttpResponse:
    """The file's first day as a curve, read the way the form says now."""
    request.viewer.require(Permission.IMPORT_FILES)
    file = imports_queries.get_file(request.viewer, file_id)
    file.table = request.GET.get(f"table-{file.pk}", file.table)
    context: dict[str, object] = {"file": file, "curve_id": f"curve-data-{file.pk}"}
    try:
        day = preview.read_first_day(
            file,
            mapping=_posted_mapping(request.GET, file) or file.mapping,
            options=_options(request.GET),
            by=request.viewer,
        )
        context["day"] = day
        context["curve"] = {"times": STARTS, "load_kw": day.load_kw}
    except Refusal as refusal:
        context["problem"] = said(refusal)
    return render(request, "console/imports/_curve.html", context)


@require_safe
def import_run(request: StaffRequest, run_id: int) -> HttpResponse:
    """A run: how far it is, then what came in and what was refused."""
    request.viewer.require(Permission.IMPORT_FILES)
    run = imports_queries.get_run(request.viewer, run_id)
    context = {
        "run": run,
        "files": [(file, imports_queries.list_errors(file, limit=10)) for file in _failing(run)],
        "counts": _counts(run),
        "read_as": {**run.options, **run.options.get("read_as", {})},
        "worker": has_worker(),
        "is_underway": run.state in {ImportState.QUEUED, ImportState.RUNNING},
    }
    name = "_progress" if request.htmx and context["is_underway"] else "run"
    response = render(request, f"console/imports/{name}.html", context)
    if request.htmx and not context["is_underway"]:
        response["HX-Refresh"] = "true"
    return response


@require_safe
def import_errors(request: StaffRequest, file_id: int) -> HttpResponse:
    """Every refused row of a file, by keyset."""
    request.viewer.require(Permission.IMPORT_FILES)
    file = imports_queries.get_file(request.viewer, file_id)
    row, key = page_number(request, "row", 0), page_number(request, "id", 0)
    after = (row, key) if row else None
    errors = imports_queries.list_errors(file, after=after, limit=ERRORS + 1)
    context = {"file": file, "errors": errors[:ERRORS], "more": len(errors) > ERRORS}
    return render(request, "console/imports/errors.html", context)


@require_safe
def import_error_file(request: StaffRequest, file_id: int, form: str) -> HttpResponse:
    """The refused rows as a file to correct and bring in again."""
    request.viewer.require(Permission.IMPORT_FILES)
    file = imports_queries.get_file(request.viewer, file_id)
    content = imports_queries.write_error_file(file, as_excel=form == "xlsx", say=said)
    stem = file.name.rsplit(".", 1)[0]
    name = f"{stem}_{_('待改正')}.{form}"
    return as_attachment(content, name, XLSX if form == "xlsx" else "text/csv; charset=utf-8")


@require_POST
def import_again(request: StaffRequest, run_id: int) -> HttpResponse:
    """Queue a run once more: it goes on with the files that are not done."""
    request.viewer.require(Permission.IMPORT_FILES)
    run = imports_queries.get_run(request.viewer, run_id)
    if run.state not in {ImportState.MAPPING, ImportState.FINISHED}:
        async_task(RUN_JOB, run.pk, group="imports")
        messages.success(request, _("已重新排队"))
    return redirect("import", run.pk)


@require_POST
def import_discard(request: StaffRequest, run_id: int) -> HttpResponse:
    """Drop a run that still waits for its mapping."""
    request.viewer.require(Permission.IMPORT_FILES)
    imports_queries.get_run(request.viewer, run_id)
    try:
        imports_operations.discard_run(run_id=run_id, by=request.viewer, at=timezone.now())
        messages.success(request, _("已放弃这次导入"))
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("import_list")


def _receive(request: StaffRequest, kind: str) -> ImportRun:
    if kind not in ImportKind.values:
        raise imports_operations.UnableToReceiveFiles(_("请选择导入的内容"))
    files = [
        Incoming(upload.name or "", upload.chunks()) for upload in request.FILES.getlist("files")
    ]
    return imports_operations.receive_files(
        kind=kind, files=files, by=request.viewer, at=timezone.now()
    )


def _confirm(request: StaffRequest, run: ImportRun) -> None:
    files = list(run.files.all())
    imports_operations.confirm_mapping(
        run_id=run.pk,
        by=request.viewer,
        at=timezone.now(),
        tables_by_file={f.pk: request.POST.get(f"table-{f.pk}", f.table) for f in files},
        mappings_by_file={f.pk: _posted_mapping(request.POST, f) for f in files},
        options=_options(request.POST) if run.kind == ImportKind.READINGS else {},
    )
    async_task(RUN_JOB, run.pk, group="imports")


def _posted_mapping(given: Mapping[str, str], file: ImportFile) -> dict[str, str]:
    """{our field: their column} from the form's `map-<file>-<field>`."""
    start = f"map-{file.pk}-"
    return {key.removeprefix(start): v for key, v in given.items() if key.startswith(start) and v}


def _options(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given.get(name, "").strip() for name in OPTIONS if given.get(name, "").strip()}


def _as_posted(request: HttpRequest, mapping: preview.FileMapping) -> preview.FileMapping:
    """What somebody had chosen before a refusal stays chosen."""
    if request.method != "POST":
        return mapping
    file = mapping.file
    key = request.POST.get(f"table-{file.pk}", file.table)
    if key not in {table.key for table in tables_of(file.run.kind)}:
        return mapping
    fresh, posted = preview.map_file(file, key), _posted_mapping(request.POST, file)
    fields = [preview.FieldChoice(c.field, posted.get(c.field.key, "")) for c in fresh.fields]
    return preview.FileMapping(file, fresh.table, fields, fresh.remembered, fresh.sample)


def _choices(request: StaffRequest, run: ImportRun) -> dict[str, Any]:
    return {
        "tables": tables_of(run.kind),
        "is_readings": run.kind == ImportKind.READINGS,
        "sources": preview.list_sources() if run.kind == ImportKind.READINGS else [],
        "units": UNITS,
        "options": {**run.options, **_options(request.POST)},
        "worker": has_worker(),
    }


def _counts(run: ImportRun) -> dict[str, int]:
    """Rows created, updated, unchanged, refused over all files of the run."""
    names = ("created", "updated", "unchanged", "refused")
    files = list(run.files.all())
    return {name: sum(getattr(file, name) for file in files) for name in names}


def _failing(run: ImportRun) -> list[ImportFile]:
    return [file for file in run.files.all() if file.refused]


urlpatterns = [
    path("imports/", import_list, name="import_list"),
    path("imports/new/", import_new, name="import_new"),
    path("imports/templates/<str:kind>/", import_template, name="import_template"),
    path("imports/<int:run_id>/", import_run, name="import"),
    path("imports/<int:run_id>/mapping/", import_mapping, name="import_mapping"),
    path("imports/<int:run_id>/again/", import_again, name="import_again"),
    path("imports/<int:run_id>/discard/", import_discard, name="import_discard"),
    path("imports/files/<int:file_id>/fields/", import_file_fields, name="import_file_fields"),
    path("imports/files/<int:file_id>/curve/", import_curve, name="import_curve"),
    path("imports/files/<int:file_id>/errors/", import_errors, name="import_errors"),
    path(
        "imports/files/<int:file_id>/errors.csv",
        import_error_file,
        {"form": "csv"},
        name="import_errors_csv",
    ),
    path(
        "imports/files/<int:file_id>/errors.xlsx",
        import_error_file,
        {"form": "xlsx"},
        name="import_errors_xlsx",
    ),
]
