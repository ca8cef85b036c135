"""Single calculations of a quote: from a validated document to its JSON-ready answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from busbar.billing import rating
from busbar.billing.quote import breach_documents as acts
from busbar.billing.quote import reading, rule_choice, writing
from busbar.billing.quote import single_documents as one
from busbar.billing.quote.losses import stated
from busbar.billing.quote.refusal import Fault, QuoteRefused
from busbar.billing.rating import breach as breaches
from busbar.billing.rating import compensation as compensations
from busbar.billing.rating import corrections, indicators
from busbar.kit.money import plain
from busbar.kit.periods import Period

Json = dict[str, Any]


def late_payment(document: one.LatePaymentDocument) -> Json:
    """The charge on every arrear, day by day."""
    agreed = None
    if document.contract_rate is not None:
        name = "合同约定的违约金日比例"
        agreed = stated(
            "late_payment.contract_rate", name, document.contract_source, document.contract_rate
        )
    arrears = [
        rating.Arrear(
            id=entry.id,
            amount_yuan=entry.amount_yuan,
            due_on=entry.due_on,
            payments=tuple(rating.Payment(p.paid_on, p.amount_yuan) for p in entry.payments),
        )
        for entry in document.arrears
    ]
    found = rating.late_payment(
        arrears,
        document.until,
        rule_choice.rule_sets_by_day(document),
        rating.LateTerms(document.customer == "residential", agreed),
    )
    return writing.calculation(document.reference, found)


def meter_error(document: one.MeterErrorDocument) -> Json:
    """Half of what the error withheld or added."""
    rule_set = rule_choice.rule_set_for(document, document.on)
    factor = corrections.meter_error(document.error_percent, rule_set, document.allowed_percent)
    return _corrected(document, factor, rule_set)


def wrong_ratio(document: one.WrongRatioDocument) -> Json:
    """The difference of the ratios on the energy billed."""
    rule_set = rule_choice.rule_set_for(document, document.on)
    correct, wrong = (reading.multiplier_of(ratio) for ratio in (document.correct, document.wrong))
    return _corrected(document, corrections.wrong_ratio(correct, wrong, rule_set), rule_set)


def wrong_wiring(document: one.WrongWiringDocument) -> Json:
    """K − 1 of the energy recorded."""
    rule_set = rule_choice.rule_set_for(document, document.on)
    if document.elements is not None:
        factor = corrections.wiring_of_elements(document.elements, rule_set)
    else:
        factor = corrections.wrong_wiring(document.factor or Decimal(0), rule_set)
    return _corrected(document, factor, rule_set, backwards=document.ran_backwards)


def _corrected(
    document: one.RecordedFacts,
    factor: corrections.Factor,
    rule_set: rating.RuleSet,
    *,
    backwards: bool = False,
) -> Json:
    energies = reading.energies(document.meters, document.energies, "recorded")
    tariff = reading.tariff(document.tariff) if document.tariff else None
    day = document.on or dt.date.min
    segment = rating.Segment(
        id="recorded",
        period=Period(day, day),
        tariff=tariff or _unpriced(energies),
        energies=energies,
    )
    recorded = corrections.RecordedEnergy.of(segment, rule_set, 30)
    if backwards:
        recorded = recorded.reversed()
    found = corrections.correct(recorded, factor, rule_set, tariff)
    return writing.calculation(document.reference, found)


def _unpriced(energies: tuple[rating.Energy, ...]) -> rating.Tariff:
    """A tariff that only tells whether the energy is kept by period."""
    single = {energy.measures for energy in energies} == {"total"}
    prices = {"total" if single else "flat": Decimal(0)}
    rule = stated("tariff", "未给电价", "")
    return rating.Tariff("none", "未给电价", prices, rule)  # type: ignore[arg-type]


def breach(document: acts.BreachDocument) -> Json:
    """What a breach of supply rules costs."""
    rule_set = rule_choice.rule_set_for(document, document.on)
    act = document.breach
    multiple = getattr(act, "multiple", None)
    found = _with_multiple("$.breach.multiple", multiple, lambda: _breach(act, rule_set))
    return writing.calculation(document.reference, found)


def _breach(
    act: acts.OverCapacity | acts.SealedUse | acts.LowTariff | acts.MovedMeter | acts.ForeignSource,
    rule_set: rating.RuleSet,
) -> rating.Calculation:
    if isinstance(act, acts.OverCapacity):
        return breaches.over_capacity(_capacity_use(act), rule_set, act.multiple)
    if isinstance(act, acts.SealedUse):
        return breaches.sealed_use(_capacity_use(act), rule_set, act.multiple)
    if isinstance(act, acts.LowTariff):
        difference = breaches.PriceDifference(
            act.high_price, act.low_price, act.energy_kwh, act.monthly_kwh
        )
        return breaches.low_tariff(difference, rule_set, act.multiple)
    if isinstance(act, acts.MovedMeter):
        return breaches.moved_meter(act.occasions, rule_set, is_resident=act.residential)
    return breaches.foreign_source(act.capacity_kw, rule_set)


def _capacity_use(act: acts.CapacityAct) -> breaches.CapacityUse:
    return breaches.CapacityUse(
        capacity_kva=act.capacity_kva,
        price=act.price,
        months=act.months,
        used=reading.period(act.used) if act.used else None,
        times=act.times,
    )


def theft(document: acts.TheftDocument) -> Json:
    """Stolen energy and its multiple."""
    rule_set = rule_choice.rule_set_for(document, document.on)
    kw, shown = _theft_capacity(document)
    stolen = breaches.StolenEnergy(
        kw=kw,
        kw_formula=shown,
        is_lighting=document.customer == "lighting",
        days=document.days,
        hours=document.hours_per_day,
    )
    price = stated("theft.price", "电价", document.price_source, document.price)
    found = _with_multiple(
        "$.multiple",
        document.multiple,
        lambda: breaches.theft(stolen, price, rule_set, document.multiple),
    )
    return writing.calculation(document.reference, found)


def _theft_capacity(document: acts.TheftDocument) -> tuple[Decimal, str]:
    meter = document.meter
    if meter is None:
        kw = document.equipment_kw or Decimal(0)
        return kw, plain(kw)
    capacity = breaches.MeterCapacity(
        meter.voltage_v, meter.current_a, meter.phases, meter.multiplier
    )
    return capacity.kw()


def _with_multiple(
    path: str, multiple: Decimal | None, compute: Callable[[], rating.Calculation]
) -> rating.Calculation:
    """Compute; a multiple that the rule set does not allow is named by its place."""
    try:
        return compute()
    except rating.MultipleRefused as error:
        raise QuoteRefused([Fault(path, multiple, str(error))]) from error


def compensation(document: one.CompensationDocument) -> Json:
    """What the contract promises for an outage or poor quality."""
    rule_set = rule_choice.rule_set_for(document, document.on)
    return writing.calculation(document.reference, _compensation(document.case, rule_set))


def _compensation(
    case: one.SupplierOutage | one.CustomerOutage | one.PoorQuality, rule_set: rating.RuleSet
) -> rating.Calculation:
    if isinstance(case, one.PoorQuality):
        price = stated("compensation.price", "电度电价", "", case.energy_price)
        return compensations.poor_quality(case.energy_kwh, price, rule_set)
    use = compensations.PossibleUse(case.outage_hours, case.normal.energy_kwh, case.normal.days)
    if isinstance(case, one.CustomerOutage):
        price = stated("compensation.price", "上月平均售电单价", "", case.average_sale_price)
        return compensations.caused_outage(use, price, rule_set)
    base = "energy_price" if case.energy_price is not None else "peer_average_price"
    value = case.peer_average_price if case.energy_price is None else case.energy_price
    price = stated("compensation.price", str(compensations.BASES[base]), "", value or Decimal(0))
    return compensations.outage(use, base, price, rule_set, is_two_part=case.two_part)


def indicator(document: one.IndicatorDocument) -> Json:
    """An indicator of billing work, with its rounding stated."""
    rule_set = rule_choice.rule_set_for(document, document.on)
    rounding = indicators.Rounding(document.places, document.rounding)
    facts = document.indicator
    if isinstance(facts, one.ErrorRateFacts):
        found = [
            rating.error_rate(
                facts.charged_yuan,
                facts.overcharged_yuan,
                facts.undercharged_yuan,
                rule_set,
                rounding,
            )
        ]
    else:
        classes = [
            rating.ReadingClass(c.id, c.name, c.due, c.missed, c.estimated) for c in facts.classes
        ]
        found = rating.reading_rates(classes, rule_set, rounding)
    return {
        "reference": document.reference,
        "rule_set": rule_set.code,
        "indicators": [writing.indicator(entry) for entry in found],
    }
