"""Files in and out: size before content, kind by content, names that are safe to save under."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.http import FileResponse, HttpResponse, HttpResponseBase
from ninja.files import UploadedFile

from busbar.connections.sent_files import MAX_BYTES, SentFile
from busbar.kit.errors import Refusal

MOST_NAME = 200
DOWNLOAD: dict[str, Any] = {
    "responses": {
        200: {
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            }
        }
    }
}
"""How the document describes an answer of bytes; their kind stands in the row."""
PDF: dict[str, Any] = {
    "responses": {
        200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
    }
}
"""How it describes a paper."""


class UnableToTakeFile(Refusal):
    """The file is too large to be read at all."""


def read_upload(file: UploadedFile, *, most_bytes: int = MAX_BYTES) -> SentFile:
    """The file with its bytes, unless it is larger than may be kept; content is checked below."""
    name = name_of(file)
    if (file.size or 0) > most_bytes:
        raise UnableToTakeFile(f"文件 {name} 超过 {most_bytes // 1_048_576} MB 的上限")
    return SentFile(name, file.read())


def name_of(file: UploadedFile) -> str:
    """The name its sender gave it, without what no database keeps."""
    return str(file.name or "").replace("\x00", "")[-MOST_NAME:] or "文件"


def send_file(path: Path, *, name: str) -> FileResponse:
    """The bytes as a download, never shown in the console's own origin."""
    response = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=name,
        content_type="application/octet-stream",
    )
    _keep_apart(response)
    return response


def send_pdf(content: bytes, *, name: str) -> HttpResponse:
    """A paper made just now, as a download."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    _keep_apart(response)
    return response


def _keep_apart(response: HttpResponseBase) -> None:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
