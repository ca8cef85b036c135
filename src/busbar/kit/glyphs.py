"""Which characters a TrueType font can show: its `cmap` table read, formats 4 and 12."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

_UNICODE = ((3, 10), (0, 4), (0, 6), (3, 1), (0, 3))
"""Platform and encoding of tables over Unicode, the fuller ones first."""
_FORMAT_4, _FORMAT_12 = 4, 12


@cache
def characters_of(font: Path) -> frozenset[int]:
    """Code points with a glyph. Raises ValueError for a file that is no TrueType font."""
    content = font.read_bytes()
    start = _table(content, b"cmap")
    (count,) = struct.unpack_from(">H", content, start + 2)
    found = {}
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHL", content, start + 4 + 8 * number)
        found[platform, encoding] = start + offset
    for kind in _UNICODE:
        if kind in found:
            return frozenset(_characters(content, found[kind]))
    raise ValueError(f"{font.name}: no Unicode character map")


def _table(content: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", content, 4)
    for number in range(count):
        name, _, offset, _ = struct.unpack_from(">4sLLL", content, 12 + 16 * number)
        if name == tag:
            return int(offset)
    raise ValueError("no TrueType font: it has no character map")


def _characters(content: bytes, at: int) -> set[int]:
    (kind,) = struct.unpack_from(">H", content, at)
    if kind == _FORMAT_12:
        (count,) = struct.unpack_from(">L", content, at + 12)
        groups = (struct.unpack_from(">LLL", content, at + 16 + 12 * n) for n in range(count))
        return {code for first, last, _ in groups for code in range(first, last + 1)}
    if kind == _FORMAT_4:
        (doubled,) = struct.unpack_from(">H", content, at + 6)
        count = doubled // 2
        lasts = struct.unpack_from(f">{count}H", content, at + 14)
        firsts = struct.unpack_from(f">{count}H", content, at + 16 + doubled)
        return {c for a, b in zip(firsts, lasts, strict=True) for c in range(a, b + 1)} - {0xFFFF}
    raise ValueError(f"character map of format {kind} is not read")
