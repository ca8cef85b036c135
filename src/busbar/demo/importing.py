"""The demonstration's files through the importers, as an operator would bring them in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.imports import operations as imports_operations
from busbar.imports.models import ImportKind, ImportRun, ImportState
from busbar.imports.operations import Incoming
from busbar.kit.errors import Refusal

ACQUISITION = "采集系统"
_KINDS = {"organization": ImportKind.ARCHIVE}
_CHUNK_BYTES = 1 << 20


class UnableToImportDemonstration(Refusal):
    """A file of the demonstration was not taken: its generator and the importer disagree."""


def import_registers(kind: str, paths: Sequence[Path], *, at: dt.datetime) -> str:
    """Archive, network or tariff files; every row must be taken. Returns what came in."""
    run = _import(_KINDS.get(kind) or ImportKind(kind), paths, {}, at=at)
    refused = [(file, file.refused) for file in run.files.order_by("id") if file.refused]
    if refused:
        file, count = refused[0]
        first = file.errors.order_by("row", "id").first()
        where = (
            f"第 {first.row} 行 {first.column}“{first.value}”{first.expectation}" if first else ""
        )
        raise UnableToImportDemonstration(f"{file.name} {file.sheet} 有 {count} 行被拒：{where}")
    return "、".join(
        f"{f.sheet or Path(f.name).stem} {_taken(f)}" for f in run.files.order_by("id")
    )


def import_readings(paths: Sequence[Path], *, at: dt.datetime) -> str:
    """A month's reading files; the bad rows that were put in are refused and stay listed."""
    run = _import(ImportKind.READINGS, paths, {"source": ACQUISITION, "stamp": "end"}, at=at)
    files = list(run.files.order_by("id"))
    curves, refused = sum(_taken(f) for f in files), sum(f.refused for f in files)
    return f"{curves} 条日曲线，拒收 {refused} 行"


def import_steel(path: Path, point: str, *, at: dt.datetime) -> str:
    """The steel plant's year: a long file, end-stamped, whose midnight bears the old date."""
    options = {
        "source": "UCI Steel Industry Energy Consumption",
        "stamp": "end",
        "midnight": "same",
        "formats": ["dd/mm/yyyy HH:MM"],
        "point": point,
    }
    run = _import(ImportKind.READINGS, [path], options, at=at)
    return f"{sum(_taken(f) for f in run.files.all())} 条日曲线"


def _import(
    kind: ImportKind, paths: Sequence[Path], options: Mapping[str, Any], *, at: dt.datetime
) -> ImportRun:
    """Receive, confirm what was suggested, run; raises when a file could not be taken at all."""
    files = [Incoming(path.name, _chunks(path)) for path in paths]
    run = imports_operations.receive_files(
        kind=kind, files=files, by=SYSTEM_VIEWER, at=at, options=options
    )
    imports_operations.confirm_mapping(run_id=run.pk, by=SYSTEM_VIEWER, at=at)
    run = imports_operations.run_import(run_id=run.pk, by=SYSTEM_VIEWER, at=at)
    if run.state != ImportState.FINISHED or run.message:
        raise UnableToImportDemonstration(f"未能导入：{run.message}")
    return run


def _taken(file: Any) -> int:
    return int(file.created + file.updated + file.unchanged)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
