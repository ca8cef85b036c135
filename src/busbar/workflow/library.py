"""Compiled definitions, kept by version: a published version's files never change."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from busbar.workflow.definition.elements import Definition
from busbar.workflow.definition.reading import compile_package
from busbar.workflow.models import ProcessVersion

_MOST = 200
_kept: OrderedDict[tuple[int, str], Definition] = OrderedDict()
_by_id: dict[int, tuple[str, str]] = {}
_lock = Lock()


def get_definition(version_id: int) -> Definition:
    """The compiled definition of a version; read from the database once a process.

    The cache is by the files' digest, so that a test's emptied tables cannot mislead it.
    """
    with _lock:
        known = _by_id.get(version_id)
        found = _kept.get((version_id, known[1])) if known else None
    return found or _load(version_id)


def forget(version_id: int) -> None:
    """A draft's files changed, or a version was removed."""
    with _lock:
        key = _by_id.pop(version_id, None)
        if key:
            _kept.pop((version_id, key[1]), None)


def forget_all() -> None:
    """Empty the cache: for tests, whose rows are numbered anew."""
    with _lock:
        _by_id.clear()
        _kept.clear()


def _load(version_id: int) -> Definition:
    version = ProcessVersion.objects.select_related("definition").get(pk=version_id)
    compiled = compile_package(version.definition.key, version.files)
    with _lock:
        _by_id[version_id] = (version.definition.key, version.sha256)
        _kept[(version_id, version.sha256)] = compiled
        while len(_kept) > _MOST:
            (oldest, _), _definition = _kept.popitem(last=False)
            _by_id.pop(oldest, None)
    return compiled
