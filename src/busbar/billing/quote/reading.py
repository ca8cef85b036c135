"""From validated documents to the plain values that rating takes."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from busbar.billing import rating
from busbar.billing.quote import documents as doc
from busbar.billing.quote import seeds
from busbar.billing.quote.basic_documents import ByCapacity, ByDemand, Days
from busbar.billing.rating.values import PricePeriod
from busbar.kit.money import plain
from busbar.kit.periods import Period

_IN_BASE = {"line_loss", "system_operation"}
"""Groups that take part in the power-factor base unless the document says otherwise."""


def rule_set_for(document: doc.CommonFacts) -> rating.RuleSet:
    """The set named, or in force on the period's first day, with the document's overrides."""
    if document.rule_set is not None:
        chosen = seeds.rule_set(document.rule_set)
    else:
        chosen = rating.rule_set_on(seeds.rule_sets(), document.period.start)
    return chosen.replacing(_overridden(chosen, entry) for entry in document.rule_overrides)


def _overridden(chosen: rating.RuleSet, entry: doc.OverriddenRule) -> rating.Rule:
    known = chosen.rule(entry.code)
    return rating.Rule(
        code=entry.code,
        name=known.name,
        value=entry.value,
        unit=known.unit,
        source=entry.source,
        certainty="local",
    )


def period(days: Days) -> Period:
    """A document's days as a half-open period."""
    return Period(days.start, days.end)


def bill_input(document: doc.BillDocument) -> rating.BillInput:
    """A bill document as rating's input."""
    return rating.BillInput(
        reference=document.reference,
        period=period(document.period),
        rule_set=rule_set_for(document),
        power_factor_table=seeds.power_factor_table(),
        segments=tuple(
            _segment(document, facts, facts.id or f"s{number}")
            for number, facts in enumerate(document.segments, start=1)
        ),
        basic=(basic_charge(document.basic_charge),) if document.basic_charge else (),
        power_factors=tuple(_assessment(entry) for entry in document.power_factors),
        month_days=document.month_days,
    )


def _segment(document: doc.BillDocument, facts: doc.SegmentFacts, identity: str) -> rating.Segment:
    tariff = facts.tariff or document.tariff
    if tariff is None:
        raise rating.UnableToRate(f"计费段 {identity} 没有电价，账单也没有电价 tariff。")
    return rating.Segment(
        id=identity,
        period=period(facts.period or document.period),
        tariff=_tariff(tariff),
        energies=_energies(facts, identity),
        losses=tuple(
            rating.Loss(
                id=loss.id or f"{identity}.loss{number}",
                name=loss.name,
                energy_kwh=loss.energy_kwh,
                reactive_kvarh=loss.reactive_kvarh,
                days=loss.days,
                period=loss.period,
            )
            for number, loss in enumerate(facts.losses, start=1)
        ),
        deductions=tuple(
            _deduction(entry, entry.id or f"{identity}.deducted{number}")
            for number, entry in enumerate(facts.deductions, start=1)
        ),
    )


def _energies(facts: doc.SegmentFacts, identity: str) -> tuple[rating.Energy, ...]:
    given = [
        rating.Energy(entry.id or f"{identity}.{entry.measures}", entry.measures, entry.quantity)
        for entry in facts.energies
    ]
    metered = [energy for meter in facts.meters for energy in _metered(meter)]
    if not given and not metered:
        raise rating.UnableToRate(f"计费段 {identity} 没有电量：请填 meters 或 energies。")
    return (*metered, *given)


def _metered(meter: doc.MeterReadings) -> list[rating.Energy]:
    multiplier = meter.multiplier
    if multiplier is None:
        multiplier = rating.ratio(meter.ct or "1/1") * rating.ratio(meter.pt or "1/1")
    return [
        rating.register_energy(
            rating.Register(
                id=entry.id or f"{meter.id}.{entry.measures}",
                measures=entry.measures,
                previous=entry.previous,
                current=entry.current,
                digits=entry.digits,
            ),
            multiplier,
        )
        for entry in meter.registers
    ]


def _deduction(entry: doc.DeductedEnergy, identity: str) -> rating.Deduction:
    return rating.Deduction(
        id=identity,
        name=entry.name,
        price=entry.price,
        rule=_stated("deduction.price", f"{entry.name}电价", ""),
        energy_kwh=entry.energy_kwh,
        share=entry.share,
        taken_from=entry.taken_from,
        in_power_factor_energy=entry.in_power_factor_energy,
    )


def _stated(code: str, name: str, source: str) -> rating.Rule:
    """A price that the document states: as sure as whoever wrote it."""
    return rating.Rule(
        code=code, name=name, value="", source=source or "输入文档", certainty="local"
    )


def _tariff(facts: doc.TariffPrices) -> rating.Tariff:
    prices = _by_period(facts.prices)
    formulas: dict[PricePeriod, str] = {}
    ratios = _by_period(facts.ratios) if facts.ratios else {}
    for price_period, times in ratios.items():
        prices[price_period] = prices["flat"] * times
        formulas[price_period] = f"({plain(prices['flat'])}×{plain(times)})"
    return rating.Tariff(
        code=facts.code,
        name=facts.name,
        prices=prices,
        rule=_stated("tariff", facts.name, facts.source),
        charges=tuple(_charge(entry) for entry in facts.charges),
        price_formulas=formulas,
    )


def _by_period(numbers: doc.PeriodNumbers) -> dict[PricePeriod, Decimal]:
    given = numbers.model_dump(exclude_none=True)
    return {name: given[name] for name in get_args(PricePeriod) if name in given}


def _charge(entry: doc.ChargePerKwh) -> rating.UnitCharge:
    in_base = entry.in_power_factor_base
    return rating.UnitCharge(
        code=entry.code,
        name=entry.name,
        price=entry.price,
        in_power_factor_base=entry.group in _IN_BASE if in_base is None else in_base,
        rule=_stated(f"charge.{entry.code}", entry.name, entry.source),
        includes_deductions=entry.includes_deductions,
    )


def basic_charge(
    facts: ByCapacity | ByDemand,
) -> rating.CapacityCharge | rating.DemandCharge:
    """A document's basic charge as rating's value."""
    prices = tuple(
        rating.BasicPrice(
            price=entry.price,
            rule=_stated("basic_charge.price", "基本电价", entry.source),
            period=period(entry.period) if entry.period else None,
        )
        for entry in facts.prices
    )
    if isinstance(facts, ByCapacity):
        return _by_capacity(facts, prices)
    return rating.DemandCharge(
        mode=facts.mode,
        prices=prices,
        infeeds=tuple(
            rating.Infeed(entry.id, entry.measured_kw, entry.contract_kw, entry.capacity_kva)
            for entry in facts.infeeds
        ),
        contract_capacity_kva=facts.contract_capacity_kva,
        account_energy_kwh=facts.account_energy_kwh,
        used=period(facts.used) if facts.used else None,
    )


def _by_capacity(facts: ByCapacity, prices: tuple[rating.BasicPrice, ...]) -> rating.CapacityCharge:
    return rating.CapacityCharge(
        prices=prices,
        transformers=tuple(
            rating.Transformer(
                id=unit.id,
                capacity_kva=unit.capacity_kva,
                states=tuple(
                    rating.StateSpan(span.state, span.start, span.end) for span in unit.states
                ),
                connected_on=unit.connected_on,
                removed_on=unit.removed_on,
                interlock=unit.interlock,
            )
            for unit in facts.transformers
        ),
        interlocks={group.id: group.at_once for group in facts.interlocks},
    )


def _assessment(entry: doc.Assessment) -> rating.PowerFactorAssessment:
    standard, rule = standard_of(entry)
    capacity = entry.capacity_kva
    if capacity is None and entry.customer is not None:
        capacity = entry.customer.capacity_kva
    return rating.PowerFactorAssessment(
        id=entry.id,
        standard=standard,
        segments=entry.segments,
        capacity_kva=capacity,
        includes_basic_charge=entry.includes_basic_charge,
        power_factor=entry.power_factor,
        standard_rule=rule,
    )


def standard_of(terms: doc.PowerFactorTerms) -> tuple[Decimal | None, rating.Rule | None]:
    """The standard stated, or that of the customer's class in the table, and why."""
    if terms.customer is None:
        return terms.standard, None
    facts = rating.CustomerFacts(
        category=terms.customer.category,
        capacity_kva=terms.customer.capacity_kva,
        high_voltage=terms.customer.high_voltage,
        on_load_tap_changer=terms.customer.on_load_tap_changer,
    )
    found = seeds.power_factor_table().standard_for(facts)
    return (found.standard, found.rule) if found else (None, None)
