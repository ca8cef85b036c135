"""A group's load on one day: its members' curves added up, and what each adds to it (U1)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.metering import lake
from busbar.metering.lake import INTERVALS, Quality
from busbar.metering.queries import Load, lake_root, sum_load
from busbar.supply.models import UsagePoint

ONE_DAY = dt.timedelta(days=1)
_QUARTER = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class MemberLoad:
    """One customer's day: the sum of its usage points, 96 quarters."""

    customer: Customer
    load: Load

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which quarters are there at all."""
        known: npt.NDArray[np.bool_] = self.load.quality[0] != Quality.MISSING
        return known

    @property
    def kw(self) -> npt.NDArray[np.float64]:
        """Mean power of the quarters, 0 where nothing is known."""
        return np.where(self.known, self.load.load_kw[0], 0.0)

    @property
    def energy_kwh(self) -> float:
        """Of the whole day."""
        return float(self.load.energy_wh.sum()) / 1000

    @property
    def peak_kw(self) -> float:
        """The customer's own highest quarter, whenever it was."""
        return float(self.kw.max())

    @property
    def peak_at(self) -> dt.datetime:
        """Local start of that quarter."""
        return _start_of(self.load.start, int(self.kw.argmax()))


@dataclass(frozen=True)
class GroupLoad:
    """The sum of a day and its members, who adds most to the highest quarter first.

    A quarter is the sum of the members that have it; `known` where any has. `gaps` counts the
    quarters that lack a member, `without` the members without any curve of the day.
    """

    day: dt.date
    kw: npt.NDArray[np.float64]
    known: npt.NDArray[np.bool_]
    members: list[MemberLoad]
    gaps: int
    without: int

    @property
    def place(self) -> int:
        """Which quarter is the highest."""
        return int(self.kw.argmax())

    @property
    def peak_kw(self) -> float:
        """The highest quarter of the sum."""
        return float(self.kw.max())

    @property
    def peak_at(self) -> dt.datetime:
        """Local start of that quarter."""
        return _start_of(self.day, self.place)

    @property
    def energy_kwh(self) -> float:
        """Of the whole day."""
        return sum(member.energy_kwh for member in self.members)

    @property
    def coincidence(self) -> float | None:
        """同时率: the highest quarter over the sum of the members' own highest ones."""
        own = sum(member.peak_kw for member in self.members)
        return self.peak_kw / own if own else None

    def at_peak_kw(self, member: MemberLoad) -> float:
        """How much of the highest quarter is the member's."""
        return float(member.kw[self.place])


def get_group_load(viewer: Viewer, group_ids: frozenset[int], *, day: dt.date) -> GroupLoad:
    """The visible members' day. One query and one reading of the lake, however many they are."""
    seen = UsagePoint.objects.visible_to(viewer.narrowed_to(group_ids))
    points: list[UsagePoint] = list(seen.select_related("account__customer"))
    owners = {point.pk: point.account.customer for point in points}
    curves = lake.read_curves(lake_root(), sorted(owners), day, day + ONE_DAY)
    members = _members(curves, owners, day)
    kw = np.array([member.kw for member in members]).reshape(-1, INTERVALS)
    known = np.array([member.known for member in members], dtype=bool).reshape(-1, INTERVALS)
    has_any, has_all = np.logical_or.reduce(known), np.logical_and.reduce(known)
    whole = kw.sum(axis=0)
    place = int(whole.argmax())
    members.sort(key=lambda member: (-member.kw[place], member.customer.pk))
    return GroupLoad(
        day=day,
        kw=whole,
        known=has_any,
        members=members,
        gaps=int((has_any & ~has_all).sum()),
        without=len({customer.pk for customer in owners.values()}) - len(members),
    )


def _members(curves: pa.Table, owners: dict[int, Customer], day: dt.date) -> list[MemberLoad]:
    """Each customer of which something is known that day."""
    rows: dict[int, list[int]] = defaultdict(list)
    for row, point in enumerate(curves["usage_point_id"].to_pylist()):
        rows[owners[point].pk].append(row)
    customers: dict[Any, Customer] = {customer.pk: customer for customer in owners.values()}
    found = [
        MemberLoad(customers[pk], sum_load(curves.take(pa.array(taken)), day, day + ONE_DAY))
        for pk, taken in rows.items()
    ]
    return [member for member in found if member.known.any()]


def _start_of(day: dt.date, place: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time()) + place * _QUARTER
