"""An address taken apart: county, road, number, building; and telephone numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from busbar.customers.consolidation.names import fold
from busbar.customers.consolidation.words import bare_place, shipped_words

_LEVEL = re.compile(r"([一-鿿]{2,8}?(?:自治区|自治州|自治县|省|市|区|县|旗))")
_NUMBER = re.compile(r"(\d+(?:之\d+)?)(?:号|弄)(之\d+)?")
_SUB_NUMBER = re.compile(r"(?<=[\d０-９])\s*[-—－‐–]\s*(?=[\d０-９])")
_BUILDING = re.compile(r"(\d+|[A-Z])(?:号楼|幢|栋|座|楼)")
_TOWN = re.compile(r"^([一-鿿]{1,6}?(?:街道|镇|乡|开发区|园区))")
_NOT_DIGIT = re.compile(r"[^0-9]+")
_EXTENSION = re.compile(r"转|分机|[xX]|ext")
_BETWEEN_PHONES = re.compile(r"[/;,、|]|(?:和|或)")
_EXTENSION_DASH = re.compile(r"(\d{7,8})-(\d{1,5})$")
_MOBILE = re.compile(r"^(?:(?:00)?86)?(1[3-9]\d{9})$")
_SHORTEST_PHONE, _LONGEST_PHONE = 7, 8
_AREA = re.compile(r"^0(?:10|2\d|[3-9]\d\d)")
"""Area codes: 010, 02x and those of four digits."""
_COUNTRY = re.compile(r"^(?:00)?86")


@dataclass(frozen=True)
class Address:
    """An address's parts; empty where it states none."""

    full: str
    places: tuple[str, ...]
    town: str
    road: str
    number: str
    building: str

    @property
    def county(self) -> str:
        """The nearest division above the town."""
        return self.places[-1] if self.places else ""

    @property
    def door(self) -> str:
        """Road and number; empty unless both are stated."""
        return f"{self.road}{self.number}" if self.road and self.number else ""


def split_address(text: str) -> Address:
    """The parts of an address.

    >>> split_address("东海省临江市望海县白石镇 工业大道１２号 三号楼")
    Address(full='东海省临江市望海县白石镇工业大道12号3号楼', places=('东海', '临江', '望海'),
    town='白石镇', road='工业大道', number='12', building='3')
    >>> split_address("").door
    ''
    >>> split_address("工业大道12-1号").door, split_address("工业大道１２号之1").door
    ('工业大道12之1', '工业大道12之1')
    """
    # Before folding: without its dash 12-1号 would be the door 121号.
    text = _SUB_NUMBER.sub("之", text)
    full = fold(text).replace("(", "").replace(")", "")
    places, rest = _take_places(full)
    town = found.group(1) if (found := _TOWN.match(rest)) else ""
    rest = rest.removeprefix(town)
    road, behind = _split_road(rest)
    number = "".join(found.groups("")) if (found := _NUMBER.search(behind)) else ""
    building = found.group(1) if (found := _BUILDING.search(behind)) else ""
    return Address(full, places, town, road, number, building)


def normalize_phones(texts: Iterable[str]) -> list[str]:
    """The numbers that the texts state, in one writing: mobiles whole, others by 7–8 digits.

    A cell may hold several. An extension is dropped, and so is the area code, which offices leave
    out at home.

    >>> normalize_phones(["(0512) 6543-2101 转 8", "+86 138 0000 1111", "无"])
    ['13800001111', '65432101']
    >>> normalize_phones(["000-65432101", "0086 512 65432101"])
    ['65432101']
    >>> normalize_phones(["０５１２-65432101-8、021-65432102", "13800001111/0355-6543210"])
    ['13800001111', '6543210', '65432101', '65432102']
    """
    folded = (unicodedata.normalize("NFKC", text) for text in texts)
    parts = (part for text in folded for part in _BETWEEN_PHONES.split(text))
    return sorted({phone for part in parts if (phone := _phone(part.strip()))})


def _phone(text: str) -> str:
    text = _EXTENSION_DASH.sub(r"\1", _EXTENSION.split(text)[0].strip())
    digits = _NOT_DIGIT.sub("", text)
    if mobile := _MOBILE.match(digits):
        return mobile.group(1)
    return _without_area(_COUNTRY.sub("", digits) if len(digits) > _LONGEST_PHONE else digits)


def _without_area(digits: str) -> str:
    """A number of the fixed network at home; behind what is no area code, its last digits."""
    if len(digits) > _LONGEST_PHONE:
        digits = _AREA.sub("", digits)[-_LONGEST_PHONE:]
    return digits if len(digits) >= _SHORTEST_PHONE else ""


def _take_places(text: str) -> tuple[tuple[str, ...], str]:
    places: list[str] = []
    while found := _LEVEL.match(text):
        if text[found.end() :].startswith(("路", "街", "大道", "大街", "巷")):
            break  # 县前街, 市府路: the name of a road
        places.append(bare_place(found.group(1)))
        text = text[found.end() :]
    return tuple(places), text


def _split_road(text: str) -> tuple[str, str]:
    ends = [place + len(road) for road in shipped_words().roads if (place := text.find(road)) > 0]
    if not ends:
        return "", text
    end = min(ends)
    if text[end - 1 :].startswith(("道路", "街道")):
        end += 1
    return text[:end], text[end:]
