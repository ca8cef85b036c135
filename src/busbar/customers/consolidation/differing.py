"""Where two writings differ, for the eye."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Piece:
    """A stretch of a text; `differs` where the other text has something else."""

    text: str
    differs: bool


def mark_differences(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in stretches.

    >>> mark_differences("东海钢铁厂", "东海特钢厂")[1]
    [Piece(text='东海', differs=False), Piece(text='特', differs=True),
    Piece(text='钢', differs=False), Piece(text='厂', differs=False)]
    """
    one: list[Piece] = []
    other: list[Piece] = []
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for kind, start, end, begin, stop in matcher.get_opcodes():
        for pieces, text in ((one, left[start:end]), (other, right[begin:stop])):
            if text:
                pieces.append(Piece(text, kind != "equal"))
    return one, other
