"""Definitions of processes: versions with their effective dates, diagrams, forms."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.access.permissions import Permission
from busbar.api.paging import Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, now
from busbar.api.workflow import form_schema
from busbar.api.workflow.schemas import FormOut
from busbar.kit.periods import local_date
from busbar.workflow.library import get_definition
from busbar.workflow.models import ProcessDefinition, ProcessVersion, VersionState
from busbar.workflow.queries.catalog import CatalogRow, list_catalog

router = Router()


class VersionOut(Schema):
    """One version of a process; `running` is how many processes stand on it."""

    number: int
    state: VersionState
    effective_from: dt.date | None
    note: str
    is_shipped: bool
    uploaded_at: dt.datetime
    uploaded_by: str
    published_at: dt.datetime | None
    published_by: str
    sha256: str
    running: int


class DefinitionOut(Schema):
    """流程定义: which version holds today, and all of them, newest first."""

    key: str
    name: str
    room: str
    in_force: int | None
    running: int
    on_others: int
    versions: list[VersionOut]


class VersionDetailOut(Schema):
    """A version's diagram and forms."""

    key: str
    number: int
    state: VersionState
    effective_from: dt.date | None
    files: list[str]
    xml: str
    forms: list[FormOut]


@router.get("", response=answers(list[DefinitionOut], 403), operation_id="list_process_definitions")
def list_definitions(request: HttpRequest) -> list[dict[str, Any]]:
    """全部流程定义及其版本。需“发布流程”权限。"""
    viewer_of(request).require(Permission.PUBLISH_PROCESSES)
    return [_row(row) for row in list_catalog(on=local_date(now()))]


@router.get(
    "/{key}", response=answers(DefinitionOut, 403, 404), operation_id="get_process_definition"
)
def get_one(request: HttpRequest, key: Text) -> dict[str, Any]:
    """一个流程定义及其版本。需“发布流程”权限。"""
    viewer_of(request).require(Permission.PUBLISH_PROCESSES)
    rows = list_catalog(on=local_date(now()), key=key)
    if not rows:
        raise ProcessDefinition.DoesNotExist
    return _row(rows[0])


@router.get(
    "/{key}/versions/{number}",
    response=answers(VersionDetailOut, 403, 404),
    operation_id="get_process_version",
)
def get_version(request: HttpRequest, key: Text, number: Id) -> dict[str, Any]:
    """一个版本的流程图（BPMN 2.0）与各表单。需“发布流程”权限。"""
    viewer_of(request).require(Permission.PUBLISH_PROCESSES)
    version = ProcessVersion.objects.get(definition__key=key, number=min(number, 2**31 - 1))
    definition = get_definition(version.pk)
    return {
        "key": key,
        "number": version.number,
        "state": version.state,
        "effective_from": version.effective_from,
        "files": sorted(version.files),
        "xml": definition.xml,
        "forms": [form_schema.describe(form) for form in definition.forms.values()],
    }


def _row(row: CatalogRow) -> dict[str, Any]:
    definition = row.definition
    return {
        "key": definition.key,
        "name": definition.name,
        "room": definition.room,
        "in_force": row.in_force.number if row.in_force else None,
        "running": row.running,
        "on_others": row.on_others,
        "versions": row.versions,
    }
