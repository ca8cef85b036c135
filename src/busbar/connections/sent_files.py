"""Files that come with a step: photos, reports, signed sheets; kept by digest, told by content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from busbar.kit import contents
from busbar.kit.errors import Refusal

MAX_BYTES = 50 * 1024 * 1024
PHOTOS = frozenset({contents.JPEG, contents.PNG})
PAPERS = PHOTOS | {contents.PDF, contents.DOCX, contents.XLSX, contents.TEXT}

_EXPECTED = {PHOTOS: "照片应为 JPEG 或 PNG", PAPERS: "应为 PDF、图片、Word、Excel 或文本文件"}


@dataclass(frozen=True)
class SentFile:
    """A file as it arrives: the name its sender gave it, and its bytes."""

    name: str
    content: bytes


def keep_files(
    files: Sequence[SentFile], *, refusal: type[Refusal], allowed: frozenset[str] = PAPERS
) -> list[dict[str, Any]]:
    """Store the bytes under FILES_ROOT and return what a row remembers of each file.

    Raises `refusal` for an empty file, one too large or of another kind. A refusal later in the
    same transaction leaves bytes that no row names, as with every other document.
    """
    return [_keep(file, refusal, allowed) for file in files]


def kept_path(reference: dict[str, Any]) -> Path:
    """Where the bytes of a remembered file lie."""
    digest = str(reference["sha256"])
    return files_root() / digest[:2] / digest


def files_root() -> Path:
    """The folder of this room's files."""
    return Path(settings.FILES_ROOT) / "connections"


def _keep(file: SentFile, refusal: type[Refusal], allowed: frozenset[str]) -> dict[str, Any]:
    try:
        stored = contents.store_by_digest(files_root(), [file.content], max_bytes=MAX_BYTES)
        kind = contents.detect_content(stored.path)
    except contents.UnableToAcceptFile as reason:
        raise refusal("文件 %(file)s：%(reason)s", file=file.name, reason=reason) from reason
    if kind is None or kind not in allowed:
        raise refusal("文件 %(file)s：%(expected)s", file=file.name, expected=_EXPECTED[allowed])
    return {
        "name": contents.safe_file_name(file.name, kind),
        "sha256": stored.sha256,
        "content_type": kind,
        "size_bytes": stored.size_bytes,
    }
