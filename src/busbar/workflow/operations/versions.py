"""Versions of processes: shipped ones loaded, others uploaded, published, retired."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Actor, Happening
from busbar.kit.errors import Listing, Phrase, Refusal
from busbar.kit.periods import local_date
from busbar.workflow import registry
from busbar.workflow.definition.problems import Problem, UnableToAcceptDefinition
from busbar.workflow.definition.reading import compile_package
from busbar.workflow.definition.tree import BPMN, FORMS
from busbar.workflow.models import ProcessDefinition, ProcessVersion, VersionState

VERSION = "workflow.version"
_EARLIEST = dt.date(2000, 1, 1)
"""Since when a process's first shipped version counts, so that past dates have one."""
_MOST_FILES = 40


class UnableToPublishVersion(Refusal):
    """The version cannot be published so; the sentence says why."""


class UnableToUploadVersion(Refusal):
    """The files cannot be taken as a version; the sentence says why."""


@transaction.atomic
def load_shipped_processes(*, at: dt.datetime) -> list[ProcessVersion]:
    """Bring every registered package in as a published version, where its files are new.

    Safe to run again. A first version counts since 2000, later ones from the day of loading.
    UnableToAcceptDefinition names what is wrong with a package.
    """
    loaded = []
    for room, folder in registry.list_packages():
        version = _load(room, folder, at)
        if version is not None:
            loaded.append(version)
    return loaded


def _load(room: str, folder: Path, at: dt.datetime) -> ProcessVersion | None:
    key, files = folder.name, _read(folder)
    known = ProcessVersion.objects.filter(definition__key=key, sha256=digest_of(files))
    if known.exists():
        return None
    compiled = compile_package(key, files)
    definition, is_new = ProcessDefinition.objects.get_or_create(
        key=key, defaults={"name": compiled.name[:100], "room": room}
    )
    version = _add(definition, files, SYSTEM, at, "随系统提供", is_shipped=True)
    _publish(version, _EARLIEST if is_new else local_date(at), SYSTEM, at)
    return version


def _read(folder: Path) -> dict[str, str]:
    wanted = [folder / BPMN, folder / FORMS, *sorted(folder.glob("*.dmn"))]
    return {path.name: path.read_text(encoding="utf-8") for path in wanted if path.exists()}


def digest_of(files: Mapping[str, str]) -> str:
    """SHA-256 of the files by name, in hexadecimal."""
    text = json.dumps(dict(sorted(files.items())), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def upload_version(
    *, key: str, files: Mapping[str, str], viewer: Viewer, at: dt.datetime, note: str = ""
) -> ProcessVersion:
    """A draft from uploaded files (name to text), checked as a shipped one is.

    UnableToAcceptDefinition lists all problems; UnableToUploadVersion where the process is not
    known, the files are too many or an existing version's.
    """
    viewer.require(Permission.PUBLISH_PROCESSES)
    journal_operations.take_turn()
    definition = ProcessDefinition.objects.select_for_update().filter(key=key).first()
    if definition is None:
        raise UnableToUploadVersion("没有流程“%(key)s”，新流程随系统提供", key=key)
    _check_names(files)
    compile_package(key, files)
    same = definition.versions.filter(sha256=digest_of(files)).first()
    if same is not None:
        raise UnableToUploadVersion("文件与第 %(number)s 版完全相同", number=same.number)
    version = _add(definition, files, viewer.actor, at, note.strip()[:500], is_shipped=False)
    _tell(version, "uploaded", viewer.actor, at, {"files": sorted(files)})
    return version


def _check_names(files: Mapping[str, str]) -> None:
    odd = [n for n in files if n not in {BPMN, FORMS} and not _is_decision(n)]
    expected = Phrase("只应有 %(names)s 和 .dmn 文件", names=Listing((BPMN, FORMS)))
    if odd:
        raise UnableToAcceptDefinition([Problem(name, "", expected) for name in odd])
    if len(files) > _MOST_FILES:
        raise UnableToUploadVersion("文件过多，至多 %(most)s 个", most=_MOST_FILES)


def _is_decision(name: str) -> bool:
    return name.endswith(".dmn") and name.removesuffix(".dmn").replace("-", "_").isidentifier()


@transaction.atomic
def publish_version(
    *, version_id: int, effective_from: dt.date, viewer: Viewer, at: dt.datetime
) -> ProcessVersion:
    """Put a draft in force from a day on, today or later; running processes stay on theirs."""
    viewer.require(Permission.PUBLISH_PROCESSES)
    version = _locked(version_id)
    if version.state != VersionState.DRAFT:
        raise UnableToPublishVersion(
            "第 %(number)s 版%(state)s，只有草稿可以发布",
            number=version.number,
            state=version.get_state_display(),
        )
    if effective_from < local_date(at):
        raise UnableToPublishVersion(
            "生效日期 %(effective_from)s 已过，应为 %(at)s 或以后",
            effective_from=effective_from,
            at=local_date(at),
        )
    compile_package(version.definition.key, version.files)
    _publish(version, effective_from, viewer.actor, at)
    return version


@transaction.atomic
def retire_version(
    *, version_id: int, reason: str, viewer: Viewer, at: dt.datetime
) -> ProcessVersion:
    """New processes no longer take this version; those that run on it go on."""
    viewer.require(Permission.PUBLISH_PROCESSES)
    version = _locked(version_id)
    if version.state == VersionState.RETIRED:
        raise UnableToPublishVersion("第 %(number)s 版已经停用", number=version.number)
    others = version.definition.versions.exclude(pk=version.pk)
    in_force = others.filter(
        state=VersionState.PUBLISHED, effective_from__lte=local_date(at)
    ).exists()
    if version.state == VersionState.PUBLISHED and not in_force:
        raise UnableToPublishVersion("停用后将没有生效的版本，请先发布另一版")
    version.state = VersionState.RETIRED
    if version.effective_from is None:
        version.effective_from, version.published_at = local_date(at), at
    version.save(update_fields=["state", "effective_from", "published_at"])
    _tell(version, "retired", viewer.actor, at, {}, reason)
    return version


def _locked(version_id: int) -> ProcessVersion:
    journal_operations.take_turn()
    rows = ProcessVersion.objects.select_for_update(of=("self",)).select_related("definition")
    version = rows.filter(pk=version_id).first()
    if version is None:
        raise UnableToPublishVersion("没有这个流程版本")
    return version


def _add(
    definition: ProcessDefinition,
    files: Mapping[str, str],
    actor: Actor,
    at: dt.datetime,
    note: str,
    *,
    is_shipped: bool,
) -> ProcessVersion:
    latest = definition.versions.order_by("-number").values_list("number", flat=True).first()
    return ProcessVersion.objects.create(
        definition=definition,
        number=(latest or 0) + 1,
        files=dict(files),
        sha256=digest_of(files),
        note=note,
        is_shipped=is_shipped,
        uploaded_at=at,
        uploaded_by=actor.name,
    )


def _publish(
    version: ProcessVersion, effective_from: dt.date, actor: Actor, at: dt.datetime
) -> None:
    version.state, version.effective_from = VersionState.PUBLISHED, effective_from
    version.published_at, version.published_by = at, actor.name
    version.save(update_fields=["state", "effective_from", "published_at", "published_by"])
    _tell(version, "published", actor, at, {"effective_from": effective_from})


def _tell(
    version: ProcessVersion,
    verb: str,
    actor: Actor,
    at: dt.datetime,
    changes: Mapping[str, object],
    reason: str = "",
) -> None:
    journal_operations.record(
        happening=Happening(
            event=f"{VERSION}.{verb}",
            subject_type=VERSION,
            subject_id=version.pk,
            subject_label=f"{version.definition.name} 第 {version.number} 版",
            changes={"number": version.number, "sha256": version.sha256, **changes},
            reason=reason,
        ),
        actor=actor,
        at=at,
    )
