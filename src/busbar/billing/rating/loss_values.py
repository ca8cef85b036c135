"""What losses are computed from: a transformer's plate, a line, a table, an agreed share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from busbar.billing.rating.rules import Rule

LossMethod = Literal["nameplate", "simplified", "table", "line", "share"]
"""`nameplate` the formula; `simplified` iron by hours, copper by share; `table` by capacity and
energy; `line` by resistance; `share` of the energy as agreed."""

LossPeriod = Literal["total", "sharp", "peak", "flat", "valley", "deep_valley"]


@dataclass(frozen=True, slots=True)
class Nameplate:
    """Rated kVA, no-load loss P0 and load loss Pk in kW, no-load current and impedance in %."""

    rated_kva: Decimal
    no_load_kw: Decimal
    load_kw: Decimal = Decimal(0)
    no_load_current_percent: Decimal = Decimal(0)
    impedance_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """A line's resistance and reactance for one phase in ohm, and its voltage in kV."""

    voltage_kv: Decimal
    resistance_ohm: Decimal
    reactance_ohm: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class LossTableRow:
    """A month's loss up to a month's energy (None: beyond all)."""

    energy_kwh: Decimal
    reactive_kvarh: Decimal = Decimal(0)
    up_to_kwh: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LossTable:
    """Losses of one capacity by energy, from a province's table."""

    rows: tuple[LossTableRow, ...]
    rule: Rule


@dataclass(frozen=True, slots=True)
class EnergyShare:
    """Losses as an agreed share of the energy."""

    share: Decimal
    rule: Rule


@dataclass(frozen=True, slots=True)
class ComputedLoss:
    """A loss to be computed from the segment's measured energies.

    `days` None is a full month, else its part by the rule set's proration; `held_days` are the
    days on which it holds in all segments of a month that is cut. `hours` states the running
    hours instead. `load_share`: how much of the segment's energy flows through.
    `copper_share` replaces the rule set's for the simplified way; the rules beside the numbers
    only say where they are written. `metered`: ids of the energies that flow through, where the
    segment has others beside them; empty takes all.
    """

    id: str
    name: str
    method: LossMethod
    of: Nameplate | Line | LossTable | EnergyShare
    days: int | None = None
    hours: Decimal | None = None
    correction: Decimal = Decimal(1)
    correction_rule: Rule | None = None
    copper_share: Decimal | None = None
    copper_rule: Rule | None = None
    load_share: Decimal = Decimal(1)
    period: LossPeriod | None = None
    metered: tuple[str, ...] = ()
    held_days: int | None = None
