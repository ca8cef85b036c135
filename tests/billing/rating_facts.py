"""Small facts for rating: one month, one segment, round prices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from busbar.billing import quote, rating
from busbar.kit.periods import Period

D = Decimal
JUNE = Period(dt.date(2024, 6, 1), dt.date(2024, 7, 1))
JULY = Period(dt.date(2024, 7, 1), dt.date(2024, 8, 1))
STATED = rating.Rule("price", "电价", D(0), certainty="local")


def bill(period: Period = JUNE, rule_set: str = "R2024", **facts: Any) -> rating.RatedBill:
    """A rated bill of the given facts."""
    facts.setdefault("segments", ())
    return rating.rate(
        rating.BillInput(
            reference="t",
            period=period,
            rule_set=quote.rule_set(rule_set),
            power_factor_table=quote.power_factor_table(),
            **facts,
        )
    )


def segment(*energies: rating.Energy, **facts: Any) -> rating.Segment:
    """A segment of June at 0.5 yuan a kWh unless said otherwise."""
    tariff = rating.Tariff("t", "单一制", {"total": D("0.5")}, STATED)
    return rating.Segment(
        **{"id": "s", "period": JUNE, "tariff": tariff, "energies": energies} | facts
    )


def time_of_use(**prices: str) -> rating.Tariff:
    """A tariff by period."""
    return rating.Tariff("t", "分时", {k: D(v) for k, v in prices.items()}, STATED)  # type: ignore[misc]


def by_capacity(*units: rating.Transformer, **facts: Any) -> rating.CapacityCharge:
    """A capacity charge of 30 yuan."""
    return rating.CapacityCharge((rating.BasicPrice(D(30), STATED),), units, **facts)


def by_demand(mode: str, *infeeds: rating.Infeed, **facts: Any) -> rating.DemandCharge:
    """A demand charge of 40 yuan."""
    return rating.DemandCharge(mode, (rating.BasicPrice(D(40), STATED),), infeeds, **facts)


def state(name: str, start: str, end: str | None = None) -> rating.StateSpan:
    """A state between two dates."""
    stop = dt.date.fromisoformat(end) if end else None
    return rating.StateSpan(name, dt.date.fromisoformat(start), stop)  # type: ignore[arg-type]
