"""The organisation tree: units are added, renamed, closed and opened again, never moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import IntegrityError, transaction

from busbar.access import queries
from busbar.access.models import LEVELS, OrganizationUnit, UnitKind
from busbar.access.paths import child_path, ordinal_of
from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted, Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal


class UnableToCreateUnit(Refusal):
    """The unit would not fit into the tree."""


class UnableToChangeUnit(Refusal):
    """The unit cannot be renamed, closed or opened now."""


@transaction.atomic
def create_unit(
    *,
    code: str,
    name: str,
    kind: UnitKind | str,
    parent: OrganizationUnit | None,
    by: Viewer,
    at: dt.datetime,
) -> OrganizationUnit:
    """Add a unit below `parent`; a province has no parent and only the system adds one."""
    by.require(Permission.ADMINISTER)
    code, name = code.strip(), name.strip()
    _check_identity(code, name)
    if parent is None:
        _check_root(kind, by)
        path = _next_path("", None)
    else:
        by.require_unit(parent.path)
        journal_operations.take_turn()
        parent = OrganizationUnit.objects.select_for_update().get(pk=parent.pk)
        _check_place(kind, parent)
        path = _next_path(parent.path, parent.pk)
    try:
        with transaction.atomic():
            unit = OrganizationUnit.objects.create(
                code=code, name=name, kind=UnitKind(kind), parent=parent, path=path
            )
    except IntegrityError as taken:
        raise UnableToCreateUnit("单位编码 %(code)s 刚刚已被使用", code=code) from taken
    changes = {"code": code, "name": name, "kind": unit.kind}
    _record("access.unit.created", unit, changes, "", by, at)
    return unit


@transaction.atomic
def rename_unit(*, unit: OrganizationUnit, name: str, by: Viewer, at: dt.datetime) -> None:
    """Give the unit another name; its code and place stay."""
    unit = _locked(unit, by)
    name, before = name.strip(), unit.name
    if not name:
        raise UnableToChangeUnit("单位名称不能为空")
    if name == before:
        raise UnableToChangeUnit("单位名称已是“%(name)s”", name=name)
    unit.name = name
    unit.save(update_fields=["name"])
    _record("access.unit.renamed", unit, {"name": [before, name]}, "", by, at)


@transaction.atomic
def deactivate_unit(*, unit: OrganizationUnit, by: Viewer, at: dt.datetime, reason: str) -> None:
    """Close a unit that has neither active units nor employees below it.

    Its customers stay with it and are seen from above until they are handed over.
    """
    unit = _locked(unit, by)
    _check_closable(unit, reason)
    unit.is_active = False
    unit.save(update_fields=["is_active"])
    _record("access.unit.deactivated", unit, {"is_active": [True, False]}, reason, by, at)


@transaction.atomic
def reactivate_unit(*, unit: OrganizationUnit, by: Viewer, at: dt.datetime, reason: str) -> None:
    """Open a closed unit again, below a unit that is itself open."""
    unit = _locked(unit, by)
    if unit.is_active:
        raise UnableToChangeUnit("%(unit)s 未停用", unit=unit.name)
    if unit.parent is not None and not unit.parent.is_active:
        raise UnableToChangeUnit(
            "上级单位 %(parent)s 已停用，请先启用上级单位", parent=unit.parent.name
        )
    unit.is_active = True
    unit.save(update_fields=["is_active"])
    _record("access.unit.reactivated", unit, {"is_active": [False, True]}, reason, by, at)


def _locked(unit: OrganizationUnit, by: Viewer) -> OrganizationUnit:
    by.require(Permission.ADMINISTER)
    by.require_unit(unit.path)
    journal_operations.take_turn()
    return OrganizationUnit.objects.select_for_update().get(pk=unit.pk)


def _check_identity(code: str, name: str) -> None:
    if not code or not name:
        raise UnableToCreateUnit("单位编码和名称都不能为空")
    holder = OrganizationUnit.objects.filter(code=code).first()
    if holder is not None:
        raise UnableToCreateUnit(
            "单位编码 %(code)s 已由 %(holder)s 使用", code=code, holder=holder.name
        )


def _check_root(kind: UnitKind | str, by: Viewer) -> None:
    if kind != UnitKind.PROVINCE:
        raise UnableToCreateUnit("%(kind)s必须有上级单位", kind=UnitKind(kind).label)
    if not by.sees_all:
        raise NotPermitted("省公司只能由系统在安装时建立")


def _check_place(kind: UnitKind | str, parent: OrganizationUnit) -> None:
    if not parent.is_active:
        raise UnableToCreateUnit("上级单位 %(parent)s 已停用", parent=parent.name)
    above = UnitKind(parent.kind)
    wanted = queries.KIND_ABOVE.get(UnitKind(kind))
    if kind == UnitKind.PROVINCE or (wanted is not None and above != wanted):
        raise UnableToCreateUnit(
            "%(kind)s不能设在%(above)s之下", kind=UnitKind(kind).label, above=above.label
        )
    if above not in LEVELS:
        raise UnableToCreateUnit("%(above)s之下不能再设单位", above=above.label)


def _next_path(parent_path: str, parent_id: int | None) -> str:
    # Closed units keep their place: a path once given never names another unit.
    last = OrganizationUnit.objects.filter(parent_id=parent_id).order_by("-path").first()
    return child_path(parent_path, ordinal_of(last.path) + 1 if last else 0)


def _check_closable(unit: OrganizationUnit, reason: str) -> None:
    if not unit.is_active:
        raise UnableToChangeUnit("%(unit)s 已停用", unit=unit.name)
    if not reason.strip():
        raise UnableToChangeUnit("停用单位须写明原因")
    below = unit.children.filter(is_active=True).order_by("path").first()
    if below is not None:
        raise UnableToChangeUnit(
            "%(unit)s 之下还有在用的单位：%(below)s", unit=unit.name, below=below.name
        )
    employees = queries.count_active_employees(unit)
    if employees:
        raise UnableToChangeUnit(
            "%(unit)s 还有 %(employees)s 名在岗人员，请先调离", unit=unit.name, employees=employees
        )


def _record(
    event: str,
    unit: OrganizationUnit,
    changes: Mapping[str, object],
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> None:
    happening = Happening(
        event=event,
        subject_type="access.unit",
        subject_id=unit.pk,
        subject_label=unit.name,
        unit_path=unit.path,
        changes=dict(changes),
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
