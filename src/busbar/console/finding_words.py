"""What supervision found, in the reader's language: notes are kept as sentences in Chinese."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

_SENTENCES = (
    (
        re.compile(r"应于 (?P<due>.+) 前办理，实际 (?P<done>.+)"),
        _("应于 %(due)s 前办理，实际 %(done)s"),
    ),
    (re.compile(r"应于 (?P<due>.+) 前办理，尚未办理"), _("应于 %(due)s 前办理，尚未办理")),
    (
        re.compile(r"实际完成 (?P<done>.+?)，补录于 (?P<at>.+?)：(?P<reason>.*)", re.DOTALL),
        _("实际完成 %(done)s，补录于 %(at)s：%(reason)s"),
    ),
    (
        re.compile(r"期限 (?P<due>.+) 内未答复，视同“(?P<outcome>.+)”"),
        _("期限 %(due)s 内未答复，视同“%(outcome)s”"),
    ),
)
"""Shapes of the notes with their sentences; a reason that a person wrote stays as it is."""


def word_note(note: str) -> str:
    """The note in the reader's language, or as it was written where it has no such shape."""
    for shape, sentence in _SENTENCES:
        if found := shape.fullmatch(note):
            return str(sentence) % found.groupdict()
    return note
