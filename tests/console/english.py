"""What a page says in Chinese to whoever reads English."""

from __future__ import annotations

import html
import re

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_TAG = re.compile(r"<[^>]+>")


def words_of(page: str, beginning: str = "", end: str = "") -> str:
    """The text of a page, or of its part from a beginning to the next end, without its tags."""
    if beginning:
        _before, found, page = page.partition(beginning)
        assert found, beginning
    if end:
        page = page.partition(end)[0]
    return " ".join(html.unescape(_TAG.sub(" ", page)).split())


def chinese_in(words: str, *, beside: tuple[str, ...] = ()) -> list[str]:
    """The Chinese in a text, beside names and what somebody typed.

    >>> chinese_in("Bureau 市局: 逾期", beside=("市局",))
    ['逾期']
    """
    for name in sorted(beside, key=len, reverse=True):
        words = words.replace(name, "")
    return _HAN.findall(words)
