"""The study's figures as data: limits, tables, rates, rules and weights, each with its source."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from busbar.connections.study.values import UnableToStudy, UnitCost


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `certainty` as in `billing.rating.Rule`."""

    code: str
    name: str
    value: Decimal
    unit: str
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class VoltageBand:
    """Capacities in `(least_kva, most_kva]` that are supplied at a voltage."""

    voltage_kv: Decimal
    least_kva: Decimal
    most_kva: Decimal
    source: str
    certainty: str

    def takes(self, capacity_kva: Decimal) -> bool:
        """Whether the capacity lies in the band."""
        return self.least_kva < capacity_kva <= self.most_kva


@dataclass(frozen=True, slots=True)
class TransformerSeries:
    """Standard ratings from a voltage up, ascending; `uk_percent` by the largest rating."""

    least_kv: Decimal
    ratings_kva: tuple[Decimal, ...]
    uk_percent: tuple[tuple[Decimal, Decimal], ...]
    source: str
    certainty: str

    def uk_of(self, rating_kva: Decimal) -> Decimal:
        """Short-circuit voltage of a rating."""
        return next(uk for most, uk in self.uk_percent if rating_kva <= most)


@dataclass(frozen=True, slots=True)
class VoltageLimit:
    """Deviation from the nominal voltage that is allowed from a voltage up, in percent."""

    least_kv: Decimal
    upper_percent: Decimal
    lower_percent: Decimal
    article: str
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class SourceRule:
    """How many sources a grade needs, from how many stations and bus sections."""

    grade: str
    sources: int
    stations: int
    buses: int
    article: str
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class FailureRate:
    """Failures a year (of a km or unit) and hours of repair."""

    code: str
    name: str
    per_year: Decimal
    unit: str
    hours: Decimal
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class ConstructionTime:
    """Days of one kind of work (a km, a piece)."""

    code: str
    name: str
    days: Decimal
    unit: str
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Shift:
    """How a customer works: load factor, and shares of the energy by price period (sum 1)."""

    code: str
    name: str
    load_factor: Decimal
    shares: Mapping[str, Decimal]
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class CheckRule:
    """A rule that a scheme must keep; `kind` names how it is checked."""

    code: str
    name: str
    kind: str
    mandatory: bool
    article: str
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A row of the comparison; lower is better. Weights need not add up to 100."""

    code: str
    name: str
    unit: str
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Parameters:
    """All figures of a study. `dataclasses.replace` makes an office's own."""

    figures: Mapping[str, Figure]
    voltage_bands: tuple[VoltageBand, ...]
    transformer_series: tuple[TransformerSeries, ...]
    new_lines: Mapping[Decimal, tuple[str, ...]]
    voltage_limits: tuple[VoltageLimit, ...]
    source_rules: Mapping[str, SourceRule]
    failure_rates: Mapping[str, FailureRate]
    construction_times: Mapping[str, ConstructionTime]
    shifts: Mapping[str, Shift]
    rules: tuple[CheckRule, ...]
    criteria: tuple[Criterion, ...]

    def number(self, code: str) -> Decimal:
        """A figure's value; UnableToStudy when there is none."""
        try:
            return self.figures[code].value
        except KeyError:
            raise UnableToStudy("参数表没有 %(code)s。", code=code) from None

    def series_for(self, voltage_kv: Decimal) -> TransformerSeries:
        """The standard ratings at a voltage."""
        fitting = [s for s in self.transformer_series if s.least_kv <= voltage_kv]
        return max(fitting, key=lambda series: series.least_kv)

    def limit_for(self, voltage_kv: Decimal) -> VoltageLimit:
        """The allowed deviation at a voltage."""
        fitting = [entry for entry in self.voltage_limits if entry.least_kv <= voltage_kv]
        return max(fitting, key=lambda entry: entry.least_kv)

    def shift(self, code: str) -> Shift:
        """A working pattern; UnableToStudy when there is none."""
        try:
            return self.shifts[code]
        except KeyError:
            known = "、".join(self.shifts)
            raise UnableToStudy(
                "没有班制 %(code)s，应为 %(known)s 之一。", code=code, known=known
            ) from None


@cache
def default_parameters() -> Parameters:
    """The packaged figures."""
    return parameters_from(_read("busbar.connections.study", "data", "parameters.toml"))


@cache
def example_unit_costs() -> tuple[UnitCost, ...]:
    """The packaged unit prices: examples, to be replaced by an office's own."""
    document = _read("busbar.connections", "seed", "unit_costs.toml")
    common = {name: document[name] for name in ("valid_from", "source", "certainty")}
    return tuple(UnitCost(**_numbers({**common, **row})) for row in document["unit_cost"])


def cost_on(unit_costs: Iterable[UnitCost], code: str, day: dt.date) -> UnitCost:
    """The price in force on a day; UnableToStudy when the table has none."""
    found = [cost for cost in unit_costs if cost.code == code and cost.valid_from <= day]
    if not found:
        raise UnableToStudy(
            "单价表没有 %(day)s 有效的 %(code)s，请补充后再算。", day=day, code=code
        )
    return max(found, key=lambda cost: cost.valid_from)


def parameters_from(document: Mapping[str, Any]) -> Parameters:
    """Parameters of a parsed `parameters.toml`."""
    return Parameters(
        figures={row["code"]: Figure(**_numbers(row)) for row in document["figure"]},
        voltage_bands=tuple(VoltageBand(**_numbers(row)) for row in document["voltage_band"]),
        transformer_series=tuple(_series(row) for row in document["transformer_series"]),
        new_lines={
            Decimal(row["voltage_kv"]): tuple(row["conductors"]) for row in document["new_line"]
        },
        voltage_limits=tuple(VoltageLimit(**_numbers(row)) for row in document["voltage_limit"]),
        source_rules={row["grade"]: SourceRule(**row) for row in document["source_rule"]},
        failure_rates={
            row["code"]: FailureRate(**_numbers(row)) for row in document["failure_rate"]
        },
        construction_times={
            row["code"]: ConstructionTime(**_numbers(row)) for row in document["construction_time"]
        },
        shifts={row["code"]: Shift(**_numbers(row)) for row in document["shift"]},
        rules=tuple(CheckRule(**row) for row in document["rule"]),
        criteria=tuple(Criterion(**_numbers(row)) for row in document["criterion"]),
    )


def _series(row: Mapping[str, Any]) -> TransformerSeries:
    plain = _numbers(row)
    plain["ratings_kva"] = tuple(Decimal(rating) for rating in row["ratings_kva"])
    plain["uk_percent"] = tuple((Decimal(most), Decimal(uk)) for most, uk in row["uk_percent"])
    return TransformerSeries(**plain)


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its numbers as Decimal."""
    return {
        name: Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in row.items()
    }


def _read(package: str, folder: str, name: str) -> dict[str, Any]:
    text = (resources.files(package) / folder / name).read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)
