"""Small day curves for the tests of the lake."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from busbar.metering.lake import CURVE_SCHEMA

AT = datetime(2025, 3, 1, 8, tzinfo=UTC)
DAY = date(2025, 2, 10)


def curve(
    point: int = 1,
    day: date = DAY,
    *,
    active: int | list[int] | None = 100,
    lag: int | None = 30,
    lead: int | None = 0,
    quality: int | list[int] | None = 0,
) -> dict[str, object]:
    """One row; a number stands for 96 equal values, None for a channel not delivered."""

    def full(value: int | list[int] | None) -> list[int] | None:
        return [value] * 96 if isinstance(value, int) else value

    return {
        "usage_point_id": point,
        "day": day,
        "active_wh": full(active),
        "reactive_lag_varh": full(lag),
        "reactive_lead_varh": full(lead),
        "quality": full(quality),
    }


def curves(*rows: dict[str, object]) -> pa.Table:
    """A table to append."""
    return pa.Table.from_pylist(list(rows), schema=CURVE_SCHEMA)


def many(points: int, *, start: date = date(2025, 2, 1), days: int = 28, seed: int = 1) -> pa.Table:
    """Random curves of many usage points."""
    rng = np.random.default_rng(seed)
    return curves(
        *(
            curve(point, start + timedelta(days=i), active=rng.integers(0, 9000, 96).tolist())
            for point in range(points)
            for i in range(days)
        )
    )
