"""A draft's prices put onto the facts of a bill; plain values in and out (R25)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from busbar.billing import rating
from busbar.billing.rating.values import PricePeriod
from busbar.kit.money import plain
from busbar.pricing.drafts import prices_of, surcharges_of
from busbar.pricing.models import TariffDraft


def with_draft(
    facts: rating.BillInput, draft: TariffDraft, *, stated: Collection[str] = ()
) -> rating.BillInput:
    """The facts at the draft's prices; a segment on another tariff stays as it is.

    `stated` are codes of tariffs and basic prices that the draft replaces as if they were its
    own: those that a typed document states.
    """
    ours = {draft.code, *stated}
    return replace(
        facts,
        segments=tuple(
            replace(s, tariff=_tariff(s.tariff, draft)) if s.tariff.code in ours else s
            for s in facts.segments
        ),
        basic=tuple(_basic(charge, draft, stated) for charge in facts.basic),
    )


def _tariff(standing: rating.Tariff, draft: TariffDraft) -> rating.Tariff:
    prices = cast(Mapping[PricePeriod, Decimal], prices_of(draft))
    if set(prices) == {"flat"}:
        prices = {"total": prices["flat"]}
    changed = surcharges_of(draft)
    charges = tuple(
        replace(c, price=changed[c.code], rule=_rule(c.rule, changed[c.code], draft))
        if c.code in changed
        else c
        for c in standing.charges
    )
    rule = _rule(standing.rule, draft.code, draft)
    return replace(standing, prices=prices, price_formulas={}, rule=rule, charges=charges)


def _basic(charge: Any, draft: TariffDraft, stated: Collection[str]) -> Any:
    """The basic charge at the draft's price of its kind."""
    is_capacity = isinstance(charge, rating.CapacityCharge)
    price = draft.capacity_price if is_capacity else draft.demand_price
    ours = [_is_ours(p.rule.code, draft, stated) for p in charge.prices]
    if price is None and any(ours):
        raise rating.UnableToRate("拟订的电价没有合同计收方式的基本电价")
    if price is None:
        return charge
    number = Decimal(plain(price))
    prices = tuple(
        replace(p, price=number, rule=_rule(p.rule, number, draft)) if own else p
        for p, own in zip(charge.prices, ours, strict=True)
    )
    return replace(charge, prices=prices)


def _is_ours(code: str, draft: TariffDraft, stated: Collection[str]) -> bool:
    return code in stated or code.startswith(f"tariff.{draft.code}.")


def _rule(rule: rating.Rule, value: Decimal | str, draft: TariffDraft) -> rating.Rule:
    return replace(
        rule,
        value=value,
        article=f"拟订，{draft.valid_from} 起",
        source=draft.source,
        certainty=draft.certainty,
    )
