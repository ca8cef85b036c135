"""Changing: a draft uploaded, a version published from a day on, a version retired."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from busbar.access.permissions import Permission
from busbar.console import refusals
from busbar.console.definitions.catalog import PublishForm, RetireForm, show_version
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Phrase, Refusal
from busbar.kit.periods import local_date
from busbar.workflow import operations as workflow_operations
from busbar.workflow.definition.problems import Problem, UnableToAcceptDefinition
from busbar.workflow.definition.reading import MAX_BYTES
from busbar.workflow.definition.tree import BPMN, FORMS
from busbar.workflow.models import ProcessDefinition, ProcessVersion
from busbar.workflow.queries import catalog

MOST_FILES = 40


class UploadForm(forms.Form):
    """What the new version is for; the files travel beside it."""

    note = forms.CharField(label=gettext_lazy("改了什么"), max_length=500)
    keep = forms.BooleanField(label=gettext_lazy("未上传的文件沿用最新一版"), required=False)


@require_http_methods(["GET", "POST"])
def definition_upload(request: StaffRequest, key: str) -> HttpResponse:
    """Upload a draft; every problem is listed and nothing is saved while there is one."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    rows = catalog.list_catalog(on=local_date(timezone.now()), key=key)
    if not rows:
        raise ProcessDefinition.DoesNotExist(key)
    form = UploadForm(request.POST or None, initial={"keep": True})
    problems: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        version, problems = _upload(request, key, form, rows[0].versions[:1])
        if version is not None:
            messages.success(request, _("已存为第 %(number)s 版草稿") % {"number": version.number})
            return redirect("definition_version", pk=version.pk)
    context = {"row": rows[0], "form": form, "problems": problems}
    status = 422 if request.method == "POST" else 200
    return render(request, "console/definitions/upload.html", context, status=status)


def _upload(
    request: StaffRequest, key: str, form: UploadForm, latest: list[ProcessVersion]
) -> tuple[ProcessVersion | None, list[Problem]]:
    given = request.FILES.getlist("files")
    if not given:
        form.add_error(None, _("请选择文件：process.bpmn、forms.toml 或 .dmn"))
        return None, []
    fields: dict[str, Any] = form.cleaned_data
    kept = dict(latest[0].files) if fields["keep"] and latest else {}
    try:
        version = workflow_operations.upload_version(
            key=key,
            files=kept | read_files(given),
            viewer=request.viewer,
            at=timezone.now(),
            note=fields["note"],
        )
    except UnableToAcceptDefinition as refusal:
        return None, list(refusal.problems)
    except Refusal as refusal:
        form.add_error(None, refusals.said(refusal))
        return None, []
    return version, []


def read_files(given: list[UploadedFile[bytes]]) -> dict[str, str]:
    """The files by the names that the workflow knows; UnableToAcceptDefinition lists odd ones."""
    problems: list[Problem] = []
    files: dict[str, str] = {}
    for file in given[:MOST_FILES]:
        sent = file.name or ""
        name = _known_name(sent)
        if name in files:
            problems.append(Problem(sent, "", Phrase(gettext_noop("同类文件上传了不止一个"))))
        elif (file.size or 0) > MAX_BYTES:
            problems.append(Problem(sent, "", Phrase(gettext_noop("文件过大，应在 2 MB 以内"))))
        else:
            try:
                files[name] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                problems.append(Problem(sent, "", Phrase(gettext_noop("应为 UTF-8 文本"))))
    if problems:
        raise UnableToAcceptDefinition(problems)
    return files


def _known_name(sent: str) -> str:
    """Whatever it was called on the person's disk, there is one diagram and one file of forms."""
    if sent.lower().endswith(".bpmn"):
        return BPMN
    return FORMS if sent.lower().endswith(".toml") else sent


@require_POST
def definition_publish(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a draft in force from a day on."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    form = PublishForm(request.POST)
    if form.is_valid():
        try:
            version = workflow_operations.publish_version(
                version_id=pk,
                effective_from=form.cleaned_data["effective_from"],
                viewer=request.viewer,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, refusals.said(refusal))
        else:
            said = {"number": version.number, "day": version.effective_from}
            messages.success(request, _("第 %(number)s 版已发布，%(day)s 起生效") % said)
            return redirect("definition_version", pk=pk)
    return show_version(request, pk, publish=form)


@require_POST
def definition_retire(request: StaffRequest, pk: int) -> HttpResponse:
    """New processes no longer take the version; those that run on it go on."""
    request.viewer.require(Permission.PUBLISH_PROCESSES)
    form = RetireForm(request.POST)
    if form.is_valid():
        try:
            version = workflow_operations.retire_version(
                version_id=pk,
                reason=form.cleaned_data["reason"],
                viewer=request.viewer,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, refusals.said(refusal))
        else:
            messages.success(request, _("第 %(number)s 版已停用") % {"number": version.number})
            return redirect("definition_version", pk=pk)
    return show_version(request, pk, retire=form)


urlpatterns: list[URLPattern] = [
    path("definitions/<str:key>/upload/", definition_upload, name="definition_upload"),
    path("definitions/versions/<int:pk>/publish/", definition_publish, name="definition_publish"),
    path("definitions/versions/<int:pk>/retire/", definition_retire, name="definition_retire"),
]
