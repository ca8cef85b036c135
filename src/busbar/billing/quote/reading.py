"""From validated documents to the plain values that rating takes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import get_args

from busbar.billing import rating
from busbar.billing.quote import documents as doc
from busbar.billing.quote import losses, rule_choice, seeds
from busbar.billing.quote.basic_documents import ByCapacity, ByDemand, Days
from busbar.billing.quote.losses import stated
from busbar.billing.quote.measured_documents import EnergyQuantity, MeterReadings
from busbar.billing.quote.segment_documents import DeductedEnergy, PriceSeries, SegmentFacts
from busbar.billing.quote.single_documents import RatioFacts
from busbar.billing.quote.tariff_documents import ChargePerKwh, PeriodNumbers, TariffPrices
from busbar.billing.rating.values import PricePeriod
from busbar.kit.money import plain
from busbar.kit.periods import Period

_IN_BASE = {"line_loss", "system_operation"}
"""Groups that take part in the power-factor base unless the document says otherwise."""


def period(days: Days) -> Period:
    """A document's days as a half-open period."""
    return Period(days.start, days.end)


def bill_input(document: doc.BillDocument) -> rating.BillInput:
    """A bill document as rating's input."""
    rule_set, *later = rule_choice.rule_sets_of(document)
    one = (document.basic_charge,) if document.basic_charge else document.basic_charges
    return rating.BillInput(
        reference=document.reference,
        period=period(document.period),
        rule_set=rule_set,
        power_factor_table=seeds.power_factor_table(),
        segments=tuple(
            _segment(document, facts, facts.id or f"s{number}", (rule_set, *later))
            for number, facts in enumerate(document.segments, start=1)
        ),
        basic=tuple(basic_charge(entry) for entry in one),
        power_factors=tuple(_assessment(entry) for entry in document.power_factors),
        month_days=document.month_days,
        later_rule_sets=tuple(later),
    )


def _segment(
    document: doc.BillDocument,
    facts: SegmentFacts,
    identity: str,
    rule_sets: Sequence[rating.RuleSet],
) -> rating.Segment:
    prices = facts.tariff or document.tariff
    if prices is None:
        raise rating.UnableToRate(
            "计费段 %(identity)s 没有电价，账单也没有电价 tariff。", identity=identity
        )
    days = period(facts.period or document.period)
    first, *later = rule_sets
    rule_set = [first, *(entry for entry in later if entry.valid_from <= days.start)][-1]
    return rating.Segment(
        id=identity,
        period=days,
        tariff=tariff(prices),
        energies=_energies(facts, identity),
        losses=tuple(
            losses.loss(entry, entry.id or f"{identity}.loss{number}")
            for number, entry in enumerate(facts.losses, start=1)
        ),
        deductions=tuple(
            _deduction(entry, entry.id or f"{identity}.deducted{number}", rule_set)
            for number, entry in enumerate(facts.deductions, start=1)
        ),
        series=_series(facts.series, identity) if facts.series else None,
    )


def _series(facts: PriceSeries, identity: str) -> rating.SeriesCost:
    return rating.series_cost(
        [int(kwh * 1000) for kwh in facts.energies_kwh],
        facts.prices,
        identity=facts.id or f"{identity}.series",
        name=facts.name,
        rule=stated("price_series", facts.name, facts.source),
        evidence="输入文档的逐时段电量与电价",
    )


def _energies(facts: SegmentFacts, identity: str) -> tuple[rating.Energy, ...]:
    found = energies(facts.meters, facts.energies, identity)
    if not found and facts.series is None:
        raise rating.UnableToRate(
            "计费段 %(identity)s 没有电量：请填 meters 或 energies。", identity=identity
        )
    return found


def energies(
    meters: Sequence[MeterReadings], given: Sequence[EnergyQuantity], identity: str
) -> tuple[rating.Energy, ...]:
    """Energies from registers and such as are stated."""
    metered = [energy for meter in meters for energy in _metered(meter)]
    direct = [
        rating.Energy(entry.id or f"{identity}.{entry.measures}", entry.measures, entry.quantity)
        for entry in given
    ]
    return (*metered, *direct)


def _metered(meter: MeterReadings) -> list[rating.Energy]:
    multiplier = multiplier_of(meter)
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


def multiplier_of(plate: MeterReadings | RatioFacts) -> Decimal:
    """The multiplier stated, or CT ratio × PT ratio."""
    if plate.multiplier is not None:
        return plate.multiplier
    return rating.ratio(plate.ct or "1/1") * rating.ratio(plate.pt or "1/1")


def _deduction(entry: DeductedEnergy, identity: str, rule_set: rating.RuleSet) -> rating.Deduction:
    counts, rule = entry.in_power_factor_energy, None
    if counts is None:
        inside = f"power_factor.inside_{entry.use}"
        rule = rule_set.rule("power_factor.beside" if entry.connection == "beside" else inside)
        counts = rule.value == "counts"
    return rating.Deduction(
        id=identity,
        name=entry.name,
        price=entry.price,
        rule=stated("deduction.price", f"{entry.name}电价", ""),
        energy_kwh=entry.energy_kwh,
        share=entry.share,
        taken_from=entry.taken_from,
        in_power_factor_energy=counts,
        in_power_factor_base=entry.in_power_factor_base,
        connection=entry.connection,
        days=entry.days,
        held_days=entry.held_days,
        days_before=entry.days_before,
        power_factor_rule=rule,
    )


def tariff(facts: TariffPrices) -> rating.Tariff:
    """A document's prices as rating's tariff."""
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
        rule=stated("tariff", facts.name, facts.source),
        charges=tuple(_charge(entry) for entry in facts.charges),
        price_formulas=formulas,
    )


def _by_period(numbers: PeriodNumbers) -> dict[PricePeriod, Decimal]:
    given = numbers.model_dump(exclude_none=True)
    return {name: given[name] for name in get_args(PricePeriod) if name in given}


def _charge(entry: ChargePerKwh) -> rating.UnitCharge:
    in_base = entry.in_power_factor_base
    return rating.UnitCharge(
        code=entry.code,
        name=entry.name,
        price=entry.price,
        in_power_factor_base=entry.group in _IN_BASE if in_base is None else in_base,
        rule=stated(f"charge.{entry.code}", entry.name, entry.source),
        includes_deductions=entry.includes_deductions,
    )


def basic_charge(
    facts: ByCapacity | ByDemand,
) -> rating.CapacityCharge | rating.DemandCharge:
    """A document's basic charge as rating's value."""
    prices = tuple(
        rating.BasicPrice(
            price=entry.price,
            rule=stated("basic_charge.price", "基本电价", entry.source),
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
        used=period(facts.used) if facts.used else None,
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
        basic_charges=None
        if entry.basic_charges is None
        else tuple(number - 1 for number in entry.basic_charges),
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
