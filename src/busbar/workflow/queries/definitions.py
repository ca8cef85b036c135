"""Processes and their versions."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.workflow import offering
from busbar.workflow.comparison import VersionDiff, compare
from busbar.workflow.definition.elements import Step
from busbar.workflow.forms import Form
from busbar.workflow.library import get_definition
from busbar.workflow.models import ProcessDefinition, ProcessVersion, UserTask, VersionState
from busbar.workflow.registry import Asking


def get_version_in_force(key: str, *, on: dt.date) -> ProcessVersion | None:
    """The version that a process started on the day takes: the latest effective, then newest."""
    versions = ProcessVersion.objects.select_related("definition").filter(
        definition__key=key, state=VersionState.PUBLISHED, effective_from__lte=on
    )
    return versions.defer("files").order_by("-effective_from", "-number").first()


def get_version(version_id: int) -> ProcessVersion | None:
    """One version with its process."""
    return ProcessVersion.objects.select_related("definition").filter(pk=version_id).first()


def list_definitions() -> QuerySet[ProcessDefinition]:
    """Every process, with how many of it run (`running`), by key."""
    running = Count("versions__instances", filter=Q(versions__instances__state="running"))
    return ProcessDefinition.objects.annotate(running=running).order_by("key")


def list_versions(definition: ProcessDefinition) -> QuerySet[ProcessVersion]:
    """Versions of a process with how many run on each (`running`), newest first."""
    running = Count("instances", filter=Q(instances__state="running"))
    return definition.versions.defer("files").annotate(running=running).order_by("-number")


def get_form(task: UserTask) -> Form:
    """The form that a task asks for, as its process's version has it."""
    definition = get_definition(task.instance.version_id)
    return definition.forms[task.form]


def offer_form(task: UserTask, viewer: Viewer, *, at: dt.datetime) -> Form:
    """The form with what the viewer may choose from the registers now."""
    return offering.offer(get_form(task), Asking(task.instance, viewer, at))


def get_step(task: UserTask) -> Step:
    """What the definition says of a task: handler, whether it may be returned, help."""
    return get_definition(task.instance.version_id).steps[task.element]


def compare_versions(old_id: int, new_id: int) -> VersionDiff:
    """What the newer version adds, removes and changes, of the diagram and of the forms."""
    return compare(get_definition(old_id), get_definition(new_id))
