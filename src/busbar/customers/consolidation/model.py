"""The model: what is compared, in which levels, and which pairs are looked at.

A Fellegi-Sunter model as Splink runs it. Each level has a probability among entries of one body
(m) and among entries of two (u); its weight is log2(m/u). The conditions are SQL that DuckDB and
Spark both understand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from busbar.customers.consolidation.words import DATA

_DICE = (
    "2.0 * array_length(array_intersect(grams_l, grams_r)) "
    "/ (array_length(grams_l) + array_length(grams_r))"
)


@dataclass(frozen=True)
class Level:
    """One level of a comparison and the SQL by which a pair is on it."""

    key: str
    label: str
    condition: str


@dataclass(frozen=True)
class Comparison:
    """One thing compared, its levels from agreeing to differing; silence comes before them."""

    key: str
    label: str
    silence: str
    levels: tuple[Level, ...]


def _silent(column: str) -> str:
    return f"{column}_l IS NULL OR {column}_r IS NULL"


_OTHER = Level("other", "不同", "ELSE")


def _same_or_other(key: str, label: str) -> Comparison:
    """A comparison of one column that has no levels between agreeing and differing."""
    same = Level("same", "相同", f"{key}_l = {key}_r")
    return Comparison(key, label, _silent(key), (same, _OTHER))


COMPARISONS = (
    Comparison(
        "name",
        "名称",
        _silent("core"),
        (
            Level("same", "字号与行业相同", "core_l = core_r"),
            Level("sound", "读音相同", "pinyin_l = pinyin_r"),
            Level(
                "short",
                "字号相同，一方未写行业",
                "brand_l = brand_r AND (trade_l IS NULL OR trade_r IS NULL)",
            ),
            Level("near", "只差个别字", f"{_DICE} >= 0.6"),
            Level("sibling", "字号相同，行业不同", "brand_l = brand_r"),
            Level("like", "部分相同", f"{_DICE} >= 0.4"),
            _OTHER,
        ),
    ),
    _same_or_other("region", "名称中的地区"),
    _same_or_other("form", "组织形式"),
    Comparison(
        "branch",
        "分支或部位",
        "branch_l IS NULL AND branch_r IS NULL",
        (
            Level("same", "相同", "branch_l = branch_r"),
            Level("one", "仅一方写明", _silent("branch")),
            _OTHER,
        ),
    ),
    Comparison(
        "address",
        "地址",
        _silent("road"),
        (
            Level(
                "door", "路名与门牌相同", "door_l = door_r AND coalesce(county_l = county_r, TRUE)"
            ),
            Level("road", "路名相同", "road_l = road_r AND coalesce(county_l = county_r, TRUE)"),
            Level("county", "同一县区", "county_l = county_r"),
            _OTHER,
        ),
    ),
    Comparison(
        "phone",
        "电话",
        _silent("phone"),
        (
            Level("same", "有相同号码", "array_length(array_intersect(phones_l, phones_r)) > 0"),
            _OTHER,
        ),
    ),
    _same_or_other("code", "信用代码"),
)
"""In the order in which the screen shows them."""

BLOCKING: tuple[tuple[str, ...], ...] = (
    ("code",),
    ("core",),
    ("pinyin",),
    ("brand", "county"),
    ("brand", "region"),
    ("phone",),
    ("county", "door"),
    ("initials", "county"),
    ("substr(core, 1, 2)", "county"),
    ("substr(core, -2)", "road"),
    ("substr(core, 2, 3)",),
    ("substr(core, 1, 3)",),
    ("trade", "county", "substr(core, 1, 1)"),
    ("trade", "county", "substr(brand, -1)"),
)
"""Pairs that agree in every column of one line are weighed; the others are not looked at."""

EM_RULES: tuple[tuple[str, ...], ...] = (("core",), ("county", "door"), ("phone",))
"""By which a large archive trains its own m; what a rule holds fixed the others estimate."""
SURE_RULES: tuple[tuple[str, ...], ...] = (("code",), ("core", "county", "door"), ("core", "phone"))
"""Almost certainly one body; with the recall they have, they give the prior probability."""
SURE_RECALL = 0.4
_MOST_LIKELY = 0.05


@dataclass(frozen=True)
class Parameters:
    """A trained model: m and u of each level by comparison, and how often bodies are written.

    `partners` is how many other entries of its body an entry has on average. The probability that
    two entries drawn at random are one follows from it and the archive's size.
    """

    levels: dict[str, dict[str, tuple[float, float]]]
    partners: float
    source: str

    def prior(self, entries: int) -> float:
        """That two of so many entries, drawn at random, are one body."""
        return min(self.partners / max(entries - 1, 1), _MOST_LIKELY)

    def as_json(self) -> dict[str, Any]:
        """For the run's row."""
        levels = {c: {k: list(mu) for k, mu in found.items()} for c, found in self.levels.items()}
        return {"levels": levels, "partners": self.partners, "source": self.source}


def parameters_from(data: dict[str, Any]) -> Parameters:
    """Parameters as `as_json` wrote them."""
    levels = {
        key: {name: (float(mu[0]), float(mu[1])) for name, mu in found.items()}
        for key, found in data["levels"].items()
    }
    return Parameters(levels, float(data["partners"]), str(data["source"]))


@lru_cache(maxsize=1)
def shipped_parameters() -> Parameters:
    """The parameters of `data/parameters.json`, which say how they were trained."""
    return parameters_from(json.loads((DATA / "parameters.json").read_text(encoding="utf-8")))


def label_of(comparison: str, level: str) -> tuple[str, str]:
    """What the screen calls a comparison and its level; silence is 未写明.

    >>> label_of("name", "sound"), label_of("phone", "silent")
    (('名称', '读音相同'), ('电话', '未写明'))
    """
    found = next(c for c in COMPARISONS if c.key == comparison)
    levels = {one.key: one.label for one in found.levels}
    return found.label, levels.get(level, "未写明")
