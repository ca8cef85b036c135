"""Where a figure of recognition comes from, in the language of the screen.

A run keeps the words with the figure, in Chinese, so that what it judged by stays as it was; the
screens know them again and say them to whoever reads English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from django.utils.translation import gettext as translated
from django.utils.translation import gettext_noop

_SENTENCES = (
    gettext_noop("客户档案的重要性等级"),
    gettext_noop("%(first)s 至 %(last)s 没有账单"),
    gettext_noop("%(first)s 至 %(last)s 的账单，%(months)s 个月"),
    gettext_noop("%(month)s 账单，各户号最大需量之和"),
    gettext_noop("%(months)s 个月与上年同月的账单电量相比"),
    gettext_noop("可与上年同月相比的账单只有 %(months)s 个月，不足 %(least)s 个月"),
    gettext_noop("近 %(recent)s 个月日均电量比此前 %(before)s 个月，再比同行业其他客户"),
    gettext_noop("近 %(months)s 个月账单不全，或同行业其他客户不足 %(peers)s 户"),
    gettext_noop("%(count)s 件未送电的业扩申请"),
    gettext_noop("没有未送电的业扩申请"),
    gettext_noop("未拆除的受电变压器"),
    gettext_noop("档案没有行业代码"),
    gettext_noop("档案的行业代码 %(code)s"),
)
"""Every sentence of `key_accounts/queries/facts.py`; a test keeps the two together."""
_HOLE = re.compile(r"%\((\w+)\)s")


def say_source(words: str) -> str:
    """The words in the reader's language; words that nobody knows stay as they are.

    >>> from django.utils import translation
    >>> with translation.override("en"):
    ...     say_source("2025-11 至 2026-10 的账单，12 个月")
    'Bills of 2025-11 to 2026-10, 12 months'
    """
    for sentence in _SENTENCES:
        if found := _pattern(sentence).fullmatch(words):
            told: Mapping[str, str] = found.groupdict()
            return translated(sentence) % told
    return words


@lru_cache(maxsize=len(_SENTENCES))
def _pattern(sentence: str) -> re.Pattern[str]:
    plain, *rest = _HOLE.split(sentence)
    parts = [re.escape(plain)]
    for name, words in zip(rest[::2], rest[1::2], strict=True):
        parts.append(rf"(?P<{name}>\S+){re.escape(words)}")
    return re.compile("".join(parts))
