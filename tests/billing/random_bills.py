"""Random documents that a quote accepts, quickly made from a seeded generator."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

from tests.billing.naive_bill import PERIODS

RULE_SETS = ("R1996", "R2016", "R2018", "R2023", "R2024")
CAPACITIES = (100, 315, 500, 630, 1000, 5000)
STANDARDS = ("0.90", "0.85", "0.80")
CHANGES = (dt.date(2016, 6, 30), dt.date(2018, 4, 1), dt.date(2023, 6, 1), dt.date(2024, 6, 1))


def chance(rng: Random, share: float = 0.5) -> bool:
    """True in about that share of cases."""
    return rng.random() < share


def decimal(rng: Random, most: float, places: int) -> str:
    """A decimal number as text."""
    return f"{rng.randint(0, int(most * 10**places)) / 10**places:.{places}f}"


def random_bill(rng: Random) -> dict[str, Any]:
    """A month's bill: whole or split, by a named set or by date, with everything at random."""
    named = chance(rng, 0.6)
    start, end = random_period(rng, crossing=not named and chance(rng))
    document: dict[str, Any] = {
        "kind": "bill",
        "period": days(start, end),
        "tariff": random_tariff(rng),
        "power_factors": [],
    }
    if named:
        document["rule_set"] = rng.choice(RULE_SETS)
    document["segments"] = random_segments(rng, document, start, end)
    actual = modes(document, start)
    if chance(rng, 0.4):
        document["basic_charge"] = random_basic(rng, start, end, actual=actual)
    elif chance(rng, 0.5) and (end - start).days > 2:
        middle = start + dt.timedelta(days=rng.randint(1, (end - start).days - 1))
        first, second = (
            random_basic(rng, one, other, actual=actual)
            for one, other in ((start, middle), (middle, end))
        )
        document["basic_charges"] = [
            first | {"used": days(start, middle)}, second | {"used": days(middle, end)}
        ]  # fmt: skip
    if chance(rng):
        document["power_factors"] = random_assessments(rng, document)
    return document


def random_period(rng: Random, *, crossing: bool) -> tuple[dt.date, dt.date]:
    """A calendar month, its rest, or from a reading day to the next, also over a new set."""
    if crossing:
        change = rng.choice(CHANGES)
        start = change - dt.timedelta(days=rng.randint(1, 27))
        return start, start + dt.timedelta(days=rng.choice((28, 30, 31)))
    start = dt.date(2009, 1, 1) + dt.timedelta(days=rng.randint(0, 6200))
    length = rng.choice(("month", "rest", "reading"))
    if length != "rest":
        start = start.replace(day=1 if length == "month" else 25)
    end = (start.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return start, end.replace(day=25) if length == "reading" else end


def modes(document: dict[str, Any], start: dt.date) -> bool:
    """Whether actual demand may be charged in every set of the bill."""
    named = document.get("rule_set")
    return named not in {"R1996", "R2016"} if named else start >= dt.date(2018, 4, 1)


def random_tariff(rng: Random) -> dict[str, Any]:
    """A single rate, absolute prices or ratios to the flat price, with charges."""
    charges = [
        {
            "code": f"c{number}",
            "name": "加收",
            "price": decimal(rng, 0.2, 6),
            "group": rng.choice(("fund", "line_loss", "system_operation")),
            "includes_deductions": chance(rng),
        }
        for number in range(rng.randint(0, 2))
    ]
    style = rng.choice(("single", "absolute", "ratios"))
    if style == "single":
        return {"charges": charges, "prices": {"total": decimal(rng, 2, 4)}}
    if style == "absolute":
        return {"charges": charges, "prices": {p: decimal(rng, 2, 6) for p in PERIODS}}
    ratios = {p: decimal(rng, 2, 2) for p in PERIODS if p != "flat"}
    return {"charges": charges, "prices": {"flat": decimal(rng, 2, 4)}, "ratios": ratios}


def random_segments(
    rng: Random, document: dict[str, Any], start: dt.date, end: dt.date
) -> list[dict[str, Any]]:
    """One segment, or two with their own days and, sometimes, prices."""
    if chance(rng) or (end - start).days < 2:
        return [random_segment(rng, document["tariff"], start, end)]
    cut = start + dt.timedelta(days=rng.randint(1, (end - start).days - 1))
    segments = []
    for one, other in ((start, cut), (cut, end)):
        tariff = random_tariff(rng) if chance(rng) else document["tariff"]
        segment = random_segment(rng, tariff, one, other)
        segments.append(segment | {"period": days(one, other), "tariff": tariff})
    return segments


def random_segment(
    rng: Random, tariff: dict[str, Any], start: dt.date, end: dt.date
) -> dict[str, Any]:
    """Energies by period, with a total register or without, or by interval; losses, lighting."""
    quantities = {p: rng.randint(0, 300_000) for p in PERIODS}
    energies: list[dict[str, Any]] = [{"measures": p, "quantity": q} for p, q in quantities.items()]
    by_interval = chance(rng, 0.15)
    if by_interval:
        energies = []
    elif chance(rng):
        energies = [e for e in energies if e["measures"] != "flat"]
        energies.append({"measures": "total", "quantity": sum(quantities.values())})
    for direction in ("reactive_forward", "reactive_reverse"):
        energies.append({"measures": direction, "quantity": decimal(rng, 200_000, 1)})
    length = (end - start).days
    segment: dict[str, Any] = {
        "energies": energies,
        "losses": [random_loss(rng, length) for _ in range(rng.randint(0, 2))],
        "deductions": [],
    }
    if by_interval:
        intervals = rng.randint(1, 24)
        segment["series"] = {
            "energies_kwh": [decimal(rng, 4000, 3) for _ in range(intervals)],
            "prices": [decimal(rng, 1.5, 5) for _ in range(intervals)],
        }
        segment["losses"] = [loss for loss in segment["losses"] if "total" in tariff["prices"]]
        if chance(rng):
            segment["deductions"] = [random_own(rng, beside=True, most=0)]
        return segment
    for _ in range(rng.randint(0, 2)):
        segment["deductions"].append(
            random_own(rng, beside=chance(rng, 0.4), most=quantities["flat"] // 2)
        )
    return segment


def random_loss(rng: Random, length: int) -> dict[str, Any]:
    """A loss of any method."""
    method = rng.choice(("stated", "nameplate", "simplified", "table", "line", "share"))
    loss: dict[str, Any] = {"method": method}
    if chance(rng):
        loss["days"] = rng.randint(0, length)
    if chance(rng, 0.2):
        loss["held_days"] = rng.randint(max(length, 1), 31)
    if method == "stated":
        return loss | {"energy_kwh": rng.randint(0, 9000), "reactive_kvarh": rng.randint(0, 9000)}
    if method in {"nameplate", "simplified", "line"} and chance(rng, 0.3):
        loss["hours"] = rng.randint(1, 744)
    if chance(rng, 0.3):
        loss["load_share"] = decimal(rng, 1, 2)
    if method == "share":
        return loss | {"agreed_share": decimal(rng, 0.05, 3), "source": "合同"}
    if method == "table":
        rows = [
            {"up_to_kwh": 100_000, "energy_kwh": rng.randint(0, 900), "reactive_kvarh": 70},
            {"up_to_kwh": 500_000, "energy_kwh": rng.randint(900, 2000), "reactive_kvarh": 700},
            {"energy_kwh": 5000, "reactive_kvarh": rng.randint(0, 7000)},
        ]
        return loss | {"rows": rows, "source": "变损表"}
    if method == "line":
        ohm = {"resistance_ohm": decimal(rng, 2, 3), "reactance_ohm": decimal(rng, 2, 3)}
        return loss | {"voltage_kv": rng.choice((10, 35)), "correction": "1.1"} | ohm
    loss["transformer"] = {
        "rated_kva": rng.choice(CAPACITIES),
        "no_load_kw": decimal(rng, 4, 2),
        "load_kw": decimal(rng, 20, 2),
        "no_load_current_percent": decimal(rng, 2, 1),
        "impedance_percent": decimal(rng, 6, 1),
    }
    if method == "nameplate" and chance(rng, 0.7):
        by_shift = {"shifts": rng.choice((1, 2, 3))}
        loss |= by_shift if chance(rng) else {"correction": rng.choice(("1.05", "1.5"))}
    return loss


def random_own(rng: Random, *, beside: bool, most: int) -> dict[str, Any]:
    """Lighting or residents: fixed, fixed for a part of a month, or a share; inside or beside."""
    own: dict[str, Any] = {
        "name": "照明",
        "price": decimal(rng, 1, 3),
        "use": rng.choice(("lighting", "residential")),
        "connection": "beside" if beside else "inside",
        "in_power_factor_base": chance(rng, 0.2),
    }
    if chance(rng, 0.3):
        own["in_power_factor_energy"] = chance(rng)
    if not beside and chance(rng, 0.3):
        own["taken_from"] = "total"
    if beside and chance(rng, 0.3):
        return own | {"share": decimal(rng, 0.1, 3)}
    own["energy_kwh"] = rng.randint(0, 50_000 if beside else most)
    if chance(rng, 0.3):
        own["days"] = rng.randint(0, 28)
        if chance(rng):
            own["days_before"] = rng.randint(0, 28 - own["days"])
            own["held_days"] = rng.randint(28, 31)
    return own


def random_basic(rng: Random, start: dt.date, end: dt.date, *, actual: bool) -> dict[str, Any]:
    """By capacity, contract demand, or actual demand where the set has it, at one or two prices."""
    mode = rng.choice(("capacity", "contract_demand", *(("actual_demand",) if actual else ())))
    charge: dict[str, Any] = {"mode": mode, "prices": [{"price": decimal(rng, 60, 3)}]}
    if chance(rng, 0.3) and (end - start).days > 1:
        cut = start + dt.timedelta(days=rng.randint(1, (end - start).days - 1))
        charge["prices"] = [
            {"price": decimal(rng, 60, 3), "period": days(start, cut)},
            {"price": decimal(rng, 60, 3), "period": days(cut, end)},
        ]
    count = rng.randint(1, 3)
    if mode == "capacity":
        charge["transformers"] = [
            random_unit(rng, start) | {"id": f"T{number}"} for number in range(count)
        ]
        return charge
    charge["contract_capacity_kva"] = rng.choice(CAPACITIES)
    if chance(rng):
        charge["account_energy_kwh"] = rng.randint(0, 1_000_000)
    charge["infeeds"] = [
        {
            "id": f"L{number}",
            "measured_kw": decimal(rng, 6000, 2),
            "contract_kw": rng.randint(1, 5000),
            "capacity_kva": rng.choice(CAPACITIES),
        }
        for number in range(count)
    ]
    return charge


def random_unit(rng: Random, start: dt.date) -> dict[str, Any]:
    """A unit with up to two states around the bill's days."""
    unit: dict[str, Any] = {"capacity_kva": rng.choice(CAPACITIES), "states": []}
    if chance(rng):
        connected = start + dt.timedelta(days=rng.randint(-800, 20))
        unit["connected_on"] = connected.replace(day=min(connected.day, 28)).isoformat()
    if chance(rng, 0.4):
        unit["interlock"] = rng.choice(("A", "B"))
    begin = start + dt.timedelta(days=rng.randint(-40, 20))
    for _ in range(rng.randint(0, 2)):
        end = begin + dt.timedelta(days=rng.randint(1, 40))
        name = rng.choice(("unsealed", "hot_standby", "cold_standby", "suspended"))
        unit["states"].append({"state": name, **days(begin, end)})
        begin = end + dt.timedelta(days=rng.randint(0, 10))
    return unit


def random_assessments(rng: Random, document: dict[str, Any]) -> list[dict[str, Any]]:
    """One power factor over all, or one for each segment."""
    count = len(document["segments"])
    if count == 1 or chance(rng):
        return [{"standard": rng.choice(STANDARDS)}]
    shared = len(document.get("basic_charges", ())) == count and chance(rng)
    return [
        {
            "id": f"p{number}",
            "standard": rng.choice(STANDARDS),
            "segments": [f"s{number}"],
            **({"basic_charges": [number]} if shared else {"includes_basic_charge": number == 1}),
        }
        for number in range(1, count + 1)
    ]


def days(start: dt.date, end: dt.date) -> dict[str, str]:
    """A period as documents write it."""
    return {"start": start.isoformat(), "end": end.isoformat()}


def random_charge(rng: Random) -> dict[str, Any]:
    """A document of any single calculation that has a total."""
    make = rng.choice((_late, _correction, _breach, _theft, _compensation))
    return make(rng)


def _late(rng: Random) -> dict[str, Any]:
    until = dt.date(2005, 1, 1) + dt.timedelta(days=rng.randint(0, 7300))
    arrears = []
    for number in range(rng.randint(1, 3)):
        due = until - dt.timedelta(days=rng.randint(-5, 500))
        amount = rng.randint(1, 10 ** rng.randint(1, 7))
        arrear: dict[str, Any] = {
            "id": f"a{number}", "amount_yuan": amount, "due_on": due.isoformat()
        }  # fmt: skip
        if chance(rng, 0.4):
            parts = sorted(rng.sample(range(-20, 400), 2))
            arrear["payments"] = [
                {"paid_on": (due + dt.timedelta(days=after)).isoformat(),
                 "amount_yuan": f"{amount / 4:.2f}"}
                for after in parts
            ]  # fmt: skip
        arrears.append(arrear)
    document = {"kind": "late_payment", "arrears": arrears, "until": until.isoformat()}
    if chance(rng, 0.3):
        document["customer"] = "residential"
    if chance(rng, 0.2):
        document["contract_rate"] = rng.choice(("0.001", "0.0015", "0.003"))
    return document


def _correction(rng: Random) -> dict[str, Any]:
    quantities = {p: rng.randint(0, 300_000) for p in PERIODS}
    energies = [{"measures": p, "quantity": q} for p, q in quantities.items()]
    if chance(rng):
        energies = [e for e in energies if e["measures"] != "flat"]
        energies.append({"measures": "total", "quantity": sum(quantities.values())})
    tariff: dict[str, Any] = {
        "prices": {p: decimal(rng, 2, 4) for p in PERIODS},
        "charges": [{"code": "f", "name": "基金", "price": "0.0271"}] if chance(rng) else [],
    }
    document: dict[str, Any] = {
        "rule_set": rng.choice(RULE_SETS), "energies": energies, "tariff": tariff
    }  # fmt: skip
    kind = rng.choice(("meter_error", "wrong_ratio", "wrong_wiring"))
    if kind == "meter_error":
        document["error_percent"] = f"{rng.randint(-9999, 9999) / 100:.2f}"
    elif kind == "wrong_ratio":
        document["correct"] = {"multiplier": rng.randint(1, 4000)}
        document["wrong"] = {"multiplier": rng.randint(1, 4000)}
    elif chance(rng):
        document["elements"] = rng.choice(([1, 1, -1], [1, 1, 0], [1, 0, 0], [1, 1, 1]))
    else:
        document |= {"factor": decimal(rng, 4, 3), "ran_backwards": chance(rng, 0.3)}
    return document | {"kind": kind}


def _breach(rng: Random) -> dict[str, Any]:
    rule_set = rng.choice(RULE_SETS)
    name = rng.choice(
        ("over_capacity", "sealed_use", "low_tariff", "moved_meter", "foreign_source")
    )
    act: dict[str, Any] = {"act": name}
    if name in {"over_capacity", "sealed_use"}:
        act["capacity_kva"] = decimal(rng, 2000, 1) if chance(rng) else 315
        act["capacity_kva"] = act["capacity_kva"] if act["capacity_kva"] != "0.0" else 1
        if chance(rng, 0.8):
            act["price"] = decimal(rng, 40, 2)
            start = dt.date(2010, 1, 1) + dt.timedelta(days=rng.randint(0, 5000))
            if chance(rng):
                act["used"] = days(start, start + dt.timedelta(days=rng.randint(1, 200)))
            else:
                act["months"] = rng.randint(1, 12)
        else:
            act["times"] = rng.randint(1, 3)
    elif name == "low_tariff":
        act |= {"high_price": "0.9137", "low_price": decimal(rng, 0.9, 4)}
        act["energy_kwh" if chance(rng) else "monthly_kwh"] = decimal(rng, 90_000, 1)
    elif name == "moved_meter":
        act |= {"occasions": rng.randint(1, 4), "residential": chance(rng)}
    else:
        act["capacity_kw"] = rng.randint(1, 500)
    if rule_set == "R2024" and (name == "low_tariff" or "price" in act) and chance(rng):
        act["multiple"] = decimal(rng, 2, 1)
    return {"kind": "breach", "rule_set": rule_set, "breach": act}


def _theft(rng: Random) -> dict[str, Any]:
    document: dict[str, Any] = {
        "kind": "theft",
        "rule_set": rng.choice(RULE_SETS),
        "customer": rng.choice(("power", "lighting")),
        "price": decimal(rng, 2, 4),
    }
    if chance(rng):
        document["equipment_kw"] = rng.randint(1, 300)
    else:
        document["meter"] = {"voltage_v": 220, "current_a": rng.randint(1, 60), "phases": 1}
    if chance(rng):
        document |= {"days": rng.randint(1, 400), "hours_per_day": rng.randint(1, 24)}
    if document["rule_set"] == "R2024" and chance(rng):
        document["multiple"] = decimal(rng, 3, 2)
    return document


def _compensation(rng: Random) -> dict[str, Any]:
    rule_set = rng.choice(RULE_SETS)
    cause = rng.choice(("supplier_outage", "customer_outage", "poor_quality"))
    case: dict[str, Any] = {"cause": cause}
    if cause == "poor_quality":
        case |= {"energy_kwh": rng.randint(0, 90_000), "energy_price": decimal(rng, 1, 4)}
        return {"kind": "compensation", "rule_set": rule_set, "case": case}
    case |= {
        "outage_hours": rng.randint(1, 90),
        "normal": {"energy_kwh": rng.randint(0, 900_000), "days": rng.randint(1, 31)},
    }
    if cause == "customer_outage":
        case["average_sale_price"] = decimal(rng, 1, 4)
    else:
        base = "peer_average_price" if rule_set == "R2024" else "energy_price"
        case |= {"two_part": chance(rng), base: decimal(rng, 1, 4)}
    return {"kind": "compensation", "rule_set": rule_set, "case": case}
