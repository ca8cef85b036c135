"""How large an account is: transformers with their histories, meters, the agreement's terms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from busbar.demo.grid import KV10, KV35, KV110
from busbar.demo.parameters import Parameters
from busbar.demo.shapes import BY_CODE
from busbar.demo.values import Agreement, Installation, StateSpan, Transformer

UNIT_SIZES = (100, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150,
              4000, 5000, 6300, 8000, 10000, 12500, 16000)  # fmt: skip
CAPACITY_RANGES: dict[str, tuple[int, int]] = {
    "steel": (6_300, 50_000), "chemical": (3_150, 25_000), "cement": (5_000, 25_000),
    "machinery": (500, 6_300), "textile": (400, 4_000), "photovoltaic": (630, 5_000),
    "cold_store": (315, 2_500), "mall": (630, 6_300), "data_center": (2_000, 20_000),
    "office": (200, 2_000), "hospital": (630, 5_000), "school": (250, 3_150),
    "waterworks": (315, 4_000), "ev_depot": (400, 3_150),
}  # fmt: skip
LEAST_TWO_PART_KVA = 315
SEALED_SHARE, HOT_STANDBY_SHARE, INTERLOCK_SHARE = 0.08, 0.04, 0.06
EXPIRING_SHARE, CHANGED_SHARE, METER_CHANGED_SHARE = 0.06, 0.08, 0.05
_OLDEST_SUPPLY = dt.date(2019, 3, 1)
"""Nobody but the steel plant is supplied in 2018, so its year is billed alone."""
_ROOT3 = 1.7320508
_CT_STEPS = (30, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1000, 1200, 1500, 2000, 2500, 3000)
_LOW_METERING_BELOW_KVA = _ONE_UNIT_UP_TO_KVA = 400
_KV35_FROM_KVA, _KV110_FROM_KVA = 8_000, 31_500


@dataclass(frozen=True)
class Sizing:
    """An account's units, voltage and metering side."""

    unit_kva: int
    units: int
    voltage_kv: Decimal
    side: str

    @property
    def capacity_kva(self) -> int:
        """All units together."""
        return self.unit_kva * self.units


def draw_sizing(draws: np.random.Generator, shape: str, *, is_main: bool) -> Sizing:
    """A capacity from the industry's range, log-uniform; further accounts are small."""
    low, high = CAPACITY_RANGES[shape] if is_main else (100, 1_000)
    wanted = float(np.exp(draws.uniform(np.log(low), np.log(high))))
    units = (
        int(draws.choice([1, 2, 3, 4], p=[0.35, 0.4, 0.15, 0.1]))
        if wanted > _ONE_UNIT_UP_TO_KVA
        else 1
    )
    return sizing_of(wanted / units, units)


def sizing_of(unit_kva: float, units: int) -> Sizing:
    """The nearest units that are made, the voltage they need, the side of the meter."""
    size = min(UNIT_SIZES, key=lambda s: abs(np.log(s / unit_kva)))
    total = size * units
    voltage = KV110 if total >= _KV110_FROM_KVA else KV35 if total >= _KV35_FROM_KVA else KV10
    side = "low" if total < _LOW_METERING_BELOW_KVA else "high"
    return Sizing(size, units, voltage, side)


def draw_transformers(
    draws: np.random.Generator, parameters: Parameters, number: str, sizing: Sizing
) -> tuple[Transformer, ...]:
    """The units and what became of each; with more than one, some stand by or are sealed."""
    first = parameters.month_list[0].first
    oldest = max(250, (first - _OLDEST_SUPPLY).days)
    installed = first - dt.timedelta(days=int(draws.integers(200, oldest)))
    fate = draws.random()
    interlocked = sizing.units > 1 and draws.random() < INTERLOCK_SHARE
    found = []
    for serial in range(1, sizing.units + 1):
        last = serial == sizing.units and sizing.units > 1
        states = _states(draws, parameters, installed, fate if last else 1.0)
        interlock = f"LS{number[-6:]}" if interlocked and serial > sizing.units - 2 else ""
        found.append(
            Transformer(
                number=f"T{number}{serial:02d}",
                model=f"S{draws.choice([11, 13, 20])}-M-{sizing.unit_kva}/{sizing.voltage_kv}",
                capacity_kva=sizing.unit_kva,
                installed_on=installed,
                interlock=interlock,
                states=states,
            )
        )
    return tuple(found)


def _states(
    draws: np.random.Generator, parameters: Parameters, installed: dt.date, fate: float
) -> tuple[StateSpan, ...]:
    months = parameters.month_list
    if fate < SEALED_SHARE:
        within = max(1, (months[-1].next.first - months[0].first).days - 80)
        start = months[0].first + dt.timedelta(days=int(draws.integers(within)))
        end = start + dt.timedelta(days=int(draws.integers(21, 75)))
        return (
            StateSpan("running", installed, start, ""),
            StateSpan("sealed", start, end, "客户申请非永久性减容"),
            StateSpan("running", end, None, "减容恢复"),
        )
    if fate < SEALED_SHARE + HOT_STANDBY_SHARE:
        start = months[len(months) // 2].first
        return (
            StateSpan("running", installed, start, ""),
            StateSpan("hot_standby", start, None, "转热备用"),
        )
    return (StateSpan("running", installed, None, ""),)


def draw_installations(
    draws: np.random.Generator, parameters: Parameters, serial: int, sizing: Sizing, share: float
) -> tuple[Installation, ...]:
    """The meter at a point, and for some the one that replaced it at the start of a month."""
    volts = 0.4 if sizing.side == "low" else float(sizing.voltage_kv)
    amperes = sizing.capacity_kva * share / (_ROOT3 * volts)
    primary = next((step for step in _CT_STEPS if step >= amperes), _CT_STEPS[-1])
    pt_ratio = 1 if sizing.side == "low" else int(float(sizing.voltage_kv) * 10)
    months = parameters.month_list
    start = months[0].first - dt.timedelta(days=int(draws.integers(60, 2_000)))
    change = months[len(months) // 2].first if draws.random() < METER_CHANGED_SHARE else None
    spans: list[tuple[dt.date, dt.date | None]] = [(start, change)]
    if change:
        spans.append((change, None))
    return tuple(
        Installation(
            serial=f"99{serial:08d}{place:02d}",
            model="三相四线智能电能表" if sizing.side == "low" else "三相三线智能电能表",
            accuracy="0.5S" if sizing.capacity_kva < 2_000 else "0.2S",  # noqa: PLR2004 - DL/T 448
            start=begin,
            end=end,
            ct_ratio=primary // 5,
            pt_ratio=pt_ratio,
        )
        for place, (begin, end) in enumerate(spans, 1)
    )


def peak_kw(draws: np.random.Generator, shape: str, sizing: Sizing) -> float:
    """Peak demand of the account by the shape's usual use of the capacity."""
    use = BY_CODE[shape].load_factor * float(draws.uniform(0.7, 1.08))
    return round(sizing.capacity_kva * min(use, 0.88), 1)


@dataclass(frozen=True)
class Terms:
    """Tariff and power-factor standard of an account."""

    tariff_code: str
    category: str
    mode: str
    standard: str


def draw_terms(draws: np.random.Generator, shape: str, kind: str, sizing: Sizing) -> Terms:
    """Two-part from 315 kVA; schools pay the public-benefit price; the standard by 〔83〕215号."""
    is_large_industry = kind == "industry" and sizing.capacity_kva > 160  # noqa: PLR2004 - 〔83〕215号
    standard = "0.90" if is_large_industry else "0.85"
    if shape == "school":
        return Terms("LC-RES-10", "residential", "none", standard)
    if sizing.capacity_kva < LEAST_TWO_PART_KVA:
        return Terms("LC-1P-10", "industry_single", "none", standard)
    mode = str(draws.choice(["capacity", "contract_demand", "actual_demand"], p=[0.55, 0.25, 0.20]))
    return Terms(f"LC-2P-{sizing.voltage_kv}", "industry_two_part", mode, standard)


def draw_agreements(
    draws: np.random.Generator,
    parameters: Parameters,
    number: str,
    terms: Terms,
    sizing: Sizing,
    demand_kw: float,
) -> tuple[Agreement, ...]:
    """One agreement, or two where the mode of the basic charge changed within the months."""
    months = parameters.month_list
    start = months[0].first - dt.timedelta(days=int(draws.integers(30, 900)))
    until = _expiry(draws, months[-1].next.first)
    contract_kw = int(max(demand_kw * draws.uniform(0.9, 1.15), 0.4 * sizing.capacity_kva))
    spans = [(start, until, terms.mode)]
    if terms.mode == "capacity" and len(months) > 3 and draws.random() < CHANGED_SHARE:  # noqa: PLR2004
        change = months[len(months) // 2].first
        spans = [(start, change, "capacity"), (change, until, "actual_demand")]
    return tuple(
        Agreement(
            number=f"HT{begin:%Y}{number[-8:]}{place}",
            signed_on=begin - dt.timedelta(days=int(draws.integers(3, 30))),
            valid_from=begin,
            valid_until=end,
            tariff_code=terms.tariff_code,
            category=terms.category,
            mode=mode,
            capacity_kva=sizing.capacity_kva,
            demand_kw=contract_kw if mode == "contract_demand" else None,
            power_factor_standard=terms.standard if sizing.capacity_kva >= 100 else "",  # noqa: PLR2004
        )
        for place, (begin, end, mode) in enumerate(spans, 1)
    )


def _expiry(draws: np.random.Generator, after: dt.date) -> dt.date | None:
    """Soon for some, a year or three for most, never for a tenth."""
    luck = draws.random()
    if luck < EXPIRING_SHARE:
        return after + dt.timedelta(days=int(draws.integers(5, 75)))
    if luck < EXPIRING_SHARE + 0.1:
        return None
    return after + dt.timedelta(days=int(draws.integers(120, 1_100)))
