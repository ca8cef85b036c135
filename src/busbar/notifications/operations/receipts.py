"""That a paper or message reached somebody: who, when, by what means, with which evidence."""

from __future__ import annotations

import datetime as dt
import re

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.notifications.models import Message, Receipt, ReceiptKind
from busbar.notifications.operations.sending import About

_DIGEST = re.compile(r"[0-9a-f]{64}")


class UnableToRecordReceipt(Refusal):
    """The receipt contradicts itself or lacks what proves it."""


@transaction.atomic
def record_receipt(
    *,
    kind: str,
    about: About,
    person: str,
    means: str,
    received_at: dt.datetime,
    viewer: Viewer,
    at: dt.datetime,
    evidence_sha256: str = "",
    message_id: int | None = None,
) -> Receipt:
    """Write down a receipt (R48); a paper may have several, as served first and signed later.

    `evidence_sha256` names the file that proves it (signature, photo), empty where there is
    none. Raises UnableToRecordReceipt.
    """
    unit = OrganizationUnit.objects.get(pk=about.unit_id)
    viewer.require_unit(unit.path)
    _check(kind, person, means, evidence_sha256, received_at, at)
    if message_id is not None and not _knows(viewer, message_id, about):
        raise UnableToRecordReceipt("没有这条消息，或它说的不是此事")
    receipt = Receipt.objects.create(
        kind=kind,
        subject_type=about.subject_type,
        subject_id=about.subject_id,
        subject_label=about.label[:200],
        message_id=message_id,
        customer_id=about.customer_id,
        unit=unit,
        person=person.strip(),
        means=means.strip(),
        evidence_sha256=evidence_sha256,
        received_at=received_at,
        recorded_at=at,
        recorded_by=viewer.name,
    )
    journal_operations.record(
        happening=Happening(
            event=f"notifications.receipt.{kind}",
            subject_type=about.subject_type,
            subject_id=about.subject_id,
            subject_label=about.label,
            customer_id=about.customer_id,
            unit_path=unit.path,
            changes={
                "person": receipt.person,
                "means": receipt.means,
                "received_at": received_at,
                "evidence_sha256": evidence_sha256,
            },
        ),
        actor=viewer.actor,
        at=at,
    )
    return receipt


def _check(
    kind: str,
    person: str,
    means: str,
    evidence_sha256: str,
    received_at: dt.datetime,
    at: dt.datetime,
) -> None:
    if kind not in ReceiptKind.values:
        raise UnableToRecordReceipt("签收结果应为送达、签收或拒收之一，而不是“%(kind)s”", kind=kind)
    if not person.strip() or not means.strip():
        raise UnableToRecordReceipt("请填写签收人和送达方式")
    if received_at > at:
        raise UnableToRecordReceipt("签收时间晚于现在，请核对")
    if evidence_sha256 and not _DIGEST.fullmatch(evidence_sha256):
        raise UnableToRecordReceipt("佐证文件的摘要应为 64 位十六进制数")


def _knows(viewer: Viewer, message_id: int, about: About) -> bool:
    messages = Message.objects.visible_to(viewer).filter(pk=message_id)
    return messages.filter(subject_type=about.subject_type, subject_id=about.subject_id).exists()
