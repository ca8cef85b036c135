"""Losses of a document as rating's values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from busbar.billing import rating
from busbar.billing.quote import seeds
from busbar.billing.quote.loss_documents import (
    ComputedLossFacts,
    LineLossFacts,
    LossQuantity,
    NameplateLossFacts,
    PlateFacts,
    ShareLossFacts,
    SimplifiedLossFacts,
    TableLossFacts,
)


def stated(code: str, name: str, source: str, value: Decimal | str = "") -> rating.Rule:
    """A figure that the document states: as sure as whoever wrote it."""
    return rating.Rule(
        code=code, name=name, value=value, source=source or "输入文档", certainty="local"
    )


def loss(
    facts: LossQuantity
    | NameplateLossFacts
    | SimplifiedLossFacts
    | TableLossFacts
    | LineLossFacts
    | ShareLossFacts,
    identity: str,
) -> rating.Loss | rating.ComputedLoss:
    """A stated or computed loss."""
    if isinstance(facts, LossQuantity):
        return rating.Loss(
            id=identity,
            name=facts.name,
            energy_kwh=facts.energy_kwh,
            reactive_kvarh=facts.reactive_kvarh,
            days=facts.days,
            held_days=facts.held_days,
            period=facts.period,
        )
    if isinstance(facts, NameplateLossFacts):
        return _nameplate(facts, identity)
    if isinstance(facts, SimplifiedLossFacts):
        copper = facts.copper_share
        rule = None
        if copper is not None:
            rule = stated("loss.copper_share", "铜损比例", facts.copper_source, copper)
        plate = _plate(facts.transformer)
        return _computed(facts, identity, plate, copper_share=copper, copper_rule=rule)
    if isinstance(facts, TableLossFacts):
        rows = tuple(
            rating.LossTableRow(row.energy_kwh, row.reactive_kvarh, row.up_to_kwh)
            for row in facts.rows
        )
        table = rating.LossTable(rows, stated("loss.table", "变损表", facts.source))
        return _computed(facts, identity, table)
    if isinstance(facts, LineLossFacts):
        line = rating.Line(facts.voltage_kv, facts.resistance_ohm, facts.reactance_ohm)
        return _computed(facts, identity, line, **_stated_correction(facts))
    agreed = stated("loss.agreed_share", "协商损耗比例", facts.source, facts.agreed_share)
    return _computed(facts, identity, rating.EnergyShare(facts.agreed_share, agreed))


def _nameplate(facts: NameplateLossFacts, identity: str) -> rating.ComputedLoss:
    plate = _plate(facts.transformer)
    if facts.correction is not None:
        return _computed(facts, identity, plate, **_stated_correction(facts))
    if facts.shifts is None:
        return _computed(facts, identity, plate)
    rule = rating.correction_for(seeds.loss_corrections(), facts.province, facts.shifts)
    return _computed(facts, identity, plate, correction=rule.value, correction_rule=rule)


def _stated_correction(facts: NameplateLossFacts | LineLossFacts) -> dict[str, Any]:
    value = facts.correction or Decimal(1)
    rule = stated("loss.correction", "修正系数 K", facts.correction_source, value)
    return {"correction": value, "correction_rule": rule}


def _plate(facts: PlateFacts) -> rating.Nameplate:
    return rating.Nameplate(
        rated_kva=facts.rated_kva,
        no_load_kw=facts.no_load_kw,
        load_kw=facts.load_kw,
        no_load_current_percent=facts.no_load_current_percent,
        impedance_percent=facts.impedance_percent,
    )


def _computed(
    facts: ComputedLossFacts,
    identity: str,
    of: rating.Nameplate | rating.Line | rating.LossTable | rating.EnergyShare,
    **more: Any,
) -> rating.ComputedLoss:
    return rating.ComputedLoss(
        id=identity,
        name=facts.name,
        method=facts.method,  # type: ignore[attr-defined]
        of=of,
        days=facts.days,
        held_days=facts.held_days,
        hours=facts.hours,
        load_share=facts.load_share,
        period=facts.period,
        **more,
    )
