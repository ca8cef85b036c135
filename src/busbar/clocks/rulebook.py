"""A time limit as plain values, so that reckoning needs no database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

AmountUnitName = Literal[
    "working_day", "calendar_day", "working_hour", "hour", "minute", "month", "year"
]

UNIT_WORDS: dict[str, str] = {
    "working_day": "个工作日",
    "calendar_day": "天",
    "working_hour": "个工作小时",
    "hour": "小时",
    "minute": "分钟",
    "month": "个月",
    "year": "年",
}
EXACT_UNITS: frozenset[str] = frozenset({"hour", "minute", "working_hour"})
"""Units that run to the second; all others end with the close of a day."""

SECONDS = {"minute": 60, "hour": 3600, "working_hour": 3600}

_NO_END = Decimal("Infinity")
_HOURS: dict[str, tuple[Decimal, Decimal]] = {
    "minute": (1 / Decimal(60), 1 / Decimal(60)),
    "hour": (Decimal(1), Decimal(1)),
    "calendar_day": (Decimal(24), Decimal(24)),
    "month": (Decimal(28 * 24), Decimal(31 * 24)),
    "year": (Decimal(365 * 24), Decimal(366 * 24)),
    "working_hour": (Decimal(1), _NO_END),
    "working_day": (Decimal(24), _NO_END),
}
"""The fewest and the most hours of one unit; between working days any number of others may lie."""


@dataclass(frozen=True)
class LimitFacts:
    """What a limit says: `amount` in `amount_unit`, from where, how sure.

    `id` is its row, None for a limit read from the shipped data without a database.
    """

    code: str
    name: str
    amount: Decimal
    amount_unit: str
    rule_set: str = ""
    rule_set_name: str = ""
    document: str = ""
    level: str = ""
    stage: str = ""
    sense: str = "at_most"
    direction: str = "after"
    binds: str = "company"
    ends_on_working_day: bool = False
    source: str = ""
    certainty: str = ""
    note: str = ""
    valid_from: dt.date = dt.date.min
    valid_until: dt.date | None = None
    applies_when: dict[str, object] = field(default_factory=dict)
    parent_codes: tuple[str, ...] = ()
    pause_reasons: tuple[str, ...] = ()
    unit_id: int | None = None
    unit_name: str = ""
    id: int | None = None

    @property
    def words(self) -> str:
        """The figure as people say it.

        >>> LimitFacts("a", "答复", Decimal("20.00"), "working_day").words
        '不超过 20 个工作日'
        """
        sense = "不超过" if self.sense == "at_most" else "不少于"
        return f"{sense} {plain_number(self.amount)} {UNIT_WORDS[self.amount_unit]}"

    @property
    def clause(self) -> str:
        """The document, the article and the figure, for a refusal.

        >>> LimitFacts("a", "答复", Decimal(20), "working_day", document="监管办法",
        ...            source="第 11 条").clause
        '《监管办法》第 11 条: 答复不超过 20 个工作日'
        """
        return f"《{self.document}》{self.source}: {self.name}{self.words}"

    def is_valid_on(self, day: dt.date) -> bool:
        """Whether the limit is in force on the day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


def plain_number(amount: Decimal) -> str:
    """A decimal without trailing zeros.

    >>> plain_number(Decimal("20.00")), plain_number(Decimal("0.50"))
    ('20', '0.5')
    """
    return f"{amount.normalize():f}"


class Figure(Protocol):
    """What of a limit says how long it is."""

    @property
    def amount(self) -> Decimal: ...

    @property
    def amount_unit(self) -> str: ...

    @property
    def sense(self) -> str: ...


def loosens(changed: Figure, above: Figure) -> bool:
    """Whether the amount may be looser than the one above: longer for at most, shorter for least.

    In unlike units it is not looser only where that is sure whatever the calendar.

    >>> twenty = LimitFacts("a", "答复", Decimal(20), "working_day")
    >>> loosens(LimitFacts("a", "答复", Decimal(21), "working_day"), twenty)
    True
    >>> loosens(LimitFacts("a", "答复", Decimal(20), "calendar_day"), twenty)
    False
    >>> loosens(twenty, LimitFacts("a", "答复", Decimal(28), "calendar_day"))
    True
    """
    if changed.sense != above.sense:
        return True
    if changed.amount_unit == above.amount_unit:
        mine = highest = changed.amount
        lowest = theirs = above.amount
    else:
        (mine, highest), (lowest, theirs) = _hours(changed), _hours(above)
    return highest > lowest if above.sense == "at_most" else mine < theirs


def _hours(figure: Figure) -> tuple[Decimal, Decimal]:
    """The fewest and the most hours that the amount can come to."""
    shortest, longest = _HOURS[figure.amount_unit]
    return figure.amount * shortest, figure.amount * longest


def matches(applies_when: dict[str, object], facts: dict[str, object]) -> bool:
    """Whether the facts meet every condition; a list of values means any of them.

    >>> matches({"supply_kind": ["dual", "dual_source"]}, {"supply_kind": "dual"})
    True
    >>> matches({"supply_kind": "single"}, {})
    False
    """
    for name, wanted in applies_when.items():
        choices = wanted if isinstance(wanted, list) else [wanted]
        if facts.get(name) not in choices:
            return False
    return True
