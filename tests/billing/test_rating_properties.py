"""Random bills agree with a naive second implementation, and keep their invariants."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from busbar.billing import quote
from tests.billing.naive_bill import PERIODS, naive_total

SETS = ("R1996", "R2016", "R2018", "R2023", "R2024")
FIVE_HUNDRED = settings(max_examples=500, deadline=None)
HUNDRED = settings(max_examples=100, deadline=None)

kwh = st.integers(0, 3_000_000)
prices = st.decimals("0", "2", places=6).map(str)
capacities = st.sampled_from([100, 315, 500, 630, 1000, 5000])
first_days = st.dates(dt.date(2010, 1, 1), dt.date(2024, 12, 31))


@st.composite
def periods(draw: st.DrawFn) -> dict[str, str]:
    """A calendar month, a part of one, or a month from a reading day to the next."""
    start = draw(first_days)
    length = draw(st.sampled_from(["month", "rest", "reading"]))
    if length != "rest":
        start = start.replace(day=1 if length == "month" else 25)
    end = (start.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    if length == "reading":
        end = end.replace(day=25)
    return {"start": start.isoformat(), "end": end.isoformat()}


@st.composite
def tariffs(draw: st.DrawFn) -> dict[str, Any]:
    """A single rate, absolute prices or ratios to the flat price, with charges."""
    style = draw(st.sampled_from(["single", "absolute", "ratios"]))
    groups = st.sampled_from(["fund", "line_loss", "system_operation"])
    charges = [
        {
            "code": f"c{number}",
            "name": "加收",
            "price": draw(prices),
            "group": draw(groups),
            "includes_deductions": draw(st.booleans()),
        }
        for number in range(draw(st.integers(0, 3)))
    ]
    tariff: dict[str, Any] = {"charges": charges}
    if style == "single":
        tariff["prices"] = {"total": draw(prices)}
    elif style == "absolute":
        tariff["prices"] = {period: draw(prices) for period in PERIODS}
    else:
        tariff["prices"] = {"flat": draw(prices)}
        tariff["ratios"] = {
            period: str(draw(st.decimals("0.2", "2", places=2)))
            for period in PERIODS
            if period != "flat"
        }
    return tariff


@st.composite
def segments(draw: st.DrawFn) -> dict[str, Any]:
    """Energies by period, with a total register or without, losses and lighting."""
    quantities = {period: draw(kwh) for period in PERIODS}
    energies = [{"measures": p, "quantity": q} for p, q in quantities.items()]
    if draw(st.booleans()):
        energies = [e for e in energies if e["measures"] != "flat"]
        energies.append({"measures": "total", "quantity": sum(quantities.values())})
    for direction in ("reactive_forward", "reactive_reverse"):
        fraction = draw(st.decimals("0", "900000", places=1))
        energies.append({"measures": direction, "quantity": str(fraction)})
    segment: dict[str, Any] = {"energies": energies, "losses": [], "deductions": []}
    if draw(st.booleans()):
        days = draw(st.integers(0, 28))
        loss = {"energy_kwh": draw(kwh), "reactive_kvarh": draw(kwh), "days": days}
        segment["losses"].append(loss)
    if draw(st.booleans()):
        lighting = {
            "name": "照明",
            "price": draw(prices),
            "energy_kwh": draw(st.integers(0, quantities["flat"])),
            "in_power_factor_energy": draw(st.booleans()),
        }
        segment["deductions"].append(lighting)
    return segment


@st.composite
def transformers(draw: st.DrawFn, start: dt.date) -> dict[str, Any]:
    """A unit with up to two states around the bill's days."""
    unit: dict[str, Any] = {"capacity_kva": draw(capacities)}
    if draw(st.booleans()):
        connected = start + dt.timedelta(days=draw(st.integers(-800, 20)))
        unit["connected_on"] = connected.replace(day=min(connected.day, 28)).isoformat()
    if draw(st.booleans()):
        unit["interlock"] = draw(st.sampled_from(["A", "B"]))
    unit["states"], begin = [], start + dt.timedelta(days=draw(st.integers(-40, 20)))
    for _ in range(draw(st.integers(0, 2))):
        end = begin + dt.timedelta(days=draw(st.integers(1, 40)))
        state = draw(st.sampled_from(["unsealed", "hot_standby", "cold_standby", "suspended"]))
        unit["states"].append({"state": state, "start": begin.isoformat(), "end": end.isoformat()})
        begin = end + dt.timedelta(days=draw(st.integers(0, 10)))
    return unit


@st.composite
def basic_charges(draw: st.DrawFn, start: dt.date, rule_set: str) -> dict[str, Any]:
    """By capacity, contract demand, or actual demand where the set has it."""
    modes = ["capacity", "contract_demand"]
    modes += [] if rule_set in {"R1996", "R2016"} else ["actual_demand"]
    mode = draw(st.sampled_from(modes))
    charge: dict[str, Any] = {"mode": mode, "prices": [{"price": draw(prices)}]}
    count = draw(st.integers(1, 3))
    if mode == "capacity":
        charge["transformers"] = [
            {"id": f"T{number}", **draw(transformers(start))} for number in range(count)
        ]
        return charge
    charge["contract_capacity_kva"] = draw(capacities)
    charge["account_energy_kwh"] = draw(st.integers(0, 1_000_000))
    charge["infeeds"] = [
        {
            "id": f"L{number}",
            "measured_kw": draw(st.integers(0, 6000)),
            "contract_kw": draw(st.integers(1, 5000)),
            "capacity_kva": draw(capacities),
        }
        for number in range(count)
    ]
    return charge


@st.composite
def bills(draw: st.DrawFn) -> dict[str, Any]:
    """A bill document that rating accepts."""
    period = draw(periods())
    rule_set = draw(st.sampled_from(SETS))
    document: dict[str, Any] = {
        "kind": "bill",
        "rule_set": rule_set,
        "period": period,
        "tariff": draw(tariffs()),
        "segments": draw(st.lists(segments(), min_size=1, max_size=2)),
        "power_factors": [],
    }
    if draw(st.booleans()):
        start = dt.date.fromisoformat(period["start"])
        document["basic_charge"] = draw(basic_charges(start, rule_set))
    if draw(st.booleans()):
        document["power_factors"] = [{"standard": draw(st.sampled_from(["0.90", "0.85", "0.80"]))}]
    return document


def total_of(answer: dict[str, Any]) -> Decimal:
    """The total of an answer."""
    return Decimal(answer["total_yuan"])


class TestAgainstANaiveBill:
    @FIVE_HUNDRED
    @given(bills())
    def test_both_come_to_the_same_fen(self, document: dict[str, Any]) -> None:
        answer = quote.quote(document)

        assert Fraction(answer["total_yuan"]) == naive_total(document)


class TestInvariants:
    @HUNDRED
    @given(bills())
    def test_lines_add_up_to_the_total(self, document: dict[str, Any]) -> None:
        answer = quote.quote(document)

        assert total_of(answer) == sum(
            (Decimal(line["amount_yuan"]) for line in answer["lines"]), Decimal(0)
        )

    @HUNDRED
    @given(bills())
    def test_every_input_of_a_line_is_a_quantity_or_a_unit_of_the_bill(
        self, document: dict[str, Any]
    ) -> None:
        answer = quote.quote(document)
        charge = document.get("basic_charge", {})
        known = {quantity["id"] for quantity in answer["quantities"]}
        known |= {u["id"] for u in charge.get("transformers", []) + charge.get("infeeds", [])}
        lines = {line["id"] for line in answer["lines"]}

        for line in answer["lines"]:
            assert line["inputs"]
            assert set(line["inputs"]) <= known
            assert set(line["based_on"]) <= lines

    @HUNDRED
    @given(bills(), st.data())
    def test_splitting_a_segment_changes_nothing_beyond_the_fen_of_a_line(
        self, document: dict[str, Any], data: st.DataObject
    ) -> None:
        document["segments"] = document["segments"][:1]
        for part in ("losses", "deductions"):
            document["segments"][0][part] = []
        split = copy.deepcopy(document)
        split["segments"] = halves(document["segments"][0], data)

        whole_answer, split_answer = quote.quote(document), quote.quote(split)

        lines = len(whole_answer["lines"]) + len(split_answer["lines"])
        allowed = Decimal("0.005") * lines * 3  # the base carries a rounding into up to +145 %
        assert abs(total_of(whole_answer) - total_of(split_answer)) <= allowed
        assert whole_answer["energy_kwh"] == split_answer["energy_kwh"]

    @HUNDRED
    @given(bills())
    def test_a_price_stated_for_two_parts_of_the_month_changes_one_fen_a_line_at_most(
        self, document: dict[str, Any]
    ) -> None:
        charge = document.get("basic_charge")
        document["power_factors"] = []
        split = copy.deepcopy(document)
        if charge:
            price, days = charge["prices"][0]["price"], document["period"]
            start, end = (dt.date.fromisoformat(days[k]) for k in ("start", "end"))
            middle = (start + (end - start) / 2).isoformat()
            if start.isoformat() < middle:
                split["basic_charge"]["prices"] = [
                    {"price": price, "period": {"start": days["start"], "end": middle}},
                    {"price": price, "period": {"start": middle, "end": days["end"]}},
                ]

        whole_answer, split_answer = quote.quote(document), quote.quote(split)

        lines = len(split_answer["lines"])
        difference = abs(total_of(whole_answer) - total_of(split_answer))
        assert difference <= Decimal("0.01") * lines

    @HUNDRED
    @given(bills(), st.sampled_from(["0.90", "0.85", "0.80"]))
    def test_a_power_factor_of_one_never_adds(
        self, document: dict[str, Any], standard: str
    ) -> None:
        document["power_factors"] = [{"standard": standard, "power_factor": "1.00"}]

        answer = quote.quote(document)

        adjustment = next(li for li in answer["lines"] if li["code"] == "power_factor")
        assert Decimal(adjustment["amount_yuan"]) <= 0


def halves(segment: dict[str, Any], data: st.DataObject) -> list[dict[str, Any]]:
    """Two segments whose whole energies add up to the segment's."""
    first, second = copy.deepcopy(segment), copy.deepcopy(segment)
    for whole, one, other in zip(
        segment["energies"], first["energies"], second["energies"], strict=True
    ):
        quantity = int(Decimal(str(whole["quantity"])))
        whole["quantity"] = quantity
        part = quantity // 3 if whole["measures"] == "total" else 0
        one["quantity"], other["quantity"] = part, quantity - part
    if not any(e["measures"] == "total" for e in segment["energies"]):
        for one, other in zip(first["energies"], second["energies"], strict=True):
            part = data.draw(st.integers(0, other["quantity"]))
            one["quantity"], other["quantity"] = part, other["quantity"] - part
    elif first["energies"]:
        first["energies"] = [e for e in first["energies"] if e["measures"] == "total"]
        flat = sum(e["quantity"] for e in second["energies"] if e["measures"] in PERIODS)
        total = next(e for e in second["energies"] if e["measures"] == "total")
        moved = max(0, flat - total["quantity"])
        total["quantity"] += moved
        first["energies"][0]["quantity"] -= moved
    return [first, second]
