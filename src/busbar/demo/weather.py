"""Stated weather of the fictitious province: temperature and sunshine by city, quarter-hourly."""

from __future__ import annotations

import datetime as dt

import numpy as np

from busbar.demo.parameters import Parameters
from busbar.demo.shapes import INTERVALS, QUARTERS, Floats
from busbar.kit.periods import Month

MEAN_C = 16.5
SEASON_C = 12.5
DAY_C = 4.5
SPELL_C = 2.5
_WARMEST_DAY = 205
_WARMEST_HOUR = 15
_YEAR = 365.25


def _hours() -> Floats:
    return (np.arange(INTERVALS) + 0.5) / QUARTERS


def climate_temperatures(days: list[dt.date]) -> Floats:
    """The temperature without weather, (days, 96), °C: two cosines, of the year and of the day."""
    season = np.array([day.timetuple().tm_yday for day in days])[:, None] - _WARMEST_DAY
    year = MEAN_C + SEASON_C * np.cos(2 * np.pi * season / _YEAR)
    return year + DAY_C * np.cos(2 * np.pi * (_hours() - _WARMEST_HOUR) / 24)


def temperatures(parameters: Parameters, city: int, month: Month) -> Floats:
    """The city's temperature in a month, with warm and cold spells of a few days."""
    days = month_days(month)
    draws = parameters.stream("weather", city, month.year, month.number)
    spells = np.zeros(len(days))
    for place, shock in enumerate(draws.normal(0, SPELL_C, len(days))):
        spells[place] = 0.7 * spells[place - 1] + 0.7 * shock if place else shock
    return climate_temperatures(days) + spells[:, None]


def sunshine(parameters: Parameters, city: int, month: Month) -> Floats:
    """Output of roof panels as a share of their peak, (days, 96): a bell by season and cloud."""
    days = month_days(month)
    season = np.array([day.timetuple().tm_yday for day in days])[:, None] - _WARMEST_DAY + 33
    strength = 0.72 + 0.22 * np.cos(2 * np.pi * season / _YEAR)
    half_day = 6 + 1.1 * np.cos(2 * np.pi * season / _YEAR)
    bell = np.cos(np.pi / 2 * np.clip((_hours() - 12.2) / half_day, -1, 1)) ** 1.3
    clouds = parameters.stream("clouds", city, month.year, month.number)
    return strength * bell * clouds.beta(3, 1.4, len(days))[:, None]


def month_days(month: Month) -> list[dt.date]:
    """The days of a month."""
    return [month.first + dt.timedelta(days=n) for n in range(month.days)]
