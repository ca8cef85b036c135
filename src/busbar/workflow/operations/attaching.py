"""Files that come with a task: checked by content and size, kept by digest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from busbar.kit import contents
from busbar.kit.errors import Refusal
from busbar.workflow.models import TaskAttachment, UserTask

ALLOWED = frozenset(
    {contents.PDF, contents.PNG, contents.JPEG, contents.DOCX, contents.XLSX, contents.TEXT}
)
MAX_BYTES = 50 * 1024 * 1024
MOST_FILES = 50


class UnableToAttachFile(Refusal):
    """A file is refused; nothing of the completion happened."""


@dataclass(frozen=True)
class FileUpload:
    """A file handed in with a form: the field it answers, its name, its bytes in chunks."""

    field: str
    file_name: str
    chunks: Iterable[bytes]
    title: str = ""


@dataclass(frozen=True)
class CheckedFile:
    """A file whose bytes are kept and whose kind is known."""

    field: str
    title: str
    file_name: str
    content_type: str
    stored: contents.StoredFile


def keep_files(files: Sequence[FileUpload]) -> list[CheckedFile]:
    """Write the bytes under their digests, before any transaction: a refusal leaves bytes that
    nobody names, as with customers' documents.
    """
    if len(files) > MOST_FILES:
        raise UnableToAttachFile(
            "一次至多附 %(most_files)s 个文件，现有 %(count)s 个",
            most_files=MOST_FILES,
            count=len(files),
        )
    return [_keep(file) for file in files]


def _keep(file: FileUpload) -> CheckedFile:
    # One store of bytes for the whole product: an attachment may become a customer's document.
    root = Path(settings.FILES_ROOT) / "documents"
    try:
        stored = contents.store_by_digest(root, file.chunks, max_bytes=MAX_BYTES)
        kind = contents.detect_content(stored.path)
    except contents.UnableToAcceptFile as refusal:
        raise UnableToAttachFile(
            "“%(file_name)s”：%(refusal)s", file_name=file.file_name, refusal=refusal
        ) from refusal
    if kind is None or kind not in ALLOWED:
        raise UnableToAttachFile(
            "“%(file_name)s”：只接受 PDF、PNG、JPEG、Word（docx）、Excel（xlsx）和文本文件",
            file_name=file.file_name,
        )
    name = contents.safe_file_name(file.file_name, kind)
    return CheckedFile(file.field, (file.title or name)[:200], name, kind, stored)


def attach(
    task: UserTask, files: Sequence[CheckedFile], *, by: str, at: dt.datetime
) -> tuple[TaskAttachment, ...]:
    """Rows of the files; the same bytes twice in one field are one attachment."""
    once = {(file.field, file.stored.sha256): file for file in files}
    rows = [
        TaskAttachment(
            task=task,
            field=file.field,
            title=file.title,
            file_name=file.file_name,
            content_type=file.content_type,
            sha256=file.stored.sha256,
            size_bytes=file.stored.size_bytes,
            uploaded_at=at,
            uploaded_by=by,
        )
        for file in once.values()
    ]
    return tuple(TaskAttachment.objects.bulk_create(rows)) if rows else ()
