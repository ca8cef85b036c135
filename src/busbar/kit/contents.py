"""What a file is by its content, never by its name; and keeping bytes by their digest."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from busbar.kit.errors import Refusal

_CHUNK = 1 << 20
_MAX_UNPACKED = 2 << 30
_MAX_RATIO = 300
_MAX_MEMBERS = 5000
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")

PDF, PNG, JPEG, TEXT = "application/pdf", "image/png", "image/jpeg", "text/plain"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
PARQUET = "application/vnd.apache.parquet"
EXTENSIONS = {
    PDF: ".pdf",
    PNG: ".png",
    JPEG: ".jpg",
    DOCX: ".docx",
    XLSX: ".xlsx",
    XLS: ".xls",
    TEXT: ".txt",
    PARQUET: ".parquet",
}


class UnableToAcceptFile(Refusal):
    """The file is not what it should be: of another kind, too large, packed to burst."""


@dataclass(frozen=True)
class StoredFile:
    """Bytes as they lie under their digest."""

    path: Path
    sha256: str
    size_bytes: int


def store_by_digest(root: Path, chunks: Iterable[bytes], *, max_bytes: int) -> StoredFile:
    """Write the bytes to `root/ab/abcd…`; the same bytes twice are one file.

    Raises UnableToAcceptFile above `max_bytes` and for an empty file; nothing is left then.
    """
    root.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=root)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > max_bytes:
                    raise UnableToAcceptFile(
                        "文件超过 %(most)s MB 的上限", most=max_bytes // 1_048_576
                    )
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if size == 0:
            raise UnableToAcceptFile("文件是空的")
        path = root / digest.hexdigest()[:2] / digest.hexdigest()
        path.parent.mkdir(exist_ok=True)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return StoredFile(path, digest.hexdigest(), size)


def chunks_of(path: Path) -> Iterable[bytes]:
    """The file's bytes, a mebibyte at a time."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def detect_content(path: Path) -> str | None:
    """The media type by content: one of `EXTENSIONS`, or None for anything else.

    Raises UnableToAcceptFile for an archive that would unpack beyond reason or holds macros.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK\x03\x04"):
        return _office_kind(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return XLS
    for magic, kind in (
        (b"PAR1", PARQUET),
        (b"%PDF-", PDF),
        (b"\x89PNG\r\n\x1a\n", PNG),
        (b"\xff\xd8\xff", JPEG),
    ):
        if head.startswith(magic):
            return kind
    return TEXT if detect_encoding(path) else None


def _office_kind(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        return None
    unpacked = sum(member.file_size for member in members)
    packed = max(1, path.stat().st_size)
    if len(members) > _MAX_MEMBERS or unpacked > _MAX_UNPACKED:
        raise UnableToAcceptFile("压缩内容过大，疑似压缩炸弹")
    if unpacked > 100 * _CHUNK and unpacked / packed > _MAX_RATIO:
        raise UnableToAcceptFile("压缩比异常，疑似压缩炸弹")
    names = {member.filename for member in members}
    if any(name.endswith("vbaProject.bin") for name in names):
        raise UnableToAcceptFile("文件含宏，请另存为不含宏的文件")
    if "[Content_Types].xml" not in names:
        return None
    if "xl/workbook.xml" in names:
        return XLSX
    return DOCX if "word/document.xml" in names else None


def detect_encoding(path: Path) -> str | None:
    """`utf-8-sig` or `gb18030`, whichever decodes the whole file strictly; None for neither.

    Text with control characters is no text.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    return None


def _decodes(path: Path, encoding: str) -> bool:
    import codecs

    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in chunks_of(path):
            if _CONTROL.search(chunk):
                return False
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def safe_file_name(name: str, content_type: str) -> str:
    """A name to download under: no paths, no control characters, the ending of its content.

    >>> safe_file_name("../../合同 正本.exe", PDF)
    '合同 正本.pdf'
    """
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    stem = base.rsplit(".", 1)[0] if "." in base else base
    kept = "".join(c for c in stem if c.isalnum() or c in " -_()（）〔〕[]·、，")
    ending = EXTENSIONS.get(content_type, "")
    if content_type == TEXT and base.lower().endswith(".csv"):
        ending = ".csv"
    return (kept.strip()[:150] or "文件") + ending
