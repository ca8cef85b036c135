"""From rated bills to JSON-ready documents: numbers as text, amounts with two decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from busbar.billing import rating
from busbar.kit.money import FEN_PLACES, plain, round_half_up

Json = dict[str, Any]


def money(amount: Decimal) -> str:
    """An amount with its decimals, two at least.

    >>> money(Decimal(0)), money(Decimal("15000.5")), money(Decimal("0.125"))
    ('0.00', '15000.50', '0.125')
    """
    two_decimals = round_half_up(amount, FEN_PLACES)
    return format(two_decimals if two_decimals == amount else amount, "f")


def number(value: Decimal | None) -> str | None:
    """A quantity or price as text, None staying None."""
    return None if value is None else plain(value)


def rated_bill(bill: rating.RatedBill) -> Json:
    """A bill with its lines, the quantities they used, and notes."""
    return {
        "reference": bill.reference,
        "rule_set": bill.rule_set,
        "later_rule_sets": list(bill.later_rule_sets),
        "period": {"start": bill.period.start.isoformat(), "end": bill.period.end.isoformat()},
        "lines": [line(entry) for entry in bill.lines],
        "quantities": [_quantity(entry) for entry in bill.quantities],
        "power_factors": [power_factor(entry) for entry in bill.power_factors],
        "notes": list(bill.notes),
        "energy_kwh": number(bill.energy_kwh),
        "total_yuan": money(bill.total_yuan),
        "average_price_yuan_per_kwh": None
        if bill.average_price is None
        else format(bill.average_price, "f"),
    }


def calculation(reference: str, found: rating.Calculation) -> Json:
    """A single calculation with its lines, quantities and notes; total null without prices."""
    return {
        "reference": reference,
        "rule_set": found.rule_set,
        "lines": [line(entry) for entry in found.lines],
        "quantities": [_quantity(entry) for entry in found.quantities],
        "notes": list(found.notes),
        "total_yuan": None if found.total_yuan is None else money(found.total_yuan),
    }


def indicator(entry: rating.Indicator) -> Json:
    """An indicator: as stated, with more places, how it was rounded and by which rule."""
    return {
        "id": entry.id,
        "name": entry.name,
        "percent": format(entry.percent, "f"),
        "unrounded_percent": number(entry.unrounded_percent),
        "rounding": entry.rounding,
        "formula": entry.formula,
        "rule": rule(entry.rule),
    }


def line(entry: rating.BillLine) -> Json:
    """One line with its rules and what it used."""
    return {
        "id": entry.id,
        "code": entry.code,
        "name": entry.name,
        "quantity": number(entry.quantity),
        "unit": entry.unit,
        "price": number(entry.price),
        "price_unit": entry.price_unit,
        "amount_yuan": money(entry.amount_yuan),
        "formula": entry.formula,
        "rule": rule(entry.rule),
        "also": [rule(other) for other in entry.also],
        "inputs": list(entry.inputs),
        "based_on": list(entry.based_on),
        "segment": entry.segment or None,
    }


def rule(entry: rating.Rule) -> Json:
    """A rule: where it is written and how sure it is."""
    value = entry.value
    if isinstance(value, Decimal):
        value = plain(value)
    return {
        "code": entry.code,
        "name": entry.name,
        "value": list(value) if isinstance(value, tuple) else value,
        "unit": entry.unit,
        "rule_set": entry.rule_set,
        "article": entry.article,
        "source": entry.source,
        "certainty": entry.certainty,
    }


def power_factor(result: rating.PowerFactorResult) -> Json:
    """An assessment's outcome; `power_factor` null when it was not applied."""
    return {
        "id": result.id,
        "standard": None if result.standard is None else format(result.standard, ".2f"),
        "active_kwh": number(result.active_kwh),
        "reactive_kvarh": number(result.reactive_kvarh),
        "power_factor": None if result.power_factor is None else format(result.power_factor, "f"),
        "percent": number(result.percent),
        "base_yuan": money(result.base_yuan),
    }


def _quantity(entry: rating.Quantity) -> Json:
    return {
        "id": entry.id,
        "name": entry.name,
        "value": number(entry.value),
        "unit": entry.unit,
        "formula": entry.formula,
        "evidence": entry.evidence,
    }
