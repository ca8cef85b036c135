"""An account's facts for one month, from the registers and the lake's sums, ready for rating."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import cast

from busbar.billing import rating
from busbar.billing.basic_facts import capacity_charge, demand_charge
from busbar.billing.coverage import cover
from busbar.billing.measuring import PERIOD_CODES, Measured
from busbar.billing.month_sums import PointMonth
from busbar.billing.point_terms import PointTerms, deductions_of, losses_of
from busbar.billing.power_factor_facts import changed_standard, power_factors
from busbar.billing.price_book import PriceBook
from busbar.billing.rating.values import PricePeriod
from busbar.billing.registers import Registers
from busbar.billing.series_energy import SeriesCosts
from busbar.billing.stretches import Stretch, list_stretches
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import CHINA, Month, Period
from busbar.metering.lake import Quality
from busbar.supply.models import BasicChargeMode, MeteringSide, UsagePoint

_WH = Decimal(1000)
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Demand:
    """The account's maximum demand: the sum of its points' maxima, and when the largest was."""

    kw: Decimal
    at: dt.datetime | None


@dataclass(frozen=True)
class AccountFacts:
    """One account's rating input with what the bill shows beside it."""

    account: CustomerAccount
    bill_input: rating.BillInput
    demand: Demand
    missing_intervals: int
    estimated_intervals: int
    tariff_code: str
    notes: tuple[str, ...] = ()
    """What the bill says of its facts, besides what the rating notes."""


@dataclass(frozen=True)
class Limits:
    """The data version that is read, and how much of a month may be missing (percent)."""

    lake_version: int
    max_missing_percent: Decimal


@dataclass(frozen=True)
class _PointDays:
    """A usage point with its sums of each stretch, in order, and of all days."""

    point: UsagePoint
    parts: tuple[PointMonth, ...]
    whole: PointMonth


def assemble(
    account: CustomerAccount,
    registers: Registers,
    measured: Measured,
    book: PriceBook,
    limits: Limits,
    costs: SeriesCosts | None = None,
) -> AccountFacts:
    """Facts of one account; UnableToRate with the sentence the bill run keeps when it cannot.

    `costs`: of the stretches whose energy has a price every interval.
    """
    agreements, terms = registers.agreements.get(account.pk, []), registers.terms_of(account.pk)
    stretches = list_stretches(account, agreements, book, terms.cuts(book))
    period = Period(stretches[0].period.start, stretches[-1].period.end)
    known = _points(registers.usage_points.get(account.pk, []), stretches, measured)
    points = [point for point in known if point.whole.days]
    missing = _check_coverage(known, registers, stretches, period, limits)
    rule_set, *later = book.rule_sets_of(period)
    basic = tuple(_basic(account, registers, stretches, points))
    return AccountFacts(
        account=account,
        bill_input=rating.BillInput(
            reference=f"{account.number}/{book.month}",
            period=period,
            rule_set=rule_set,
            power_factor_table=book.power_factor_table,
            segments=_segments(
                account,
                points,
                stretches,
                book,
                lake_version=limits.lake_version,
                costs=costs or {},
                terms=terms,
            ),
            basic=tuple(charge for _, charge in basic),
            power_factors=power_factors(stretches, [agreement for agreement, _ in basic]),
            later_rule_sets=tuple(later),
        ),
        demand=_demand([p.whole for p in points]),
        missing_intervals=missing,
        estimated_intervals=sum(p.whole.quality_intervals[Quality.ESTIMATED] for p in points),
        tariff_code=stretches[-1].agreement.tariff_code,
        notes=(
            *_without_losses([p.point for p in points], terms),
            *changed_standard(stretches),
        ),
    )


def _without_losses(points: Sequence[UsagePoint], terms: PointTerms) -> Iterator[str]:
    """A sentence for each point that measures on the low side and whose losses nobody stated."""
    stated = {loss.usage_point_id for loss in terms.losses}
    for point in points:
        if point.metering_side == MeteringSide.LOW and point.pk not in stated:
            yield f"计量点 {point.number} 在低压侧计量，未登记损耗计算方式，本账单未计变损、线损。"


def _points(
    points: Sequence[UsagePoint], stretches: Sequence[Stretch], measured: Measured
) -> list[_PointDays]:
    """All usage points, those without a curve with nothing."""
    found = []
    for point in points:
        parts = tuple(measured.of(point.pk, stretch.period) for stretch in stretches)
        found.append(_PointDays(point, parts, PointMonth.joined(parts)))
    return found


def _check_coverage(
    points: Sequence[_PointDays],
    registers: Registers,
    stretches: Sequence[Stretch],
    period: Period,
    limits: Limits,
) -> int:
    """How many intervals have no value; UnableToRate where they are too many."""
    month, most = Month.of(period.start), limits.max_missing_percent
    if not any(p.whole.days for p in points):
        raise rating.UnableToRate("%(month)s 没有负荷曲线", month=month)
    found = cover([(p.point, p.whole) for p in points], registers.hung, period, most)
    if found.missing_percent > most:
        raise rating.UnableToRate(
            "%(month)s 缺 %(missing)s 个时段（%(missing_percent)s%%），超过 %(most)s%%，须先补全",
            month=month,
            missing=found.missing,
            missing_percent=f"{found.missing_percent:.1f}",
            most=most,
        )
    is_assessed = any(stretch.agreement.power_factor_standard for stretch in stretches)
    if is_assessed and not any(p.whole.reactive_days for p in points):
        raise rating.UnableToRate("合同考核功率因数，但 %(month)s 没有无功曲线", month=month)
    return found.missing


def _segments(
    account: CustomerAccount,
    points: Sequence[_PointDays],
    stretches: Sequence[Stretch],
    book: PriceBook,
    *,
    lake_version: int,
    costs: SeriesCosts,
    terms: PointTerms,
) -> tuple[rating.Segment, ...]:
    """One a stretch; ids and evidence name the days where there are several."""
    several = len(stretches) > 1
    month_kwh = {p.point.number: p.whole.total_wh / _WH for p in points} if several else {}
    all_days = tuple(stretch.period for stretch in stretches)
    segments = []
    for index, stretch in enumerate(stretches):
        days = f"{stretch.period.start} 至 {stretch.period.end - _ONE_DAY}"
        mark = f"@{index + 1}" if several else ""
        shown = days if several else str(book.month)
        energies = tuple(_energies(points, index, stretch, shown, lake_version, mark))
        rule_set, *_ = book.rule_sets_of(stretch.period)
        segments.append(
            rating.Segment(
                id=str(stretch.period.start) if several else "month",
                period=stretch.period,
                tariff=stretch.priced.tariff,
                energies=energies,
                losses=tuple(
                    losses_of(
                        terms, stretch, energies, book, mark, days=all_days, month_kwh=month_kwh
                    )
                ),
                deductions=tuple(
                    deductions_of(terms, stretch.period, book, rule_set, mark, all_days)
                ),
                series=_series(account, stretch, costs),
                period_rules=book.critical_peak.rules_of(
                    None if stretch.series else stretch.priced.scheme_id, stretch.period
                ),
            )
        )
    return tuple(segments)


def _series(
    account: CustomerAccount, stretch: Stretch, costs: SeriesCosts
) -> rating.SeriesCost | None:
    if stretch.series is None:
        return None
    try:
        return costs[account.pk, stretch.period]
    except KeyError:
        raise rating.UnableToRate(
            "电价 %(tariff_code)s 按价格序列 %(name)s 逐时段计费，此处没有逐时段电量",
            tariff_code=stretch.agreement.tariff_code,
            name=stretch.series.name,
        ) from None


def _energies(
    points: Sequence[_PointDays],
    index: int,
    stretch: Stretch,
    days: str,
    lake_version: int,
    mark: str = "",
) -> Iterator[rating.Energy]:
    for each in points:
        sums, number = each.parts[index], each.point.number
        if not sums.days:
            continue
        active = {} if stretch.series else {"total": sums.total_wh}
        if not stretch.series and not stretch.priced.tariff.is_single_rate:
            by_period = zip(PERIOD_CODES, sums.energy_wh, strict=False)
            active = {period: wh for period, wh in by_period if wh}
        reactive = {
            "reactive_forward": sums.reactive_lag_varh,
            "reactive_reverse": sums.reactive_lead_varh,
        }
        for measure, wh in {**active, **reactive}.items():
            yield rating.Energy(
                id=f"{number}.{measure}{mark}",
                measures=cast(PricePeriod, measure),
                quantity=Decimal(wh) / _WH,
                formula=f"{sums.days} 天 96 点曲线之和",
                evidence=f"计量点 {number} {days} 数据版本 {lake_version}",
                point=number,
            )


def _basic(
    account: CustomerAccount,
    registers: Registers,
    stretches: Sequence[Stretch],
    points: Sequence[_PointDays],
) -> Iterator[tuple[int, rating.CapacityCharge | rating.DemandCharge]]:
    """One charge an agreement, with its id; its demand is the maximum of its own days."""
    numbered = list(enumerate(stretches))
    groups = [list(g) for _, g in groupby(numbered, lambda pair: pair[1].agreement.pk)]
    for group in groups:
        own = [stretch for _, stretch in group]
        used = Period(own[0].period.start, own[-1].period.end) if len(groups) > 1 else None
        agreement = own[0].agreement
        mode = agreement.basic_charge_mode
        if mode == BasicChargeMode.CAPACITY:
            yield agreement.pk, capacity_charge(account, registers, own, used)
        elif mode != BasicChargeMode.NONE:
            sums = [PointMonth.joined([p.parts[index] for index, _ in group]) for p in points]
            infeed = "+".join(p.point.number for p in points)
            yield agreement.pk, demand_charge(own, used, infeed, _demand(sums).kw)


def _demand(months: Sequence[PointMonth]) -> Demand:
    largest = max(months, key=lambda m: m.max_demand_w)
    at = None
    if largest.max_demand_day is not None:
        minutes = dt.timedelta(minutes=15 * largest.max_demand_interval)
        at = dt.datetime.combine(largest.max_demand_day, dt.time(), CHINA) + minutes
    return Demand(sum((Decimal(m.max_demand_w) for m in months), Decimal(0)) / _WH, at)
