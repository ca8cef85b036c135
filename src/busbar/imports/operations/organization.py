"""Units and employees of an archive, through the operations of the organisation itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from busbar.access import operations as access_operations
from busbar.access.models import Employee, OrganizationUnit
from busbar.access.registers import Batch, Outcome, Row, fetch_by, resolve_units
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase, Refusal


@transaction.atomic
def store_units(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Units by code, parents before children whatever their order; a new name renames."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(batch.reject_repeats(lambda r: r["code"], "code", Phrase("单位编码")))
    wanted = batch.values("code") | batch.values("parent")
    known = fetch_by(OrganizationUnit.objects.select_related("parent"), "code", wanted)
    waiting = dict(batch.live())
    while waiting:
        ready = {i: r for i, r in waiting.items() if not r.get("parent") or r["parent"] in known}
        if not ready:
            break
        for index, row in ready.items():
            _store_unit(batch, index, row, known, outcome, by=by, at=at)
            del waiting[index]
    for index in waiting:
        batch.reject(index, "parent", Phrase("没有这个编码的上级单位（或上下级互相包含）"))
    outcome.rejections = batch.rejections
    return outcome


def _store_unit(
    batch: Batch,
    index: int,
    row: Row,
    known: dict[Any, Any],
    outcome: Outcome,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    unit = known.get(row["code"])
    parent = known.get(row.get("parent"))
    try:
        with transaction.atomic():
            if unit is None:
                known[row["code"]] = access_operations.create_unit(
                    code=row["code"],
                    name=row["name"],
                    kind=row["kind"],
                    parent=parent,
                    by=by,
                    at=at,
                )
                outcome.created += 1
            elif parent is not None and unit.parent_id != parent.pk:
                batch.reject(index, "parent", Phrase("单位不能改换上级"))
            elif unit.kind != row["kind"]:
                batch.reject(
                    index, "kind", Phrase("该单位已登记为“%(kind)s”", kind=unit.get_kind_display())
                )
            elif unit.name != row["name"]:
                access_operations.rename_unit(unit=unit, name=row["name"], by=by, at=at)
                outcome.updated += 1
            else:
                outcome.unchanged += 1
    except Refusal as refusal:
        batch.reject(index, "code", refusal)


@transaction.atomic
def store_employees(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Employees by number, hired with their number as sign-in name.

    They have no password: an administrator resets it before the first sign-in.
    """
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(batch.reject_repeats(lambda r: r["number"], "number", Phrase("工号")))
    units = resolve_units(batch, by)
    related = Employee.objects.select_related("unit", "user")
    existing = fetch_by(related, "number", batch.values("number"))
    for index, row in list(batch.live()):
        try:
            with transaction.atomic():
                _store_employee(row, existing.get(row["number"]), units, outcome, by=by, at=at)
        except Refusal as refusal:
            batch.reject(index, "number", refusal)
    outcome.rejections = batch.rejections
    return outcome


def _store_employee(
    row: Row,
    employee: Any,
    units: dict[Any, Any],
    outcome: Outcome,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    unit, roles = units[row["unit"]], list(row.get("roles") or [])
    if employee is None:
        access_operations.hire_employee(
            username=row["number"],
            number=row["number"],
            name=row["name"],
            unit=unit,
            roles=roles,
            can_sign_in=False,
            phone=row.get("phone") or "",
            by=by,
            at=at,
        )
        outcome.created += 1
        return
    changed = False
    if employee.unit_id != unit.pk:
        access_operations.transfer_employee(employee=employee, unit=unit, by=by, at=at)
        changed = True
    if "roles" in row and roles and list(employee.roles) != roles:
        access_operations.change_roles(employee=employee, roles=roles, by=by, at=at)
        changed = True
    outcome.updated += changed
    outcome.unchanged += not changed
