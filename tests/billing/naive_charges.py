"""Single calculations a second time, in fractions, day by day and without the product's code."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from tests.billing.naive_bill import NOUGHT, ONE_DAY, day, days_between, half_up, naive_rules

THIRTY = Fraction(30)


def naive_answer(doc: dict[str, Any]) -> Fraction:
    """The total of a document of any single kind."""
    return {
        "late_payment": naive_late,
        "meter_error": naive_correction,
        "wrong_ratio": naive_correction,
        "wrong_wiring": naive_correction,
        "breach": naive_breach,
        "theft": naive_theft,
        "compensation": naive_compensation,
    }[doc["kind"]](doc)


def naive_late(doc: dict[str, Any]) -> Fraction:
    """Every day by itself; days alike are rounded together, as a bill's line is."""
    total = NOUGHT
    for arrear in doc["arrears"]:
        due, lines = day(arrear["due_on"]), {}
        for on in days_between(due + ONE_DAY, day(doc["until"]) + ONE_DAY):
            paid = sum(
                (Fraction(p["amount_yuan"]) for p in arrear.get("payments", [])
                 if day(p["paid_on"]) < on), NOUGHT,
            )  # fmt: skip
            left = Fraction(arrear["amount_yuan"]) - paid
            rate = Fraction(2 if on.year == due.year else 3, 1000)
            if doc.get("customer") == "residential":
                rate = Fraction(1, 1000)
            key = (left, rate, naive_rules(doc, on))
            if "contract_rate" in doc:
                rate = Fraction(doc["contract_rate"])
                key = (left, rate, "agreed")
            lines[key] = lines.get(key, NOUGHT) + left * rate
        total += sum((half_up(amount, 2) for amount in lines.values()), NOUGHT)
    last = naive_rules(doc, day(doc["until"]))
    late = any(day(a["due_on"]) < day(doc["until"]) for a in doc["arrears"])
    unpaid = late and any(
        sum((Fraction(p["amount_yuan"]) for p in a.get("payments", [])
             if day(p["paid_on"]) <= day(a["due_on"])), NOUGHT) < Fraction(a["amount_yuan"])
        for a in doc["arrears"] if day(a["due_on"]) < day(doc["until"])
    )  # fmt: skip
    if unpaid and last != "R2024" and total < 1:
        return Fraction(1)
    return total


def naive_correction(doc: dict[str, Any]) -> Fraction:
    """Recorded energy, corrected by period, priced."""
    read = {e["measures"]: half_up(Fraction(str(e["quantity"])), 0) for e in doc["energies"]}
    if doc["kind"] == "meter_error":
        true = 1 / (1 + Fraction(doc["error_percent"]) / 100)
        factor = (true - 1) / 2
    elif doc["kind"] == "wrong_ratio":
        wrong = Fraction(doc["wrong"]["multiplier"])
        factor = Fraction(doc["correct"]["multiplier"]) / wrong - 1
    elif "elements" in doc:
        factor = Fraction(3, sum(doc["elements"])) - 1
    else:
        factor = Fraction(doc["factor"]) - 1
    if doc.get("ran_backwards"):
        factor = -factor
    prices = {k: Fraction(v) for k, v in doc["tariff"]["prices"].items()}
    use = dict(read)
    if "total" in read and "total" not in prices:
        use = {k: v for k, v in read.items() if k != "total"}
        use["flat"] = read["total"] - sum((v for k, v in use.items() if k != "flat"), NOUGHT)
    corrected = {k: half_up(v * factor, 0) for k, v in use.items()}
    total = sum((half_up(v * prices[k], 2) for k, v in corrected.items()), NOUGHT)
    everything = sum(corrected.values(), NOUGHT)
    for charge in doc["tariff"].get("charges", []):
        total += half_up(everything * Fraction(charge["price"]), 2)
    return total


def naive_breach(doc: dict[str, Any]) -> Fraction:
    """Owed and its multiple, the multiple on the unrounded amount."""
    act = doc["breach"]
    name = act["act"]
    if name == "moved_meter":
        return Fraction(500 if act["residential"] else 5000) * act["occasions"]
    if name == "foreign_source":
        return 500 * Fraction(act["capacity_kw"])
    if name == "low_tariff":
        kwh = (
            Fraction(act["energy_kwh"]) if "energy_kwh" in act else 3 * Fraction(act["monthly_kwh"])
        )
        owed = half_up(kwh, 0) * (Fraction(act["high_price"]) - Fraction(act["low_price"]))
        return with_multiple(owed, act, 2)
    each, most = (50, 3) if name == "over_capacity" else (30, 2)
    if "price" not in act:
        return half_up(each * Fraction(act["capacity_kva"]) * act.get("times", 1), 2)
    months = naive_months(act, doc["rule_set"])
    owed = Fraction(act["capacity_kva"]) * Fraction(act["price"]) * months
    return with_multiple(owed, act, most)


def naive_months(act: dict[str, Any], rules: str) -> Fraction:
    """Months of use: stated, or every month's days by the rule set."""
    if "months" in act:
        return Fraction(act["months"])
    by_month: dict[tuple[int, int], int] = {}
    for on in days_between(day(act["used"]["start"]), day(act["used"]["end"])):
        key = (on.year, on.month)
        by_month[key] = by_month.get(key, 0) + 1
    total = NOUGHT
    for (year, month), used in by_month.items():
        first = dt.date(year, month, 1)
        whole = ((first + 32 * ONE_DAY).replace(day=1) - first).days
        if rules == "R2024" or used == whole:
            total += Fraction(used, whole)
        else:
            total += Fraction(used) / max(THIRTY, Fraction(used))
    return total


def with_multiple(owed: Fraction, act: dict[str, Any], most: int) -> Fraction:
    """Owed and its multiple."""
    return half_up(owed, 2) + half_up(owed * Fraction(act.get("multiple", most)), 2)


def naive_theft(doc: dict[str, Any]) -> Fraction:
    """Capacity × time × price, and its multiple; single-phase meters and equipment only."""
    kw = Fraction(doc["equipment_kw"]) if "equipment_kw" in doc else (
        Fraction(doc["meter"]["voltage_v"]) * Fraction(doc["meter"]["current_a"]) / 1000
    )  # fmt: skip
    hours = Fraction(doc.get("hours_per_day", 6 if doc["customer"] == "lighting" else 12))
    kwh = half_up(kw * Fraction(doc.get("days", 180)) * hours, 0)
    return with_multiple(kwh * Fraction(doc["price"]), doc, 3)


def naive_compensation(doc: dict[str, Any]) -> Fraction:
    """What the contract promises."""
    case = doc["case"]
    if case["cause"] == "poor_quality":
        return half_up(Fraction(case["energy_kwh"]) * Fraction(case["energy_price"]) / 5, 2)
    hourly = Fraction(case["normal"]["energy_kwh"]) / Fraction(case["normal"]["days"]) / 24
    kwh = hourly * Fraction(case["outage_hours"])
    if case["cause"] == "customer_outage":
        return half_up(kwh * Fraction(case["average_sale_price"]), 2)
    price = case.get("energy_price") or case["peer_average_price"]
    return half_up(kwh * Fraction(price) * (5 if case["two_part"] else 4), 2)
