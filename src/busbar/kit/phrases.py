"""Keeping what was told, so that whoever reads it later reads it in their own language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from busbar.kit.errors import Listing, Phrase, Reasons

_TYPED = "%(text)s"


def as_typed(text: str) -> Phrase:
    """What a person wrote, or a name of data: nobody translates it.

    >>> str(as_typed("已办 100%"))
    '已办 100%'
    """
    return Phrase(_TYPED, text=text)


def nothing() -> Phrase:
    """What is kept where nothing is said."""
    return Phrase("")


def keep(phrase: Phrase) -> dict[str, Any]:
    """A phrase as JSON: the sentence and its values, data as text.

    >>> keep(Phrase("第 %(row)s 行：%(why)s", row=3, why=Phrase("未填")))
    {'sentence': '第 %(row)s 行：%(why)s', 'values': {'row': '3', 'why': {'sentence': '未填'}}}
    """
    kept: dict[str, Any] = {"sentence": phrase.sentence}
    if phrase.values:
        kept["values"] = {name: _keep(value) for name, value in phrase.values.items()}
    return kept


def recall(kept: Mapping[str, Any] | str) -> Phrase:
    """The phrase that was kept; a text is one of the days when only texts were kept.

    >>> str(recall(keep(Phrase("缺 %(what)s", what=Listing(["合同", Phrase("曲线")])))))
    '缺 合同、曲线'
    >>> str(recall("已导入过"))
    '已导入过'
    """
    if isinstance(kept, str):
        return as_typed(kept)
    values = {name: _recall(value) for name, value in kept.get("values", {}).items()}
    return Phrase(kept["sentence"], **values)


def _keep(value: object) -> object:
    if isinstance(value, Phrase):
        return keep(value)
    if isinstance(value, Listing):
        return {"listing": [_keep(one) for one in value]}
    if isinstance(value, Reasons):
        return {"reasons": [keep(one) for one in value]}
    return str(value)


def _recall(value: Any) -> object:
    if isinstance(value, str):
        return value
    if "listing" in value:
        return Listing(_recall(one) for one in value["listing"])
    if "reasons" in value:
        return Reasons(recall(one) for one in value["reasons"])
    return recall(value)
