"""What a bill states on paper; plain values, frozen. Money ends in `_yuan`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class PaperQuantity:
    """A measured or derived quantity: what lines are reckoned from."""

    name: str
    value: str
    unit: str
    formula: str


@dataclass(frozen=True)
class PaperLine:
    """One charge; `sources` are numbers of the list of sources, as text."""

    name: str
    quantity: str
    price: str
    amount_yuan: Decimal
    formula: str
    sources: str
    is_unverified: bool


@dataclass(frozen=True)
class PaperSource:
    """A rule or price that lines stand on. `certainty` as it is printed: A, B, C, 【未核实】."""

    number: int
    name: str
    value: str
    article: str
    source: str
    certainty: str


@dataclass(frozen=True)
class SettlementLine:
    """One kind of charge on the bill that was corrected and on this one."""

    name: str
    before_yuan: Decimal
    after_yuan: Decimal

    @property
    def change_yuan(self) -> Decimal:
        """What is asked for or given back."""
        return self.after_yuan - self.before_yuan


@dataclass(frozen=True)
class Settlement:
    """What a correction comes to against the bill that it replaces."""

    reason: str
    replaced_on: dt.datetime
    before_yuan: Decimal
    lines: tuple[SettlementLine, ...]


@dataclass(frozen=True)
class BillPaper:
    """电费账单: one account, one month."""

    company: str
    number: str
    account_number: str
    account_name: str
    customer_name: str
    address: str
    month: str
    starts_on: dt.date
    ends_on: dt.date
    revision: int
    issued_at: dt.datetime
    released_at: dt.datetime | None
    rule_set: str
    tariff: str
    lake_version: int
    energy_kwh: str
    average_price: str
    max_demand_kw: str
    max_demand_at: dt.datetime | None
    power_factor: str
    missing_intervals: int
    estimated_intervals: int
    amount_yuan: Decimal
    due_yuan: Decimal
    quantities: tuple[PaperQuantity, ...]
    lines: tuple[PaperLine, ...]
    sources: tuple[PaperSource, ...]
    notes: tuple[str, ...]
    settlement: Settlement | None = None


@dataclass(frozen=True)
class GroupPaperLine:
    """One account in a group bill."""

    account_number: str
    name: str
    site: str
    tariff: str
    energy_kwh: str
    average_price: str
    amount_yuan: Decimal


@dataclass(frozen=True)
class GroupPaperPart:
    """The accounts under one heading, with their sums."""

    name: str
    energy_kwh: str
    average_price: str
    amount_yuan: Decimal
    lines: tuple[GroupPaperLine, ...]


@dataclass(frozen=True)
class GroupPaper:
    """集团合并账单: the bills of a month in one. `limits` says what it does not hold."""

    company: str
    number: str
    name: str
    month: str
    starts_on: dt.date
    ends_on: dt.date
    made_at: dt.datetime
    grouping: str
    accounts: int
    energy_kwh: str
    average_price: str
    amount_yuan: Decimal
    parts: tuple[GroupPaperPart, ...]
    limits: tuple[str, ...]
