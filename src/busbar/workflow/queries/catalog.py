"""The catalog of processes with the standing of their versions, and decision tables to read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from lxml import etree

from busbar.workflow.models import ProcessDefinition, ProcessVersion, VersionState


@dataclass(frozen=True)
class CatalogRow:
    """A process: which version holds today, which follow, what is in preparation, what runs.

    `on_others` counts running processes that stand on another version than the one in force.
    """

    definition: ProcessDefinition
    versions: list[ProcessVersion]
    in_force: ProcessVersion | None
    coming: list[ProcessVersion]
    drafts: list[ProcessVersion]
    running: int
    on_others: int


@dataclass(frozen=True)
class DecisionTable:
    """One decision table as people read it: headings, then a row of cells for each rule."""

    file: str
    name: str
    hit_policy: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rules: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


def list_catalog(*, on: dt.date, key: str | None = None) -> list[CatalogRow]:
    """Every process (or the one of the key) with its versions, newest first. Two queries."""
    definitions = ProcessDefinition.objects.order_by("key")
    running = Count("instances", filter=Q(instances__state="running"))
    versions = ProcessVersion.objects.defer("files").annotate(running=running)
    if key is not None:
        definitions = definitions.filter(key=key)
        versions = versions.filter(definition__key=key)
    of: dict[int, list[ProcessVersion]] = {}
    for version in versions.order_by("-number"):
        of.setdefault(version.definition_id, []).append(version)
    return [_row(definition, of.get(definition.pk, []), on) for definition in definitions]


def _row(definition: ProcessDefinition, versions: list[ProcessVersion], on: dt.date) -> CatalogRow:
    published = [v for v in versions if v.state == VersionState.PUBLISHED and v.effective_from]
    begun = [v for v in published if v.effective_from and v.effective_from <= on]
    in_force = max(begun, key=lambda v: (v.effective_from, v.number)) if begun else None
    counts = {v.pk: int(getattr(v, "running", 0)) for v in versions}
    here = counts.get(in_force.pk, 0) if in_force else 0
    return CatalogRow(
        definition=definition,
        versions=versions,
        in_force=in_force,
        coming=[v for v in published if v.effective_from and v.effective_from > on],
        drafts=[v for v in versions if v.state == VersionState.DRAFT],
        running=sum(counts.values()),
        on_others=sum(counts.values()) - here,
    )


def list_decision_tables(files: Mapping[str, str]) -> list[DecisionTable]:
    """The decision tables of a version's files, by file and place."""
    found: list[DecisionTable] = []
    for file in sorted(name for name in files if name.endswith(".dmn")):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(files[file].encode(), parser)
        found.extend(_table(file, element) for element in _named(root, "decisionTable"))
    return found


def _table(file: str, table: Any) -> DecisionTable:
    decision = table.getparent()
    inputs = [e.get("label") or _text(e) for e in _children(table, "input")]
    outputs = [e.get("label") or e.get("name") or "" for e in _children(table, "output")]
    rules = tuple(
        (
            tuple(_text(cell) for cell in _children(rule, "inputEntry")),
            tuple(_text(cell) for cell in _children(rule, "outputEntry")),
        )
        for rule in _children(table, "rule")
    )
    return DecisionTable(
        file=file,
        name=decision.get("name") or decision.get("id") or "",
        hit_policy=table.get("hitPolicy", "UNIQUE"),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        rules=rules,
    )


def _named(root: Any, name: str) -> Iterator[Any]:
    return (element for element in root.iter() if _local(element) == name)


def _children(element: Any, name: str) -> list[Any]:
    return [child for child in element if _local(child) == name]


def _text(element: Any) -> str:
    return next((str(e.text or "").strip() for e in _named(element, "text")), "")


def _local(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
