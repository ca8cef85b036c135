"""The study: sizing, candidates, one power-flow run for all, costs, checks, comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from busbar.connections.study.alternatives import Alternative
from busbar.connections.study.candidates import list_candidates
from busbar.connections.study.checks import Subject, apply_rules
from busbar.connections.study.circuits import Circuit, Flow
from busbar.connections.study.comparison import Comparison, compare
from busbar.connections.study.contingencies import Contingency, Event, judge, list_events
from busbar.connections.study.costs import price_works, schedule
from busbar.connections.study.electricity import price_year
from busbar.connections.study.modelling import Model, point_of_supply
from busbar.connections.study.parameters import Parameters, VoltageBand, default_parameters
from busbar.connections.study.plans import Plan
from busbar.connections.study.power_flow import solve
from busbar.connections.study.reliability import expect_outages
from busbar.connections.study.sizing import Sizing, size
from busbar.connections.study.values import (
    LoadDeclaration,
    NetworkPart,
    PriceFacts,
    UnitCost,
)

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Study:
    """All of it: what is needed, which voltages fit, the alternatives and their comparison."""

    load: LoadDeclaration
    sizing: Sizing
    voltages: tuple[VoltageBand, ...]
    alternatives: tuple[Alternative, ...]
    comparison: Comparison

    @property
    def recommended(self) -> Alternative | None:
        """The alternative with the highest score, None where none is acceptable."""
        number = self.comparison.recommended
        return None if number is None else self.alternatives[number - 1]


def study(
    network_part: NetworkPart,
    load: LoadDeclaration,
    price_facts: PriceFacts,
    unit_costs: Iterable[UnitCost],
    parameters: Parameters | None = None,
) -> Study:
    """Compute the alternatives for a declared load in a piece of network (N8, R45).

    Pure: same facts, same study. Raises UnableToStudy where facts are missing (equipment, a
    conductor, a unit price) and UnableToRate where tariff and rule set contradict each other;
    what cannot be built or does not converge is a finding of its alternative.
    """
    figures = parameters or default_parameters()
    costs = tuple(unit_costs)
    sizing = size(load, figures)
    plans = list_candidates(network_part, load, sizing, figures)
    computed = _compute_flows(network_part, plans, sizing, figures)
    facts = _Facts(network_part, load, price_facts, costs, figures, sizing)
    alternatives = [
        facts.alternative(number, plan, flows)
        for number, (plan, flows) in enumerate(zip(plans, computed, strict=True), start=1)
    ]
    comparison = compare(alternatives, figures.criteria)
    ranked = tuple(
        replace(one, score=score)
        for one, score in zip(alternatives, comparison.scores, strict=True)
    )
    voltages = tuple(b for b in figures.voltage_bands if b.takes(sizing.required_kva))
    return Study(load, sizing, voltages, ranked, comparison)


@dataclass(frozen=True, slots=True)
class _PlanFlows:
    """A plan's normal flow with its circuit, and what became of each outage."""

    circuit: Circuit | None
    flow: Flow | None
    contingencies: tuple[Contingency, ...]


def _compute_flows(
    network: NetworkPart, plans: Sequence[Plan], sizing: Sizing, parameters: Parameters
) -> list[_PlanFlows]:
    """Every circuit of every plan in one run of the solver."""
    asked: list[Circuit] = []
    answers = [_Asked.of(Model(network, plan, parameters), sizing, asked) for plan in plans]
    flows = solve(asked)
    return [answer.read(flows, sizing, parameters) for answer in answers]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where a plan's circuits stand in the common run; None for what needs no flow."""

    circuit: Circuit | None
    normal: int | None
    events: tuple[Event, ...]
    places: tuple[tuple[int | None, ...], ...]

    @classmethod
    def of(cls, model: Model, sizing: Sizing, asked: list[Circuit]) -> _Asked:
        if not model.plan.sources or not model.plan.sources[0].conductor:
            return cls(None, None, (), ())
        circuit = model.on_source(model.plan.sources[0], sizing.horizon)
        events = list_events(model, sizing, model.network.ties)
        places = tuple(
            tuple(_place(attempt.circuit, asked) for attempt in event.attempts) for event in events
        )
        return cls(circuit, _place(circuit, asked), events, places)

    def read(self, flows: Sequence[Flow], sizing: Sizing, parameters: Parameters) -> _PlanFlows:
        total = sizing.horizon.active_kw
        contingencies = tuple(
            judge(event, [None if p is None else flows[p] for p in at], total, parameters)
            for event, at in zip(self.events, self.places, strict=True)
        )
        flow = None if self.normal is None else flows[self.normal]
        return _PlanFlows(self.circuit, flow, contingencies)


def _place(circuit: Circuit | None, asked: list[Circuit]) -> int | None:
    if circuit is None:
        return None
    asked.append(circuit)
    return len(asked) - 1


@dataclass(frozen=True, slots=True)
class _Facts:
    """What all alternatives share."""

    network: NetworkPart
    load: LoadDeclaration
    prices: PriceFacts
    costs: tuple[UnitCost, ...]
    parameters: Parameters
    sizing: Sizing

    def alternative(self, number: int, plan: Plan, computed: _PlanFlows) -> Alternative:
        """Everything of one plan; works without a conductor that fits are not priced."""
        priced = bool(plan.sources) and all(source.conductor for source in plan.sources)
        on = self.prices.first_month.first
        found = Alternative(
            number=number,
            plan=plan,
            flow=computed.flow,
            voltage_percent=_deviation(computed),
            contingencies=computed.contingencies,
            investment=price_works(plan, self.sizing, self.network, self.costs, on)
            if priced
            else None,
            construction=schedule(plan, self.network, self.parameters) if priced else None,
            yearly_costs=price_year(plan, self.load, self.sizing, self.prices, self.parameters),
            reliability=expect_outages(plan, self.network, self.parameters) if priced else None,
        )
        subject = Subject(found, self.load, self.sizing, self.parameters)
        return replace(found, checks=apply_rules(subject))


def _deviation(computed: _PlanFlows) -> Decimal | None:
    if computed.circuit is None or computed.flow is None or not computed.flow.converged:
        return None
    return computed.flow.voltage_percent[point_of_supply(computed.circuit)] - _HUNDRED
