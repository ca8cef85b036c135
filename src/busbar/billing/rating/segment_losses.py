"""Losses join a segment: the flat period (or the single rate), the total, the power factor."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from busbar.billing.rating.bill_values import Quantity
from busbar.billing.rating.loss_values import ComputedLoss
from busbar.billing.rating.losses import LossEnergy, computed_loss
from busbar.billing.rating.rules import Rule, RuleSet
from busbar.billing.rating.shares import Proration
from busbar.billing.rating.tally import SegmentEnergy, Tally
from busbar.billing.rating.values import Loss
from busbar.kit.money import plain, round_half_up


def add_losses(result: SegmentEnergy, rule_set: RuleSet, month_days: int) -> None:
    """Add every loss of the segment; computed ones start from the metered energies alone."""
    active, reactive = result.total.kwh, result.reactive.kwh
    for loss in result.segment.losses:
        if isinstance(loss, ComputedLoss):
            own = loss
            if loss.days is None and loss.hours is None:
                own = replace(loss, days=result.segment.period.days)
            through = _metered(result, own) if own.metered else (active, reactive)
            found = computed_loss(own, *through, rule_set, month_days)
        else:
            found = _stated(loss, rule_set, month_days)
        _join(result, loss, found, rule_set)


def _metered(result: SegmentEnergy, loss: ComputedLoss) -> tuple[Decimal, Decimal]:
    """Whole kWh and kvarh of the energies that the loss names."""
    known = {q.id: q for q in result.quantities}
    own = [known[key] for key in loss.metered]
    active = sum((q.value for q in own if q.unit == "kWh"), Decimal(0))
    return active, sum((abs(q.value) for q in own if q.unit == "kvarh"), Decimal(0))


def _join(
    result: SegmentEnergy, loss: Loss | ComputedLoss, found: LossEnergy, rule_set: RuleSet
) -> None:
    period = result.period_or_flat(loss.period)
    for tally in (result.billed.setdefault(period, Tally()), result.total, result.active):
        tally.add(found.active_kwh, (loss.id,))
    rules = (rule_set.rule("loss.period"), *found.rules)
    shaped = result.shaped_by.setdefault(period, [])
    shaped += [rule for rule in rules if rule not in shaped]
    result.quantities.append(Quantity(loss.id, loss.name, found.active_kwh, "kWh", found.formula))
    if found.reactive_kvarh:
        identity = reactive_id(loss)
        result.reactive.add(found.reactive_kvarh, (identity,))
        result.quantities.append(
            Quantity(
                identity, f"{loss.name}（无功）", found.reactive_kvarh, "kvarh",
                found.reactive_formula,
            )
        )  # fmt: skip


def reactive_id(loss: Loss | ComputedLoss) -> str:
    """The id of a loss's kvarh among the bill's quantities."""
    return f"{loss.id}.reactive"


def _stated(loss: Loss, rule_set: RuleSet, month_days: int) -> LossEnergy:
    """A loss given as such: as it stands, or a full month's prorated by days."""
    places = rule_set.integer("rounding.energy_places")
    if loss.days is None:
        return LossEnergy(
            round_half_up(loss.energy_kwh, places),
            round_half_up(loss.reactive_kvarh, places),
            "",
            "",
            (),
        )
    days = Decimal(loss.days)
    proration = Proration.of(rule_set, "loss.proration", month_days)
    divisor = proration.divisor(Decimal(loss.held_days or loss.days))
    part = f" × {loss.days}/{plain(divisor)}"
    rules: tuple[Rule, ...] = (rule_set.rule("loss.proration"),)
    return LossEnergy(
        round_half_up(loss.energy_kwh * days / divisor, places),
        round_half_up(loss.reactive_kvarh * days / divisor, places),
        f"{plain(loss.energy_kwh)}{part}",
        f"{plain(loss.reactive_kvarh)}{part}",
        rules,
    )
