"""Names, codes and numbers that look like a utility's and belong to nobody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from busbar.kit.identifiers import credit_code_check_digit

DATA = Path(__file__).parent / "data"
_ORGANIZATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DISTRICT = "99"
"""No administrative division begins with 99, so no code below can be a real body's."""


@lru_cache(maxsize=1)
def parts() -> dict[str, Any]:
    """The lists of parts shipped beside this module."""
    loaded: dict[str, Any] = json.loads((DATA / "name_parts.json").read_text(encoding="utf-8"))
    return loaded


def choose(draws: np.random.Generator, options: Sequence[str]) -> str:
    """One of the options."""
    return options[int(draws.integers(len(options)))]


def organization_code(serial: int) -> str:
    """Nine characters with the check digit of GB 11714.

    >>> organization_code(7)
    'MA0000074'
    """
    body = f"MA{serial:06d}"
    total = sum(w * _ALPHABET.index(c) for w, c in zip(_ORGANIZATION_WEIGHTS, body, strict=True))
    check = (11 - total % 11) % 11
    return body + ("X" if check == 10 else str(check))  # noqa: PLR2004 - GB 11714 writes 10 as X


def credit_code(serial: int, county: int, *, is_company: bool) -> str:
    """Unified social credit code of a body that cannot exist (district 99…).

    >>> from busbar.kit.identifiers import is_credit_code
    >>> is_credit_code(credit_code(7, 3, is_company=True))
    True
    """
    department = "91" if is_company else "12"
    body = f"{department}{_DISTRICT}{county + 1:04d}{organization_code(serial)}"
    return body + credit_code_check_digit(body)


def account_number(city: int, county: int, serial: int) -> str:
    """户号: three cities, three habits — 10, 13 and 12 digits, the last with a leading zero.

    >>> account_number(0, 2, 5), account_number(1, 4, 5), account_number(2, 8, 5)
    ('9930000055', '9910500000055', '096900000058')
    """
    body = (
        f"99{county + 1}{serial:06d}",
        f"991{county + 1:02d}{serial:07d}",
        f"096{county + 1}{serial:07d}",
    )[city]
    return body + str(_luhn(body))


def _luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of two digits
    return (10 - total % 10) % 10


def person_name(draws: np.random.Generator) -> str:
    """A person's name of two or three characters."""
    given = choose(draws, parts()["given_second"])
    if draws.random() < 0.75:  # noqa: PLR2004 - share of two-character given names
        given = choose(draws, parts()["given_first"]) + given
    return choose(draws, parts()["surnames"]) + given


def phone(serial: int) -> str:
    """A number under the area code 000, which no exchange has.

    >>> phone(42)
    '000-80000042'
    """
    return f"000-8{serial:07d}"


@dataclass(frozen=True)
class Place:
    """A county with its city, by ordinal."""

    city: int
    county: int
    city_name: str
    city_short: str
    name: str
    short: str


@lru_cache(maxsize=1)
def places() -> tuple[Place, ...]:
    """The nine counties in order."""
    found: list[Place] = []
    for city, entry in enumerate(parts()["cities"]):
        for name, short in entry["counties"]:
            found.append(Place(city, len(found), entry["name"], entry["short"], name, short))
    return tuple(found)


class NameMaker:
    """Company names that do not repeat, from place, brand, industry and suffix."""

    def __init__(self, draws: np.random.Generator) -> None:
        self._draws = draws
        self._taken: set[str] = set()

    def brand(self) -> str:
        """Two characters."""
        first = choose(self._draws, parts()["brand_first"])
        second = choose(self._draws, parts()["brand_second"])
        return self.brand() if first == second else first + second

    def company(self, shape: str, place: Place, brand: str | None = None) -> str:
        """A legal body's name; public bodies carry no brand until the plain name is taken."""
        words = parts()["kinds"][shape]
        for _ in range(200):
            name = self._attempt(words, place, brand)
            if name not in self._taken:
                self._taken.add(name)
                return name
        self._taken.add(name := f"{name}({len(self._taken)})")
        return name

    def _attempt(self, words: dict[str, Any], place: Place, brand: str | None) -> str:
        word = choose(self._draws, words["words"])
        suffix = choose(self._draws, words["suffix"])
        if not suffix:
            prefix = self._public_prefix(place)
            return f"{prefix}{word}"
        town = choose(self._draws, (place.short, place.city_short, "", "岚川"))
        return f"{town}{brand or self.brand()}{word}{suffix}"

    def _public_prefix(self, place: Place) -> str:
        crowded = len(self._taken) > 400  # noqa: PLR2004 - beyond it the plain names run out
        brand = self.brand() if crowded or self._draws.random() < 0.35 else ""  # noqa: PLR2004
        return (
            choose(self._draws, (place.name, place.city_name, place.city_name + place.name)) + brand
        )

    def address(self, place: Place) -> str:
        """Street address in the county."""
        town = choose(self._draws, parts()["towns"])
        road = choose(self._draws, parts()["roads"])
        number = int(self._draws.integers(1, 400))
        return f"{parts()['province']}{place.city_name}{place.name}{town}{road}{number}号"
