"""An account's facts for one month, from the registers and the lake's sums, ready for rating."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from django.db.models import Q

from busbar.billing import rating
from busbar.billing.kernel import MonthAggregates, PointMonth
from busbar.billing.measuring import PERIOD_CODES
from busbar.billing.price_book import PriceBook, PricedTariff
from busbar.billing.rating.values import PricePeriod, UnitState
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import CHINA, Month
from busbar.metering.lake import INTERVALS, Quality
from busbar.supply.models import (
    Agreement,
    BasicChargeMode,
    RunningState,
    Transformer,
    TransformerState,
    UsagePoint,
)

_WH = Decimal(1000)
_STATES: Mapping[str, UnitState] = {
    RunningState.RUNNING: "running",
    RunningState.SEALED: "suspended",
    RunningState.HOT_STANDBY: "hot_standby",
    RunningState.COLD_STANDBY: "cold_standby",
}


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


@dataclass(frozen=True)
class Limits:
    """The data version that is read, and how much of a month may be missing (percent)."""

    lake_version: int
    max_missing_percent: Decimal


@dataclass(frozen=True)
class Registers:
    """What the registers say of a batch of accounts in a month, by account id."""

    agreements: Mapping[int, list[Agreement]]
    usage_points: Mapping[int, list[UsagePoint]]
    transformers: Mapping[int, list[Transformer]]
    states: Mapping[int, list[TransformerState]] = field(default_factory=dict)


def load_registers(account_ids: Sequence[int], month: Month) -> Registers:
    """Four queries, whatever the number of accounts."""
    period = month.period
    agreements = Agreement.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=period.start),
        account__in=account_ids,
        valid_from__lt=period.end,
    ).order_by("valid_from")
    transformers = list(
        Transformer.objects.filter(account__in=account_ids, installed_on__lt=period.end).order_by(
            "number"
        )
    )
    states = TransformerState.objects.filter(transformer__in=transformers).order_by("valid_from")
    points = UsagePoint.objects.filter(account__in=account_ids).order_by("number")
    return Registers(
        agreements=_grouped(agreements, "account_id"),
        usage_points=_grouped(points, "account_id"),
        transformers=_grouped(transformers, "account_id"),
        states=_grouped(states, "transformer_id"),
    )


def _grouped(rows: Any, key: str) -> dict[int, list[Any]]:
    groups: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return dict(groups)


def assemble(
    account: CustomerAccount,
    registers: Registers,
    measured: MonthAggregates,
    book: PriceBook,
    limits: Limits,
) -> AccountFacts:
    """Facts of one account; UnableToRate with the sentence the bill run keeps when it cannot."""
    agreement = _agreement(registers.agreements.get(account.pk, []), book.month)
    priced = _tariff(agreement, book)
    points = registers.usage_points.get(account.pk, [])
    months = [(p, m) for p in points if (m := measured.of(p.pk)).days]
    missing = _missing(months, book.month)
    _check_coverage(months, missing, agreement, book.month, limits)
    energies = _energies(months, book.month, limits.lake_version, priced)
    segment = rating.Segment("month", book.month.period, priced.tariff, energies)
    capacity = Decimal(agreement.contract_capacity_kva)
    return AccountFacts(
        account=account,
        bill_input=rating.BillInput(
            reference=f"{account.number}/{book.month}",
            period=book.month.period,
            rule_set=book.rule_set,
            power_factor_table=book.power_factor_table,
            segments=(segment,),
            basic=_basic(account, agreement, registers, priced, months),
            power_factors=_power_factors(agreement, capacity),
        ),
        demand=_demand([m for _, m in months]),
        missing_intervals=missing,
        estimated_intervals=sum(m.quality_intervals[Quality.ESTIMATED] for _, m in months),
        tariff_code=agreement.tariff_code,
    )


def _missing(months: Sequence[tuple[UsagePoint, PointMonth]], month: Month) -> int:
    """Intervals without a value: marked so in the curve, or on days without any curve."""
    return sum(
        m.quality_intervals[Quality.MISSING] + (month.days - m.days) * INTERVALS for _, m in months
    )


def _check_coverage(
    months: Sequence[tuple[UsagePoint, PointMonth]],
    missing: int,
    agreement: Agreement,
    month: Month,
    limits: Limits,
) -> None:
    if not months:
        raise rating.UnableToRate(f"{month} 没有负荷曲线")
    share = Decimal(missing * 100) / (len(months) * month.days * INTERVALS)
    if share > limits.max_missing_percent:
        raise rating.UnableToRate(
            f"{month} 缺 {missing} 个时段（{share:.1f}%），"
            f"超过 {limits.max_missing_percent}%，须先补全"
        )
    if agreement.power_factor_standard and not any(m.reactive_days for _, m in months):
        raise rating.UnableToRate(f"合同考核功率因数，但 {month} 没有无功曲线")


def _agreement(agreements: list[Agreement], month: Month) -> Agreement:
    if not agreements:
        raise rating.UnableToRate(f"{month} 没有有效的供用电合同")
    if len(agreements) > 1:
        changed = agreements[-1].valid_from
        raise rating.UnableToRate(f"供用电合同在 {changed} 变更，须按合同分段核算")
    return agreements[0]


def _tariff(agreement: Agreement, book: PriceBook) -> PricedTariff:
    priced = book.tariffs.get(agreement.tariff_code)
    if priced is None:
        raise rating.UnableToRate(f"{book.month} 没有电价 {agreement.tariff_code}")
    if priced.changes_within_month:
        day = priced.changes_within_month
        raise rating.UnableToRate(f"电价 {agreement.tariff_code} 在 {day} 变更，须分段核算")
    return priced


def _demand(months: Sequence[PointMonth]) -> Demand:
    largest = max(months, key=lambda m: m.max_demand_w)
    at = None
    if largest.max_demand_day is not None:
        minutes = dt.timedelta(minutes=15 * largest.max_demand_interval)
        at = dt.datetime.combine(largest.max_demand_day, dt.time(), CHINA) + minutes
    return Demand(sum((Decimal(m.max_demand_w) for m in months), Decimal(0)) / _WH, at)


def _energies(
    months: Sequence[tuple[UsagePoint, PointMonth]],
    month: Month,
    lake_version: int,
    priced: PricedTariff,
) -> tuple[rating.Energy, ...]:
    energies = []
    for point, sums in months:
        evidence = f"计量点 {point.number} {month} 数据版本 {lake_version}"
        active = {"total": sums.total_wh}
        if not priced.tariff.is_single_rate:
            by_period = zip(PERIOD_CODES, sums.energy_wh, strict=False)
            active = {period: wh for period, wh in by_period if wh}
        reactive = {
            "reactive_forward": sums.reactive_lag_varh,
            "reactive_reverse": sums.reactive_lead_varh,
        }
        for measure, wh in {**active, **reactive}.items():
            energies.append(
                rating.Energy(
                    id=f"{point.number}.{measure}",
                    measures=cast(PricePeriod, measure),
                    quantity=Decimal(wh) / _WH,
                    formula=f"{sums.days} 天 96 点曲线之和",
                    evidence=evidence,
                )
            )
    return tuple(energies)


def _basic(
    account: CustomerAccount,
    agreement: Agreement,
    registers: Registers,
    priced: PricedTariff,
    months: Sequence[tuple[UsagePoint, PointMonth]],
) -> tuple[rating.CapacityCharge | rating.DemandCharge, ...]:
    mode = agreement.basic_charge_mode
    if mode == BasicChargeMode.NONE:
        return ()
    price = priced.capacity_price if mode == BasicChargeMode.CAPACITY else priced.demand_price
    if price is None:
        raise rating.UnableToRate(f"电价 {agreement.tariff_code} 没有基本电价，与合同计收方式不符")
    if mode == BasicChargeMode.CAPACITY:
        return (capacity_charge(account, registers, price),)
    return (_demand_charge(agreement, price, months),)


def capacity_charge(
    account: CustomerAccount, registers: Registers, price: rating.BasicPrice
) -> rating.CapacityCharge:
    """What the account's transformers would be charged by capacity, whatever its mode."""
    transformers = registers.transformers.get(account.pk, [])
    if not transformers:
        raise rating.UnableToRate("按容量计收，但台账中没有受电变压器")
    units = tuple(_transformer(t, registers.states.get(t.pk, [])) for t in transformers)
    groups = {t.interlock_group for t in transformers if t.interlock_group}
    return rating.CapacityCharge((price,), units, dict.fromkeys(sorted(groups), 1))


def _transformer(row: Transformer, states: Sequence[TransformerState]) -> rating.Transformer:
    removed = [s.valid_from for s in states if s.state == RunningState.REMOVED]
    spans = [
        rating.StateSpan(_STATES[s.state], s.valid_from, s.valid_until)
        for s in states
        if s.state in _STATES
    ]
    return rating.Transformer(
        id=row.number,
        capacity_kva=Decimal(row.capacity_kva),
        states=tuple(spans),
        connected_on=row.installed_on,
        removed_on=removed[0] if removed else None,
        interlock=row.interlock_group or None,
    )


def _demand_charge(
    agreement: Agreement,
    price: rating.BasicPrice,
    months: Sequence[tuple[UsagePoint, PointMonth]],
) -> rating.DemandCharge:
    contract = agreement.contract_demand_kw
    by_contract = agreement.basic_charge_mode == BasicChargeMode.CONTRACT_DEMAND
    infeed = rating.Infeed(
        id="+".join(point.number for point, _ in months),
        measured_kw=_demand([m for _, m in months]).kw,
        contract_kw=Decimal(contract) if by_contract and contract is not None else None,
        capacity_kva=Decimal(agreement.contract_capacity_kva),
    )
    return rating.DemandCharge(
        mode="contract_demand" if by_contract else "actual_demand",
        prices=(price,),
        infeeds=(infeed,),
        contract_capacity_kva=Decimal(agreement.contract_capacity_kva),
    )


def _power_factors(
    agreement: Agreement, capacity_kva: Decimal
) -> tuple[rating.PowerFactorAssessment, ...]:
    if not agreement.power_factor_standard:
        return ()
    standard = Decimal(agreement.power_factor_standard)
    return (rating.PowerFactorAssessment("month", standard, capacity_kva=capacity_kva),)
