"""Which days of a month an account is billed for, and where they are cut (供用电合同、电价变更)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from busbar.billing.day_prices import PricedSeries
from busbar.billing.price_book import PriceBook, PricedTariff
from busbar.billing.rating import UnableToRate
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import Month, Period
from busbar.supply.models import Agreement


@dataclass(frozen=True)
class Stretch:
    """Days under one agreement, one version of its tariff, one rule set, and one price series."""

    period: Period
    agreement: Agreement
    priced: PricedTariff
    series: PricedSeries | None = None


def list_stretches(
    account: CustomerAccount,
    agreements: Sequence[Agreement],
    book: PriceBook,
    cuts: Collection[dt.date] = (),
) -> tuple[Stretch, ...]:
    """The account's days of the month, cut wherever something changes; one in most months.

    `agreements` are those that touch the month, oldest first; `cuts` are days on which something
    else of the account's begins or ends. UnableToRate with the sentence of
    the refusal where days have no agreement or the agreement's tariff no version.
    """
    supplied = _supplied(account, agreements, book.month)
    starts = {rule_set.valid_from for rule_set in book.later_rule_sets} | set(cuts)
    found: list[Stretch] = []
    for agreement, days in _agreed(agreements, supplied):
        found += _priced(agreement, days, starts, book)
    return tuple(found)


def require_decided(stretches: Iterable[Stretch], book: PriceBook) -> None:
    """UnableToRate where a day's periods wait for its temperature: refused, not guessed."""
    for stretch in stretches:
        if stretch.series:
            continue
        for day in book.critical_peak.undecided.get(stretch.priced.scheme_id or 0, ()):
            if day in stretch.period:
                raise UnableToRate("%(day)s 没有日最高气温，不能判断是否执行尖峰电价", day=day)


def _supplied(account: CustomerAccount, agreements: Sequence[Agreement], month: Month) -> Period:
    """From the opening, else the first agreement, to the closing; all month in most months."""
    if not agreements:
        raise UnableToRate("%(month)s 没有有效的供用电合同", month=month)
    start = max(month.first, account.opened_on or agreements[0].valid_from)
    end = min(month.period.end, account.closed_on or month.period.end)
    if start >= end:
        raise UnableToRate("%(month)s 不在该户立户至销户的日期之内", month=month)
    return Period(start, end)


def _agreed(
    agreements: Sequence[Agreement], supplied: Period
) -> Iterator[tuple[Agreement, Period]]:
    """Each agreement with its days; together they are all days that were supplied."""
    day = supplied.start
    for agreement in agreements:
        until = agreement.valid_until or supplied.end
        if agreement.valid_from > day:
            break
        if until <= day:
            continue
        end = min(until, _next_start(agreements, agreement) or supplied.end, supplied.end)
        yield agreement, Period(day, end)
        day = end
        if day == supplied.end:
            return
    raise UnableToRate("%(day)s 起没有有效的供用电合同", day=day)


def _next_start(agreements: Sequence[Agreement], agreement: Agreement) -> dt.date | None:
    """The day on which a younger agreement takes the place of this one."""
    return min(
        (a.valid_from for a in agreements if a.valid_from > agreement.valid_from), default=None
    )


def _priced(
    agreement: Agreement, days: Period, starts: set[dt.date], book: PriceBook
) -> Iterator[Stretch]:
    versions = book.versions.get(agreement.tariff_code, ())
    if not versions:
        raise UnableToRate(
            "%(month)s 没有电价 %(tariff_code)s",
            month=book.month,
            tariff_code=agreement.tariff_code,
        )
    series = book.series.get(agreement.tariff_code, ())
    cuts = starts | {day for own in series for day in (own.period.start, own.period.end)}
    day = days.start
    while day < days.end:
        priced = next((v for v in versions if day in v.period), None)
        if priced is None:
            raise UnableToRate(
                "%(day)s 没有电价 %(tariff_code)s", day=day, tariff_code=agreement.tariff_code
            )
        end = min([priced.period.end, days.end, *(cut for cut in cuts if cut > day)])
        by_interval = next((own for own in series if day in own.period), None)
        yield Stretch(Period(day, end), agreement, priced, by_interval)
        day = end
