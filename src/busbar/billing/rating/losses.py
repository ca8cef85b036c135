"""Losses of the customer's transformer and line from what is on the plate, in kWh and kvarh.

With active energy Wp and reactive Wq over T hours, β = √(Wp² + Wq²) ÷ (Sn·T) is the mean load:

    ΔWp = P0·T + K·Pk·β²·T          ΔWq = (I0%·Sn + K·Uk%·Sn·β²)·T ÷ 100
    line: ΔWp = K·R·(Wp² + Wq²) ÷ (1000·U²·T), ΔWq with X

β² is a fraction, so nothing is rounded before the loss itself is, to whole kWh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.billing.rating.calculations import exactly
from busbar.billing.rating.loss_values import (
    ComputedLoss,
    EnergyShare,
    Line,
    LossTable,
    LossTableRow,
    Nameplate,
)
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.billing.rating.shares import CALENDAR_MONTH, Proration
from busbar.kit.money import plain, round_half_up

ZERO = Decimal(0)
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Through:
    """Energy that went through over the hours, as metered behind: kWh, kvarh by absolute value."""

    active_kwh: Decimal
    reactive_kvarh: Decimal
    hours: Decimal

    @property
    def squared(self) -> Decimal:
        """Wp² + Wq²."""
        return self.active_kwh * self.active_kwh + self.reactive_kvarh * self.reactive_kvarh


@dataclass(frozen=True, slots=True)
class LossEnergy:
    """Losses in whole kWh and kvarh, the arithmetic of each, and the rules behind."""

    active_kwh: Decimal
    reactive_kvarh: Decimal
    formula: str
    reactive_formula: str
    rules: tuple[Rule, ...]


@exactly
def month_hours(
    days: int | None, rule_set: RuleSet, month_days: int, held_days: int | None = None
) -> Decimal:
    """Hours of supply: a full month's by the rule set, or the part of it that `days` are.

    By R1996 a month has 720 hours, 20 days are 480; by R2024 31 days are 744. `held_days` are
    those of all segments of a month that is cut: together they are no more than a month.
    """
    value = rule_set.rule("loss.month_hours").value
    if value == CALENDAR_MONTH:
        full = Decimal(month_days * _HOURS)
    elif isinstance(value, Decimal):
        full = value
    else:
        raise UnableToRate(
            "规则集 %(rule_set)s 的参数 loss.month_hours 应为小时数。", rule_set=rule_set.code
        )
    if days is None:
        return full
    proration = Proration.of(rule_set, "loss.proration", month_days)
    return full * days / proration.divisor(Decimal(held_days or days))


@exactly
def computed_loss(
    loss: ComputedLoss,
    active_kwh: Decimal,
    reactive_kvarh: Decimal,
    rule_set: RuleSet,
    month_days: int,
) -> LossEnergy:
    """The loss of a segment whose meter recorded these energies; `loss.days` prorate it.

    The bill run may call this with a transformer's plate, the point's energies and the days.
    """
    hours = loss.hours
    if hours is None:
        hours = month_hours(loss.days, rule_set, month_days, loss.held_days)
    share = loss.load_share
    through = Through(active_kwh * share, reactive_kvarh * share, hours)
    if not hours and loss.method not in {"table", "share"}:
        return LossEnergy(ZERO, ZERO, "0", "0", (rule_set.rule("loss.month_hours"),))
    return _BY_METHOD[loss.method](loss, through, rule_set, month_days)


def _nameplate(
    loss: ComputedLoss, through: Through, rule_set: RuleSet, _month_days: int
) -> LossEnergy:
    plate = _expect(loss, Nameplate)
    hours, sn, k = through.hours, plate.rated_kva, loss.correction
    by = sn * sn * hours
    active = (plate.no_load_kw * hours * by + k * plate.load_kw * through.squared) / by
    reactive = (
        plate.no_load_current_percent * sn * hours * by
        + k * plate.impedance_percent * sn * through.squared
    ) / (100 * by)
    beta = f"({plain(through.active_kwh)}² + {plain(through.reactive_kvarh)}²)"
    load = f"{beta} ÷ ({plain(sn)}²×{plain(hours)})"
    iron = f"{plain(plate.no_load_kw)}×{plain(hours)}"
    copper = f"{plain(k)}×{plain(plate.load_kw)}×{load}"
    magnetising = f"{plain(plate.no_load_current_percent)}×{plain(sn)}×{plain(hours)}"
    leakage = f"{plain(k)}×{plain(plate.impedance_percent)}×{plain(sn)}×{load}"
    return _whole(
        active, reactive, f"{iron} + {copper}", f"({magnetising} + {leakage}) ÷ 100",
        (rule_set.rule("loss.transformer"), *_correction(loss), *_hours_rules(loss, rule_set)),
        rule_set,
    )  # fmt: skip


def _simplified(
    loss: ComputedLoss, through: Through, rule_set: RuleSet, _month_days: int
) -> LossEnergy:
    """Iron by hours, copper as a share of the energy: the simplified way of some provinces."""
    plate = _expect(loss, Nameplate)
    rule = loss.copper_rule or rule_set.rule("loss.copper_share")
    hours, share = through.hours, loss.copper_share
    if share is None:
        share = rule_set.number("loss.copper_share")
    active = plate.no_load_kw * hours + through.active_kwh * share
    reactive = plate.no_load_current_percent * plate.rated_kva * hours / 100
    return _whole(
        active, reactive,
        f"{plain(plate.no_load_kw)}×{plain(hours)} + "
        f"{plain(through.active_kwh)}×{plain(share * 100)}%",
        f"{plain(plate.no_load_current_percent)}%×{plain(plate.rated_kva)}×{plain(hours)}",
        (rule, *_hours_rules(loss, rule_set)), rule_set,
    )  # fmt: skip


def _table(loss: ComputedLoss, through: Through, rule_set: RuleSet, month_days: int) -> LossEnergy:
    """A month's loss from a table by capacity and energy, prorated by days."""
    table = _expect(loss, LossTable)
    month_kwh = loss.month_kwh
    row = look_up(table, through.active_kwh if month_kwh is None else month_kwh * loss.load_share)
    divisor, used, shown = Decimal(1), Decimal(1), ""
    if loss.days is not None:
        used = Decimal(loss.days)
        proration = Proration.of(rule_set, "loss.proration", month_days)
        divisor = proration.divisor(Decimal(loss.held_days or loss.days))
        shown = f" × {plain(used)}/{plain(divisor)}"
    rules = (table.rule,) + ((rule_set.rule("loss.proration"),) if loss.days is not None else ())
    return _whole(
        row.energy_kwh * used / divisor, row.reactive_kvarh * used / divisor,
        f"{plain(row.energy_kwh)}{shown}", f"{plain(row.reactive_kvarh)}{shown}", rules, rule_set,
    )  # fmt: skip


def look_up(table: LossTable, active_kwh: Decimal) -> LossTableRow:
    """The row of the table that holds for a month's energy; UnableToRate beyond the last."""
    bounded = sorted(
        (row for row in table.rows if row.up_to_kwh is not None),
        key=lambda row: row.up_to_kwh or ZERO,
    )
    open_rows = [row for row in table.rows if row.up_to_kwh is None]
    for row in (*bounded, *open_rows):
        if row.up_to_kwh is None or active_kwh <= row.up_to_kwh:
            return row
    raise UnableToRate(
        "变损表没有月用电量 %(active_kwh)s kWh 的一行。", active_kwh=plain(active_kwh)
    )


def _line(loss: ComputedLoss, through: Through, rule_set: RuleSet, _month_days: int) -> LossEnergy:
    line = _expect(loss, Line)
    by = 1000 * line.voltage_kv * line.voltage_kv * through.hours
    squared = loss.correction * through.squared
    energies = f"({plain(through.active_kwh)}² + {plain(through.reactive_kvarh)}²)"
    under = f"(1000×{plain(line.voltage_kv)}²×{plain(through.hours)})"
    shown = f"{plain(loss.correction)}×{{}}×{energies} ÷ {under}"
    return _whole(
        squared * line.resistance_ohm / by, squared * line.reactance_ohm / by,
        shown.format(plain(line.resistance_ohm)), shown.format(plain(line.reactance_ohm)),
        (rule_set.rule("loss.line"), *_correction(loss), *_hours_rules(loss, rule_set)), rule_set,
    )  # fmt: skip


def _share(loss: ComputedLoss, through: Through, rule_set: RuleSet, _month_days: int) -> LossEnergy:
    """A share of the energy as agreed with the customer (协商)."""
    agreed = _expect(loss, EnergyShare)
    percent = f"×{plain(agreed.share * 100)}%"
    return _whole(
        through.active_kwh * agreed.share, through.reactive_kvarh * agreed.share,
        f"{plain(through.active_kwh)}{percent}", f"{plain(through.reactive_kvarh)}{percent}",
        (agreed.rule,), rule_set,
    )  # fmt: skip


_BY_METHOD = {
    "nameplate": _nameplate,
    "simplified": _simplified,
    "table": _table,
    "line": _line,
    "share": _share,
}


def _expect(loss: ComputedLoss, kind: type[Any]) -> Any:
    if not isinstance(loss.of, kind):
        raise UnableToRate(
            "损耗 %(id)s 的计算方法 %(method)s 与所给参数不符。", id=loss.id, method=loss.method
        )
    return loss.of


def _whole(
    active: Decimal,
    reactive: Decimal,
    formula: str,
    reactive_formula: str,
    rules: tuple[Rule, ...],
    rule_set: RuleSet,
) -> LossEnergy:
    places = rule_set.rule("rounding.energy_places")
    whole = rule_set.integer(places.code)
    return LossEnergy(
        round_half_up(active, whole), round_half_up(reactive, whole), formula, reactive_formula,
        (*rules, places, rule_set.rule("loss.owner")),
    )  # fmt: skip


def _correction(loss: ComputedLoss) -> tuple[Rule, ...]:
    return () if loss.correction_rule is None else (loss.correction_rule,)


def _hours_rules(loss: ComputedLoss, rule_set: RuleSet) -> tuple[Rule, ...]:
    if loss.hours is not None:
        return ()
    prorated = () if loss.days is None else (rule_set.rule("loss.proration"),)
    return (rule_set.rule("loss.month_hours"), *prorated)


def corrections_from(document: Mapping[str, Any]) -> tuple[tuple[str, int, Rule], ...]:
    """Province, shifts and K of a parsed `pricing/seed/losses.toml`."""
    return tuple(
        (
            entry["province"],
            entry["shifts"],
            Rule(
                code="loss.correction",
                name=f"{entry['province'] or '未指明省份'} {entry['shifts']} 班制修正系数 K",
                value=Decimal(str(entry["value"])),
                article=entry.get("article", ""),
                source=entry["source"],
                certainty=entry["certainty"],
            ),
        )
        for entry in document["correction"]
    )


def correction_for(
    corrections: Iterable[tuple[str, int, Rule]], province: str, shifts: int
) -> Rule:
    """K of a province by shifts; the entry without province where the province has none."""
    fitting = {where: rule for where, number, rule in corrections if number == shifts}
    found = fitting.get(province) or fitting.get("")
    if found is None:
        raise UnableToRate(
            "没有 %(shifts)s 班制的修正系数 K，请直接填写 correction。", shifts=shifts
        )
    return found
