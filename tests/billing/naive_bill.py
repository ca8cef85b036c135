"""A second, naive bill: straight-line fractions over the raw document, day by day.

It shares no code, no table and no data with the product: rules are written out here again.
"""

from __future__ import annotations

import calendar
import datetime as dt
from fractions import Fraction
from math import floor
from typing import Any

PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")
ONE_DAY = dt.timedelta(days=1)


def naive_total(doc: dict[str, Any]) -> Fraction:
    """The bill's total in yuan."""
    rules = doc["rule_set"]
    start, end = day(doc["period"]["start"]), day(doc["period"]["end"])
    days = [start + ONE_DAY * n for n in range((end - start).days)]
    whole_month = len(days)
    if {d.month for d in days} == {start.month}:
        whole_month = calendar.monthrange(start.year, start.month)[1]
    total = base = active = reactive = Fraction(0)
    for segment in doc["segments"]:
        found = naive_segment(segment, doc["tariff"], rules, whole_month)
        total += found["total"]
        base += found["base"]
        active += found["active"]
        reactive += found["reactive"]
    basic = naive_basic(doc, rules, days, whole_month)
    total += basic
    base += basic
    for assessment in doc["power_factors"]:
        if active or reactive:
            percent = naive_percent(assessment["standard"], naive_cosine(active, reactive))
            total += half_up(base * percent / 100, 2)
    return total


def naive_segment(
    segment: dict[str, Any], tariff: dict[str, Any], rules: str, month: int
) -> dict[str, Fraction]:
    """Amounts and energies of one segment."""
    prices = {k: Fraction(v) for k, v in tariff["prices"].items()}
    for k, v in tariff.get("ratios", {}).items():
        prices[k] = prices["flat"] * Fraction(v)
    read: dict[str, Fraction] = {}
    for energy in segment["energies"]:
        read[energy["measures"]] = half_up(Fraction(str(energy["quantity"])), 0)
    use = {p: read[p] for p in PERIODS if p in read}
    everything = read.get("total", sum(use.values(), Fraction(0)))
    rest = "total" if "total" in prices else "flat"
    if "total" in prices:
        use = {"total": everything}
    elif "total" in read:
        use["flat"] = everything - sum(v for k, v in use.items() if k != "flat")
    out = {"total": Fraction(0), "base": Fraction(0)}
    out["reactive"] = read["reactive_forward"] + read["reactive_reverse"]
    for loss in segment["losses"]:
        by = max(month if rules == "R2024" or loss["days"] == month else 30, loss["days"])
        lost = half_up(Fraction(loss["energy_kwh"]) * loss["days"] / by, 0)
        out["reactive"] += half_up(Fraction(loss["reactive_kvarh"]) * loss["days"] / by, 0)
        use[rest] = use.get(rest, Fraction(0)) + lost
        everything += lost
    out["active"] = everything
    own_price = Fraction(0)
    for other in segment["deductions"]:
        kwh = half_up(Fraction(other["energy_kwh"]), 0)
        use[rest] -= kwh
        own_price += kwh
        out["total"] += half_up(kwh * Fraction(other["price"]), 2)
        out["active"] -= 0 if other["in_power_factor_energy"] else kwh
    amounts = [(half_up(kwh * prices[period], 2), True) for period, kwh in use.items()]
    for charge in tariff["charges"]:
        kwh = everything if charge["includes_deductions"] else everything - own_price
        amounts.append((half_up(kwh * Fraction(charge["price"]), 2), charge["group"] != "fund"))
    for amount, in_base in amounts:
        out["total"] += amount
        out["base"] += amount if in_base else 0
    return out


def naive_basic(doc: dict[str, Any], rules: str, days: list[dt.date], month: int) -> Fraction:
    """The basic charge: day by day for capacity, by the month's maxima for demand."""
    charge = doc.get("basic_charge")
    if charge is None:
        return Fraction(0)
    price = Fraction(charge["prices"][0]["price"])
    if charge["mode"] != "capacity":
        return naive_demand(charge, rules, price, days, month)
    groups: dict[str, list[dict[str, Any]]] = {}
    for unit in charge["transformers"]:
        groups.setdefault(unit.get("interlock") or unit["id"], []).append(unit)
    total = Fraction(0)
    for units in groups.values():
        by_day = [max(naive_share(u, d, rules) * Fraction(u["capacity_kva"]) for u in units)
                  for d in days]  # fmt: skip
        most = max(by_day)
        if not most:
            continue
        equivalent = sum(by_day) / most
        total += half_up(price * sum(by_day) / naive_divisor(rules, equivalent, month), 2)
    return total


def naive_divisor(rules: str, used: Fraction, month: int) -> Fraction:
    """Days that make a month."""
    if rules == "R2024" or used == month:
        return Fraction(month)
    return max(Fraction(30), used)


def naive_share(unit: dict[str, Any], on: dt.date, rules: str) -> Fraction:
    """Charged part of a unit's capacity on one day."""
    connected = day(unit["connected_on"]) if "connected_on" in unit else None
    if connected and on < connected:
        return Fraction(0)
    for state in unit.get("states", []):
        begin = day(state["start"])
        stop = day(state["end"]) if state.get("end") else dt.date.max
        if begin <= on < stop:
            if state["state"] == "cold_standby":
                return Fraction(0)
            if state["state"] == "suspended":
                if (stop - begin).days < 15:
                    return Fraction(1)
                early = connected and on < connected.replace(year=connected.year + 2)
                return Fraction(1, 2) if early and rules == "R1996" else Fraction(0)
    return Fraction(1)


def naive_demand(
    charge: dict[str, Any], rules: str, price: Fraction, days: list[dt.date], month: int
) -> Fraction:
    """Demand charge of all infeeds."""
    if rules in {"R2023", "R2024"} and Fraction(charge["account_energy_kwh"]) >= 260 * Fraction(
        charge["contract_capacity_kva"]
    ):
        price = price * 9 / 10
    total = Fraction(0)
    for infeed in charge["infeeds"]:
        kw = Fraction(infeed["measured_kw"])
        if charge["mode"] == "contract_demand":
            contract = max(
                Fraction(infeed["contract_kw"]), Fraction(infeed["capacity_kva"]) * 2 / 5
            )
            over = max(Fraction(0), kw - contract * 21 / 20)
            kw = contract if not over else contract * 21 / 20 + 2 * over
        used = Fraction(len(days))
        total += half_up(kw * price * used / naive_divisor(rules, used, month), 2)
    return total


def naive_cosine(active: Fraction, reactive: Fraction) -> int:
    """cosφ in whole hundredths, half up, by comparing squares: no root is drawn."""
    apparent = active * active + reactive * reactive
    hundredths = 0
    while hundredths < 100 and active**2 >= Fraction(2 * hundredths + 1, 200) ** 2 * apparent:
        hundredths += 1
    return hundredths


def naive_percent(standard: str, cosine: int) -> Fraction:
    """The adjustment by its rule for every hundredth, not by its table."""
    top = {"0.90": 95, "0.85": 94, "0.80": 92}[standard]
    at = {"0.90": 90, "0.85": 85, "0.80": 80}[standard]
    percent = Fraction(0)
    if cosine >= at:
        for step in range(at + 1, min(cosine, top) + 1):
            percent -= Fraction(15, 100) if step > 90 else Fraction(1, 10)
        return percent
    for step in range(at - 1, cosine - 1, -1):
        below = at - step
        if below <= 20:
            percent += Fraction(1, 2)
        elif below <= 25:
            percent += 1
        else:
            percent += 2
    return percent


def half_up(value: Fraction, places: int) -> Fraction:
    """Round half away from zero."""
    scale = 10**places
    rounded = Fraction(floor(abs(value) * scale + Fraction(1, 2)), scale)
    return rounded if value >= 0 else -rounded


def day(text: str) -> dt.date:
    """A date."""
    return dt.date.fromisoformat(text)
