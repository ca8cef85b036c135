"""The papers and pictures that people hand in: made once, small, and saying what they are."""

from __future__ import annotations

import struct
import zlib
from functools import cache

from busbar.connections.sent_files import SentFile
from busbar.kit.paper import render_pdf
from busbar.workflow.operations import FileUpload

_WIDTH, _HEIGHT = 320, 200
_TEMPLATE = """
#set page(width: 148mm, height: 105mm, margin: 18mm)
#set text(font: "Noto Sans SC", lang: "zh", size: 12pt)
#align(center + horizon)[#text(size: 20pt)[演示附件] \\ #v(4mm) 本文件为演示数据，不是真实材料。]
"""


@cache
def pdf() -> bytes:
    """A page that says that it is an invented paper."""
    return render_pdf(_TEMPLATE, {})


@cache
def photo() -> bytes:
    """A picture of nothing: a sky over a field, as PNG."""
    sky, field = bytes((126, 170, 214)), bytes((120, 148, 92))
    rows = (b"\0" + (sky if y < _HEIGHT * 3 // 5 else field) * _WIDTH for y in range(_HEIGHT))
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def paper(name: str) -> SentFile:
    """The page under a name; its bytes differ by the name, as those of real papers do."""
    return SentFile(f"{name}.pdf", pdf() + b"\n% " + name.encode() + b"\n")


def sheet(field: str, name: str) -> FileUpload:
    """The page for a field of a form."""
    return FileUpload(field, f"{name}.pdf", [pdf()])


def picture(field: str, name: str) -> FileUpload:
    """The picture for a field of a form."""
    return FileUpload(field, f"{name}.png", [photo()])
