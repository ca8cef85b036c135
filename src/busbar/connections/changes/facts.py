"""What a change of supply and its rule look like to the arithmetic."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Rule:
    """One rule set's demands on one kind of change; see seed/change_rules.toml for the words."""

    rule_set: str
    kind: str
    kind_name: str
    article: str
    source: str
    certainty: str
    available: bool = True
    replaced_by_name: str = ""
    notice: int | None = None
    notice_unit: str = "day"
    min_days: int | None = None
    max_days: int | None = None
    max_months: int | None = None
    max_months_high: int | None = None
    high_voltage_kv: Decimal = Decimal(35)
    max_days_a_year: int | None = None
    max_times_a_year: int | None = None
    repeat_years: int | None = None
    repeat_share: Decimal | None = None
    whole_transformers: bool = False
    may_replace_smaller: bool = False
    all_capacity_by_demand: bool = False
    free_from: str = ""
    after: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        """The clause as a refusal names it, with a warning where it was not read in a source."""
        doubt = "，未核实" if self.certainty == "unverified" else ""
        return f"{self.article}（{self.rule_set}{doubt}）"


@dataclass(frozen=True)
class Stay:
    """An earlier stay of the same kind over `[start, end)`."""

    start: dt.date
    end: dt.date

    def days_in(self, year: int) -> int:
        """Days of the stay that fall in the calendar year.

        >>> Stay(dt.date(2024, 12, 20), dt.date(2025, 1, 11)).days_in(2025)
        10
        """
        first, last = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
        return max(0, (min(self.end, last) - max(self.start, first)).days)


@dataclass(frozen=True)
class Request:
    """What is asked for.

    `starts_on` is the day on which the change takes effect, `ends_on` the day on which a
    temporary one is over (exclusive; None where it is for good). `notice_counted` is how many
    days lie between application and start in the rule's own unit, counted by the calendar.
    `held` are the conditions that hold; `stopped_kva` the transformers wholly stopped,
    `replaced_by_kva` the smaller one put in their place; `supplied_since` when the account began.
    """

    kind: str
    starts_on: dt.date
    notice_counted: int
    ends_on: dt.date | None = None
    voltage_kv: Decimal = Decimal(10)
    total_kva: int = 0
    stopped_kva: tuple[int, ...] = ()
    replaced_by_kva: int | None = None
    supplied_since: dt.date | None = None
    by_demand: bool = False
    held: frozenset[str] = frozenset()
    earlier: tuple[Stay, ...] = field(default=())


@dataclass(frozen=True)
class Objection:
    """One reason against, with the clause it rests on."""

    code: str
    sentence: str
    clause: str

    def __str__(self) -> str:
        return f"{self.sentence}（依据：{self.clause}）"
