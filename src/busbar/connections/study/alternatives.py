"""What a study says of one plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from busbar.connections.study.circuits import Flow
from busbar.connections.study.contingencies import Contingency
from busbar.connections.study.costs import Construction, Investment
from busbar.connections.study.electricity import YearlyCost
from busbar.connections.study.parameters import CheckRule
from busbar.connections.study.plans import Plan
from busbar.connections.study.reliability import Reliability

Verdict = Literal["pass", "fail", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule applied to a plan: the figures found, what the rule asks, and where it stands."""

    rule: CheckRule
    verdict: Verdict
    found: str
    asked: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """A plan with everything computed for it. `number` counts from 1 as shown.

    `flow` None: the plan has no source to compute. `voltage_percent` is the deviation at the
    point of supply, None without a converged flow. `score` 0–100, None where it does not rank.
    """

    number: int
    plan: Plan
    flow: Flow | None
    voltage_percent: Decimal | None
    contingencies: tuple[Contingency, ...]
    investment: Investment | None
    construction: Construction | None
    yearly_costs: tuple[YearlyCost, ...]
    reliability: Reliability | None
    checks: tuple[Check, ...] = ()
    score: Decimal | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def failed(self) -> tuple[Check, ...]:
        """The mandatory rules the plan breaks."""
        return tuple(c for c in self.checks if c.verdict == "fail" and c.rule.mandatory)

    @property
    def is_acceptable(self) -> bool:
        """It can be built and breaks no mandatory rule."""
        return self.plan.is_feasible and not self.failed

    @property
    def reasons_against(self) -> tuple[str, ...]:
        """Why it is not acceptable, in sentences."""
        broken = (f"{c.rule.name}：{c.found}，要求{c.asked}" for c in self.failed)
        return (*self.plan.obstacles, *broken)

    @property
    def measures(self) -> Mapping[str, Decimal | None]:
        """The figures by criterion of the comparison."""
        return _measures(self)


def _measures(one: Alternative) -> dict[str, Decimal | None]:
    ten_thousand = Decimal(10_000)
    flow = one.flow if one.flow is not None and one.flow.converged else None
    return {
        "investment": one.investment.total_yuan / ten_thousand if one.investment else None,
        "yearly_cost": one.yearly_costs[0].total_yuan / ten_thousand if one.yearly_costs else None,
        "outage_hours": one.reliability.outage_hours if one.reliability else None,
        "construction": one.construction.days if one.construction else None,
        "loading": max(flow.worst_line_percent, flow.worst_transformer_percent) if flow else None,
        "voltage": None if one.voltage_percent is None else abs(one.voltage_percent),
        "lost_load": max((c.lost_kw for c in one.contingencies), default=None),
    }
