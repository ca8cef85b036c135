"""The basic charge of an agreement's days as the rating takes it: transformers or demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from busbar.billing import rating
from busbar.billing.price_book import PricedTariff
from busbar.billing.rating.values import UnitState
from busbar.billing.registers import Registers
from busbar.billing.stretches import Stretch
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import Period
from busbar.supply.models import BasicChargeMode, RunningState, Transformer, TransformerState

_STATES: Mapping[str, UnitState] = {
    RunningState.RUNNING: "running",
    RunningState.SEALED: "suspended",
    RunningState.HOT_STANDBY: "hot_standby",
    RunningState.COLD_STANDBY: "cold_standby",
}


def capacity_charge(
    account: CustomerAccount,
    registers: Registers,
    stretches: Sequence[Stretch],
    used: Period | None = None,
) -> rating.CapacityCharge:
    """What the account's transformers are charged by capacity on the days of one agreement."""
    versions = [stretch.priced for stretch in stretches]
    return by_capacity(
        account, registers, _required(stretches, basic_prices(versions, "capacity")), used
    )


def by_capacity(
    account: CustomerAccount,
    registers: Registers,
    prices: tuple[rating.BasicPrice, ...],
    used: Period | None = None,
) -> rating.CapacityCharge:
    """What the account's transformers would be charged by capacity, whatever its mode."""
    transformers = registers.transformers.get(account.pk, [])
    if not transformers:
        raise rating.UnableToRate("按容量计收，但台账中没有受电变压器")
    units = tuple(_transformer(t, registers.states.get(t.pk, [])) for t in transformers)
    groups = {t.interlock_group for t in transformers if t.interlock_group}
    return rating.CapacityCharge(prices, units, dict.fromkeys(sorted(groups), 1), used)


def demand_charge(
    stretches: Sequence[Stretch], used: Period | None, infeed: str, measured_kw: Decimal
) -> rating.DemandCharge:
    """The charge by contracted or actual demand on the days of one agreement."""
    agreement = stretches[0].agreement
    contract, capacity = agreement.contract_demand_kw, Decimal(agreement.contract_capacity_kva)
    by_contract = agreement.basic_charge_mode == BasicChargeMode.CONTRACT_DEMAND
    return rating.DemandCharge(
        mode="contract_demand" if by_contract else "actual_demand",
        prices=_required(stretches, basic_prices([s.priced for s in stretches], "demand")),
        infeeds=(
            rating.Infeed(
                id=infeed,
                measured_kw=measured_kw,
                contract_kw=Decimal(contract) if by_contract and contract is not None else None,
                capacity_kva=capacity,
            ),
        ),
        contract_capacity_kva=capacity,
        used=used,
    )


def basic_prices(
    versions: Sequence[PricedTariff], kind: Literal["capacity", "demand"]
) -> tuple[rating.BasicPrice, ...]:
    """The price of one day after the other, as few as there are; empty where a day has none."""
    merged: list[rating.BasicPrice] = []
    for version in versions:
        price = version.capacity_price if kind == "capacity" else version.demand_price
        if price is None:
            return ()
        last = merged[-1] if merged else None
        if last and last.period and (last.price, last.rule) == (price.price, price.rule):
            merged[-1] = replace(last, period=Period(last.period.start, version.period.end))
        else:
            merged.append(replace(price, period=version.period))
    return tuple(merged) if len(merged) > 1 else tuple(replace(p, period=None) for p in merged)


def _required(
    stretches: Sequence[Stretch], prices: tuple[rating.BasicPrice, ...]
) -> tuple[rating.BasicPrice, ...]:
    if not prices:
        code = stretches[0].agreement.tariff_code
        raise rating.UnableToRate("电价 %(code)s 没有基本电价，与合同计收方式不符", code=code)
    return prices


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
