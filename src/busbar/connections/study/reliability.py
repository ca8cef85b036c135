"""Expected hours without supply a year, from failure rates of what lies on the way.

Series: λ = Σλi, U = Σλi·ri. Two independent sources: both must be down, U1·U2/8760, and each
failure of the main one costs the time of switching over, λ1·ts. What both hang on (one station,
one bus section) counts in full. Failures of the high-voltage grid above the station are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.connections.study.parameters import FailureRate, Parameters
from busbar.connections.study.plans import Plan, SourcePlan
from busbar.connections.study.values import NetworkPart, Step
from busbar.kit.money import plain, round_half_up

ZERO, ONE = Decimal(0), Decimal(1)
HOURS_A_YEAR = Decimal(8760)
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Reliability:
    """Interruptions a year and hours without supply a year, as expected values."""

    interruptions_per_year: Decimal
    outage_hours: Decimal
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Element:
    """Something on the way of a source. `shared` tells it apart where sources have it in common."""

    key: str
    rate: FailureRate
    quantity: Decimal
    hours: Decimal

    @property
    def per_year(self) -> Decimal:
        return self.rate.per_year * self.quantity

    @property
    def outage_hours(self) -> Decimal:
        return self.per_year * self.hours

    def step(self) -> Step:
        formula = f"{plain(self.rate.per_year)} × {plain(self.quantity)} × {plain(self.hours)} h"
        hours = round_half_up(self.outage_hours, _PLACES)
        return Step(self.key, hours, "h/年", formula, self.rate.source)


def expect_outages(plan: Plan, network: NetworkPart, parameters: Parameters) -> Reliability:
    """The plan's expected outages with their arithmetic."""
    switching = parameters.number("reliability.switching_hours")
    paths = [
        tuple(_path(source, network, parameters, switching, has_backup=len(plan.sources) > 1))
        for source in plan.sources
    ]
    if len(paths) == 1:
        return _single(paths[0])
    return _several(paths, switching)


def _single(path: Sequence[_Element]) -> Reliability:
    hours = round_half_up(sum((e.outage_hours for e in path), ZERO), _PLACES)
    times = round_half_up(sum((e.per_year for e in path), ZERO), _PLACES)
    total = Step("年停电时间期望", hours, "h/年", "各元件 λ·r 之和")
    return Reliability(times, hours, (*(e.step() for e in path), total))


def _several(paths: Sequence[Sequence[_Element]], switching: Decimal) -> Reliability:
    common = set.intersection(*({e.key for e in path} for path in paths))
    shared = [e for e in paths[0] if e.key in common]
    own = [[e for e in path if e.key not in common] for path in paths]
    hours_of = [sum((e.outage_hours for e in path), ZERO) for path in own]
    main_times = sum((e.per_year for e in own[0]), ZERO)
    both = hours_of[0]
    for hours in hours_of[1:]:
        both = both * hours / HOURS_A_YEAR
    shared_hours = sum((e.outage_hours for e in shared), ZERO)
    switched = main_times * switching
    total = round_half_up(both + switched + shared_hours, _PLACES)
    times = main_times + sum((e.per_year for e in shared), ZERO)
    shown = " × ".join(plain(round_half_up(hours, _PLACES)) for hours in hours_of)
    below = "" if len(paths) == 2 else f"^{len(paths) - 1}"  # noqa: PLR2004 - two have no exponent
    steps = (
        *(e.step() for path in own for e in path),
        *(e.step() for e in shared),
        Step("各路同时停", round_half_up(both, _PLACES), "h/年", f"{shown} ÷ 8760{below}"),
        Step(
            "切换",
            round_half_up(switched, _PLACES),
            "h/年",
            f"{plain(round_half_up(main_times, _PLACES))} 次 × {plain(switching)} h",
        ),
        Step("共同部分", round_half_up(shared_hours, _PLACES), "h/年", "同站、同母线元件"),
        Step("年停电时间期望", total, "h/年", "同时停 + 切换 + 共同部分"),
    )
    return Reliability(round_half_up(times, _PLACES), total, steps)


def _path(
    source: SourcePlan,
    network: NetworkPart,
    parameters: Parameters,
    switching: Decimal,
    *,
    has_backup: bool,
) -> Iterator[_Element]:
    """Station, transformer, bus section, trunk and branch. A tie shortens a trunk's outage."""
    rates = parameters.failure_rates
    yield _element(f"全站 {source.station}", rates["station"], ONE)
    section = f"{source.station} {source.bus}".strip()
    yield _element(f"主变 {section}", rates["transformer.main"], ONE)
    yield _element(f"母线 {section}", rates["bus"], ONE)
    if source.line:
        line = network.line(source.line)
        rate = rates[f"line.{network.conductor(line.conductor).kind}"]
        tied = any(source.line in {tie.one, tie.other} for tie in network.ties)
        hours = switching if tied and not has_backup else rate.hours
        yield _Element(f"馈线 {line.code}", rate, line.length_km, hours)
    kind = network.conductor(source.conductor).kind
    name = f"新建线路 {source.line or source.station}"
    yield _element(name, rates[f"line.{kind}"], source.new_km)


def _element(key: str, rate: FailureRate, quantity: Decimal) -> _Element:
    return _Element(key, rate, quantity, rate.hours)
