"""Comparing: two versions side by side, in a table and in their diagrams."""

from __future__ import annotations

from dataclasses import replace

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from busbar.access.permissions import Permission
from busbar.console.definitions import words
from busbar.console.definitions.catalog import get_version
from busbar.console.definitions.words import Difference
from busbar.console.requests import StaffRequest, page_number
from busbar.kit.periods import local_date
from busbar.workflow import queries as workflow_queries
from busbar.workflow.comparison import Change, VersionDiff
from busbar.workflow.definition.elements import Definition
from busbar.workflow.library import get_definition
from busbar.workflow.models import ProcessVersion
from busbar.workflow.queries import catalog


@require_safe
def definition_diff(request: StaffRequest, pk: int) -> HttpResponse:
    """What this version adds, removes and changes against another (the one before unless asked)."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    new = get_version(pk)
    row = catalog.list_catalog(on=local_date(timezone.now()), key=new.definition.key)[0]
    others = [version for version in row.versions if version.pk != pk]
    if not others:
        raise Http404
    old = _older(others, new, page_number(request, "with", 0))
    diff = workflow_queries.compare_versions(old.pk, new.pk)
    context = {
        "row": row,
        "old": old,
        "new": new,
        "others": others,
        "elements": _differences(diff.added, diff.removed, diff.changed),
        "fields": _named(
            _differences(diff.fields_added, diff.fields_removed, diff.fields_changed),
            field_titles(get_definition(old.pk)) | field_titles(get_definition(new.pk)),
        ),
    }
    return render(request, "console/definitions/diff.html", context)


@require_safe
def definition_diagram(request: StaffRequest, pk: int) -> JsonResponse:
    """The drawing of a version for the diagram on its page; marked where one is compared with."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    version, other = get_version(pk), page_number(request, "against", 0)
    definition = get_definition(pk)
    found = {}
    if other and other != pk:
        after = version.number > get_version(other).number
        pair = (other, pk) if after else (pk, other)
        found = marks(workflow_queries.compare_versions(*pair), after=after)
    found |= dict.fromkeys(entries(definition), "entry")
    return JsonResponse({"revision": 0, "xml": definition.xml, "marks": found})


def entries(definition: Definition) -> list[str]:
    """Where the process begins: nodes that no flow leads to, first those of the file."""
    reached = {target for targets in definition.flows.values() for target in targets}
    return [source for source in definition.flows if source and source not in reached][:1]


def _older(others: list[ProcessVersion], new: ProcessVersion, asked: int) -> ProcessVersion:
    wanted = [version for version in others if version.pk == asked]
    before = [version for version in others if version.number < new.number]
    return (wanted or before or others)[0]


def _differences(
    added: tuple[Change, ...], removed: tuple[Change, ...], changed: tuple[Change, ...]
) -> list[Difference]:
    groups = (("added", added), ("removed", removed), ("changed", changed))
    return [words.difference(change, effect) for effect, rows in groups for change in rows]


def _named(rows: list[Difference], titles: dict[str, str]) -> list[Difference]:
    return [replace(row, title=titles.get(row.element, row.title)) for row in rows]


def field_titles(definition: Definition) -> dict[str, str]:
    """What every field is called: its form and its label."""
    return {
        f"{form.name}.{field.name}": f"{form.title} · {field.label}"
        for form in definition.forms.values()
        for field in form.fields
    }


def marks(diff: VersionDiff, *, after: bool) -> dict[str, str]:
    """What to mark in the diagram of the newer version (`after`) or of the older one."""
    only = diff.added if after else diff.removed
    found = {change.name: "added" if after else "removed" for change in only}
    return found | {change.name: "changed" for change in diff.changed}


urlpatterns: list[URLPattern] = [
    path("definitions/versions/<int:pk>/diff/", definition_diff, name="definition_diff"),
    path("definitions/versions/<int:pk>/diagram/", definition_diagram, name="definition_diagram"),
]
