"""What the model compares, and how it came out, in the language of the screen.

The model is plain Python and says it in Chinese, as the command line and programs read it.
"""

from __future__ import annotations

from django.utils.translation import gettext as translated
from django.utils.translation import gettext_noop

WORDS = (
    gettext_noop("先验"),
    gettext_noop("任取两条记录"),
    gettext_noop("名称"),
    gettext_noop("名称中的地区"),
    gettext_noop("组织形式"),
    gettext_noop("分支或部位"),
    gettext_noop("地址"),
    gettext_noop("电话"),
    gettext_noop("信用代码"),
    gettext_noop("相同"),
    gettext_noop("不同"),
    gettext_noop("未写明"),
    gettext_noop("字号与行业相同"),
    gettext_noop("读音相同"),
    gettext_noop("字号相同，一方未写行业"),
    gettext_noop("只差个别字"),
    gettext_noop("字号相同，行业不同"),
    gettext_noop("部分相同"),
    gettext_noop("仅一方写明"),
    gettext_noop("路名与门牌相同"),
    gettext_noop("路名相同"),
    gettext_noop("同一县区"),
    gettext_noop("有相同号码"),
)
"""Every word of `consolidation/model.py`; a test keeps the two equal."""


def say(word: str) -> str:
    """The word in the reader's language."""
    return translated(word)
