"""What of an entry is compared: one flat row of texts and lists, made once an entry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from busbar.customers.consolidation.addresses import normalize_phones, split_address
from busbar.customers.consolidation.names import split_name
from busbar.kit.identifiers import is_credit_code


@dataclass(frozen=True)
class ArchiveEntry:
    """One writing of a body as the archive has it: a customer's own, or one of its accounts'."""

    key: str
    customer: str
    name: str
    address: str = ""
    credit_code: str = ""
    phones: Sequence[str] = ()


@dataclass(frozen=True)
class Features:
    """An entry in comparable form; None where it says nothing, so that silence has no weight."""

    key: str
    customer: str
    name: str | None
    core: str | None
    brand: str | None
    trade: str | None
    form: str | None
    region: str | None
    branch: str | None
    pinyin: str | None
    grams: list[str] = field(default_factory=list)
    initials: str | None = None
    county: str | None = None
    road: str | None = None
    door: str | None = None
    building: str | None = None
    phones: list[str] = field(default_factory=list)
    phone: str | None = None
    code: str | None = None

    def as_row(self) -> dict[str, Any]:
        """The row as columns."""
        return asdict(self)


def make_features(entry: ArchiveEntry, places: Collection[str] = ()) -> Features:
    """The entry's features. A credit code counts only with a right check digit.

    >>> made = make_features(ArchiveEntry("1", "C1", "临江市东海钢铁厂", "临江市工业路8号"))
    >>> made.core, made.pinyin, made.region, made.door, made.code
    ('东海钢铁', 'donghaigangtie', '临江', '工业路8', None)
    """
    name, address = split_name(entry.name, places), split_address(entry.address)
    phones = normalize_phones(entry.phones)
    syllables = _syllables(name.core)
    return Features(
        key=entry.key,
        customer=entry.customer,
        name=name.full or None,
        core=name.core or None,
        brand=name.brand or None,
        trade=name.trade or None,
        form=name.form or None,
        region=name.region or None,
        branch=name.branch or None,
        pinyin="".join(syllables) or None,
        grams=grams(name.core),
        initials="".join(s[0] for s in syllables) or None,
        county=address.county or None,
        road=address.road or None,
        door=address.door or None,
        building=address.building or None,
        phones=phones,
        phone=phones[0] if phones else None,
        code=entry.credit_code if is_credit_code(entry.credit_code) else None,
    )


def grams(text: str) -> list[str]:
    """Its characters and pairs of neighbours, in order of code points, each once.

    >>> grams("东海东")
    ['东', '东海', '海', '海东']
    """
    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    return sorted(set(text) | pairs)


def _syllables(text: str) -> list[str]:
    return [_syllable(character) for character in text]


@lru_cache(maxsize=20_000)
def _syllable(character: str) -> str:
    # Its dictionary takes a second to load: only who needs it waits for it.
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(character))
