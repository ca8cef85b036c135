"""Circuits as plain values: what a power flow is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from busbar.network.conductors import Conductor


@dataclass(frozen=True, slots=True)
class Branch:
    """A piece of line between two buses."""

    name: str
    start: str
    end: str
    km: Decimal
    conductor: Conductor


@dataclass(frozen=True, slots=True)
class Transformation:
    """Equal transformers in parallel between two buses, rating of one of them in kVA.

    With `tap_steps` the tap moves by steps of `tap_percent` towards `target_percent` of the low
    side's nominal voltage; the nominal voltages of the windings are `high_kv` and `low_kv`.
    """

    name: str
    high: str
    low: str
    unit_kva: Decimal
    high_kv: Decimal
    low_kv: Decimal
    uk_percent: Decimal
    copper_percent: Decimal
    count: int = 1
    tap_steps: int = 0
    tap_percent: Decimal = Decimal(0)
    target_percent: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True)
class BusLoad:
    """A load at a bus."""

    bus: str
    kw: Decimal
    kvar: Decimal


@dataclass(frozen=True, slots=True)
class Circuit:
    """An energised piece of network. `buses` by name with nominal kV; `infeeds` hold 1.0 p.u."""

    buses: Mapping[str, Decimal]
    infeeds: tuple[str, ...]
    branches: tuple[Branch, ...] = ()
    transformations: tuple[Transformation, ...] = ()
    loads: tuple[BusLoad, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """Answer of a power flow: percent of nominal voltage by bus, loading percent by element.

    `converged` false: no operating point was found, and there are no figures.
    """

    converged: bool
    voltage_percent: Mapping[str, Decimal] = field(default_factory=dict)
    line_percent: Mapping[str, Decimal] = field(default_factory=dict)
    transformer_percent: Mapping[str, Decimal] = field(default_factory=dict)
    losses_kw: Decimal = Decimal(0)
    tap_positions: Mapping[str, int] = field(default_factory=dict)

    @property
    def worst_line_percent(self) -> Decimal:
        """The highest loading of a line, 0 without lines."""
        return max(self.line_percent.values(), default=Decimal(0))

    @property
    def worst_transformer_percent(self) -> Decimal:
        """The highest loading of a transformer, 0 without transformers."""
        return max(self.transformer_percent.values(), default=Decimal(0))
