"""Estimates that were made before something better was known: they are made again."""

from __future__ import annotations

import numpy as np

from busbar.metering.lake.schema import Quality
from busbar.metering.vee.days import UNKNOWN, Days, Mask


def find_reopened(days: Days, is_own: Mask) -> Mask:
    """Intervals (n, 96) that validation estimated, of rows (n,) that it wrote, to be judged anew.

    Those in an outage that came after the estimate; those of a day whose registers came after
    it and whose sum is not theirs. What was measured beyond the registers gives no sum to keep.
    """
    estimated = (days.quality == Quality.ESTIMATED) & is_own[:, None]
    unmeasured = estimated | (days.quality == Quality.MISSING)
    measured = np.where(unmeasured, 0, days.active).sum(axis=1)
    whole = days.active.sum(axis=1)
    told = (days.register_wh != UNKNOWN) & (days.register_wh >= measured)
    reopened: Mask = estimated & (days.power_off | (told & (whole != days.register_wh))[:, None])
    return reopened


def reopen(days: Days, reopened: Mask) -> None:
    """Make the intervals missing again, in place, before anybody has looked at the days."""
    days.quality[reopened] = Quality.MISSING
    for values in days.values.values():
        values[reopened] = 0
