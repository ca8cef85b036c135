"""N-1: each element out in turn, what takes over, what is lost or overloaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from busbar.connections.study.circuits import Circuit, Flow
from busbar.connections.study.modelling import Model, point_of_supply
from busbar.connections.study.parameters import Parameters
from busbar.connections.study.plans import SourcePlan
from busbar.connections.study.sizing import CalculatedLoad, Sizing
from busbar.connections.study.values import Tie

ZERO = Decimal(0)
_HUNDRED = Decimal(100)

Verdict = Literal["kept", "shed", "lost", "overloaded", "not_converged"]
"""`kept` all load served within limits; `shed` the essential part; `lost` nothing takes over;
`overloaded` what takes over exceeds a limit; `not_converged` it has no operating point."""

Kind = Literal["source_line", "main_transformer", "station", "receiving_transformer"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A way to go on, with the load it serves. `circuit` None: nothing changes."""

    restored_by: str
    served_kw: Decimal
    circuit: Circuit | None


@dataclass(frozen=True, slots=True)
class Event:
    """An element out of service and the ways to go on, the preferred first."""

    element: str
    kind: Kind
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Contingency:
    """What became of an event. Percent figures are None where there was no flow."""

    element: str
    kind: Kind
    verdict: Verdict
    restored_by: str
    served_kw: Decimal
    lost_kw: Decimal
    line_percent: Decimal | None = None
    transformer_percent: Decimal | None = None
    voltage_percent: Decimal | None = None


def list_events(model: Model, sizing: Sizing, ties: Sequence[Tie]) -> tuple[Event, ...]:
    """Every element of the plan's paths, once each."""
    return tuple(_Outages(model, sizing, ties).events())


class _Outages:
    def __init__(self, model: Model, sizing: Sizing, ties: Sequence[Tie]) -> None:
        self.model, self.sizing, self.ties = model, sizing, ties
        self.main, *self.backups = model.plan.sources
        essential = sizing.essential
        partial = ZERO < essential.active_kw < sizing.horizon.active_kw
        self.parts = (sizing.horizon, essential) if partial else (sizing.horizon,)

    def events(self) -> Iterator[Event]:
        main = self.main
        standby = tuple(self._by_backups(self.backups))
        if main.line:
            ties = () if standby else tuple(self._by_ties())
            yield Event(f"馈线 {main.line}", "source_line", standby or ties)
            yield Event("主供支线", "source_line", standby)
        else:
            yield Event("主供专线", "source_line", standby)
        elsewhere = [s for s in self.backups if (s.station, s.bus) != (main.station, main.bus)]
        coupled = tuple(self._coupled())
        yield Event(
            f"主变 {main.station} {main.bus}".strip(),
            "main_transformer",
            (*coupled, *self._by_backups(elsewhere)),
        )
        away = [s for s in self.backups if s.station != main.station]
        if self.backups:
            yield Event(f"全站 {main.station}", "station", tuple(self._by_backups(away)))
        for number, source in enumerate(self.backups, start=1):
            kept = Attempt("主供不受影响", self.sizing.horizon.active_kw, None)
            yield Event(f"备用电源{number} {source.line or source.station}", "source_line", (kept,))
        yield Event("受电变压器一台", "receiving_transformer", tuple(self._one_unit_less()))

    def _by_backups(self, backups: Sequence[SourcePlan]) -> Iterator[Attempt]:
        for part in self.parts:
            for source in backups:
                name = f"备用电源 {source.line or source.station}"
                yield from _attempt(name, part, self.model.on_source(source, part))

    def _by_ties(self) -> Iterator[Attempt]:
        line = self.main.line
        own = self.model.network.line(line or "")
        for part in self.parts:
            for tie in self.ties:
                carried = (own.peak_kw or ZERO) / own.peak_power_factor + part.apparent_kva
                if line in {tie.one, tie.other} and carried <= tie.capacity_kva:
                    circuit = self.model.through_tie(self.main, tie, part)
                    yield from _attempt(f"联络 {tie.code}", part, circuit)

    def _coupled(self) -> Iterator[Attempt]:
        for part in self.parts:
            circuit = self.model.on_source(self.main, part, coupled=True)
            yield from _attempt("母联转供", part, circuit)

    def _one_unit_less(self) -> Iterator[Attempt]:
        plan = self.model.plan.transformers
        if plan is None or plan.count == 1:
            return
        for part in self.parts:
            circuit = self.model.on_source(self.main, part, units=plan.count - 1)
            yield from _attempt("其余变压器", part, circuit)


def _attempt(name: str, part: CalculatedLoad, circuit: Circuit | None) -> Iterator[Attempt]:
    if circuit is not None:
        yield Attempt(name, part.active_kw, circuit)


def judge(
    event: Event,
    flows: Sequence[Flow | None],
    total_kw: Decimal,
    parameters: Parameters,
) -> Contingency:
    """The first attempt within the limits; else the last that has an operating point.

    `flows` are those of the event's attempts, None where an attempt needs none.
    """
    if not event.attempts:
        return Contingency(event.element, event.kind, "lost", "", ZERO, total_kw)
    results = [
        _result(event, attempt, flow, total_kw, parameters)
        for attempt, flow in zip(event.attempts, flows, strict=True)
    ]
    good = next((r for r in results if r.verdict in {"kept", "shed"}), None)
    if good is not None:
        return good
    return next((r for r in reversed(results) if r.verdict == "overloaded"), results[-1])


def _result(
    event: Event, attempt: Attempt, flow: Flow | None, total_kw: Decimal, parameters: Parameters
) -> Contingency:
    lost = total_kw - attempt.served_kw
    served: Verdict = "shed" if lost else "kept"
    name = attempt.restored_by
    if flow is None or attempt.circuit is None:
        return Contingency(event.element, event.kind, served, name, attempt.served_kw, lost)
    if not flow.converged:
        return Contingency(event.element, event.kind, "not_converged", name, ZERO, total_kw)
    deviation = flow.voltage_percent[point_of_supply(attempt.circuit)] - _HUNDRED
    within = (
        flow.worst_line_percent <= parameters.number("loading.line_outage_percent")
        and flow.worst_transformer_percent
        <= parameters.number("loading.transformer_outage_percent")
        and abs(deviation) <= parameters.number("voltage.outage_percent")
    )
    return Contingency(
        element=event.element,
        kind=event.kind,
        verdict=served if within else "overloaded",
        restored_by=name,
        served_kw=attempt.served_kw,
        lost_kw=lost,
        line_percent=flow.worst_line_percent,
        transformer_percent=flow.worst_transformer_percent,
        voltage_percent=deviation,
    )
