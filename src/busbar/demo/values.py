"""The nouns of a demonstration region: plain values, in the words of the registers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Unit:
    """A unit of the organisation tree."""

    code: str
    name: str
    kind: str
    parent: str


@dataclass(frozen=True)
class Staff:
    """An employee; the sign-in name is the number's."""

    number: str
    username: str
    name: str
    unit: str
    roles: tuple[str, ...]
    phone: str


@dataclass(frozen=True)
class Substation:
    """变电站."""

    code: str
    name: str
    unit: str
    voltage_kv: Decimal
    capacity_kva: int
    peak_load_kw: int
    spare_bays: int


@dataclass(frozen=True)
class SubstationTransformer:
    """主变压器."""

    code: str
    substation: str
    bus: str
    capacity_kva: int
    low_voltage_kv: Decimal
    uk_percent: Decimal


@dataclass(frozen=True)
class FeederTie:
    """馈线联络."""

    code: str
    feeder: str
    other: str
    capacity_kva: int


@dataclass(frozen=True)
class Feeder:
    """馈线."""

    code: str
    name: str
    substation: str
    voltage_kv: Decimal
    capacity_kva: int
    county: int
    bus: str
    length_km: Decimal
    conductor: str
    peak_load_kw: int
    peak_power_factor: Decimal


@dataclass(frozen=True)
class PublicTransformer:
    """公用变压器."""

    code: str
    name: str
    feeder: str
    capacity_kva: int


@dataclass(frozen=True)
class Group:
    """集团."""

    code: str
    name: str
    parent: str = ""


@dataclass(frozen=True)
class Contact:
    """A person at the customer's."""

    name: str
    role: str
    phone: str
    email: str
    is_primary: bool


@dataclass(frozen=True)
class StateSpan:
    """A transformer's state over `[start, end)`."""

    state: str
    start: dt.date
    end: dt.date | None
    reason: str


@dataclass(frozen=True)
class Transformer:
    """受电变压器 with its history."""

    number: str
    model: str
    capacity_kva: int
    installed_on: dt.date
    interlock: str
    states: tuple[StateSpan, ...]


@dataclass(frozen=True)
class Installation:
    """A meter at the usage point over `[start, end)`."""

    serial: str
    model: str
    accuracy: str
    start: dt.date
    end: dt.date | None
    ct_ratio: int
    pt_ratio: int


@dataclass(frozen=True)
class Agreement:
    """供用电合同."""

    number: str
    signed_on: dt.date
    valid_from: dt.date
    valid_until: dt.date | None
    tariff_code: str
    category: str
    mode: str
    capacity_kva: int
    demand_kw: int | None
    power_factor_standard: str


@dataclass(frozen=True)
class Load:
    """What the generator of curves needs of a usage point."""

    shape: str
    peak_kw: float
    power_factor: float
    compensates: bool
    growth_per_year: float
    city: int


@dataclass(frozen=True)
class UsagePoint:
    """计量点; `load` is None where the curves come from elsewhere (the steel plant's year)."""

    number: str
    name: str
    voltage_kv: Decimal
    side: str
    installations: tuple[Installation, ...]
    load: Load | None
    serial: int


@dataclass(frozen=True)
class Source:
    """供电电源."""

    feeder: str
    role: str
    voltage_kv: Decimal
    capacity_kva: int


@dataclass(frozen=True)
class Account:
    """户号 with its site: the demonstration keeps one site an account."""

    number: str
    name: str
    unit: str
    county: int
    address: str
    opened_on: dt.date
    closed_on: dt.date | None
    origin: str
    site_code: str
    site_name: str
    sources: tuple[Source, ...]
    transformers: tuple[Transformer, ...]
    points: tuple[UsagePoint, ...]
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class Customer:
    """A legal body and everything that hangs on it."""

    number: str
    name: str
    credit_code: str
    kind: str
    industry: str
    importance: str
    group: str
    unit: str
    address: str
    lead: str
    deputy: str
    contacts: tuple[Contact, ...]
    accounts: tuple[Account, ...]


@dataclass(frozen=True)
class OldEntry:
    """An account as an old system wrote it; `customer` is the truth, which no file states."""

    account: str
    customer: str
    name: str
    address: str
    credit_code: str
    person: str
    phone: str


@dataclass(frozen=True)
class Grid:
    """Everything up to the customer."""

    substations: tuple[Substation, ...]
    main_transformers: tuple[SubstationTransformer, ...]
    feeders: tuple[Feeder, ...]
    ties: tuple[FeederTie, ...]
    transformers: tuple[PublicTransformer, ...]


@dataclass(frozen=True)
class Region:
    """The whole demonstration region without its curves."""

    units: tuple[Unit, ...]
    staff: tuple[Staff, ...]
    grid: Grid
    groups: tuple[Group, ...]
    customers: tuple[Customer, ...]
    old_entries: tuple[OldEntry, ...] = ()

    @property
    def old_accounts(self) -> dict[str, OldEntry]:
        """What the old system wrote, by 户号."""
        return {entry.account: entry for entry in self.old_entries}

    @property
    def numbered_customers(self) -> list[Customer]:
        """The customers that the archive keeps by number: at least one account is not the old's."""
        old = self.old_accounts
        return [c for c in self.customers if any(a.number not in old for a in c.accounts)]

    @property
    def points(self) -> list[UsagePoint]:
        """All usage points in order of their serial."""
        return [
            point
            for customer in self.customers
            for account in customer.accounts
            for point in account.points
        ]
