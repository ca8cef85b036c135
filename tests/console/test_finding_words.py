"""Supervision's notes speak the reader's language; what a person wrote stays."""

from __future__ import annotations

import pytest
from django.utils import translation

from busbar.console.finding_words import word_note

NOTES = [
    (
        "应于 2026-03-02 17:30 前办理，实际 2026-03-04 09:00",
        "Due by 2026-03-02 17:30, done 2026-03-04 09:00",
    ),
    ("应于 2026-03-02 17:30 前办理，尚未办理", "Due by 2026-03-02 17:30, not done yet"),
    (
        "实际完成 2026-03-01 09:00，补录于 2026-03-02 10:00：断网：下午恢复",
        "Done 2026-03-01 09:00, recorded 2026-03-02 10:00: 断网：下午恢复",
    ),
    (
        "期限 2026-03-02 17:30 内未答复，视同“同意”",
        "No answer by 2026-03-02 17:30, taken as “同意”",
    ),
    ("资料与现场不符", "资料与现场不符"),
]


class TestWordNote:
    @pytest.mark.parametrize(("note", "english"), NOTES)
    def test_says_what_was_found_in_english(self, note: str, english: str) -> None:
        with translation.override("en"):
            assert word_note(note) == english

    @pytest.mark.parametrize("note", [note for note, _ in NOTES])
    def test_leaves_the_chinese_as_it_is(self, note: str) -> None:
        with translation.override("zh-hans"):
            assert word_note(note) == note
