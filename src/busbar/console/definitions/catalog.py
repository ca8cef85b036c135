"""Reading: every process, one process's versions, one version with everything in it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from busbar.access.permissions import Permission
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import TimeLimit
from busbar.console.definitions import words
from busbar.console.exporting import as_attachment
from busbar.console.requests import StaffRequest
from busbar.kit.periods import local_date
from busbar.workflow.definition.elements import Definition, Step
from busbar.workflow.forms import Form
from busbar.workflow.library import get_definition
from busbar.workflow.models import ProcessDefinition, ProcessVersion, VersionState
from busbar.workflow.queries import catalog


@dataclass(frozen=True)
class StepLine:
    """A user task with its attributes in words."""

    step: Step
    role: str
    unit: str
    stage: str
    party: str
    form: str
    limit: TimeLimit | None
    figure: str
    by_fact: str
    silent: str


class PublishForm(forms.Form):
    """From which day on."""

    effective_from = forms.DateField(
        label=gettext_lazy("生效日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class RetireForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("停用原因"), max_length=500)


@require_safe
def definition_list(request: StaffRequest) -> HttpResponse:
    """Every process: version in force, what is coming, drafts, how many run."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    rows = catalog.list_catalog(on=local_date(timezone.now()))
    return render(request, "console/definitions/list.html", {"rows": rows})


@require_safe
def definition_detail(request: StaffRequest, key: str) -> HttpResponse:
    """One process with its versions, newest first."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    rows = catalog.list_catalog(on=local_date(timezone.now()), key=key)
    if not rows:
        raise ProcessDefinition.DoesNotExist(key)
    return render(request, "console/definitions/detail.html", {"row": rows[0]})


@require_safe
def definition_version(request: StaffRequest, pk: int) -> HttpResponse:
    """One version: diagram, elements, forms, decision tables, and what can be done with it."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    return show_version(request, pk)


@require_safe
def definition_file(request: StaffRequest, pk: int, name: str) -> HttpResponse:
    """One file of a version, to keep and to work on."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    version = get_version(pk)
    if name not in version.files:
        raise Http404
    return as_attachment(version.files[name].encode(), name, "text/plain; charset=utf-8")


def show_version(
    request: StaffRequest,
    pk: int,
    *,
    publish: PublishForm | None = None,
    retire: RetireForm | None = None,
) -> HttpResponse:
    """The page of a version; with the form that was refused, if one was."""
    version, today = get_version(pk), local_date(timezone.now())
    row = catalog.list_catalog(on=today, key=version.definition.key)[0]
    definition = get_definition(version.pk)
    limits = clocks_queries.limits_in_force(on=today, unit_path=request.viewer.unit_path)
    context = {
        "version": version,
        "row": row,
        "definition": definition,
        "running": next((_running(v) for v in row.versions if v.pk == pk), 0),
        "steps": [_line(step, definition, limits) for step in definition.steps.values()],
        "services": sorted(definition.services.items()),
        "waits": list(definition.waits.values()),
        "forms": list(definition.forms.values()),
        "tables": catalog.list_decision_tables(version.files),
        "policies": words.POLICIES,
        "kinds": words.KINDS,
        "others": [v for v in row.versions if v.pk != pk],
        "publish": publish or PublishForm(initial={"effective_from": today}),
        "retire": retire or RetireForm(),
        "may_publish": version.state == VersionState.DRAFT,
        "may_retire": version.state != VersionState.RETIRED,
        "may_migrate": version.state == VersionState.PUBLISHED,
        "today": today,
    }
    status = 422 if _refused(publish) or _refused(retire) else 200
    return render(request, "console/definitions/version.html", context, status=status)


def get_version(pk: int) -> ProcessVersion:
    """The version with its process; DoesNotExist where there is none."""
    found: ProcessVersion = ProcessVersion.objects.select_related("definition").get(pk=pk)
    return found


def _refused(form: forms.Form | None) -> bool:
    return form is not None and bool(form.errors)


def _running(version: ProcessVersion) -> int:
    return int(getattr(version, "running", 0))


def _line(step: Step, definition: Definition, limits: dict[str, TimeLimit]) -> StepLine:
    limit = limits.get(step.limit)
    form = definition.forms.get(step.form)
    return StepLine(
        step=step,
        role=words.role_name(step.role),
        unit=words.unit_kind_name(step.unit),
        stage=words.stage_words(step.stage),
        party=str(words.PARTIES.get(step.party, step.party)),
        form=form.title if form else step.form,
        limit=limit,
        figure=clocks_queries.facts_of(limit).words if limit else "",
        by_fact=step.limit.removeprefix("=") if step.limit.startswith("=") else "",
        silent=_outcome(form, step.silent),
    )


def _outcome(form: Form | None, outcome: str) -> str:
    """The outcome as its form words it."""
    field = form.field("outcome") if form else None
    return dict(field.choices).get(outcome, outcome) if field else outcome


urlpatterns: list[URLPattern] = [
    path("definitions/", definition_list, name="definition_list"),
    path("definitions/<str:key>/", definition_detail, name="definition_detail"),
    path("definitions/versions/<int:pk>/", definition_version, name="definition_version"),
    path(
        "definitions/versions/<int:pk>/files/<str:name>/", definition_file, name="definition_file"
    ),
]
