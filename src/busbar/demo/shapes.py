"""Stated load shapes by industry: what a plant, a mall, a school draws through a day and a year.

Every figure here is an assumption of the demonstration, stated in docs/how-to/demonstration.md;
none is measured. A shape is a share of the point's peak demand:

    share = base + (1 − base) × activity(time) × level(day) × vacation + weather

with `activity` at most 1 on a working day, so that night/day and holiday/working-day ratios of
the part without weather can be read off the figures.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from busbar.demo.days import DayKind, day_kind, days_from_spring_festival

INTERVALS = 96
QUARTERS = 4
Floats = npt.NDArray[np.float64]
NOBODY_OFF = (1.0, 1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True)
class LoadShape:
    """One industry's way to use electricity.

    `activity`: (hour, 0..1) corner points, joined by straight lines.
    `levels`: activity on working day, Saturday, Sunday, holiday, Spring Festival.
    `cooling`, `heating`: share of the peak for each degree above 24 °C or below 8 °C,
    following the activity. `solar`: roof panels' peak as a share of the point's peak.
    `power_factor`: at full load; `light`: how much lower it is at no load.
    """

    code: str
    name: str
    base: float
    activity: tuple[tuple[float, float], ...]
    levels: tuple[float, float, float, float, float]
    cooling: float = 0.0
    heating: float = 0.0
    vacation: float = 1.0
    solar: float = 0.0
    power_factor: float = 0.93
    light: float = 0.06
    noise: float = 0.03
    ramp_days: int = 0
    load_factor: float = 0.65


_FLAT = ((0.0, 1.0), (24.0, 1.0))
_DAYTIME = ((0, 0), (7, 0), (8.5, 1), (11.75, 1), (12.25, 0.6), (13.25, 0.6), (13.75, 1),
            (17.5, 1), (19, 0.15), (21, 0), (24, 0))  # fmt: skip

SHAPES: tuple[LoadShape, ...] = (
    LoadShape("steel", "三班制钢铁", 0.35, ((0, 1), (8, 0.9), (9, 0.82), (11, 0.82), (12, 0.95),
              (16, 0.8), (21, 0.8), (22, 1), (24, 1)), (1, 1, 1, 0.92, 0.75),
              power_factor=0.92, light=0.12, noise=0.08, ramp_days=3, load_factor=0.72),
    LoadShape("chemical", "三班制化工", 0.70, _FLAT, (1, 1, 1, 0.97, 0.9),
              power_factor=0.94, light=0.05, noise=0.015, load_factor=0.8),
    LoadShape("cement", "三班制水泥（避峰）", 0.15, ((0, 1), (7, 1), (8, 0.55), (11.5, 0.5),
              (12, 0.85), (15, 0.85), (16, 0.35), (21, 0.35), (22, 1), (24, 1)),
              (1, 1, 1, 0.8, 0.1), power_factor=0.91, light=0.1, noise=0.05, ramp_days=8,
              load_factor=0.62),
    LoadShape("machinery", "两班制机械", 0.18, ((0, 0.35), (0.5, 0.05), (7.5, 0.05), (8.5, 1),
              (11.75, 1), (12.25, 0.7), (13, 1), (16, 0.92), (17.5, 0.75), (18.5, 0.9),
              (22, 0.85), (24, 0.35)), (1, 0.7, 0.25, 0.15, 0.05), cooling=0.004,
              power_factor=0.90, light=0.18, noise=0.05, ramp_days=6),
    LoadShape("textile", "一班制纺织", 0.12, ((0, 0), (7, 0.02), (8, 1), (11.75, 1), (12.25, 0.5),
              (13, 1), (18, 0.9), (19.5, 0.1), (21, 0), (24, 0)), (1, 0.9, 0.2, 0.1, 0.02),
              cooling=0.006, power_factor=0.89, light=0.2, noise=0.04, ramp_days=8,
              load_factor=0.6),
    LoadShape("cold_store", "冷库", 0.45, ((0, 1), (6, 0.9), (8, 0.55), (11, 0.5), (12, 0.8),
              (15, 0.7), (16, 0.45), (21, 0.45), (23, 1), (24, 1)), (1, 1, 1, 1.05, 1.15),
              cooling=0.016, power_factor=0.90, light=0.08, noise=0.05),
    LoadShape("mall", "商场", 0.10, ((0, 0), (8, 0.05), (9.5, 0.75), (12, 0.9), (14, 0.85),
              (18, 0.95), (20, 1), (21.5, 0.8), (22.5, 0.1), (24, 0)),
              (0.85, 1, 1, 1.05, 0.95), cooling=0.028, heating=0.008,
              power_factor=0.94, light=0.08, noise=0.03, load_factor=0.55),
    LoadShape("office", "机关办公", 0.14, _DAYTIME, (1, 0.25, 0.18, 0.12, 0.08),
              cooling=0.035, heating=0.018, power_factor=0.93, light=0.1, noise=0.04,
              load_factor=0.45),
    LoadShape("hospital", "医院", 0.42, ((0, 0.05), (6, 0.1), (8, 0.9), (9, 1), (11.5, 1),
              (12.5, 0.75), (14.5, 0.95), (17, 0.8), (20, 0.45), (22, 0.2), (24, 0.05)),
              (1, 0.8, 0.7, 0.6, 0.5), cooling=0.020, heating=0.010,
              power_factor=0.95, light=0.03, noise=0.025, load_factor=0.55),
    LoadShape("school", "学校（寒暑假）", 0.12, ((0, 0.1), (6, 0.2), (7, 0.7), (8, 0.9), (11.5, 1),
              (13, 0.75), (14.5, 0.95), (17.5, 0.85), (19, 1), (22, 0.7), (23, 0.15), (24, 0.1)),
              (1, 0.55, 0.6, 0.3, 0.1), cooling=0.020, heating=0.012, vacation=0.22,
              power_factor=0.93, light=0.1, noise=0.04, load_factor=0.45),
    LoadShape("data_center", "数据中心", 0.90, ((0, 0), (8, 0.4), (10, 0.9), (15, 1), (20, 0.9),
              (24, 0)), NOBODY_OFF, cooling=0.007, power_factor=0.97, light=0.02, noise=0.008,
              load_factor=0.7),
    LoadShape("waterworks", "自来水厂", 0.40, ((0, 0.15), (4, 0.1), (6, 0.8), (8, 1), (10, 0.7),
              (14, 0.55), (17, 0.8), (19, 1), (21, 0.75), (24, 0.15)), (1, 1.02, 1.02, 1, 0.95),
              cooling=0.006, power_factor=0.90, light=0.05, noise=0.03),
    LoadShape("ev_depot", "电动公交场站", 0.04, ((0, 1), (4.5, 0.85), (5.5, 0.1), (10.5, 0.1),
              (12, 0.45), (14, 0.4), (15, 0.1), (22, 0.15), (23, 1), (24, 1)),
              (1, 0.95, 0.95, 0.9, 0.75), heating=0.010,
              power_factor=0.98, light=0.01, noise=0.06, load_factor=0.7),
    LoadShape("photovoltaic", "屋顶光伏自用（净负荷反相）", 0.20, _DAYTIME,
              (1, 0.7, 0.3, 0.2, 0.1), cooling=0.010, solar=0.75, power_factor=0.91, light=0.15,
              noise=0.04, ramp_days=4, load_factor=0.6),
)  # fmt: skip
BY_CODE = {shape.code: shape for shape in SHAPES}


@lru_cache(maxsize=64)
def activity_curve(shape: LoadShape) -> Floats:
    """The activity at the middle of each quarter of an hour, in 0..1."""
    hours, values = zip(*shape.activity, strict=True)
    middles = (np.arange(INTERVALS) + 0.5) / QUARTERS
    curve: Floats = np.interp(middles, hours, values)
    return curve


def day_level(shape: LoadShape, day: dt.date) -> float:
    """Activity of a day: its kind's level, ramped towards and from the Spring Festival."""
    kind = day_kind(day)
    level = shape.levels[kind]
    distance = days_from_spring_festival(day)
    if kind is not DayKind.SPRING_FESTIVAL and abs(distance) <= shape.ramp_days:
        festival = shape.levels[DayKind.SPRING_FESTIVAL]
        level = min(level, festival + (1 - festival) * abs(distance) / (shape.ramp_days + 1))
    return level * (shape.vacation if is_vacation(day) else 1.0)


def is_vacation(day: dt.date) -> bool:
    """School holidays of the province: 10 July to 31 August, 18 January to 22 February."""
    return (7, 10) <= (day.month, day.day) <= (8, 31) or (1, 18) <= (day.month, day.day) <= (2, 22)


def expected_share(
    shape: LoadShape, days: list[dt.date], temperatures: Floats, sunshine: Floats
) -> Floats:
    """Share of the peak without noise: (days, 96); temperatures in °C as (days, 96).

    `sunshine` is the panels' output as a share of theirs, (days, 96). What the panels make
    beyond the own use is cut at zero: delivery to the grid is not part of these channels.
    """
    activity = activity_curve(shape)
    levels = np.array([day_level(shape, day) for day in days])[:, None]
    share = shape.base + (1 - shape.base) * activity * levels
    use = 0.25 + 0.75 * activity * np.minimum(levels, 1)
    share = share + shape.cooling * np.maximum(temperatures - 24, 0) * use
    share = share + shape.heating * np.maximum(8 - temperatures, 0) * use
    net: Floats = np.maximum(share - shape.solar * sunshine, 0.0)
    return net
