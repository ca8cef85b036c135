"""The dated power-factor adjustment table (〔83〕水电财字第 215 号) and who answers to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.billing.rating.rules import Rule, UnableToRate


@dataclass(frozen=True, slots=True)
class StandardRule:
    """One class of customers and its standard; None = does not matter."""

    standard: Decimal
    name: str
    categories: tuple[str, ...]
    rule: Rule
    above_kva: Decimal | None = None
    at_least_kva: Decimal | None = None
    high_voltage: bool | None = None
    on_load_tap_changer: bool | None = None

    def fits(self, facts: CustomerFacts) -> bool:
        """Whether a customer belongs to this class."""
        capacity = facts.capacity_kva
        return (
            facts.category in self.categories
            and (self.above_kva is None or capacity > self.above_kva)
            and (self.at_least_kva is None or capacity >= self.at_least_kva)
            and self.high_voltage in {None, facts.high_voltage}
            and self.on_load_tap_changer in {None, facts.on_load_tap_changer}
        )


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What decides a customer's standard. Categories: industrial, non_industrial, irrigation,
    agriculture, wholesale."""

    category: str
    capacity_kva: Decimal
    high_voltage: bool = False
    on_load_tap_changer: bool = False


@dataclass(frozen=True, slots=True)
class PowerFactorTable:
    """Percent to add (+) or take off (−) by standard and power factor in hundredths.

    `steps[(standard, power factor)]` are Rules whose value is the percent. Under
    `below_factor` every `step` lower adds `percent_per_step`.
    """

    code: str
    name: str
    valid_from: dt.date
    steps: Mapping[tuple[Decimal, Decimal], Rule]
    below_factor: Decimal
    step: Decimal
    percent_per_step: Decimal
    below_rule: Rule
    standards: tuple[StandardRule, ...] = ()

    def percent(self, standard: Decimal, power_factor: Decimal) -> tuple[Decimal, Rule]:
        """Percent and the row it stands in; UnableToRate for a standard the table lacks."""
        row = self.steps.get((standard, max(power_factor, self.below_factor)))
        if row is None or not isinstance(row.value, Decimal):
            raise UnableToRate(
                "%(name)s 没有标准 %(standard)s、功率因数 %(power_factor)s 的一行。",
                name=self.name,
                standard=standard,
                power_factor=power_factor,
            )
        if power_factor >= self.below_factor:
            return row.value, row
        steps = (self.below_factor - power_factor) / self.step
        return row.value + steps * self.percent_per_step, self.below_rule

    def standard_for(self, facts: CustomerFacts) -> StandardRule | None:
        """The class a customer belongs to; None when no adjustment applies to it."""
        return next((rule for rule in self.standards if rule.fits(facts)), None)


def power_factor_table_from(document: Mapping[str, Any]) -> PowerFactorTable:
    """The table of a parsed `pricing/seed/power_factor.toml`."""
    table, below = document["table"], document["below"]
    standards = [Decimal(text) for text in table["standards"]]
    steps: dict[tuple[Decimal, Decimal], Rule] = {}
    for group in document["rows"]:
        for factor, _bound, *percents in group["rows"]:
            for standard, percent in zip(standards, percents, strict=True):
                steps[standard, Decimal(factor)] = _row(table, group, factor, standard, percent)
    return PowerFactorTable(
        code=table["code"],
        name=table["name"],
        valid_from=table["valid_from"],
        steps=steps,
        below_factor=Decimal(below["power_factor"]),
        step=Decimal(below["step"]),
        percent_per_step=Decimal(below["percent_per_step"]),
        below_rule=_provenance(table, below, f"{below['power_factor']} 以下每低一步的增收"),
        standards=tuple(_standard(table, entry) for entry in document["standard"]),
    )


def _row(
    table: Mapping[str, Any], group: Mapping[str, Any], factor: str, standard: Decimal, percent: str
) -> Rule:
    name = f"标准 {standard} 功率因数 {factor} 的调整率"
    return _provenance(table, group, name, Decimal(percent))


def _provenance(
    table: Mapping[str, Any],
    group: Mapping[str, Any],
    name: str,
    value: Decimal | None = None,
) -> Rule:
    return Rule(
        code="power_factor.table",
        name=name,
        value=Decimal(group["percent_per_step"]) if value is None else value,
        rule_set=table["code"],
        unit="%",
        article=table["document"],
        source=group["source"],
        certainty=group["certainty"],
    )


def _standard(table: Mapping[str, Any], entry: Mapping[str, Any]) -> StandardRule:
    standard = Decimal(entry["standard"])
    above, at_least = entry.get("above_kva"), entry.get("at_least_kva")
    return StandardRule(
        standard=standard,
        name=entry["name"],
        categories=tuple(entry["categories"]),
        rule=Rule(
            code="power_factor.standard",
            name=entry["name"],
            value=standard,
            rule_set=table["code"],
            article=table["document"],
            source=entry["source"],
            certainty=entry["certainty"],
        ),
        above_kva=None if above is None else Decimal(above),
        at_least_kva=None if at_least is None else Decimal(at_least),
        high_voltage=entry.get("high_voltage"),
        on_load_tap_changer=entry.get("on_load_tap_changer"),
    )
