"""Files come in: kept by digest, told by content, tables recognised, mappings suggested."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.imports import matching
from busbar.imports.models import (
    ColumnMapping,
    ImportFile,
    ImportKind,
    ImportRun,
    ImportState,
)
from busbar.imports.tables import Table, get_table, tables_of
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit import contents, tables
from busbar.kit.errors import Listing, Phrase, Refusal

_PROVINCE_PATH = 3
"""Length of the path of the top unit: prices and rules are entered there."""
_MOST_ROWS = 200_000
"""Of a register's table: its rows are checked in memory, and a file can be parted."""


class UnableToReceiveFiles(Refusal):
    """The files cannot be taken in."""


class UnableToConfirmMapping(Refusal):
    """The mapping leaves a required column open, or names one that the file has not."""


@dataclass(frozen=True)
class Incoming:
    """A file as it arrives: its name and its bytes in pieces."""

    name: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class _Received:
    name: str
    stored: contents.StoredFile
    heads: list[tables.TableHead]


def receive_files(
    *,
    kind: ImportKind | str,
    files: Sequence[Incoming],
    by: Viewer,
    at: dt.datetime,
    table: str = "",
    options: Mapping[str, Any] | None = None,
) -> ImportRun:
    """Keep the files and open a run that waits for its mapping to be confirmed.

    `table` names the table where headers alone do not tell. `options` are for readings: source,
    side (primary | secondary), stamp (start | end), midnight (next | same), unit, channel, point,
    formats.
    """
    by.require(Permission.IMPORT_FILES)
    kind = ImportKind(kind)
    _require_place(kind, by)
    if not files:
        raise UnableToReceiveFiles("没有选择文件")
    if table and table not in {t.key for t in tables_of(kind)}:
        known = "、".join(t.key for t in tables_of(kind))
        raise UnableToReceiveFiles(
            "没有名为 %(table)s 的表；%(label)s有：%(known)s",
            table=table,
            label=kind.label,
            known=known,
        )
    received = [_keep(incoming) for incoming in files]
    return _open_run(kind, received, table, dict(options or {}), by=by, at=at)


def _require_place(kind: ImportKind, by: Viewer) -> None:
    if kind == ImportKind.TARIFFS and not by.sees_all and len(by.unit_path) != _PROVINCE_PATH:
        raise UnableToReceiveFiles("电价与规则全省通用，由省公司导入")


def _keep(incoming: Incoming) -> _Received:
    root = Path(settings.FILES_ROOT) / "imports"
    limit = settings.BUSBAR_UPLOAD_MAX_BYTES
    name = Path(incoming.name.replace("\\", "/")).name[:200]
    try:
        stored = contents.store_by_digest(root, incoming.chunks, max_bytes=limit)
        heads = tables.list_heads(stored.path)
    except Refusal as refusal:
        raise UnableToReceiveFiles("%(name)s：%(refusal)s", name=name, refusal=refusal) from refusal
    if not heads:
        raise UnableToReceiveFiles("%(name)s：文件里没有带表头的表", name=name)
    return _Received(name, stored, heads)


@transaction.atomic
def _open_run(
    kind: ImportKind,
    received: list[_Received],
    table: str,
    options: dict[str, Any],
    *,
    by: Viewer,
    at: dt.datetime,
) -> ImportRun:
    run = ImportRun.objects.create(
        kind=kind,
        state=ImportState.MAPPING,
        unit=_unit_of(by),
        created_at=at,
        created_by_id=by.user_id,
        created_by=by.name,
        options=options,
    )
    remembered = _Remembered()
    files = [file for one in received for file in _files_of(run, one, table, remembered)]
    run.rows_total = sum(file.rows for file in files)
    run.save(update_fields=["rows_total"])
    ImportFile.objects.bulk_create(files)
    return run


def _unit_of(by: Viewer) -> OrganizationUnit | None:
    if by.unit_path:
        return OrganizationUnit.objects.filter(path=by.unit_path).first()
    return OrganizationUnit.objects.order_by("path").first()


class _Remembered:
    """Mappings that somebody confirmed, by table and header."""

    def __init__(self) -> None:
        self._known = {(m.table, m.header_digest): m.mapping for m in ColumnMapping.objects.all()}

    def find(self, table: str, header: Sequence[str]) -> dict[str, str] | None:
        """The confirmed mapping, if all its columns are there."""
        mapping = self._known.get((table, matching.header_digest(header)))
        return mapping if mapping and set(mapping.values()) <= set(header) else None


def _files_of(
    run: ImportRun, one: _Received, table: str, remembered: _Remembered
) -> list[ImportFile]:
    """The tables of a file; sheets that are none of ours are left out if others are."""
    files = [_file_of(run, one, head, table, remembered) for head in one.heads]
    known = [file for file in files if file.table]
    return known or files[:1]


def _file_of(
    run: ImportRun, one: _Received, head: tables.TableHead, table: str, remembered: _Remembered
) -> ImportFile:
    chosen = get_table(table) if table else None
    if chosen is None:
        title = head.sheet or Path(one.name).stem
        found = matching.recognize(tables_of(run.kind), head.header, title)
        chosen = found.table if found else None
    mapping = _mapping_for(chosen, head.header, remembered) if chosen else {}
    if chosen and (why := _excess(run, head) or _ambiguity(head.header, mapping)):
        table_name = f"{one.name} {head.sheet}".strip()
        raise UnableToReceiveFiles("%(table)s：%(why)s", table=table_name, why=why)
    return ImportFile(
        run=run,
        name=one.name,
        sheet=head.sheet,
        table=chosen.key if chosen else "",
        path=str(one.stored.path.relative_to(settings.BUSBAR_HOME)),
        sha256=one.stored.sha256,
        size_bytes=one.stored.size_bytes,
        header=list(head.header),
        header_row=head.header_row,
        rows=head.rows,
        mapping=mapping,
    )


def _excess(run: ImportRun, head: tables.TableHead) -> Phrase | None:
    """Why a table is too long; curves are read as columns and may be as long as they are."""
    if run.kind == ImportKind.READINGS or head.rows <= _MOST_ROWS:
        return None
    return Phrase(
        "有 %(rows)s 行，一次至多 %(most)s 行；请分成几份再导入",
        rows=f"{head.rows:,}",
        most=f"{_MOST_ROWS:,}",
    )


def _ambiguity(header: Sequence[str], mapping: Mapping[str, str]) -> Phrase | None:
    """Which column name stands twice in the file, and where; None when none does."""
    repeat = matching.find_repeat(header, dict(mapping))
    if repeat is None:
        return None
    name, first, second = repeat
    return Phrase(
        "表头中“%(name)s”出现了两次（第 %(first)s 列和第 %(second)s 列），分不清该读哪一列；"
        "请在文件里改名或删去其中一列，再重新上传",
        name=name,
        first=first,
        second=second,
    )


def _mapping_for(table: Table, header: Sequence[str], remembered: _Remembered) -> dict[str, str]:
    return remembered.find(table.key, header) or matching.suggest_mapping(table, header)


@transaction.atomic
def confirm_mapping(
    *,
    run_id: int,
    by: Viewer,
    at: dt.datetime,
    tables_by_file: Mapping[int, str] | None = None,
    mappings_by_file: Mapping[int, Mapping[str, str]] | None = None,
    options: Mapping[str, Any] | None = None,
) -> ImportRun:
    """Settle which table each file is and which column is which; remember it; queue the run.

    Files that are not named keep what was suggested. Raises UnableToConfirmMapping, with file
    and column, when a required column is open: nothing is queued then.
    """
    by.require(Permission.IMPORT_FILES)
    run = ImportRun.objects.visible_to(by).select_for_update().filter(pk=run_id).first()
    if run is None:
        raise UnableToConfirmMapping("没有这次导入")
    if run.state != ImportState.MAPPING:
        raise UnableToConfirmMapping("这次导入已是“%(state)s”", state=run.get_state_display())
    _require_place(ImportKind(run.kind), by)
    for file in run.files.order_by("id"):
        chosen = (tables_by_file or {}).get(file.pk, file.table)
        _settle(run, file, chosen, (mappings_by_file or {}).get(file.pk), by=by, at=at)
    run.state = ImportState.QUEUED
    run.options = {**run.options, **(options or {})}
    run.save(update_fields=["state", "options"])
    confirmed: ImportRun = run
    return confirmed


def _settle(
    run: ImportRun,
    file: ImportFile,
    chosen: str,
    given: Mapping[str, str] | None,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    where = f"{file.name} {file.sheet}".strip()
    if chosen not in {t.key for t in tables_of(run.kind)}:
        names = "、".join(f"{t.key}（{t.name}）" for t in tables_of(run.kind))
        raise UnableToConfirmMapping(
            "%(where)s：认不出是哪张表，请指明；可选：%(names)s", where=where, names=names
        )
    table = get_table(chosen)
    if given is None and chosen != file.table:
        given = matching.suggest_mapping(table, file.header)
    mapping = {k: v for k, v in (given if given is not None else file.mapping).items() if v}
    _check_mapping(where, table, file.header, mapping)
    file.table, file.mapping = chosen, mapping
    file.save(update_fields=["table", "mapping"])
    ColumnMapping.objects.update_or_create(
        table=chosen,
        header_digest=matching.header_digest(file.header),
        defaults={"mapping": mapping, "confirmed_at": at, "confirmed_by": by.name},
    )


def _check_mapping(
    where: str, table: Table, header: Sequence[str], mapping: Mapping[str, str]
) -> None:
    fields = {field.key for field in table.fields}
    for key, column in mapping.items():
        if key not in fields:
            raise UnableToConfirmMapping(
                "%(where)s：%(table)s没有“%(key)s”这一项", where=where, table=table.name, key=key
            )
        if column not in header:
            raise UnableToConfirmMapping(
                "%(where)s：文件没有“%(column)s”这一列", where=where, column=column
            )
    twice = {c for c in mapping.values() if list(mapping.values()).count(c) > 1}
    if twice:
        raise UnableToConfirmMapping(
            "%(where)s：列“%(twice)s”对应了两项", where=where, twice=sorted(twice)[0]
        )
    if why := _ambiguity(header, mapping):
        raise UnableToConfirmMapping("%(where)s：%(why)s", where=where, why=why)
    missing = [f.header for f in table.required if f.key not in mapping]
    if missing:
        raise UnableToConfirmMapping(
            "%(where)s：按“%(table)s”读取，缺少必需的列：%(missing)s；文件的列是：%(header)s",
            where=where,
            table=table.name,
            missing=Listing(missing),
            header=Listing(header[:30]),
        )


@transaction.atomic
def discard_run(*, run_id: int, by: Viewer, at: dt.datetime) -> None:
    """Drop a run that still waits for its mapping; the bytes stay under their digest."""
    by.require(Permission.IMPORT_FILES)
    waiting = ImportRun.objects.visible_to(by).filter(pk=run_id, state=ImportState.MAPPING)
    run = waiting.first()
    if run is None:
        raise UnableToConfirmMapping("只有待确认列对应的导入可以放弃")
    happening = Happening(
        event="imports.run.discarded",
        subject_type="imports.run",
        subject_id=run.pk,
        subject_label=str(run.get_kind_display()),
        unit_path=run.unit.path if run.unit else "",
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    run.delete()
