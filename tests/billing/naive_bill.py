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
SETS = (
    ("R2024", dt.date(2024, 6, 1)),
    ("R2023", dt.date(2023, 6, 1)),
    ("R2018", dt.date(2018, 4, 1)),
    ("R2016", dt.date(2016, 6, 30)),
    ("R1996", dt.date(1996, 10, 8)),
)
NOUGHT = Fraction(0)


def naive_total(doc: dict[str, Any]) -> Fraction:
    """The bill's total in yuan."""
    start, end = day(doc["period"]["start"]), day(doc["period"]["end"])
    days = days_between(start, end)
    month = len(days)
    if {d.month for d in days} == {start.month}:
        month = calendar.monthrange(start.year, start.month)[1]
    total = NOUGHT
    segments = []
    for number, segment in enumerate(doc["segments"], start=1):
        found = naive_segment(segment, doc, month)
        found["id"] = segment.get("id", f"s{number}")
        segments.append(found)
        total += found["total"]
    energy = sum((found["everything"] for found in segments), NOUGHT)
    basic = naive_basic(doc, days, month, energy)
    total += sum(basic, NOUGHT)
    for assessment in doc["power_factors"]:
        wanted = assessment.get("segments") or [found["id"] for found in segments]
        covered = [found for found in segments if found["id"] in wanted]
        active = sum((found["active"] for found in covered), NOUGHT)
        reactive = sum((found["reactive"] for found in covered), NOUGHT)
        base = sum((found["base"] for found in covered), NOUGHT)
        if assessment.get("includes_basic_charge", True):
            joined = assessment.get("basic_charges") or range(1, len(basic) + 1)
            base += sum((basic[number - 1] for number in joined), NOUGHT)
        if active or reactive:
            percent = naive_percent(assessment["standard"], naive_cosine(active, reactive))
            total += half_up(base * percent / 100, 2)
    return total


def naive_rules(doc: dict[str, Any], on: dt.date) -> str:
    """The set the document names, or the one of the day."""
    if doc.get("rule_set"):
        return str(doc["rule_set"])
    return next(name for name, begins in SETS if begins <= on)


def naive_segment(segment: dict[str, Any], doc: dict[str, Any], month: int) -> dict[str, Any]:
    """Amounts and energies of one segment."""
    span = segment.get("period", doc["period"])
    rules = naive_rules(doc, day(span["start"]))
    length = (day(span["end"]) - day(span["start"])).days
    tariff = segment.get("tariff", doc["tariff"])
    prices = {k: Fraction(v) for k, v in tariff["prices"].items()}
    for k, v in tariff.get("ratios", {}).items():
        prices[k] = prices["flat"] * Fraction(v)
    rest = "total" if "total" in prices else "flat"
    out: dict[str, Any] = {"total": NOUGHT, "base": NOUGHT}
    use, everything, reactive = naive_measured(segment, rest, out)
    metered = (everything, reactive)
    for loss in segment["losses"]:
        lost, lost_reactive = naive_loss(loss, metered, rules, month, length)
        reactive += lost_reactive
        where = rest if rest == "total" else loss.get("period", rest)
        use[where] = use.get(where, NOUGHT) + lost
        everything += lost
    out["reactive"], out["active"], out["everything"] = reactive, everything, everything
    own_price = naive_deductions(segment, use, rest, out, (rules, month))
    amounts = [(half_up(kwh * prices[p], 2), True) for p, kwh in use.items() if kwh]
    for charge in tariff["charges"]:
        kwh = out["everything"] - (0 if charge["includes_deductions"] else own_price)
        amounts.append((half_up(kwh * Fraction(charge["price"]), 2), charge["group"] != "fund"))
    for amount, in_base in amounts:
        out["total"] += amount
        out["base"] += amount if in_base else 0
    return out


def naive_measured(
    segment: dict[str, Any], rest: str, out: dict[str, Any]
) -> tuple[dict[str, Fraction], Fraction, Fraction]:
    """Whole kWh by period, all of them, and kvarh; a price series is charged at once."""
    read: dict[str, Fraction] = {}
    for energy in segment["energies"]:
        read[energy["measures"]] = half_up(Fraction(str(energy["quantity"])), 0)
    use = {p: read[p] for p in PERIODS if p in read}
    everything = read.get("total", sum(use.values(), NOUGHT))
    if "series" in segment:
        everything, cost = naive_series(segment["series"])
        out["total"] += cost
        out["base"] += cost
        use = {}
    elif rest == "total":
        use = {"total": everything}
    elif "total" in read:
        use["flat"] = everything - sum(v for k, v in use.items() if k != "flat")
        use = {p: use[p] for p in PERIODS if p in use}
    reactive = read.get("reactive_forward", NOUGHT) + read.get("reactive_reverse", NOUGHT)
    return use, everything, reactive


def naive_deductions(
    segment: dict[str, Any],
    use: dict[str, Fraction],
    rest: str,
    out: dict[str, Any],
    dated: tuple[str, int],
) -> Fraction:
    """Charge lighting and residents; returns their energy."""
    own_price, whole = NOUGHT, out["everything"]
    for other in sorted(segment["deductions"], key=lambda d: d.get("connection") == "beside"):
        kwh = naive_own_energy(other, whole, *dated)
        own_price += kwh
        amount = half_up(kwh * Fraction(other["price"]), 2)
        out["total"] += amount
        out["base"] += amount if other.get("in_power_factor_base") else 0
        beside = other.get("connection") == "beside"
        counts = other.get("in_power_factor_energy")
        if counts is None:
            counts = not beside and other.get("use", "lighting") == "lighting"
        if beside:
            out["everything"] += kwh
            out["active"] += kwh if counts else 0
            continue
        out["active"] -= 0 if counts else kwh
        if other.get("taken_from") == "total" and rest == "flat":
            take_from_all(use, kwh)
        else:
            use[rest if rest == "total" else other.get("taken_from", "flat")] -= kwh
    return own_price


def naive_series(series: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """Whole kWh of a price series, and its cost."""
    energies = [Fraction(str(kwh)) for kwh in series["energies_kwh"]]
    cost = sum(
        (kwh * Fraction(str(p)) for kwh, p in zip(energies, series["prices"], strict=True)), NOUGHT
    )
    return half_up(sum(energies, NOUGHT), 0), half_up(cost, 2)


def naive_loss(
    loss: dict[str, Any], metered: tuple[Fraction, Fraction], rules: str, month: int, length: int
) -> tuple[Fraction, Fraction]:
    """A loss in whole kWh and kvarh."""
    method = loss.get("method", "stated")
    active, reactive = (energy * Fraction(loss.get("load_share", 1)) for energy in metered)
    days = loss.get("days", None if method == "stated" else length)
    part = Fraction(1)
    if days is not None:
        held = loss.get("held_days", days)
        part = Fraction(days, 1) / max(month if rules == "R2024" or held == month else 30, held)
    hours = (24 * month if rules == "R2024" else 720) * part
    if "hours" in loss:
        hours = Fraction(loss["hours"])
    squares = active**2 + reactive**2
    if method == "stated":
        lost = (Fraction(loss["energy_kwh"]) * part, Fraction(loss["reactive_kvarh"]) * part)
    elif method == "share":
        share = Fraction(loss["agreed_share"])
        lost = (active * share, reactive * share)
    elif method == "table":
        row = next(r for r in loss["rows"] if active <= Fraction(r.get("up_to_kwh", 10**15)))
        lost = (Fraction(row["energy_kwh"]) * part, Fraction(row["reactive_kvarh"]) * part)
    elif not hours:
        lost = (NOUGHT, NOUGHT)
    elif method == "line":
        current_squared = squares / (Fraction(loss["voltage_kv"]) * hours) ** 2 / 3
        per_ohm = 3 * current_squared * hours / 1000 * Fraction(loss.get("correction", 1))
        lost = (
            per_ohm * Fraction(loss["resistance_ohm"]), per_ohm * Fraction(loss["reactance_ohm"])
        )  # fmt: skip
    else:
        plate = {k: Fraction(v) for k, v in loss["transformer"].items()}
        magnetising = plate["no_load_current_percent"] / 100 * plate["rated_kva"] * hours
        iron = plate["no_load_kw"] * hours
        if method == "simplified":
            lost = (iron + active * Fraction(loss.get("copper_share", "0.02")), magnetising)
        else:
            k = {None: Fraction(1), 1: Fraction(3), 2: Fraction(2), 3: Fraction(1)}[
                loss.get("shifts")
            ]
            k = Fraction(loss["correction"]) if "correction" in loss else k
            load_squared = squares / (plate["rated_kva"] * hours) ** 2
            copper = k * plate["load_kw"] * load_squared * hours
            leak = k * plate["impedance_percent"] / 100 * plate["rated_kva"] * load_squared * hours
            lost = (iron + copper, magnetising + leak)
    return half_up(lost[0], 0), half_up(lost[1], 0)


def naive_own_energy(other: dict[str, Any], whole: Fraction, rules: str, month: int) -> Fraction:
    """Whole kWh of lighting or residents."""
    if "share" in other:
        return half_up(whole * Fraction(other["share"]), 0)
    kwh = Fraction(other["energy_kwh"])
    if "days" in other:
        days, before = other["days"], other.get("days_before", 0)
        held = other.get("held_days", days)
        a_day = kwh / (max(month if rules == "R2024" or held == month else 30, held))
        return half_up(a_day * (before + days), 0) - half_up(a_day * before, 0)
    return half_up(kwh, 0)


def take_from_all(use: dict[str, Fraction], kwh: Fraction) -> None:
    """Take energy off every period by its share; the largest takes the rest of the rounding."""
    whole = sum(use.values(), NOUGHT)
    if not whole:
        return
    parts = {period: half_up(kwh * own / whole, 0) for period, own in use.items()}
    largest = max(use, key=lambda period: use[period])
    parts[largest] += kwh - sum(parts.values(), NOUGHT)
    for period, part in parts.items():
        use[period] -= part


def naive_basic(
    doc: dict[str, Any], days: list[dt.date], month: int, energy: Fraction
) -> list[Fraction]:
    """The basic charge of every agreement, day by day."""
    one = doc.get("basic_charge")
    charges = [one] if one else doc.get("basic_charges", [])
    own_days = [
        [d for d in days if "used" not in c or day(c["used"]["start"]) <= d < day(c["used"]["end"])]
        for c in charges
    ]
    found = []
    for charge, own in zip(charges, own_days, strict=True):
        elsewhere = len({d for other in own_days if not set(other) & set(own) for d in other})
        if charge["mode"] == "capacity":
            found.append(naive_capacity(doc, charge, own, month, elsewhere))
        else:
            found.append(naive_demand(doc, charge, own, month, elsewhere, energy))
    return found


def naive_lines(
    doc: dict[str, Any], charge: dict[str, Any], days: list[dt.date]
) -> list[tuple[str, Fraction, list[dt.date]]]:
    """Days that are charged by one rule set at one price: the lines of a bill."""
    lines: dict[tuple[str, int], list[dt.date]] = {}
    for on in days:
        number = next(
            n for n, p in enumerate(charge["prices"])
            if "period" not in p or day(p["period"]["start"]) <= on < day(p["period"]["end"])
        )  # fmt: skip
        lines.setdefault((naive_rules(doc, on), number), []).append(on)
    return [(r, Fraction(charge["prices"][n]["price"]), own) for (r, n), own in lines.items()]


def naive_capacity(
    doc: dict[str, Any], charge: dict[str, Any], days: list[dt.date], month: int, elsewhere: int
) -> Fraction:
    """Capacity: the largest unit of every group on every day."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for unit in charge["transformers"]:
        groups.setdefault(unit.get("interlock") or unit["id"], []).append(unit)
    total = NOUGHT
    for units in groups.values():
        kva = {
            d: max(naive_share(u, d, naive_rules(doc, d)) * Fraction(u["capacity_kva"])
                   for u in units)
            for d in days
        }  # fmt: skip
        most = max(kva.values())
        if not most:
            continue
        used = sum(kva.values(), NOUGHT) / most + elsewhere
        for rules, price, own in naive_lines(doc, charge, days):
            charged = sum((kva[d] for d in own), NOUGHT)
            total += half_up(price * charged / naive_divisor(rules, used, month), 2)
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
        return NOUGHT
    for state in unit.get("states", []):
        begin = day(state["start"])
        stop = day(state["end"]) if state.get("end") else dt.date.max
        if begin <= on < stop:
            if state["state"] == "cold_standby":
                return NOUGHT
            if state["state"] == "suspended":
                if (stop - begin).days < 15:
                    return Fraction(1)
                early = connected and on < connected.replace(year=connected.year + 2)
                return Fraction(1, 2) if early and rules == "R1996" else NOUGHT
    return Fraction(1)


def naive_demand(
    doc: dict[str, Any],
    charge: dict[str, Any],
    days: list[dt.date],
    month: int,
    elsewhere: int,
    energy: Fraction,
) -> Fraction:
    """Demand charge of all infeeds."""
    total = NOUGHT
    kwh = Fraction(charge["account_energy_kwh"]) if "account_energy_kwh" in charge else energy
    for infeed in charge["infeeds"]:
        kw = Fraction(infeed["measured_kw"])
        if charge["mode"] == "contract_demand":
            contract = max(
                Fraction(infeed["contract_kw"]), Fraction(infeed["capacity_kva"]) * 2 / 5
            )
            over = max(NOUGHT, kw - contract * 21 / 20)
            kw = contract if not over else contract * 21 / 20 + 2 * over
        used = Fraction(len(days) + elsewhere)
        for rules, stated, own in naive_lines(doc, charge, days):
            price = stated
            if rules in {"R2023", "R2024"} and kwh >= 260 * Fraction(
                charge["contract_capacity_kva"]
            ):
                price = stated * 9 / 10
            total += half_up(kw * price * len(own) / naive_divisor(rules, used, month), 2)
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
    percent = NOUGHT
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


def days_between(start: dt.date, end: dt.date) -> list[dt.date]:
    """Every day from start up to but without end."""
    return [start + ONE_DAY * n for n in range((end - start).days)]


def day(text: str) -> dt.date:
    """A date."""
    return dt.date.fromisoformat(text)
