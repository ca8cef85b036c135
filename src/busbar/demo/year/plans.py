"""What is to become of each connection: decided before the year begins, by the seed alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from busbar.demo.names import Place, places
from busbar.demo.parameters import Parameters
from busbar.demo.year.moments import moment, workday_from

FIRST = dt.date(2025, 11, 3)
"""The first working day of the year that is told."""
TOLD = dt.datetime(2026, 11, 1, tzinfo=dt.timezone(dt.timedelta(hours=8)))
"""The base date of the demonstration, before which everything happens."""

# Each line: kind of supply, days before the base date on which it begins, what befalls it.
# A region takes the lines in turn, so a small one already has something of everything.
SCENES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("low_voltage", 250, ("paid",)),
    ("hv_single", 330, ("corrections", "paid", "interim_findings")),
    ("low_voltage", 3, ("waits_for_documents",)),
    ("temporary", 120, ("paid",)),
    ("low_voltage", 40, ("refused",)),
    ("hv_single", 24, ("dispatch_refuses", "silent_safety")),
    ("low_voltage", 200, ("lapses",)),
    ("hv_dual", 320, ("paid", "late", "returned_by_manager")),
    ("low_voltage", 30, ("corrections", "stays_correcting")),
    ("hv_single", 12, ()),
    ("low_voltage", 150, ("back_dated", "paid")),
    ("hv_single", 200, ("withdrawn_after_reply",)),
    ("low_voltage", 14, ("proxy",)),
    ("temporary", 60, ()),
    ("hv_single", 50, ("paused", "green")),
    ("low_voltage", 100, ("partial",)),
    ("hv_single", 345, ("increase", "paid", "extended_scheme")),
    ("low_voltage", 180, ("paid", "completion_findings", "late")),
    ("hv_dual", 40, ("resurvey",)),
    ("low_voltage", 130, ("extension_granted", "paid")),
    ("hv_single", 290, ("over", "design_returned", "late")),
    ("low_voltage", 8, ()),
    ("low_voltage", 115, ("extension_refused", "lapses")),
    ("hv_single", 90, ("review_failed", "unpaid")),
    ("temporary", 220, ("paid", "unmatched")),
    ("low_voltage", 220, ("paid", "proxy")),
    ("hv_single", 150, ("green_refused", "paid")),
    ("low_voltage", 60, ("late",)),
    ("hv_single", 5, ("corrections",)),
    ("low_voltage", 20, ("withdrawn_early",)),
    ("low_voltage", 75, ("silent_safety", "paid")),
    ("temporary", 25, ("corrections",)),
    ("hv_single", 260, ("interim_findings", "paid", "back_dated")),
    ("low_voltage", 300, ("paid", "training_pending")),
)


_CLOSE = 30
"""What begins so few days before the end is not shifted: its stage hangs on it."""


@dataclass(frozen=True)
class Plan:
    """One connection: who, where, when, and what befalls it on the way."""

    serial: int
    supply_kind: str
    place: Place
    begins: dt.datetime
    events: frozenset[str] = field(default_factory=frozenset)

    def has(self, event: str) -> bool:
        """Whether this befalls it."""
        return event in self.events

    @property
    def is_high(self) -> bool:
        """Whether it goes the way of high voltage."""
        return self.supply_kind.startswith("hv")


def plan_connection(parameters: Parameters, serial: int) -> Plan:
    """The region's connection of this number."""
    draws = parameters.stream("year plan", serial)
    kind, days_before, events = SCENES[serial % len(SCENES)]
    round_of = serial // len(SCENES)
    shift = int(draws.integers(-12, 13)) if round_of else 0
    if days_before > _CLOSE:
        days_before += shift
    day = max(FIRST, TOLD.date() - dt.timedelta(days=days_before))
    at = moment(workday_from(day), 8 + int(draws.integers(1, 8)), int(draws.integers(0, 60)))
    return Plan(
        serial=serial,
        supply_kind=kind,
        place=places()[(serial + serial // len(places()) // 2) % len(places())],
        begins=at,
        events=frozenset(events),
    )
