"""A scheme before it is computed: which sources, by which lines, at what voltage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from busbar.connections.study.sizing import TransformerPlan
from busbar.kit.money import plain

Way = Literal["tee", "dedicated"]
"""`tee`: a branch of a feeder (公线T接); `dedicated`: own line from the station (专线)."""

WAY_NAMES = {"tee": "公线T接", "dedicated": "专线"}


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One source. The first of a plan is the main one, the others stand by (备用).

    `line` is the existing feeder of a tee, None for a dedicated line; `at_km` where on its trunk
    the tee is; `new_km` and `conductor` the line to be built.
    """

    way: Way
    station: str
    bus: str
    line: str | None
    at_km: Decimal
    new_km: Decimal
    conductor: str

    def __str__(self) -> str:
        where = self.line or f"{self.station} {self.bus}".strip()
        return f"{WAY_NAMES[self.way]} {where}，新建 {plain(self.new_km)} km {self.conductor}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A candidate scheme. `obstacles` say why it cannot be built; empty where it can."""

    key: str
    name: str
    voltage_kv: Decimal
    sources: tuple[SourcePlan, ...]
    transformers: TransformerPlan | None
    obstacles: tuple[str, ...] = ()

    @property
    def is_feasible(self) -> bool:
        """Nothing stands against building it."""
        return not self.obstacles
