"""Compensation agreed in the supply contract: outages, outages caused, quality of supply."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from busbar.billing.rating.bill_values import Quantity
from busbar.billing.rating.calculations import Calculation, Exact, exactly, line
from busbar.billing.rating.rules import Rule, RuleSet, UnableToRate
from busbar.kit.errors import Phrase
from busbar.kit.money import plain, round_half_up

BASES = {
    "energy_price": Phrase("电度电价"),
    "peer_average_price": Phrase("当期同类用户平均电量电价"),
}


@dataclass(frozen=True, slots=True)
class PossibleUse:
    """What would have been used: normal energy over normal days, times the hours without."""

    outage_hours: Decimal
    normal_kwh: Decimal
    normal_days: Decimal

    @property
    def numerator(self) -> Decimal:
        """Possible use × `denominator`, exact."""
        return self.outage_hours * self.normal_kwh

    @property
    def denominator(self) -> Decimal:
        """Normal hours."""
        return self.normal_days * 24

    @property
    def formula(self) -> str:
        """Hours × the normal hourly average."""
        return (
            f"{plain(self.outage_hours)} × "
            f"({plain(self.normal_kwh)} ÷ {plain(self.normal_days)} ÷ 24)"
        )


@exactly
def outage(
    use: PossibleUse, base: str, price: Rule, rule_set: RuleSet, *, is_two_part: bool
) -> Calculation:
    """The supplier's outage: possible use at the base price, four times, two-part five times.

    `base` names which price is given: the set's `compensation.outage_base` decides which it
    has to be.
    """
    wanted = rule_set.rule("compensation.outage_base")
    if base != wanted.value:
        name = BASES.get(str(wanted.value), str(wanted.value))
        raise UnableToRate(
            "规则集 %(rule_set)s 以%(name)s为基数（%(article)s），请填 %(wanted)s，不填 %(base)s。",
            rule_set=rule_set.code,
            name=name,
            article=wanted.article,
            wanted=wanted.value,
            base=base,
        )
    kind = "two_part" if is_two_part else "single"
    rule = rule_set.rule(f"compensation.{kind}_multiple")
    each, multiple = price.number(), rule_set.number(rule.code)
    exact = Exact(
        use.numerator * each * multiple,
        f"{use.formula} × {plain(each)} × {plain(multiple)}",
        use.denominator,
    )
    name = "停电赔偿（两部制）" if is_two_part else "停电赔偿（单一制）"
    paid = line(
        "compensation.outage", name, exact, rule_set, rule,
        also=(wanted, price), inputs=("possible_use",),
    )  # fmt: skip
    return Calculation.of(rule_set, [paid], _quantities(use))


@exactly
def caused_outage(use: PossibleUse, price: Rule, rule_set: RuleSet) -> Calculation:
    """An outage of others caused by the customer: energy not supplied at last month's average."""
    rule = rule_set.rule("compensation.customer_outage_base")
    each = price.number()
    exact = Exact(use.numerator * each, f"{use.formula} × {plain(each)}", use.denominator)
    paid = line(
        "compensation.caused_outage", "用户责任致对外停电赔偿", exact, rule_set, rule,
        also=(price,), inputs=("possible_use",),
    )  # fmt: skip
    return Calculation.of(rule_set, [paid], _quantities(use))


@exactly
def poor_quality(energy_kwh: Decimal, price: Rule, rule_set: RuleSet) -> Calculation:
    """Voltage or frequency out of limits: a share of the charge for the energy used meanwhile."""
    rule = rule_set.rule("compensation.poor_quality_share")
    share, each = rule_set.number(rule.code), price.number()
    formula = f"{plain(energy_kwh)} × {plain(each)} × {plain(share * 100)}%"
    paid = line(
        "compensation.poor_quality", "电压、频率不合格赔偿",
        Exact(energy_kwh * each * share, formula), rule_set, rule,
        also=(price,), inputs=("energy",),
    )  # fmt: skip
    return Calculation.of(
        rule_set, [paid], [Quantity("energy", "不合格时段用电量", energy_kwh, "kWh")]
    )


def _quantities(use: PossibleUse) -> list[Quantity]:
    kwh = use.numerator / use.denominator
    return [Quantity("possible_use", "可能用电量", round_half_up(kwh, 4), "kWh", use.formula)]
