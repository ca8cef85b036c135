"""Our rating against NREL-PySAM's `utilityrate5`, for a tariff that both can express.

Three periods a day and a monthly charge for the highest quarter of an hour; whole kWh and prices
of whole fen, so that both must reach the same cent. Each gets a year of 35,040 values of active
energy (neither reads reactive energy for this tariff) of every account in memory and gives twelve
bills. PySAM's are amounts only; so are ours from the month's sums by one product for all accounts.
The bills of a run also have formula, rule and evidence of each line, and are measured beside them.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from bench.curves import ROUNDS
from busbar.billing import quote, rating
from busbar.billing.kernel import aggregate_month
from busbar.billing.month_sums import PERIODS, MonthAggregates, PeriodMaps
from busbar.kit.periods import Month
from busbar.metering.lake.vectors import as_lists

ACCOUNTS, YEAR, TARGET = 2_000, 2025, 100
EXPLAINED = 200
"""Accounts whose bills are explained in every round."""
DEMAND_PRICE = 40
PRICES = {
    "valley": (0, Decimal("0.30")),
    "peak": (1, Decimal("1.00")),
    "flat": (2, Decimal("0.60")),
}
CODES = np.repeat([0, 1, 2], [32, 16, 48])
_STATED = rating.Rule("price", "price", Decimal(0), certainty="local")
_TARIFF = rating.Tariff("t", "t", {name: price for name, (_, price) in PRICES.items()}, _STATED)
_MONTHS = [Month(YEAR, number) for number in range(1, 13)]
_RULES = "R2024"


def run() -> None:
    """Print both times and the ratio, after comparing every bill."""
    try:
        from PySAM import Utilityrate5
    except ImportError:
        print("NREL-PySAM is not installed (requirements/bench.lock): no reference")
        return
    loads = np.random.default_rng(7).integers(5, 500, (ACCOUNTS, 365, 96)).astype(np.int32)
    model = _model(Utilityrate5.new())
    batches, some = _batches(loads), _batches(loads[:EXPLAINED])
    few = loads[:: ACCOUNTS // 20]
    _account_by_theirs(model, loads[0])
    seconds = _in_turn(
        {
            "PySAM, load handed over and executed": (lambda: _all_by_theirs(model, few), 20),
            "PySAM, executed only": (lambda: [model.execute(0) for _ in range(20)], 20),
            "Busbar, amounts": (lambda: _amounts(batches), ACCOUNTS),
            "Busbar, explained bills": (lambda: _bills(some, EXPLAINED), EXPLAINED),
        }
    )
    for name, times in seconds.items():
        quickest, median = min(times) * 1e6, statistics.median(times) * 1e6
        print(f"  {name:<38} quickest {quickest:>8.1f}, median {median:>8.1f} µs a bill")
    for name in ("load handed over and executed", "executed only"):
        amounts, explained = (
            _median_ratio(seconds[f"PySAM, {name}"], seconds[f"Busbar, {part}"])
            for part in ("amounts", "explained bills")
        )
        print(
            f"  ratio to PySAM {name}, round by round, median: amounts {amounts:.0f} "
            f"(target {TARGET}), explained bills {explained:.1f}"
        )
    # Afterwards: with the objects of so many bills in memory PySAM takes twice as long.
    theirs = [_account_by_theirs(model, load) for load in loads]
    mine = _bills(batches, ACCOUNTS)
    assert [[round(amount * 100) for amount in year] for year in theirs] == mine
    assert np.transpose(_amounts(batches)).tolist() == mine
    print(f"  {ACCOUNTS * 12} bills equal to the cent")


def _model(model: Any) -> Any:
    """A model of the tariff, without any generation."""
    hours = [[int(CODES[4 * hour]) + 1 for hour in range(24)]] * 12
    one = [[1] * 24] * 12
    endless = 9.9e37
    rates = {
        "en_electricity_rates": 1,
        "ur_ec_sched_weekday": hours,
        "ur_ec_sched_weekend": hours,
        "ur_ec_tou_mat": [[c + 1, 1, endless, 0, float(p), 0] for c, p in PRICES.values()],
        "ur_dc_enable": 1,
        "ur_dc_sched_weekday": one,
        "ur_dc_sched_weekend": one,
        "ur_dc_tou_mat": [[1, 1, endless, 0]],
        "ur_dc_flat_mat": [[month, 1, endless, DEMAND_PRICE] for month in range(12)],
        "rate_escalation": [0],
        "ur_ts_sell_rate": [0],
        "ur_ts_buy_rate": [0],
    }
    zeros = (
        "ur_monthly_fixed_charge ur_monthly_min_charge ur_annual_min_charge ur_metering_option "
        "ur_nm_yearend_sell_rate ur_sell_eq_buy ur_en_ts_buy_rate ur_en_ts_sell_rate "
        "ur_nm_credit_month ur_nm_credit_rollover TOU_demand_single_peak"
    )
    model.ElectricityRates.assign(rates | dict.fromkeys(zeros.split(), 0))
    lifetime = {"analysis_period": 1, "inflation_rate": 0, "system_use_lifetime_output": 0}
    model.Lifetime.assign(lifetime)
    model.SystemOutput.assign({"degradation": [0], "gen": [0.0] * 35_040})
    model.Load.load_escalation = [0]
    return model


def _account_by_theirs(model: Any, load: Any) -> list[float]:
    model.Load.load = (load.ravel() * 4.0).tolist()  # kW
    model.execute(0)
    return list(model.Outputs.year1_monthly_utility_bill_w_sys)


def _all_by_theirs(model: Any, loads: Any) -> None:
    for load in loads:
        _account_by_theirs(model, load)


def _batches(loads: Any) -> list[tuple[PeriodMaps, pa.RecordBatch]]:
    """Each month's day curves of all accounts as Arrow rows, with the months' periods."""
    points = np.arange(len(loads), dtype=np.int64)
    first, found = 0, []
    for month in _MONTHS:
        values = loads[:, first : first + month.days] * 1000
        first += month.days
        found.append((_maps(month, len(loads)), _batch(points, values, month)))
    return found


def _sums(batches: list[tuple[PeriodMaps, pa.RecordBatch]]) -> Iterator[MonthAggregates]:
    for maps, batch in batches:
        yield aggregate_month([batch], maps)


def _batch(points: Any, values: Any, month: Month) -> pa.RecordBatch:
    rows = len(points) * month.days
    start = (month.first - date(1970, 1, 1)).days
    days = np.tile(np.arange(start, start + month.days, dtype=np.int32), len(points))
    columns = {
        "usage_point_id": pa.array(np.repeat(points, month.days)),
        "day": pa.array(days).cast(pa.date32()),
        "active_wh": as_lists(values.reshape(rows, 96)),
        "reactive_lag_varh": pa.nulls(rows, pa.list_(pa.int32())),
        "reactive_lead_varh": pa.nulls(rows, pa.list_(pa.int32())),
        "quality": pa.nulls(rows, pa.list_(pa.int8())),
    }
    return pa.RecordBatch.from_pydict(columns)


def _maps(month: Month, points: int) -> PeriodMaps:
    days = [month.first + timedelta(days=i) for i in range(month.days)]
    return PeriodMaps.build(
        month, {(1, day): CODES for day in days}, dict.fromkeys(range(points), 1)
    )


def _amounts(batches: list[tuple[PeriodMaps, pa.RecordBatch]]) -> list[list[int]]:
    """Totals in fen, month by month, of each account: whole kWh at whole fen, so exact."""
    fen = np.zeros(PERIODS, dtype=np.int64)
    for code, price in PRICES.values():
        fen[code] = int(price * 100)
    demand_fen = DEMAND_PRICE * 100
    return [
        ((sums.energy_wh @ fen + sums.max_demand_w * demand_fen) // 1000).tolist()
        for sums in _sums(batches)
    ]


def _bills(batches: list[tuple[PeriodMaps, pa.RecordBatch]], accounts: int) -> list[list[int]]:
    """Twelve totals in fen for each account."""
    rules, table = quote.rule_set(_RULES), quote.power_factor_table()
    totals: list[list[int]] = [[] for _ in range(accounts)]
    for month, sums in zip(_MONTHS, _sums(batches), strict=True):
        for account, year in enumerate(totals):
            facts = _facts(sums, account, month, rules, table)
            year.append(int(rating.rate(facts).total_yuan * 100))
    return totals


def _facts(
    sums: MonthAggregates,
    account: int,
    month: Month,
    rules: rating.RuleSet,
    table: rating.PowerFactorTable,
) -> rating.BillInput:
    point = sums.of(account)
    energies = tuple(
        rating.Energy(name, name, Decimal(point.energy_wh[code]) / 1000, "", "")  # type: ignore[arg-type]
        for name, (code, _) in PRICES.items()
    )
    infeed = rating.Infeed(
        id="i",
        measured_kw=Decimal(point.max_demand_w) / 1000,
        contract_kw=None,
        capacity_kva=Decimal(10_000),
    )
    return rating.BillInput(
        reference=str(account),
        period=month.period,
        rule_set=rules,
        power_factor_table=table,
        segments=(rating.Segment("month", month.period, _TARIFF, energies),),
        basic=(
            rating.DemandCharge(
                mode="actual_demand",
                prices=(rating.BasicPrice(Decimal(DEMAND_PRICE), _STATED),),
                infeeds=(infeed,),
                contract_capacity_kva=Decimal(10_000),
            ),
        ),
    )


def _in_turn(works: dict[str, tuple[Callable[[], object], int]]) -> dict[str, list[float]]:
    """Seconds of the processor a bill of each work (and its accounts), round by round in turn.

    A core may be half as fast for a while, for reasons that no process sees.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, (work, accounts) in works.items():
            begun = time.process_time()
            work()
            times[name].append((time.process_time() - begun) / accounts / 12)
    return times


def _median_ratio(theirs: list[float], mine: list[float]) -> float:
    return statistics.median(t / m for t, m in zip(theirs, mine, strict=True))
