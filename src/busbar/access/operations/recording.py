"""The journal entries of the operations on people, in one shape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from busbar.access.models import Employee
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening


def lock_employee(employee: Employee, by: Viewer) -> Employee:
    """The employee as it stands now, locked, once `by` may administer the person's unit."""
    by.require(Permission.ADMINISTER)
    journal_operations.take_turn()
    rows = Employee.objects.select_related("unit", "user")
    current = rows.select_for_update(of=("self",)).get(pk=employee.pk)
    by.require_unit(current.unit.path)
    return current


def record_employee(
    event: str,
    employee: Employee,
    changes: Mapping[str, object],
    *,
    by: Viewer,
    at: dt.datetime,
    reason: str = "",
) -> None:
    """One entry about a person; never with a password in it."""
    happening = Happening(
        event=event,
        subject_type="access.employee",
        subject_id=employee.pk,
        subject_label=f"{employee.number} {employee.name}",
        unit_path=employee.unit.path,
        changes=dict(changes),
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
