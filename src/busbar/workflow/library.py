"""Compiled definitions, kept by version: a published version's files never change."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from busbar.workflow.definition.elements import Definition
from busbar.workflow.definition.reading import compile_package
from busbar.workflow.models import ProcessVersion

_MOST = 200
_kept: OrderedDict[tuple[str, str], Definition] = OrderedDict()
"""By the process's key and the digest of its files: what cannot mean two things."""
_contents: dict[int, tuple[str, str]] = {}
_lock = Lock()


def get_definition(version_id: int) -> Definition:
    """The compiled definition of a version; read from the database once a process."""
    with _lock:
        found = _kept.get(_contents.get(version_id, ("", "")))
    return found or _load(version_id)


def forget_numbers() -> None:
    """Forget which version has which content: for tests, whose rows are numbered anew."""
    with _lock:
        _contents.clear()


def _load(version_id: int) -> Definition:
    version = ProcessVersion.objects.select_related("definition").get(pk=version_id)
    content = (version.definition.key, version.sha256)
    with _lock:
        compiled = _kept.get(content)
    compiled = compiled or compile_package(version.definition.key, version.files)
    with _lock:
        _contents[version_id] = content
        _kept[content] = compiled
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return compiled
