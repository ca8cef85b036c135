"""An account's last year of bills as facts to rate again, from the register and the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.advice.sufficiency import Coverage
from busbar.billing.advice.what_if import MonthFacts
from busbar.billing.basic_facts import basic_prices, by_capacity
from busbar.billing.evidence import load_facts
from busbar.billing.models import Bill
from busbar.billing.price_book import PriceBook, PricedTariff, load_price_book
from busbar.billing.registers import Registers, load_registers
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import Month
from busbar.metering import queries as metering_queries
from busbar.metering.lake import Quality
from busbar.supply.models import Agreement


@dataclass(frozen=True)
class BilledYear:
    """The bills of the months up to the newest one, oldest first, and what data they rest on.

    `agreements` is the account's history, oldest first.
    """

    account: CustomerAccount
    bills: tuple[Bill, ...]
    months: tuple[str, ...]
    coverage: Coverage
    agreements: tuple[Agreement, ...]


def find_account(viewer: Viewer, account_number: str) -> CustomerAccount:
    """The account; CustomerAccount.DoesNotExist when it may not be seen."""
    seen = CustomerAccount.objects.visible_to(viewer).select_related("customer", "unit")
    found: CustomerAccount = seen.get(number=account_number)
    return found


def load_year(viewer: Viewer, account: CustomerAccount, *, months: int) -> BilledYear:
    """The newest `months` months that the account was billed in."""
    bills = Bill.objects.visible_to(viewer).current().filter(account=account).order_by("-month")
    newest = bills.first()
    span = _span(newest.month, months) if newest else ()
    found = tuple(bills.filter(month__in=span).order_by("month")) if span else ()
    agreements = Agreement.objects.filter(account=account).order_by("valid_from")
    coverage = _coverage(viewer, account, span, found)
    return BilledYear(account, found, tuple(span), coverage, tuple(agreements))


def _span(newest: str, months: int) -> list[str]:
    month, found = Month.parse(newest), []
    for _ in range(months):
        found.append(str(month))
        month = month.previous
    return found[::-1]


def _coverage(
    viewer: Viewer, account: CustomerAccount, span: Sequence[str], bills: Sequence[Bill]
) -> Coverage:
    """Bills and readings from the first billed month of the span to its end."""
    if not bills:
        return Coverage(0, tuple(span), 0, 0, 0)
    billed = {bill.month for bill in bills}
    load = metering_queries.get_load(
        viewer,
        start=Month.parse(bills[0].month).first,
        end=Month.parse(bills[-1].month).period.end,
        account_ids=[account.pk],
    )
    known = load.quality != Quality.MISSING
    return Coverage(
        bills=len(bills),
        months_without=tuple(month for month in span if month not in billed),
        days=int(known.any(axis=1).sum()),
        readings=int(known.sum()),
        readings_due=int(np.size(known)),
    )


Books = Callable[[Month], PriceBook]
"""Where a month's prices come from: the registers, or kept from the account before."""


def load_months(year: BilledYear, books: Books = load_price_book) -> tuple[MonthFacts, ...]:
    """Each bill's stored facts with that month's prices for the other ways of charging."""
    newest = year.bills[-1].month
    registers = load_registers([year.account.pk], Month.parse(newest))
    return tuple(_month(year, bill, registers, books) for bill in year.bills)


def _month(year: BilledYear, bill: Bill, registers: Registers, books: Books) -> MonthFacts:
    book = books(Month.parse(bill.month))
    versions = book.versions.get(bill.tariff_code, ())
    return MonthFacts(
        month=bill.month,
        bill_input=_stored(bill, book),
        demand_kw=bill.max_demand_kw,
        contract_capacity_kva=_contract_capacity(year.agreements, book.month.first),
        capacity=_capacity(year.account, registers, versions),
        demand_prices=basic_prices(versions, "demand"),
    )


def _stored(bill: Bill, book: PriceBook) -> rating.BillInput:
    return load_facts(
        bill.facts, rule_sets=book.rule_sets, power_factor_table=book.power_factor_table
    )


def _capacity(
    account: CustomerAccount, registers: Registers, versions: Sequence[PricedTariff]
) -> rating.CapacityCharge | None:
    """None where there is no price or no transformer: the mode cannot be compared then."""
    prices = basic_prices(versions, "capacity")
    if not prices or not registers.transformers.get(account.pk):
        return None
    return by_capacity(account, registers, prices)


def _contract_capacity(agreements: Sequence[Agreement], day: dt.date) -> Decimal:
    valid = [a for a in agreements if a.valid_from <= day] or agreements[:1]
    if not valid:
        raise rating.UnableToRate("%(day)s 没有有效的供用电合同", day=day)
    return Decimal(valid[-1].contract_capacity_kva)
