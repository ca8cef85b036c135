"""Certificates and courses of managers (R74)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from busbar.access.models import Employee
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.models import (
    ManagerQualification,
    QualificationKind,
    TrainingRecord,
)
from busbar.key_accounts.models.dated import valid_on
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

_MONTHS = 12
_LAST_SURE_DAY = 28


class UnableToRecordQualification(Refusal):
    """The certificate or course cannot be so."""


@transaction.atomic
def record_qualification(
    *,
    employee_number: str,
    kind: str,
    certificate: str,
    issuer: str,
    issued_on: dt.date,
    by: Viewer,
    at: dt.datetime,
) -> ManagerQualification:
    """Enter a certificate; until when it holds follows from its kind."""
    employee = _employee(employee_number, by)
    known = QualificationKind.objects.filter(valid_on(issued_on), code=kind).first()
    if known is None:
        raise UnableToRecordQualification(
            "%(issued_on)s 没有资格种类“%(kind)s”", issued_on=issued_on, kind=kind
        )
    if issued_on > local_date(at):
        raise UnableToRecordQualification("发证日 %(issued_on)s 在将来", issued_on=issued_on)
    if not certificate.strip() or not issuer.strip():
        raise UnableToRecordQualification("请写明证书编号和发证单位")
    if ManagerQualification.objects.filter(kind=kind, certificate=certificate.strip()).exists():
        raise UnableToRecordQualification(
            "证书 %(certificate)s 已登记过", certificate=certificate.strip()
        )
    row = ManagerQualification.objects.create(
        employee=employee,
        kind=kind,
        certificate=certificate.strip(),
        issuer=issuer.strip(),
        issued_on=issued_on,
        valid_until=months_after(issued_on, known.valid_months),
    )
    changes = {"kind": kind, "certificate": row.certificate, "valid_until": row.valid_until}
    _record("key_accounts.qualification.recorded", row.pk, employee, changes, by, at)
    return row


@transaction.atomic
def revoke_qualification(
    *, kind: str, certificate: str, revoked_on: dt.date, reason: str, by: Viewer, at: dt.datetime
) -> ManagerQualification:
    """A certificate no longer holds from the day on; whoever leads by it stays, and is listed."""
    by.require(Permission.KEEP_QUALIFICATIONS)
    journal_operations.take_turn()
    rows = ManagerQualification.objects.select_for_update(of=("self",)).visible_to(by)
    row: ManagerQualification | None = (
        rows.select_related("employee__unit").filter(kind=kind, certificate=certificate).first()
    )
    if row is None:
        raise UnableToRecordQualification(
            "没有证书 %(certificate)s，或不在您的管辖范围之内", certificate=certificate
        )
    if not reason.strip():
        raise UnableToRecordQualification("请写明吊销的原因")
    if not row.issued_on < revoked_on < row.valid_until:
        raise UnableToRecordQualification(
            "吊销日应在发证日 %(row_issued_on)s 之后、失效日 %(row_valid_until)s 之前",
            row_issued_on=row.issued_on,
            row_valid_until=row.valid_until,
        )
    before, row.valid_until = row.valid_until, revoked_on
    row.save(update_fields=["valid_until"])
    changes = {"certificate": certificate, "valid_until": [before, revoked_on]}
    event = "key_accounts.qualification.revoked"
    _record(event, row.pk, row.employee, changes, by, at, reason=reason.strip()[:300])
    return row


@transaction.atomic
def record_training(
    *,
    employee_number: str,
    course: str,
    hours: Decimal,
    completed_on: dt.date,
    score: Decimal | None,
    passed: bool,
    by: Viewer,
    at: dt.datetime,
) -> TrainingRecord:
    """Enter a course that somebody took."""
    employee = _employee(employee_number, by)
    if not course.strip() or hours <= 0:
        raise UnableToRecordQualification("请写明课程，学时应大于零")
    if completed_on > local_date(at):
        raise UnableToRecordQualification(
            "完成日 %(completed_on)s 在将来", completed_on=completed_on
        )
    key = {"employee": employee, "course": course.strip(), "completed_on": completed_on}
    if TrainingRecord.objects.filter(**key).exists():
        raise UnableToRecordQualification(
            "%(employee)s %(completed_on)s 的这门课程已登记过",
            employee=employee.name,
            completed_on=completed_on,
        )
    row = TrainingRecord.objects.create(**key, hours=hours, score=score, passed=passed)
    changes = {"course": row.course, "hours": hours, "passed": passed}
    _record("key_accounts.training.recorded", row.pk, employee, changes, by, at)
    return row


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, the month's last where it has no such day.

    >>> months_after(dt.date(2026, 1, 31), 1), months_after(dt.date(2026, 11, 15), 3)
    (datetime.date(2026, 2, 28), datetime.date(2027, 2, 15))
    """
    years, month = divmod(day.month - 1 + months, _MONTHS)
    first = dt.date(day.year + years, month + 1, 1)
    following = (first.replace(day=_LAST_SURE_DAY) + dt.timedelta(days=4)).replace(day=1)
    return min(first.replace(day=1) + dt.timedelta(days=day.day - 1), following - dt.timedelta(1))


def _employee(number: str, by: Viewer) -> Employee:
    by.require(Permission.KEEP_QUALIFICATIONS)
    journal_operations.take_turn()
    employee = Employee.objects.select_related("unit", "user").filter(number=number).first()
    if employee is None or not by.covers(employee.unit.path):
        raise UnableToRecordQualification(
            "没有工号 %(number)s，或不在您的管辖范围之内", number=number
        )
    return employee


def _record(
    event: str,
    subject_id: int,
    employee: Employee,
    changes: Mapping[str, object],
    by: Viewer,
    at: dt.datetime,
    *,
    reason: str = "",
) -> None:
    happening = Happening(
        event=event,
        subject_type=event.rsplit(".", 1)[0],
        subject_id=subject_id,
        subject_label=f"{employee.number} {employee.name}",
        unit_path=employee.unit.path,
        changes=dict(changes),
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
