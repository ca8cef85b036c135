"""Attaching documents: checked by content and size, kept by digest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.registers import Change, Told, record_changes
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, Document
from busbar.kit import contents
from busbar.kit.errors import Refusal

ALLOWED = frozenset(
    {contents.PDF, contents.PNG, contents.JPEG, contents.DOCX, contents.XLSX, contents.TEXT}
)
MAX_BYTES = 50 * 1024 * 1024

_TOLD = Told("customers.document", "attached", customer_of=lambda document: document.customer)


class UnableToAttachDocument(Refusal):
    """The file is refused."""


def attach_document(
    *,
    customer: Customer,
    title: str,
    kind: str,
    file_name: str,
    chunks: Iterable[bytes],
    by: Viewer,
    at: dt.datetime,
) -> Document:
    """Keep a file with the customer. Its kind is told from its content, not from its name.

    The bytes are written before the row: a stop between them leaves bytes that nobody names.
    """
    by.require(Permission.EDIT_CUSTOMERS)
    if not Customer.objects.visible_to(by).filter(pk=customer.pk).exists():
        raise UnableToAttachDocument("该客户不在您的管辖范围内")
    if not title.strip():
        raise UnableToAttachDocument("请写明资料名称")
    root = Path(settings.FILES_ROOT) / "documents"
    try:
        stored = contents.store_by_digest(root, chunks, max_bytes=MAX_BYTES)
        content_type = contents.detect_content(stored.path)
    except contents.UnableToAcceptFile as refusal:
        raise UnableToAttachDocument.saying(refusal) from refusal
    if content_type is None or content_type not in ALLOWED:
        _forget(stored)
        raise UnableToAttachDocument("只接受 PDF、PNG、JPEG、Word（docx）、Excel（xlsx）和文本文件")
    return _attach(customer, title, kind, file_name, content_type, stored, by=by, at=at)


@transaction.atomic
def _attach(
    customer: Customer,
    title: str,
    kind: str,
    file_name: str,
    content_type: str,
    stored: contents.StoredFile,
    *,
    by: Viewer,
    at: dt.datetime,
) -> Document:
    if Document.objects.filter(customer=customer, sha256=stored.sha256).exists():
        raise UnableToAttachDocument("这份文件已在该客户的资料里")
    document = Document.objects.create(
        customer=customer,
        title=title.strip()[:200],
        kind=kind.strip()[:50],
        file_name=contents.safe_file_name(file_name, content_type),
        content_type=content_type,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        uploaded_at=at,
        uploaded_by=by.name,
    )
    record_changes([Change(document, is_new=True)], _TOLD, by=by, at=at)
    return document


def _forget(stored: contents.StoredFile) -> None:
    if not Document.objects.filter(sha256=stored.sha256).exists():
        stored.path.unlink(missing_ok=True)
