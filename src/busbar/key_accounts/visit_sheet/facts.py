"""What the sheet states, in plain values; empty where there is nothing to say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from busbar.billing.decomposition import Effect
from busbar.billing.models import Saving
from busbar.customers.models import Contact, Customer


@dataclass(frozen=True)
class SheetMonth:
    """A month of all accounts seen: what was paid, and what moved it since the month before."""

    month: str
    energy_kwh: Decimal
    amount_yuan: Decimal
    price: Decimal | None
    change_yuan: Decimal | None
    effects: Mapping[Effect, Decimal]
    joined_yuan: Decimal


@dataclass(frozen=True)
class GroupMember:
    """A customer of the same group with its last month; `depth` in the group's tree."""

    group: str
    depth: int
    name: str
    number: str
    amount_yuan: Decimal | None


@dataclass(frozen=True)
class Peak:
    """An account's newest highest load against what it contracted for."""

    account_number: str
    month: str
    demand_kw: Decimal
    at: dt.datetime | None
    contract_kva: int | None


@dataclass(frozen=True)
class SheetOutage:
    """A stop that touched the customer in the past year; `until` None while it lasts."""

    number: str
    kind: str
    reason: str
    begun_at: dt.datetime
    until: dt.datetime | None

    def hours(self, at: dt.datetime) -> Decimal:
        """Hours without supply so far, to a tenth."""
        seconds = ((self.until or at) - self.begun_at).total_seconds()
        return round(Decimal(seconds) / 3600, 1)


@dataclass(frozen=True)
class OpenMatter:
    """Something under way: what, whose, due when: a moment, or a day where no hour was set."""

    title: str
    about: str
    who: str
    due_at: dt.datetime | dt.date | None
    is_late: bool
    url: tuple[str, object] | None = None
    """The name of its page and what names the matter there."""

    @property
    def due_on(self) -> dt.date | None:
        """The day, where it is due on a day and not at a moment."""
        return None if isinstance(self.due_at, dt.datetime) else self.due_at


@dataclass(frozen=True)
class VisitSheet:
    """The whole sheet as of a moment."""

    customer: Customer
    company: str
    at: dt.datetime
    is_whole: bool
    team: tuple[tuple[str, str], ...]
    contacts: tuple[Contact, ...]
    standing: tuple[str, ...]
    """Why it is a key account, a category each."""
    accounts: int
    capacity_kva: int | None
    months: tuple[SheetMonth, ...]
    group: tuple[GroupMember, ...]
    peaks: tuple[Peak, ...]
    outages: tuple[SheetOutage, ...]
    matters: tuple[OpenMatter, ...]
    orders: tuple[OpenMatter, ...]
    promises: tuple[OpenMatter, ...]
    kept: str
    """The kept rate in words, empty where no promise was due yet."""
    complaints: tuple[OpenMatter, ...]
    hazards: tuple[OpenMatter, ...]
    satisfaction: tuple[Decimal, Decimal, Decimal] | None
    """Index, low and high end of its interval."""
    overdue_yuan: Decimal
    savings: tuple[Saving, ...] = ()
    studied: tuple[str, ...] = ()
    """What could not be studied, and why."""
    measures: tuple[OpenMatter, ...] = field(default=())

    @property
    def year_yuan(self) -> Decimal:
        """What the months shown came to."""
        return sum((month.amount_yuan for month in self.months), Decimal(0))

    @property
    def worth_yuan(self) -> Decimal:
        """The largest saving of each account a year: measures of one account do not add up."""
        best: dict[int, Decimal] = {}
        for saving in self.savings:
            best[saving.account_id] = max(
                best.get(saving.account_id, Decimal(0)), saving.yearly_yuan
            )
        return sum(best.values(), Decimal(0))
