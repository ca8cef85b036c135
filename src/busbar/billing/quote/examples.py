"""A document of every kind, to start from; `busbar bill quote --schema` prints them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_BILL: Json = {
    "kind": "bill",
    "reference": "示例 example",
    "period": {"start": "2024-06-01", "end": "2024-07-01"},
    "tariff": {
        "name": "大工业 10kV",
        "prices": {"flat": "0.6000"},
        "ratios": {"peak": "1.5", "valley": "0.5"},
        "charges": [{"code": "fund", "name": "政府性基金及附加", "price": "0.0271"}],
    },
    "segments": [
        {
            "energies": [
                {"measures": "peak", "quantity": 60000},
                {"measures": "flat", "quantity": 80000},
                {"measures": "valley", "quantity": 70000},
                {"measures": "reactive_forward", "quantity": 90000},
            ]
        }
    ],
    "basic_charge": {
        "mode": "capacity",
        "prices": [{"price": "22.6"}],
        "transformers": [{"id": "T1", "capacity_kva": 1000}],
    },
    "power_factors": [{"standard": "0.90"}],
}

_BASIC_CHARGE: Json = {
    "kind": "basic_charge",
    "period": {"start": "2024-06-01", "end": "2024-07-01"},
    "basic_charge": {
        "mode": "contract_demand",
        "prices": [{"price": "36.1"}],
        "infeeds": [{"id": "L1", "measured_kw": 1300, "contract_kw": 1000}],
    },
}

_POWER_FACTOR: Json = {
    "kind": "power_factor",
    "period": {"start": "2024-06-01", "end": "2024-07-01"},
    "standard": "0.90",
    "active_kwh": 40000,
    "reactive_forward_kvarh": 25000,
    "reactive_reverse_kvarh": 5000,
    "base_yuan": 15000,
}

_LATE_PAYMENT: Json = {
    "kind": "late_payment",
    "arrears": [
        {
            "id": "2025-12",
            "amount_yuan": 20000,
            "due_on": "2025-12-25",
            "payments": [{"paid_on": "2026-01-05", "amount_yuan": 5000}],
        }
    ],
    "until": "2026-01-18",
}

_RECORDED: Json = {
    "on": "2024-06-15",
    "energies": [
        {"measures": "total", "quantity": 80000},
        {"measures": "peak", "quantity": 30000},
        {"measures": "valley", "quantity": 20000},
    ],
    "tariff": {"prices": {"flat": "0.40"}, "ratios": {"peak": "1.5", "valley": "0.5"}},
}

EXAMPLES: tuple[Json, ...] = (
    _BILL,
    _BASIC_CHARGE,
    _POWER_FACTOR,
    _LATE_PAYMENT,
    {"kind": "meter_error", **_RECORDED, "error_percent": -10},
    {"kind": "wrong_ratio", **_RECORDED, "correct": {"ct": "200/5"}, "wrong": {"ct": "150/5"}},
    {"kind": "wrong_wiring", **_RECORDED, "elements": [1, 1, -1]},
    {
        "kind": "breach",
        "on": "2024-06-15",
        "breach": {
            "act": "over_capacity",
            "capacity_kva": 315,
            "price": "22.6",
            "used": {"start": "2024-04-25", "end": "2024-06-15"},
            "multiple": 2,
        },
    },
    {"kind": "theft", "on": "2024-06-15", "equipment_kw": 2, "price": "0.40"},
    {
        "kind": "compensation",
        "on": "2024-06-15",
        "case": {
            "cause": "supplier_outage",
            "outage_hours": 30,
            "normal": {"energy_kwh": 30000, "days": 30},
            "two_part": True,
            "peer_average_price": "0.62",
        },
    },
    {
        "kind": "indicator",
        "on": "2024-06-15",
        "indicator": {
            "measure": "reading_rate",
            "classes": [
                {"id": "lighting", "name": "照明", "due": 2500, "missed": 18, "estimated": 3},
                {"id": "power", "name": "动力", "due": 500, "missed": 2},
            ],
        },
    },
)
