"""What can be quoted: each kind with its document and its computation. New kinds enter KINDS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.billing import rating
from busbar.billing.quote import documents as doc
from busbar.billing.quote import reading, rule_choice, seeds, single, writing
from busbar.billing.quote import single_documents as one
from busbar.billing.quote.breach_documents import BreachDocument, TheftDocument
from busbar.kit.money import round_half_up

Json = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of document: its shape, and the computation that takes a validated one."""

    document: type[doc.Facts]
    compute: Callable[[Any], Json]


def _bill(document: doc.BillDocument) -> Json:
    return writing.rated_bill(rating.rate(reading.bill_input(document)))


def _basic_charge(document: doc.BasicChargeDocument) -> Json:
    rule_set, *later = rule_choice.rule_sets_of(document)
    bill_input = rating.BillInput(
        reference=document.reference,
        period=reading.period(document.period),
        rule_set=rule_set,
        power_factor_table=seeds.power_factor_table(),
        segments=(),
        basic=(reading.basic_charge(document.basic_charge),),
        month_days=document.month_days,
        later_rule_sets=tuple(later),
    )
    return writing.rated_bill(rating.rate(bill_input))


def _power_factor(document: doc.PowerFactorDocument) -> Json:
    rule_set = rule_choice.rule_set_for(document, document.period.start)
    standard, rule = reading.standard_of(document)
    customer = document.customer
    assessed = rating.assess(
        rating.PowerFactorAssessment(
            id="main",
            standard=standard,
            capacity_kva=customer.capacity_kva if customer else None,
            power_factor=document.power_factor,
            standard_rule=rule,
        ),
        _flows(document, rule_set),
        rating.Base(document.base_yuan or Decimal(0)),
        rule_set,
        seeds.power_factor_table(),
    )
    lines = [assessed.line] if assessed.line else []
    total = sum((entry.amount_yuan for entry in lines), Decimal(0))
    return {
        "reference": document.reference,
        "rule_set": rule_set.code,
        **writing.power_factor(assessed.result),
        "lines": [writing.line(entry) for entry in lines],
        "notes": [assessed.note] if assessed.note else [],
        "total_yuan": None if document.base_yuan is None else writing.money(total),
    }


def _flows(document: doc.PowerFactorDocument, rule_set: rating.RuleSet) -> rating.Flows:
    places = rule_set.integer("rounding.energy_places")
    reactive = (document.reactive_forward_kvarh, document.reactive_reverse_kvarh)
    return rating.Flows(
        active_kwh=round_half_up(document.active_kwh or Decimal(0), places),
        reactive_kvarh=sum((round_half_up(value, places) for value in reactive), Decimal(0)),
        inputs=("active_kwh", "reactive_forward_kvarh", "reactive_reverse_kvarh"),
    )


KINDS: Mapping[str, Kind] = {
    "bill": Kind(doc.BillDocument, _bill),
    "basic_charge": Kind(doc.BasicChargeDocument, _basic_charge),
    "power_factor": Kind(doc.PowerFactorDocument, _power_factor),
    "late_payment": Kind(one.LatePaymentDocument, single.late_payment),
    "meter_error": Kind(one.MeterErrorDocument, single.meter_error),
    "wrong_ratio": Kind(one.WrongRatioDocument, single.wrong_ratio),
    "wrong_wiring": Kind(one.WrongWiringDocument, single.wrong_wiring),
    "breach": Kind(BreachDocument, single.breach),
    "theft": Kind(TheftDocument, single.theft),
    "compensation": Kind(one.CompensationDocument, single.compensation),
    "indicator": Kind(one.IndicatorDocument, single.indicator),
}
