"""Keeping the register of design, construction and testing firms (R58)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    Contractor,
    Qualification,
    QualificationKind,
    QualificationScope,
)
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.identifiers import is_credit_code
from busbar.kit.periods import local_date


class UnableToKeepContractor(Refusal):
    """The register of firms cannot change so."""


@transaction.atomic
def register_contractor(
    *,
    code: str,
    name: str,
    credit_code: str,
    contact_name: str = "",
    contact_phone: str = "",
    address: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Contractor:
    """Enter a firm; without a certificate it is not offered to anybody yet."""
    by.require(Permission.KEEP_CONTRACTORS)
    if not code.strip() or not name.strip():
        raise UnableToKeepContractor("单位编号和单位名称都应填写")
    if not is_credit_code(credit_code):
        raise UnableToKeepContractor(
            "%(credit_code)s：应为 18 位统一社会信用代码，校验码须正确", credit_code=credit_code
        )
    if Contractor.objects.filter(code=code.strip()).exists():
        raise UnableToKeepContractor("单位编号 %(code)s 已登记", code=code.strip())
    if Contractor.objects.filter(credit_code=credit_code).exists():
        raise UnableToKeepContractor(
            "信用代码 %(credit_code)s 的单位已在名录中", credit_code=credit_code
        )
    firm = Contractor.objects.create(
        code=code.strip(),
        name=name.strip(),
        credit_code=credit_code,
        contact_name=contact_name,
        contact_phone=contact_phone,
        address=address,
        registered_at=at,
    )
    _record("connections.contractor.registered", firm, {}, by=by, at=at)
    return firm


@transaction.atomic
def strike_off_contractor(
    *, contractor_id: int, on: dt.date, reason: str, by: Viewer, at: dt.datetime
) -> Contractor:
    """Take a firm off the register from a day on; choices made before stay as they were."""
    by.require(Permission.KEEP_CONTRACTORS)
    firm = _hold(contractor_id)
    if not reason.strip():
        raise UnableToKeepContractor("除名应写明原因")
    if firm.struck_off_on is not None:
        raise UnableToKeepContractor(
            "%(firm)s 已于 %(struck_off_on)s 除名", firm=firm.name, struck_off_on=firm.struck_off_on
        )
    firm.struck_off_on, firm.struck_off_reason = on, reason.strip()
    firm.save(update_fields=["struck_off_on", "struck_off_reason"])
    _record("connections.contractor.struck_off", firm, {"on": on}, by=by, at=at, reason=reason)
    return firm


@transaction.atomic
def grant_qualification(
    *,
    contractor_id: int,
    kind: QualificationKind | str,
    grade: str,
    certificate_number: str,
    valid_from: dt.date,
    valid_until: dt.date,
    issued_by: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Qualification:
    """Enter a certificate with its grade and validity `[valid_from, valid_until)`."""
    by.require(Permission.KEEP_CONTRACTORS)
    firm = _hold(contractor_id)
    kind = QualificationKind(kind)
    _check_certificate(kind, grade, certificate_number, valid_from, valid_until)
    row = Qualification.objects.create(
        contractor=firm,
        kind=kind,
        grade=grade,
        certificate_number=certificate_number.strip(),
        issued_by=issued_by,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    _record("connections.qualification.granted", firm, _facts(row), by=by, at=at)
    return row


def _check_certificate(
    kind: QualificationKind, grade: str, number: str, valid_from: dt.date, valid_until: dt.date
) -> None:
    if not number.strip():
        raise UnableToKeepContractor("资质证书编号应填写")
    if valid_until <= valid_from:
        raise UnableToKeepContractor(
            "证书有效期止日应晚于起日 %(valid_from)s", valid_from=valid_from
        )
    grades = QualificationScope.objects.filter(kind=kind).values_list("grade", flat=True)
    if grade not in set(grades):
        known = "、".join(sorted(set(grades)))
        raise UnableToKeepContractor(
            "%(label)s资质没有“%(grade)s”，应为：%(known)s",
            label=kind.label,
            grade=grade,
            known=known,
        )
    twice = Qualification.objects.filter(
        kind=kind, certificate_number=number.strip(), valid_until__gt=valid_from
    )
    if twice.filter(valid_from__lt=valid_until).exists():
        raise UnableToKeepContractor(
            "%(label)s资质证书 %(number)s 在该有效期内已登记",
            label=kind.label,
            number=number.strip(),
        )


@transaction.atomic
def renew_qualification(
    *,
    qualification_id: int,
    valid_until: dt.date,
    grade: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Qualification:
    """Enter the next validity of a certificate, beginning where the present one ends."""
    by.require(Permission.KEEP_CONTRACTORS)
    journal_operations.take_turn()
    old = Qualification.objects.select_for_update().get(pk=qualification_id)
    if old.revoked_on is not None:
        raise UnableToKeepContractor(
            "证书 %(certificate_number)s 已于 %(revoked_on)s 吊销，不能延续，应重新登记",
            certificate_number=old.certificate_number,
            revoked_on=old.revoked_on,
        )
    firm = _hold(old.contractor_id)
    kind = QualificationKind(old.kind)
    begins = old.valid_until
    _check_certificate(kind, grade or old.grade, old.certificate_number, begins, valid_until)
    row = Qualification.objects.create(
        contractor=firm,
        kind=old.kind,
        grade=grade or old.grade,
        certificate_number=old.certificate_number,
        issued_by=old.issued_by,
        valid_from=begins,
        valid_until=valid_until,
    )
    _record("connections.qualification.renewed", firm, _facts(row), by=by, at=at)
    return row


@transaction.atomic
def revoke_qualification(
    *, qualification_id: int, on: dt.date, reason: str, by: Viewer, at: dt.datetime
) -> Qualification:
    """Note that a certificate is worth nothing from a day on."""
    by.require(Permission.KEEP_CONTRACTORS)
    journal_operations.take_turn()
    row = Qualification.objects.select_for_update().get(pk=qualification_id)
    if not reason.strip():
        raise UnableToKeepContractor("吊销资质应写明原因")
    if row.revoked_on is not None:
        raise UnableToKeepContractor(
            "证书 %(certificate_number)s 已于 %(revoked_on)s 吊销",
            certificate_number=row.certificate_number,
            revoked_on=row.revoked_on,
        )
    if on > local_date(at):
        raise UnableToKeepContractor("吊销日期 %(on)s 不能在今天之后", on=on)
    row.revoked_on, row.revoked_reason = on, reason.strip()
    row.save(update_fields=["revoked_on", "revoked_reason"])
    changes = {**_facts(row), "revoked_on": on}
    _record(
        "connections.qualification.revoked", row.contractor, changes, by=by, at=at, reason=reason
    )
    return row


def _hold(contractor_id: int) -> Contractor:
    journal_operations.take_turn()
    firm = Contractor.objects.select_for_update().filter(pk=contractor_id).first()
    if firm is None:
        raise UnableToKeepContractor("名录中没有这个单位")
    return firm


def _facts(row: Qualification) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "grade": row.grade,
        "certificate": row.certificate_number,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }


def _record(
    event: str,
    firm: Contractor,
    changes: dict[str, Any],
    *,
    by: Viewer,
    at: dt.datetime,
    reason: str = "",
) -> None:
    happening = Happening(
        event=event,
        subject_type="connections.contractor",
        subject_id=firm.pk,
        subject_label=firm.name,
        unit_path=by.unit_path,
        changes=changes,
        reason=reason.strip(),
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
