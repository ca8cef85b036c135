"""What stands against a draft of a tariff, and what whoever adopts it should have seen (R25).

A finding that is an error bars adoption; the others are told and may be meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.kit.errors import Phrase
from busbar.kit.money import plain
from busbar.pricing.models import Tariff, TariffCategory, TimeOfUseInterval, TimeOfUsePeriod

HALF_HOUR = 30
HALVES = 48
TENFOLD = 10
FIRST = 1
_NAMES = dict(TimeOfUsePeriod.choices)


@dataclass(frozen=True)
class DraftFinding:
    """One thing about a draft: whether it bars adoption, and the sentence that says it."""

    is_error: bool
    sentence: Phrase


@dataclass(frozen=True)
class Proposal:
    """A draft as plain values: prices in yuan/kWh by period and by a surcharge's name.

    `versions` are all of the tariff's versions, oldest first; `base` is the one drafted from.
    """

    base: Tariff
    versions: Sequence[Tariff]
    valid_from: dt.date
    prices: Mapping[str, Decimal]
    capacity_price: Decimal | None
    demand_price: Decimal | None
    surcharges: Mapping[str, Decimal]
    standing_surcharges: Mapping[str, Decimal]
    intervals: Sequence[TimeOfUseInterval] | None
    scheme_term: tuple[dt.date, dt.date | None] | None


def check(proposal: Proposal, *, today: dt.date) -> list[DraftFinding]:
    """Everything found, errors first."""
    found = [
        *_dates(proposal, today),
        *_prices(proposal),
        *_scheme(proposal),
        *_changes(proposal),
    ]
    return sorted(found, key=lambda finding: not finding.is_error)


def _error(sentence: Phrase) -> DraftFinding:
    return DraftFinding(is_error=True, sentence=sentence)


def _told(sentence: Phrase) -> DraftFinding:
    return DraftFinding(is_error=False, sentence=sentence)


def _dates(proposal: Proposal, today: dt.date) -> Iterator[DraftFinding]:
    begins = proposal.valid_from
    if any(version.valid_from == begins for version in proposal.versions):
        yield _error(Phrase("%(day)s 已有一个版本，两个版本不能同日生效", day=begins))
    before = [v for v in proposal.versions if v.valid_from < begins]
    if not before:
        yield _error(Phrase("生效日期早于该电价的第一个版本"))
    elif before[-1].valid_until is not None and before[-1].valid_until < begins:
        yield _told(
            Phrase(
                "%(start)s 至 %(end)s 前没有电价，其间不能出账",
                start=before[-1].valid_until,
                end=begins,
            )
        )
    after = [v for v in proposal.versions if v.valid_from > begins]
    if after:
        yield _told(Phrase("%(day)s 已有后一版本，本版本至该日前止", day=after[0].valid_from))
    if begins.day != FIRST:
        yield _told(Phrase("不在月初生效，当月须分段核算"))
    if begins <= today:
        yield _told(Phrase("生效日期不晚于今日，已出账的月份须另行更正账单"))


def _prices(proposal: Proposal) -> Iterator[DraftFinding]:
    prices = proposal.prices
    if "flat" not in prices:
        yield _error(Phrase("应有平段电价"))
    for name, price in _named_prices(proposal):
        if price < 0:
            yield _error(Phrase("%(name)s为负数", name=name))
        elif price == 0:
            yield _told(Phrase("%(name)s为零", name=name))
    is_two_part = proposal.base.category == TariffCategory.INDUSTRY_TWO_PART
    if is_two_part and proposal.capacity_price is None and proposal.demand_price is None:
        yield _error(Phrase("两部制电价应有容量电价或需量电价"))
    if "valley" in prices and "peak" in prices and prices["valley"] >= prices["peak"]:
        yield _told(Phrase("谷段电价不低于峰段电价"))


def _named_prices(proposal: Proposal) -> Iterator[tuple[Phrase | str, Decimal]]:
    for period, price in proposal.prices.items():
        yield _period_price(period), price
    for name, basic in (
        (Phrase("容量电价"), proposal.capacity_price),
        (Phrase("需量电价"), proposal.demand_price),
    ):
        if basic is not None:
            yield name, basic
    yield from proposal.surcharges.items()


def _period_price(period: str) -> Phrase:
    return Phrase("%(period)s段电价", period=_NAMES[period])


def _scheme(proposal: Proposal) -> Iterator[DraftFinding]:
    if proposal.intervals is None or proposal.scheme_term is None:
        if set(proposal.prices) - {"flat"}:
            yield _error(Phrase("有几个时段电价时应选分时方案；不分时的只填平段电价"))
        return
    begins, ends = proposal.scheme_term
    if proposal.valid_from < begins or (ends is not None and proposal.valid_from >= ends):
        yield _error(Phrase("分时方案在 %(day)s 不在有效期内", day=proposal.valid_from))
    used = {interval.period for interval in proposal.intervals} | {"flat"}
    for period in TimeOfUsePeriod.values:
        if period in used and period not in proposal.prices and period != "flat":
            yield _error(Phrase("分时方案有%(period)s段，没有它的电价", period=_NAMES[period]))
        elif period in proposal.prices and period not in used:
            yield _told(Phrase("分时方案没有%(period)s段，该电价用不上", period=_NAMES[period]))
    if any(i.start_minute % HALF_HOUR or i.end_minute % HALF_HOUR for i in proposal.intervals):
        yield _error(Phrase("分时时段的起止应在整点或半点"))
    yield from _uncovered(proposal.intervals)


def _uncovered(intervals: Iterable[TimeOfUseInterval]) -> Iterator[DraftFinding]:
    every_day = [i for i in intervals if i.day_type == "all" and not i.months]
    covered = {
        half
        for i in every_day
        for half in range(i.start_minute // HALF_HOUR, i.end_minute // HALF_HOUR)
    }
    if len(covered) < HALVES:
        yield _told(
            Phrase(
                "全天有 %(hours)s 小时没有写明时段，按平段计",
                hours=plain(Decimal(HALVES - len(covered)) / 2),
            )
        )


def _changes(proposal: Proposal) -> Iterator[DraftFinding]:
    base, was = proposal.base, {p.period: p.price for p in proposal.base.prices.all()}
    for period, price in proposal.prices.items():
        yield from _leap(_period_price(period), was.get(period), price)
    yield from _leap(Phrase("容量电价"), base.capacity_price, proposal.capacity_price)
    yield from _leap(Phrase("需量电价"), base.demand_price, proposal.demand_price)
    for code, price in proposal.surcharges.items():
        yield from _leap(code, proposal.standing_surcharges.get(code), price)
    if proposal.surcharges:
        yield _told(
            Phrase("附加与代征按价区执行：采用后%(region)s的其他电价也随之改变", region=base.region)
        )


def _leap(name: Phrase | str, was: Decimal | None, now: Decimal | None) -> Iterator[DraftFinding]:
    """A price that became ten times what it was, or a tenth."""
    if not was or not now or was < 0 or now < 0:
        return
    if now >= was * TENFOLD or now * TENFOLD <= was:
        yield _told(
            Phrase(
                "%(name)s由 %(was)s 变为 %(now)s，相差十倍以上",
                name=name,
                was=plain(was),
                now=plain(now),
            )
        )
