"""A company's name taken apart: region, brand, trade, legal form, branch.

企业名称登记管理规定(2020) 第6条: a name is region + brand (字号) + trade + form. Archives write
it as each office likes; what is left after taking it apart can be compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from busbar.customers.consolidation.words import (
    Words,
    bare_place,
    shipped_places,
    shipped_words,
)

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十]+")
_HUNDREDS = re.compile(
    r"([一二两三四五六七八九])百(?:零([一二三四五六七八九])|([一二三四五六七八九]?)十([一二三四五六七八九]?))"
)
_SPACES = re.compile(r"\s+")
_NOISE = re.compile(r"[·•・,.;:'\"“”‘’、。，；：\-—_/\\#*&+!?]+")
_BRACKETS = re.compile(r"[()\[\]{}【】〔〕〈〉《》<>]")
_ORDINAL = re.compile(r"第(?=\d)")
_PLACE_PART = re.compile(r"^[一-鿿]{2,3}?(?:省|自治区|市|区|县|旗)")
_SHORTEST = 2
_LONGEST_PLACE = 11


@dataclass(frozen=True)
class CompanyName:
    """A name's parts; empty where it states none. `full` is the whole in one writing."""

    full: str
    region: str
    brand: str
    trade: str
    form: str
    branch: str

    @property
    def core(self) -> str:
        """What tells one body from another: brand and trade."""
        return self.brand + self.trade


def fold(text: str) -> str:
    """One width, one case, Arabic numerals, no spaces or punctuation; brackets stay.

    >>> fold("Ａ厂　第二车间（北）")
    'A厂2车间(北)'
    >>> fold("十二局"), fold("二十三街"), fold("第一百零一中学"), fold("第一百货")
    ('12局', '23街', '101中学', '1百货')
    """
    text = unicodedata.normalize("NFKC", text).upper()
    text = _HUNDREDS.sub(_as_hundreds, _NOISE.sub("", _SPACES.sub("", text)))
    return _ORDINAL.sub("", _NUMERAL.sub(_as_digits, text))


def split_name(text: str, places: Collection[str] = ()) -> CompanyName:
    """The parts of a name; `places` are the names of the archive's own region.

    >>> split_name("临江市东海钢铁（集团）有限责任公司第二分厂")
    CompanyName(full='临江市东海钢铁集团有限责任公司2分厂', region='临江', brand='东海',
    trade='钢铁', form='有限', branch='2分厂')
    >>> split_name("东海钢铁有限公司(苏州)").region, split_name("东海钢铁厂").form
    ('苏州', '厂')
    """
    words = shipped_words()
    known = shipped_places() if not places else _Places.of(places)
    folded = fold(text)
    region, folded = _bracketed_region(folded, known)
    full = _drop_notes(_BRACKETS.sub("", folded), words)
    head, form, branch = _split_form(full, words)
    stated, head = _take_region(head, known)
    head = _drop_fillers(head, words)
    brand, trade = _split_trade(head, words)
    return CompanyName(full, stated or region, brand, trade, form, branch)


class _Places:
    """The archive's own places beside the shipped ones, put together once."""

    @staticmethod
    @lru_cache(maxsize=4)
    def _merged(places: frozenset[str]) -> frozenset[str]:
        return shipped_places() | places

    @classmethod
    def of(cls, places: Collection[str]) -> frozenset[str]:
        return cls._merged(frozenset(places))


def _as_hundreds(found: re.Match[str]) -> str:
    """一百零一, 一百二十, 三百一十五; 百 with nothing behind it is as often a word (百货)."""
    hundreds, ones, tens, rest = (_DIGITS.get(part or "", 0) for part in found.groups())
    if found.group(2) is None and not found.group(3):
        tens = 1
    return str(hundreds * 100 + tens * 10 + ones + rest)


def _as_digits(found: re.Match[str]) -> str:
    text = found.group()
    if "十" not in text:
        return "".join(str(_DIGITS[c]) for c in text)
    before, _, after = text.partition("十")
    if len(before) > 1 or len(after) > 1:
        return text
    return str((_DIGITS[before] if before else 1) * 10 + (_DIGITS[after] if after else 0))


def _bracketed_region(text: str, places: Collection[str]) -> tuple[str, str]:
    """A region in brackets, as 东海钢铁(临江)有限公司, taken out."""
    for found in re.finditer(r"\(([^()]{2,8})\)", text):
        if found.group(1) in places:
            return bare_place(found.group(1)), text[: found.start()] + text[found.end() :]
    return "", text


def _drop_notes(text: str, words: Words) -> str:
    """What a clerk wrote before or behind the name about the entry itself."""
    for note in words.notes:
        if len(text) - len(note) > _SHORTEST * 2:
            text = text.removeprefix(note) if len(note) > 1 else text
            text = text.removesuffix(note)
    return text


def _split_form(text: str, words: Words) -> tuple[str, str, str]:
    """Head, legal form (or the kind of body), what stands behind."""
    for form, short in words.forms.items():
        place = text.rfind(form, _SHORTEST)
        if place < 0 or _is_branch_word(text, place, form, words):
            continue
        return text[:place], short, text[place + len(form) :]
    head, branch = _split_parts(text, words)
    for kind in words.kinds:
        if head.endswith(kind) and len(head) > len(kind):
            return head[: -len(kind)], kind, branch
    return head, "", branch


def _is_branch_word(text: str, place: int, form: str, words: Words) -> bool:
    """Whether the form found is the end of a word such as 分公司."""
    end = text[: place + len(form)]
    return any(end.endswith(body) and len(body) > len(form) for body in words.bodies)


def _split_parts(text: str, words: Words) -> tuple[str, str]:
    """A name without legal form: what names a part of the body, with its number."""
    for part in (*words.bodies, *words.parts):
        place = text.rfind(part)
        if place > _SHORTEST and place + len(part) >= len(text) - 1:
            start = place
            while start > _SHORTEST and (
                text[start - 1].isdigit() or text[start - 1] in "ABCDEF东西南北"
            ):
                start -= 1
            return text[:start], text[start:]
    return text, ""


def _take_region(text: str, places: Collection[str]) -> tuple[str, str]:
    """The places a name begins with; the last is the nearest. At least two characters stay."""
    region = ""
    while place := _leading_place(text, places):
        region, text = bare_place(place), text[len(place) :]
    return region, text


def _leading_place(text: str, places: Collection[str]) -> str:
    for length in range(min(_LONGEST_PLACE, len(text) - _SHORTEST), _SHORTEST - 1, -1):
        if text[:length] in places:
            return text[:length]
    found = _PLACE_PART.match(text)
    if found and len(text) - found.end() >= _SHORTEST:
        return found.group()
    return ""


def _drop_fillers(text: str, words: Words) -> str:
    for filler in words.fillers:
        shorter = text.replace(filler, "") if len(filler) > 1 else text.removeprefix(filler)
        if len(shorter) >= _SHORTEST:
            text = shorter
    return text


def _split_trade(text: str, words: Words) -> tuple[str, str]:
    """Brand and trade; a name that is all trade is a brand."""
    start = len(text)
    while trade := next((t for t in words.trades if text.endswith(t, 0, start)), ""):
        start -= len(trade)
    start = start if start >= _SHORTEST or start == len(text) else len(text)
    return text[:start], text[start:]
