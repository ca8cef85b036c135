"""The word lists: shipped as data with their source, read once a process."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
_SHORTEST_PLACE = 2
_MARKS = "省市县区旗盟州"


@dataclass(frozen=True)
class Words:
    """What the normalisation looks for; tuples stand longest first."""

    forms: dict[str, str]
    kinds: tuple[str, ...]
    bodies: tuple[str, ...]
    parts: tuple[str, ...]
    fillers: tuple[str, ...]
    notes: tuple[str, ...]
    trades: tuple[str, ...]
    roads: tuple[str, ...]


@lru_cache(maxsize=1)
def shipped_words() -> Words:
    """The lists of `data/words.toml`."""
    data: dict[str, Any] = tomllib.loads((DATA / "words.toml").read_text(encoding="utf-8"))
    forms = {k: v for k, v in data["forms"].items() if k != "certainty"}
    return Words(
        forms={form: forms[form] for form in longest_first(forms)},
        kinds=longest_first(data["kinds"]["words"]),
        bodies=longest_first(data["branches"]["bodies"]),
        parts=longest_first(data["branches"]["parts"]),
        fillers=longest_first(data["fillers"]["words"]),
        notes=longest_first(data["fillers"]["notes"]),
        trades=longest_first(data["trades"]["words"]),
        roads=longest_first(data["addresses"]["roads"]),
    )


def longest_first(words: Iterable[str]) -> tuple[str, ...]:
    """The words without repeats, the longest first and then by code point.

    >>> longest_first(["路", "大道", "路"])
    ('大道', '路')
    """
    return tuple(sorted(set(words), key=lambda word: (-len(word), word)))


def bare_place(name: str) -> str:
    """The name of a division without the mark of its level, if two characters remain.

    >>> bare_place("临江市"), bare_place("内蒙古自治区"), bare_place("赵县")
    ('临江', '内蒙古', '赵县')
    """
    for tail in ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "地区"):
        if name.endswith(tail):
            return name.removesuffix(tail)
    if name[-1:] in _MARKS and len(name) > _SHORTEST_PLACE:
        return name[:-1]
    return name


@lru_cache(maxsize=1)
def shipped_places() -> frozenset[str]:
    """Divisions of `data/regions.csv` with their mark, provinces and cities also without it.

    A county's bare name (东海, 朝阳) is as often a brand; the own region's places are handed in.
    """
    with (DATA / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["code"], row["name"]) for row in csv.DictReader(_uncommented(file))]
    cities = places_of(name for code, name in rows if code.endswith("00"))
    return cities | {name for _code, name in rows}


def places_of(names: Iterable[str]) -> frozenset[str]:
    """The names and their bare forms, of two characters and more."""
    found = {form for name in names for form in (name, bare_place(name))}
    return frozenset(form for form in found if len(form) >= _SHORTEST_PLACE)


def _uncommented(lines: Iterable[str]) -> Iterable[str]:
    return (line for line in lines if not line.startswith("#"))
